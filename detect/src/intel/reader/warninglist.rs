//! What does a warninglist of MISP say?

use serde::Deserialize;

use super::super::indicator::{Found, Place, Skipped};
use super::super::json::{Loose, Texts};
use super::super::warning::{Form, Warninglist};
use super::{Input, Read, Reader};

/// Values that are in lists by mistake.
pub const READER: Reader =
    Reader { name: "warninglist", title: "MISP warninglist, list.json", read };

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    name: Loose,
    #[serde(default, rename = "type")]
    form: Loose,
    #[serde(default)]
    version: Loose,
    #[serde(default)]
    description: Loose,
    list: Option<Texts>,
    #[serde(default)]
    matching_attributes: Texts,
}

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    if !input.opens_with('{') || !input.text.contains("\"list\"") {
        return None;
    }
    let file: File = serde_json::from_str(&input.text).ok()?;
    let (name, form) = (file.name.owned()?, Form::parse(file.form.text()?)?);
    file.description.0.as_ref().or(file.version.0.as_ref())?;
    let mut list = Warninglist {
        name,
        form,
        types: file.matching_attributes.0,
        entries: Vec::new(),
        version: file.version.owned(),
    };
    for entry in file.list?.0 {
        match form.normal(&entry) {
            Some(normal) => list.entries.push(normal),
            None => found.skipped(Skipped::unreadable(Place::default(), &entry, "malformed value")),
        }
    }
    Some(Read::Warninglist(Box::new(list)))
}
