//! Where does the output go? To stdout, made safe if that is a terminal, or to a file that appears whole by rename.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::escape::EscapingWriter;

/// The place of the output; bytes written to it reach their end with [`Target::finish`] only.
#[derive(Debug)]
pub(crate) enum Target {
    /// stdout as it is: a pipe or a file.
    Plain(BufWriter<Stdout>),
    /// stdout as a terminal: control characters are made visible.
    Terminal(EscapingWriter<BufWriter<Stdout>>),
    /// A device or a pipe that was named as a file.
    Device(BufWriter<File>),
    /// A file, written beside its final name.
    File {
        /// The open file.
        file: BufWriter<File>,
        /// Its name until it is whole.
        staged: PathBuf,
        /// Its final name.
        path: PathBuf,
        /// Whether it has reached its final name.
        done: bool,
    },
}

impl Target {
    /// Opens `path`, or stdout without one.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            Some(path) => Self::file(path),
            None => Ok(Self::stdout()),
        }
    }

    /// stdout.
    pub(crate) fn stdout() -> Self {
        let out = BufWriter::with_capacity(64 * 1024, io::stdout());
        if stdout_is_terminal() {
            Self::Terminal(EscapingWriter::new(out))
        } else {
            Self::Plain(out)
        }
    }

    fn file(path: &Path) -> Result<Self> {
        let what = || format!("cannot write `{}`", path.display());
        if let Ok(existing) = std::fs::metadata(path)
            && !existing.is_file()
        {
            // A device or a pipe is written to, never replaced.
            let file = File::options().write(true).open(path).with_context(what)?;
            return Ok(Self::Device(BufWriter::new(file)));
        }
        // A symbolic link keeps pointing where it did.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let name =
            path.file_name().with_context(|| format!("`{}` names no file", path.display()))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let staged = path.with_file_name(hidden);
        let file = File::create(&staged).with_context(what)?;
        let file = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self::File { file, staged, path: path.to_path_buf(), done: false })
    }

    /// Writes out what is left and gives a file its final name.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        if let Self::File { file, staged, path, done } = &mut self {
            let what = || format!("cannot write `{}`", path.display());
            file.get_ref().sync_all().with_context(what)?;
            std::fs::rename(&*staged, &*path).with_context(what)?;
            *done = true;
        }
        Ok(())
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(out) => out,
            Self::Terminal(out) => out,
            Self::Device(out) => out,
            Self::File { file, .. } => file,
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // An output that did not come to its end leaves nothing behind.
        if let Self::File { staged, done: false, .. } = self {
            let _ = std::fs::remove_file(staged);
        }
    }
}

/// Whether stdout is a terminal.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Adds bytes to the end of a file, which is made if it is not there, in one write.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
