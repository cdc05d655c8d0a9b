//! Which queries name what is to be removed, and how do their words go? The entries stay, and so does the chain.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{FOLDER, LOCK, LogLine, WAIT_MS, is_month};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs};

/// The words of one query: file and number of the entry, written `log/2026-11.jsonl#17`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name in `log/`.
    pub file: String,
    /// The number of the entry.
    pub number: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FOLDER}/{}#{}", self.file, self.number)
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text
            .strip_prefix(FOLDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.split_once('#'));
        let place = parts.and_then(|(file, number)| Some((file, number.parse().ok()?)));
        match place.filter(|(file, _)| is_month(file)) {
            Some((file, number)) => Ok(Self { file: file.to_owned(), number }),
            None => {
                let what = format!("`{text}` is no place in the log of queries");
                Err(Error::new(ErrorKind::InvalidInput, what))
            }
        }
    }
}

/// The queries of the store at `dir` whose words have one of these texts in them, whatever the case of its letters.
pub fn naming(fs: &dyn Fs, dir: &Path, texts: &[String]) -> Result<Vec<Place>> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let mut found = Vec::new();
    for name in fs::list_if_there(fs, &dir.join(FOLDER))? {
        if !is_month(&name) {
            continue;
        }
        let bytes = fs::read_if_there(fs, &dir.join(FOLDER).join(&name))?.unwrap_or_default();
        for line in bytes.split(|&byte| byte == b'\n') {
            let Ok(line) = LogLine::parse(line) else { continue };
            let Some((_, words)) = &line.words else { continue };
            let words = match fs.vault() {
                None => words.clone(),
                Some(vault) => words.unsealed(vault)?,
            };
            let words = format!("{}\n{}", words.by, words.sql).to_lowercase();
            if texts.iter().any(|text| words.contains(text)) {
                found.push(Place { file: name.clone(), number: line.entry.number });
            }
        }
    }
    Ok(found)
}

/// Removes the words of these queries, and what a crash has cut off in the same files, which nobody can attribute.
/// Done twice it changes nothing.
pub fn shred(fs: &dyn Fs, dir: &Path, places: &[Place]) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let folder = dir.join(FOLDER);
    let lock_path = folder.join(LOCK);
    let lock = fs::wait_for_lock(fs, &lock_path, WAIT_MS)?;
    let _lock = lock.ok_or_else(|| {
        Error::new(ErrorKind::Locked, "another process is writing to the log of queries")
            .at(&lock_path)
    })?;
    let files: BTreeSet<&str> = places.iter().map(|place| place.file.as_str()).collect();
    for file in files {
        let path = folder.join(file);
        let Some(bytes) = fs::read_if_there(fs, &path)? else { continue };
        let mut out = Vec::with_capacity(bytes.len());
        for line in bytes.split(|&byte| byte == b'\n') {
            let Ok(mut line) = LogLine::parse(line) else { continue };
            let is_asked = |it: &Place| it.file == file && it.number == line.entry.number;
            if places.iter().any(is_asked) {
                line.words = None;
            }
            out.extend_from_slice(&line.render()?);
        }
        if out == bytes {
            continue;
        }
        // Beside the old one, so that it has the rights of this folder.
        let new = folder.join(format!("{file}.new"));
        fs::remove_if_there(fs, &new)?;
        fs::write_new(fs, &new, &out)?;
        fs.rename(&new, &path).map_err(|error| Error::io("rename", &new, error))?;
        fs::sync_dir(fs, &folder)?;
    }
    Ok(())
}
