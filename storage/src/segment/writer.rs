//! How is a data file written: row groups one after another, digests on the way, keys in the footer?

use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;

use super::blocks::DigestingFile;
use super::encode::{Chunks, EncodedRowGroup, Facts};
use super::layout::{self, Layout, key};
use super::{ColumnStats, FileMeta, SourceRange};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::Fs;
use crate::schema::SCHEMA_VERSION;

/// What the footer of a data file says of where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The id of the store.
    pub store_id: String,
    /// The day of the rows; for a file of `lines/` the day of the ingest.
    pub day: Day,
    /// The transaction that writes the file.
    pub transaction: String,
}

/// Writes one segment. Row groups are on disk once appended; memory holds only what the footer will say of them.
pub struct SegmentWriter(DataFile);

impl SegmentWriter {
    /// Begins a new file `<transaction>-NN.parquet` in `dir`.
    pub fn create(fs: &Arc<dyn Fs>, dir: &Path, header: SegmentHeader) -> Result<Self> {
        DataFile::create(fs, dir, header, layout::requests()).map(Self)
    }

    /// Writes a row group.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<()> {
        self.0.append(group)
    }

    /// The facts of the extent that a lost ledger would be rebuilt from, as JSON, for the footer.
    pub fn set_extent(&mut self, json: String) {
        self.0.extent = Some(json);
    }

    /// Rows appended so far.
    pub fn rows(&self) -> u64 {
        self.0.rows
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.0.file.bytes_written() as u64
    }

    /// The earliest and latest time of the rows appended so far.
    pub fn ts_range(&self) -> Option<(i64, i64)> {
        self.0.facts.first()?.range
    }

    /// Writes the footer and makes the file durable. The path in the answer is the file's name.
    pub fn finish(self, ranges: Vec<SourceRange>) -> Result<FileMeta> {
        let ts = self.ts_range();
        self.0.finish(ranges, ts)
    }
}

/// A data file of any layout.
pub(super) struct DataFile {
    file: SerializedFileWriter<DigestingFile>,
    path: PathBuf,
    name: String,
    header: SegmentHeader,
    layout: &'static Layout,
    extent: Option<String>,
    rows: u64,
    facts: Vec<Facts>,
}

impl DataFile {
    pub(super) fn create(
        fs: &Arc<dyn Fs>,
        dir: &Path,
        header: SegmentHeader,
        layout: &'static Layout,
    ) -> Result<Self> {
        let mut number = 0u32;
        let (path, name, file) = loop {
            let name = format!("{}-{number:02}.parquet", header.transaction);
            let path = dir.join(&name);
            match fs.create_new(&path) {
                Ok(file) => break (path, name, file),
                Err(error) if error.kind() == IoKind::AlreadyExists => number += 1,
                Err(error) => return Err(Error::io("create file", path, error)),
            }
        };
        let file = SerializedFileWriter::new(
            DigestingFile::new(file),
            layout.parquet.root_schema_ptr(),
            Arc::clone(&layout.properties),
        )
        .map_err(|error| failed(&path, error))?;
        let facts = vec![Facts::default(); layout.names.len()];
        Ok(Self { file, path, name, header, layout, extent: None, rows: 0, facts })
    }

    pub(super) fn append(&mut self, group: EncodedRowGroup) -> Result<()> {
        let path = &self.path;
        let failed = |error| failed(path, error);
        let mut row_group = self.file.next_row_group().map_err(failed)?;
        match group.chunks {
            Chunks::Own(chunks) => {
                for chunk in chunks {
                    row_group.append_column(&chunk.bytes, chunk.close).map_err(failed)?;
                }
            }
            Chunks::Arrow(chunks) => {
                for chunk in chunks {
                    chunk.append_to_row_group(&mut row_group).map_err(failed)?;
                }
            }
        }
        row_group.close().map_err(failed)?;
        self.rows += group.rows;
        for (all, new) in self.facts.iter_mut().zip(&group.facts) {
            all.add(new);
        }
        Ok(())
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn set_extent(&mut self, json: String) {
        self.extent = Some(json);
    }

    pub(super) fn finish(
        mut self,
        sources: Vec<SourceRange>,
        ts: Option<(i64, i64)>,
    ) -> Result<FileMeta> {
        let path = self.path;
        self.file.flush().map_err(|error| Error::io("write", &path, error))?;
        let (table, tail) = self.file.inner_mut().begin_tail();
        self.file.write_all(&table).map_err(|error| Error::io("write", &path, error))?;
        let mut keys = vec![
            (key::TAIL, tail.to_string()),
            (key::STORE, self.header.store_id),
            (key::DAY, self.header.day.to_string()),
            (key::TRANSACTION, self.header.transaction),
            (key::SCHEMA, SCHEMA_VERSION.to_string()),
            (key::VERSION, env!("CARGO_PKG_VERSION").to_string()),
            (key::SOURCES, json(&sources)?),
        ];
        keys.extend(self.extent.map(|extent| (key::EXTENT, extent)));
        for (name, value) in keys {
            self.file.append_key_value_metadata(KeyValue::new(name.to_string(), value));
        }
        let file = self.file.into_inner().map_err(|error| failed(&path, error))?;
        let digests = file.finish().map_err(|error| Error::io("write", &path, error))?;
        let (min_ts, max_ts) = ts.unwrap_or((0, 0));
        let stats = self.layout.names.iter().zip(self.facts).map(|(name, facts)| ColumnStats {
            column: name.clone(),
            nulls: facts.nulls,
            min: facts.range.map(|(least, _)| least),
            max: facts.range.map(|(_, greatest)| greatest),
        });
        Ok(FileMeta {
            path: self.name,
            bytes: digests.bytes,
            sha256: digests.sha256,
            tail: digests.tail,
            root: digests.root,
            rows: self.rows,
            min_ts,
            max_ts,
            sources,
            stats: stats.collect(),
        })
    }
}

fn json(sources: &[SourceRange]) -> Result<String> {
    serde_json::to_string(sources).map_err(|error| {
        Error::new(ErrorKind::Internal, "cannot write the source ranges").caused_by(error)
    })
}

/// Tells what the operating system refused from what the writer itself got wrong.
fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(cause) => Error::io("write", path, *cause),
            Err(cause) => Error::new(ErrorKind::Internal, "cannot write").at(path).caused_by(cause),
        },
        error => Error::new(ErrorKind::Internal, "cannot write").at(path).caused_by(error),
    }
}
