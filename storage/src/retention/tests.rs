//! What is planned, case by case, and what is never planned.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clock::{DAY_US, Micros};
use crate::config::RetentionConfig;
use crate::day::Day;
use crate::digest::Digest;
use crate::segment::{FileMeta, SourceRange};

/// 2026-11-24T12:00:00Z.
const NOW: Micros = 1_795_478_400_000_000 + DAY_US / 2;

fn today() -> Day {
    Day::of(NOW)
}

/// So many days ago.
fn ago(days: i32) -> Day {
    Day(today().0 - days)
}

fn file(name: &str, sources: &[(i32, u64)], bytes: u64) -> Arc<FileMeta> {
    let range = |&(source_id, rows): &(i32, u64)| SourceRange {
        source_id,
        first_line: 1,
        last_line: rows as i64,
        rows,
    };
    Arc::new(FileMeta {
        path: name.to_owned(),
        bytes,
        sha256: Digest::default(),
        tail: 0,
        root: Digest::default(),
        rows: sources.iter().map(|(_, rows)| rows).sum(),
        min_ts: 0,
        max_ts: 0,
        sources: sources.iter().map(range).collect(),
        stats: crate::segment::Stats::default(),
    })
}

/// Days that were ingested as they came, each with one file of 1,000 bytes and 100 rows of source 1.
fn days(ages: &[i32]) -> Inventory {
    let mut inventory = Inventory::default();
    for &age in ages {
        add(&mut inventory, age, &[(1, 100)]);
    }
    inventory
}

fn add(inventory: &mut Inventory, age: i32, sources: &[(i32, u64)]) {
    let day = inventory.days.entry(ago(age)).or_default();
    let name = format!("{age}-{}", day.pieces.len());
    day.pieces.push(Piece { file: file(&name, sources, 1_000), rows: sources.to_vec() });
    day.ingested_us = ago(age).end() + 3_600_000_000;
}

fn settings(text: &str) -> RetentionConfig {
    crate::config::Config::parse(format!("[retention]\n{text}").as_bytes()).unwrap().retention
}

fn policy(text: &str) -> Policy {
    Policy::new(&settings(text), None)
}

/// Gives sources their terms and says that they have rows.
fn know(inventory: &mut Inventory, policy: &Policy, sources: &[(i32, &str, &str)]) {
    for (id, path, format) in sources {
        let source = crate::store::Source::example(*id, path, format);
        inventory.sources.insert(*id, (policy.terms(&source), true));
    }
}

fn gone(plan: &Plan) -> Vec<i32> {
    plan.retired.keys().map(|day| today().0 - day.0).rev().collect()
}

#[test]
fn keep_days_needs_both_dates() {
    let mut inventory = days(&[9, 10, 11, 12, 40]);
    let policy = policy("keep_days = 10");
    assert_eq!(gone(&plan_over(&inventory, &policy, NOW)), [11, 12, 40]);
    // A late delivery for an old day.
    if let Some(day) = inventory.days.get_mut(&ago(40)) {
        day.ingested_us = NOW - 10 * DAY_US + 1;
    }
    let plan = plan_over(&inventory, &policy, NOW);
    assert_eq!(gone(&plan), [11, 12]);
    let kept = &plan.kept[&ago(40)];
    assert_eq!(kept.why, [Why::LastIngest].into());
    assert_eq!(kept.expires, Some(ago(0)));
    assert_eq!(plan.kept[&ago(9)].why, [Why::Young].into());
    assert_eq!(plan.kept[&ago(9)].expires, Some(ago(-2)));
    assert_eq!((plan.live_rows, plan.rows(), plan.bytes(), plan.files()), (500, 200, 2_000, 2));
    assert!(plan.retired[&ago(11)].whole);
    assert_eq!(plan.retired[&ago(11)].causes, [Cause::KeepDays(10)].into());
}

#[test]
fn max_days_goes_by_the_date_alone() {
    let mut inventory = days(&[5, 400]);
    inventory.days.get_mut(&ago(400)).unwrap().ingested_us = NOW;
    let plan = plan_over(&inventory, &policy("keep_days = 300\nmax_days = 365"), NOW);
    assert_eq!(gone(&plan), [400]);
    assert_eq!(plan.retired[&ago(400)].causes, [Cause::MaxDays(365)].into());
}

#[test]
fn holds_win_over_everything() {
    let mut inventory = days(&[100, 200, 300]);
    inventory.days.get_mut(&ago(200)).unwrap().holds = vec![3, 4];
    let plan = plan_over(
        &inventory,
        &policy("keep_days = 1\nmax_days = 2\nmax_bytes = 1\nlimit_percent = 100"),
        NOW,
    );
    assert_eq!(gone(&plan), [100, 300]);
    assert_eq!(plan.kept[&ago(200)].why, [Why::Held(3), Why::Held(4)].into());
    assert_eq!(plan.short_bytes, 999);
    assert!(plan.beyond_limits().is_empty(), "{:?}", plan.beyond_limits());
}

#[test]
fn nothing_goes_without_a_policy() {
    let plan = plan_over(&days(&[0, 5000]), &policy(""), NOW);
    assert!(plan.is_empty() && policy("").keeps_everything());
    assert_eq!(plan.kept[&ago(5000)].why, [Why::NoPolicy].into());
    let policy = Policy::new(&settings(""), Some(100));
    assert_eq!(gone(&plan_over(&days(&[0, 5000]), &policy, NOW)), [5000]);
}

#[test]
fn the_command_line_overrides_every_keep_days() {
    let policy = Policy::new(&settings("keep_days = 900\nmax_days = 950"), Some(50));
    let plan = plan_over(&days(&[40, 60, 960]), &policy, NOW);
    assert_eq!(gone(&plan), [60, 960]);
    let long = Policy::new(&settings("keep_days = 10\nmax_days = 950"), Some(900));
    assert_eq!(gone(&plan_over(&days(&[40, 60, 960]), &long, NOW)), [960]);
}

#[test]
fn only_what_is_archived() {
    let mut inventory = days(&[100, 200]);
    inventory.days.get_mut(&ago(200)).unwrap().archived = true;
    let plan =
        plan_over(&inventory, &policy("keep_days = 1\nmax_bytes = 1\nonly_archived = true"), NOW);
    assert_eq!(gone(&plan), [200]);
    assert_eq!(plan.kept[&ago(100)].why, [Why::NotArchived].into());
}

#[test]
fn rules_remove_files_of_their_sources_only() {
    let policy = policy(
        "keep_days = 365\n[[retention.rule]]\nsource = \"/var/branch/*\"\nkeep_days = 30\n\
                         [[retention.rule]]\nformat = \"zeek\"\nmax_days = 20",
    );
    let mut inventory = Inventory::default();
    let known = [(1, "/var/main.log", "squid"), (2, "/var/branch/a", "squid"), (3, "/b", "zeek")];
    know(&mut inventory, &policy, &known);
    add(&mut inventory, 40, &[(1, 5)]);
    add(&mut inventory, 40, &[(2, 7)]);
    add(&mut inventory, 40, &[(2, 1), (3, 1)]);
    add(&mut inventory, 40, &[(1, 1), (2, 1)]);
    add(&mut inventory, 25, &[(3, 4)]);
    let plan = plan_over(&inventory, &policy, NOW);
    assert_eq!(gone(&plan), [25, 40]);
    let part = &plan.retired[&ago(40)];
    assert_eq!((part.files.len(), part.whole), (2, false));
    assert_eq!(part.rows, [(2, 8), (3, 1)].into());
    assert_eq!(part.causes, [Cause::KeepDays(30), Cause::MaxDays(20)].into());
    let kept = &plan.kept[&ago(40)];
    assert_eq!((kept.files, kept.rows), (2, 7));
    assert_eq!(kept.why, [Why::Mixed, Why::Young].into());
    assert!(plan.retired[&ago(25)].whole);
    // Day 25 is young, but its rule says so: only the share of the rows needs a word.
    assert_eq!(plan.beyond_limits().len(), 1, "{:?}", plan.beyond_limits());
}

#[test]
fn space_takes_the_oldest_days() {
    let mut inventory = days(&[0, 1, 40, 50, 60]);
    inventory.days.get_mut(&ago(50)).unwrap().holds = vec![9];
    let plan = plan_over(&inventory, &policy("max_bytes = 3500"), NOW);
    assert_eq!(gone(&plan), [40, 60]);
    assert_eq!(plan.retired[&ago(40)].causes, [Cause::MaxBytes].into());
    assert!(plan.kept[&ago(50)].why.contains(&Why::Held(9)));
    assert_eq!(plan.short_bytes, 0);
    // Today is never taken.
    let plan = plan_over(&inventory, &policy("max_bytes = 1"), NOW);
    assert_eq!(gone(&plan), [1, 40, 60]);
    assert_eq!(plan.short_bytes, 1_999);
    assert!(plan.beyond_limits().iter().any(|it| it.contains("less than 30 days")));

    inventory.free_bytes = Some(500);
    inventory.trash_bytes = 1_000;
    let plan = plan_over(&inventory, &policy("min_free = 2500"), NOW);
    assert_eq!(gone(&plan), [60]);
    assert_eq!(plan.retired[&ago(60)].causes, [Cause::MinFree].into());
}

#[test]
fn limits_ask_for_a_word() {
    let ages: Vec<i32> = (31..41).collect();
    let words = |text: &str, keep_days| {
        let policy = Policy::new(&settings(text), keep_days);
        plan_over(&days(&ages), &policy, NOW).beyond_limits()
    };
    // Two of ten days: 20 %, and not more.
    assert!(words("keep_days = 38", None).is_empty());
    assert_eq!(words("keep_days = 37", None).len(), 1);
    assert!(words("keep_days = 37\nlimit_percent = 50", None).is_empty());
    let young = |text: &str, keep_days| {
        let mut inventory = days(&ages);
        add(&mut inventory, 29, &[(1, 1)]);
        add(&mut inventory, 30, &[(1, 1)]);
        let policy = Policy::new(&settings(text), keep_days);
        plan_over(&inventory, &policy, NOW)
            .beyond_limits()
            .into_iter()
            .filter(|it| it.contains("days old"))
            .count()
    };
    assert_eq!(young("keep_days = 20", None), 0);
    assert_eq!(young("max_days = 20", None), 0);
    assert_eq!(young("keep_days = 400", Some(20)), 1);
    assert_eq!(young("", Some(20)), 1);
    assert_eq!(young("", Some(29)), 0);
}

#[test]
fn lines_stay_while_their_sources_have_rows() {
    let policy = policy("keep_days = 100");
    let mut inventory = days(&[50, 200]);
    add(&mut inventory, 200, &[(2, 10)]);
    know(&mut inventory, &policy, &[(1, "/a", "squid"), (2, "/b", "squid")]);
    inventory.sources.insert(3, (policy.general_terms(), false));
    let lines = |age: i32, sources: &[i32]| {
        let sources: Vec<_> = sources.iter().map(|id| (*id, 1)).collect();
        let name = format!("lines-{age}-{sources:?}");
        LinesFacts { file: file(&name, &sources, 10), day: ago(age), holds: Vec::new() }
    };
    let mut held = lines(150, &[3]);
    held.holds = vec![1];
    inventory.lines = vec![
        lines(199, &[1]),
        lines(199, &[2]),
        lines(199, &[1, 2]),
        lines(99, &[3]),
        lines(150, &[3]),
        lines(150, &[2, 3]),
        held,
    ];
    let plan = plan_over(&inventory, &policy, NOW);
    let gone: Vec<_> = plan.lines.iter().map(|it| it.file.path.as_str()).collect();
    assert_eq!(gone, ["lines-199-[(2, 1)]", "lines-150-[(3, 1)]", "lines-150-[(2, 1), (3, 1)]"]);
    assert_eq!((plan.lines_kept, plan.bytes()), (4, 2_030));
}

/// Days, each: age, age of its last ingest, whether it is held, whether it is archived, sources of its files.
fn inventories() -> impl Strategy<Value = Inventory> {
    let day = (
        0..400_i32,
        0..400_i64,
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(1..5_i32, 1..4),
    );
    prop::collection::vec(day, 0..20).prop_map(|all| {
        let mut inventory = Inventory::default();
        for (age, ingested, held, archived, sources) in all {
            for id in sources {
                add(&mut inventory, age, &[(id, 3)]);
            }
            let day = inventory.days.get_mut(&ago(age)).unwrap();
            day.ingested_us = NOW - ingested * DAY_US;
            day.holds = if held { vec![1] } else { Vec::new() };
            day.archived = archived;
        }
        inventory
    })
}

proptest! {
    #[test]
    fn nothing_protected_is_ever_planned(
        mut inventory in inventories(),
        keep in prop::option::of(0..400_u32),
        over in 0..100_u32,
        bytes in prop::option::of(1..20_000_u64),
        only_archived in any::<bool>(),
    ) {
        let mut settings = RetentionConfig { keep_days: keep, only_archived, ..RetentionConfig::default() };
        settings.max_days = keep.map(|keep| keep + over);
        let timed = Policy::new(&settings, None);
        let plan = plan_over(&inventory, &timed, NOW);
        for (day, part) in &plan.retired {
            let facts = &inventory.days[day];
            prop_assert!(facts.holds.is_empty());
            prop_assert!(!only_archived || facts.archived);
            prop_assert!(part.whole);
            let age = today().0 - day.0;
            let keep = keep.unwrap() as i32;
            prop_assert!(age > keep);
            let ingest_is_old = facts.ingested_us + i64::from(keep) * DAY_US <= NOW;
            prop_assert!(ingest_is_old || age > keep + over as i32);
        }
        // Everything is accounted for: it goes or it is kept, with a reason.
        let kept: u64 = plan.kept.values().map(|kept| kept.rows).sum();
        prop_assert_eq!(kept + plan.rows(), plan.live_rows);
        prop_assert!(plan.kept.values().all(|kept| !kept.why.is_empty()));
        let held = plan.kept.iter().filter(|(day, _)| !inventory.days[day].holds.is_empty());
        let all_held = inventory.days.values().filter(|day| !day.holds.is_empty()).count();
        prop_assert_eq!(held.count(), all_held);

        settings.max_bytes = bytes;
        settings.min_free = bytes;
        inventory.free_bytes = Some(0);
        let plan = plan_over(&inventory, &Policy::new(&settings, None), NOW);
        for day in plan.retired.keys() {
            let facts = &inventory.days[day];
            prop_assert!(facts.holds.is_empty() && (!only_archived || facts.archived));
            prop_assert!(*day < today());
        }
        if let Some(bytes) = bytes && plan.short_bytes == 0 {
            prop_assert!(plan.live_bytes - plan.bytes() <= bytes && plan.bytes() >= bytes);
        }
    }
}
