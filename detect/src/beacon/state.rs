//! How are the requests of many groups kept until they are rated, in little memory?
//!
//! Requests lie one after the other in arrival order beside the number of their group (12 bytes each); a counting
//! sort brings groups together when they are emitted. From the [`LIGHT`]th request on a group has a list of its own, with
//! a count per UTC day: when one passes [`STROBE`], the list is dropped for counters. So a group has at most
//! `LIGHT + STROBE` requests of one day in memory, 8 bytes each when on its own: 0.8 MB a day of activity, twice that
//! while a list grows.

use super::{DAY, NO_SIZE, STROBE, is_strobe, row, second};
use std::collections::{BTreeMap, HashMap};

/// So many requests of a group lie with those of all others.
const LIGHT: u32 = 4096;
/// First element of the emitted state of a strobe; no request is that late.
const MARK: u64 = u64::MAX;

/// What is left of a group that is a strobe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strobe {
    /// Number of requests.
    pub count: u64,
    /// Second of the first one.
    pub first: u32,
    /// Second of the last one.
    pub last: u32,
}

impl Strobe {
    const NONE: Self = Self { count: 0, first: u32::MAX, last: 0 };

    fn see(&mut self, second: u32) {
        self.add(Self { count: 1, first: second, last: second });
    }

    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The counters of some requests.
    pub fn of(rows: &[u64]) -> Self {
        let mut all = Self::NONE;
        rows.iter().for_each(|r| all.see(second(*r)));
        all
    }

    /// The state that is handed on.
    pub fn encoded(self) -> [u64; 3] {
        [MARK, self.count, row(self.first, self.last)]
    }

    fn decoded(state: &[u64]) -> Option<Self> {
        match *state {
            [MARK, count, ends] => Some(Self { count, first: second(ends), last: ends as u32 }),
            _ => None,
        }
    }
}

/// A group with many requests.
#[derive(Debug)]
enum Heavy {
    Rows { rows: Vec<u64>, days: BTreeMap<u32, u32> },
    Strobe(Strobe),
}

impl Heavy {
    const NEW: Self = Self::Rows { rows: Vec::new(), days: BTreeMap::new() };

    fn push(&mut self, value: u64) {
        match self {
            Self::Strobe(strobe) => strobe.see(second(value)),
            Self::Rows { rows, days } => {
                rows.push(value);
                let count = days.entry(second(value) / DAY).or_insert(0);
                *count += 1;
                if *count as usize > STROBE {
                    *self = Self::Strobe(Strobe::of(rows));
                }
            }
        }
    }

    fn collapse(&mut self, other: Strobe) {
        let mut all = match self {
            Self::Strobe(strobe) => *strobe,
            Self::Rows { rows, .. } => Strobe::of(rows),
        };
        all.add(other);
        *self = Self::Strobe(all);
    }

    fn bytes(&self) -> usize {
        match self {
            // A B-tree's node holds 11 pairs and is at least half full.
            Self::Rows { rows, days } => {
                size_of_val(rows.as_slice()).max(rows.capacity() * 8) + days.len() * 32
            }
            Self::Strobe(_) => 0,
        }
    }
}

/// The requests of all groups.
#[derive(Debug, Default)]
pub struct Groups {
    rows: Vec<u64>,
    owners: Vec<u32>,
    light: Vec<u32>,
    heavy: HashMap<u32, Heavy>,
    heavy_bytes: usize,
}

/// The requests of the first groups, brought together.
#[derive(Debug)]
pub struct Gathered {
    /// Ends of the groups in `rows`, after a 0.
    pub offsets: Vec<usize>,
    /// Requests by group, in no order.
    pub rows: Vec<u64>,
    /// Groups known as strobes; `rows` has only some of their requests, which are not counted here.
    strobes: HashMap<usize, Strobe>,
}

impl Gathered {
    /// Number of groups.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no groups.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The requests of a group, sorted, and its counters if it is a strobe; `group` must be below [`Self::len`].
    pub fn sorted(&mut self, group: usize) -> (&[u64], Option<Strobe>) {
        let rows = &mut self.rows[self.offsets[group]..self.offsets[group + 1]];
        if let Some(mut all) = self.strobes.get(&group).copied() {
            all.add(Strobe::of(rows));
            return (rows, Some(all));
        }
        rows.sort_unstable();
        let strobe = is_strobe(rows).then(|| Strobe::of(rows));
        (rows, strobe)
    }

    /// Whether no group can be a strobe.
    pub fn all_light(&self) -> bool {
        self.strobes.is_empty() && self.offsets.windows(2).all(|w| w[1] - w[0] <= STROBE)
    }
}

impl Groups {
    /// Makes room for group numbers below `total`.
    pub fn grow(&mut self, total: usize) {
        if self.light.len() < total {
            self.light.resize(total, 0);
        }
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.light.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.light.is_empty()
    }

    /// Adds a request; `group` must be below [`Self::len`].
    pub fn push(&mut self, group: usize, value: u64) {
        if self.light[group] < LIGHT {
            self.light[group] += 1;
            self.rows.push(value);
            self.owners.push(group as u32);
            return;
        }
        let heavy = self.heavy.entry(group as u32).or_insert(Heavy::NEW);
        let before = heavy.bytes();
        heavy.push(value);
        self.heavy_bytes = self.heavy_bytes + heavy.bytes() - before;
    }

    /// Adds an emitted state.
    pub fn merge(&mut self, group: usize, state: &[u64]) {
        match Strobe::decoded(state) {
            Some(strobe) => {
                let heavy = self.heavy.entry(group as u32).or_insert(Heavy::NEW);
                let before = heavy.bytes();
                heavy.collapse(strobe);
                self.heavy_bytes = self.heavy_bytes + heavy.bytes() - before;
            }
            None => state.iter().for_each(|v| self.push(group, *v)),
        }
    }

    /// Brings the requests of the first `n` groups together; changes nothing.
    pub fn gather(&self, n: usize) -> Gathered {
        let mut offsets = Vec::with_capacity(n + 1);
        let mut end = 0;
        offsets.push(0);
        for count in &self.light[..n] {
            end += *count as usize;
            offsets.push(end);
        }
        let (mut strobes, mut extra) = (HashMap::new(), Vec::new());
        for (group, heavy) in self.heavy.iter().filter(|(g, _)| (**g as usize) < n) {
            match heavy {
                Heavy::Strobe(strobe) => _ = strobes.insert(*group as usize, *strobe),
                Heavy::Rows { rows, .. } => extra.push((*group as usize, rows)),
            }
        }
        extra.sort_unstable_by_key(|(group, _)| *group);
        let (mut shift, mut next) = (0, extra.iter().peekable());
        for (group, end) in offsets.iter_mut().skip(1).enumerate() {
            shift += next.next_if(|(g, _)| *g == group).map_or(0, |(_, rows)| rows.len());
            *end += shift;
        }
        let mut rows = vec![0; offsets[n]];
        let mut free = offsets.clone();
        for (value, owner) in self.rows.iter().zip(&self.owners) {
            if let Some(at) = free[..n].get_mut(*owner as usize) {
                rows[*at] = *value;
                *at += 1;
            }
        }
        for (group, own) in extra {
            rows[free[group]..free[group] + own.len()].copy_from_slice(own);
        }
        Gathered { offsets, rows, strobes }
    }

    /// Forgets the first `n` groups; the others move up.
    pub fn forget(&mut self, n: usize) {
        if n >= self.light.len() {
            *self = Self::default();
            return;
        }
        self.light.drain(..n);
        let mut to = 0;
        for from in 0..self.rows.len() {
            if let Some(owner) = self.owners[from].checked_sub(n as u32) {
                self.rows[to] = self.rows[from];
                self.owners[to] = owner;
                to += 1;
            }
        }
        self.rows.truncate(to);
        self.owners.truncate(to);
        let heavy = std::mem::take(&mut self.heavy);
        self.heavy =
            heavy.into_iter().filter_map(|(g, h)| Some((g.checked_sub(n as u32)?, h))).collect();
        self.heavy_bytes = self.heavy.values().map(Heavy::bytes).sum();
    }

    /// Bytes in use, with those that gathering the groups will need.
    pub fn bytes(&self) -> usize {
        let lists =
            self.rows.capacity() * 8 + self.owners.capacity() * 4 + self.light.capacity() * 4;
        let maps = self.heavy.capacity() * size_of::<(u32, Heavy)>();
        let gathered = self.rows.len() * 8 + self.heavy_bytes + self.light.len() * 16;
        lists + maps + self.heavy_bytes + gathered
    }
}

/// A request from a time in seconds and a size, of which both may be beyond what is kept: times before 1970 and
/// after 2106 become the nearest that is, sizes above 4 GB too, negative ones are unknown.
pub fn request(seconds: i64, size: Option<i64>) -> u64 {
    let second = seconds.clamp(0, i64::from(u32::MAX) - 1) as u32;
    let size = size.filter(|s| *s >= 0).map_or(NO_SIZE, |s| s.min(i64::from(NO_SIZE) - 1) as u32);
    row(second, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: impl IntoIterator<Item = (usize, u64)>) -> Groups {
        let mut groups = Groups::default();
        for (group, value) in rows {
            groups.grow(group + 1);
            groups.push(group, value);
        }
        groups
    }

    fn contents(groups: &Groups, n: usize) -> Vec<(Vec<u64>, Option<Strobe>)> {
        let mut out = Vec::new();
        let mut gathered = groups.gather(n);
        for group in 0..gathered.len() {
            let (rows, strobe) = gathered.sorted(group);
            out.push((if strobe.is_some() { Vec::new() } else { rows.to_vec() }, strobe));
        }
        out
    }

    #[test]
    fn groups_come_together_and_the_first_can_be_forgotten() {
        let all = (0..30_000_u32).map(|i| ((i % 5) as usize, row(i, i / 7)));
        let mut groups = groups(all);
        assert_eq!(groups.heavy.len(), 5);
        let before = contents(&groups, 5);
        assert!(before.iter().all(|(rows, strobe)| rows.len() == 6000 && strobe.is_none()));
        assert_eq!(contents(&groups, 2), before[..2]);
        groups.forget(2);
        assert_eq!(contents(&groups, 3), before[2..]);
        groups.forget(3);
        assert_eq!((groups.len(), groups.heavy_bytes), (0, 0));
    }

    #[test]
    fn a_busy_day_collapses_to_counters() {
        let busy = |n: u32| (0..n).map(|i| (0, row(i % 1000, 5)));
        let just = groups(busy(86_400));
        assert_eq!(contents(&just, 1)[0].1, None);
        let over = groups(busy(86_401));
        let strobe = Strobe { count: 86_401, first: 0, last: 999 };
        assert_eq!(contents(&over, 1)[0], (vec![], Some(strobe)));
        assert!(groups(busy(200_000)).bytes() < 150_000);
        let two_days = groups((0..150_000).map(|i| (0, row(i % 2 * DAY, 5))));
        assert_eq!(contents(&two_days, 1)[0].1, None);
    }

    #[test]
    fn strobes_merge_with_anything() {
        let mut a = groups((0..10).map(|i| (0, row(50 + i, 5))));
        a.merge(0, &Strobe { count: 90_000, first: 5, last: 55 }.encoded());
        a.push(0, row(99, 0));
        let strobe = Strobe { count: 90_011, first: 5, last: 99 };
        assert_eq!(contents(&a, 1)[0].1, Some(strobe));
        let mut b = groups((0..3).map(|i| (0, row(200 + i, 5))));
        b.merge(0, &strobe.encoded());
        assert_eq!(contents(&b, 1)[0].1, Some(Strobe { count: 90_014, first: 5, last: 202 }));
    }

    #[test]
    fn odd_requests_are_brought_into_range() {
        assert_eq!(request(-5, None), row(0, NO_SIZE));
        assert_eq!(request(i64::MAX, Some(i64::MAX)), row(u32::MAX - 1, u32::MAX - 1));
        assert_eq!(request(7, Some(-1)), row(7, NO_SIZE));
        assert_eq!(request(7, Some(0)), row(7, 0));
    }
}
