//! What if the n-th call to a target fails, or is done and its answer is lost, or gives back other bytes?

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ArchiveTarget, Listed, ObjectLock, Put, Upload};
use crate::error::{Error, ErrorKind, Result};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetFault {
    /// It does nothing and reports an error.
    Error,
    /// It is done, but reports an error.
    Lost,
    /// It does nothing, and so does every later call: the line is cut.
    Dead,
    /// A call that reads gives back bytes of which one bit is flipped; any other call passes.
    Flipped,
}

/// A target whose n-th call fails.
#[derive(Debug, Clone)]
pub struct FaultyTarget {
    inner: Arc<dyn ArchiveTarget>,
    kind: TargetFault,
    fail_at: u64,
    calls: Arc<AtomicU64>,
    fired: Arc<AtomicU64>,
}

impl FaultyTarget {
    /// Lets the call number `fail_at` (from 1) fail; 0 lets none fail.
    pub fn new(inner: Arc<dyn ArchiveTarget>, fail_at: u64, kind: TargetFault) -> Self {
        Self { inner, kind, fail_at, calls: Arc::default(), fired: Arc::default() }
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// How many of them were made to fail.
    pub fn fired(&self) -> u64 {
        self.fired.load(Ordering::SeqCst)
    }

    fn hit(&self) -> bool {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        call == self.fail_at || (self.kind == TargetFault::Dead && call > self.fail_at)
    }

    fn call<T>(&self, name: &str, done: impl FnOnce() -> Result<T>) -> Result<T> {
        if !self.hit() {
            return done();
        }
        if self.kind == TargetFault::Flipped {
            return done();
        }
        self.fired.fetch_add(1, Ordering::SeqCst);
        if self.kind == TargetFault::Lost {
            done()?;
        }
        Err(Error::new(ErrorKind::Io, "injected fault").at(name))
    }
}

impl ArchiveTarget for FaultyTarget {
    fn url(&self) -> &str {
        self.inner.url()
    }

    fn put(&self, name: &str, upload: &Upload<'_>, lock: Option<ObjectLock>) -> Result<Put> {
        self.call(name, || self.inner.put(name, upload, lock))
    }

    fn get(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>> {
        if self.kind != TargetFault::Flipped {
            return self.call(name, || self.inner.get(name, range));
        }
        let mut bytes = self.inner.get(name, range)?;
        if self.hit() && !bytes.is_empty() {
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            self.fired.fetch_add(1, Ordering::SeqCst);
        }
        Ok(bytes)
    }

    fn head(&self, name: &str) -> Result<Option<u64>> {
        self.call(name, || self.inner.head(name))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        self.call(prefix, || self.inner.list(prefix))
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.call(name, || self.inner.delete(name))
    }

    fn lock(&self, name: &str, lock: ObjectLock) -> Result<()> {
        self.call(name, || self.inner.lock(name, lock))
    }

    fn clean(&self) -> Result<()> {
        self.call("incoming", || self.inner.clean())
    }
}
