//! What do the rows, and the kept findings, say about an entity?

use std::sync::Arc;

use anyhow::{Context as _, Result};
use detect::finding::Finding;
use detect::pivot::{self, Candidate, Kind};
use futures::StreamExt as _;
use query::Session;
use storage::Micros;
use storage::store::Store;
use storage::tables;

use crate::output::cell::Column;

/// The range that is looked at.
pub(super) type Bounds = (Option<Micros>, Option<Micros>);

/// One value of a section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The value.
    pub(super) value: String,
    /// Its rows.
    pub(super) requests: u64,
    /// Different hosts, or clients, of these rows.
    pub(super) peers: u64,
    /// From the client; none where no row says.
    pub(super) request_bytes: Option<u64>,
    /// To the client.
    pub(super) response_bytes: Option<u64>,
    /// Time of the first row.
    pub(super) first: String,
    /// Time of the last row.
    pub(super) last: String,
}

/// A section: the most frequent values, or all of them in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name.
    pub(super) name: &'static str,
    /// Its values.
    pub(super) rows: Vec<Row>,
    /// How many values there are in all.
    pub(super) of: u64,
}

/// All that is told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Story {
    /// About whom.
    pub(super) entity: Candidate,
    /// The sections with at least one value.
    pub(super) parts: Vec<Part>,
    /// What hunts have found, as the store keeps it.
    pub(super) findings: Vec<Finding>,
}

impl Story {
    /// A section by name.
    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// How those that it meets are called.
    pub(super) fn peers(&self) -> &'static str {
        if self.entity.kind.is_client() { "hosts" } else { "clients" }
    }
}

/// The candidate with the most rows, and the others that have some.
pub(super) async fn chosen(
    session: &Session,
    candidates: Vec<Candidate>,
) -> Result<Option<(Candidate, Vec<(Candidate, u64)>)>> {
    let counts = cells(session, &pivot::which(&candidates)).await?;
    let counts = counts.into_iter().next().unwrap_or_default();
    let counted = candidates.into_iter().enumerate().map(|(at, candidate)| {
        let rows = counts.get(at).and_then(Option::as_deref).and_then(|text| text.parse().ok());
        (candidate, rows.unwrap_or(0_u64))
    });
    let mut counted: Vec<_> = counted.filter(|(_, rows)| *rows > 0).collect();
    // Stable: where two have as many rows the first by form stays the first.
    counted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let mut counted = counted.into_iter();
    Ok(counted.next().map(|(first, _)| (first, counted.collect())))
}

/// Asks every section.
pub(super) async fn told(
    session: &Session,
    entity: Candidate,
    findings: Vec<Finding>,
    top: usize,
) -> Result<Story> {
    let mut parts = Vec::new();
    for section in pivot::sections(&entity, top) {
        let rows = cells(session, &section.sql).await?;
        let of = rows.first().and_then(|row| row.last()?.as_deref()?.parse().ok()).unwrap_or(0);
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        if !rows.is_empty() {
            parts.push(Part { name: section.name, rows, of });
        }
    }
    Ok(Story { entity, parts, findings })
}

fn row(cells: Vec<Option<String>>) -> Row {
    let mut cells = cells.into_iter();
    let mut next = || cells.next().flatten();
    let value = next().unwrap_or_default();
    let mut number = || next().and_then(|text| text.parse().ok());
    let (requests, peers) = (number().unwrap_or(0), number().unwrap_or(0));
    let (request_bytes, response_bytes) = (number(), number());
    let first = next().unwrap_or_default();
    let last = next().unwrap_or_default();
    Row { value, requests, peers, request_bytes, response_bytes, first, last }
}

/// All cells of a query as text.
async fn cells(session: &Session, text: &str) -> Result<Vec<Vec<Option<String>>>> {
    let mut answer = session.sql(text).await?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.stream.next().await {
        let batch = batch?;
        let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| {
                let mut text = String::new();
                column.push_text(row, &mut text)?;
                Ok((!column.is_null(row)).then_some(text))
            });
            rows.push(cells.collect::<Result<Vec<_>>>()?);
        }
    }
    Ok(rows)
}

/// The kept findings about it, the latest day first and in it the strongest first.
pub(super) fn findings(
    store: &Arc<Store>,
    entity: &Candidate,
    (since, until): Bounds,
) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for kept in store.state().tables("findings") {
        let Some(day) = kept.table.key.day else { continue };
        if since.is_some_and(|since| day.end() <= since)
            || until.is_some_and(|until| day.start() >= until)
        {
            continue;
        }
        let bytes = tables::read(store, kept)?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let finding: Finding =
                serde_json::from_str(line).context("a finding that can't be read")?;
            if is_about(&finding, entity) {
                found.push(finding);
            }
        }
    }
    found.sort_by(|a, b| (b.day, b.level, a.first, &a.id).cmp(&(a.day, a.level, b.first, &b.id)));
    Ok(found)
}

fn is_about(finding: &Finding, entity: &Candidate) -> bool {
    let column = entity.kind.column();
    if finding.of(column).is_some_and(|value| value == entity.value) {
        return true;
    }
    // A domain has its hosts.
    entity.kind == Kind::Domain
        && finding.of("host").is_some_and(|host| {
            storage::observable::domain::registered(&host) == Some(entity.value.as_str())
        })
}
