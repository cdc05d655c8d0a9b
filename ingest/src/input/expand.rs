//! Which files do the arguments mean? Folders are walked in order of names, globs are matched, `-` is standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Input, explain};
use crate::options::InputArg;

/// An argument that leads to no input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The argument or the path below it.
    pub path: PathBuf,
    /// What is wrong, and the next step.
    pub message: String,
}

/// Expands arguments to inputs, in the order of the arguments; a file that is named twice is taken once. `skip` is the
/// folder of the store, which is no input of itself.
pub fn expand(arguments: &[InputArg], skip: &Path) -> Vec<Result<Input, Missing>> {
    let mut walk = Walk { found: Vec::new(), seen: BTreeSet::new(), skip: canonical(skip) };
    for argument in arguments {
        match argument {
            InputArg::Stdin => {
                let (name, file, size) = (PathBuf::from("-"), None, None);
                let input = Input { name, file, size, place: None };
                if walk.seen.insert(PathBuf::from("-")) {
                    walk.found.push(Ok(input));
                }
            }
            InputArg::Path(path) => walk.argument(path),
        }
    }
    walk.found
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

struct Walk {
    found: Vec<Result<Input, Missing>>,
    seen: BTreeSet<PathBuf>,
    skip: PathBuf,
}

impl Walk {
    fn argument(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(_) => self.path(path),
            // Only what is no file may be a pattern: names with brackets exist.
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_pattern(path) => {
                self.glob(path);
            }
            Err(error) => self.missing(path, explain(path, &error)),
        }
    }

    fn glob(&mut self, pattern: &Path) {
        let options =
            glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let text = pattern.to_string_lossy();
        let matches = match glob::glob_with(&text, options) {
            Ok(matches) => matches,
            Err(error) => return self.missing(pattern, format!("`{text}` is no pattern: {error}")),
        };
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in matches {
            match entry {
                Ok(path) => paths.push(path),
                Err(error) => self.missing(error.path(), explain(error.path(), error.error())),
            }
        }
        if paths.is_empty() {
            self.missing(pattern, format!("nothing matches `{text}`; check the pattern"));
        }
        paths.sort();
        paths.iter().for_each(|path| self.path(path));
    }

    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path),
            Ok(metadata) => {
                if self.seen.insert(canonical(path)) {
                    let size = metadata.is_file().then_some(metadata.len());
                    self.found.push(Ok(Input { size, ..Input::of_file(path) }));
                }
            }
            Err(error) => self.missing(path, explain(path, &error)),
        }
    }

    fn folder(&mut self, folder: &Path) {
        let place = canonical(folder);
        if place == self.skip || !self.seen.insert(place) {
            return;
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.missing(folder, explain(folder, &error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            match fs::metadata(&path) {
                // Sockets, pipes and devices in a folder are no logs; named themselves they are read.
                Ok(metadata) if !metadata.is_dir() && !metadata.is_file() => {}
                // A link to a folder may lead back up; what it leads to can be named itself.
                Ok(metadata)
                    if metadata.is_dir() && entry.file_type().is_ok_and(|t| t.is_symlink()) => {}
                _ => self.path(&path),
            }
        }
    }

    fn missing(&mut self, path: &Path, message: String) {
        self.found.push(Err(Missing { path: path.to_path_buf(), message }));
    }
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str], root: &Path) -> Vec<String> {
        let arguments: Vec<InputArg> =
            arguments.iter().map(|text| InputArg::Path(root.join(text))).collect();
        let found = expand(&arguments, &root.join("store"));
        let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        found
            .iter()
            .map(|found| match found {
                Ok(input) => name(&input.name),
                Err(missing) => format!("!{}", name(&missing.path)),
            })
            .collect()
    }

    #[test]
    fn folders_globs_and_files() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in
            ["logs/b.log", "logs/a.log", "logs/.hidden", "logs/deep/c.log", "store/x", "[1].log"]
        {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "x").unwrap();
        }
        assert_eq!(names(&["logs"], root), ["logs/a.log", "logs/b.log", "logs/deep/c.log"]);
        assert_eq!(names(&["logs/*.log", "logs/b.log"], root), ["logs/a.log", "logs/b.log"]);
        assert_eq!(names(&["[1].log"], root), ["[1].log"]);
        assert_eq!(names(&["none", "no*"], root), ["!none", "!no*"]);
        assert!(names(&["."], root).iter().all(|name| !name.contains("store")));
    }
}
