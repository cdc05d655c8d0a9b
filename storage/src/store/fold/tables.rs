//! How do tables beside the rows come and go? By records of their own, and with the days that they were made of.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::kept::KeptTable;
use super::super::{State, layout};
use super::broken;
use crate::day::Day;
use crate::error::Result;
use crate::ledger::record::{Body, Record, TableKey, Tables, day_of};

impl State {
    pub(super) fn apply_tables(&mut self, record: &Record, tables: &Tables) -> Result<()> {
        for key in &tables.removed {
            if self.tables.remove(key).is_none() {
                return Err(broken(format!("a removal of {key}, which is not there")));
            }
        }
        for put in &tables.put {
            if put.basis >= record.seq {
                return Err(broken(format!("{} is newer than its record", put.key)));
            }
            let kept = KeptTable { at: record.at, seq: record.seq, table: put.clone() };
            self.tables.insert(put.key.clone(), Arc::new(kept));
        }
        Ok(())
    }

    /// The tables of this version that a record takes away.
    pub(crate) fn tables_gone(&self, body: &Body) -> Vec<TableKey> {
        match body {
            Body::Intel(tables) | Body::Pdns(tables) | Body::Table(tables) => {
                let replaced = tables.put.iter().map(|put| &put.key);
                let keys = replaced.chain(&tables.removed);
                keys.filter(|key| self.tables.contains_key(*key)).cloned().collect()
            }
            Body::Retire(retire) => self.tables_of(&retire.days.iter().map(|it| it.day).collect()),
            Body::Redact(redact) => {
                let live = redact.replaced.iter().map(|file| file.path.as_str());
                let live = live.filter(|path| path.starts_with(layout::REQUESTS));
                self.tables_of(&live.filter_map(day_of).collect())
            }
            _ => Vec::new(),
        }
    }

    /// Their files.
    pub(crate) fn table_files_gone(&self, body: &Body) -> Vec<String> {
        let kept = self.tables_gone(body).into_iter().filter_map(|key| self.tables.get(&key));
        kept.map(|kept| kept.table.file.path.clone()).collect()
    }

    fn tables_of(&self, days: &BTreeSet<Day>) -> Vec<TableKey> {
        let of_day = |key: &&TableKey| key.day.is_some_and(|day| days.contains(&day));
        self.tables.keys().filter(of_day).cloned().collect()
    }

    /// Forgets the tables that went with the days of a record.
    pub(super) fn forget_tables(&mut self, body: &Body) {
        if matches!(body, Body::Retire(_) | Body::Redact(_)) {
            for key in self.tables_gone(body) {
                self.tables.remove(&key);
            }
        }
    }
}
