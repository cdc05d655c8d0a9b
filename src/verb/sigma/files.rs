//! Which rules does the command line mean? The files of its paths, read, with what could not be read.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use detect::sigma::yaml::LONGEST;
use detect::sigma::{Options, Set};

use crate::args::sigma::Rules;
use crate::exit::usage;
use crate::say;

/// Folders within folders.
const DEEPEST: usize = 32;

/// Rules, and what could not be read.
pub(super) struct Read {
    /// The rules.
    pub(super) set: Set,
    /// Files that were read.
    pub(super) files: usize,
    /// Paths that were not, with the reason.
    pub(super) unreadable: Vec<(PathBuf, String)>,
}

/// Reads all files; what cannot be read is said.
pub(super) fn read(args: &Rules) -> Result<Read> {
    let options = options(args)?;
    let (mut paths, mut unreadable) = (Vec::new(), Vec::new());
    for path in &args.paths {
        if let Err(error) = expand(path, 0, true, &mut paths) {
            unreadable.push((path.clone(), format!("{error:#}")));
        }
    }
    let mut texts = Vec::new();
    for path in paths {
        match bytes(&path) {
            Ok(bytes) => texts.push((path.display().to_string(), bytes)),
            Err(error) => unreadable.push((path, format!("{error:#}"))),
        }
    }
    for (path, why) in &unreadable {
        say::error(format_args!("cannot read `{}`: {why}", path.display()));
    }
    let each = texts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    Ok(Read { set: Set::read(each, &options), files: texts.len(), unreadable })
}

fn options(args: &Rules) -> Result<Options> {
    let mut options = Options::default();
    for text in &args.placeholder {
        let (name, value) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| usage(format!("`{text}` is no placeholder: NAME=VALUE")))?;
        options.placeholders.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    Ok(options)
}

/// The files of a path, sorted by name. In a folder only rules count, however deep.
fn expand(path: &Path, depth: usize, named: bool, out: &mut Vec<PathBuf>) -> Result<()> {
    let meta = std::fs::metadata(path)?;
    if meta.is_dir() {
        anyhow::ensure!(depth < DEEPEST, "folders lie more than {DEEPEST} deep in each other");
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        entries.sort();
        for entry in entries {
            expand(&entry, depth + 1, false, out).with_context(|| entry.display().to_string())?;
        }
        return Ok(());
    }
    let is_rule = path.extension().is_some_and(|it| it == "yml" || it == "yaml");
    if named || (is_rule && meta.is_file()) {
        anyhow::ensure!(meta.is_file(), "this is no file");
        out.push(path.to_path_buf());
    }
    Ok(())
}

/// The bytes of a file, one more than a rule may have at most.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
