//! Is it told again? What one hunt finds of one entity day after day is one story: the first day has its level, the days
//! after it say since when.

use std::collections::BTreeMap;

use storage::day::Day;

use crate::finding::{Finding, Level};

/// After so many days of silence a story is a new one.
const SILENCE_DAYS: i32 = 14;

/// What was told of one story so far.
struct Told {
    since: Day,
    last: Day,
    level: Level,
}

/// Lowers the level of findings that repeat what was told on an earlier day, here or in `known`, unless they are worse
/// than all of it. Ids stay.
pub fn lower_repeats<'a>(
    findings: &'a mut [Finding],
    known: impl IntoIterator<Item = &'a Finding>,
) {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut before: Vec<&Finding> = known.into_iter().collect();
    before.sort_by_key(|finding| finding.day);
    for finding in before {
        if let Some(first) = findings.iter().map(|it| it.day).min()
            && finding.day < first
        {
            repeats(&mut told, finding);
        }
    }
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|&at| findings[at].day);
    for at in order {
        if let Some(since) = repeats(&mut told, &findings[at]) {
            let finding = &mut findings[at];
            finding.level = finding.level.min(Level::Low);
            finding.why.push_str(&format!("; told since {since}"));
        }
    }
}

/// Notes a finding; since when it was told, if it says nothing worse than that.
fn repeats(told: &mut BTreeMap<String, Told>, finding: &Finding) -> Option<Day> {
    let story = format!("{}\0{}", finding.hunt, finding.entity_line());
    let new = Told { since: finding.day, last: finding.day, level: finding.level };
    let Some(known) = told.get_mut(&story) else {
        told.insert(story, new);
        return None;
    };
    if finding.day.0 - known.last.0 > SILENCE_DAYS {
        *known = new;
        return None;
    }
    known.last = finding.day;
    let worse = finding.level > known.level;
    known.level = known.level.max(finding.level);
    (!worse).then_some(known.since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::tests::finding;

    fn on(day: i32, level: Level) -> Finding {
        Finding { day: Day(day), level, ..finding() }
    }

    #[test]
    fn the_first_day_tells_and_worse_days_tell_again() {
        use Level::{Critical, High, Low, Medium};
        let mut found =
            [on(3, High), on(1, Medium), on(2, Medium), on(4, High), on(5, Critical), on(30, High)];
        lower_repeats(&mut found, []);
        let levels: Vec<_> = found.iter().map(|it| (it.day.0, it.level)).collect();
        let expect = [(3, High), (1, Medium), (2, Low), (4, Low), (5, Critical), (30, High)];
        assert_eq!(levels, expect);
        assert!(found[2].why.ends_with("; told since 1970-01-02"), "{}", found[2].why);
    }

    #[test]
    fn what_was_told_before_counts_and_other_entities_do_not() {
        let known = [on(1, Level::High)];
        let mut other = on(2, Level::High);
        other.entity.pop();
        let mut found = [on(2, Level::High), other];
        lower_repeats(&mut found, &known);
        assert_eq!((found[0].level, found[1].level), (Level::Low, Level::High));
    }
}
