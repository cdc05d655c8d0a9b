//! What if the n-th call fails? A file system that lets it fail, once or for good.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{FileWriter, Fs, Lock, Rights};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It does nothing and reports an error.
    Error,
    /// A write leaves half of its bytes and reports an error; any other call fails as with [`FaultKind::Error`].
    Torn,
    /// As [`FaultKind::Torn`], and every later call fails, too: the process is as good as dead.
    Dead,
}

/// A file system whose n-th call fails.
#[derive(Debug, Clone)]
pub struct FaultyFs {
    inner: Arc<dyn Fs>,
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    kind: FaultKind,
    fail_at: u64,
    calls: AtomicU64,
    fired: AtomicU64,
}

/// What is to become of one call.
enum Verdict {
    Pass,
    Fail,
}

impl Plan {
    fn next(&self) -> Verdict {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let hit = call == self.fail_at || (self.kind == FaultKind::Dead && call > self.fail_at);
        if !hit {
            return Verdict::Pass;
        }
        self.fired.fetch_add(1, Ordering::SeqCst);
        Verdict::Fail
    }

    fn check(&self) -> io::Result<()> {
        match self.next() {
            Verdict::Pass => Ok(()),
            Verdict::Fail => Err(injected()),
        }
    }
}

fn injected() -> io::Error {
    io::Error::other("injected fault")
}

impl FaultyFs {
    /// Lets the call number `fail_at` (from 1) fail; 0 lets none fail.
    pub fn new(inner: Arc<dyn Fs>, fail_at: u64, kind: FaultKind) -> Self {
        let plan = Plan { kind, fail_at, calls: AtomicU64::new(0), fired: AtomicU64::new(0) };
        Self { inner, plan: Arc::new(plan) }
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.plan.calls.load(Ordering::SeqCst)
    }

    /// How many of them were made to fail.
    pub fn fired(&self) -> u64 {
        self.plan.fired.load(Ordering::SeqCst)
    }
}

struct FaultyFile {
    inner: Box<dyn FileWriter>,
    plan: Arc<Plan>,
}

impl Write for FaultyFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.plan.next() {
            Verdict::Pass => self.inner.write(buf),
            Verdict::Fail => {
                if self.plan.kind != FaultKind::Error {
                    self.inner.write_all(&buf[..buf.len() / 2])?;
                }
                Err(injected())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl FileWriter for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.plan.check()?;
        self.inner.sync()
    }
}

impl FaultyFs {
    fn wrap(&self, inner: Box<dyn FileWriter>) -> Box<dyn FileWriter> {
        Box::new(FaultyFile { inner, plan: Arc::clone(&self.plan) })
    }
}

impl Fs for FaultyFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        self.plan.check()?;
        Ok(self.wrap(self.inner.create_new(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        self.plan.check()?;
        Ok(self.wrap(self.inner.append(path)?))
    }

    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()> {
        self.plan.check()?;
        self.inner.create_dir(path, rights)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.check()?;
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.check()?;
        self.inner.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.plan.check()?;
        self.inner.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.plan.check()?;
        self.inner.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.plan.check()?;
        self.inner.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.plan.check()?;
        self.inner.try_lock(path)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.plan.check()?;
        self.inner.try_lock_shared(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.plan.check()?;
        self.inner.read(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.plan.check()?;
        self.inner.list(path)
    }
}
