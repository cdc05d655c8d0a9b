//! What is kept of what a format has learned from the lines of a source? It stands in the ledger.
//!
//! Names of fields, how they are quoted and how times are spelled tell nothing of anybody. What stands between the fields
//! is text of lines: where it is more than punctuation and names, U+FFFD stands in its place.

use serde_json::{Map, Value};

/// Stands for a text that is not kept. No line has it there, so nothing is read wrongly by it.
const WITHHELD: &str = "\u{fffd}";

/// A spec without the texts of lines.
pub(super) fn scrub(spec: &str) -> String {
    match serde_json::from_str::<Value>(spec) {
        Ok(mut value @ Value::Object(_)) => {
            // Other members than before would be no spec of the same kind; unchanged ones stay as they are written.
            let before = value.clone();
            walk(&mut value);
            if value == before { spec.to_owned() } else { value.to_string() }
        }
        _ => spec.to_owned(),
    }
}

/// Goes through a spec and the specs within it, which are texts in turn.
fn walk(value: &mut Value) {
    match value {
        Value::Object(members) => {
            shapes(members);
            members.values_mut().for_each(walk);
        }
        Value::Array(values) => values.iter_mut().for_each(walk),
        Value::String(text) if text.starts_with('{') => *text = scrub(text),
        _ => {}
    }
}

/// The orders of fields: pairs of what stands before a field and its number, and what stands behind the last.
fn shapes(members: &mut Map<String, Value>) {
    let names: Vec<String> = members
        .get("words")
        .and_then(Value::as_array)
        .map(|words| words.iter().map(|word| word["name"].as_str().unwrap_or_default().into()))
        .map(Iterator::collect)
        .unwrap_or_default();
    let Some(shapes) = members.get_mut("shapes").and_then(Value::as_array_mut) else { return };
    for shape in shapes.iter_mut().filter_map(Value::as_array_mut) {
        for part in shape {
            match part {
                Value::Array(fields) => fields.iter_mut().for_each(|field| {
                    let nth = field[1].as_u64().and_then(|nth| usize::try_from(nth).ok());
                    let name = nth.and_then(|nth| names.get(nth)).map_or("", String::as_str);
                    withhold(&mut field[0], name);
                }),
                end => withhold(end, ""),
            }
        }
    }
}

/// Takes a text away that is more than punctuation around the name of a field.
fn withhold(text: &mut Value, name: &str) {
    let Some(known) = text.as_str() else { return };
    // A name that comes again has a number that the line does not show.
    let name = name.split('#').next().unwrap_or_default();
    let rest = if name.is_empty() { known.to_owned() } else { known.replacen(name, "", 1) };
    if rest.chars().any(|c| c.is_alphanumeric()) {
        *text = WITHHELD.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r#"{"words":[{"name":"user"},{"name":"c-ip"}],"shapes":[[[[" user=\"",0],["\" c-ip=",1]],"\r"],[[["<134>zanna: user=",0]]," zquery"]]}"#;

    #[test]
    fn texts_of_lines_are_not_kept() {
        let kept = scrub(SPEC);
        assert!(!kept.contains("zanna") && !kept.contains("zquery"), "{kept}");
        let value: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(value["shapes"][0][0][0][0], " user=\"");
        assert_eq!(value["shapes"][0][1], "\r");
        assert_eq!(value["shapes"][1][0][0][0], WITHHELD);
        assert_eq!(value["shapes"][1][1], WITHHELD);
        assert_eq!(scrub(&kept), kept);
    }

    #[test]
    fn specs_within_specs_are_found() {
        let within = serde_json::json!({"envelope": {"syslog": true}, "format": SPEC}).to_string();
        let classes = serde_json::json!({"classes": [["a", within], ["b", ""]]}).to_string();
        for spec in [&within, &classes] {
            let kept = scrub(spec);
            assert!(!kept.contains("zanna") && !kept.contains("zquery"), "{kept}");
            assert!(kept.starts_with(&spec[..10]));
        }
    }

    #[test]
    fn what_a_person_wrote_stays() {
        for spec in ["", "%ts.%03tu %>a %un", "{not json", r#"{"a":"b c"}"#, "17"] {
            assert_eq!(scrub(spec), spec);
        }
    }
}
