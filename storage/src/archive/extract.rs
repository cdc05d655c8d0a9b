//! Which records of the ledger concern a day, and how are they proven to be under its checkpoint?

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::manifest::Contents;
use super::proof::Hashes;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::file::{self, LedgerFile};
use crate::ledger::json;
use crate::ledger::note::Checkpoint;
use crate::ledger::record::{Body, Record, form};
use crate::ledger::text::{self, Text, TextLine};
use crate::ledger::tree;
use crate::segment::FileMeta;
use crate::store::{Store, load};

/// A record that was proven to be in the ledger, with its words as far as they were kept.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The record.
    pub record: Record,
    /// Its words.
    pub text: Text,
}

/// A line of `ledger.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvenLine {
    #[serde(with = "form::int")]
    index: u64,
    proof: Vec<Digest>,
    record: String,
}

/// Calls `each` with every data file that a record brings.
pub(super) fn files_of<'a>(body: &'a Body, each: &mut dyn FnMut(&'a FileMeta)) {
    match body {
        Body::Ingest(ingest) => {
            ingest.extent.segments.iter().for_each(|(_, meta)| each(meta));
            ingest.extent.lines.iter().for_each(each);
        }
        Body::Retry(retried) => {
            retried.retry.segments.iter().for_each(|(_, meta)| each(meta));
            retried.retry.lines.iter().for_each(each);
        }
        Body::Shift(shifted) => {
            shifted.shift.segments.iter().for_each(|(_, meta)| each(meta));
            shifted.shift.lines.iter().for_each(each);
        }
        Body::Compact(compact) => compact.segments.iter().for_each(each),
        Body::Restore(restore) if restore.name.is_none() => {
            restore.files.iter().chain(&restore.lines).for_each(|file| each(&file.file));
        }
        Body::Redact(redact) => {
            redact.replaced.iter().filter_map(|file| file.by.as_ref()).for_each(each);
        }
        _ => {}
    }
}

/// What a day's extract is made of.
#[derive(Debug)]
struct Wanted {
    day: Day,
    paths: BTreeSet<String>,
    sources: BTreeSet<i32>,
    folder: String,
}

impl Wanted {
    fn new(contents: &Contents) -> Self {
        Self {
            day: contents.day,
            paths: contents.metas().map(|meta| meta.path.clone()).collect(),
            sources: contents
                .metas()
                .flat_map(|meta| meta.sources.iter().map(|range| range.source_id))
                .collect(),
            folder: format!("requests/{}/", contents.day.folder()),
        }
    }

    /// Whether a record concerns the day: it brought one of its files (now or once), sealed, compacted, hid, held or
    /// removed some of it; or it says whose store this is.
    fn has(&self, body: &Body) -> bool {
        let mut brings = false;
        files_of(body, &mut |meta| {
            brings |= meta.path.starts_with(&self.folder) || self.paths.contains(&meta.path);
        });
        brings
            || match body {
                Body::Key(_) | Body::Rotate(_) | Body::Recover(_) => true,
                Body::Retry(retried) => self.sources.contains(&retried.source_id),
                Body::Shift(shifted) => self.sources.contains(&shifted.source_id),
                Body::Seal(seal) => seal.day == self.day,
                Body::Retire(retire) => retire.days.iter().any(|gone| gone.day == self.day),
                Body::Hold(hold) => {
                    hold.days.iter().any(|(first, last)| (*first..=*last).contains(&self.day))
                }
                Body::Redact(redact) => {
                    redact.lines.iter().any(|(source, ..)| self.sources.contains(source))
                }
                _ => false,
            }
    }
}

/// The extracts of some days, under one checkpoint.
#[derive(Debug)]
pub(super) struct Extracts {
    /// The signed checkpoint.
    pub(super) note: String,
    /// For each day `ledger.jsonl` and `words.jsonl`.
    pub(super) papers: BTreeMap<Day, (Vec<u8>, Vec<u8>)>,
}

/// Reads the ledger up to `version` once and takes out what concerns each of these days.
pub(super) fn of_days(store: &Store, version: u64, days: &[Contents]) -> Result<Extracts> {
    let wanted: Vec<Wanted> = days.iter().map(Wanted::new).collect();
    let mut leaves = Vec::new();
    let mut note = String::new();
    let mut lines: BTreeMap<u64, String> = BTreeMap::new();
    let mut words: BTreeMap<u64, TextLine> = BTreeMap::new();
    let mut picked: BTreeMap<Day, Vec<u64>> = BTreeMap::new();
    let (fs, dir) = (&**store.fs(), store.dir());
    let mut at_version = 0;
    let mut failed = None;
    load::walk(fs, dir, version, store.first_key(), |checked| {
        at_version += 1;
        let first = leaves.len() as u64 + 1;
        leaves.extend(checked.leaves);
        note = checked.note;
        let mut taken = BTreeSet::new();
        for entry in &checked.entries {
            for wanted in wanted.iter().filter(|wanted| wanted.has(&entry.record.body)) {
                picked.entry(wanted.day).or_default().push(entry.record.seq);
                taken.insert(entry.record.seq);
            }
        }
        if !taken.is_empty() && failed.is_none() {
            failed = take(store, at_version, first, &taken, &mut lines, &mut words).err();
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let hashes = Hashes::new(leaves);
    let mut papers = BTreeMap::new();
    for wanted in &wanted {
        let seqs = picked.get(&wanted.day).map(Vec::as_slice).unwrap_or_default();
        papers.insert(wanted.day, render(seqs, &lines, &words, &hashes)?);
    }
    Ok(Extracts { note, papers })
}

/// Takes the lines of some records, and their words with the salts, out of the ledger's file `version`.
fn take(
    store: &Store,
    version: u64,
    first: u64,
    taken: &BTreeSet<u64>,
    lines: &mut BTreeMap<u64, String>,
    words: &mut BTreeMap<u64, TextLine>,
) -> Result<()> {
    let path = file::path(store.dir(), version);
    let read = |path| fs::read_if_there(&**store.fs(), path);
    let bytes = read(&path)?.ok_or_else(|| Error::integrity(&path, "missing"))?;
    let parsed = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    for (seq, line) in (first..).zip(&parsed.records) {
        if taken.contains(&seq) {
            let line = std::str::from_utf8(line)
                .map_err(|_| Error::integrity(&path, "a record that is no UTF-8"))?;
            lines.insert(seq, line.to_owned());
        }
    }
    let path = file::text_path(store.dir(), version);
    let Some(bytes) = read(&path)? else { return Ok(()) };
    let texts = text::parse(&bytes).map_err(|error| error.at(&path))?;
    words.extend(
        texts.into_iter().filter(|line| taken.contains(&line.seq)).map(|line| (line.seq, line)),
    );
    Ok(())
}

/// Writes the two papers of a day.
fn render(
    seqs: &[u64],
    lines: &BTreeMap<u64, String>,
    words: &BTreeMap<u64, TextLine>,
    hashes: &Hashes,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let lost = || Error::new(ErrorKind::Internal, "a record was lost on the way");
    let mut ledger = Vec::new();
    for seq in seqs {
        let index = seq.checked_sub(1).ok_or_else(lost)?;
        let at = usize::try_from(index).map_err(|_| lost())?;
        let proof = hashes.inclusion(at).ok_or_else(lost)?;
        let record = lines.get(seq).cloned().ok_or_else(lost)?;
        ledger.extend_from_slice(&json::to_bytes(&ProvenLine { index, proof, record })?);
        ledger.push(b'\n');
    }
    let words: Vec<TextLine> = seqs.iter().filter_map(|seq| words.get(seq).cloned()).collect();
    Ok((ledger, if words.is_empty() { Vec::new() } else { text::render(&words)? }))
}

/// Reads an extract: every record must be under `checkpoint`, in order, and its words must be the ones signed.
pub(super) fn read(ledger: &[u8], words: &[u8], checkpoint: &Checkpoint) -> Result<Vec<Proven>> {
    let bad = |what: String| Error::new(ErrorKind::Integrity, what);
    let words = if words.is_empty() { Vec::new() } else { text::parse(words)? };
    let mut words: BTreeMap<u64, TextLine> =
        words.into_iter().map(|line| (line.seq, line)).collect();
    let mut records: Vec<Proven> = Vec::new();
    for line in ledger.split_inclusive(|&byte| byte == b'\n') {
        let proven: ProvenLine = line
            .strip_suffix(b"\n")
            .filter(|line| json::is_canonical(line))
            .and_then(|line| serde_json::from_slice(line).ok())
            .ok_or_else(|| bad("no line of an extract".into()))?;
        let leaf = tree::leaf_hash(proven.record.as_bytes());
        let (index, size) = (proven.index, checkpoint.size);
        if !tree::verify_inclusion(&leaf, index, size, &proven.proof, &checkpoint.root) {
            return Err(bad(format!("record {} is not under the checkpoint", index + 1)));
        }
        let record = Record::parse(proven.record.as_bytes())?;
        let after = records.last().is_none_or(|last| last.record.seq < record.seq);
        if record.seq != index + 1 || !after {
            return Err(bad(format!("record {} is out of order", record.seq)));
        }
        let text = match (words.remove(&record.seq), record.text) {
            (None, _) => Text::default(),
            (Some(line), Some(expected)) if line.digest()? == expected => line.text,
            (Some(line), _) => {
                return Err(bad(format!(
                    "the words of record {} are not the ones signed",
                    line.seq
                )));
            }
        };
        records.push(Proven { record, text });
    }
    match words.keys().next() {
        None => Ok(records),
        Some(seq) => Err(bad(format!("words of record {seq}, which is not here"))),
    }
}
