//! How much may come out of an archive? A thousand times what it is made of; logs pack ten to fifty times, bombs more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What may come out of any archive, however small.
const FREE: u64 = 1 << 30;

/// Bytes out for a byte in.
const RATIO: u64 = 1000;

/// Counts what goes into an archive and what comes out of it and of the archives in it.
#[derive(Debug)]
pub(crate) struct Bounds {
    packed: Arc<AtomicU64>,
    unpacked: AtomicU64,
}

impl Bounds {
    /// `packed` counts what was read from the file or the pipe.
    pub(crate) fn new(packed: Arc<AtomicU64>) -> Self {
        Self { packed, unpacked: AtomicU64::new(0) }
    }

    /// So many more bytes went in.
    pub(super) fn packed(&self, bytes: u64) {
        self.packed.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many more bytes came out; why that is too much, if it is.
    pub(crate) fn unpacked(&self, bytes: u64) -> Result<(), String> {
        let all = self.unpacked.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let packed = self.packed.load(Ordering::Relaxed);
        if all <= packed.saturating_mul(RATIO).saturating_add(FREE) {
            return Ok(());
        }
        Err(format!("the archive unpacks to more than {RATIO} times its size"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_pass_and_bombs_do_not() {
        let bounds = Bounds::new(Arc::default());
        assert!(bounds.unpacked(FREE).is_ok());
        assert!(bounds.unpacked(1).is_err());
        bounds.packed(10);
        assert!(bounds.unpacked(9_000).is_ok());
        assert!(bounds.unpacked(1_000).unwrap_err().contains("1000 times"));
        assert!(Bounds::new(Arc::default()).unpacked(u64::MAX).is_err());
    }
}
