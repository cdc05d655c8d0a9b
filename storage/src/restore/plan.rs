//! What would a restore do? Which of the days asked for are in the archive, how much they are, and where they would go.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::store::State;

/// Space that must be left on the disk beside what comes back.
pub const SPARE_BYTES: u64 = 64 << 20;

/// The longest name of a set: it is a folder, and part of names of files in the trash.
const LONGEST_NAME: usize = 64;

/// Where days go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Beside the live data.
    Set {
        /// The name; made from the days if there is none.
        name: Option<String>,
        /// How long the set stays; until it is dropped if this is not said.
        ttl_us: Option<Micros>,
    },
    /// Into the live data.
    Live,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// Where they go.
    pub goal: Goal,
}

/// One day that is going to be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedDay {
    /// The day.
    pub day: Day,
    /// Its rows, by the index of the archive.
    pub rows: u64,
    /// The bytes of its objects.
    pub bytes: u64,
}

/// What a restore would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the set; none for the live data.
    pub name: Option<String>,
    /// When the set may be dropped.
    pub until: Option<Micros>,
    /// The days that are in the archive.
    pub days: Vec<PlannedDay>,
    /// Days asked for that never were in it, as ranges.
    pub absent: Vec<(Day, Day)>,
}

impl Plan {
    /// The bytes of all days.
    pub fn bytes(&self) -> u64 {
        self.days.iter().map(|day| day.bytes).fold(0, u64::saturating_add)
    }

    /// The rows of all days.
    pub fn rows(&self) -> u64 {
        self.days.iter().map(|day| day.rows).fold(0, u64::saturating_add)
    }

    /// Refuses a restore that would fill the disk of which `free` bytes are left.
    ///
    /// # Errors
    /// `Io`, with both numbers.
    pub fn check_space(&self, free: u64) -> Result<()> {
        let needed = self.bytes().saturating_add(SPARE_BYTES);
        if needed <= free {
            return Ok(());
        }
        let what =
            format!("the days need {needed} bytes on the disk of the store, {free} are free");
        Err(Error::new(ErrorKind::Io, what).advise("restore fewer days at a time, or make room"))
    }
}

/// Plans a restore of `request` into the store of `state`, from an archive that holds `days` (with rows and bytes).
///
/// # Errors
/// `InvalidInput`: days in the wrong order, a bad name, or one that is taken.
pub fn plan(
    days: &BTreeMap<Day, (u64, u64)>,
    state: &State,
    request: &Request,
    now_us: Micros,
) -> Result<Plan> {
    let (first, last) = (request.first, request.last);
    if last < first {
        return Err(Error::new(ErrorKind::InvalidInput, format!("{last} lies before {first}"))
            .advise("write --days FIRST..LAST"));
    }
    let (name, until) = match &request.goal {
        Goal::Live => (None, None),
        Goal::Set { name, ttl_us } => {
            let name = match name {
                Some(name) => name.clone(),
                None => default_name(first, last, state),
            };
            check_name(&name, state)?;
            (Some(name), ttl_us.map(|ttl| now_us.saturating_add(ttl)))
        }
    };
    let found: Vec<_> = days
        .range(first..=last)
        .map(|(&day, &(rows, bytes))| PlannedDay { day, rows, bytes })
        .collect();
    let absent = gaps(first, last, found.iter().map(|found| found.day));
    Ok(Plan { name, until, days: found, absent })
}

/// The ranges of `first..=last` between `days`, which rise.
fn gaps(first: Day, last: Day, days: impl Iterator<Item = Day>) -> Vec<(Day, Day)> {
    let mut gaps = Vec::new();
    let mut next = first.0;
    for day in days {
        if next < day.0 {
            gaps.push((Day(next), Day(day.0 - 1)));
        }
        next = day.0.saturating_add(1);
    }
    if next <= last.0 {
        gaps.push((Day(next), last));
    }
    gaps
}

/// `d2026_11_01`, `d2026_11_01_to_2026_11_30`; with a number if that is taken.
fn default_name(first: Day, last: Day, state: &State) -> String {
    let word = |day: Day| day.to_string().replace(|c: char| !c.is_ascii_digit(), "_");
    let name = match first == last {
        true => format!("d{}", word(first)),
        false => format!("d{}_to_{}", word(first), word(last)),
    };
    let taken = taken(state);
    let numbered = (2..).map(|number: u32| format!("{name}_{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(name)
}

/// The names that tables have already: each set has one of its own, and one of its sources.
fn taken(state: &State) -> BTreeSet<String> {
    let sets = state.restored.keys();
    sets.flat_map(|name| [name.clone(), sources_name(name)]).collect()
}

/// The name of the table of a set's sources.
pub fn sources_name(name: &str) -> String {
    format!("{name}_sources")
}

/// Whether a set may have this name: `[a-z_][a-z0-9_]*`, and no table has it already.
///
/// # Errors
/// `InvalidInput`, with the reason.
pub fn check_name(name: &str, state: &State) -> Result<()> {
    let bad = |what: String| Err(Error::new(ErrorKind::InvalidInput, what));
    if !is_name(name) {
        return bad(format!(
            "`{name}` is no name of a restored set: it has up to {LONGEST_NAME} of a-z, 0-9 and _, and begins with no digit"
        ));
    }
    let taken = taken(state);
    if taken.contains(name) || taken.contains(&sources_name(name)) {
        let error =
            Error::new(ErrorKind::InvalidInput, format!("restored.{name} is there already"));
        return Err(error.advise("choose another name with --as, or drop that set"));
    }
    Ok(())
}

/// Whether a text has the form of a set's name.
pub(crate) fn is_name(name: &str) -> bool {
    let mut chars = name.bytes();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == b'_');
    let rest = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    first && rest && name.len() <= LONGEST_NAME
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::Restored;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn request(first: &str, last: &str, name: Option<&str>) -> Request {
        let goal = Goal::Set { name: name.map(str::to_owned), ttl_us: Some(100) };
        Request { first: day(first), last: day(last), goal }
    }

    fn with_set(name: &str, until: Option<Micros>) -> State {
        let set = Restored { name: name.into(), until, ..Restored::default() };
        State { restored: [(name.to_owned(), Arc::new(set))].into(), ..State::default() }
    }

    fn archived() -> BTreeMap<Day, (u64, u64)> {
        ["2026-11-01", "2026-11-03", "2026-11-04"]
            .iter()
            .zip(1..)
            .map(|(text, rows)| (day(text), (rows, rows * 100)))
            .collect()
    }

    #[test]
    fn days_are_found_and_missed() {
        let state = State::default();
        let wanted = request("2026-10-30", "2026-11-06", None);
        let plan = plan(&archived(), &state, &wanted, 1_000).unwrap();
        assert_eq!(plan.name.as_deref(), Some("d2026_10_30_to_2026_11_06"));
        assert_eq!(plan.until, Some(1_100));
        assert_eq!((plan.days.len(), plan.rows(), plan.bytes()), (3, 6, 600));
        let absent = [
            ("2026-10-30", "2026-10-31"),
            ("2026-11-02", "2026-11-02"),
            ("2026-11-05", "2026-11-06"),
        ];
        assert_eq!(plan.absent, absent.map(|(first, last)| (day(first), day(last))));
        assert!(plan.check_space(SPARE_BYTES + 600).is_ok());
        assert_eq!(plan.check_space(SPARE_BYTES + 599).unwrap_err().kind(), ErrorKind::Io);
    }

    #[test]
    fn names_are_checked() {
        let state = with_set("case_7", None);
        for name in ["a", "_", "case_8", "x2"] {
            check_name(name, &state).unwrap();
        }
        let long = "a".repeat(65);
        for name in ["", "2a", "A", "a-b", "../a", "a.b", "case_7", "case_7_sources", "ä", &long] {
            let error = check_name(name, &state).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
        }
        // The other way round: the sources of the new set would have the name of an old one.
        assert!(check_name("case", &with_set("case_sources", None)).is_err());
        let one = request("2026-11-01", "2026-11-01", None);
        let state = with_set("d2026_11_01", None);
        let plan = plan(&archived(), &state, &one, 0).unwrap();
        assert_eq!(plan.name.as_deref(), Some("d2026_11_01_2"));
    }

    #[test]
    fn days_in_the_wrong_order_are_a_mistake() {
        let wanted = request("2026-11-02", "2026-11-01", None);
        let error = plan(&archived(), &State::default(), &wanted, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
