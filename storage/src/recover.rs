//! What if the ledger is lost, or an older copy is all there is? It is rebuilt from the footers of the data files, or
//! the copy is taken as the store in use; either way the ledger says so ever after.

mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Micros;
use crate::crypt;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Rights};
use crate::ledger::chain::KeyChain;
use crate::ledger::file;
use crate::ledger::keys::KeyRing;
use crate::ledger::note::SignerKey;
use crate::ledger::record::{Body, Encrypt, Recover};
use crate::ledger::text::Text;
use crate::schema::SCHEMA_VERSION;
use crate::segment::{self, FileMeta, key};
use crate::store::commit::Draft;
use crate::store::{self, LOCK_WAIT_MS, OpenOptions, Standing, Store, layout, load};
use crate::verify::Finding;

/// How a store is recovered.
#[derive(Debug, Clone)]
pub struct RecoverOptions {
    /// The folder of keys and known heads.
    pub key_dir: Option<PathBuf>,
    /// Where heads go if the key folder can't be written.
    pub fallback_dir: Option<PathBuf>,
    /// The file system.
    pub fs: Arc<dyn Fs>,
    /// The time of day.
    pub now_us: Micros,
    /// Who does it.
    pub by: String,
    /// Why; kept beside the record.
    pub reason: String,
    /// Whether a new key is made, because the private key is lost.
    pub new_key: bool,
    /// Whether the recovered store counts as the newest from here on, whatever head was known.
    pub accept_head: bool,
}

/// What was recovered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The store's id.
    pub store_id: String,
    /// Sources found again.
    pub sources: u64,
    /// Files taken over.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Records of the lost ledger, as far as its head was known here.
    pub records_lost: u64,
    /// Files that could not be taken over, each with the reason.
    pub skipped: Vec<Finding>,
}

/// A data file that tells where it belongs.
struct Found {
    meta: FileMeta,
    footer: BTreeMap<String, String>,
}

impl Found {
    fn get(&self, key: &str) -> &str {
        self.footer.get(key).map_or("", String::as_str)
    }
}

/// Rebuilds a lost or damaged ledger from the footers of the data files. What is left of the old one goes to `trash/`.
pub fn from_files(dir: &Path, options: &RecoverOptions) -> Result<Recovered> {
    let fs = with_keys_of_files(dir, options)?;
    let fs = &*fs;
    store::refuse_world(dir)?;
    if !dir.join(layout::REQUESTS).is_dir() {
        return Err(load::no_ledger(fs, dir));
    }
    let lock = fs::wait_for_lock(fs, &dir.join(layout::LOCK), LOCK_WAIT_MS)?;
    let _lock = lock.ok_or_else(|| store::commit::locked(dir))?;
    refuse_whole(dir, options)?;
    let mut done = Recovered::default();
    let found = find_files(dir, fs, &mut done)?;
    let keys = KeyRing::new(
        Arc::clone(&options.fs),
        options.key_dir.clone(),
        options.fallback_dir.clone(),
    );
    let (signer, old_key) = choose_key(&keys, &done.store_id, options)?;
    let verifier = signer.verifier()?;
    // A head of a lost key can't be read any more; what it covered is not known then.
    done.records_lost =
        keys.head(&KeyChain::of(&verifier)).ok().flatten().map_or(0, |head| head.size);
    let config = store::read_config(fs, dir)?.1;
    let mut draft = Draft::new(&load::nothing(), options.now_us);
    draft.add(Body::Key(verifier.clone()), Text::by(&options.by))?;
    draft.add(Body::Schema { version: SCHEMA_VERSION }, Text::default())?;
    draft.add(Body::Config { sha256: config }, Text::default())?;
    if let Some(vault) = fs.vault() {
        draft.add(Body::Encrypt(Encrypt::with(vault.store_key()?.id())), Text::default())?;
    }
    let bodies = plan::plan(fs, dir, found, &verifier, &mut done)?;
    let recover =
        Recover { files: done.files, rows: done.rows, records_lost: done.records_lost, old_key };
    draft.add(Body::Recover(recover), Text::by(&options.by).with("reason", &options.reason))?;
    for body in bodies {
        let text = match &body {
            Body::Ingest(ingest) => Text::by(&options.by).with_path(&ingest.extent.source.path),
            _ => Text::by(&options.by),
        };
        draft.add(body, text)?;
    }
    replace_ledger(dir, fs, &draft, &signer)?;
    // The new ledger names no table and no seal: what is left of them can't be told from what was put there.
    for name in ["summaries", "tables", "findings", "salts"] {
        set_aside(dir, fs, name)?;
    }
    if options.accept_head {
        accept(dir, &keys, &verifier, fs)?;
    }
    Ok(done)
}

/// Takes the store at `dir`, a copy or one whose ledger was rebuilt, as the store in use, though a newer head is known.
///
/// With `new_key`, for a private key that is lost, the records are written anew under a new key: the old ledger, with
/// the signatures that nobody can continue, goes to `trash/`.
pub fn accept_head(dir: &Path, options: &RecoverOptions) -> Result<()> {
    let open = OpenOptions {
        key_dir: options.key_dir.clone(),
        fallback_dir: options.fallback_dir.clone(),
        pinned_key: None,
        standing: Standing::Live,
        fs: Arc::clone(&options.fs),
    };
    let store = Store::open_whatever_head(dir, &open)?;
    if options.new_key {
        return sign_anew(&store, options);
    }
    store.accept_as_head(&options.by, &options.reason, options.now_us)
}

/// Writes all records of a ledger anew, under a new key and behind a record that says so.
fn sign_anew(store: &Store, options: &RecoverOptions) -> Result<()> {
    let (fs, dir) = (&**store.fs(), store.dir());
    if let Some(vault) = store.vault() {
        vault.check()?;
    }
    store::refuse_world(dir)?;
    let lock = fs::wait_for_lock(fs, &dir.join(layout::LOCK), LOCK_WAIT_MS)?;
    let _lock = lock.ok_or_else(|| store::commit::locked(dir))?;
    let state = store.refresh()?;
    let keys = KeyRing::new(
        Arc::clone(&options.fs),
        options.key_dir.clone(),
        options.fallback_dir.clone(),
    );
    let mut entries = Vec::new();
    load::walk(fs, dir, state.version, store.first_key(), |checked| {
        entries.extend(checked.entries)
    })?;
    let old_key = Some(store.key().line());
    let (signer, _) = choose_key(&keys, store.id(), options)?;
    let mut draft = Draft::new(&load::nothing(), options.now_us);
    draft.add(Body::Key(signer.verifier()?), Text::by(&options.by))?;
    let recover = Recover {
        files: state.files().count() as u64,
        rows: state.segments().map(|(_, segment)| segment.meta.rows).sum(),
        records_lost: 0,
        old_key,
    };
    draft.add(Body::Recover(recover), Text::by(&options.by).with("reason", &options.reason))?;
    for entry in entries {
        if !matches!(entry.record.body, Body::Key(_) | Body::Rotate(_)) {
            draft.add_at(entry.record.at, entry.record.body, entry.text)?;
        }
    }
    replace_ledger(dir, fs, &draft, &signer)?;
    accept(dir, &keys, &signer.verifier()?, fs)
}

/// A ledger that holds must not be thrown away.
fn refuse_whole(dir: &Path, options: &RecoverOptions) -> Result<()> {
    let open = OpenOptions {
        key_dir: None,
        fallback_dir: None,
        pinned_key: None,
        standing: Standing::Copy,
        fs: Arc::clone(&options.fs),
    };
    match Store::open(dir, &open) {
        Ok(_) => Err(Error::new(ErrorKind::InvalidInput, "the ledger of this store is whole")
            .at(dir)
            .advise("there is nothing to rebuild; --accept-head takes an older copy as it is")),
        Err(error) if matches!(error.kind(), ErrorKind::Integrity | ErrorKind::NoStore) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Finds the data files of the store, which most of them agree to be.
fn find_files(dir: &Path, fs: &dyn Fs, done: &mut Recovered) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for table in [layout::REQUESTS, layout::LINES] {
        for day in fs::list_if_there(fs, &dir.join(table))? {
            let folder = Path::new(table).join(&day);
            for name in fs::list_if_there(fs, &dir.join(&folder))? {
                let path = folder.join(name);
                match look_at(fs, dir, &path, &day) {
                    Ok(file) => found.push(file),
                    Err(error) if error.kind() == ErrorKind::Io => return Err(error),
                    Err(error) => {
                        let what = error.without_path().to_string();
                        done.skipped.push(Finding { path, what });
                    }
                }
            }
        }
    }
    let mut votes: BTreeMap<String, u64> = BTreeMap::new();
    for file in &found {
        *votes.entry(file.get(key::STORE).to_owned()).or_default() += 1;
    }
    let Some((id, _)) = votes.into_iter().max_by_key(|(_, count)| *count) else {
        return Err(Error::integrity(dir, "no data file with a sound footer: nothing to rebuild"));
    };
    done.store_id = id;
    let (own, foreign): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| file.get(key::STORE) == done.store_id);
    done.skipped.extend(foreign.into_iter().map(|file| Finding {
        path: file.meta.path.into(),
        what: "a file of another store".into(),
    }));
    Ok(own)
}

/// The file system of a store whose ledger is lost: whether it was encrypted, its data files tell.
fn with_keys_of_files(dir: &Path, options: &RecoverOptions) -> Result<Arc<dyn Fs>> {
    let fs = &options.fs;
    for table in [layout::REQUESTS, layout::LINES] {
        for day in fs::list_if_there(&**fs, &dir.join(table))? {
            let folder = dir.join(table).join(day);
            for name in fs::list_if_there(&**fs, &folder).unwrap_or_default() {
                let Some(id) = crypt::store_of(&folder.join(name))? else { continue };
                let key_dir = options.key_dir.as_deref();
                let fs = load::of_encrypted(fs, dir, &id, key_dir, Standing::Live);
                if let Some(vault) = fs.vault() {
                    vault.check()?;
                }
                return Ok(fs);
            }
        }
    }
    Ok(Arc::clone(fs))
}

fn look_at(fs: &dyn Fs, dir: &Path, path: &Path, day: &str) -> Result<Found> {
    let bad = |what: &str| Err(Error::new(ErrorKind::Integrity, what));
    let full = dir.join(path);
    let mut meta = segment::describe_with(&full, fs.vault())?;
    let footer = segment::footer_with(&full, fs.vault())?;
    meta.path = path.to_string_lossy().into_owned();
    let Some(day) = Day::from_folder(day) else { return bad("in no folder of a day") };
    if footer.get(key::DAY).is_none_or(|text| *text != day.to_string()) {
        return bad("in the folder of another day");
    }
    Ok(Found { meta, footer })
}

/// The key to sign with, and the line of the one that it replaces.
fn choose_key(
    keys: &KeyRing,
    id: &str,
    options: &RecoverOptions,
) -> Result<(SignerKey, Option<String>)> {
    let own = keys.signer_of(id);
    if !options.new_key {
        return Ok((own?, None));
    }
    if own.is_ok() {
        return Err(Error::new(ErrorKind::InvalidInput, "the private key of the store is there")
            .advise("recover without --new-key"));
    }
    let old = keys.known(id)?.map_or_else(|| "unknown".to_owned(), |key| key.line());
    let signer = store::init::new_key(id)?;
    keys.create(&signer)?;
    Ok((signer, Some(old)))
}

/// Moves what is left of the old ledger away and writes the new one.
fn replace_ledger(dir: &Path, fs: &dyn Fs, draft: &Draft, signer: &SignerKey) -> Result<()> {
    let folder = dir.join(file::FOLDER);
    let staging = layout::staging_path(dir, "recover");
    for name in [layout::STAGING, layout::TRASH] {
        fs::ensure_dir(fs, &dir.join(name), Rights::Inherit)?;
    }
    fs::ensure_dir(fs, &staging, Rights::Inherit)?;
    store::clean::empty_folder(fs, &staging, &[])?;
    set_aside(dir, fs, file::FOLDER)?;
    fs::ensure_dir(fs, &folder, Rights::Inherit)?;
    fs::sync_dir(fs, dir)?;
    draft.write(fs, dir, &staging, signer).map_err(store::commit::Failure::into_error)?;
    store::clean::remove_folder(fs, &staging)
}

/// Moves a folder with what is in it to the trash, under the first name that is free, and makes it anew.
fn set_aside(dir: &Path, fs: &dyn Fs, name: &str) -> Result<()> {
    let folder = dir.join(name);
    if fs::list_if_there(fs, &folder)?.is_empty() {
        return Ok(());
    }
    let trash = dir.join(layout::TRASH);
    let taken = fs::list_if_there(fs, &trash)?;
    let names = (1..).map(|number: u64| format!("{name}~{number}"));
    let free = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    let target = trash.join(free);
    fs.rename(&folder, &target).map_err(|error| Error::io("rename", &folder, error))?;
    fs::sync_dir(fs, &trash)?;
    fs::ensure_dir(fs, &folder, Rights::Inherit)?;
    fs::sync_dir(fs, dir)
}

fn accept(
    dir: &Path,
    keys: &KeyRing,
    verifier: &crate::ledger::note::VerifierKey,
    fs: &dyn Fs,
) -> Result<()> {
    let (boundary, note) = load::boundary_at(fs, dir, 1, &KeyChain::of(verifier))?;
    keys.accept(&KeyChain::of(verifier), &note, &[boundary])
}
