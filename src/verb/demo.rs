//! `dwell demo`: makes a day with planted incidents, ingests it, hunts it, and shows what an analyst would want to see.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use dwell::sample::{self, day::DayOptions};
use ingest::{IngestOptions, InputArg};
use storage::Day;
use storage::store::{InitOptions, Store};

use super::Outcome;
use super::hunt::{self, Found};
use crate::args::Demo;
use crate::context::Context;
use crate::output::target::Target;
use crate::progress::IngestProgress;
use crate::say;

/// Columns and lines of findings that are shown; the report has all.
const SCREEN: (usize, usize) = (110, 60);

/// What to try next.
const NEXT: &[&str] = &[
    "hunt list",
    "hunt show beacons",
    "hunt run all --min-level medium",
    "pivot 10.20.1.32",
    "sql \"SELECT ua_class(user_agent) AS class, count(*) AS requests, count(DISTINCT client_ip) AS clients FROM requests GROUP BY 1 ORDER BY 2 DESC\"",
];

/// What the demo works with.
struct Place {
    dir: PathBuf,
    store: PathBuf,
    keys: PathBuf,
    day: Day,
}

impl Place {
    fn report(&self) -> PathBuf {
        self.dir.join("report.html")
    }
}

/// Runs the whole demo.
pub(super) fn run(context: &Context, args: &Demo) -> Result<Outcome> {
    let day = args.day.unwrap_or_else(|| Day(Day::of(context.now_us).0 - 1));
    let place = Place {
        dir: args.dir.clone(),
        store: args.dir.join("store"),
        keys: args.dir.join("keys"),
        day,
    };
    let log = generate(&place, args)?;
    let store = open(context, &place)?;
    let (rows, bytes) = take_in(context, &store, &log)?;
    let found = hunt::everything(context, &store)?;
    hunt::write_page(context, &store, &found, &place.report())?;
    let mut target = Target::stdout();
    if context.json {
        hunt::write_json(&mut target, &found)?;
    } else {
        write_report(&mut target, &place, &found)?;
    }
    target.finish()?;
    Ok(Outcome::done(rows, bytes))
}

/// Writes the log of the day into the demo's folder.
fn generate(place: &Place, args: &Demo) -> Result<PathBuf> {
    let dir = &place.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let path = dir.join(format!("access-{}.log", place.day));
    let what = || format!("cannot write `{}`", path.display());
    let file = File::create(&path).with_context(what)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let options = DayOptions { day: place.day, lines: args.lines, seed: args.seed };
    let (lines, clients) = sample::day::write(&options, &mut out).with_context(what)?;
    out.flush().with_context(what)?;
    say::say(format_args!(
        "made {}: {} lines of {clients} clients on {}",
        path.display(),
        say::count(lines),
        place.day
    ));
    Ok(path)
}

fn open(context: &Context, place: &Place) -> Result<Arc<Store>> {
    let store = Store::init(
        &place.store,
        &InitOptions {
            group: None,
            key_dir: Some(context.key_dir_named.clone().unwrap_or_else(|| place.keys.clone())),
            fallback_dir: None,
            fs: storage::fs::real(),
            now_us: context.now_us,
            by: context.by.clone(),
        },
    )?;
    for text in store.notes() {
        say::note(text);
    }
    Ok(store)
}

fn take_in(context: &Context, store: &Arc<Store>, log: &Path) -> Result<(u64, u64)> {
    let options = IngestOptions {
        logformat: Some(sample::LOGFORMAT.into()),
        by: context.by.clone(),
        wait_ms: context.wait_ms,
        ..IngestOptions::default()
    };
    let begin = std::time::Instant::now();
    let progress = IngestProgress::new(context.cancel.clone());
    let report = ingest::run(store, &[InputArg::from(log.to_path_buf())], &options, &progress);
    progress.clear();
    let report = report?;
    let counts = report.counts();
    if counts.lines == 0 {
        say::say("the store has this day already; nothing to ingest");
    } else {
        say::say(format_args!(
            "ingested {} rows, {} quarantined, in {:.1} s: every line parsed, proven byte-exact and signed",
            say::count(counts.rows),
            say::count(counts.quarantined),
            begin.elapsed().as_secs_f64()
        ));
    }
    Ok((counts.rows, progress.bytes()))
}

/// Shows the findings that are worth a look, and where to look further.
fn write_report(target: &mut Target, place: &Place, found: &Found) -> Result<()> {
    writeln!(target, "\n{} findings on {}\n", found.findings.len(), place.day)?;
    hunt::screen(target, found, Some(SCREEN))?;
    let program = std::env::args().next().unwrap_or_else(|| "dwell".into());
    writeln!(target, "\nThe report, for a browser: {}", place.report().display())?;
    writeln!(target, "\nTry next:\n")?;
    writeln!(
        target,
        "  export DWELL_STORE={} DWELL_KEY_DIR={}",
        place.store.display(),
        place.keys.display()
    )?;
    for text in NEXT {
        writeln!(target, "  {program} {text}")?;
    }
    writeln!(
        target,
        "\nand `{program} verify --deep` proves that nothing in the store was changed."
    )?;
    Ok(())
}
