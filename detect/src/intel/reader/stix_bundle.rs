//! What does a bundle of STIX 2 say? Its indicators, with the patterns that one request can answer.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use storage::clock::Micros;

use super::super::indicator::{Context, Found, Indicator, Place, Skipped};
use super::super::json::{Loose, Many, Maybe, Texts};
use super::super::stix::{meaning, parser};
use super::super::time;
use super::{Input, Read, Reader};

/// A bundle, or the envelope of a TAXII server.
pub const READER: Reader = Reader { name: "stix", title: "STIX 2 bundle", read };

#[derive(Debug, Deserialize)]
struct Bundle {
    #[serde(default)]
    objects: Many<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    #[serde(default, rename = "type")]
    kind: Loose,
    #[serde(default)]
    id: Loose,
    #[serde(default)]
    name: Loose,
    #[serde(default)]
    modified: Loose,
    #[serde(default)]
    created_by_ref: Loose,
    #[serde(default)]
    revoked: Loose,
    #[serde(default)]
    indicator_types: Texts,
    #[serde(default)]
    labels: Texts,
    #[serde(default)]
    pattern: Loose,
    #[serde(default)]
    pattern_type: Loose,
    #[serde(default)]
    valid_from: Loose,
    #[serde(default)]
    valid_until: Loose,
    #[serde(default)]
    confidence: Loose,
    #[serde(default)]
    object_marking_refs: Texts,
    #[serde(default)]
    object_refs: Texts,
    #[serde(default)]
    value: Loose,
    #[serde(default)]
    definition: Maybe<Definition>,
    #[serde(default)]
    extensions: Maybe<HashMap<String, Maybe<Extension>>>,
}

#[derive(Debug, Deserialize)]
struct Definition {
    #[serde(default)]
    tlp: Loose,
}

#[derive(Debug, Deserialize)]
struct Extension {
    #[serde(default)]
    tlp_2_0: Loose,
}

/// The markings that every STIX tool knows by heart.
const TLP: [(&str, &str); 9] = [
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "tlp:white"),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "tlp:green"),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "tlp:amber"),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "tlp:red"),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "tlp:clear"),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "tlp:green"),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "tlp:amber"),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "tlp:amber+strict"),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "tlp:red"),
];

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    if !input.opens_with('{') || !input.text.contains("\"objects\"") {
        return None;
    }
    let bundle: Bundle = serde_json::from_str(&input.text).ok()?;
    let is_stix = |object: &Object| object.id.text().is_some_and(|id| id.contains("--"));
    if !bundle.objects.0.iter().any(is_stix) {
        return None;
    }
    let around = Around::of(&bundle.objects.0);
    for object in &bundle.objects.0 {
        match object.kind.text() {
            Some("indicator") => indicator(object, &around, found),
            Some(kind @ ("domain-name" | "ipv4-addr" | "ipv6-addr" | "url")) => {
                observable(object, kind, &around, found);
            }
            _ => {}
        }
    }
    Some(Read::Indicators)
}

/// What other objects of the bundle say of an indicator.
#[derive(Debug, Default)]
struct Around<'a> {
    names: HashMap<&'a str, &'a str>,
    markings: HashMap<&'a str, String>,
    newest: HashMap<&'a str, Micros>,
    context: HashSet<&'a str>,
}

impl<'a> Around<'a> {
    fn of(objects: &'a [Object]) -> Self {
        let mut around = Self::default();
        around.markings.extend(TLP.map(|(id, tag)| (id, tag.to_owned())));
        for object in objects {
            let Some(id) = object.id.text() else { continue };
            match object.kind.text() {
                Some("identity") => {
                    around.names.extend(object.name.text().map(|name| (id, name)));
                }
                Some("marking-definition") => {
                    around.markings.extend(tlp(object).map(|tag| (id, tag)));
                }
                Some("indicator") => {
                    let newest = around.newest.entry(id).or_insert(i64::MIN);
                    *newest = (*newest).max(modified(object));
                }
                // MISP exports attributes that are not for detection as observations alone.
                Some("observed-data") if object.labels.0.iter().any(|l| l.starts_with("misp:")) => {
                    around.context.extend(object.object_refs.0.iter().map(String::as_str));
                }
                _ => {}
            }
        }
        around
    }
}

fn modified(object: &Object) -> Micros {
    object.modified.text().and_then(time::parse).unwrap_or(i64::MIN)
}

fn tlp(marking: &Object) -> Option<String> {
    let one = marking.definition.0.as_ref().and_then(|definition| definition.tlp.text());
    let extensions = marking.extensions.0.iter().flat_map(HashMap::values);
    let two = || extensions.filter_map(|e| e.0.as_ref()?.tlp_2_0.text()).next();
    one.or_else(two).map(|level| format!("tlp:{}", level.to_ascii_lowercase()))
}

fn observable(object: &Object, kind: &str, around: &Around<'_>, found: &mut dyn Found) {
    let id = object.id.text().unwrap_or_default();
    if around.context.contains(id) {
        return found.context();
    }
    let raw = object.value.text().unwrap_or_default();
    let why = "an observable is no indicator";
    found.skipped(Skipped::left_out(Place::id(id), raw, why).named(Some(kind)));
}

fn indicator(object: &Object, around: &Around<'_>, found: &mut dyn Found) {
    let id = object.id.text().unwrap_or_default();
    let raw = object.pattern.text().unwrap_or_default();
    let name = object.name.text();
    let left_out = |why: String| Skipped::left_out(Place::id(id), raw, why).named(name);
    if around.newest.get(id).is_some_and(|newest| *newest > modified(object)) {
        let why = "an older version of an object that is here in a newer one";
        return found.skipped(left_out(why.to_owned()));
    }
    if object.revoked.truth() == Some(true) {
        return found.skipped(left_out("revoked".to_owned()));
    }
    if object.indicator_types.0.iter().any(|kind| kind == "benign") {
        return found.skipped(left_out("indicator_types says benign".to_owned()));
    }
    if let Some(other) = object.pattern_type.text().filter(|kind| *kind != "stix") {
        let why = format!("pattern_type {other}");
        return found.skipped(Skipped::unreadable(Place::id(id), raw, why).named(name));
    }
    match parser::parse(raw) {
        Ok(alternatives) => tell(object, raw, &alternatives, around, found),
        Err(refusal) => {
            found.skipped(Skipped::unreadable(Place::id(id), raw, refusal.0).named(name));
        }
    }
}

/// Tells what each alternative of a pattern became.
fn tell(
    object: &Object,
    raw: &str,
    alternatives: &[parser::Alternative],
    around: &Around<'_>,
    found: &mut dyn Found,
) {
    let id = object.id.text().unwrap_or_default();
    let context = context(object, around);
    let mut refused = Vec::new();
    let mut any = false;
    for alternative in alternatives {
        let (why, span, unreadable) = match alternative {
            Ok(all) => match meaning::of(all) {
                Ok(value) => {
                    any = true;
                    let (place, context) = (Place::id(id), context.clone());
                    let raw = raw.to_owned();
                    found.indicator(Indicator { place, value, raw, context });
                    continue;
                }
                Err(unseen) => {
                    let start = all.iter().map(|c| c.span.0).min().unwrap_or(0);
                    let end = all.iter().map(|c| c.span.1).max().unwrap_or(0);
                    let unreadable = unseen != meaning::Unseen::Part;
                    (unseen.why().to_owned(), (start, end), unreadable)
                }
            },
            Err((refusal, span)) => (refusal.0.clone(), *span, true),
        };
        refused.push((why, span, unreadable));
    }
    for (why, (start, end), unreadable) in refused {
        let place = Place::id(id);
        let skipped = if any {
            let part = raw.get(start..end).unwrap_or(raw);
            Skipped::left_out(place, part, format!("{why} (this branch only)"))
        } else {
            Skipped::left_out(place, raw, why)
        };
        found.skipped(Skipped { unreadable, ..skipped.named(object.name.text()) });
        if !any {
            // One reason is enough for a pattern of which nothing is left.
            break;
        }
    }
}

fn context(object: &Object, around: &Around<'_>) -> Context {
    let label = |name: &str| {
        let prefix = format!("misp:{name}=\"");
        let found = object.labels.0.iter().find_map(|label| label.strip_prefix(&prefix));
        found.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
    };
    let markings = object.object_marking_refs.0.iter();
    let mut tags: Vec<_> =
        markings.filter_map(|id| around.markings.get(id.as_str()).cloned()).collect();
    tags.extend(object.labels.0.iter().filter(|label| !label.starts_with("misp:")).cloned());
    let author = object.created_by_ref.text().and_then(|id| around.names.get(id));
    Context {
        misp_type: label("type"),
        object: label("name"),
        name: object.name.owned(),
        orgc: author.map(|name| (*name).to_owned()),
        tags,
        valid_from: object.valid_from.text().and_then(time::parse),
        valid_until: object.valid_until.text().and_then(time::parse),
        confidence: object.confidence.number().and_then(|c| i32::try_from(c).ok()),
        ..Context::default()
    }
}
