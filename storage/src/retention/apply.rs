//! How do days go? One commit with the receipt; their files are in the trash afterwards, and deleted when the grace is
//! over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::inventory::Facts;
use super::plan::{self, Plan, RetiredPart};
use super::policy::Policy;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::hold::Asked;
use crate::ledger::record::{Body, NamedFile, Retire, RetireDay, SealSalts};
use crate::ledger::text::Text;
use crate::seal::{self, LineSource};
use crate::segment::FileMeta;
use crate::store::{CommitOptions, Maintenance, State, Store};

/// What became of a plan.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The plan, as it was made last.
    pub plan: Plan,
    /// Number of the receipt; none if nothing was due, or it was not agreed to.
    pub receipt: Option<u64>,
}

/// Plans over the newest version and, if `agree` says so, removes what is due. Archive copies of the days `bad_copies` do
/// not count.
///
/// # Errors
/// [`ErrorKind::Conflict`]: what the plan stood on has changed; ask the queries of the holds again, and call again.
pub fn apply(
    store: &Arc<Store>,
    policy: &Policy,
    bad_copies: &BTreeSet<Day>,
    asked: Asked,
    lines: &dyn LineSource,
    options: &CommitOptions,
    agree: &mut dyn FnMut(&Plan) -> Result<bool>,
) -> Result<Applied> {
    let now = options.now_us;
    let state = store.refresh()?;
    let facts = Facts { bad_copies: bad_copies.clone(), ..Facts::gather(store, &state)? };
    let plan = plan::plan(&state, policy, now, &facts);
    if plan.is_empty() || !agree(&plan)? {
        return Ok(Applied { plan, receipt: None });
    }
    let change = store.begin_maintenance()?;
    let base = Arc::clone(change.base());
    let days = || plan.retired.keys().copied();
    let recheck = |newest: &State| {
        asked.recheck(newest, days().chain(plan.lines.iter().map(|it| it.day)), now)?;
        unchanged(&state, newest, &plan)
    };
    // What came between planning and here is looked at under the lock, too; this spares a record in vain.
    recheck(&base)?;
    let mut retire = receipt(&plan);
    let mut moves = Vec::new();
    for (day, part) in plan.retired.iter().filter(|(_, part)| !part.whole) {
        keep_leaves(&change, *day, part, lines, &mut retire.salts, &mut moves)?;
    }
    let record = (Body::Retire(retire), Text::by(&options.by));
    let seqs = change.commit(vec![record], &moves, options, &recheck)?;
    Ok(Applied { plan, receipt: seqs.last().copied() })
}

/// What stays of rows that go while others of the same seal stay: their leaf hashes, in new files of salts, so that those
/// that stay can still be proven.
fn keep_leaves(
    change: &Maintenance,
    day: Day,
    part: &RetiredPart,
    lines: &dyn LineSource,
    salts: &mut Vec<SealSalts>,
    moves: &mut Vec<(PathBuf, String)>,
) -> Result<()> {
    let paths: BTreeSet<&str> = part.files.iter().map(|file| file.path.as_str()).collect();
    let state = change.base();
    let Some(held) = state.days.get(&day) else { return Ok(()) };
    for sealed in &held.seals {
        let mut files = held.segments.iter().filter(|it| it.seal == Some(sealed.seq));
        if !files.any(|it| paths.contains(it.meta.path.as_str())) {
            continue;
        }
        let mut leaves = |_: i32, _: i64, path: &str| paths.contains(path);
        let left = seal::without(change.store(), state, sealed, lines, &mut leaves)?;
        let (file, moved) = seal::write_salts(change, (day, sealed.seal.number), &left)?;
        salts.push(SealSalts { file, seal: sealed.seq });
        moves.push(moved);
    }
    Ok(())
}

/// Whether everything that a plan looked at of what it removes is as it was.
fn unchanged(planned: &State, newest: &State, plan: &Plan) -> Result<()> {
    let conflict = |what: String| Err(Error::new(ErrorKind::Conflict, what));
    for day in plan.retired.keys() {
        if planned.days.get(day) != newest.days.get(day) {
            return conflict(format!("{day} has changed meanwhile"));
        }
    }
    if planned.hidden.len() != newest.hidden.len() || planned.archives != newest.archives {
        return conflict("lines were hidden, or archives changed, meanwhile".into());
    }
    let ids: BTreeSet<i32> = plan
        .lines
        .iter()
        .flat_map(|lines| &lines.file.sources)
        .map(|range| range.source_id)
        .collect();
    for id in ids {
        if planned.sources.get(&id) != newest.sources.get(&id) {
            return conflict(format!("source {id} has changed meanwhile"));
        }
    }
    let lines: BTreeSet<&str> = newest.lines.iter().map(|it| it.meta.path.as_str()).collect();
    match plan.lines.iter().find(|it| !lines.contains(it.file.path.as_str())) {
        Some(gone) => conflict(format!("{} is gone", gone.file.path)),
        None => Ok(()),
    }
}

/// The receipt: what goes, with the digests that a later restore is compared with.
fn receipt(plan: &Plan) -> Retire {
    Retire {
        days: plan.retired.iter().map(|(day, part)| receipt_of(*day, part)).collect(),
        lines: plan.lines.iter().map(|lines| named(&lines.file)).collect(),
        salts: Vec::new(),
    }
}

fn receipt_of(day: Day, part: &RetiredPart) -> RetireDay {
    let causes: Vec<String> = part.causes.iter().map(ToString::to_string).collect();
    RetireDay {
        day,
        files: part.files.iter().map(|file| named(file)).collect(),
        rows: part.shown(),
        sources: part.rows.iter().map(|(id, rows)| (*id, *rows)).collect(),
        why: causes.join(", "),
    }
}

fn named(file: &FileMeta) -> NamedFile {
    NamedFile { bytes: file.bytes, path: file.path.clone(), sha256: file.sha256 }
}
