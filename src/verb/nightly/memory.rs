//! What does one night tell the next, and `doctor`? A small file in `log/`: a help for planning, no evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use storage::Micros;
use storage::day::Day;
use storage::querylog;
use storage::store::Store;

use super::Line;
use crate::exit::Exit;

/// Version of the file.
const VERSION: u32 = 1;

/// What is kept from night to night.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::verb) struct Memory {
    version: u32,
    /// When the last night ended, and how, step by step.
    pub(in crate::verb) last: Option<Last>,
    /// When each step last ended well.
    pub(in crate::verb) success: BTreeMap<String, Micros>,
    /// When the segments of each day were last read and compared.
    pub(in crate::verb) days: BTreeMap<Day, Micros>,
    /// When the files of lines of each day of ingest were.
    pub(in crate::verb) lines: BTreeMap<Day, Micros>,
    /// When each day of each archive was, by the address of the archive.
    pub(in crate::verb) copies: BTreeMap<String, BTreeMap<Day, Micros>>,
    /// Days of archives that were not as signed when they were last read.
    pub(in crate::verb) bad_copies: BTreeMap<String, BTreeSet<Day>>,
}

/// How a night ended.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::verb) struct Last {
    /// When the step that is named last ended.
    pub(in crate::verb) at: Micros,
    /// The steps that were run, each with its exit code.
    pub(in crate::verb) steps: Vec<(String, u8)>,
}

fn path(store: &Store) -> PathBuf {
    store.dir().join(querylog::FOLDER).join(querylog::NIGHTLY)
}

impl Memory {
    /// What the last night kept; nothing if it can't be read.
    pub(in crate::verb) fn read(store: &Store) -> Self {
        let bytes = store.fs().read(&path(store)).unwrap_or_default();
        let read: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        if read.version == VERSION { read } else { Self::default() }
    }

    /// Days that some archive holds a bad copy of.
    pub(in crate::verb) fn bad_days(&self) -> BTreeSet<Day> {
        self.bad_copies.values().flatten().copied().collect()
    }

    /// Notes how far this night is.
    pub(super) fn note(&mut self, now: Micros, lines: &[Line]) {
        self.version = VERSION;
        if let Some(line) =
            lines.last().filter(|line| line.outcome != "skipped" && line.exit == Exit::Done)
        {
            self.success.insert(line.step.to_owned(), now);
        }
        let steps = lines.iter().map(|line| (line.step.to_owned(), line.exit.code()));
        self.last = Some(Last { at: now, steps: steps.collect() });
    }

    /// Keeps it for the next night.
    pub(super) fn write(&self, store: &Store) -> Result<()> {
        let bytes = serde_json::to_vec(self)?;
        Ok(storage::fs::replace(&**store.fs(), &path(store), &bytes)?)
    }
}
