//! The formats that stream row by row: csv, JSON array, JSON lines, and one value a line.

use std::io::Write;

use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::target::Target;
use super::{ResultWriter, cell, columns, escape, names};

/// RFC 4180 with LF: a header always, NULL empty, an empty text `""`.
pub(super) struct Csv {
    target: Target,
    line: String,
}

impl Csv {
    /// Writes the header line.
    pub(super) fn new(schema: &SchemaRef, mut target: Target) -> Result<Self> {
        let mut line = String::new();
        for (at, name) in names(schema).iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            push_field(&mut line, name);
        }
        line.push('\n');
        target.write_all(line.as_bytes())?;
        Ok(Self { target, line })
    }
}

impl ResultWriter for Csv {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = columns(batch)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            self.line.clear();
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    self.line.push(',');
                }
                if column.is_null(row) {
                    continue;
                }
                text.clear();
                column.push_text(row, &mut text)?;
                push_field(&mut self.line, &text);
            }
            self.line.push('\n');
            self.target.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.target.finish()
    }
}

fn push_field(line: &mut String, text: &str) {
    if !text.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        line.push_str(text);
        return;
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

/// How JSON objects stand one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

/// JSON objects, one a row.
pub(super) struct Json {
    target: Target,
    keys: Vec<String>,
    layout: Layout,
    rows: u64,
    line: String,
}

impl Json {
    /// Opens the array, if there is one.
    pub(super) fn new(schema: &SchemaRef, mut target: Target, layout: Layout) -> Result<Self> {
        if layout == Layout::Array {
            target.write_all(b"[")?;
        }
        let keys = names(schema).into_iter().map(|name| {
            let mut key = String::new();
            cell::push_json_text(&mut key, &name);
            key.push(':');
            key
        });
        Ok(Self { target, keys: keys.collect(), layout, rows: 0, line: String::new() })
    }
}

impl ResultWriter for Json {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            self.line.clear();
            if self.layout == Layout::Array {
                self.line.push_str(if self.rows == 0 { "\n" } else { ",\n" });
            }
            for (at, (key, column)) in self.keys.iter().zip(&columns).enumerate() {
                self.line.push(if at == 0 { '{' } else { ',' });
                self.line.push_str(key);
                column.push_json(row, &mut self.line)?;
            }
            self.line.push_str(if columns.is_empty() { "{}" } else { "}" });
            if self.layout == Layout::Lines {
                self.line.push('\n');
            }
            self.target.write_all(self.line.as_bytes())?;
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.layout == Layout::Array {
            self.target.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.target.finish()
    }
}

/// One value a line under a heading for each row; NULL values are left out.
pub(super) struct Vertical {
    target: Target,
    names: Vec<String>,
    width: usize,
    rows: u64,
}

impl Vertical {
    /// Remembers the names.
    pub(super) fn new(schema: &SchemaRef, target: Target) -> Self {
        let names: Vec<_> = names(schema).iter().map(|name| escape::visible(name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Self { target, names, width, rows: 0 }
    }
}

impl ResultWriter for Vertical {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = columns(batch)?;
        let width = self.width;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            self.rows += 1;
            writeln!(self.target, "-- row {} --", self.rows)?;
            for (name, column) in self.names.iter().zip(&columns) {
                if column.is_null(row) {
                    continue;
                }
                text.clear();
                column.push_text(row, &mut text)?;
                writeln!(self.target, "{name:>width$}  {}", escape::visible(&text))?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.target.finish()
    }
}
