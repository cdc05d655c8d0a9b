//! Which key opens what? The store key, found when it is first needed, and the data keys that it has opened.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use parquet::encryption::decrypt::FileDecryptionProperties;

use super::cipher::ModuleCipher;
use super::{CryptoMetadata, DataKey, FileId, KeyName, Scope, StoreKey, command};
use crate::config::{self, EncryptionConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Rights};

/// Where the store key comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyPlaces {
    /// What `dwell.toml` says.
    pub(crate) settings: EncryptionConfig,
    /// The folder of keys, which may hold it as `<store id>.encryption`.
    pub(crate) key_dir: Option<PathBuf>,
    /// Whether a command of `dwell.toml` may be run: not that of a copy which somebody else has made.
    pub(crate) may_run: bool,
}

/// The keys of one encrypted store.
pub struct Vault {
    store_id: String,
    dir: PathBuf,
    fs: Arc<dyn Fs>,
    places: KeyPlaces,
    key: OnceLock<std::result::Result<StoreKeys, (ErrorKind, String)>>,
    data: Mutex<Opened>,
}

/// The store key, and others that wrapped keys may lie under: one that is to take its place, or had it before.
struct StoreKeys {
    own: StoreKey,
    others: Vec<StoreKey>,
}

#[derive(Default)]
struct Opened {
    keys: HashMap<KeyName, Arc<DataKey>>,
    /// The keys that new files of a scope are encrypted with.
    writing: HashMap<Scope, KeyName>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.store_id)
    }
}

/// The file of the store key in the folder of keys.
pub(crate) fn key_file(key_dir: &Path, store_id: &str) -> PathBuf {
    key_dir.join(format!("{store_id}.encryption"))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file of a store key that is about to take the place of the one at `path`.
pub(crate) fn next_of(path: &Path) -> PathBuf {
    beside(path, ".next")
}

/// The file of the store key that was at `path` before: packages in archives may lie under it.
pub(crate) fn old_of(path: &Path) -> PathBuf {
    beside(path, ".old")
}

impl Vault {
    /// The keys of the store in `dir`. `fs` is the file system below all encryption.
    pub(crate) fn new(store_id: &str, dir: &Path, fs: Arc<dyn Fs>, places: KeyPlaces) -> Self {
        Self {
            store_id: store_id.to_owned(),
            dir: dir.to_path_buf(),
            fs,
            places,
            key: OnceLock::new(),
            data: Mutex::default(),
        }
    }

    /// The keys of the store in `dir`, with the store key at hand.
    pub fn with_key(store_id: &str, dir: &Path, fs: Arc<dyn Fs>, key: StoreKey) -> Self {
        let vault = Self::new(store_id, dir, fs, KeyPlaces::default());
        let _ = vault.key.set(Ok(StoreKeys { own: key, others: Vec::new() }));
        vault
    }

    /// The id of the store.
    pub(crate) fn store_id(&self) -> &str {
        &self.store_id
    }

    /// The store's folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file system below all encryption.
    pub(super) fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store key.
    ///
    /// # Errors
    /// `Io`: it is not here.
    pub fn store_key(&self) -> Result<&StoreKey> {
        self.store_keys().map(|keys| &keys.own)
    }

    fn store_keys(&self) -> Result<&StoreKeys> {
        let found =
            self.key.get_or_init(|| self.find().map_err(|error| (error.kind(), error.to_string())));
        found.as_ref().map_err(|(kind, message)| Error::new(*kind, message.clone()))
    }

    /// The store key of this id, if it is among those at hand; else the store's own, which then says what is missing.
    pub(super) fn store_key_of(&self, id: &str) -> Result<&StoreKey> {
        let keys = self.store_keys()?;
        Ok(keys.others.iter().find(|key| key.id() == id).unwrap_or(&keys.own))
    }

    fn find(&self) -> Result<StoreKeys> {
        let settings = &self.places.settings;
        if let Some(line) = &settings.key_command {
            self.may_run()?;
            let own = StoreKey::parse(&command::run(line)?)?;
            return Ok(StoreKeys { own, others: Vec::new() });
        }
        let own = self.places.key_dir.as_deref().map(|dir| key_file(dir, &self.store_id));
        let named = settings.key_file.as_ref().map(|path| self.dir.join(path));
        for path in named.iter().chain(&own) {
            let mut keys = Vec::new();
            for path in [path.clone(), next_of(path), old_of(path)] {
                if let Some(bytes) = fs::read_if_there(&*self.fs, &path)? {
                    keys.push(StoreKey::parse(&bytes).map_err(|error| error.at(path))?);
                }
            }
            if !keys.is_empty() {
                return Ok(StoreKeys { own: keys.remove(0), others: keys });
            }
        }
        let error = Error::new(ErrorKind::Io, "the store is encrypted, and its key is not here");
        let error = match named.or(own) {
            Some(path) => error.at(path),
            None => error,
        };
        Err(error.advise(
            "bring the key back, or name it with key_file or key_command in [encryption] of dwell.toml",
        ))
    }

    /// A command in the settings of a store is run for whoever opens it, so the settings must be his own.
    fn may_run(&self) -> Result<()> {
        let path = self.dir.join(config::FILE_NAME);
        let refused = |why: &str| {
            Error::new(ErrorKind::Io, format!("the key command of dwell.toml is not run: {why}"))
                .at(&path)
                .advise("put the key into the folder of keys, as <store id>.encryption")
        };
        if !self.places.may_run {
            return Err(refused("this is a copy"));
        }
        let found = std::fs::metadata(&path).map_err(|error| Error::io("look at", &path, error))?;
        let us = rustix::process::geteuid().as_raw();
        if found.uid() != us && found.uid() != 0 {
            return Err(refused("the file belongs to another user"));
        }
        if found.mode() & 0o022 != 0 {
            return Err(refused("others may write the file"));
        }
        Ok(())
    }

    /// Whether nothing can be read: the store key is not here, or is another one.
    pub fn is_locked(&self) -> bool {
        self.check().is_err()
    }

    /// Whether the store key is here and opens this store.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<()> {
        self.store_key()?;
        // A key for the words is made with the store; there is none only while it is being made.
        match self.names(Scope::Ledger)?.first() {
            Some(name) => self.data_key(name).map(drop),
            None => Ok(()),
        }
    }

    /// The wrapped keys of a scope.
    pub fn names(&self, scope: Scope) -> Result<Vec<KeyName>> {
        let names = fs::list_if_there(&*self.fs, &self.dir.join(scope.folder()))?;
        let path = |name: String| KeyName::from_path(&format!("{}/{name}", scope.folder()));
        Ok(names.into_iter().filter_map(path).collect())
    }

    /// The bytes of a key's file.
    fn read(&self, name: &KeyName) -> Result<Vec<u8>> {
        let path = self.dir.join(name.path());
        fs::read_if_there(&*self.fs, &path)?.ok_or_else(|| {
            Error::integrity(&path, "the key of this data is gone: without it nobody can read it")
                .advise("bring the file back from a copy of the store, if it was not destroyed on purpose")
        })
    }

    /// Whether the file of a key is there.
    pub(crate) fn has(&self, name: &KeyName) -> bool {
        self.dir.join(name.path()).exists()
    }

    /// Looks at the file of a key; without the store key it is only seen whether it names itself right.
    pub(crate) fn check_file(&self, name: &KeyName) -> Result<()> {
        let bytes = self.read(name)?;
        let path = self.dir.join(name.path());
        let checked = DataKey::wrapped_under(&bytes, name).and_then(|origin| {
            match self.store_key_of(&origin.under) {
                Ok(key) => DataKey::unwrap(&bytes, name, key).map(drop),
                Err(_) => Ok(()),
            }
        });
        checked.map_err(|error| error.at(path))
    }

    /// Opens a data key.
    pub(crate) fn data_key(&self, name: &KeyName) -> Result<Arc<DataKey>> {
        if let Some(key) = self.opened().keys.get(name) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.unwrap(name, &self.read(name)?)?);
        self.opened().keys.insert(name.clone(), Arc::clone(&key));
        Ok(key)
    }

    fn unwrap(&self, name: &KeyName, bytes: &[u8]) -> Result<DataKey> {
        self.store_key()?;
        DataKey::wrapped_under(bytes, name)
            .and_then(|origin| DataKey::unwrap(bytes, name, self.store_key_of(&origin.under)?))
            .map_err(|error| error.at_if_none(self.dir.join(name.path())))
    }

    /// Wraps every data key with another store key; those that are already, stay as they are. Returns how many there are.
    pub(crate) fn rewrap(&self, new: &StoreKey) -> Result<u64> {
        let names = self.files()?.0;
        for name in &names {
            let bytes = self.read(name)?;
            if DataKey::wrapped_under(&bytes, name)?.under == new.id() {
                DataKey::unwrap(&bytes, name, new)?;
                continue;
            }
            self.put(name, &self.unwrap(name, &bytes)?.wrap(new)?)?;
        }
        Ok(names.len() as u64)
    }

    /// Where the file of the store key lies, if it comes from one.
    pub fn key_path(&self) -> Option<PathBuf> {
        let settings = &self.places.settings;
        if settings.key_command.is_some() {
            return None;
        }
        let own = || Some(key_file(self.places.key_dir.as_deref()?, &self.store_id));
        settings.key_file.as_ref().map(|path| self.dir.join(path)).or_else(own)
    }

    /// The key that new data of a scope is encrypted with; made, durably, if there is none.
    pub(crate) fn for_writing(&self, scope: Scope) -> Result<Arc<DataKey>> {
        let known = self.opened().writing.get(&scope).cloned();
        if let Some(name) = known.filter(|name| self.has(name)) {
            return self.data_key(&name);
        }
        let key = match self.names(scope)?.first() {
            Some(name) => self.data_key(name)?,
            None => self.make(scope)?,
        };
        self.opened().writing.insert(scope, key.name().clone());
        Ok(key)
    }

    /// Forgets the keys of a scope.
    pub(super) fn forget(&self, scope: Scope) {
        let mut opened = self.opened();
        opened.keys.retain(|name, _| name.scope != scope);
        opened.writing.remove(&scope);
    }

    fn make(&self, scope: Scope) -> Result<Arc<DataKey>> {
        let key = DataKey::generate(scope, &self.store_id)?;
        let bytes = key.wrap(self.store_key()?)?;
        self.put(key.name(), &bytes)?;
        let key = Arc::new(key);
        self.opened().keys.insert(key.name().clone(), Arc::clone(&key));
        Ok(key)
    }

    /// Takes in the file of a key that comes with data from elsewhere (an archive, a backup), under its path in a store:
    /// `keys/day=.../<id>.key`. One of another store is wrapped anew, if that store's key lies in the folder of keys. Tells
    /// whether it was not there yet.
    ///
    /// # Errors
    /// `Integrity`: it is no such file, or was changed. `Io`: the key that it is wrapped with is not here.
    pub fn take_in(&self, path: &str, bytes: &[u8]) -> Result<bool> {
        let name = KeyName::from_path(path)
            .ok_or_else(|| Error::integrity(path, "no file of a wrapped key"))?;
        let own = self.store_key()?;
        let origin = DataKey::wrapped_under(bytes, &name).map_err(|error| error.at(path))?;
        let known = self.store_key_of(&origin.under)?;
        let (key, bytes) = if origin.under == known.id() {
            let key = DataKey::unwrap(bytes, &name, known);
            let bytes = key.as_ref().map_or(Ok(Vec::new()), |key| key.wrap(own))?;
            (key, bytes)
        } else {
            let dir = self.places.key_dir.as_deref();
            let other = dir.map(|dir| key_file(dir, &origin.store));
            let other = other.and_then(|path| fs::read_if_there(&*self.fs, &path).ok().flatten());
            let other = other.map(|bytes| StoreKey::parse(&bytes)).transpose()?;
            // Without that key, the error says which one it is.
            let key = DataKey::unwrap(bytes, &name, other.as_ref().unwrap_or(own));
            let bytes = key.as_ref().map_or(Ok(Vec::new()), |key| key.wrap(own))?;
            (key, bytes)
        };
        key.map_err(|error| error.at_if_none(path))?;
        if self.has(&name) {
            return Ok(false);
        }
        self.put(&name, &bytes)?;
        Ok(true)
    }

    /// Writes the file of a key, so that it is there with all its bytes or not at all.
    pub(super) fn put(&self, name: &KeyName, bytes: &[u8]) -> Result<()> {
        let path = self.dir.join(name.path());
        let staged = path.with_extension("new");
        let folder = path.parent().unwrap_or(&self.dir);
        let above: Vec<_> = folder.ancestors().take_while(|it| *it != self.dir).collect();
        for folder in above.iter().rev() {
            fs::ensure_dir(&*self.fs, folder, Rights::Inherit)?;
        }
        fs::remove_if_there(&*self.fs, &staged)?;
        fs::write_new(&*self.fs, &staged, bytes)?;
        self.fs.rename(&staged, &path).map_err(|error| Error::io("rename", &staged, error))?;
        for folder in above {
            fs::sync_dir(&*self.fs, folder)?;
        }
        fs::sync_dir(&*self.fs, &self.dir)
    }

    /// What encrypts a new file, and what is to stand in it in the clear.
    pub(crate) fn encryptor(
        &self,
        scope: Scope,
        file: &FileId,
    ) -> Result<(ModuleCipher, CryptoMetadata)> {
        let key = self.for_writing(scope)?;
        let clear = CryptoMetadata::new(file, key.name())?;
        Ok((ModuleCipher::new(key.secret(), clear.unique.clone())?, clear))
    }

    /// Refuses a data file that is about to become part of the store, unless it is encrypted with a key that is there.
    ///
    /// # Errors
    /// `InvalidInput`: it is not encrypted. `Conflict`: its key was destroyed since it was written.
    pub(crate) fn check_written(&self, path: &Path) -> Result<()> {
        let Some(clear) = CryptoMetadata::of_file(path)? else {
            let what = "the file is not encrypted, and the store is: it is not taken in";
            return Err(Error::new(ErrorKind::InvalidInput, what).at(path));
        };
        match clear.key() {
            Some(name) if self.has(&name) => Ok(()),
            _ => Err(Error::new(ErrorKind::Conflict, "the key of the file is gone").at(path)),
        }
    }

    /// What decrypts a file that the ledger calls `path`.
    pub(crate) fn decryption(
        &self,
        clear: &CryptoMetadata,
        path: &str,
    ) -> Result<Arc<FileDecryptionProperties>> {
        let bad = |what: &str| Error::new(ErrorKind::Integrity, what.to_owned());
        let file = clear.file().ok_or_else(|| bad("encrypted, but not by dwell"))?;
        let name = clear.key().ok_or_else(|| bad("encrypted, but with no key of dwell's"))?;
        if !file.is_called(path) {
            let what = format!("encrypted as another file, {}", file.to_text());
            return Err(bad(&what));
        }
        let key = self.data_key(&name)?;
        if key.store() != file.store {
            return Err(bad("encrypted with the key of another store"));
        }
        FileDecryptionProperties::builder(key.secret().to_vec())
            .build()
            .map_err(|error| bad("cannot be decrypted").caused_by(error))
    }
}
