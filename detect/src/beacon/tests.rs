//! Do merged parts give what one pass gives, and do scores stay in their bounds?

use super::state::{Groups, request};
use super::*;
use proptest::prelude::*;

fn sorted(times: &[u32], sizes: Option<&[u32]>) -> Vec<u64> {
    let size = |i: usize| sizes.map_or(NO_SIZE, |s| s[i % s.len()]);
    let mut rows: Vec<u64> = times.iter().enumerate().map(|(i, t)| row(*t, size(i))).collect();
    rows.sort_unstable();
    rows
}

fn score(rows: &[u64]) -> f64 {
    rate(rows, &mut Scratch::default()).as_ref().map_or(0.0, Rating::score)
}

const MIDNIGHT: u32 = 1_772_409_600;

#[test]
fn a_perfect_clock_is_near_one() {
    let times: Vec<u32> = (0..1440).map(|i| MIDNIGHT + 60 * i).collect();
    let rating = rate(&sorted(&times, Some(&[212])), &mut Scratch::default()).unwrap();
    assert_eq!(rating.rita.score, 1.0);
    assert!(rating.score() > 0.99, "{rating:?}");
    let rating = rate(&sorted(&times, None), &mut Scratch::default()).unwrap();
    assert_eq!((rating.rita.sizes, rating.rita.score), (None, 1.0));
}

#[test]
fn few_seconds_have_no_score() {
    assert_eq!(score(&sorted(&[1, 2, 3], None)), 0.0);
    assert_eq!(score(&sorted(&[1, 1, 2, 2, 3, 3, 3], None)), 0.0);
    assert!(score(&sorted(&[1, 101, 201, 301], None)) > 0.0);
}

#[test]
fn few_sizes_are_left_out() {
    let times: Vec<u32> = (0..100).map(|i| MIDNIGHT + 600 * i).collect();
    let mut rows = sorted(&times, None);
    let without = score(&rows);
    rows[3] = row(second(rows[3]), 5);
    assert_eq!(score(&rows), without);
}

#[test]
fn the_window_is_the_day_or_the_own_span() {
    assert_eq!(window(MIDNIGHT + 5, MIDNIGHT + 6), (MIDNIGHT.into(), (MIDNIGHT + DAY).into()));
    let (a, b) = (i64::from(MIDNIGHT) - 10, i64::from(MIDNIGHT) + 10);
    assert_eq!(window(a as u32, b as u32), (b - 86_400, b));
    assert_eq!(window(5, MIDNIGHT), (5, MIDNIGHT.into()));
    assert_eq!(window(0, 86_400), (0, 86_400));
}

fn outcome(groups: &Groups) -> (Vec<u64>, Option<state::Strobe>) {
    let mut gathered = groups.gather(1);
    let (rows, strobe) = gathered.sorted(0);
    (if strobe.is_some() { vec![] } else { rows.to_vec() }, strobe)
}

fn parts_of(rows: &[(u32, Option<u32>)], parts: usize) -> Vec<Groups> {
    let mut groups: Vec<Groups> = (0..parts).map(|_| Groups::default()).collect();
    groups.iter_mut().for_each(|g| g.grow(1));
    for (i, (time, size)) in rows.iter().enumerate() {
        let value = request((*time).into(), size.map(i64::from));
        groups[(i * 7919 + *time as usize) % parts].push(0, value);
    }
    groups
}

/// The state as DataFusion hands it on.
fn emitted(groups: &Groups) -> Vec<u64> {
    let (rows, strobe) = outcome(groups);
    strobe.map_or(rows, |s| s.encoded().to_vec())
}

fn one_pass_and_merged(rows: &[(u32, Option<u32>)], parts: usize, reverse: bool) {
    let whole = outcome(&parts_of(rows, 1)[0]);
    let mut states: Vec<Vec<u64>> = parts_of(rows, parts).iter().map(emitted).collect();
    if reverse {
        states.reverse();
    }
    // Two levels, as when a spilled state is merged again.
    let mut all = Groups::default();
    all.grow(1);
    for pair in states.chunks(2) {
        let mut some = Groups::default();
        some.grow(1);
        pair.iter().for_each(|s| some.merge(0, s));
        all.merge(0, &emitted(&some));
    }
    assert_eq!(outcome(&all), whole);
}

#[test]
fn strobes_do_not_depend_on_the_parts() {
    for (n, days) in [(86_400, 1), (86_401, 1), (172_800, 2), (172_802, 2), (200_000, 2)] {
        let rows: Vec<(u32, Option<u32>)> =
            (0..n).map(|i| (MIDNIGHT + i % days * DAY + i / days % DAY, Some(i % 90))).collect();
        for parts in [1, 2, 5] {
            one_pass_and_merged(&rows, parts, parts % 2 == 1);
        }
    }
}

fn any_rows() -> impl Strategy<Value = Vec<(u32, Option<u32>)>> {
    let time = prop_oneof![0..500_u32, 0..=u32::MAX, MIDNIGHT..MIDNIGHT + 2 * DAY];
    prop::collection::vec((time, prop::option::of(prop_oneof![0..20_u32, any::<u32>()])), 0..200)
}

/// A walk of gaps, which reaches the branches that random times don't.
fn walks() -> impl Strategy<Value = Vec<(u32, Option<u32>)>> {
    let gap = prop_oneof![
        Just(0_u32),
        Just(1),
        0..30_u32,
        Just(60),
        Just(120),
        50..70_u32,
        0..50_000_u32
    ];
    (any::<u32>(), prop::collection::vec((gap, prop::option::of(0..9000_u32)), 0..120)).prop_map(
        |(start, steps)| {
            let mut at = start / 2;
            let step = |(gap, size): (u32, _)| {
                at = at.saturating_add(gap);
                (at, size)
            };
            steps.into_iter().map(step).collect()
        },
    )
}

proptest! {
    #[test]
    fn merging_is_one_pass(rows in any_rows(), parts in 1..6_usize, reverse: bool) {
        one_pass_and_merged(&rows, parts, reverse);
    }

    #[test]
    fn scores_stay_in_bounds(rows in prop_oneof![any_rows(), walks()]) {
        let (rows, _) = outcome(&parts_of(&rows, 1)[0]);
        let mut scratch = Scratch::default();
        let score = score(&rows);
        prop_assert!((0.0..=1.0).contains(&score), "{score}");
        if let Some(rating) = rate(&rows, &mut scratch) {
            prop_assert!((0.0..=1.0).contains(&rating.rita.score), "{rating:?}");
            prop_assert!((0.0..=1.0).contains(&rating.coverage), "{rating:?}");
            prop_assert!(rating.rhythm.as_ref().is_none_or(|r| (0.0..=1.0).contains(&r.evidence)));
            // The working space of one group must not show in the next.
            prop_assert_eq!(Some(rating), rate(&rows, &mut scratch));
        }
    }

    #[test]
    fn later_is_the_same(rows in walks(), by in 0..30_000_000_u32) {
        let move_by = |by: u32| rows.iter().map(|(t, s)| (t / 2 + by, *s)).collect::<Vec<_>>();
        let (now, _) = outcome(&parts_of(&move_by(0), 1)[0]);
        let (later, _) = outcome(&parts_of(&move_by(by), 1)[0]);
        prop_assert_eq!(score(&now), score(&later));
    }

    #[test]
    fn whole_days_later_is_the_same_to_rita(rows in walks(), days in 0..300_u32) {
        let rita = |by: u32| {
            let rows: Vec<_> = rows.iter().map(|(t, s)| (t / 2 + by, *s)).collect();
            rate_rita(&outcome(&parts_of(&rows, 1)[0]).0, &mut Scratch::default())
        };
        prop_assert_eq!(rita(0), rita(days * DAY));
    }

    #[test]
    fn a_stamp_that_comes_twice_is_the_same_checkin(rows in walks(), twice in any::<u64>()) {
        let alike = |r: &(u32, Option<u32>)| (r.0, Some(300));
        let mut rows: Vec<_> = rows.iter().map(alike).collect();
        let once = score(&outcome(&parts_of(&rows, 1)[0]).0);
        let again: Vec<_> =
            rows.iter().enumerate().filter(|(i, _)| twice >> (i % 64) & 1 == 1).map(|(_, r)| *r).collect();
        rows.extend(again);
        let enough = rows.len() >= 8 && once > 0.0;
        prop_assume!(enough);
        prop_assert_eq!(once, score(&outcome(&parts_of(&rows, 1)[0]).0));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, mixed) in walks().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        let of = |rows: &[(u32, Option<u32>)]| score(&outcome(&parts_of(rows, 1)[0]).0);
        prop_assert_eq!(of(&rows), of(&mixed));
    }
}
