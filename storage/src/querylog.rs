//! Who asked what, when, and how much came out? The optional log of queries, as a hash chain that analysts can add to and
//! nobody can change unnoticed.
//!
//! A file of `log/` holds a month, `2026-11.jsonl`; a line of it is an entry, and the words of that entry (who, SQL) beside
//! it under a random salt. The chain goes over the entries, which hold but the digest of their words, so that words can be
//! removed by a redaction and the chain still holds.

mod chain;
mod entry;
mod words;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::chain::{LogReport, verify};
pub use self::entry::{Entry, Event, LogLine, Words};

pub use self::words::{Place, naming, shred};
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::store::Store;

/// The folder of the log in a store.
pub const FOLDER: &str = "log";

/// The file whose lock says that an entry is being written.
const LOCK: &str = "lock";

/// What one night tells the next lies in the same folder, and is no part of the log.
pub const NIGHTLY: &str = "nightly.json";

/// How long a query waits for another that is just being noted.
const WAIT_MS: u64 = 5_000;

/// What is read of the end of a file to find its last entry; more if that is longer.
const TAIL_BYTES: u64 = 64 << 10;

/// The log of queries of a store.
#[derive(Debug, Clone)]
pub struct QueryLog {
    fs: Arc<dyn Fs>,
    folder: PathBuf,
}

/// A query that has been noted and not yet been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    number: u64,
    at: Micros,
}

/// The name of the file for a time.
fn name(at: Micros) -> String {
    let day = Day::of(at).to_string();
    format!("{}.jsonl", day.get(..7).unwrap_or(&day))
}

/// Whether a file of `log/` is one of a month.
fn is_month(name: &str) -> bool {
    name.strip_suffix(".jsonl").is_some_and(|month| format!("{month}-01").parse::<Day>().is_ok())
}

impl Store {
    /// Its log of queries.
    pub fn query_log(&self) -> QueryLog {
        QueryLog { fs: Arc::clone(self.fs()), folder: self.dir().join(FOLDER) }
    }
}

impl QueryLog {
    /// Notes that a query begins: durable before any row of its answer is given out.
    ///
    /// # Errors
    /// `Io`: the log can't be written here. `Integrity`: its newest file was changed.
    pub fn ask(&self, at: Micros, by: &str, sql: &str) -> Result<Asked> {
        let words = Words { by: by.to_owned(), sql: sql.to_owned() };
        // In an encrypted store they are, too; their digest is that of what stands here.
        let words = match self.fs.vault() {
            None => words,
            Some(vault) => words.sealed(vault)?,
        };
        let number = self.add(at, Event::Ask, Some(words), true)?;
        Ok(Asked { number, at })
    }

    /// Notes how a query ended: `outcome` is `done`, `failed` or `interrupted`. Durable with the next entry, for what
    /// matters was written before.
    ///
    /// # Errors
    /// As [`QueryLog::ask`].
    pub fn answer(&self, asked: Asked, at: Micros, rows: u64, outcome: &str) -> Result<()> {
        let elapsed_ms = at.saturating_sub(asked.at).max(0).unsigned_abs() / 1_000;
        let event =
            Event::Answer { of: asked.number, rows, elapsed_ms, outcome: outcome.to_owned() };
        self.add(at, event, None, false).map(drop)
    }

    fn add(&self, at: Micros, event: Event, words: Option<Words>, durable: bool) -> Result<u64> {
        let _lock = self.lock()?;
        let path = self.folder.join(name(at));
        let is_new = !path.exists();
        let before = match last_of(&path)? {
            Some(line) => Some(line),
            None => self.last_before(&path)?,
        };
        let (number, previous) = match &before {
            None => (1, Digest::default()),
            Some(line) => (line.entry.number + 1, line.entry.digest()?),
        };
        let line = LogLine::new(Entry { number, at, previous, event, words: None }, words)?;
        let mut bytes = Vec::new();
        // An entry that was cut off by a crash is left as it is, on a line of its own.
        if !is_new && !ends_with_newline(&path)? {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&line.render()?);
        let mut file =
            self.fs.append(&path).map_err(|error| Error::io("open the log", &path, error))?;
        file.write_all(&bytes).map_err(|error| Error::io("write the log", &path, error))?;
        if durable {
            file.sync().map_err(|error| Error::io("sync the log", &path, error))?;
            if is_new {
                fs::sync_dir(&*self.fs, &self.folder)?;
            }
        }
        Ok(number)
    }

    fn lock(&self) -> Result<fs::Lock> {
        let path = self.folder.join(LOCK);
        fs::wait_for_lock(&*self.fs, &path, WAIT_MS)?.ok_or_else(|| {
            Error::new(ErrorKind::Locked, "another process is writing to the log of queries")
                .at(path)
        })
    }

    /// The last entry of the files before `path`.
    fn last_before(&self, path: &Path) -> Result<Option<LogLine>> {
        let own = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut names = fs::list_if_there(&*self.fs, &self.folder)?;
        names.retain(|name| is_month(name) && Some(name) != own.as_ref());
        for name in names.iter().rev() {
            if let Some(line) = last_of(&self.folder.join(name))? {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

/// The last whole entry of a file.
fn last_of(path: &Path) -> Result<Option<LogLine>> {
    let io = |error| Error::io("read the log", path, error);
    let mut file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(io)?,
    };
    let size = file.metadata().map_err(io)?.len();
    let mut wanted = TAIL_BYTES;
    loop {
        let from = size.saturating_sub(wanted);
        file.seek(SeekFrom::Start(from)).map_err(io)?;
        let mut tail = Vec::new();
        (&mut file).take(size - from).read_to_end(&mut tail).map_err(io)?;
        // Where the tail begins within a line, that line is not looked at.
        let begin = if from == 0 { Some(0) } else { memchr::memchr(b'\n', &tail).map(|at| at + 1) };
        let lines = begin.and_then(|begin| tail.get(begin..)).unwrap_or_default();
        let last =
            lines.split(|&byte| byte == b'\n').rev().find_map(|line| LogLine::parse(line).ok());
        if last.is_some() || from == 0 {
            return Ok(last);
        }
        wanted = wanted.saturating_mul(4);
    }
}

fn ends_with_newline(path: &Path) -> Result<bool> {
    let io = |error| Error::io("read the log", path, error);
    let mut file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1)).map_err(io)?;
    let mut last = [0];
    file.read_exact(&mut last).map_err(io)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests;
