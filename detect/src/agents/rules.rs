//! How do the rules of ua-parser's project (uap-core) become extractors?
//!
//! The rules are a YAML file of theirs, unchanged. It is read when somebody first asks for families and systems; that
//! takes a moment and some memory, which `ua_class` alone does not need.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};
use std::sync::LazyLock;
use thiserror::Error;
use ua_parser::{Extractor, Regexes};

/// The rules: <https://github.com/ua-parser/uap-core>, Apache-2.0; where they come from stands in the file.
const RULES: &str = include_str!("../../data/uap-core/regexes.yaml");

/// Why rules can't be used.
#[derive(Debug, Error)]
pub enum RulesError {
    /// Not YAML, or not the YAML of rules.
    #[error("rules for user agents can't be read: {0}")]
    Form(String),
    /// A regular expression is none.
    #[error("a rule for user agents is no regular expression: {0}")]
    Regex(String),
}

static EXTRACTOR: LazyLock<Result<Extractor<'static>, RulesError>> = LazyLock::new(|| read(RULES));

/// The extractors of the build's rules, made at the first call.
pub fn extractor() -> Result<&'static Extractor<'static>, &'static RulesError> {
    EXTRACTOR.as_ref()
}

/// Reads rules.
pub fn read(text: &str) -> Result<Extractor<'static>, RulesError> {
    let documents = Yaml::load_from_str(text).map_err(|e| RulesError::Form(e.to_string()))?;
    let rules = documents.first().map_or(Value::Null, json);
    let rules: Regexes<'static> =
        serde_json::from_value(rules).map_err(|e| RulesError::Form(e.to_string()))?;
    Extractor::try_from(rules).map_err(|e| RulesError::Regex(e.to_string()))
}

/// The same as JSON; numbers and the like are texts, as rules mean them.
fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect()),
        Yaml::Mapping(pairs) => {
            let pair = |(key, value): (&Yaml<'_>, &Yaml<'_>)| {
                Some((key.as_str()?.to_owned(), json(value)))
            };
            Value::Object(pairs.iter().filter_map(pair).collect::<Map<_, _>>())
        }
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Value::String(number.to_string()),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::String(number.to_string()),
        Yaml::Value(Scalar::Boolean(yes)) => Value::String(yes.to_string()),
        Yaml::Representation(text, ..) => Value::String(text.to_string()),
        Yaml::Tagged(_, inner) => json(inner),
        Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}
