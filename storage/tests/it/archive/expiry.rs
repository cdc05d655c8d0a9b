//! Do days leave an archive by age, and never under a hold?

use std::collections::BTreeSet;

use dwell_storage::archive::{expire, plan_expiry, sweep};
use dwell_storage::clock::DAY_US;
use dwell_storage::ledger::record::Hold;

use super::*;

fn hold(store: &Arc<Store>, day: Day) {
    let change = store.begin_maintenance().unwrap();
    let body = Hold { days: vec![(day, day)], id: 1, query_at: None, until: None };
    let records = vec![(Body::Hold(body), Text::by("anna").with("reason", "a case"))];
    change.commit(records, &[], &options(), &|_: &State| Ok(())).unwrap();
}

#[test]
fn old_days_leave_but_for_those_under_a_hold() {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    let now = NOON + 3 * DAY_US;
    let archive = sealed.open().unwrap();
    let state = sealed.store.refresh().unwrap();
    assert_eq!(plan_expiry(&state, &archive, 4, now), []);
    let old = plan_expiry(&state, &archive, 3, now);
    assert_eq!(old.iter().map(|it| it.indexed.day).collect::<Vec<_>>(), [days()[0]]);
    assert!(old[0].live && !old[0].is_last_copy() && old[0].holds.is_empty());

    let due = BTreeSet::from([days()[0]]);
    let fine = |_: &State| Ok(());
    hold(&sealed.store, days()[0]);
    let state = sealed.store.refresh().unwrap();
    assert_eq!(plan_expiry(&state, &archive, 3, now)[0].holds, [1]);
    let error = expire(&sealed.store, &sealed.target(), &due, &sealed.options(), &fine);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sealed.open().unwrap().days().len(), 2);

    let due = BTreeSet::from([days()[1]]);
    let done = expire(&sealed.store, &sealed.target(), &due, &sealed.options(), &fine).unwrap();
    assert_eq!((done.days.as_slice(), done.objects), (&[days()[1]][..], 11));
    assert_eq!(sealed.open().unwrap().days().len(), 1);
    assert!(sealed.verify(true).is_valid() && sealed.verify(true).unfinished.is_empty());
    let state = sealed.store.refresh().unwrap();
    assert_eq!(state.archives.values().next().unwrap().days.len(), 1);
    // What is live is due again.
    assert_eq!(sealed.archive(&sealed.target()).unwrap().archived.len(), 1);
}

#[test]
fn an_expiry_that_fails_anywhere_is_ended_by_the_next() {
    let mut fired = 0;
    for kind in [TargetFault::Error, TargetFault::Lost, TargetFault::Dead] {
        for fail_at in 1.. {
            let sealed = Sealed::new();
            sealed.archive(&sealed.target()).unwrap();
            let faulty = Arc::new(FaultyTarget::new(sealed.target(), fail_at, kind));
            let target: Arc<dyn ArchiveTarget> = Arc::clone(&faulty) as _;
            let due = BTreeSet::from([days()[0]]);
            let fine = |_: &State| Ok(());
            let first = expire(&sealed.store, &target, &due, &sealed.options(), &fine);
            if faulty.fired() == 0 {
                assert!(first.is_ok());
                break;
            }
            fired += 1;
            // The archive is sound at every step, and never says more than it has.
            let report = sealed.verify(true);
            assert!(report.is_valid(), "{kind:?} at {fail_at}: {report:?}");
            expire(&sealed.store, &sealed.target(), &due, &sealed.options(), &fine).unwrap();
            let report = sealed.verify(true);
            assert!(report.is_valid() && report.unfinished.is_empty());
            assert_eq!(report.days, 1);
        }
    }
    assert!(fired > 60, "{fired}");
}

#[test]
fn replaced_packages_are_swept_away() {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    real::ingest(&sealed.store, "/var/log/c.log").unwrap();
    seal(&sealed.store, days()[1]);
    sealed.archive(&sealed.target()).unwrap();
    assert_eq!(sealed.verify(false).unfinished.len(), 1);
    let only = BTreeSet::from([days()[0]]);
    let none = sweep(&sealed.store, &sealed.target(), Some(&only), &sealed.options()).unwrap();
    assert_eq!(none.objects, 0);
    let only = BTreeSet::from([days()[1]]);
    let done = sweep(&sealed.store, &sealed.target(), Some(&only), &sealed.options()).unwrap();
    assert_eq!(done.objects, 11);
    let report = sealed.verify(true);
    assert!(report.is_valid() && report.unfinished.is_empty());
}
