//! How is a hunt run? Its query over a session, its rows as findings, without those that an allow list excuses.

mod evidence;
mod files;
mod rows;

use std::collections::BTreeSet;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use detect::finding::{Finding, Level};
use detect::hunt::{Allow, Hunt, Value};
use detect::repeat::lower_repeats;
use futures::StreamExt as _;

use crate::error::{Error, ErrorKind, Result};
use crate::session::{Session, SessionOptions};

pub use self::files::{FILES, shipped};

/// How hunts are run.
#[derive(Debug, Clone, Default)]
pub struct HuntOptions {
    /// Parameters that are set.
    pub params: Vec<(String, String)>,
    /// Who and what is excused.
    pub allow: Allow,
    /// What is below this level is not told.
    pub min_level: Level,
    /// What was told of earlier days.
    pub known: Vec<Finding>,
}

/// What came of a hunt.
#[derive(Debug, Clone, PartialEq)]
pub enum Ran {
    /// It ran.
    Done {
        /// What it found, without what was excused.
        findings: Vec<Finding>,
        /// How many findings the allow list excused.
        excused: u64,
        /// How many lie below the least level.
        below: u64,
    },
    /// It could find nothing: these columns have no value in this data.
    Skipped(Vec<String>),
}

/// Which columns of `requests` have a value in the range of a session.
#[derive(Debug, Clone, Default)]
pub struct Filled(BTreeSet<String>);

impl Filled {
    /// Asks the session.
    pub async fn of(session: &Session) -> Result<Self> {
        let names: Vec<&str> = storage::schema::COLUMNS.iter().map(|column| column.name).collect();
        let counts = names.iter().map(|name| format!("count(\"{name}\") AS \"{name}\""));
        let sql = format!("SELECT {} FROM requests", counts.collect::<Vec<_>>().join(", "));
        let mut filled = BTreeSet::new();
        for batch in batches(session, &sql).await? {
            for (name, column) in names.iter().zip(batch.columns()) {
                let counts = column.as_primitive_opt::<Int64Type>();
                if counts.is_some_and(|counts| counts.iter().flatten().any(|count| count > 0)) {
                    filled.insert((*name).to_owned());
                }
            }
        }
        Ok(Self(filled))
    }

    /// Those columns that a hunt needs and that have no value.
    pub fn missing(&self, hunt: &Hunt) -> Vec<String> {
        hunt.needs.iter().filter(|name| !self.0.contains(*name)).cloned().collect()
    }
}

/// All rows of a query.
pub(crate) async fn batches(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    let mut answer = session.sql(sql).await?;
    let mut found = Vec::new();
    while let Some(batch) = answer.stream.next().await {
        found.push(batch?);
    }
    Ok(found)
}

/// Runs a hunt over a session that has the table `history`.
///
/// # Errors
/// `Usage`: a parameter does not fit, or the query is wrong, or its columns are not as the front matter says. What running
/// a query may end with.
pub async fn run(
    session: &Session,
    hunt: &Hunt,
    filled: &Filled,
    options: &HuntOptions,
) -> Result<Ran> {
    let missing = filled.missing(hunt);
    if !missing.is_empty() {
        return Ok(Ran::Skipped(missing));
    }
    let wrong = |error: detect::hunt::Wrong| {
        Error::new(ErrorKind::Usage, format!("hunt `{}`: {error}", hunt.id))
    };
    let mut values = hunt.values(&options.params).map_err(wrong)?;
    values.extend(bounds(session.options()));
    let sql = hunt.query(&values).map_err(wrong)?;
    let predicate = hunt.predicate(&values).map_err(wrong)?;
    let now_us = session.options().now_us;
    let excused = options.allow.predicate(hunt, now_us);
    let all = found(session, hunt, &sql, predicate.as_deref()).await?;
    let mut findings = match &excused {
        None => all.clone(),
        Some(excused) => {
            let sql = without_excused(&sql, excused);
            let kept = format!("({excused}) IS NOT TRUE");
            let predicate = predicate.map_or(kept.clone(), |it| format!("({it}) AND {kept}"));
            found(session, hunt, &sql, Some(&predicate)).await?
        }
    };
    findings.retain(|it| !options.allow.excuses(it, hunt.excusable, now_us));
    lower_repeats(&mut findings, &options.known);
    let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    let excused = all.iter().filter(|finding| !ids.contains(finding.id.as_str())).count() as u64;
    let before = findings.len();
    findings.retain(|finding| finding.level >= options.min_level);
    let below = (before - findings.len()) as u64;
    Ok(Ran::Done { findings, excused, below })
}

/// The bounds of a session, as SQL.
fn bounds(options: &SessionOptions) -> [(String, Value); 2] {
    // What has no bound is bounded by what no log reaches.
    let first = options.since_us.unwrap_or(0);
    let last = options.until_us.unwrap_or(options.now_us + 2 * storage::clock::DAY_US);
    [("since", first), ("until", last)]
        .map(|(name, at)| (name.to_owned(), Value::Sql(evidence::timestamp(at))))
}

/// A query in which `requests` lacks the rows that are excused.
fn without_excused(sql: &str, excused: &str) -> String {
    let requests = format!("requests AS (SELECT * FROM requests WHERE ({excused}) IS NOT TRUE)");
    let body = sql.trim_start();
    match body.get(..4) {
        Some(word) if word.eq_ignore_ascii_case("with") => {
            format!("WITH {requests}, {}", &body[4..])
        }
        _ => format!("WITH {requests} {body}"),
    }
}

async fn found(
    session: &Session,
    hunt: &Hunt,
    sql: &str,
    predicate: Option<&str>,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let in_hunt = |error: Error| error.in_file(format!("hunts/{}.sql", hunt.id));
    for batch in batches(session, sql).await.map_err(in_hunt)? {
        rows::read(hunt, &batch, predicate, &mut findings)?;
    }
    // One finding for each hunt, entity and day: a hunt that groups otherwise is wrong, and the first row counts.
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.id.clone()));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_shadowed_in_every_shape_of_query() {
        let sql = without_excused("SELECT 1 FROM requests", "host = 'a'");
        assert!(sql.starts_with(
            "WITH requests AS (SELECT * FROM requests WHERE (host = 'a') IS NOT TRUE) SELECT"
        ));
        let sql = without_excused("with x AS (SELECT 1) SELECT * FROM x", "port = 1");
        assert!(sql.contains("IS NOT TRUE),  x AS (SELECT 1) SELECT"), "{sql}");
    }
}
