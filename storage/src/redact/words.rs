//! Which words beside the records name what is to be removed, and how do they go? The records stay, and so do the digests
//! that they keep of their words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::fs::{self, Fs};
use crate::ledger::chain::KeyChain;
use crate::ledger::file;
use crate::ledger::record::Body;
use crate::ledger::text::{self, Text};
use crate::store::layout;
use crate::store::{State, Store, load};

/// Words that name one of the texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// Numbers of the records whose words can go, with their kind.
    pub records: BTreeMap<u64, String>,
    /// Sources whose path names one.
    pub sources: BTreeSet<i32>,
    /// Numbers of holds whose words can't, because they hold and their words say why.
    pub held: BTreeSet<u64>,
}

/// Looks for words that have one of these texts in them, whatever the case of its letters. Who did something is never
/// removed, and neither is where an archive lies.
pub fn naming(store: &Store, state: &State, texts: &[String], now: Micros) -> Result<Naming> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let mut naming = Naming::default();
    load::walk(&**store.fs(), store.dir(), state.version, store.first_key(), |checked| {
        for entry in checked.entries {
            if !names(&entry.text, &texts) {
                continue;
            }
            match &entry.record.body {
                Body::Archive(_) => {}
                Body::Hold(hold) if is_active(state, hold.id, now) => {
                    naming.held.insert(hold.id);
                }
                body => {
                    if let Body::Ingest(ingest) = body {
                        naming.sources.insert(ingest.source_id);
                    }
                    naming.records.insert(entry.record.seq, body.kind().to_owned());
                }
            }
        }
    })?;
    Ok(naming)
}

fn is_active(state: &State, hold: u64, now: Micros) -> bool {
    state.holds.get(&hold).is_none_or(|hold| hold.is_active(now))
}

fn names(words: &Text, texts: &[String]) -> bool {
    words.entries().filter(|(name, _)| *name != "by").any(|(_, value)| {
        let value = value.to_lowercase();
        texts.iter().any(|text| value.contains(text))
    })
}

/// Destroys the words of these records. Done twice it changes nothing. The caller holds the writer's lock.
pub(crate) fn shred(
    fs: &dyn Fs,
    dir: &Path,
    newest: u64,
    keys: &KeyChain,
    records: &[u64],
) -> Result<()> {
    let mut versions: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for &seq in records {
        if let Some(version) = load::version_of(fs, dir, newest, keys, seq)? {
            versions.entry(version).or_default().push(seq);
        }
    }
    for (version, seqs) in versions {
        let path = file::text_path(dir, version);
        let Some(bytes) = fs::read_if_there(fs, &path)? else { continue };
        let mut lines = text::parse(&bytes).map_err(|error| error.at(&path))?;
        for line in lines.iter_mut().filter(|line| seqs.contains(&line.seq)) {
            line.shred()?;
        }
        let out = text::render(&lines)?;
        if out == bytes {
            continue;
        }
        // Under its own name, which the encryption of a store is bound to.
        let staged = dir.join(layout::STAGING).join(file::text_name(version));
        fs::remove_if_there(fs, &staged)?;
        fs::write_new(fs, &staged, &out)?;
        fs.rename(&staged, &path).map_err(|error| Error::io("rename", &staged, error))?;
        fs::sync_dir(fs, &dir.join(file::FOLDER))?;
    }
    Ok(())
}
