//! How does a result reach people and programs? One writer for each format, all fed with Arrow batches.

pub(crate) mod cell;
pub(crate) mod escape;
mod files;
mod table;
pub(crate) mod target;
mod text;

use std::path::Path;

use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use target::{Target, stdout_is_terminal};

/// The formats of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns fitted to the terminal.
    Table,
    /// A header line, RFC 4180, NULL empty.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// A table for documents.
    Markdown,
    /// One value a line; for wide rows.
    Vertical,
    /// A Parquet file (zstd).
    Parquet,
    /// An Arrow IPC file.
    Arrow,
}

impl Format {
    /// The format to use: the one asked for, else by the name of the file, else JSON with `--json`, else a table on a
    /// terminal and csv in a pipe.
    pub(crate) fn choose(asked: Option<Self>, file: Option<&Path>, json: bool) -> Self {
        if let Some(format) = asked {
            return format;
        }
        if json {
            return Self::Json;
        }
        match file {
            Some(path) => Self::by_name(path).unwrap_or(Self::Csv),
            None if stdout_is_terminal() => Self::Table,
            None => Self::Csv,
        }
    }

    fn by_name(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "csv" => Self::Csv,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "md" => Self::Markdown,
            "parquet" => Self::Parquet,
            "arrow" | "feather" => Self::Arrow,
            _ => return None,
        })
    }

    /// Whether the bytes mean nothing to people.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// Writes one result in one format.
pub(crate) trait ResultWriter {
    /// Writes the rows of a batch.
    fn batch(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Writes what comes after the last row and hands the output to its place.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Makes the writer for a result of `schema`.
pub(crate) fn writer(
    format: Format,
    schema: &SchemaRef,
    target: Target,
) -> Result<Box<dyn ResultWriter>> {
    Ok(match format {
        Format::Table => Box::new(table::Table::new(schema, target, table::Style::Plain)),
        Format::Markdown => Box::new(table::Table::new(schema, target, table::Style::Markdown)),
        Format::Csv => Box::new(text::Csv::new(schema, target)?),
        Format::Json => Box::new(text::Json::new(schema, target, text::Layout::Array)?),
        Format::Ndjson => Box::new(text::Json::new(schema, target, text::Layout::Lines)?),
        Format::Vertical => Box::new(text::Vertical::new(schema, target)),
        Format::Parquet => Box::new(files::Parquet::new(schema, target)?),
        Format::Arrow => Box::new(files::Ipc::new(schema, target)?),
    })
}

/// The names of the columns.
fn names(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// Makes every column of a batch ready to be written.
fn columns(batch: &RecordBatch) -> Result<Vec<cell::Column>> {
    batch.columns().iter().map(cell::Column::new).collect()
}

#[cfg(test)]
mod tests;
