//! Which rules are about several events: how many, how many different, together, or one after the other?

use super::fields::{Operand, operands};
use super::rule::{About, LogSource, detection_tree};
use super::tree::{Compare, Tree};
use super::yaml::{Node, Value, shown};
use super::{Options, Refusal};

/// What is looked at over a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How many events.
    EventCount,
    /// How many different values of a field.
    ValueCount,
    /// The sum of a field.
    ValueSum,
    /// The mean of a field.
    ValueAverage,
    /// How many of the rules have matched.
    Temporal,
    /// Whether all rules have matched one after the other.
    TemporalOrdered,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "event_count" => Self::EventCount,
            "value_count" => Self::ValueCount,
            "value_sum" => Self::ValueSum,
            "value_avg" => Self::ValueAverage,
            "temporal" => Self::Temporal,
            "temporal_ordered" => Self::TemporalOrdered,
            _ => return None,
        })
    }

    /// Whether each of its rules must match.
    pub fn needs_all(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    /// Whether it needs the field of its condition.
    pub fn needs_field(self) -> bool {
        matches!(self, Self::ValueCount | Self::ValueSum | Self::ValueAverage)
    }
}

/// A name, and for each rule the field that it means.
type Alias = (String, Vec<(String, String)>);

/// A rule over the matches of other rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// What it says about itself.
    pub about: About,
    /// What it looks at.
    pub kind: Kind,
    /// Ids or names of the rules.
    pub rules: Vec<String>,
    /// The line that names them.
    pub rules_line: u64,
    /// Fields whose values must be the same.
    pub group: Vec<String>,
    /// Names in `group`, each with the field it means for a rule.
    aliases: Vec<Alias>,
    /// Microseconds between first and last event.
    pub span_us: i64,
    /// All of these must hold.
    pub conditions: Vec<(Compare, f64)>,
    /// Whose values are counted.
    pub field: Option<String>,
    /// Whether its rules are also told alone.
    pub generate: bool,
}

impl Correlation {
    /// Reads the document of a correlation.
    pub fn read(node: &Node, file: &str) -> Result<Self, Refusal> {
        let about = About::read(node, file)?;
        let body = node.get("correlation").filter(|body| matches!(body.value, Value::Map(_)));
        let body = body.ok_or_else(|| Refusal::new(node.line, "`correlation` is no map"))?;
        let need = |key: &str| {
            body.get(key)
                .ok_or_else(|| Refusal::new(body.line, format!("`correlation` has no `{key}`")))
        };
        let name = need("type")?;
        let kind = name.text().and_then(Kind::named).ok_or_else(|| {
            let name_shown = shown(name.text().unwrap_or_default());
            Refusal::new(
                name.line,
                format!("correlations of type `{name_shown}` are not supported"),
            )
        })?;
        let rules_node = need("rules")?;
        let rules: Vec<String> = rules_node.texts().into_iter().map(str::to_owned).collect();
        if rules.is_empty() || rules.len() > usize::from(u8::MAX) {
            return Err(Refusal::new(rules_node.line, "`rules` names none, or too many"));
        }
        let span = need("timespan")?;
        let span_us = span.text().and_then(timespan).ok_or_else(|| {
            Refusal::new(span.line, "`timespan` is a number with s, m, h, d, w, M or y: `15m`")
        })?;
        let condition = Condition::read(body.get("condition"), body.line, kind, rules.len())?;
        let generate = node.get("generate").or(body.get("generate"));
        Ok(Self {
            about,
            kind,
            rules,
            rules_line: rules_node.line,
            group: body
                .get("group-by")
                .map_or(vec![], |it| it.texts().into_iter().map(str::to_owned).collect()),
            aliases: aliases(body.get("aliases"))?,
            span_us,
            conditions: condition.all,
            field: condition.field,
            generate: generate.is_some_and(|it| it.value == Value::Bool(true)),
        })
    }

    /// What a field of `group-by` or of the condition means for the rule that these names call.
    pub fn operand(&self, field: &str, names: &[&str]) -> Operand {
        let alias = self.aliases.iter().find(|(alias, _)| alias == field);
        let meant = alias.and_then(|(_, rules)| {
            rules.iter().find(|(rule, _)| names.contains(&rule.as_str())).map(|(_, field)| field)
        });
        let mut all = operands(meant.map_or(field, String::as_str));
        all.remove(0)
    }
}

struct Condition {
    all: Vec<(Compare, f64)>,
    field: Option<String>,
}

impl Condition {
    fn read(node: Option<&Node>, line: u64, kind: Kind, rules: usize) -> Result<Self, Refusal> {
        let temporal = matches!(kind, Kind::Temporal | Kind::TemporalOrdered);
        let mut read = Self { all: vec![], field: None };
        let line = node.map_or(line, |node| node.line);
        if let Some(node) = node
            && !matches!(node.value, Value::Map(_))
        {
            return Err(Refusal::new(
                line,
                "the condition of a correlation is a map such as `gte: 10`",
            ));
        }
        for entry in node.map_or(&[][..], Node::entries) {
            let compare = match entry.key.as_str() {
                "field" => {
                    let fields = entry.node.texts();
                    if fields.len() != 1 {
                        return Err(Refusal::new(entry.line, "`field` names one field"));
                    }
                    read.field = Some(fields[0].to_owned());
                    continue;
                }
                "gt" => Compare::More,
                "gte" => Compare::AtLeast,
                "lt" => Compare::Less,
                "lte" => Compare::AtMost,
                "eq" => Compare::Equal,
                "neq" => Compare::Differs,
                other => {
                    let why = format!("`{}` is no condition of a correlation", shown(other));
                    return Err(Refusal::new(entry.line, why));
                }
            };
            let number = entry.node.text().and_then(|text| text.parse().ok());
            let number = number.filter(|it: &f64| it.is_finite()).ok_or_else(|| {
                Refusal::new(entry.line, format!("`{}` needs a number", entry.key))
            })?;
            read.all.push((compare, number));
        }
        if read.all.is_empty() && temporal {
            read.all.push((Compare::AtLeast, rules as f64));
        }
        if read.all.is_empty() {
            return Err(Refusal::new(line, "the correlation has no condition"));
        }
        if kind.needs_field() && read.field.is_none() {
            return Err(Refusal::new(line, "the condition has no `field` whose values count"));
        }
        Ok(read)
    }
}

fn aliases(node: Option<&Node>) -> Result<Vec<Alias>, Refusal> {
    let mut aliases = Vec::new();
    for entry in node.map_or(&[][..], Node::entries) {
        let mut rules = Vec::new();
        for rule in entry.node.entries() {
            let field = rule
                .node
                .text()
                .ok_or_else(|| Refusal::new(rule.line, "an alias needs the name of a field"))?;
            rules.push((rule.key.clone(), field.to_owned()));
        }
        if rules.is_empty() {
            return Err(Refusal::new(entry.line, "an alias needs rules with their fields"));
        }
        aliases.push((entry.key.clone(), rules));
    }
    Ok(aliases)
}

/// `15m` in microseconds; months and years have their mean length.
fn timespan(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|it| *it > 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'M' => 2_629_746,
        'y' => 31_556_952,
        _ => return None,
    };
    number.checked_mul(seconds)?.checked_mul(1_000_000)
}

/// What is to be left out, or alone taken, of the matches of rules: written apart from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// What it says about itself.
    pub about: About,
    /// For rules of which logs.
    pub source: LogSource,
    /// Ids or names of rules; `None` is any.
    pub rules: Option<Vec<String>>,
    /// What must hold as well.
    pub tree: Tree,
}

impl Filter {
    /// Reads the document of a filter.
    pub fn read(node: &Node, file: &str, options: &Options) -> Result<Self, Refusal> {
        let about = About::read(node, file)?;
        let source = LogSource::read(node)?;
        let body = node.get("filter").filter(|body| matches!(body.value, Value::Map(_)));
        let body = body.ok_or_else(|| Refusal::new(node.line, "`filter` is no map"))?;
        let rules = body.get("rules").ok_or_else(|| {
            Refusal::new(body.line, "the filter does not say for which `rules`; `any` is all")
        })?;
        let named = match &rules.value {
            Value::Text(text) if text.eq_ignore_ascii_case("any") => None,
            Value::List(list) if list.is_empty() => None,
            _ => Some(rules.texts().into_iter().map(str::to_owned).collect::<Vec<_>>()),
        };
        Ok(Self { about, source, rules: named, tree: detection_tree(body, options)? })
    }
}
