//! Which days may no command remove? Holds name days, or a query that says which; every verb that removes asks here, and
//! removes nothing if it gets no answer.
//!
//! A query is a matter of SQL and so of the caller: [`due`] says which days have changed since a hold's query was last
//! asked, [`extend`] notes what the query has found. [`Asked`] stands for "everything was asked at this size of the
//! ledger"; [`Asked::recheck`] looks again under the writer's lock.

use std::sync::Arc;

use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{self, Body};
use crate::ledger::text::Text;
use crate::store::{CommitOptions, HoldState, State, Store};

/// How often a plan is made anew because another writer was faster.
const TRIES: u32 = 20;

/// A hold to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// First and last day of each range.
    pub days: Vec<(Day, Day)>,
    /// The condition over `requests` that says which days, where there is one, and how many records the ledger had when
    /// it gave `days`.
    pub query: Option<(String, u64)>,
    /// When it ends by itself.
    pub until: Option<Micros>,
    /// Why.
    pub reason: String,
    /// The case it is for.
    pub case: String,
}

/// The holds over a day at this time, by number.
pub fn protects(state: &State, day: Day, now: Micros) -> Vec<u64> {
    active(state, now).filter(|hold| hold.covers(day)).map(|hold| hold.id).collect()
}

/// The holds that hold anything at this time.
pub fn active(state: &State, now: Micros) -> impl Iterator<Item = &Arc<HoldState>> {
    state.holds.values().filter(move |hold| hold.is_active(now))
}

/// Active holds whose query has to be asked again, each with the days whose rows have changed since it was.
pub fn due(state: &State, now: Micros) -> Vec<(Arc<HoldState>, Vec<Day>)> {
    let queries = active(state, now).filter_map(|hold| Some((hold, hold.query_at?)));
    let due = queries.map(|(hold, asked)| (Arc::clone(hold), changed_since(state, asked)));
    due.filter(|(_, days)| !days.is_empty()).collect()
}

fn changed_since(state: &State, records: u64) -> Vec<Day> {
    state.days.iter().filter(|(_, held)| held.changed > records).map(|(day, _)| *day).collect()
}

/// The queries of all holds were asked when the ledger had so many records, and what they found is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    records: u64,
}

impl Asked {
    /// All queries were asked over this version.
    pub fn at(state: &State) -> Self {
        Self { records: state.records }
    }

    /// Whether none of these days is held in the newest version, and no query could find one of them by now. To be
    /// called under the writer's lock.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`]: ask and plan anew.
    pub fn recheck(
        &self,
        newest: &State,
        days: impl IntoIterator<Item = Day>,
        now: Micros,
    ) -> Result<()> {
        let queries = active(newest, now).filter_map(|hold| hold.query_at).min();
        for day in days {
            let conflict =
                |what: &str| Err(Error::new(ErrorKind::Conflict, format!("{day} {what}")));
            if !protects(newest, day, now).is_empty() {
                return conflict("was put under a hold meanwhile");
            }
            let changed = newest.days.get(&day).map_or(0, |held| held.changed);
            if queries.is_some_and(|asked| changed > asked.max(self.records)) {
                return conflict("has changed since the queries of the holds were asked");
            }
        }
        Ok(())
    }
}

/// Places a hold; returns its number.
pub fn place(store: &Arc<Store>, hold: &NewHold, options: &CommitOptions) -> Result<u64> {
    let mut error = None;
    for _ in 0..TRIES {
        let change = store.begin_maintenance()?;
        let id = next_id(change.base());
        let (query, query_at) = match &hold.query {
            Some((text, asked)) => (text.as_str(), Some(*asked)),
            None => ("", None),
        };
        let words = Text::by(&options.by)
            .with("reason", &hold.reason)
            .with("case", &hold.case)
            .with("where", query);
        let body = record::Hold { days: hold.days.clone(), id, query_at, until: hold.until };
        let free = |newest: &State| match next_id(newest) == id {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Conflict, "another hold was placed meanwhile")),
        };
        match change.commit(vec![(Body::Hold(body), words)], &[], options, &free) {
            Err(conflict) if conflict.kind() == ErrorKind::Conflict => error = Some(conflict),
            done => return done.map(|_| id),
        }
    }
    Err(error.unwrap_or_else(|| Error::new(ErrorKind::Conflict, "other writers were faster")))
}

fn next_id(state: &State) -> u64 {
    state.holds.keys().next_back().map_or(1, |last| last + 1)
}

/// Notes days that a hold's query has found when the ledger had `asked` records.
pub fn extend(
    store: &Arc<Store>,
    id: u64,
    days: &[Day],
    asked: u64,
    options: &CommitOptions,
) -> Result<()> {
    let change = store.begin_maintenance()?;
    let days = ranges(days);
    let body = record::Hold { days, id, query_at: Some(asked), until: None };
    let record = (Body::Hold(body), Text::by(&options.by));
    change.commit(vec![record], &[], options, &|_| Ok(())).map(drop)
}

/// Days in order as ranges.
pub fn ranges(days: &[Day]) -> Vec<(Day, Day)> {
    let mut ranges: Vec<(Day, Day)> = Vec::new();
    for &day in days {
        match ranges.last_mut() {
            Some((_, last)) if day.0 - last.0 <= 1 => *last = day.max(*last),
            _ => ranges.push((day, day)),
        }
    }
    ranges
}

/// Ends a hold for a reason that the ledger keeps.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there is no such hold, or it has been released already.
pub fn release(store: &Arc<Store>, id: u64, reason: &str, options: &CommitOptions) -> Result<()> {
    let is_there = |state: &State| {
        let wrong = |what: &str| {
            Err(Error::new(ErrorKind::InvalidInput, format!("hold {id} {what}"))
                .advise("`dwell hold list` shows them"))
        };
        match state.holds.get(&id) {
            None => wrong("does not exist"),
            Some(hold) if hold.released.is_some() => wrong("has been released already"),
            Some(_) => Ok(()),
        }
    };
    is_there(&*store.refresh()?)?;
    let change = store.begin_maintenance()?;
    let record =
        (Body::Release(record::Release { id }), Text::by(&options.by).with("reason", reason));
    change.commit(vec![record], &[], options, &is_there).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DayState;

    fn hold(id: u64, first: i32, last: i32) -> HoldState {
        HoldState {
            at: 0,
            days: vec![(Day(first), Day(last))],
            id,
            query_at: None,
            released: None,
            seq: id,
            until: None,
            words: Text::default(),
        }
    }

    fn state(holds: Vec<HoldState>) -> State {
        let mut state = State::default();
        state.holds.extend(holds.into_iter().map(|hold| (hold.id, Arc::new(hold))));
        for (day, changed) in [(10, 5), (11, 8)] {
            state.days.insert(Day(day), DayState { changed, ..DayState::default() });
        }
        state
    }

    #[test]
    fn a_hold_protects_until_it_ends() {
        let ended = HoldState { until: Some(100), ..hold(2, 10, 12) };
        let released = HoldState { released: Some(50), ..hold(3, 10, 12) };
        let state = state(vec![hold(1, 12, 14), ended, released]);
        assert_eq!(protects(&state, Day(12), 99), [1, 2]);
        assert_eq!(protects(&state, Day(12), 100), [1]);
        assert_eq!(protects(&state, Day(10), 99), [2]);
        assert_eq!(protects(&state, Day(15), 0), [0; 0]);
    }

    #[test]
    fn queries_are_asked_of_days_that_have_changed() {
        let query = HoldState { query_at: Some(5), days: Vec::new(), ..hold(1, 0, 0) };
        let state = state(vec![query, hold(2, 90, 90)]);
        let due = due(&state, 0);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].0.id, due[0].1.as_slice()), (1, &[Day(11)][..]));
        let kind = |asked: u64, day: i32| {
            let checked = Asked { records: asked }.recheck(&state, [Day(day)], 0);
            checked.map_err(|error| error.kind())
        };
        assert_eq!(kind(8, 11), Ok(()));
        assert_eq!(kind(7, 11), Err(ErrorKind::Conflict));
        assert_eq!(kind(0, 10), Ok(()));
        assert_eq!(kind(8, 90), Err(ErrorKind::Conflict));
    }

    #[test]
    fn days_in_a_row_are_one_range() {
        let days = [Day(1), Day(2), Day(2), Day(4)];
        assert_eq!(ranges(&days), [(Day(1), Day(2)), (Day(4), Day(4))]);
    }
}
