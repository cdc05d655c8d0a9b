//! What must stay when files are put together: seals and their leaves, hidden lines of held days?

use dwell_ingest::raw::Lines;
use storage::compact::{Policy, Report};
use storage::hold::{self, NewHold};
use storage::ledger::record::Table;
use storage::seal;

use super::{assert_all, commit_options, compact, files, many, raw_day};
use crate::support::{Bench, log, options};

const DAY: &str = "2026-11-19";

#[test]
fn a_seal_holds_over_what_it_sealed() {
    let bench = Bench::new();
    // The end of a half line comes after the seal: the line that was sealed is shown no longer.
    let text = log(86_000, 250);
    let path = bench.write("grows.log", &text[..text.len() - 15]);
    bench.run(&[&path], &options());
    for nth in 0..3 {
        let path = bench.write(&format!("{nth}.log"), &log(80_000 + nth, 50));
        bench.run(&[&path], &options());
    }
    let day = DAY.parse().unwrap();
    let sealed = seal::apply(&bench.store, day, &Lines, &commit_options()).unwrap().unwrap();
    assert_eq!(sealed.leaves, 400);
    bench.run(&[&bench.write("grows.log", &text)], &options());
    for nth in 3..5 {
        let path = bench.write(&format!("{nth}.log"), &log(80_000 + nth, 50));
        bench.run(&[&path], &options());
    }
    let before = raw_day(&bench.store, DAY);
    let salts = |at: usize| bench.store.state().days[&day].seals[at].seal.salts.clone();
    let old = salts(0);

    let report = compact(&bench.store, Policy::default()).unwrap();
    let seals: Vec<_> = report.groups.iter().map(|group| (group.seal, group.dropped)).collect();
    assert_eq!(seals, [(None, 0), (Some(sealed.seq), 1)], "{report:?}");
    let state = bench.store.state();
    assert_eq!(files(&bench.store).0, 2);
    assert_eq!(raw_day(&bench.store, DAY), before);
    assert_ne!(salts(0), old);
    seal::check(&bench.store, &state, &state.days[&day].seals[0], &Lines).unwrap();
    // What came later is sealed as an addendum, and both stay apart.
    seal::apply(&bench.store, day, &Lines, &commit_options()).unwrap().unwrap();
    let path = bench.write("last.log", &log(80_009, 50));
    bench.run(&[&path], &options());
    assert_eq!(compact(&bench.store, Policy::default()).unwrap(), Report::default());
    let state = bench.store.refresh().unwrap();
    for sealed in &state.days[&day].seals {
        seal::check(&bench.store, &state, sealed, &Lines).unwrap();
    }
    assert_eq!(state.days[&day].segments.len(), 3);
}

#[test]
fn a_sealed_day_of_which_nothing_is_shown_stays() {
    let bench = Bench::new();
    bench.take(&bench.write("a.log", &log(80_000, 60)));
    let day = DAY.parse().unwrap();
    seal::apply(&bench.store, day, &Lines, &commit_options()).unwrap().unwrap();
    let by_us = 86_400_000_000;
    let shifted = dwell_ingest::pipeline::shift::apply;
    assert!(shifted(&bench.store, 1, by_us, "slow", &options(), &()).unwrap());
    let report = compact(&bench.store, Policy::default()).unwrap();
    assert!(report.groups.is_empty() && report.kept.len() == 1, "{report:?}");
    assert!(report.kept[0].why.starts_with("sealed"));
    let state = bench.store.state();
    seal::check(&bench.store, &state, &state.days[&day].seals[0], &Lines).unwrap();
}

#[test]
fn hidden_lines_of_held_days_stay() {
    let bench = Bench::new();
    let sources = many(&bench);
    let day = DAY.parse().unwrap();
    let new = NewHold {
        days: vec![(day, day)],
        query: None,
        until: None,
        reason: "inquiry".into(),
        case: "7".into(),
    };
    let id = hold::place(&bench.store, &new, &commit_options()).unwrap();
    let report = compact(&bench.store, Policy::default()).unwrap();
    assert!(!report.kept.is_empty() && report.groups.iter().all(|group| group.dropped == 0));
    let rows = report.groups.iter().filter(|group| group.table == Table::Requests);
    assert!(rows.count() > 0, "files without hidden lines are put together: {report:?}");
    assert!(!bench.store.state().hidden.is_empty());
    assert_all(&bench.store, &sources);
    let again = compact(&bench.store, Policy::default()).unwrap();
    assert_eq!((again.groups.len(), again.kept), (0, report.kept));
    hold::release(&bench.store, id, "over", &commit_options()).unwrap();
    let report = compact(&bench.store, Policy::default()).unwrap();
    assert!(report.kept.is_empty() && report.groups.iter().any(|group| group.dropped > 0));
    assert_eq!((files(&bench.store), bench.store.state().hidden.len()), ((2, 1), 0));
    assert_all(&bench.store, &sources);
}
