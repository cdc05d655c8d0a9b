//! The only place where the time of day is read; everything else takes it as an argument.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01T00:00:00Z, the unit of every time in a store.
pub type Micros = i64;

/// One UTC day in microseconds.
pub const DAY_US: Micros = 86_400_000_000;

/// Reads the system clock, in microseconds since 1970 UTC (negative before it).
#[expect(clippy::disallowed_methods, reason = "this is the one clock read of the workspace")]
pub fn now_us() -> Micros {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    }
}

/// How long this process has been asking for the time: a clock that never goes back, for rates.
pub fn steady() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
