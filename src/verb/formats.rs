//! `dwell formats`: which log formats there are, what each is made of, and what each makes of a file.

mod known;
mod show;
mod trial;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use ingest::format::describe::meanings;

use super::Outcome;
use crate::args::{Formats, OutputArgs, Try};
use crate::context::Context;
use crate::output::target::Target;
use crate::output::{self, Format};
use known::Known;

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Option<Formats>) -> Result<Outcome> {
    match what {
        None => list(context, &OutputArgs::default()),
        Some(Formats::List(output)) => list(context, &output),
        Some(Formats::Show { name }) => show::run(context, &name),
        Some(Formats::Meanings(output)) => {
            let (names, docs): (Vec<_>, Vec<_>) = meanings().into_iter().unzip();
            let columns: Vec<(&str, ArrayRef)> = vec![
                ("meaning", Arc::new(StringArray::from(names))),
                ("explanation", Arc::new(StringArray::from(docs))),
            ];
            table(context, &output, columns)
        }
        Some(Formats::Try(args)) => trial::run(context, &args),
    }
}

/// How well each format reads the first lines of a file.
pub(super) fn scores(context: &Context, file: &Path) -> Result<Outcome> {
    let args = Try { file: file.into(), format: None, logformat: None, fields: None, tz: None };
    trial::run(context, &args)
}

fn list(context: &Context, output: &OutputArgs) -> Result<Outcome> {
    let all = Known::all(&context.settings_alone()?)?;
    let text = |of: &dyn Fn(&Known) -> String| -> ArrayRef {
        Arc::new(all.iter().map(|known| Some(of(known))).collect::<StringArray>())
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("name", text(&|known| known.name.clone())),
        ("title", text(&|known| known.title.clone())),
        ("times", text(&|known| known.basis().to_owned())),
        ("columns", text(&|known| known.columns().join(", "))),
    ];
    table(context, output, columns)
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
