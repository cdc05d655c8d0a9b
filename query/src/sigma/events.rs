//! How do correlations run? The matches of the rules they name are gathered by group, and a window slides over each group.

use std::collections::HashMap;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use detect::finding::Finding;
use detect::sigma::correlation::Kind as Looked;
use detect::sigma::fields::{Kind, Operand};
use detect::sigma::window::{Asked, Event, Found, days};
use detect::sigma::{Correlated, Set, sql};
use futures::StreamExt as _;
use serde_json::Value;
use storage::day::Day;

use super::{Ran, evidence, register};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// More matches than this are not held in memory: a rule that matches so often needs a narrower one, or a shorter range.
const EVENTS_MAX: u64 = 20_000_000;

/// The values of the fields of `group-by`.
type Group = Vec<Option<Box<str>>>;

/// What is gathered for one correlation.
struct Gathered<'a> {
    correlated: &'a Correlated,
    /// For each of its rules the place among those that run.
    rules: Vec<usize>,
    /// For each of its rules the columns of the answer with its group, and its value.
    columns: Vec<(Vec<usize>, Option<usize>)>,
    groups: HashMap<Group, Vec<Event>>,
    /// Texts that were counted, each with its number.
    values: HashMap<Box<str>, u32>,
}

/// Runs correlations, and adds a finding for each, group and day.
pub(super) async fn run(
    session: &mut Session,
    set: &Set,
    correlations: &[&Correlated],
    ran: &mut Ran,
) -> Result<()> {
    let mut places: Vec<usize> = correlations.iter().flat_map(|it| it.rules.clone()).collect();
    places.sort_unstable();
    places.dedup();
    let bounds = places.iter().map(|at| set.rules[*at].bound.clone()).collect();
    let call = register(session, "sigma_events", bounds)?;
    let mut operands: Vec<&Operand> = Vec::new();
    let mut gathered: Vec<_> =
        correlations.iter().map(|it| Gathered::new(it, &places, &mut operands)).collect();
    let mut columns = String::new();
    for (at, operand) in operands.iter().enumerate() {
        columns.push_str(&format!(", CAST({} AS VARCHAR) AS v{at}", sql::operand(operand)));
    }
    let query = format!(
        "SELECT * FROM (SELECT {call} AS hits, CAST(ts AS BIGINT) AS at, source_id, line_no{columns} FROM requests) \
         WHERE hits IS NOT NULL"
    );
    let planned = session.plan(&query).await?;
    let mut answer = planned.run()?;
    let mut events = 0;
    while let Some(batch) = answer.stream.next().await {
        let batch = batch?;
        for one in &mut gathered {
            events += one.take(&batch)?;
        }
        if events > EVENTS_MAX {
            let why = format!("the rules of correlations match more than {EVENTS_MAX} times");
            return Err(Error::new(ErrorKind::MemoryLimit, why)
                .advise("choose a shorter range with --since and --until, or narrower rules"));
        }
    }
    ran.bytes_read += planned.bytes_read();
    for one in gathered {
        one.tell(set, &mut ran.findings);
    }
    Ok(())
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Other, format!("the events of rules cannot be read: {what}"))
}

fn as_kind(batch: &RecordBatch, column: usize, kind: &DataType) -> Result<ArrayRef> {
    cast(batch.column(column), kind).map_err(wrong)
}

impl<'a> Gathered<'a> {
    fn new(correlated: &'a Correlated, places: &[usize], operands: &mut Vec<&'a Operand>) -> Self {
        let place = |rule: &usize| places.iter().position(|at| at == rule).unwrap_or(usize::MAX);
        let mut column = |operand: &'a Operand| match operands.iter().position(|it| *it == operand)
        {
            Some(at) => at,
            None => {
                operands.push(operand);
                operands.len() - 1
            }
        };
        let both = correlated.groups.iter().zip(&correlated.values);
        let columns = both.map(|(group, value)| {
            let group = group.iter().map(&mut column).collect();
            (group, value.as_ref().map(&mut column))
        });
        Self {
            columns: columns.collect(),
            correlated,
            rules: correlated.rules.iter().map(place).collect(),
            groups: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Takes the events of a batch; gives how many.
    fn take(&mut self, batch: &RecordBatch) -> Result<u64> {
        const OWN: usize = 4;
        let hits = batch.column(0).as_list_opt::<i32>().ok_or_else(|| wrong("hits"))?.clone();
        let at = as_kind(batch, 1, &DataType::Int64)?;
        let (source, line) =
            (as_kind(batch, 2, &DataType::Int32)?, as_kind(batch, 3, &DataType::Int64)?);
        let texts = (OWN..batch.num_columns()).map(|it| as_kind(batch, it, &DataType::Utf8));
        let texts = texts.collect::<Result<Vec<_>>>()?;
        let text = |column: usize, row: usize| {
            texts[column].is_valid(row).then(|| texts[column].as_string::<i32>().value(row))
        };
        let kind = self.correlated.correlation.kind;
        let mut taken = 0;
        for row in 0..batch.num_rows() {
            let rules = hits.value(row);
            let rules = rules.as_primitive::<Int32Type>().values();
            let matched = |place: usize| rules.iter().any(|it| usize::try_from(*it) == Ok(place));
            for (rule, (group, value)) in self.columns.iter().enumerate() {
                if !matched(self.rules[rule]) {
                    continue;
                }
                let value = value.and_then(|column| text(column, row));
                let value = match kind {
                    Looked::ValueCount => value.map(|value| {
                        let next = self.values.len() as u32;
                        f64::from(match self.values.get(value) {
                            Some(known) => *known,
                            None => *self.values.entry(value.into()).or_insert(next),
                        })
                    }),
                    _ => value.and_then(|value| value.parse().ok()),
                };
                let group: Group = group.iter().map(|it| text(*it, row).map(Box::from)).collect();
                let row_of = (
                    source.as_primitive::<Int32Type>().value(row),
                    line.as_primitive::<Int64Type>().value(row),
                );
                let at = at.as_primitive::<Int64Type>().value(row);
                let rule = u8::try_from(rule).unwrap_or(u8::MAX);
                self.groups.entry(group).or_default().push(Event { at, rule, row: row_of, value });
                taken += 1;
                // Where it does not matter which rule has matched, a row is one event.
                if !kind.needs_all() {
                    break;
                }
            }
        }
        Ok(taken)
    }

    fn tell(self, set: &Set, findings: &mut Vec<Finding>) {
        let correlation = &self.correlated.correlation;
        let asked = Asked {
            kind: correlation.kind,
            rules: correlation.rules.len(),
            span_us: correlation.span_us,
            conditions: &correlation.conditions,
        };
        let mut groups: Vec<(Group, Vec<Event>)> = self.groups.into_iter().collect();
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        for (group, events) in groups {
            for (day, found) in days(&asked, events) {
                findings.push(finding(self.correlated, set, &group, day, found));
            }
        }
    }
}

/// A value of a group as the column has it.
fn value(operand: &Operand, text: Option<&str>) -> Value {
    match (operand.kind(), text) {
        (_, None) => Value::Null,
        (Kind::Number, Some(text)) => {
            text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
        }
        (_, Some(text)) => Value::from(text),
    }
}

fn finding(correlated: &Correlated, set: &Set, group: &Group, day: Day, found: Found) -> Finding {
    let about = &correlated.correlation.about;
    let name = |operand: &Operand| match operand {
        Operand::Extra(name) => name.clone(),
        other => other.columns()[0].name().to_owned(),
    };
    let mut entity = Vec::new();
    for (operand, text) in correlated.groups.first().into_iter().flatten().zip(group) {
        if text.is_some() {
            entity.push((name(operand), value(operand, text.as_deref())));
        }
    }
    let each = correlated.rules.iter().zip(&correlated.groups).map(|(rule, operands)| {
        let mut parts = vec![sql::condition(&set.rules[*rule].bound)];
        for (operand, text) in operands.iter().zip(group) {
            parts.push(evidence::same(&sql::operand(operand), &value(operand, text.as_deref())));
        }
        format!("({})", parts.join(" AND "))
    });
    let each: Vec<_> = each.collect();
    let hunt = about.hunt();
    Finding {
        id: Finding::id_of(&hunt, &entity, day),
        hunt,
        level: about.level,
        title: about.title.clone(),
        why: why(correlated, &found),
        day,
        entity,
        first: found.first,
        last: found.last,
        count: found.count,
        score: None,
        parts: Vec::new(),
        evidence: evidence::query(found.first, found.last, &[format!("({})", each.join(" OR "))]),
        attack: about.attack.clone(),
        author: Some(about.author()),
    }
}

fn why(correlated: &Correlated, found: &Found) -> String {
    let correlation = &correlated.correlation;
    let minutes = correlation.span_us as f64 / 60e6;
    let (title, peak, count) = (&correlation.about.title, found.peak, found.count);
    let field = correlation.field.as_deref().unwrap_or_default();
    let what = match correlation.kind {
        Looked::EventCount => format!("{peak} matching requests"),
        Looked::ValueCount => format!("{peak} different values of {field}"),
        Looked::ValueSum => format!("a sum of {field} of {peak}"),
        Looked::ValueAverage => format!("a mean of {field} of {peak:.1}"),
        Looked::Temporal => format!("matches of {peak} rules together"),
        Looked::TemporalOrdered => format!("matches of {peak} rules one after the other"),
    };
    format!("{what} within {minutes} minutes, among {count} requests that match: rule `{title}`")
}
