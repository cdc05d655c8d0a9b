//! When do the events of one group fulfil a correlation? A window that slides over them, in order of time.

use std::collections::{BTreeMap, HashMap, HashSet};

use storage::clock::Micros;
use storage::day::Day;

use super::correlation::Kind;
use super::tree::Compare;

/// An event that one of the rules has matched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// When.
    pub at: Micros,
    /// Which of the correlation's rules.
    pub rule: u8,
    /// The row: source and line. Two rules may match one.
    pub row: (i32, i64),
    /// The value that counts: a number for the text, or the number itself.
    pub value: Option<f64>,
}

/// What is asked of a window.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is looked at.
    pub kind: Kind,
    /// How many rules there are.
    pub rules: usize,
    /// The longest time from first to last event.
    pub span_us: i64,
    /// What must hold.
    pub conditions: &'a [(Compare, f64)],
}

/// What came of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The first event of a window that fulfils it.
    pub first: Micros,
    /// The last one.
    pub last: Micros,
    /// Events from first to last.
    pub count: u64,
    /// The largest number that fulfilled it.
    pub peak: f64,
}

impl Asked<'_> {
    fn holds(&self, number: f64) -> bool {
        self.conditions.iter().all(|(compare, with)| compare.holds(number, *with))
    }
}

/// The days whose events fulfil the correlation; a window belongs to the day of its last event.
pub fn days(asked: &Asked<'_>, mut events: Vec<Event>) -> BTreeMap<Day, Found> {
    events.sort_by_key(|event| (event.at, event.rule));
    let mut days: BTreeMap<Day, Found> = BTreeMap::new();
    let mut fired = |first: Micros, last: Micros, number: f64| {
        let new = Found { first, last, count: 0, peak: number };
        let day = days.entry(Day::of(last)).or_insert(new);
        day.first = day.first.min(first);
        day.last = day.last.max(last);
        day.peak = day.peak.max(number);
    };
    match asked.kind {
        Kind::TemporalOrdered => ordered(asked, &events, &mut fired),
        _ => sliding(asked, &events, &mut fired),
    }
    for day in days.values_mut() {
        let from = events.partition_point(|event| event.at < day.first);
        let to = events.partition_point(|event| event.at <= day.last);
        day.count = distinct(&events[from..to]);
    }
    days
}

/// How many rows: one that two rules match is one.
fn distinct(events: &[Event]) -> u64 {
    events.iter().map(|event| event.row).collect::<HashSet<_>>().len() as u64
}

/// What a window holds.
#[derive(Default)]
struct Window {
    events: usize,
    rules: HashMap<u8, usize>,
    values: HashMap<u64, usize>,
    numbers: usize,
    sum: f64,
}

impl Window {
    fn add(&mut self, event: &Event) {
        self.events += 1;
        *self.rules.entry(event.rule).or_default() += 1;
        if let Some(value) = event.value {
            *self.values.entry(value.to_bits()).or_default() += 1;
            self.numbers += 1;
            self.sum += value;
        }
    }

    fn remove(&mut self, event: &Event) {
        self.events -= 1;
        drop_one(&mut self.rules, event.rule);
        if let Some(value) = event.value {
            drop_one(&mut self.values, value.to_bits());
            self.numbers -= 1;
            self.sum = if self.numbers == 0 { 0.0 } else { self.sum - value };
        }
    }

    fn number(&self, kind: Kind) -> f64 {
        match kind {
            Kind::EventCount => self.events as f64,
            Kind::ValueCount => self.values.len() as f64,
            Kind::ValueSum => self.sum,
            Kind::ValueAverage => self.sum / self.numbers.max(1) as f64,
            Kind::Temporal | Kind::TemporalOrdered => self.rules.len() as f64,
        }
    }
}

fn drop_one<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

fn sliding(asked: &Asked<'_>, events: &[Event], fired: &mut impl FnMut(Micros, Micros, f64)) {
    let mut window = Window::default();
    let mut from = 0;
    for (at, event) in events.iter().enumerate() {
        window.add(event);
        // Events of one moment come together.
        if events.get(at + 1).is_some_and(|next| next.at == event.at) {
            continue;
        }
        while event.at - events[from].at > asked.span_us {
            window.remove(&events[from]);
            from += 1;
        }
        let number = window.number(asked.kind);
        if asked.holds(number) {
            fired(events[from].at, event.at, number);
        }
    }
}

/// For each rule, the latest beginning of a chain of events that has come as far as this rule.
fn ordered(asked: &Asked<'_>, events: &[Event], fired: &mut impl FnMut(Micros, Micros, f64)) {
    let number = asked.rules as f64;
    if !asked.holds(number) {
        return;
    }
    let mut chains: Vec<Option<Micros>> = vec![None; asked.rules];
    for event in events {
        let rule = usize::from(event.rule);
        let begun = match rule {
            0 => Some(event.at),
            _ => chains.get(rule - 1).copied().flatten(),
        };
        let Some(begun) = begun.filter(|begun| event.at - begun <= asked.span_us) else { continue };
        if let Some(chain) = chains.get_mut(rule) {
            *chain = Some(begun);
        }
        if rule + 1 == asked.rules {
            fired(begun, event.at, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    fn asked(kind: Kind, rules: usize, span: i64, conditions: &[(Compare, f64)]) -> Asked<'_> {
        Asked { kind, rules, span_us: span * S, conditions }
    }

    fn event(at: i64, rule: u8, value: f64) -> Event {
        Event { at: at * S, rule, row: (1, at), value: Some(value) }
    }

    #[test]
    fn events_are_counted_in_a_window_that_slides() {
        let least = [(Compare::AtLeast, 3.0)];
        let asked = asked(Kind::EventCount, 1, 10, &least);
        let events = |times: &[i64]| times.iter().map(|at| event(*at, 0, 0.0)).collect();
        assert!(days(&asked, events(&[0, 6, 12, 18])).is_empty());
        let found = days(&asked, events(&[0, 20, 5, 10, 100, 104, 109, 500]));
        let day = found.values().next().unwrap();
        assert_eq!((day.first, day.last, day.count, day.peak), (0, 109 * S, 7, 3.0));
        assert_eq!(days(&asked, events(&[7, 7, 7])).len(), 1);
    }

    #[test]
    fn a_window_belongs_to_the_day_of_its_end() {
        let least = [(Compare::AtLeast, 2.0)];
        let asked = asked(Kind::EventCount, 1, 60, &least);
        let found = days(&asked, vec![event(86_390, 0, 0.0), event(86_410, 0, 0.0)]);
        let (day, found) = found.iter().next().unwrap();
        assert_eq!((day.to_string().as_str(), found.count), ("1970-01-02", 2));
    }

    #[test]
    fn values_are_counted_once() {
        let more = [(Compare::More, 2.0)];
        let asked = asked(Kind::ValueCount, 1, 10, &more);
        let values = |values: &[f64]| {
            values.iter().enumerate().map(|(at, value)| event(at as i64, 0, *value)).collect()
        };
        assert!(days(&asked, values(&[1.0, 1.0, 2.0, 2.0])).is_empty());
        assert_eq!(days(&asked, values(&[1.0, 1.0, 2.0, 3.0])).len(), 1);
    }

    #[test]
    fn rules_together_and_in_order() {
        let all = [(Compare::AtLeast, 3.0)];
        let near = [event(0, 2, 0.0), event(3, 0, 0.0), event(5, 1, 0.0)];
        let together = asked(Kind::Temporal, 3, 10, &all);
        let in_order = asked(Kind::TemporalOrdered, 3, 10, &all);
        assert_eq!(days(&together, near.to_vec()).len(), 1);
        assert!(days(&in_order, near.to_vec()).is_empty());
        let right = [
            event(0, 0, 0.0),
            event(3, 1, 0.0),
            event(4, 0, 0.0),
            event(9, 1, 0.0),
            event(14, 2, 0.0),
        ];
        let found = days(&in_order, right.to_vec());
        assert_eq!(found.values().next().unwrap().first, 4 * S);
        let late = [event(0, 0, 0.0), event(3, 1, 0.0), event(14, 2, 0.0)];
        assert!(days(&in_order, late.to_vec()).is_empty());
    }

    #[test]
    fn sums_and_means() {
        let more = [(Compare::More, 100.0)];
        let sum = asked(Kind::ValueSum, 1, 10, &more);
        let mean = asked(Kind::ValueAverage, 1, 10, &more);
        let events = vec![event(0, 0, 60.0), event(5, 0, 50.0)];
        assert_eq!(days(&sum, events.clone()).len(), 1);
        assert!(days(&mean, events).is_empty());
    }
}
