//! How does a restored set leave? With a record; its files go to the trash, unless a hold is on one of its days.

use std::sync::Arc;

use crate::clock::Micros;
use crate::error::{Error, ErrorKind, Result};
use crate::hold;
use crate::ledger::record::{Body, Drop};
use crate::ledger::text::Text;
use crate::store::{CommitOptions, Restored, State, Store};

/// What has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The number of the record.
    pub seq: u64,
    /// Days of the set.
    pub days: u64,
    /// Its rows.
    pub rows: u64,
    /// The bytes of its files.
    pub bytes: u64,
}

/// The sets whose time is over, and that no hold keeps.
pub fn expired(state: &State, now_us: Micros) -> Vec<String> {
    let over = state.restored.values().filter(|set| set.until.is_some_and(|until| until <= now_us));
    over.filter(|set| holds(state, set, now_us).is_empty()).map(|set| set.name.clone()).collect()
}

/// The holds over days of a set.
pub fn holds(state: &State, set: &Restored, now_us: Micros) -> Vec<u64> {
    let mut holds: Vec<u64> =
        set.days.keys().flat_map(|day| hold::protects(state, *day, now_us)).collect();
    holds.sort_unstable();
    holds.dedup();
    holds
}

/// The set of this name, if it may go.
fn free<'a>(state: &'a State, name: &str, now_us: Micros) -> Result<&'a Arc<Restored>> {
    let set = state.restored.get(name).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("there is no restored.{name}"))
            .advise("`dwell restore list` lists the sets")
    })?;
    let holds = holds(state, set, now_us);
    if holds.is_empty() {
        return Ok(set);
    }
    let holds: Vec<_> = holds.iter().map(|id| format!("H{id}")).collect();
    let what = format!("restored.{name} has days that are held ({})", holds.join(", "));
    Err(Error::new(ErrorKind::Conflict, what).advise("release the hold first"))
}

/// Drops a set.
///
/// # Errors
/// `InvalidInput`: there is no such set. `Conflict`: a hold is on one of its days.
pub fn drop_set(store: &Arc<Store>, name: &str, options: &CommitOptions) -> Result<Dropped> {
    let change = store.begin_maintenance()?;
    let base = Arc::clone(change.base());
    let set = free(&base, name, options.now_us)?;
    let record = (Body::Drop(Drop { name: name.to_owned() }), Text::by(&options.by));
    let recheck = |newest: &State| free(newest, name, options.now_us).map(drop);
    let seqs = change.commit(vec![record], &[], options, &recheck)?;
    let segments = || set.days.values().flat_map(|day| &day.segments);
    Ok(Dropped {
        seq: seqs.first().copied().unwrap_or_default(),
        days: set.days.len() as u64,
        rows: segments().map(|segment| segment.meta.rows).sum(),
        bytes: set.files().map(|meta| meta.bytes).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use crate::store::{DayState, HoldState};

    fn with_set(until: Option<Micros>) -> State {
        let days = [(Day(10), DayState::default())].into();
        let set = Restored { name: "a".into(), until, days, ..Restored::default() };
        State { restored: [("a".to_owned(), Arc::new(set))].into(), ..State::default() }
    }

    fn hold(state: &mut State, first: Day, last: Day) {
        let hold = HoldState {
            at: 0,
            days: vec![(first, last)],
            id: 3,
            query_at: None,
            released: None,
            seq: 3,
            until: None,
            words: Text::default(),
        };
        state.holds.insert(3, Arc::new(hold));
    }

    #[test]
    fn a_set_ends_when_its_time_is_over_and_nothing_holds_it() {
        assert!(expired(&with_set(Some(10)), 9).is_empty());
        assert_eq!(expired(&with_set(Some(10)), 10), ["a"]);
        assert!(expired(&with_set(None), Micros::MAX).is_empty());
        let mut held = with_set(Some(10));
        hold(&mut held, Day(11), Day(12));
        assert_eq!(expired(&held, 10), ["a"]);
        hold(&mut held, Day(9), Day(10));
        assert!(expired(&held, 10).is_empty());
        let error = free(&held, "a", 10).unwrap_err();
        assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("H3"), "{error}");
        assert_eq!(free(&held, "b", 10).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
