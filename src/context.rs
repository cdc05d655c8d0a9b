//! What does every command need: which store, which keys, who, when, and how it was asked to talk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use storage::Micros;
use storage::config::Config;
use storage::fs::{Fs, ReadOnlyFs};
use storage::store::{OpenOptions, Standing, Store};

use crate::args::Global;
use crate::cancel::Cancel;
use crate::say;

/// The store when neither `--store` nor `DWELL_STORE` names one.
const STORE_DEFAULT: &str = "./dwell-store";

/// How long a command waits for another writer, unless `--wait` says otherwise.
const WAIT_S: u64 = 10;

/// The circumstances of a command.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The store's folder.
    pub(crate) store_dir: PathBuf,
    /// Whether `--store` named it.
    pub(crate) store_named: bool,
    /// The key folder that an option or the environment names.
    pub(crate) key_dir_named: Option<PathBuf>,
    /// The folder of keys and known heads.
    pub(crate) key_dir: Option<PathBuf>,
    /// Where heads go if the key folder can't be written.
    pub(crate) fallback_dir: Option<PathBuf>,
    /// The verifier key the store must be signed with.
    pub(crate) pinned_key: Option<String>,
    /// Settings to read instead of the store's own.
    pub(crate) config: Option<PathBuf>,
    /// Whether nothing may be written into the store.
    pub(crate) read_only: bool,
    /// Results as JSON, and a summary.
    pub(crate) json: bool,
    /// How long to wait for another writer, in milliseconds.
    pub(crate) wait_ms: u64,
    /// What `--wait` says of that.
    pub(crate) wait_named: Option<u64>,
    /// The time of day when the command began.
    pub(crate) now_us: Micros,
    /// Who is at the keyboard.
    pub(crate) by: String,
    /// Ctrl-C.
    pub(crate) cancel: Cancel,
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and nowhere else")]
pub(crate) fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

impl Context {
    /// Settles everything that options, environment and defaults say.
    pub(crate) fn new(global: Global, cancel: Cancel) -> Result<Self> {
        storage::crypt::run_commands_with(crate::keycommand::run);
        let home = environment("HOME");
        let below = |xdg: &str, rest: &str| {
            environment(xdg)
                .or_else(|| home.as_ref().map(|home| home.join(rest)))
                .map(|base| base.join("dwell"))
        };
        let key_dir_named = global.key_dir.or_else(|| environment("DWELL_KEY_DIR"));
        let key_dir = key_dir_named.clone().or_else(|| below("XDG_CONFIG_HOME", ".config"));
        let pinned_key = global.key.as_deref().map(read_text).transpose()?;
        let by = environment("USER").or_else(|| environment("LOGNAME"));
        Ok(Self {
            store_named: global.store.is_some(),
            store_dir: global
                .store
                .or_else(|| environment("DWELL_STORE"))
                .unwrap_or_else(|| STORE_DEFAULT.into()),
            key_dir_named,
            key_dir,
            fallback_dir: below("XDG_STATE_HOME", ".local/state"),
            pinned_key,
            config: global.config,
            read_only: global.read_only,
            json: global.json,
            wait_ms: global.wait.unwrap_or(WAIT_S).saturating_mul(1_000),
            wait_named: global.wait.map(|seconds| seconds.saturating_mul(1_000)),
            now_us: storage::clock::now_us(),
            by: by.map_or_else(user_number, |name| name.to_string_lossy().into_owned()),
            cancel,
        })
    }

    /// The file system of a store: the real one, which with `--read-only` writes nothing below any store that is named.
    pub(crate) fn fs_of(&self, dir: &Path) -> Arc<dyn Fs> {
        let real = storage::fs::real();
        if self.read_only { Arc::new(ReadOnlyFs::new(real, dir)) } else { real }
    }

    /// How a store or a copy of one is opened.
    pub(crate) fn open_options(&self, standing: Standing) -> OpenOptions {
        OpenOptions {
            key_dir: self.key_dir.clone(),
            fallback_dir: self.fallback_dir.clone(),
            pinned_key: self.pinned_key.clone(),
            standing,
            fs: self.fs_of(&self.store_dir),
        }
    }

    /// The settings: those of `--config`, else the store's.
    pub(crate) fn settings(&self, store: &Store) -> Result<Config> {
        let Some(path) = &self.config else { return Ok(store.config().clone()) };
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(Config::parse(&bytes).map_err(|error| error.at(path))?)
    }

    /// Opens the store again, after everything about it was said.
    pub(crate) fn open_quietly(&self) -> Result<Arc<Store>> {
        Ok(Store::open(&self.store_dir, &self.open_options(Standing::Live))?)
    }

    /// The settings without a store: those of `--config`, else of the store's folder, else the defaults.
    pub(crate) fn settings_alone(&self) -> Result<Config> {
        let path =
            self.config.clone().unwrap_or_else(|| self.store_dir.join(storage::config::FILE_NAME));
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Config::parse(&bytes).map_err(|error| error.at(&path))?),
            Err(error) if self.config.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Config::default())
            }
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Opens the store and says what there is to say about it.
    pub(crate) fn open(&self) -> Result<Arc<Store>> {
        let store = Store::open(&self.store_dir, &self.open_options(Standing::Live))?;
        for text in store.notes() {
            say::note(text);
        }
        Ok(store)
    }
}

/// Who runs this, where the environment does not say it.
pub(crate) fn user_number() -> String {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self")
        .map_or_else(|_| "unknown".into(), |process| format!("uid {}", process.uid()))
}

/// Reads a small text file that was named on the command line.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}
