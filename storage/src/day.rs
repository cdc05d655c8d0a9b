//! A UTC day: the unit of partitions, seals, retention and archives.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use crate::clock::{DAY_US, Micros};
use crate::error::{Error, ErrorKind};

/// A UTC day, counted from 1970-01-01; written `2026-11-20`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub i32);

impl Day {
    /// The day that contains `ts`.
    pub fn of(ts: Micros) -> Self {
        // Any i64 microsecond lies within ±292,000 years, so its day number fits.
        Self(i32::try_from(ts.div_euclid(DAY_US)).unwrap_or(i32::MAX))
    }

    /// The first microsecond of the day.
    pub fn start(self) -> Micros {
        Micros::from(self.0) * DAY_US
    }

    /// The first microsecond after the day.
    pub fn end(self) -> Micros {
        self.start() + DAY_US
    }

    /// The partition folder: `day=2026-11-20`.
    pub fn folder(self) -> String {
        format!("day={self}")
    }

    /// The day of a partition folder's name.
    pub fn from_folder(name: &str) -> Option<Self> {
        name.strip_prefix("day=")?.parse().ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NaiveDate::from_epoch_days(self.0) {
            Some(date) => write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
            None => write!(f, "day {}", self.0),
        }
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::new(ErrorKind::InvalidInput, format!("`{text}` is no day"))
                .advise("write it as 2026-11-20")
        };
        if text.len() != 10 {
            return Err(bad());
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| bad())?;
        Ok(Self(date.to_epoch_days()))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_and_read() {
        let day: Day = "2026-11-20".parse().unwrap();
        assert_eq!(day.to_string(), "2026-11-20");
        assert_eq!(Day::from_folder(&day.folder()), Some(day));
        assert_eq!(Day::of(day.start()), day);
        assert_eq!(Day::of(day.end() - 1), day);
        assert_eq!(Day::of(-1).to_string(), "1969-12-31");
        assert!("2026-1-2".parse::<Day>().is_err());
    }
}
