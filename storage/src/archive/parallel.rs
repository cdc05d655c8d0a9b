//! How is work shared among threads so that the first failure of the whole ends it?

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// Does `work` for each item on so many threads; results stand in the order of the items. After a failure that is not about
/// one item's integrity nothing new is begun: what was not done counts as interrupted.
pub(crate) fn each<T: Sync>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<()> + Sync,
) -> Vec<Result<()>> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let results: Mutex<Vec<Option<Result<()>>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return };
            let done = work(item);
            if done.as_ref().is_err_and(|error| error.kind() != ErrorKind::Integrity) {
                stop.store(true, Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(done);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The failure that stopped the others comes first, so that it is the one that is told.
    let failed = results
        .iter()
        .position(|it| matches!(it, Some(Err(error)) if error.kind() != ErrorKind::Integrity));
    let first = failed.and_then(|at| results[at].take());
    let undone = || Err(Error::new(ErrorKind::Interrupted, "stopped"));
    let mut done: Vec<Result<()>> =
        results.into_iter().map(|result| result.unwrap_or_else(undone)).collect();
    if let Some(first) = first
        && let Some(place) = done.first_mut()
    {
        *place = first;
    }
    done
}
