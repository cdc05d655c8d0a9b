//! Which requests match Sigma rules? All rules in one pass over the rows, correlations in one more; each hit becomes a
//! finding with the SQL that gives its rows.

mod events;
mod evidence;
mod pass;

use std::collections::BTreeSet;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use detect::finding::{Finding, Level};
use detect::sigma::bind::{Bound, Outlook};
use detect::sigma::fields::{KEYWORDS, Operand};
use detect::sigma::sql;
use detect::sigma::{Correlated, Ready, Set};
use futures::StreamExt as _;
use storage::schema::Col;

use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// Which operands of rules have a value in this data.
#[derive(Debug, Clone, Default)]
pub struct Present(BTreeSet<Operand>);

impl Present {
    /// Asks the session about what these rules name.
    pub async fn of(session: &Session, set: &Set) -> Result<Self> {
        let mut asked: BTreeSet<Operand> = BTreeSet::new();
        for rule in &set.rules {
            rule.bound.for_each(&mut |atom| {
                asked.insert(atom.operand.clone());
            });
            asked.extend(rule.fields.iter().flat_map(|(_, operands)| operands.clone()));
        }
        for correlated in &set.correlations {
            asked.extend(correlated.groups.iter().flatten().cloned());
            asked.extend(correlated.values.iter().flatten().cloned());
        }
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let count = |(at, operand): (usize, &Operand)| {
            let counted = match operand {
                // Counted without putting it together for each row.
                Operand::FullUrl => "coalesce(path, host)".to_owned(),
                Operand::PathQuery => "path".to_owned(),
                Operand::Body => "request_body".to_owned(),
                other => sql::operand(other),
            };
            format!("count({counted}) AS c{at}")
        };
        let counts: Vec<_> = asked.iter().enumerate().map(count).collect();
        let query = format!("SELECT {} FROM requests", counts.join(", "));
        let mut present = BTreeSet::new();
        for batch in batches(session, &query).await? {
            for (operand, column) in asked.iter().zip(batch.columns()) {
                let counts = column.as_primitive_opt::<Int64Type>();
                if counts.is_some_and(|counts| counts.iter().flatten().any(|count| count > 0)) {
                    present.insert(operand.clone());
                }
            }
        }
        Ok(Self(present))
    }

    /// What is known without data: every column may have values, fields without a column have none.
    pub fn assumed(set: &Set) -> Self {
        let mut present: BTreeSet<Operand> = KEYWORDS.iter().cloned().collect();
        for (_, operands) in set.rules.iter().flat_map(|rule| &rule.fields) {
            present.extend(operands.iter().filter(|it| !matches!(it, Operand::Extra(_))).cloned());
        }
        Self(present)
    }

    /// Whether it has a value.
    pub fn has(&self, operand: &Operand) -> bool {
        self.0.contains(operand)
    }

    /// How a rule fares here.
    pub fn standing(&self, rule: &Ready) -> Standing {
        let mut missing = Vec::new();
        for (name, operands) in &rule.fields {
            if !operands.iter().any(|operand| self.has(operand)) {
                let column = operands.first().map(Operand::shown).unwrap_or_default();
                missing.push(Missing { field: name.clone(), column });
            }
        }
        if rule.keywords && !self.has(&Operand::Body) {
            let column = Operand::Column(Col::RequestBody).shown();
            missing.push(Missing { field: "keywords".to_owned(), column });
        }
        let outlook = rule.bound.outlook(&|operand| self.has(operand));
        Standing { missing, can_match: outlook != Outlook::Never }
    }

    /// How a correlation fares: what its rules miss, and what it groups by or counts.
    pub fn standing_of(&self, correlated: &Correlated, set: &Set) -> Standing {
        let rules = correlated.rules.iter().map(|rule| self.standing(&set.rules[*rule]));
        let rules: Vec<Standing> = rules.collect();
        let able = rules.iter().filter(|rule| rule.can_match).count();
        let all = correlated.correlation.kind.needs_all();
        let mut missing: Vec<Missing> = rules.into_iter().flat_map(|rule| rule.missing).collect();
        let named = correlated.correlation.group.iter().zip(correlated.groups.iter().flatten());
        for (field, operand) in named.filter(|(_, operand)| !self.has(operand)) {
            missing.push(Missing { field: field.clone(), column: operand.shown() });
        }
        let counted = |value: &Option<Operand>| value.as_ref().is_none_or(|it| self.has(it));
        let countable = correlated.values.iter().any(counted);
        let can_match = countable && if all { able == correlated.rules.len() } else { able > 0 };
        missing.dedup();
        Standing { missing, can_match }
    }
}

/// A field of a rule without a value in this data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// As the rule names it.
    pub field: String,
    /// What it would be.
    pub column: String,
}

/// How a rule fares with this data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Fields without a value.
    pub missing: Vec<Missing>,
    /// Whether it can match nonetheless.
    pub can_match: bool,
}

/// What came of the rules.
#[derive(Debug, Default)]
pub struct Ran {
    /// One for each rule, entity and day.
    pub findings: Vec<Finding>,
    /// The rules and correlations that ran, by the ids of their hunts, with what they missed.
    pub ran: Vec<(String, Vec<Missing>)>,
    /// Those that cannot match here, with what is missing.
    pub skipped: Vec<(String, Vec<Missing>)>,
    /// Rules below the least level: they did not run.
    pub below: u64,
    /// Bytes read.
    pub bytes_read: u64,
}

/// Runs all rules of a set that are at least of this level.
///
/// # Errors
/// `Usage`: the rules together are too large for one pass. What running a query may end with.
pub async fn run(session: &mut Session, set: &Set, min_level: Level) -> Result<Ran> {
    let present = Present::of(session, set).await?;
    let mut ran = Ran::default();
    let mut alone = Vec::new();
    for (at, rule) in set.rules.iter().enumerate().filter(|(_, rule)| rule.alone) {
        let standing = present.standing(rule);
        if rule.about.level < min_level {
            ran.below += 1;
        } else if standing.can_match {
            ran.ran.push((rule.about.hunt(), standing.missing));
            alone.push(at);
        } else {
            ran.skipped.push((rule.about.hunt(), standing.missing));
        }
    }
    let mut correlations = Vec::new();
    for correlated in &set.correlations {
        let about = &correlated.correlation.about;
        let standing = present.standing_of(correlated, set);
        if about.level < min_level {
            ran.below += 1;
        } else if standing.can_match {
            ran.ran.push((about.hunt(), standing.missing));
            correlations.push(correlated);
        } else {
            ran.skipped.push((about.hunt(), standing.missing));
        }
    }
    if !alone.is_empty() {
        pass::run(session, set, &alone, &mut ran).await?;
    }
    if !correlations.is_empty() {
        events::run(session, set, &correlations, &mut ran).await?;
    }
    Ok(ran)
}

/// All rows of a query.
async fn batches(session: &Session, query: &str) -> Result<Vec<RecordBatch>> {
    let mut answer = session.sql(query).await?;
    let mut found = Vec::new();
    while let Some(batch) = answer.stream.next().await {
        found.push(batch?);
    }
    Ok(found)
}

/// Makes the rules of a set with these places ready, as a function of the session; gives the call of it.
fn register(session: &mut Session, name: &str, rules: Vec<Bound>) -> Result<String> {
    let wrong = |why: String| {
        Error::new(ErrorKind::Usage, format!("the rules are too large to run together: {why}"))
    };
    let engine = detect::sigma::engine::Engine::new(&rules).map_err(wrong)?;
    pass::function(session, name, engine)
}
