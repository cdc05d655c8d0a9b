//! `dwell drill`: would a day come back from the archive if it had to? One is restored into a scratch place, checked and
//! asked, and the ledger notes how that went.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use query::{Origin, Session};
use serde_json::json;
use storage::Day;
use storage::archive::Archive;
use storage::config::ArchiveConfig;
use storage::ledger::record::Drill;
use storage::restore::{self, Practice, Question, RestoreOptions};
use storage::segment::{FileMeta, VerifiedFile};
use storage::store::{LedgerEntry, Store};

use super::restore::{commit_options, open_archive, write_json};
use super::{Outcome, sql};
use crate::args::restore::Drill as Arguments;
use crate::context::Context;
use crate::exit::{self, Exit, Interrupted, usage};
use crate::progress::BytesProgress;
use crate::{remote, say};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Objects read at once, unless told otherwise.
pub(super) const JOBS: usize = 4;

/// How a drill went.
#[derive(Debug)]
pub(super) struct Drilled {
    /// The archive, by its URL.
    pub(super) from: String,
    /// The day.
    pub(super) day: Day,
    /// Rows that came back.
    pub(super) rows: u64,
    /// Bytes read.
    pub(super) bytes: u64,
    /// Seals whose roots were computed again.
    pub(super) seals: u64,
    /// Questions asked.
    pub(super) questions: u64,
    /// How long it took, from the first byte to the last answer.
    pub(super) ms: u64,
    /// How long until the rows were there to be asked.
    pub(super) restored_ms: u64,
    /// What was wrong.
    pub(super) problem: Option<String>,
}

/// Drills one day of one archive.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<Outcome> {
    let store = context.open()?;
    let known = context.settings(&store)?.archive;
    let settings = match &arguments.from {
        Some(from) => remote::settings(&known, from),
        None => in_turn(&known, context.now_us)?,
    };
    let jobs = arguments.jobs.map(usize::from).or(settings.jobs).unwrap_or(JOBS);
    let Some(drilled) = drill(context, &store, &settings, arguments.day, jobs)? else {
        say::say("the archive holds no day yet; there is nothing to drill");
        return Ok(Outcome::default());
    };
    tell(&drilled);
    if context.json {
        write_json(&as_json(&drilled))?;
    }
    let exit = if drilled.problem.is_none() { Exit::Done } else { Exit::Integrity };
    Ok(Outcome { exit, rows: drilled.rows, bytes_read: drilled.bytes })
}

/// Of several targets another one each day.
pub(super) fn in_turn(targets: &[ArchiveConfig], now_us: storage::Micros) -> Result<ArchiveConfig> {
    let day = usize::try_from(Day::of(now_us).0).unwrap_or_default();
    let at = day.checked_rem(targets.len());
    at.and_then(|at| targets.get(at)).cloned().ok_or_else(|| {
        usage(
            "name the archive: --from DIR, --from s3://BUCKET/PREFIX, or [[archive]] in dwell.toml",
        )
    })
}

/// Drills a day of the archive at `settings`, any of its days if none is named, and notes it in the ledger; `None` if the
/// archive holds no day.
pub(super) fn drill(
    context: &Context,
    store: &Arc<Store>,
    settings: &ArchiveConfig,
    day: Option<Day>,
    jobs: usize,
) -> Result<Option<Drilled>> {
    let archive = open_archive(context, settings)?;
    let days = archive.days();
    let Some(day) = day.or_else(|| restore::pick(days.keys().copied(), context.now_us)) else {
        return Ok(None);
    };
    if !days.contains_key(&day) {
        return Err(anyhow!("{day} is not in the archive {}", archive.target().url()));
    }
    let mut drilled = Drilled {
        from: archive.target().url().to_owned(),
        day,
        rows: 0,
        bytes: 0,
        seals: 0,
        questions: 0,
        ms: 0,
        restored_ms: 0,
        problem: None,
    };
    let began = storage::clock::now_us();
    let since = || {
        u64::try_from(storage::clock::now_us().saturating_sub(began) / 1_000).unwrap_or_default()
    };
    if let Err(error) = practise(context, store, &archive, jobs, &mut drilled, &since) {
        match exit::of(&error) {
            Exit::Integrity => drilled.problem = Some(exit::message(&error)),
            _ => return Err(error),
        }
    }
    drilled.ms = since();
    let record = Drill {
        bytes: drilled.bytes,
        day,
        ms: drilled.ms,
        ok: drilled.problem.is_none(),
        rows: drilled.rows,
        target: storage::archive::target::digest_of(archive.target().url()),
    };
    restore::record_drill(store, record, &archive, &commit_options(context))?;
    Ok(Some(drilled))
}

fn practise(
    context: &Context,
    store: &Arc<Store>,
    archive: &Archive,
    jobs: usize,
    drilled: &mut Drilled,
    since: &dyn Fn() -> u64,
) -> Result<()> {
    let progress = BytesProgress::new("drill");
    let options = RestoreOptions {
        jobs,
        commit: commit_options(context),
        cancel: &|| context.cancel.is_asked(),
        progress: &|bytes| progress.advance(bytes),
    };
    let practice = Arc::new(Practice::fetch(store, archive, drilled.day, &options)?);
    drilled.restored_ms = since();
    (drilled.rows, drilled.bytes) = (practice.rows(), practice.bytes);
    drilled.seals = practice.check_seals(&ingest::raw::Lines)?;
    let questions = practice.questions();
    let origin: Arc<dyn Origin> = Arc::new(Scratch(Arc::clone(&practice)));
    let options = sql::options(context, store)?;
    let runtime = sql::runtime(options.threads)?;
    let session = Session::open(origin, practice.state(), options)?;
    let asked = runtime.block_on(async {
        let work = async {
            for question in &questions {
                ask(&session, question).await?;
                drilled.questions += 1;
            }
            Ok(())
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            asked = work => asked,
        }
    });
    runtime.shutdown_background();
    asked
}

/// Asks one question and compares the answer.
async fn ask(session: &Session, question: &Question) -> Result<()> {
    let batches = session.sql(&question.sql).await?.stream.collect().await?;
    let found: Vec<Vec<Option<i64>>> = batches.iter().flat_map(numbers).collect();
    if found == question.expected {
        return Ok(());
    }
    let what =
        format!("`{}` gives {found:?} where the ledger says {:?}", question.sql, question.expected);
    Err(storage::Error::new(storage::ErrorKind::Integrity, what).into())
}

/// The rows of a batch, each value as a number.
fn numbers(batch: &RecordBatch) -> Vec<Vec<Option<i64>>> {
    let columns = batch.columns().iter().map(|column| {
        let cast = arrow::compute::cast(column, &arrow::datatypes::DataType::Int64);
        cast.map(|column| column.as_primitive::<Int64Type>().iter().collect::<Vec<_>>())
            .unwrap_or_else(|_| vec![None; batch.num_rows()])
    });
    let columns: Vec<Vec<Option<i64>>> = columns.collect();
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column.get(row).copied().flatten()).collect())
        .collect()
}

/// The scratch place, as a session reads it.
#[derive(Debug)]
struct Scratch(Arc<Practice>);

impl Origin for Scratch {
    fn locate(&self, file: &str) -> PathBuf {
        self.0.locate(file)
    }

    fn open_file(&self, meta: &FileMeta) -> storage::Result<VerifiedFile> {
        self.0.open_file(meta)
    }

    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>> {
        Ok(Vec::new())
    }
}

/// Milliseconds for each GB that was read, until the rows could be asked.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn ms_per_gb(drilled: &Drilled) -> f64 {
    drilled.restored_ms as f64 * 1e9 / drilled.bytes.max(1) as f64
}

fn tell(drilled: &Drilled) {
    let Drilled { day, from, .. } = drilled;
    match &drilled.problem {
        Some(problem) => say::error(format_args!("drill of {day} from {from} FAILED: {problem}")),
        None => say::say(format_args!(
            "drill of {day} from {from}: good; {} rows, {}, {} {}, {} questions in {} ms; \
             rows were there after {} ms, {:.1} s for each GB",
            say::count(drilled.rows),
            say::size(drilled.bytes),
            say::count(drilled.seals),
            say::plural(drilled.seals, "seal", "seals"),
            drilled.questions,
            say::count(drilled.ms),
            say::count(drilled.restored_ms),
            ms_per_gb(drilled) / 1e3,
        )),
    }
}

/// A drill for programs.
pub(super) fn as_json(drilled: &Drilled) -> serde_json::Value {
    json!({
        "report": "drill",
        "schema_version": REPORT_VERSION,
        "from": drilled.from,
        "day": drilled.day.to_string(),
        "rows": drilled.rows,
        "bytes": drilled.bytes,
        "seals": drilled.seals,
        "questions": drilled.questions,
        "ms": drilled.ms,
        "restored_ms": drilled.restored_ms,
        "ms_per_gb": ms_per_gb(drilled),
        "ok": drilled.problem.is_none(),
        "problem": drilled.problem,
    })
}
