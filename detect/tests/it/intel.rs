//! Whether every kind of list is read as a second reader read it: the files that lie beside the project, in `shared/intel`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dwell_detect::intel::indicator::{Indicator, Kept, Kind, Skipped};
use dwell_detect::intel::reader::{self, Read};
use dwell_detect::intel::time;
use dwell_detect::intel::warning::{Asked, Warninglist, Warnings};
use serde_json::{Value, json};

/// A folder of samples, which lies in `shared` beside the project or above it.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|dir| dir.join("shared").join(name)).find(|path| path.is_dir());
    if found.is_none() {
        println!("skipped: shared/{name} is not there");
    }
    found
}

pub(crate) fn json_of(path: &Path) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn warnings(intel: &Path) -> Warnings {
    let mut lists: Vec<Warninglist> = Vec::new();
    for name in ["public-resolvers", "well-known-sites"] {
        let bytes = std::fs::read(intel.join("warninglists").join(name).join("list.json")).unwrap();
        match reader::read(&bytes, &mut Kept::default()) {
            Some((_, Read::Warninglist(list))) => lists.push(*list),
            other => panic!("{name}: {other:?}"),
        }
    }
    Warnings::new(&lists)
}

fn flags<'a>(warnings: &'a Warnings, indicator: &Indicator) -> Vec<&'a str> {
    let value = &indicator.value;
    let own = matches!(value.kind, Kind::Domain | Kind::Hostname).then_some(value.value.as_str());
    let address = matches!(value.kind, Kind::Ip | Kind::Cidr).then_some(value.value.as_str());
    warnings.of(Asked {
        misp_type: indicator.context.misp_type.as_deref().unwrap_or(value.kind.misp_type()),
        value: &value.value,
        host: value.host.as_deref().or(own),
        ip: value.ips.first().map(String::as_str).or(address),
    })
}

/// An indicator in the words of `expected.json`, as far as these are asked for.
fn shown(source: &str, indicator: &Indicator, warnings: &Warnings, asked: &Value) -> Value {
    let (value, context) = (&indicator.value, &indicator.context);
    let at = |time: Option<i64>| json!(time.map(time::text));
    let sorted = |tags: &[String]| json!(tags.iter().collect::<BTreeSet<_>>());
    let all = json!({
        "source": source,
        "line": indicator.place.line,
        "attribute": indicator.place.attribute,
        "id": indicator.place.id,
        "type": value.kind.name(),
        "value": value.value,
        "host": value.host,
        "ip": value.ips.first(),
        "ips": value.ips,
        "port": value.port,
        "uri": value.uri,
        "method": value.method,
        "user_agent": value.user_agent,
        "any_scheme": value.any_scheme,
        "raw": indicator.raw,
        "misp_type": context.misp_type,
        "to_ids": context.to_ids,
        "event": context.event,
        "event_id": context.event_id,
        "object": context.object,
        "object_uuid": context.object_uuid,
        "orgc": context.orgc,
        "created_by": context.orgc,
        "name": context.name,
        "threat_level": context.threat_level,
        "tags": sorted(&context.tags),
        "first_seen": at(context.first_seen),
        "last_seen": at(context.last_seen),
        "valid_from": at(context.valid_from),
        "valid_until": at(context.valid_until),
        "confidence": context.confidence,
        "status": context.status,
        "threat": context.threat,
        "malware": context.malware,
        "warninglists": flags(warnings, indicator),
    });
    let mut kept = serde_json::Map::new();
    for key in asked.as_object().unwrap().keys() {
        assert!(all.get(key).is_some(), "expected.json asks for {key}");
        kept.insert(key.clone(), all[key].clone());
    }
    Value::Object(kept)
}

fn key(value: &Value) -> (String, String, String) {
    let text = |name: &str| value.get(name).map(Value::to_string).unwrap_or_default();
    (text("line") + &text("attribute") + &text("id"), text("type"), text("value"))
}

/// Whether the parts that `expected.json` does not name are absent here, too.
fn no_more_parts(indicator: &Indicator, expected: &Value) {
    let value = &indicator.value;
    let has = |name: &str| expected.get(name).is_some();
    assert_eq!(value.host.is_some(), has("host"), "host of {indicator:?}");
    assert_eq!(value.port.is_some(), has("port"), "port of {indicator:?}");
    assert_eq!(!value.ips.is_empty(), has("ip") || has("ips"), "ip of {indicator:?}");
    assert_eq!(value.any_scheme, has("any_scheme"), "any_scheme of {indicator:?}");
}

fn compare(folder: &str, sources: &[&str]) {
    let Some(intel) = shared("intel") else { return };
    let warnings = warnings(&intel);
    let dir = intel.join(folder);
    let expected = json_of(&dir.join("expected.json"));
    let skipped = json_of(&dir.join("skipped.json"));
    for source in sources {
        let of_source = |all: &[Value]| -> Vec<Value> {
            all.iter().filter(|v| v["source"] == *source).cloned().collect()
        };
        let bytes = std::fs::read(dir.join(source)).unwrap();
        let mut kept = Kept::default();
        let read = reader::read(&bytes, &mut kept);
        assert!(matches!(read, Some((_, Read::Indicators))), "{source}: {read:?}");
        compare_indicators(source, &kept.indicators, of_source(&expected), &warnings);
        compare_skipped(source, &kept.skipped, of_source(&skipped));
    }
}

fn compare_indicators(
    source: &str,
    found: &[Indicator],
    mut expected: Vec<Value>,
    warnings: &Warnings,
) {
    assert_eq!(found.len(), expected.len(), "{source}: number of indicators");
    let place = |i: &Indicator| {
        let place = json!({"line": i.place.line, "attribute": i.place.attribute, "id": i.place.id,
            "type": i.value.kind.name(), "value": i.value.value});
        let mut place = place.as_object().unwrap().clone();
        place.retain(|_, value| !value.is_null());
        place
    };
    let mut found: Vec<_> = found.iter().collect();
    // `expected.json` names one of line, attribute, id.
    let names_line = expected.iter().any(|e| e.get("line").is_some());
    let key_of = |i: &&Indicator| {
        let mut place = place(i);
        if !names_line {
            place.remove("line");
        }
        key(&Value::Object(place))
    };
    found.sort_by_key(key_of);
    expected.sort_by_key(key);
    for (found, expected) in found.into_iter().zip(expected) {
        let mut expected = expected;
        if let Some(tags) = expected.get_mut("tags") {
            let mut all: Vec<String> = serde_json::from_value(tags.clone()).unwrap();
            all.sort();
            *tags = json!(all);
        }
        no_more_parts(found, &expected);
        assert_eq!(shown(source, found, warnings, &expected), expected, "{source}");
    }
}

fn compare_skipped(source: &str, found: &[Skipped], expected: Vec<Value>) {
    let set = |all: Vec<Value>| -> BTreeMap<String, u32> {
        let mut set = BTreeMap::new();
        for value in all {
            *set.entry(value.to_string()).or_default() += 1;
        }
        set
    };
    let shown = |skipped: &Skipped| {
        let mut shown = serde_json::Map::new();
        let asked = expected.first().and_then(Value::as_object).cloned().unwrap_or_default();
        let place = &skipped.place;
        for (name, value) in [
            ("source", json!(source)),
            ("line", json!(place.line)),
            ("attribute", json!(place.attribute)),
            ("id", json!(place.id)),
            ("raw", json!(skipped.raw)),
            ("why", json!(skipped.why)),
        ] {
            if asked.contains_key(name) || asked.is_empty() {
                shown.insert(name.to_owned(), value);
            }
        }
        Value::Object(shown)
    };
    let found = set(found.iter().map(shown).collect());
    let expected = set(expected
        .iter()
        .map(|value| {
            let mut value = value.clone();
            for name in ["name", "misp_type"] {
                value.as_object_mut().unwrap().remove(name);
            }
            value
        })
        .collect());
    assert_eq!(found, expected, "{source}: what is skipped");
}

#[test]
fn misp_feeds_are_read() {
    compare(
        "misp_feed",
        &[
            "4eb41c06-bfff-4cf6-ac98-0f86549537fb.json",
            "56bb92ed-45ea-4a41-a33e-a75d42589d28.json",
            "c8570563-7c90-4d94-a2fa-a9fb9a32daea.json",
        ],
    );
}

#[test]
fn a_feed_says_what_it_holds() {
    let Some(intel) = shared("intel") else { return };
    let read = |name: &str| {
        let bytes = std::fs::read(intel.join("misp_feed").join(name)).unwrap();
        reader::read(&bytes, &mut Kept::default()).map(|(_, read)| read)
    };
    let Some(Read::Manifest(entries)) = read("manifest.json") else { panic!("no manifest") };
    assert_eq!(entries.len(), 3);
    assert_eq!(entries.iter().filter(|entry| entry.sha256.is_some()).count(), 2);
    assert!(matches!(read("hashes.csv"), Some(Read::Hashes(n)) if n > 70));
}

#[test]
fn misp_answers_are_read() {
    compare(
        "misp_rest",
        &[
            "events_restsearch.json",
            "attributes_restsearch.json",
            "attributes.csv",
            "attributes_context.csv",
        ],
    );
}

#[test]
fn stix_bundles_are_read() {
    compare("stix", &["bundle.json", "misp_export.json"]);
}

#[test]
fn lists_are_read() {
    compare(
        "lists",
        &[
            "urlhaus.csv",
            "threatfox.csv",
            "threatfox_14_columns.csv",
            "feodo.csv",
            "feodo.txt",
            "plain.txt",
        ],
    );
}

#[test]
fn what_is_no_list_is_known_by_nobody() {
    let Some(intel) = shared("intel") else { return };
    for name in ["README.md", "lists/expected.json", "lists/skipped.json", "pdns/cof.ndjson"] {
        let bytes = std::fs::read(intel.join(name)).unwrap();
        let read = reader::read(&bytes, &mut Kept::default());
        assert!(read.is_none(), "{name}: {read:?}");
    }
}
