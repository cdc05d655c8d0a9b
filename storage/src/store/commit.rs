//! How does an extent become part of the store? Files are renamed to their days, then the next file of the ledger is
//! linked; with that, and only then, the lines count as stored.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::load::{self, Checked, Entry, Folded};
use super::place::place;
use super::{
    CommitOptions, Outcome, Source, State, Store, Transaction, clean, fold, layout, lock,
    read_config, rights,
};
use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Extent, Retry, Shift};
use crate::fs::{self, Fs, Lock, Rights};
use crate::ledger::file;
use crate::ledger::note::{Checkpoint, SignerKey};
use crate::ledger::record::{Body, Ingest, Record, Recover, Retried, Shifted};
use crate::ledger::text::{self, Text, TextLine};
use crate::ledger::tree::{self, Frontier};
use crate::segment::FileMeta;

/// How the writing of a ledger file failed.
pub(crate) enum Failure {
    /// It is not there.
    Before(Error),
    /// It is there, but may not survive a power loss.
    Unknown(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Before(error) => error,
            Self::Unknown(error) => {
                error.advise("the commit may or may not have reached the disk: open the store anew")
            }
        }
    }
}

/// The error of a store whose lock another process holds.
pub(crate) fn locked(dir: &Path) -> Error {
    Error::new(ErrorKind::Locked, "another process is writing to the store")
        .at(dir)
        .advise("try again, or wait longer with --wait")
}

/// The next file of the ledger, while it is put together.
pub(crate) struct Draft {
    version: u64,
    seq: u64,
    at: Micros,
    frontier: Frontier,
    lines: Vec<Vec<u8>>,
    texts: Vec<TextLine>,
}

impl Draft {
    pub(crate) fn new(folded: &Folded, at: Micros) -> Self {
        Self {
            version: folded.state.version + 1,
            seq: folded.state.records,
            at,
            frontier: folded.frontier.clone(),
            lines: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Adds a record; returns its number.
    pub(crate) fn add(&mut self, body: Body, text: Text) -> Result<u64> {
        self.add_at(self.at, body, text)
    }

    /// Adds a record with a time of its own.
    pub(crate) fn add_at(&mut self, at: Micros, body: Body, text: Text) -> Result<u64> {
        self.seq += 1;
        let mut record = Record { seq: self.seq, at, text: None, body };
        if !text.is_empty() {
            let line = TextLine::new(self.seq, text)?;
            record.text = Some(line.digest()?);
            self.texts.push(line);
        }
        let line = record.to_line()?;
        self.frontier.push(tree::leaf_hash(&line));
        self.lines.push(line);
        Ok(self.seq)
    }

    /// The state with this file, from its bytes as any reader will see them.
    fn folded(&self, dir: &Path, base: &Folded, note: String) -> Result<Folded> {
        let mut texts = self.texts.iter();
        let mut entries = Vec::new();
        for line in &self.lines {
            let record = Record::parse(line)?;
            let text = record.text.and_then(|_| texts.next());
            let text = text.map(|line| line.text.clone()).unwrap_or_default();
            entries.push(Entry { record, text, shredded: false });
        }
        let checked = Checked {
            entries,
            leaves: self.lines.iter().map(|line| tree::leaf_hash(line)).collect(),
            frontier: self.frontier.clone(),
            note,
            bytes: self.lines.iter().map(|line| line.len() as u64 + 1).sum(),
        };
        let mut folded = base.clone();
        load::fold(&mut folded, dir, self.version, &checked)?;
        Ok(folded)
    }

    fn checkpoint(&self, signer: &SignerKey) -> Result<Checkpoint> {
        Ok(Checkpoint {
            origin: signer.verifier()?.name().to_owned(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        })
    }

    /// Writes the file to `staging` and links it into the ledger, durably.
    pub(crate) fn write(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        staging: &Path,
        signer: &SignerKey,
    ) -> Result<(), Failure> {
        let folder = dir.join(file::FOLDER);
        let target = file::path(dir, self.version);
        // A number beyond a gap would be signed over unseen.
        let beyond = file::path(dir, self.version + 1);
        if fs::read_if_there(fs, &beyond)?.is_some() {
            let what = format!("it is there, but {} is not", file::name(self.version));
            return Err(Error::integrity(beyond, what).into());
        }
        let staged = staging.join(file::name(self.version));
        fs::remove_if_there(fs, &staged)?;
        let bytes = file::render(&self.lines, &self.checkpoint(signer)?, signer);
        fs::write_new(fs, &staged, &bytes)?;
        if !self.texts.is_empty() {
            let staged = staging.join(file::text_name(self.version));
            fs::write_new(fs, &staged, &text::render(&self.texts)?)?;
            // Words without their ledger file are what a writer left that died here.
            let target = file::text_path(dir, self.version);
            fs::remove_if_there(fs, &target)?;
            fs.link(&staged, &target).map_err(|error| Error::io("link", &target, error))?;
            fs::sync_dir(fs, &folder)?;
        }
        match fs.link(&staged, &target) {
            Ok(()) => fs::sync_dir(fs, &folder).map_err(Failure::Unknown),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::new(ErrorKind::Conflict, "another writer was faster").at(target).into())
            }
            Err(error) => Err(Error::io("link", &target, error).into()),
        }
    }
}

impl Store {
    pub(super) fn lock_writer(&self, wait_ms: u64) -> Result<Lock> {
        let path = self.dir.join(layout::LOCK);
        fs::wait_for_lock(&*self.fs, &path, wait_ms)?.ok_or_else(|| locked(&self.dir))
    }

    /// Whether this process may write: it owns the key, nobody else may read, the settings are sound, no commit is in
    /// doubt.
    pub(crate) fn writable(&self) -> Result<SignerKey> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Io, "a commit of this process is in doubt")
                .at(&self.dir)
                .advise("open the store anew"));
        }
        rights::refuse_world(&self.dir)?;
        read_config(&*self.fs, &self.dir)?;
        if let Some(vault) = self.vault() {
            vault.check()?;
        }
        let signer = self.keys.signer(&self.key())?;
        self.make_missing_folders()?;
        Ok(signer)
    }

    /// Folders that held nothing when a backup was taken may not have come back with it.
    fn make_missing_folders(&self) -> Result<()> {
        for (name, rights) in layout::FOLDERS {
            let folder = self.dir.join(name);
            if !folder.is_dir() && fs::ensure_dir(&*self.fs, &folder, *rights)? {
                fs::sync_dir(&*self.fs, &self.dir)?;
            }
        }
        Ok(())
    }

    /// Writes a draft under the lock that the caller holds, and makes it the newest version.
    pub(super) fn publish(
        &self,
        draft: &Draft,
        staging: &Path,
        signer: &SignerKey,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<(), Failure> {
        let base = lock(&self.folded).clone();
        if base.keys.newest() != Some(&signer.verifier()?) {
            let what = "another process has replaced the key meanwhile";
            return Err(Error::new(ErrorKind::Conflict, what).into());
        }
        let note = signer.sign(&draft.checkpoint(signer)?.text());
        // Nothing is written that could not be read back.
        let next = draft.folded(&self.dir, &base, note)?;
        prepare()?;
        if let Err(failure) = draft.write(&*self.fs, &self.dir, staging, signer) {
            if matches!(failure, Failure::Unknown(_)) {
                self.poisoned.store(true, Ordering::SeqCst);
            }
            return Err(failure);
        }
        *lock(&self.folded) = next;
        Ok(())
    }
}

impl Store {
    /// Notes in the ledger that this store counts as the one in use, and makes its head the known one.
    pub(crate) fn accept_as_head(&self, by: &str, reason: &str, now_us: Micros) -> Result<()> {
        let signer = self.writable()?;
        let _lock = self.lock_writer(super::LOCK_WAIT_MS)?;
        let state = self.refresh()?;
        let known = self.keys.head(&self.keys())?.map_or(0, |head| head.size);
        let staging = layout::staging_path(&self.dir, "recover");
        self.clean(&staging)?;
        fs::ensure_dir(&*self.fs, &staging, Rights::Inherit)?;
        clean::empty_folder(&*self.fs, &staging, &[])?;
        let mut draft = Draft::new(&lock(&self.folded), now_us);
        let recover =
            Recover { records_lost: known.saturating_sub(state.records), ..Recover::default() };
        draft.add(Body::Recover(recover), Text::by(by).with("reason", reason))?;
        self.publish(&draft, &staging, &signer, || Ok(())).map_err(Failure::into_error)?;
        clean::remove_folder(&*self.fs, &staging)?;
        let folded = lock(&self.folded).clone();
        let version = folded.state.version;
        let heads = load::boundaries_since(&*self.fs, &self.dir, version, &folded.keys, 0)?;
        self.keys.accept(&folded.keys, &folded.note, &heads)
    }
}

/// What the newest version says about a planned extent.
enum Verdict {
    Go,
    AlreadyStored(i32),
}

impl Transaction {
    /// Makes the extent part of the store, all its days at once. [`ErrorKind::Conflict`]: plan anew.
    ///
    /// Paths of files in `extent` are file names in [`Transaction::dir`].
    pub fn commit(self, extent: &Extent, options: &CommitOptions) -> Result<Outcome> {
        let store = &*self.store;
        fold::check_accounts(extent).map_err(refused)?;
        self.own_files(&extent.segments, extent.lines.as_ref())?;
        let (signer, _lock) = self.lock(options)?;
        if let Verdict::AlreadyStored(source_id) = self.judge(extent)? {
            return Ok(Outcome::AlreadyStored { source_id });
        }
        store.clean(self.dir())?;
        let mut extent = extent.clone();
        let moves = self.move_to_days(&mut extent.segments, &mut extent.lines, options.now_us);
        let text = Text::by(&options.by).with_path(&extent.source.path);
        let (source_id, transaction) = (self.source_id(), self.id().to_owned());
        let body = Body::Ingest(Box::new(Ingest { transaction, source_id, extent }));
        let seq = self.write(body, text, &moves, &signer, options)?;
        Ok(Outcome::Committed { seq, source_id })
    }

    /// Puts what came of reading lines of a known source anew in the place of what was stored of them.
    pub fn commit_retry(self, retry: &Retry, options: &CommitOptions) -> Result<Outcome> {
        let mut retry = retry.clone();
        self.own_files(&retry.segments, retry.lines.as_ref())?;
        let (signer, _lock) = self.lock(options)?;
        let source = self.as_planned()?;
        fold::check_retry(&source, &retry).map_err(refused)?;
        self.store.clean(self.dir())?;
        let moves = self.move_to_days(&mut retry.segments, &mut retry.lines, options.now_us);
        let (source_id, transaction) = (self.source_id(), self.id().to_owned());
        let body = Body::Retry(Box::new(Retried { transaction, source_id, retry }));
        let seq = self.write(body, Text::by(&options.by), &moves, &signer, options)?;
        Ok(Outcome::Committed { seq, source_id })
    }

    /// Puts the rows of a known source with corrected times in the place of those that are stored, for a reason that is
    /// kept beside the record.
    pub fn commit_shift(
        self,
        shift: &Shift,
        reason: &str,
        options: &CommitOptions,
    ) -> Result<Outcome> {
        let mut shift = shift.clone();
        self.own_files(&shift.segments, shift.lines.as_ref())?;
        let (signer, _lock) = self.lock(options)?;
        let source = self.as_planned()?;
        fold::check_shift(&source, &shift).map_err(refused)?;
        self.store.clean(self.dir())?;
        let moves = self.move_to_days(&mut shift.segments, &mut shift.lines, options.now_us);
        let (source_id, transaction) = (self.source_id(), self.id().to_owned());
        let body = Body::Shift(Box::new(Shifted { transaction, source_id, shift }));
        let text = Text::by(&options.by).with("reason", reason);
        let seq = self.write(body, text, &moves, &signer, options)?;
        Ok(Outcome::Committed { seq, source_id })
    }

    /// Takes the writer's lock, for a store that is no older than the head known here.
    fn lock(&self, options: &CommitOptions) -> Result<(SignerKey, Lock)> {
        let signer = self.store.writable()?;
        let lock = self.store.lock_writer(options.wait_ms)?;
        self.store.refresh()?;
        self.store.check_head()?;
        Ok((signer, lock))
    }

    /// The source, which must be as it was when the transaction began.
    fn as_planned(&self) -> Result<Arc<Source>> {
        let (planned, state) = (self.base().sources.get(&self.source_id()), self.store.state());
        let Some(source) = state.sources.get(&self.source_id()).filter(|it| Some(*it) == planned)
        else {
            let what = format!("source {} has changed meanwhile", self.source_id());
            return Err(Error::new(ErrorKind::Conflict, what));
        };
        // Anything new in the source, also what was hidden in it, may concern the lines that were read.
        if self.base().hidden != state.hidden {
            return Err(Error::new(ErrorKind::Conflict, "lines were hidden meanwhile"));
        }
        self.same_files(&state)?;
        Ok(Arc::clone(source))
    }

    /// Whoever hides lines must have begun after the files were written that hold them: where a ledger is rebuilt from
    /// files, the versions that transactions began with are all that tells their order.
    fn same_files(&self, state: &State) -> Result<()> {
        let id = self.source_id();
        let paths = |state: &State| -> BTreeSet<String> {
            let own = |meta: &&FileMeta| meta.sources.iter().any(|range| range.source_id == id);
            state.live_files().filter(own).map(|meta| meta.path.clone()).collect()
        };
        if paths(self.base()) == paths(state) {
            return Ok(());
        }
        let what = format!("the files of source {id} have changed meanwhile");
        Err(Error::new(ErrorKind::Conflict, what))
    }

    /// Moves the files to their days and writes the record that names them; the caller holds the lock.
    fn write(
        &self,
        body: Body,
        text: Text,
        moves: &[(PathBuf, PathBuf)],
        signer: &SignerKey,
        options: &CommitOptions,
    ) -> Result<u64> {
        let store = &*self.store;
        let mut draft = Draft::new(&lock(&store.folded), options.now_us);
        let config = read_config(&*store.fs, &store.dir)?.1;
        if config != store.state().config {
            draft.add(Body::Config { sha256: config }, Text::by(&options.by))?;
        }
        let seq = draft.add(body, text)?;
        let written = store.publish(&draft, self.dir(), signer, || place(&*store.fs, moves));
        if let Err(failure) = written {
            if matches!(failure, Failure::Before(_)) {
                // What can't be taken back now, the next writer removes.
                for (_, target) in moves {
                    let _ = fs::remove_if_there(&*store.fs, target);
                }
            }
            return Err(failure.into_error());
        }
        store.advance_head();
        store.write_snapshot(self.dir(), signer);
        Ok(seq)
    }

    /// Compares what the plan stood on with the newest version.
    fn judge(&self, extent: &Extent) -> Result<Verdict> {
        let state = self.store.state();
        let conflict = |what: String| Err(Error::new(ErrorKind::Conflict, what));
        if let Some(source) = state.source_with_content(extent.to, &extent.sha256)
            && (self.is_new() || source.id == self.source_id())
        {
            return Ok(Verdict::AlreadyStored(source.id));
        }
        if self.is_new() {
            if state.sources.contains_key(&self.source_id()) {
                return conflict(format!("source {} was stored meanwhile", self.source_id()));
            }
            let planned = self.base();
            let grown = state.sources.values().find(|source| {
                let known = planned.sources.get(&source.id);
                known.is_none_or(|known| known.bytes != source.bytes)
                    && (source.prefix == extent.source.prefix
                        || source.path == extent.source.path
                        || (source.identity.is_some() && source.identity == extent.source.identity))
            });
            return match grown {
                Some(source) => conflict(format!("source {} has grown meanwhile", source.id)),
                None => Ok(Verdict::Go),
            };
        }
        let Some(source) = state.sources.get(&self.source_id()) else {
            return conflict(format!("source {} is gone", self.source_id()));
        };
        let known = self.base().sources.get(&source.id);
        if known.is_none_or(|known| known.bytes != source.bytes || known.sha256 != source.sha256) {
            return conflict(format!("source {} has grown meanwhile", source.id));
        }
        fold::check_continues(source, extent).map_err(refused)?;
        if extent.supersedes.is_some() {
            self.same_files(&state)?;
        }
        Ok(Verdict::Go)
    }

    /// Refuses files that say that they hold lines of another source.
    fn own_files(&self, segments: &[(Day, FileMeta)], lines: Option<&FileMeta>) -> Result<()> {
        let mut metas = segments.iter().map(|(_, meta)| meta).chain(lines);
        let id = self.source_id();
        match metas.find(|meta| meta.sources.iter().any(|range| range.source_id != id)) {
            None => Ok(()),
            Some(meta) => {
                let what = format!("refused to commit lines of another source than {id}");
                Err(Error::new(ErrorKind::Internal, what).at(&meta.path))
            }
        }
    }

    /// Gives files the paths that they will have in the store; returns from where to where each goes.
    fn move_to_days(
        &self,
        segments: &mut [(Day, FileMeta)],
        lines: &mut Option<FileMeta>,
        now_us: Micros,
    ) -> Vec<(PathBuf, PathBuf)> {
        let mut moves = Vec::new();
        let mut go = |table: &str, day: Day, meta: &mut FileMeta| {
            let staged = self.dir().join(&meta.path);
            meta.path = format!("{table}/{}/{}", day.folder(), meta.path);
            moves.push((staged, self.store.dir.join(&meta.path)));
        };
        for (day, meta) in segments {
            go(layout::REQUESTS, *day, meta);
        }
        if let Some(meta) = lines {
            go(layout::LINES, Day::of(now_us), meta);
        }
        moves
    }
}

/// The error of a commit whose accounts don't hold.
fn refused(error: Error) -> Error {
    Error::new(ErrorKind::Internal, "refused to commit").caused_by(error)
}
