//! Which year a time without one belongs to.

use storage::clock::{DAY_US, Micros};

use super::civil;

/// How far behind a line the reference may lie: clocks of sender and writer differ.
const AHEAD_US: Micros = 2 * DAY_US;

/// The latest year whose `month` and `day`, made an instant by `instant`, lie at most two days behind `near`. It depends
/// on the date and `near` only, not on other lines, so that it is the same in whatever order lines are read; over the
/// lines of less than a year before `near` it is monotone, on both sides of New Year.
pub(crate) fn infer<T>(
    near: Micros,
    month: i64,
    day: i64,
    instant: impl Fn(i64) -> Option<(i64, T)>,
) -> Option<(i64, (i64, T))> {
    let latest = near.saturating_add(AHEAD_US);
    // Local dates are less than a day from UTC.
    let (year, ..) = civil::date(latest.div_euclid(DAY_US) + 1);
    // Leap years are at most eight years apart.
    (0..=9).find_map(|back| {
        let days = civil::days(year - back, month, day)?;
        let (seconds, found) = instant(days)?;
        (seconds.checked_mul(1_000_000)? <= latest).then_some((days, (seconds, found)))
    })
}
