//! How is a line left for others? Every byte that is sent or read waits for its turn.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{ArchiveTarget, Listed, ObjectLock, Put, Upload};
use crate::clock;
use crate::error::Result;

/// The longest piece that waits at once: short enough that others get in between.
const PIECE_BYTES: u64 = 64 << 10;

/// A rate that all threads share.
#[derive(Debug)]
pub struct Pace {
    bytes_per_second: u64,
    /// When the next byte may go.
    next: Mutex<Duration>,
    /// A clock that never goes back.
    clock: fn() -> Duration,
    /// How one waits.
    wait: fn(Duration),
}

impl Pace {
    /// So many bytes a second; at least one.
    pub fn new(bytes_per_second: u64) -> Self {
        Self::with(bytes_per_second, clock::steady, std::thread::sleep)
    }

    /// The same with another clock and another way to wait.
    pub fn with(bytes_per_second: u64, clock: fn() -> Duration, wait: fn(Duration)) -> Self {
        let bytes_per_second = bytes_per_second.max(1);
        Self { bytes_per_second, next: Mutex::default(), clock, wait }
    }

    /// Waits for the turn of so many bytes.
    pub fn take(&self, bytes: u64) {
        let mut left = bytes;
        while left > 0 {
            let piece = left.min(PIECE_BYTES);
            (self.wait)(self.turn(piece));
            left -= piece;
        }
    }

    /// How long so many bytes have to wait; the turn is theirs from then on.
    fn turn(&self, bytes: u64) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        let start = (*next).max(now);
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        *next = start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        start - now
    }
}

/// A target behind a [`Pace`].
#[derive(Debug)]
pub struct Limited {
    inner: Arc<dyn ArchiveTarget>,
    pace: Pace,
}

impl Limited {
    /// Lets `inner` have so many bytes a second, to and fro together.
    pub fn new(inner: Arc<dyn ArchiveTarget>, pace: Pace) -> Self {
        Self { inner, pace }
    }
}

struct Paced<'a, R> {
    inner: R,
    pace: &'a Pace,
}

impl<R: Read> Read for Paced<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.pace.take(read as u64);
        Ok(read)
    }
}

impl ArchiveTarget for Limited {
    fn url(&self) -> &str {
        self.inner.url()
    }

    fn put(&self, name: &str, upload: &Upload<'_>, lock: Option<ObjectLock>) -> Result<Put> {
        let paced = Upload {
            bytes: upload.bytes,
            open: Box::new(|| Ok(Box::new(Paced { inner: upload.open()?, pace: &self.pace }))),
        };
        self.inner.put(name, &paced, lock)
    }

    fn get(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>> {
        self.pace.take(range.end.saturating_sub(range.start));
        self.inner.get(name, range)
    }

    fn head(&self, name: &str) -> Result<Option<u64>> {
        self.inner.head(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        self.inner.list(prefix)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }

    fn lock(&self, name: &str, lock: ObjectLock) -> Result<()> {
        self.inner.lock(name, lock)
    }

    fn clean(&self) -> Result<()> {
        self.inner.clean()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    static WAITED: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn bytes_go_at_the_rate_given() {
        let clock = || Duration::from_nanos(WAITED.load(Ordering::SeqCst));
        let wait = |time: Duration| {
            WAITED.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
        };
        let pace = Pace::with(1 << 20, clock, wait);
        pace.take(8 << 20);
        pace.take(1);
        assert_eq!(clock().as_secs(), 8);
    }
}
