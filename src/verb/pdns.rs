//! `dwell pdns`: passive DNS of others comes in, and what the log itself knows of names and addresses goes out.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use detect::intel::table::encode;
use detect::pdns::record::{Kept, Tuple};
use detect::pdns::{self, Form};
use futures::StreamExt as _;
use query::Session;
use query::intel::PASSIVE_DNS;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use storage::digest::Digest;
use storage::store::Store;
use storage::tables::Kind;

use super::lists::{self, NewList};
use super::{Outcome, sql};
use crate::args::Bounds;
use crate::args::intel::Pdns;
use crate::context::Context;
use crate::exit::{Exit, Interrupted, usage};
use crate::output::target::Target;
use crate::reader::Reader;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;
/// How many unreadable records are told one by one to people.
const SHOWN: usize = 20;

/// The pairs of host and address that the log knows.
const PAIRS: &str = "SELECT host, server_ip, min(ts) AS first, max(ts) AS last, count(*) AS count FROM requests \
    WHERE host IS NOT NULL AND server_ip IS NOT NULL AND host <> server_ip AND host NOT LIKE '%:%' \
    AND host !~ '^[0-9.]+$' GROUP BY host, server_ip ORDER BY host, server_ip";

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Pdns) -> Result<Outcome> {
    match what {
        Pdns::Add { paths, name } => {
            if name.is_some() && paths.len() > 1 {
                return Err(usage("--name is for one path; add the others one by one"));
            }
            let store = context.open()?;
            let (mut outcome, mut reports) = (Outcome::default(), Vec::new());
            for path in &paths {
                let (rows, partial, report) = add(context, &store, path, name.as_deref())?;
                outcome.rows += rows;
                if partial {
                    outcome.exit = Exit::Partial;
                }
                reports.push(report);
            }
            if context.json {
                let mut target = Target::stdout();
                let document = json!({"report": "pdns_add", "schema_version": REPORT_VERSION, "lists": reports});
                serde_json::to_writer_pretty(&mut target, &document)?;
                writeln!(target)?;
                target.finish()?;
            }
            Ok(outcome)
        }
        Pdns::List { output } => lists::list(context, &output, &[PASSIVE_DNS]),
        Pdns::Remove { names } => lists::remove(context, Kind::Pdns, &[PASSIVE_DNS], &names),
        Pdns::Export { bounds, output } => export(context, &bounds, output.as_deref()),
    }
}

/// What was read of a path.
#[derive(Default)]
struct Gathered {
    batches: Vec<RecordBatch>,
    rows: u64,
    /// File, line, why, unreadable.
    troubles: Vec<(String, pdns::Trouble)>,
    files: Vec<(String, Option<Form>, u64)>,
    lost: Vec<(String, String)>,
    digests: Vec<(String, Digest)>,
}

impl Gathered {
    fn unreadable(&self) -> u64 {
        self.troubles.iter().filter(|(_, trouble)| trouble.unreadable).count() as u64
    }

    fn take(&mut self, name: &str, bytes: &[u8], now_us: storage::Micros) -> Result<()> {
        self.digests.push((name.to_owned(), Digest::of(bytes)));
        let mut kept = Kept::default();
        let form = pdns::read(bytes, &mut kept);
        let rows = kept.tuples.len() as u64;
        if let Some(form) = form {
            self.batches.push(pdns::table::batch(name, form.name(), &kept.tuples, now_us)?);
            self.troubles.extend(kept.troubles.into_iter().map(|it| (name.to_owned(), it)));
            self.rows += rows;
        }
        self.files.push((name.to_owned(), form, rows));
        Ok(())
    }

    fn digest(&mut self) -> Digest {
        if let [(_, digest)] = self.digests.as_slice() {
            return *digest;
        }
        self.digests.sort();
        let lines = self.digests.iter().map(|(name, digest)| format!("{digest}  {name}\n"));
        Digest(Sha256::digest(lines.collect::<String>()).into())
    }
}

fn add(
    context: &Context,
    store: &Arc<Store>,
    path: &Path,
    given: Option<&str>,
) -> Result<(u64, bool, Value)> {
    let now_us = storage::clock::now_us();
    let mut all = Gathered::default();
    lists::each_file(context, path, &mut |name, bytes| match bytes {
        Ok(bytes) => all.take(name, &bytes, now_us),
        Err(why) => {
            all.lost.push((name.to_owned(), why));
            Ok(())
        }
    })?;
    if all.files.iter().all(|(_, form, _)| form.is_none()) {
        if let (true, Some((_, why))) = (all.files.is_empty(), all.lost.first()) {
            anyhow::bail!("`{}` {why}", path.display());
        }
        let path = path.display();
        return Err(usage(format!("`{path}` is no passive DNS that is known: {}", pdns::KNOWN)));
    }
    let digest = all.digest();
    let state = store.refresh()?;
    if let Some(known) = lists::known(&state, &[PASSIVE_DNS], digest, given) {
        let name = &known.table.key.name;
        say::say(format_args!("{}: this content is there already, as `{name}`", path.display()));
        let report = json!({"path": path.display().to_string(), "name": name, "outcome": "known",
            "rows": known.table.rows, "sha256": digest.to_string()});
        return Ok((0, false, report));
    }
    let name = lists::name_of(path, given);
    let unreadable = all.unreadable();
    let list = NewList {
        key: lists::key(PASSIVE_DNS, &name),
        rows: all.rows,
        skipped: unreadable,
        input: digest,
        content: encode(&pdns::table::schema(), &all.batches)?,
    };
    let record = lists::keep(context, store, Kind::Pdns, vec![list], path)
        .with_context(|| format!("cannot keep `{}`", path.display()))?;
    tell(path, &name, &all);
    let unknown = all.files.iter().any(|(_, form, _)| form.is_none());
    let report = json!({
        "path": path.display().to_string(), "name": name, "outcome": "added", "record": record,
        "sha256": digest.to_string(), "rows": all.rows, "unreadable": unreadable,
        "files": all.files.iter().map(|(file, form, rows)| json!({"file": file, "format": form.map(Form::name), "rows": rows})).collect::<Vec<_>>(),
        "lost": all.lost.iter().map(|(file, why)| json!({"file": file, "why": why})).collect::<Vec<_>>(),
        "skipped": all.troubles.iter().map(|(file, it)| json!({"source": file, "line": it.line, "why": it.why, "unreadable": it.unreadable})).collect::<Vec<_>>(),
    });
    Ok((all.rows, unreadable > 0 || unknown || !all.lost.is_empty(), report))
}

fn tell(path: &Path, name: &str, all: &Gathered) {
    let rows = say::count(all.rows);
    say::say(format_args!("{}: list `{name}`: {rows} tuples", path.display()));
    let empty = all.troubles.iter().filter(|(_, trouble)| !trouble.unreadable).count();
    if empty > 0 {
        say::say(format_args!("  {} lines without an answer", say::count(empty as u64)));
    }
    for (file, form, _) in &all.files {
        if form.is_none() {
            say::say(format_args!("  {file}: no passive DNS that is known"));
        }
    }
    for (file, why) in &all.lost {
        say::say(format_args!("  {file} {why}"));
    }
    let unreadable = all.troubles.iter().filter(|(_, trouble)| trouble.unreadable);
    for (file, trouble) in unreadable.take(SHOWN) {
        say::say(format_args!("  not read: {file} line {}: {}", trouble.line, trouble.why));
    }
    if all.unreadable() > SHOWN as u64 {
        let more = say::count(all.unreadable() - SHOWN as u64);
        say::say(format_args!("  and {more} more that could not be read; --json tells them"));
    }
}

/// Writes the pairs of the log, one a line.
fn export(context: &Context, bounds: &Bounds, file: Option<&Path>) -> Result<Outcome> {
    let store = context.open()?;
    let mut options = sql::options(context, &store)?;
    (options.since_us, options.until_us) = sql::bounds(context, bounds)?;
    let reader = Reader::new(&store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let mut target = Target::open(file)?;
    let written = runtime.block_on(async {
        let work = async {
            let mut rows = 0;
            let session = Session::over(&store, options)?;
            let mut stream = session.sql(PAIRS).await?.stream;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                rows += batch.num_rows() as u64;
                write(&mut target, &batch)?;
            }
            Ok(rows)
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            written = work => written,
        }
    });
    runtime.shutdown_background();
    let rows = written?;
    target.finish()?;
    if rows == 0 {
        say::note("no row has both a host and a server_ip here");
    }
    Ok(Outcome::done(rows, 0))
}

fn write(target: &mut Target, batch: &RecordBatch) -> Result<()> {
    let text = |at: usize| cast(batch.column(at), &DataType::Utf8);
    let time =
        |at: usize| cast(batch.column(at), &DataType::Timestamp(TimeUnit::Microsecond, None));
    let (hosts, ips, first, last) = (text(0)?, text(1)?, time(2)?, time(3)?);
    let counts = cast(batch.column(4), &DataType::Int64)?;
    for row in 0..batch.num_rows() {
        let rdata = ips.as_string::<i32>().value(row);
        let tuple = Tuple {
            rrname: hosts.as_string::<i32>().value(row).to_owned(),
            rrtype: if rdata.contains(':') { "AAAA" } else { "A" }.to_owned(),
            rdata: rdata.to_owned(),
            time_first: first.as_primitive::<TimestampMicrosecondType>().value(row),
            time_last: last.as_primitive::<TimestampMicrosecondType>().value(row),
            count: Some(counts.as_primitive::<Int64Type>().value(row)),
            ..Tuple::default()
        };
        target.write_all(pdns::export::line(&tuple).as_bytes())?;
    }
    Ok(())
}
