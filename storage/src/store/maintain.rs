//! How does a change become part of the store that brings no new input: a seal, a compaction, a retirement? Files are
//! placed, one ledger file says what changed, and what it no longer names is moved away.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::commit::{Draft, Failure};
use super::place::place;
use super::transaction::Folder;
use super::{CommitOptions, State, Store, layout, lock, read_config, snapshot, trash};
use crate::error::Result;
use crate::fs::{self, Fs};
use crate::ledger::file;
use crate::ledger::json;
use crate::ledger::record::{Body, Table};
use crate::ledger::text::Text;
use crate::{querylog, redact};

/// The file in a folder of `staging/` that says what is being placed and what will be removed.
pub(super) const INTENT: &str = "intent";

/// A change being prepared: a folder of its own below `staging/`, and the version that it stands on.
#[derive(Debug)]
pub struct Maintenance {
    store: Arc<Store>,
    id: String,
    folder: Folder,
    base: Arc<State>,
}

/// What a commit does beside the ledger, written down before it begins, so that the next writer can end it.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    /// Paths of new files.
    pub(crate) place: Vec<String>,
    /// Paths of files that the new version does not name.
    pub(crate) remove: Vec<String>,
    /// Paths of files that are destroyed, whoever still reads them.
    pub(crate) shred: Vec<String>,
    /// Queries in the log whose words are destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) queries: Vec<String>,
    /// Records whose words are destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) words: Vec<u64>,
    /// The number of the ledger file.
    pub(crate) version: u64,
}

/// Files that a state no longer names.
#[derive(Debug, Default)]
struct Removals {
    trash: Vec<String>,
    shred: Vec<String>,
    queries: Vec<String>,
    words: Vec<u64>,
}

impl Store {
    /// Begins a change that brings no new input.
    pub fn begin_maintenance(self: &Arc<Self>) -> Result<Maintenance> {
        self.writable()?;
        let base = self.refresh()?;
        let (folder, random) = self.take_random("change")?;
        let id = format!("{:010}-change-{random:016x}", base.version);
        Ok(Maintenance { store: Arc::clone(self), id, folder, base })
    }
}

impl Maintenance {
    /// Its name, for the footers of its files.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its folder below `staging/`.
    pub fn dir(&self) -> &Path {
        &self.folder.path
    }

    /// The file system to write through.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        self.store.fs()
    }

    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The version that the plan stands on.
    pub fn base(&self) -> &Arc<State> {
        &self.base
    }

    /// Makes the change part of the store: all records in one file of the ledger. `moves` are files in [`Self::dir`]
    /// and the paths that they get, relative to the store. `recheck` looks at the newest version under the writer's
    /// lock; returns the numbers of the records.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`]: what the plan stood on has changed, plan anew.
    pub fn commit(
        mut self,
        records: Vec<(Body, Text)>,
        moves: &[(PathBuf, String)],
        options: &CommitOptions,
        recheck: &dyn Fn(&State) -> Result<()>,
    ) -> Result<Vec<u64>> {
        let store = Arc::clone(&self.store);
        let signer = store.writable()?;
        let _lock = store.lock_writer(options.wait_ms)?;
        let state = store.refresh()?;
        store.check_head()?;
        recheck(&state)?;
        store.clean(self.dir())?;
        let mut removals = Removals::default();
        let mut draft = Draft::new(&lock(&store.folded), options.now_us);
        let config = read_config(&*store.fs, &store.dir)?.1;
        if config != state.config {
            draft.add(Body::Config { sha256: config }, Text::by(&options.by))?;
        }
        let mut seqs = Vec::with_capacity(records.len());
        for (body, text) in records {
            removals.add(&state, &body);
            seqs.push(draft.add(body, text)?);
        }
        let intent = Intent {
            place: moves.iter().map(|(_, path)| path.clone()).collect(),
            remove: removals.trash,
            shred: removals.shred,
            queries: removals.queries,
            words: removals.words,
            version: state.version + 1,
        };
        let written = store.publish(&draft, self.dir(), &signer, || {
            self.write_intent(&intent)?;
            let absolute: Vec<_> =
                moves.iter().map(|(from, to)| (from.clone(), store.dir.join(to))).collect();
            place(&*store.fs, &absolute)
        });
        if let Err(failure) = written {
            // In doubt, the next writer looks at the ledger and at the intent.
            self.folder.keep = matches!(failure, Failure::Unknown(_))
                || finish(&store, &store.state(), &intent).is_err();
            return Err(failure.into_error());
        }
        if let Err(error) = finish(&store, &store.state(), &intent) {
            self.folder.keep = true;
            store.note(format!(
                "files are left behind, the next command ends their removal: {error}"
            ));
        }
        store.advance_head();
        store.write_snapshot(self.dir(), &signer);
        Ok(seqs)
    }

    fn write_intent(&self, intent: &Intent) -> Result<()> {
        let fs = &*self.store.fs;
        if *intent == (Intent { version: intent.version, ..Intent::default() }) {
            return Ok(());
        }
        fs::write_new(fs, &self.dir().join(INTENT), &json::to_bytes(intent)?)?;
        fs::sync_dir(fs, self.dir())?;
        fs::sync_dir(fs, &self.store.dir.join(layout::STAGING))
    }
}

/// Ends what an intent says, whether its commit came about or not: new files that the newest version does not name are
/// taken back, old ones that it does not name are moved away.
pub(super) fn finish(store: &Store, state: &State, intent: &Intent) -> Result<()> {
    let named = named(state, intent);
    let is_gone = |path: &&String| !named.contains(path.as_str());
    let committed = state.version >= intent.version;
    let unnamed = |paths: &[String]| paths.iter().filter(is_gone).cloned().collect::<Vec<_>>();
    trash::shred(&*store.fs, &store.dir, &unnamed(&intent.place))?;
    if committed {
        trash::shred(&*store.fs, &store.dir, &unnamed(&intent.shred))?;
        shred_words(store, state, intent)?;
        trash::move_away(&*store.fs, &store.dir, intent.version, &unnamed(&intent.remove))?;
    }
    Ok(())
}

/// Destroys words beside the ledger and in the log of queries.
fn shred_words(store: &Store, state: &State, intent: &Intent) -> Result<()> {
    let (fs, dir) = (&*store.fs, store.dir.as_path());
    if !intent.words.is_empty() {
        redact::shred_words(fs, dir, state.version, &store.keys(), &intent.words)?;
        // What was folded from them has no place any more; the next snapshot is made of what is left.
        trash::shred(fs, dir, &[format!("{}/{}", file::FOLDER, snapshot::NAME)])?;
        lock(&store.folded).snapshot_is_bad = true;
    }
    let places = intent.queries.iter().filter_map(|place| place.parse().ok()).collect::<Vec<_>>();
    querylog::shred(fs, dir, &places)
}

/// Those paths of an intent that a version names.
fn named<'a>(state: &'a State, intent: &'a Intent) -> std::collections::BTreeSet<&'a str> {
    let asked: std::collections::BTreeSet<&str> = intent
        .place
        .iter()
        .chain(&intent.remove)
        .chain(&intent.shred)
        .map(String::as_str)
        .collect();
    let files = state.files().map(|meta| meta.path.as_str());
    let side = state.side_files().map(|file| file.path.as_str());
    files.chain(side).filter(|path| asked.contains(path)).collect()
}

/// The intent that a dead writer left in its folder, if it got as far as that.
pub(crate) fn read_intent(fs: &dyn Fs, folder: &Path) -> Result<Option<Intent>> {
    let bytes = fs::read_if_there(fs, &folder.join(INTENT))?;
    // One that was cut off was never acted upon: it is durable before the first rename.
    let intent: Option<Intent> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // Nobody signs it: a path that leads out of the folders of data is none of ours.
    Ok(intent.filter(|it| it.place.iter().chain(&it.remove).chain(&it.shred).all(|it| inside(it))))
}

/// Whether a path stays below a folder of the store that holds files which records name.
fn inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let plain = |part: &Component<'_>| matches!(part, Component::Normal(_));
    let folder = parts.next().filter(plain).map(|it| it.as_os_str().to_owned());
    let held = folder.is_some_and(|folder| {
        let mut folders = layout::FOLDERS.iter().map(|(name, _)| *name);
        folders.any(|name| folder == name) && folder != crate::ledger::file::FOLDER
    });
    held && parts.clone().count() > 0 && parts.all(|part| plain(&part))
}

impl Removals {
    fn add(&mut self, state: &State, body: &Body) {
        let tables = state.table_files_gone(body);
        let redacts = matches!(body, Body::Redact(_));
        if redacts { &mut self.shred } else { &mut self.trash }.extend(tables);
        match body {
            Body::Compact(compact) => {
                self.trash.extend(compact.inputs.iter().cloned());
                if let (Table::Requests, Some(seal), Some(_)) =
                    (compact.table, compact.seal, &compact.salts)
                {
                    self.trash.extend(salts_of(state, seal));
                }
            }
            Body::Retire(retire) => {
                for gone in &retire.days {
                    self.trash.extend(gone.files.iter().map(|file| file.path.clone()));
                    let day = state.days.get(&gone.day);
                    let whole = day.filter(|day| day.segments.len() == gone.files.len());
                    let seals = whole.into_iter().flat_map(|day| &day.seals);
                    self.trash.extend(seals.map(|sealed| sealed.seal.salts.path.clone()));
                }
                self.trash.extend(retire.lines.iter().map(|file| file.path.clone()));
                let salts = retire.salts.iter().filter_map(|salts| salts_of(state, salts.seal));
                self.trash.extend(salts);
            }
            Body::Drop(drop) => {
                if let Some(set) = state.restored.get(&drop.name) {
                    self.trash.extend(set.files().map(|meta| meta.path.clone()));
                    self.trash.extend(set.side_files().map(|file| file.path.clone()));
                }
            }
            Body::Redact(redact) => {
                self.shred.extend(redact.replaced.iter().map(|file| file.path.clone()));
                let (queries, files): (Vec<String>, Vec<String>) = redact
                    .shredded
                    .iter()
                    .cloned()
                    .partition(|path| path.parse::<querylog::Place>().is_ok());
                self.shred.extend(files);
                self.queries.extend(queries);
                self.words.extend(&redact.words);
                let seals = redact.salts.iter().filter_map(|salts| salts_of(state, salts.seal));
                self.shred.extend(seals);
            }
            _ => {}
        }
    }
}

fn salts_of(state: &State, seal: u64) -> Option<String> {
    state.seal(seal).map(|sealed| sealed.seal.salts.path.clone())
}
