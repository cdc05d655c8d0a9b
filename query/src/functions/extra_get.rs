//! What does one member of the JSON object in `extra` say?

pub(crate) mod members;

use super::scalar::{Call, Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, StringViewBuilder, new_null_array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use std::sync::Arc;

use self::members::{Members, same, text_of, value_after};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "extra_get",
    signature: "extra_get(extra TEXT, name TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The text of the member `name` of the JSON object in extra: of a string what it says, with escapes decoded, of a number, true or \
        false as it is written, of an object or array its JSON. Names are the vendor's own and compared exactly; of two members with one \
        name the first counts. NULL if there is none, if it is null, or if extra is NULL or no object.",
    example: "SELECT extra_get(extra, 'x-virus-id') AS virus, extra_get(extra, 'risk') AS risk FROM (VALUES ('{\"risk\":87,\"x-virus-id\":\"EICAR \\u0022test\\u0022\"}'), ('{\"risk\":null}'), (NULL)) AS t(extra)",
    source: "query/src/functions/extra_get.rs",
    make,
};

/// A name, prepared for looking it up in many objects.
struct Name<'a> {
    name: &'a str,
    /// Finds the name between quotes.
    quoted: Finder<'a>,
    /// Whether the name between quotes, where nothing before it is escaped, can only be a whole string.
    whole: bool,
}

impl<'a> Name<'a> {
    fn new(name: &'a str) -> Self {
        let begins = name.bytes().next().is_some_and(|byte| !b",:}] \t\r\n".contains(&byte));
        let escaped = name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
        let quoted = Finder::new(&format!("\"{name}\"")).into_owned();
        Self { name, quoted, whole: begins && !escaped }
    }

    /// Writes the text of the first member with this name into the empty `out`; `false` if there is none.
    fn get(&self, extra: &str, out: &mut String) -> bool {
        let bytes = extra.as_bytes();
        let Some(at) = self.quoted.find(bytes) else {
            // Without a backslash that might hide it there is nothing to look for.
            return memchr(b'\\', bytes).is_some() && get(extra, self.name, out);
        };
        // No object has begun before it but the outer one: a string that a colon follows is a member of that.
        let outer = self.whole
            && bytes.first() == Some(&b'{')
            && bytes.get(1..at).is_some_and(|before| memchr2(b'\\', b'{', before).is_none());
        if outer && let Some(value) = value_after(extra, at + self.name.len() + 2) {
            return text_of(value, out);
        }
        get(extra, self.name, out)
    }
}

fn get(extra: &str, name: &str, out: &mut String) -> bool {
    let found = Members::of(extra).find(|(key, _)| same(key, name));
    found.is_some_and(|(_, value)| text_of(value, out))
}

fn run(call: &Call<'_>) -> Result<ArrayRef> {
    let extra = call.column(0)?;
    if let Some(name) = call.constant(1) {
        return match name.try_as_str().flatten() {
            Some(name) => {
                let name = Name::new(name);
                texts::map(&extra, |extra, out| name.get(extra, out))
            }
            None => Ok(new_null_array(&DataType::Utf8View, extra.len())),
        };
    }
    let mut names = Vec::with_capacity(call.rows);
    let column = call.column(1)?;
    texts::for_each(column.as_ref(), |name| names.push(name))?;
    let (mut names, mut buffer) = (names.into_iter(), String::new());
    let mut out = StringViewBuilder::with_capacity(call.rows);
    texts::for_each(extra.as_ref(), |extra| {
        buffer.clear();
        match (extra, names.next().flatten()) {
            (Some(extra), Some(name)) if get(extra, name, &mut buffer) => out.append_value(&buffer),
            _ => out.append_null(),
        }
    })?;
    Ok(Arc::new(out.finish()))
}

fn make() -> Made {
    Scalar::made(&DOC, 2, &[text, text], view, run).udf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Both ways, which agree on every object.
    fn of(extra: &str, name: &str) -> Option<String> {
        let (mut prepared, mut plain) = (String::new(), String::new());
        let found = Name::new(name).get(extra, &mut prepared);
        assert_eq!(found, get(extra, name, &mut plain));
        assert_eq!(prepared, plain);
        found.then_some(prepared)
    }

    #[test]
    fn members_are_found() {
        for (extra, name, expected) in [
            (r#"{"a":"b"}"#, "a", Some("b")),
            (r#"{"a":"b"}"#, "b", None),
            (r#"{"a":""}"#, "a", Some("")),
            (r#"{"":"b"}"#, "", Some("b")),
            (r#"{"a":null}"#, "a", None),
            (r#"{"a":-1.50e3,"b":true}"#, "a", Some("-1.50e3")),
            (r#"{"a":-1.5,"b":true}"#, "b", Some("true")),
            (r#" { "a" : [ 1 , {"b":"]"} ] , "c" : 2 } "#, "a", Some(r#"[ 1 , {"b":"]"} ]"#)),
            (r#" { "a" : [ 1 , {"b":"]"} ] , "c" : 2 } "#, "c", Some("2")),
            // Names within values and within nested objects are others.
            (r#"{"a":{"b":1},"c":"\"b\":2","b":3}"#, "b", Some("3")),
            (r#"{"x":"b","b":1}"#, "b", Some("1")),
            (r#"{"x":{"b":1}}"#, "b", None),
            (r#"{"x":["b"],"y":[{"b":1}]}"#, "b", None),
            (r#"{"x":"\",\"b\":7,\""}"#, "b", None),
            (r#"{"\u0062":0,"b":1}"#, "b", Some("0")),
            (r#"{"x":"y",":":1}"#, ":", Some("1")),
            (r#"{"{h}>x":"y","b":1}"#, "b", Some("1")),
            // The first of two counts, also if it is null.
            (r#"{"a":1,"a":2}"#, "a", Some("1")),
            (r#"{"a":null,"a":2}"#, "a", None),
            // Escapes in names and values.
            (r#"{"a\"b":1}"#, "a\"b", Some("1")),
            (r#"{"\u0061":1}"#, "a", Some("1")),
            (
                r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#,
                "a",
                Some("\"\\/\u{8}\u{c}\n\r\té😀"),
            ),
            (r#"{"a":"\ud83d","b":"\udead!"}"#, "a", Some("\u{fffd}")),
            (r#"{"a":"\ud83d","b":"\udead!"}"#, "b", Some("\u{fffd}!")),
            (r#"{"ä":"ö"}"#, "ä", Some("ö")),
            (r#"{"cs(Referer)":"x"}"#, "cs(Referer)", Some("x")),
            // What is no object has no members; what is cut gives what stands before the cut.
            ("", "a", None),
            ("null", "a", None),
            (r#"["a",1]"#, "a", None),
            (r#"{"a"#, "a", None),
            (r#"{"a":"#, "a", None),
            (r#"{"a":"b"#, "a", None),
            (r#"{"a":1,"b":"#, "a", Some("1")),
            (r#"{"a":[[["#, "a", None),
            (r#"{"a":"\"#, "a", None),
            (r#"{"a":"\u12"}"#, "a", Some("\u{fffd}")),
        ] {
            assert_eq!(of(extra, name).as_deref(), expected, "{extra} {name}");
        }
    }

    #[test]
    fn deep_nesting_is_no_recursion() {
        let deep = format!(r#"{{"a":{}{},"b":1}}"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert_eq!(of(&deep, "b").as_deref(), Some("1"));
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
            "[\"\\\\a\n\u{1}é]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::vec(("[ab\"]{0,2}", inner), 0..4)
                    .prop_map(|all| serde_json::Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn says_what_serde_json_says(
            members in prop::collection::vec(("[ab\"\\\\é\n]{0,2}", json()), 0..6),
            name in "[ab\"\\\\é\n]{0,2}",
            pretty: bool,
        ) {
            // Duplicates included: the text is put together here, the oracle is the first of each name.
            let text = |value: &serde_json::Value| match pretty {
                true => serde_json::to_string_pretty(value).unwrap(),
                false => value.to_string(),
            };
            let pieces = members.iter().map(|(name, value)| {
                format!("{}:{}", serde_json::Value::from(name.as_str()), text(value))
            });
            let extra = format!("{{{}}}", pieces.collect::<Vec<_>>().join(","));
            let expected = members.iter().find(|(one, _)| *one == name).and_then(|(_, value)| match value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text.clone()),
                other => Some(text(other)),
            });
            prop_assert_eq!(of(&extra, &name), expected);
            let read: serde_json::Value = serde_json::from_str(&extra).unwrap();
            prop_assert_eq!(read.get(&name).is_some(), members.iter().any(|(one, _)| *one == name));
        }

        #[test]
        fn takes_anything(extra in "[{}\\[\\]\":,\\\\ au0-9\\PC]{0,40}", name in "[au\"]{0,2}") {
            let mut out = String::new();
            Name::new(&name).get(&extra, &mut out);
            out.clear();
            get(&extra, &name, &mut out);
        }
    }
}
