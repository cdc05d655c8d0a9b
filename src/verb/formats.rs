//! `dwell formats`: which log formats there are, and how well each reads a file.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use ingest::format::{self, FORMATS, Parser};
use ingest::input::{Input, ReadError};

use super::Outcome;
use crate::args::{Formats, OutputArgs};
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;
use crate::output::{self, Format};

/// How much of a file is tried.
const SAMPLE_BYTES: usize = 1 << 20;
/// How many of its lines.
const SAMPLE_LINES: usize = 1_000;

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Option<Formats>) -> Result<Outcome> {
    match what {
        None => list(context, &OutputArgs::default()),
        Some(Formats::List(output)) => list(context, &output),
        Some(Formats::Show { name }) => show(&name),
        Some(Formats::Try { file, logformat, output }) => {
            try_file(context, &file, logformat.as_deref(), &output)
        }
    }
}

fn list(context: &Context, output: &OutputArgs) -> Result<Outcome> {
    let ids: Vec<_> = FORMATS.iter().map(|format| format.id()).collect();
    let titles: Vec<_> = FORMATS.iter().map(|format| format.title()).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("name", Arc::new(StringArray::from(ids))),
        ("title", Arc::new(StringArray::from(titles))),
    ];
    table(context, output, columns)
}

fn show(name: &str) -> Result<Outcome> {
    let format = format::find(name).ok_or_else(|| unknown(name))?;
    let mut target = Target::stdout();
    writeln!(target, "{}: {}\n\n{}", format.id(), format.title(), format.doc().trim())?;
    target.finish()?;
    Ok(Outcome::default())
}

fn unknown(name: &str) -> anyhow::Error {
    let near = FORMATS.iter().map(|format| format.id());
    let near = near.filter(|id| id.contains(name) || name.contains(id)).collect::<Vec<_>>();
    let hint =
        if near.is_empty() { String::new() } else { format!(" (near: {})", near.join(", ")) };
    usage(format!("no format is named `{name}`{hint}; `dwell formats list` shows all"))
}

/// How well each format reads the first lines of a file.
pub(super) fn try_file(
    context: &Context,
    file: &Path,
    logformat: Option<&str>,
    output: &OutputArgs,
) -> Result<Outcome> {
    let lines = sample(file)?;
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let mut parsers: Vec<Box<dyn Parser>> = Vec::new();
    for format in FORMATS {
        // A format that takes a description can't be tried without one.
        parsers.extend(format.compile("").ok());
    }
    if let Some(spec) = logformat {
        parsers.push(format::logformat(spec).map_err(|error| usage(error.to_string()))?);
    }
    let mut scored: Vec<_> =
        parsers.iter().map(|parser| (parser.id(), parser.score(&lines))).collect();
    scored.sort_by(|(_, a), (_, b)| b.fit.total_cmp(&a.fit).then(b.rank.cmp(&a.rank)));
    let share = |value: f64| (value * 1_000.0).round() / 1_000.0;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("format", Arc::new(scored.iter().map(|(id, _)| Some(*id)).collect::<StringArray>())),
        ("fit", Arc::new(scored.iter().map(|(_, s)| Some(share(s.fit))).collect::<Float64Array>())),
        (
            "exact",
            Arc::new(scored.iter().map(|(_, s)| Some(share(s.exact))).collect::<Float64Array>()),
        ),
    ];
    table(context, output, columns)
}

/// The first lines of a file, decompressed, without their line ends.
fn sample(file: &Path) -> Result<Vec<Vec<u8>>> {
    let failed = |error: ReadError| match error {
        ReadError::Io(error) => {
            anyhow::Error::new(error).context(format!("cannot read `{}`", file.display()))
        }
        ReadError::Damaged(what) => anyhow::anyhow!("cannot read `{}`: {what}", file.display()),
    };
    let input = Input::of_file(file);
    let mut content = input.open().map_err(failed)?;
    let mut bytes = vec![0; SAMPLE_BYTES];
    let mut filled = 0;
    while filled < bytes.len() {
        match content.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            // What can be read is tried.
            Err(_) if filled > 0 => break,
            Err(error) => return Err(failed(error)),
        }
    }
    bytes.truncate(filled);
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').take(SAMPLE_LINES + 1).collect();
    // The last piece is no whole line, or nothing.
    if lines.len() > 1 {
        lines.pop();
    }
    Ok(lines.iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect())
}

fn table(
    context: &Context,
    output: &OutputArgs,
    columns: Vec<(&str, ArrayRef)>,
) -> Result<Outcome> {
    let format = Format::choose(output.format, output.output.as_deref(), context.json);
    let batch = RecordBatch::try_from_iter(columns)?;
    let target = Target::open(output.output.as_deref())?;
    let mut writer = output::writer(format, &batch.schema(), target)?;
    writer.batch(&batch)?;
    writer.finish()?;
    Ok(Outcome::done(batch.num_rows() as u64, 0))
}
