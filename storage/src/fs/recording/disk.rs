//! A model of a disk: what is durable, and what is only on its way.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::Op;

type Id = usize;

/// The root folder.
const ROOT: Id = 0;

#[derive(Debug, Clone)]
enum Node {
    File { bytes: Vec<u8>, durable: usize },
    Dir { durable: BTreeMap<String, Id>, pending: Vec<Vec<Entry>> },
}

/// One change of a folder's entries. Those that survive together, or not at all, stand in one list.
#[derive(Debug, Clone)]
enum Entry {
    Add(String, Id),
    Remove(String),
}

/// Files and folders, with what of them would survive.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    nodes: Vec<Node>,
    /// Files in the order in which they were opened.
    opened: Vec<Id>,
}

/// A state that a power loss may leave.
#[derive(Debug, Clone)]
pub struct CrashState {
    entries: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl CrashState {
    /// Every path with its content; `None` is a folder.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&PathBuf, Option<&Vec<u8>>)> {
        self.entries.iter().map(|(path, content)| (path, content.as_ref()))
    }

    /// Writes the state into an empty folder.
    pub fn write_to(&self, dir: &Path) -> io::Result<()> {
        for (path, content) in &self.entries {
            let path = dir.join(path);
            match content {
                Some(content) => fs::write(path, content)?,
                None => DirBuilder::new().mode(0o700).create(path)?,
            }
        }
        Ok(())
    }
}

/// What of the pending survives.
#[derive(Debug, Clone)]
pub(super) struct Keep {
    entries: Entries,
    data: Data,
}

#[derive(Debug, Clone)]
enum Entries {
    All,
    None,
    /// Those of one folder only.
    OnlyOf(Id),
    /// All but those of one folder.
    AllBut(Id),
    /// All but the n-th change.
    Without(usize),
    /// A random choice.
    Random(u64),
}

#[derive(Debug, Clone, Copy)]
enum Data {
    All,
    None,
    Half,
    /// The length survives, the content does not.
    Zeros,
    /// A random length, of each file.
    Random(u64),
}

/// How many random states are built from each prefix.
const RANDOM_STATES: u64 = 4;

impl Keep {
    /// The choices worth a look: the extremes, each folder and each change by itself, and some random ones.
    pub(super) fn all(disk: &Disk, seed: u64) -> Vec<Self> {
        let mut all = Vec::new();
        for data in [Data::All, Data::None, Data::Half, Data::Zeros] {
            for entries in [Entries::All, Entries::None] {
                all.push(Self { entries, data });
            }
        }
        let mut changes = 0;
        for (id, node) in disk.nodes.iter().enumerate() {
            let Node::Dir { pending, .. } = node else { continue };
            if pending.is_empty() {
                continue;
            }
            changes += pending.len();
            for entries in [Entries::OnlyOf(id), Entries::AllBut(id)] {
                all.push(Self { entries, data: Data::All });
            }
        }
        for change in 0..changes {
            all.push(Self { entries: Entries::Without(change), data: Data::All });
        }
        for round in 0..RANDOM_STATES {
            let seed = mix(seed * RANDOM_STATES + round);
            all.push(Self { entries: Entries::Random(seed), data: Data::Random(seed) });
        }
        all
    }

    fn keeps(&self, folder: Id, change: usize) -> bool {
        match self.entries {
            Entries::All => true,
            Entries::None => false,
            Entries::OnlyOf(id) => folder == id,
            Entries::AllBut(id) => folder != id,
            Entries::Without(dropped) => change != dropped,
            Entries::Random(seed) => mix(seed ^ change as u64) & 1 == 0,
        }
    }

    fn content(&self, id: Id, bytes: &[u8], durable: usize) -> Vec<u8> {
        let pending = bytes.len() - durable;
        let kept = match self.data {
            Data::All => pending,
            Data::None => 0,
            Data::Half => pending / 2,
            Data::Zeros => {
                let mut content = bytes[..durable].to_vec();
                content.resize(bytes.len(), 0);
                return content;
            }
            Data::Random(seed) => (mix(seed ^ id as u64) % (pending as u64 + 1)) as usize,
        };
        bytes[..durable + kept].to_vec()
    }
}

/// The finaliser of splitmix64: enough to make choices look random.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Disk {
    /// What lies below `root`, as durable.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut disk = Self { nodes: Vec::new(), opened: Vec::new() };
        disk.read_folder(root)?;
        Ok(disk)
    }

    fn read_folder(&mut self, path: &Path) -> io::Result<Id> {
        let id = self.add(Node::Dir { durable: BTreeMap::new(), pending: Vec::new() });
        let mut entries = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let child = if entry.file_type()?.is_dir() {
                self.read_folder(&entry.path())?
            } else {
                let bytes = fs::read(entry.path())?;
                self.add(Node::File { durable: bytes.len(), bytes })
            };
            entries.insert(entry.file_name().to_string_lossy().into_owned(), child);
        }
        if let Node::Dir { durable, .. } = &mut self.nodes[id] {
            *durable = entries;
        }
        Ok(id)
    }

    fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The entries of a folder as a running process sees them.
    fn live(&self, id: Id) -> BTreeMap<String, Id> {
        let Node::Dir { durable, pending } = &self.nodes[id] else { return BTreeMap::new() };
        let mut entries = durable.clone();
        pending.iter().flatten().for_each(|entry| entry.apply(&mut entries));
        entries
    }

    fn find(&self, path: &Path) -> Option<Id> {
        path.iter().try_fold(ROOT, |id, name| {
            self.live(id).get(&name.to_string_lossy().into_owned()).copied()
        })
    }

    fn parent(&self, path: &Path) -> Option<Id> {
        self.find(path.parent()?)
    }

    fn change(&mut self, folder: Option<Id>, entries: Vec<Entry>) {
        if let Some(Node::Dir { pending, .. }) = folder.map(|id| &mut self.nodes[id]) {
            pending.push(entries);
        }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path) => {
                let id = self.add(Node::File { bytes: Vec::new(), durable: 0 });
                self.opened.push(id);
                self.change(self.parent(path), vec![Entry::Add(name_of(path), id)]);
            }
            Op::Reopen(path) => self.opened.push(self.find(path).unwrap_or(usize::MAX)),
            Op::Write(number, new) => {
                if let Some(Node::File { bytes, .. }) = self.opened_node(*number) {
                    bytes.extend_from_slice(new);
                }
            }
            Op::SyncFile(number) => {
                if let Some(Node::File { bytes, durable }) = self.opened_node(*number) {
                    *durable = bytes.len();
                }
            }
            Op::Mkdir(path) => {
                let id = self.add(Node::Dir { durable: BTreeMap::new(), pending: Vec::new() });
                self.change(self.parent(path), vec![Entry::Add(name_of(path), id)]);
            }
            Op::Rename(from, to) => {
                let Some(id) = self.find(from) else { return };
                let (add, remove) = (Entry::Add(name_of(to), id), Entry::Remove(name_of(from)));
                if from.parent() == to.parent() {
                    self.change(self.parent(to), vec![add, remove]);
                } else {
                    self.change(self.parent(to), vec![add]);
                    self.change(self.parent(from), vec![remove]);
                }
            }
            Op::Link(from, to) => {
                let Some(id) = self.find(from) else { return };
                self.change(self.parent(to), vec![Entry::Add(name_of(to), id)]);
            }
            Op::Unlink(path) => {
                self.change(self.parent(path), vec![Entry::Remove(name_of(path))]);
            }
            Op::SyncDir(path) => {
                let Some(id) = self.find(path) else { return };
                let entries = self.live(id);
                if let Node::Dir { durable, pending } = &mut self.nodes[id] {
                    *durable = entries;
                    pending.clear();
                }
            }
        }
    }

    fn opened_node(&mut self, number: usize) -> Option<&mut Node> {
        let id = *self.opened.get(number)?;
        self.nodes.get_mut(id)
    }

    /// The state in which of the pending only `keep` has survived.
    pub(super) fn crash(&self, keep: &Keep) -> CrashState {
        // Changes are numbered over all folders, so that each can be dropped by itself.
        let mut first_change = vec![0; self.nodes.len()];
        let mut changes = 0;
        for (id, node) in self.nodes.iter().enumerate() {
            first_change[id] = changes;
            if let Node::Dir { pending, .. } = node {
                changes += pending.len();
            }
        }
        let mut state = CrashState { entries: BTreeMap::new() };
        self.crash_folder(ROOT, Path::new(""), keep, &first_change, &mut state);
        state
    }

    fn crash_folder(
        &self,
        id: Id,
        path: &Path,
        keep: &Keep,
        first_change: &[usize],
        state: &mut CrashState,
    ) {
        let Node::Dir { durable, pending } = &self.nodes[id] else { return };
        let mut entries = durable.clone();
        for (at, change) in pending.iter().enumerate() {
            if keep.keeps(id, first_change[id] + at) {
                change.iter().for_each(|entry| entry.apply(&mut entries));
            }
        }
        for (name, child) in entries {
            let path = path.join(name);
            match &self.nodes[child] {
                Node::File { bytes, durable } => {
                    let content = keep.content(child, bytes, *durable);
                    state.entries.insert(path, Some(content));
                }
                Node::Dir { .. } => {
                    state.entries.insert(path.clone(), None);
                    self.crash_folder(child, &path, keep, first_change, state);
                }
            }
        }
    }
}

impl Entry {
    fn apply(&self, entries: &mut BTreeMap<String, Id>) {
        match self {
            Self::Add(name, id) => entries.insert(name.clone(), *id),
            Self::Remove(name) => entries.remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::RecordingFs;
    use super::*;
    use crate::fs::{Fs as _, Rights};

    fn states(fs: &RecordingFs) -> Vec<Vec<(String, Option<Vec<u8>>)>> {
        let plain = |(path, content): (&PathBuf, Option<&Vec<u8>>)| {
            (path.display().to_string(), content.cloned())
        };
        fs.crash_states(fs.len()).iter().map(|state| state.entries().map(plain).collect()).collect()
    }

    #[test]
    fn what_is_synced_stays_and_nothing_else_must() {
        let root = tempfile::tempdir().unwrap();
        let fs = RecordingFs::new(root.path()).unwrap();
        let mut file = fs.create_new(&root.path().join("a")).unwrap();
        file.write_all(b"xy").unwrap();
        let seen = states(&fs);
        for expected in [
            vec![],
            vec![("a".to_owned(), Some(b"".to_vec()))],
            vec![("a".to_owned(), Some(b"x".to_vec()))],
            vec![("a".to_owned(), Some(b"\0\0".to_vec()))],
            vec![("a".to_owned(), Some(b"xy".to_vec()))],
        ] {
            assert!(seen.contains(&expected), "{expected:?}");
        }
        file.sync().unwrap();
        assert_eq!(states(&fs).len(), 2, "with and without its name");
        fs.sync_dir(root.path()).unwrap();
        assert_eq!(states(&fs), [vec![("a".to_owned(), Some(b"xy".to_vec()))]]);
    }

    #[test]
    fn a_rename_between_folders_may_fall_apart() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        std::fs::write(at("a"), "x").unwrap();
        let fs = RecordingFs::new(root.path()).unwrap();
        fs.create_dir(&at("d"), Rights::Inherit).unwrap();
        fs.sync_dir(root.path()).unwrap();
        fs.rename(&at("a"), &at("d/a")).unwrap();
        let names: Vec<Vec<_>> = states(&fs)
            .into_iter()
            .map(|state| state.into_iter().map(|(path, _)| path).collect())
            .collect();
        for expected in [vec!["a", "d"], vec!["a", "d", "d/a"], vec!["d"], vec!["d", "d/a"]] {
            assert!(names.iter().any(|names| *names == expected), "{expected:?} in {names:?}");
        }
        fs.sync_dir(&at("d")).unwrap();
        assert!(states(&fs).iter().all(|state| state.iter().any(|(path, _)| path == "d/a")));
    }
}
