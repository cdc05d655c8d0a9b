//! How do all rules run in one pass? One function that says which rules a row matches, and one query that groups its hits.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int32Array, ListArray, RecordBatch};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use detect::finding::Finding;
use detect::sigma::bind::Bound;
use detect::sigma::engine::{Column, Engine};
use detect::sigma::fields::{Kind, Operand};
use detect::sigma::{Ready, Set, sql};
use futures::StreamExt as _;
use serde_json::Value;
use storage::day::Day;
use storage::schema::Col;

use super::{Ran, evidence, register};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// The hits of a row: places in the list of rules, NULL for none.
fn hits() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Int32, true)))
}

/// Registers an engine as a function; gives the call of it over the columns of `requests`.
pub(super) fn function(session: &mut Session, name: &str, engine: Engine) -> Result<String> {
    let arguments = engine.operands().iter().map(|operand| {
        let value = sql::operand(operand);
        match operand.kind() {
            Kind::Text => value,
            Kind::Number | Kind::Time => format!("CAST({value} AS BIGINT)"),
        }
    });
    let call = format!("{name}({})", arguments.collect::<Vec<_>>().join(", "));
    let kind = |operand: &Operand| match operand.kind() {
        Kind::Text => DataType::Utf8View,
        Kind::Number | Kind::Time => DataType::Int64,
    };
    let kinds = engine.operands().iter().map(kind).collect();
    session.register_scalar(
        name,
        kinds,
        hits(),
        Arc::new(move |arrays| matches(&engine, arrays)),
    )?;
    Ok(call)
}

fn matches(engine: &Engine, arrays: &[ArrayRef]) -> std::result::Result<ArrayRef, String> {
    let rows = arrays.first().map_or(0, |array| array.len());
    let column = |array: &ArrayRef| match array.data_type() {
        DataType::Utf8View => Ok(Column::Text(array.as_string_view().clone())),
        DataType::Int64 => Ok(Column::Number(array.as_primitive::<Int64Type>().clone())),
        other => Err(format!("a column of rules is {other}")),
    };
    let columns = arrays.iter().map(column).collect::<std::result::Result<Vec<_>, _>>()?;
    let (mut counts, mut found) = (vec![0; rows], Vec::new());
    engine.run(&columns, rows, |row, rule| {
        counts[row] += 1;
        found.push(i32::try_from(rule).unwrap_or(i32::MAX));
    });
    let has: NullBuffer = counts.iter().map(|count| *count > 0).collect();
    let item = Arc::new(Field::new_list_field(DataType::Int32, true));
    let lists = ListArray::try_new(
        item,
        OffsetBuffer::from_lengths(counts),
        Arc::new(Int32Array::from(found)),
        Some(has),
    );
    lists.map(|lists| Arc::new(lists) as ArrayRef).map_err(|error| error.to_string())
}

/// Whom the hits of a rule are about, besides the client.
fn about(rule: &Ready) -> Col {
    let mut only_agent = true;
    rule.bound.for_each(&mut |atom| {
        only_agent &= matches!(atom.operand, Operand::Column(Col::UserAgent | Col::Method));
    });
    // A program that is wrong is so wherever it goes.
    let names_agent =
        rule.fields.iter().any(|(_, it)| it.contains(&Operand::Column(Col::UserAgent)));
    if only_agent && names_agent { Col::UserAgent } else { Col::Host }
}

/// Runs the rules at these places, and adds a finding for each rule, entity and day.
pub(super) async fn run(
    session: &mut Session,
    set: &Set,
    places: &[usize],
    ran: &mut Ran,
) -> Result<()> {
    let rules: Vec<&Ready> = places.iter().map(|at| &set.rules[*at]).collect();
    let bounds: Vec<Bound> = rules.iter().map(|rule| rule.bound.clone()).collect();
    let call = register(session, "sigma_hits", bounds)?;
    let by_agent = |(at, rule): (usize, &&Ready)| (about(rule) == Col::UserAgent).then_some(at);
    let by_agent: Vec<_> = rules.iter().enumerate().filter_map(by_agent).collect();
    let is_by_agent = match by_agent.is_empty() {
        true => "false".to_owned(),
        false => {
            let places: Vec<_> = by_agent.iter().map(usize::to_string).collect();
            format!("rule IN ({})", places.join(", "))
        }
    };
    let query = format!(
        "SELECT rule, day, client_ip, CASE WHEN {is_by_agent} THEN NULL ELSE host END AS host, \
         CASE WHEN {is_by_agent} THEN user_agent END AS user_agent, count(*) AS count, min(ts) AS first, \
         max(ts) AS last, min(host) AS some_host, min(url) AS some_url, min(user_agent) AS some_agent, \
         count(DISTINCT host) AS hosts FROM (SELECT unnest(hits) AS rule, day, client_ip, host, user_agent, ts, url \
         FROM (SELECT {call} AS hits, day, client_ip, host, user_agent, ts, url FROM requests) WHERE hits IS NOT NULL) \
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    );
    let planned = session.plan(&query).await?;
    let mut answer = planned.run()?;
    while let Some(batch) = answer.stream.next().await {
        read(&batch?, &rules, &mut ran.findings)?;
    }
    ran.bytes_read += planned.bytes_read();
    Ok(())
}

/// The columns of the answer.
struct Hits {
    rule: ArrayRef,
    day: ArrayRef,
    client: ArrayRef,
    host: ArrayRef,
    agent: ArrayRef,
    count: ArrayRef,
    first: ArrayRef,
    last: ArrayRef,
    some: [ArrayRef; 3],
    hosts: ArrayRef,
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Other, format!("the hits of rules cannot be read: {what}"))
}

impl Hits {
    fn of(batch: &RecordBatch) -> Result<Self> {
        let column = |name: &str, kind: DataType| {
            let column = batch.column_by_name(name).ok_or_else(|| wrong(name))?;
            cast(column, &kind).map_err(wrong)
        };
        let text = |name| column(name, DataType::Utf8);
        let time = || DataType::Timestamp(TimeUnit::Microsecond, None);
        Ok(Self {
            rule: column("rule", DataType::Int32)?,
            day: column("day", DataType::Int32)?,
            client: text("client_ip")?,
            host: text("host")?,
            agent: text("user_agent")?,
            count: column("count", DataType::Int64)?,
            first: column("first", time())?,
            last: column("last", time())?,
            some: [text("some_host")?, text("some_url")?, text("some_agent")?],
            hosts: column("hosts", DataType::Int64)?,
        })
    }
}

fn text(column: &ArrayRef, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.as_string::<i32>().value(row))
}

fn read(batch: &RecordBatch, rules: &[&Ready], findings: &mut Vec<Finding>) -> Result<()> {
    let hits = Hits::of(batch)?;
    for row in 0..batch.num_rows() {
        let rule = hits.rule.as_primitive::<Int32Type>().value(row);
        let rule =
            usize::try_from(rule).ok().and_then(|at| rules.get(at)).ok_or_else(|| wrong("rule"))?;
        let at = |column: &ArrayRef| column.as_primitive::<TimestampMicrosecondType>().value(row);
        let number =
            |column: &ArrayRef| column.as_primitive::<Int64Type>().value(row).unsigned_abs();
        let (first, last, count) = (at(&hits.first), at(&hits.last), number(&hits.count));
        let value = |column| text(column, row).map_or(Value::Null, Value::from);
        let named = match about(rule) {
            Col::UserAgent => ("user_agent", value(&hits.agent)),
            _ => ("host", value(&hits.host)),
        };
        let entity = [("client_ip", value(&hits.client)), named];
        let mut conditions: Vec<_> =
            entity.iter().map(|(column, value)| evidence::same(column, value)).collect();
        conditions.push(sql::condition(&rule.bound));
        let entity: Vec<_> = entity
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(column, value)| (column.to_owned(), value))
            .collect();
        let day = Day(hits.day.as_primitive::<Int32Type>().value(row));
        let hunt = rule.about.hunt();
        findings.push(Finding {
            id: Finding::id_of(&hunt, &entity, day),
            hunt,
            level: rule.about.level,
            title: rule.about.title.clone(),
            why: why(
                rule,
                count,
                number(&hits.hosts),
                hits.some.each_ref().map(|it| text(it, row)),
            ),
            day,
            entity,
            first,
            last,
            count,
            score: None,
            parts: Vec::new(),
            evidence: evidence::query(first, last, &conditions),
            attack: rule.about.attack.clone(),
            author: Some(rule.about.author()),
        });
    }
    Ok(())
}

/// One sentence: how many, where, and one of them.
fn why(rule: &Ready, count: u64, hosts: u64, [host, url, agent]: [Option<&str>; 3]) -> String {
    let requests = if count == 1 { "request" } else { "requests" };
    let to = match (hosts, host) {
        (1, Some(host)) => format!(" to {}", short(host)),
        (0, _) | (_, None) => String::new(),
        (hosts, _) => format!(" to {hosts} hosts"),
    };
    let example = match about(rule) {
        Col::UserAgent => agent.map(|agent| format!(" with the agent `{}`", short(agent))),
        _ => url.map(|url| format!(", such as {}", short(url))),
    };
    let title = &rule.about.title;
    format!("{count} {requests}{to}{} match the rule `{title}`", example.unwrap_or_default())
}

/// So much of a text that a sentence stays one.
fn short(text: &str) -> String {
    const MOST: usize = 160;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
