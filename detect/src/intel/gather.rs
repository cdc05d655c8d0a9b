//! What do the files of a folder, or one file, give together: one list of indicators, and the warninglists among them?

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use sha2::{Digest as _, Sha256};
use storage::clock::Micros;

use super::indicator::{Found as _, Place, Skipped};
use super::reader::{self, Input, Read, column};
use super::table::Builder;
use super::warning::Warninglist;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// Its name within what was added.
    pub file: String,
    /// The kind of list it is; none if nobody knows it.
    pub format: Option<&'static str>,
    /// How many indicators, or entries of a warninglist.
    pub rows: u64,
    /// What of it could not be read.
    pub unreadable: u64,
    /// What of it is no indicator on purpose.
    pub left_out: u64,
    /// Why nothing of it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Takes files one after the other.
#[derive(Debug)]
pub struct Gather {
    builder: Builder,
    column: Option<String>,
    digests: BTreeMap<String, [u8; 32]>,
    manifest: BTreeMap<String, Option<String>>,
    warninglists: Vec<Warninglist>,
    files: Vec<Seen>,
}

/// All files together.
#[derive(Debug)]
pub struct Gathered {
    /// The indicators.
    pub batches: Vec<RecordBatch>,
    /// How many.
    pub rows: u64,
    /// The warninglists.
    pub warninglists: Vec<Warninglist>,
    /// What became of each file.
    pub files: Vec<Seen>,
    /// The first of what became no indicator, with its file.
    pub skipped: Vec<(String, Skipped)>,
    /// How many could not be read, all of them.
    pub unreadable: u64,
    /// How many are no indicators on purpose, all of them.
    pub left_out: u64,
    /// How many only give context.
    pub context: u64,
    /// SHA-256 of the content: of the file, or of the names and digests of many.
    pub digest: [u8; 32],
}

impl Gather {
    /// For a list that is added at this time, with more tags than its sources give, and the column of any CSV.
    pub fn new(added_at: Micros, tags: Vec<String>, column: Option<String>) -> Self {
        Self {
            builder: Builder::new(added_at, tags),
            column,
            digests: BTreeMap::new(),
            manifest: BTreeMap::new(),
            warninglists: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Takes a file. The manifest of a feed should come before its events: it says what they must be. An error says
    /// that there is no such column.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        self.digests.insert(name.to_owned(), digest);
        self.builder.source(name, "");
        let before = (self.builder.rows, self.builder.unreadable, self.builder.left_out);
        if let Some(why) = self.not_as_promised(name, &digest) {
            self.builder.skipped(Skipped::unreadable(Place::default(), name, why.clone()));
            self.seen(name, None, before, 0, Some(why));
            return Ok(());
        }
        if let Some(column) = &self.column {
            self.builder.source(name, "csv");
            column::read_column(&Input::new(bytes), column, &mut self.builder)?;
            self.seen(name, Some("csv"), before, 0, None);
            return Ok(());
        }
        let mut kind = Kind { builder: &mut self.builder, name };
        match kind.read(bytes) {
            None => {
                let why = unknown(bytes);
                self.seen(name, None, before, 0, Some(why));
            }
            Some((format, read)) => {
                let more = match read {
                    Read::Indicators => 0,
                    Read::Hashes(count) => {
                        self.seen(
                            name,
                            Some(format),
                            before,
                            0,
                            Some(format!("{count} digests of values, which no log shows")),
                        );
                        return Ok(());
                    }
                    Read::Warninglist(list) => {
                        let entries = list.entries.len() as u64;
                        self.warninglists.push(*list);
                        entries
                    }
                    Read::Manifest(entries) => {
                        let entries = entries.into_iter();
                        self.manifest
                            .extend(entries.map(|e| (format!("{}.json", e.event), e.sha256)));
                        0
                    }
                };
                self.seen(name, Some(format), before, more, None);
            }
        }
        Ok(())
    }

    /// Why an event is not the one that the manifest of its feed names.
    fn not_as_promised(&self, name: &str, digest: &[u8; 32]) -> Option<String> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let promised = self.manifest.get(bare)?.as_deref()?;
        (!promised.eq_ignore_ascii_case(&hex(digest)))
            .then(|| "its SHA-256 is not the one in manifest.json".to_owned())
    }

    fn seen(
        &mut self,
        name: &str,
        format: Option<&'static str>,
        before: (u64, u64, u64),
        more: u64,
        why: Option<String>,
    ) {
        self.files.push(Seen {
            file: name.to_owned(),
            format,
            rows: self.builder.rows - before.0 + more,
            unreadable: self.builder.unreadable - before.1,
            left_out: self.builder.left_out - before.2,
            why,
        });
    }

    /// All of it.
    pub fn finish(mut self) -> Gathered {
        let there = |event: &&String| {
            self.digests.keys().any(|name| name.rsplit('/').next() == Some(event.as_str()))
        };
        let absent: Vec<String> =
            self.manifest.keys().filter(|event| !there(event)).cloned().collect();
        for event in absent {
            let why = "manifest.json names this event, but it is not there";
            self.builder.source("manifest.json", "");
            self.builder.skipped(Skipped::unreadable(Place::default(), &event, why));
        }
        let digest = match (self.digests.len(), self.digests.values().next()) {
            (1, Some(digest)) => *digest,
            _ => {
                let mut all = Sha256::new();
                for (name, digest) in &self.digests {
                    all.update(format!("{}  {name}\n", hex(digest)));
                }
                all.finalize().into()
            }
        };
        Gathered {
            batches: self.builder.finish(),
            rows: self.builder.rows,
            warninglists: self.warninglists,
            files: self.files,
            unreadable: self.builder.unreadable,
            left_out: self.builder.left_out,
            context: self.builder.context,
            skipped: std::mem::take(&mut self.builder.skipped),
            digest,
        }
    }
}

/// Notes the kind of a file before its indicators come.
struct Kind<'a> {
    builder: &'a mut Builder,
    name: &'a str,
}

impl Kind<'_> {
    fn read(&mut self, bytes: &[u8]) -> Option<(&'static str, Read)> {
        let text = Input::new(bytes);
        if bytes.iter().take(8192).any(|byte| *byte == 0) {
            return None;
        }
        for reader in &reader::READERS {
            self.builder.source(self.name, reader.name);
            if let Some(read) = (reader.read)(&text, self.builder) {
                return Some((reader.name, read));
            }
        }
        None
    }
}

/// Why nobody knows a file.
fn unknown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if text.starts_with(['{', '['])
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        return format!("no JSON: {error}");
    }
    "no kind of list that is known".to_owned()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"Event":{"uuid":"11111111-2222-4333-8444-555555555555","info":"x","Attribute":[
        {"uuid":"a","type":"domain","value":"bad.example","to_ids":true},{"uuid":"b","type":"md5","value":"00"}]}}"#;

    fn manifest(digest: &str) -> String {
        format!(
            r#"{{"11111111-2222-4333-8444-555555555555":{{"info":"x","timestamp":1,"threat_level_id":"1","integrity:sha256":"{digest}"}},
            "11111111-2222-4333-8444-666666666666":{{"info":"y","timestamp":1,"threat_level_id":"1"}}}}"#
        )
    }

    fn gathered(digest: &str) -> Gathered {
        let mut gather = Gather::new(0, Vec::new(), None);
        gather.add("manifest.json", manifest(digest).as_bytes()).unwrap();
        gather.add("11111111-2222-4333-8444-555555555555.json", EVENT.as_bytes()).unwrap();
        gather.add("readme.txt", b"words and words\nmore words").unwrap();
        gather.add("cut.json", b"{\"Event\":{").unwrap();
        gather.finish()
    }

    #[test]
    fn a_feed_is_what_its_manifest_says() {
        let good = gathered(&hex(&Sha256::digest(EVENT.as_bytes())));
        assert_eq!((good.rows, good.unreadable, good.left_out), (1, 1, 1));
        assert_eq!(
            good.skipped.last().unwrap().1.why,
            "manifest.json names this event, but it is not there"
        );
        assert!(good.files[3].why.as_deref().unwrap().starts_with("no JSON"));
        let bad = gathered(&"0".repeat(64));
        assert_eq!((bad.rows, bad.unreadable), (0, 2));
        assert_ne!(good.digest, bad.digest);
    }

    #[test]
    fn any_column_of_any_csv() {
        let mut gather = Gather::new(0, Vec::new(), Some("2".to_owned()));
        gather
            .add("a.csv", b"when;what\n2026;bad.example\n2026;192.0.2.1\n2026;nothing at all\n")
            .unwrap();
        let all = gather.finish();
        assert_eq!((all.rows, all.unreadable), (2, 1));
        let mut gather = Gather::new(0, Vec::new(), Some("where".to_owned()));
        let error = gather.add("a.csv", b"when;what\n2026;bad.example\n").unwrap_err();
        assert_eq!(error, "no column `where`: there are 2 (when, what)");
    }
}
