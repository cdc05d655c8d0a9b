//! How do parameters get into a query? As literals of their type, wherever `$name` stands outside of quotes.

use super::{Param, ParamKind, Wrong};

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// Texts.
    List(Vec<String>),
    /// True or false.
    Bool(bool),
    /// A piece of SQL of our own making.
    Sql(String),
}

/// A text as a literal of SQL.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as a literal of SQL.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => quoted(text),
        Value::List(texts) if texts.is_empty() => "('')".to_owned(),
        Value::List(texts) => {
            format!("({})", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
        Value::Bool(value) => value.to_string(),
        Value::Sql(sql) => sql.clone(),
    }
}

fn not_fit(param: &Param, text: &str) -> Wrong {
    let (name, kind) = (&param.name, param.kind.name());
    Wrong(format!("`{text}` does not fit parameter `{name}`, which is of type {kind}"))
}

/// Reads what was set.
pub(super) fn parse(param: &Param, text: &str) -> Result<Value, Wrong> {
    let value = match param.kind {
        ParamKind::Int => text.trim().parse().ok().map(Value::Int),
        ParamKind::Float => {
            let value: Option<f64> = text.trim().parse().ok();
            value.filter(|value| value.is_finite()).map(Value::Float)
        }
        ParamKind::Text => Some(Value::Text(text.to_owned())),
        ParamKind::List => {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            Some(Value::List(texts.map(str::to_owned).collect()))
        }
        ParamKind::Bool => text.trim().to_ascii_lowercase().parse().ok().map(Value::Bool),
    };
    value.ok_or_else(|| not_fit(param, text))
}

/// The default.
pub(super) fn default(param: &Param) -> Result<Value, Wrong> {
    use serde_json::Value as Json;
    let value = match (param.kind, &param.default) {
        (ParamKind::Int, Json::Number(number)) => number.as_i64().map(Value::Int),
        (ParamKind::Float, Json::Number(number)) => number.as_f64().map(Value::Float),
        (ParamKind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (ParamKind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (ParamKind::List, Json::Array(values)) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Value::List)
        }
        _ => None,
    };
    value.ok_or_else(|| not_fit(param, &param.default.to_string()))
}

/// What a place in a query is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Code,
    Quote(char),
    LineComment,
    Comment,
}

/// Replaces every `$name` outside of quotes and comments.
pub(super) fn fill(sql: &str, values: &[(String, Value)]) -> Result<String, Wrong> {
    let mut out = String::with_capacity(sql.len());
    let mut inside = In::Code;
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match inside {
            In::Code if c == '$' => {
                let name = rest[1..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
                let name = name.unwrap_or_default();
                let value = values.iter().find(|(known, _)| known == name);
                let (_, value) =
                    value.ok_or_else(|| Wrong(format!("`${name}` is no parameter")))?;
                out.push_str(&literal(value));
                rest = &rest[1 + name.len()..];
                continue;
            }
            In::Code if c == '\'' || c == '"' => inside = In::Quote(c),
            In::Code if rest.starts_with("--") => inside = In::LineComment,
            In::Code if rest.starts_with("/*") => {
                inside = In::Comment;
                taken = 2;
            }
            In::Quote(end) if c == end => inside = In::Code,
            In::LineComment if c == '\n' => inside = In::Code,
            In::Comment if rest.starts_with("*/") => {
                inside = In::Code;
                taken = 2;
            }
            _ => {}
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok(out)
}
