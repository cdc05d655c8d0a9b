//! How is the front matter of a hunt read? YAML in the comment that its file begins with.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use super::{Hunt, Param, Wrong};
use crate::finding::Level;

const BEGIN: &str = "/*---";
const END: &str = "---*/";

pub(super) fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let name = String::deserialize(deserializer)?;
    Level::parse(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is no level")))
}

pub(super) fn parse(text: &str) -> Result<Hunt, Wrong> {
    let wrong = |what: &str| Wrong(what.to_owned());
    let rest = text.trim_start_matches('\u{feff}').trim_start();
    let rest = rest
        .strip_prefix(BEGIN)
        .ok_or_else(|| wrong("no front matter: a hunt begins with `/*---`, YAML and `---*/`"))?;
    let (front, sql) =
        rest.split_once(END).ok_or_else(|| wrong("the front matter does not end with `---*/`"))?;
    let mut documents = Yaml::load_from_str(front)
        .map_err(|error| Wrong(format!("the front matter is no YAML: {error}")))?;
    if documents.len() != 1 {
        return Err(wrong("the front matter is not one document of YAML"));
    }
    let front = json(&documents.remove(0), 0)
        .ok_or_else(|| wrong("the front matter nests too deep, or has keys that are no text"))?;
    let mut hunt: Hunt = serde_json::from_value(front)
        .map_err(|error| Wrong(format!("the front matter does not fit: {error}")))?;
    hunt.sql = sql.trim().trim_end_matches(';').trim_end().to_owned();
    check(&hunt)?;
    Ok(hunt)
}

fn check(hunt: &Hunt) -> Result<(), Wrong> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if hunt.id.is_empty() || !hunt.id.chars().all(plain) {
        return Err(Wrong(format!("`{}` is no id: lower-case letters, digits, `-`", hunt.id)));
    }
    if hunt.sql.is_empty() {
        return Err(Wrong("there is no query behind the front matter".to_owned()));
    }
    let columns = storage::schema::COLUMNS;
    for name in hunt.needs.iter().chain(&hunt.entity).chain(&hunt.keys) {
        if !columns.iter().any(|column| column.name == *name) {
            return Err(Wrong(format!("`{name}` is no column of requests")));
        }
    }
    for param in &hunt.params {
        super::template::default(param)?;
        reserved(param)?;
    }
    Ok(())
}

fn reserved(param: &Param) -> Result<(), Wrong> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let good = !param.name.is_empty() && param.name.chars().all(plain);
    if !good || matches!(param.name.as_str(), "since" | "until") {
        return Err(Wrong(format!("`{}` can't be the name of a parameter", param.name)));
    }
    Ok(())
}

/// Deeper than any front matter.
const DEPTH_MAX: u32 = 8;

/// YAML as JSON; `None` for what JSON has not.
fn json(yaml: &Yaml<'_>, depth: u32) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    Some(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        Yaml::Representation(text, ..) => text.as_ref().into(),
        Yaml::Sequence(values) => {
            values.iter().map(|it| json(it, depth + 1)).collect::<Option<Vec<_>>>()?.into()
        }
        Yaml::Mapping(map) => {
            let member = |(key, value): (&Yaml<'_>, &Yaml<'_>)| {
                Some((key.as_str()?.to_owned(), json(value, depth + 1)?))
            };
            map.iter().map(member).collect::<Option<Map<_, _>>>()?.into()
        }
        Yaml::Tagged(_, value) => json(value, depth + 1)?,
        Yaml::Alias(_) | Yaml::BadValue => return None,
    })
}
