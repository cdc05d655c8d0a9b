//! How is a data file written: row groups one after another, digests on the way, keys in the footer?

use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;

use super::blocks::DigestingFile;
use super::encode::{Chunks, EncodedRowGroup, Facts};
use super::encrypted::EncryptedFile;
use super::layout::{self, Layout, key};
use super::{ColumnStats, FileMeta, SourceRange, VerifiedFile};
use crate::crypt::{FileId, Scope, Vault};
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
        self.0.sink.bytes_written()
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

/// What the pages go to.
#[expect(clippy::large_enum_variant, reason = "there is one for each open file")]
enum Sink {
    Plain(SerializedFileWriter<DigestingFile>),
    Encrypted(Box<EncryptedFile>),
}

impl Sink {
    fn bytes_written(&self) -> u64 {
        match self {
            Self::Plain(file) => file.bytes_written() as u64,
            Self::Encrypted(file) => file.bytes_written(),
        }
    }

    fn append(&mut self, chunks: Chunks) -> parquet::errors::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Encrypted(file) => {
                return match chunks {
                    Chunks::Own(chunks) => file.append(chunks),
                    Chunks::Arrow(_) => {
                        let what = "pages of another encoder can't be encrypted";
                        Err(ParquetError::General(what.to_owned()))
                    }
                };
            }
        };
        let mut row_group = file.next_row_group()?;
        match chunks {
            Chunks::Own(chunks) => {
                for chunk in chunks {
                    row_group.append_column(&chunk.bytes, chunk.close)?;
                }
            }
            Chunks::Arrow(chunks) => {
                for chunk in chunks {
                    chunk.append_to_row_group(&mut row_group)?;
                }
            }
        }
        row_group.close().map(drop)
    }

    /// Begins the tail with the block table; returns where.
    fn begin_tail(&mut self) -> std::io::Result<u64> {
        match self {
            Self::Plain(file) => {
                file.flush()?;
                let (table, tail) = file.inner_mut().begin_tail();
                file.write_all(&table)?;
                Ok(tail)
            }
            Self::Encrypted(file) => {
                let (table, tail) = file.begin_tail();
                file.write_all(&table)?;
                Ok(tail)
            }
        }
    }

    /// Writes the footer with these keys.
    fn finish(self, keys: Vec<KeyValue>) -> parquet::errors::Result<DigestingFile> {
        match self {
            Self::Plain(mut file) => {
                keys.into_iter().for_each(|key| file.append_key_value_metadata(key));
                file.into_inner()
            }
            Self::Encrypted(mut file) => {
                keys.into_iter().for_each(|key| file.add_key(key));
                file.finish()
            }
        }
    }
}

/// A data file of any layout.
pub(super) struct DataFile {
    sink: Sink,
    path: PathBuf,
    name: String,
    header: SegmentHeader,
    layout: &'static Layout,
    /// The keys of the store, if it is encrypted.
    vault: Option<Arc<Vault>>,
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
        let vault = fs.vault().cloned();
        // Without its key nothing of an encrypted store is begun.
        vault.as_ref().map(|vault| vault.check()).transpose()?;
        let mut number = 0u32;
        let (path, stem, file) = loop {
            let stem = format!("{}-{number:02}", header.transaction);
            let path = dir.join(format!("{stem}.parquet"));
            match fs.create_new(&path) {
                Ok(file) => break (path, stem, DigestingFile::new(file)),
                Err(error) if error.kind() == IoKind::AlreadyExists => number += 1,
                Err(error) => return Err(Error::io("create file", path, error)),
            }
        };
        let name = format!("{stem}.parquet");
        let sink = match &vault {
            None => SerializedFileWriter::new(
                file,
                layout.parquet.root_schema_ptr(),
                Arc::clone(&layout.properties),
            )
            .map(Sink::Plain),
            Some(vault) => {
                let scope = if std::ptr::eq(layout, layout::lines()) {
                    Scope::Lines(header.day)
                } else {
                    Scope::Day(header.day)
                };
                let id = FileId { store: header.store_id.clone(), day: header.day, name: stem };
                EncryptedFile::new(file, layout, vault.encryptor(scope, &id)?)
                    .map(|file| Sink::Encrypted(Box::new(file)))
            }
        };
        let sink = sink.map_err(|error| failed(&path, error))?;
        let facts = vec![Facts::default(); layout.names.len()];
        Ok(Self { sink, path, name, header, layout, vault, extent: None, rows: 0, facts })
    }

    pub(super) fn append(&mut self, group: EncodedRowGroup) -> Result<()> {
        self.sink.append(group.chunks).map_err(|error| failed(&self.path, error))?;
        self.rows += group.rows;
        for (all, new) in self.facts.iter_mut().zip(&group.facts) {
            all.add(new);
        }
        Ok(())
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.vault.is_some()
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
        let tail = self.sink.begin_tail().map_err(|error| Error::io("write", &path, error))?;
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
        let keys = keys.into_iter().map(|(name, value)| KeyValue::new(name.to_string(), value));
        let file = self.sink.finish(keys.collect()).map_err(|error| failed(&path, error))?;
        let digests = file.finish().map_err(|error| Error::io("write", &path, error))?;
        let (min_ts, max_ts) = ts.unwrap_or((0, 0));
        let stats = self.layout.names.iter().zip(self.facts).map(|(name, facts)| ColumnStats {
            column: name.clone(),
            nulls: facts.nulls,
            min: facts.range.map(|(least, _)| least),
            max: facts.range.map(|(_, greatest)| greatest),
        });
        let meta = FileMeta {
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
        };
        if let Some(vault) = &self.vault {
            reopen(&path, &meta, vault)?;
        }
        Ok(meta)
    }
}

/// An encrypted file that can't be opened, or is none, must not be kept.
fn reopen(path: &Path, meta: &FileMeta, vault: &Arc<Vault>) -> Result<()> {
    let file = VerifiedFile::open_with(path, meta, Some(vault))?;
    let rows = file.metadata().file_metadata().num_rows();
    if file.is_encrypted() && rows.unsigned_abs() == meta.rows {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, "the file is not encrypted as its store is").at(path))
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
            Err(cause) => match cause.downcast::<Error>() {
                Ok(own) => own.at_if_none(path),
                Err(cause) => {
                    Error::new(ErrorKind::Internal, "cannot write").at(path).caused_by(cause)
                }
            },
        },
        error => Error::new(ErrorKind::Internal, "cannot write").at(path).caused_by(error),
    }
}
