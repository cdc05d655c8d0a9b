//! Which events does a MISP feed hold, and with which digests?

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::indicator::Found;
use super::super::json::{Loose, Maybe};
use super::{Input, Read, Reader};

/// The table of contents of a feed.
pub const READER: Reader =
    Reader { name: "misp_manifest", title: "manifest.json of a MISP feed", read };

/// An event of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its UUID; its file is `<uuid>.json`.
    pub event: String,
    /// SHA-256 of its file, where the feed says so.
    pub sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    info: Loose,
    #[serde(default, rename = "integrity:sha256")]
    sha256: Loose,
    #[serde(default)]
    threat_level_id: Loose,
    #[serde(default)]
    timestamp: Loose,
}

fn read(input: &Input<'_>, _: &mut dyn Found) -> Option<Read> {
    if !input.opens_with('{') || !input.text.contains("\"threat_level_id\"") {
        return None;
    }
    let all: BTreeMap<String, Maybe<Said>> = serde_json::from_str(&input.text).ok()?;
    let mut entries = Vec::with_capacity(all.len());
    for (event, said) in all {
        let said = said.0?;
        let complete = said.info.0.is_some() && said.threat_level_id.0.is_some();
        if event.len() != 36 || !complete || said.timestamp.0.is_none() {
            return None;
        }
        entries.push(Entry { event, sha256: said.sha256.owned() });
    }
    (!entries.is_empty()).then_some(Read::Manifest(entries))
}
