//! How is a store made? Folders, settings, a key outside, and the first file of the ledger; until that is there, it
//! is no store, and making it can begin again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit::{self, Draft};
use super::{InitOptions, OpenOptions, Standing, Store, layout, load, read_config, rights};
use crate::config::{self, EncryptionConfig};
use crate::crypt::{self, KeyPlaces, Scope, SealedFs, StoreKey, Vault};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Rights};
use crate::ledger::keys::{self, KeyRing};
use crate::ledger::note::SignerKey;
use crate::ledger::record::{Body, Encrypt};
use crate::ledger::text::Text;
use crate::schema::SCHEMA_VERSION;

/// Where the key of a new encrypted store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewStoreKey {
    /// Where `dwell.toml` says, if there is one that does; else in the folder of keys, where it is made.
    KeyDir,
    /// In this file, where it is made if it is not there.
    File(PathBuf),
    /// This command prints it.
    Command(String),
}

impl Store {
    /// Makes an encrypted store at `dir`, or opens the one that is there.
    ///
    /// # Errors
    /// `InvalidInput`: there is a store that is not encrypted; or the settings that are there name another key.
    pub fn init_encrypted(
        dir: &Path,
        options: &InitOptions,
        key: &NewStoreKey,
    ) -> Result<Arc<Self>> {
        let store = Self::init_with(dir, options, Some(key))?;
        if store.vault().is_some() {
            return Ok(store);
        }
        Err(Error::new(ErrorKind::InvalidInput, "there is a store already, which is not encrypted")
            .at(dir)
            .advise("whether a store is encrypted is settled when it is made: make a new one"))
    }

    /// Makes a store at `dir`, or opens the one that is there; [`Store::is_new`] tells which.
    pub fn init(dir: &Path, options: &InitOptions) -> Result<Arc<Self>> {
        Self::init_with(dir, options, None)
    }

    fn init_with(
        dir: &Path,
        options: &InitOptions,
        encryption: Option<&NewStoreKey>,
    ) -> Result<Arc<Self>> {
        let fs = &*options.fs;
        let open = OpenOptions {
            key_dir: options.key_dir.clone(),
            fallback_dir: options.fallback_dir.clone(),
            pinned_key: None,
            standing: Standing::Live,
            fs: Arc::clone(&options.fs),
        };
        if load::own_key(fs, dir)?.is_some() {
            return Self::open(dir, &open);
        }
        let made = make(dir, options, encryption)?;
        let store = Self::open(dir, &open)?;
        match Arc::try_unwrap(store) {
            Ok(store) => Ok(Arc::new(Self { is_new: made, ..store })),
            Err(store) => Ok(store),
        }
    }
}

/// Makes the store; `false` if another process was faster.
fn make(dir: &Path, options: &InitOptions, encryption: Option<&NewStoreKey>) -> Result<bool> {
    let fs = &*options.fs;
    make_folders(dir, options)?;
    rights::refuse_world(dir)?;
    let lock = dir.join(layout::LOCK);
    let lock = fs::wait_for_lock(fs, &lock, super::LOCK_WAIT_MS)?;
    let _lock = lock.ok_or_else(|| commit::locked(dir))?;
    if load::own_key(fs, dir)?.is_some() {
        return Ok(false);
    }
    write_settings(fs, dir, encryption)?;
    let (settings, config) = read_config(fs, dir)?;
    let signer = new_key(&new_id()?)?;
    let ring = KeyRing::new(
        Arc::clone(&options.fs),
        options.key_dir.clone(),
        options.fallback_dir.clone(),
    );
    let vault = match encryption {
        Some(_) => Some(new_vault(dir, options, &signer, settings.encryption)?),
        None => None,
    };
    ring.create(&signer)?;
    let sealed = vault.map(|vault| SealedFs::new(Arc::clone(&options.fs), vault));
    let fs = sealed.as_ref().map_or(fs, |sealed| sealed as &dyn Fs);
    let mut draft = Draft::new(&load::nothing(), options.now_us);
    draft.add(Body::Key(signer.verifier()?), Text::by(&options.by))?;
    draft.add(Body::Schema { version: SCHEMA_VERSION }, Text::default())?;
    draft.add(Body::Config { sha256: config }, Text::default())?;
    if let Some(vault) = fs.vault() {
        draft.add(Body::Encrypt(Encrypt::with(vault.store_key()?.id())), Text::default())?;
    }
    let staging = layout::staging_path(dir, "init");
    fs::ensure_dir(fs, &staging, Rights::Inherit)?;
    for name in fs::list_if_there(fs, &staging)? {
        fs::remove_if_there(fs, &staging.join(name))?;
    }
    draft.write(fs, dir, &staging, &signer).map_err(commit::Failure::into_error)?;
    super::clean::remove_folder(fs, &staging)?;
    Ok(true)
}

/// The keys of a new store; its store key is made if it is not there.
fn new_vault(
    dir: &Path,
    options: &InitOptions,
    signer: &SignerKey,
    settings: EncryptionConfig,
) -> Result<Arc<Vault>> {
    let fs = &*options.fs;
    let id = signer.verifier()?.name().to_owned();
    if settings.key_command.is_none() {
        let named = settings.key_file.as_ref().map(|path| dir.join(path));
        let own = options.key_dir.as_deref().map(|keys| crypt::key_file(keys, &id));
        let path = named.or(own).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no folder for the key").advise("give --key-dir")
        })?;
        if path.starts_with(dir) {
            let error = Error::new(ErrorKind::InvalidInput, "the key must not lie in the store");
            return Err(error.at(path));
        }
        if fs::read_if_there(fs, &path)?.is_none() {
            keys::write_secret(fs, &path, &format!("{}\n", StoreKey::generate()?.line()))?;
        }
    }
    // What is left of a store that was not finished belongs to another id.
    super::clean::remove_folder(fs, &dir.join(layout::KEYS))?;
    let places = KeyPlaces { settings, key_dir: options.key_dir.clone(), may_run: true };
    let vault = Vault::new(&id, dir, Arc::clone(&options.fs), places);
    vault.for_writing(Scope::Ledger)?;
    Ok(Arc::new(vault))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
    })?;
    Ok(bytes)
}

/// An id that no other store has.
fn new_id() -> Result<String> {
    Ok(format!("dwell-{:032x}", u128::from_be_bytes(random()?)))
}

/// A new key for the store of this id.
pub(crate) fn new_key(id: &str) -> Result<SignerKey> {
    SignerKey::from_seed(id, &random()?)
}

fn make_folders(dir: &Path, options: &InitOptions) -> Result<()> {
    let fs = &*options.fs;
    let root = match &options.group {
        Some(group) => Rights::Group(group_id(group)?),
        None => Rights::Private,
    };
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    if missing.is_empty() {
        refuse_foreign(fs, dir)?;
    }
    for folder in missing.into_iter().rev() {
        let rights = if folder == dir { root } else { Rights::Private };
        fs::ensure_dir(fs, folder, rights)?;
        fs::sync_dir(fs, parent_of(folder))?;
    }
    for (name, rights) in layout::FOLDERS {
        fs::ensure_dir(fs, &dir.join(name), *rights)?;
    }
    fs::sync_dir(fs, dir)
}

fn parent_of(folder: &Path) -> &Path {
    folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

/// Refuses a folder that holds anything but the beginnings of a store.
fn refuse_foreign(fs: &dyn Fs, dir: &Path) -> Result<()> {
    let names = fs.list(dir).map_err(|error| Error::io("list the folder", dir, error))?;
    let own = |name: &str| {
        name == layout::LOCK
            || name == layout::KEYS
            || name == config::FILE_NAME
            || layout::FOLDERS.iter().any(|(folder, _)| *folder == name)
    };
    if let Some(foreign) = names.iter().find(|name| !own(name)) {
        return Err(Error::new(ErrorKind::InvalidInput, format!("not empty, it holds {foreign}"))
            .at(dir)
            .advise("give an empty or a new folder"));
    }
    let none = load::no_ledger(fs, dir);
    if none.kind() == ErrorKind::Integrity { Err(none) } else { Ok(()) }
}

/// Writes `dwell.toml` with its commented defaults, unless there is one.
fn write_settings(fs: &dyn Fs, dir: &Path, encryption: Option<&NewStoreKey>) -> Result<()> {
    let path = dir.join(config::FILE_NAME);
    let setting = match encryption {
        None | Some(NewStoreKey::KeyDir) => None,
        Some(NewStoreKey::File(file)) => Some(("key_file", file.display().to_string())),
        Some(NewStoreKey::Command(line)) => Some(("key_command", line.clone())),
    };
    if let Some(bytes) = fs::read_if_there(fs, &path)?.filter(|bytes| !bytes.is_empty()) {
        let there = config::Config::parse(&bytes).map_err(|error| error.at(&path))?.encryption;
        let same = setting.is_none_or(|(name, value)| match name {
            "key_file" => there.key_file.is_some_and(|file| file.display().to_string() == value),
            _ => there.key_command.is_some_and(|line| line == value),
        });
        return if same {
            Ok(())
        } else {
            let what = "there are settings already, and they name no such key";
            Err(Error::new(ErrorKind::InvalidInput, what).at(path).advise("name it there"))
        };
    }
    let text = match setting {
        None => config::DEFAULT_TEXT.to_owned(),
        Some((name, value)) => config::with_setting(name, &value),
    };
    let staged = layout::staging_path(dir, config::FILE_NAME);
    fs::remove_if_there(fs, &staged)?;
    fs::write_new(fs, &staged, text.as_bytes())?;
    fs.rename(&staged, &path).map_err(|error| Error::io("rename", &staged, error))?;
    fs::sync_dir(fs, dir)
}

/// The number of a group given by name or number.
fn group_id(group: &str) -> Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let found = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(group)).then(|| fields.nth(1)?.parse().ok()).flatten()
    });
    found.ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("no group named `{group}`")))
}
