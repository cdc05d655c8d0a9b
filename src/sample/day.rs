//! A day at an office with planted incidents: the log of `dwell demo`.

use std::io::{self, Write};

use storage::Day;

use super::office::Office;
use super::planted;

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct DayOptions {
    /// The UTC day of all lines.
    pub day: Day,
    /// About how many lines.
    pub lines: u32,
    /// Another seed, another day.
    pub seed: u64,
}

/// Writes the log, in the order of time, in the format [`super::LOGFORMAT`]; returns how many lines and clients.
///
/// # Errors
/// Those of `out`.
pub fn write(options: &DayOptions, out: &mut impl Write) -> io::Result<(u64, usize)> {
    let lines = options.lines.max(1_000) as usize;
    let people = (lines / 833).clamp(20, 2_000);
    let mut office = Office::new(options.day.start() / 1_000, people, options.seed);
    planted::plant(&mut office);
    office.poll();
    office.browse(lines);
    let end_ms = options.day.end() / 1_000;
    office.requests.retain(|request| request.at_ms < end_ms);
    office.requests.sort_by_key(|request| request.at_ms);
    for request in &office.requests {
        request.write(out)?;
    }
    out.flush()?;
    Ok((office.requests.len() as u64, people))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(seed: u64) -> String {
        let mut out = Vec::new();
        let options = DayOptions { day: "2026-11-20".parse().unwrap(), lines: 5_000, seed };
        write(&options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_day() {
        assert_eq!(day(1), day(1));
        assert_ne!(day(1), day(2));
    }

    #[test]
    fn lines_are_in_order_and_of_the_day() {
        let day = day(1);
        let times: Vec<&str> = day.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(times.is_sorted());
        assert!(times.len() >= 5_000);
        assert!(times.iter().all(|time| ("1795132800".."1795219200").contains(time)));
        assert!(day.contains("203.0.113.66:4444"));
    }
}
