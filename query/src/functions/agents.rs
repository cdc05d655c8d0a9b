//! How are functions over user agents worked out once for each distinct value, whatever the physical form of the column?

use super::text;
use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use datafusion::common::{HashMap, Result};
use std::hash::Hash;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// The distinct values of a column, and which of them each row has.
pub(super) struct Distinct<'a> {
    /// Values, NULL among them.
    pub(super) values: Vec<Option<&'a str>>,
    /// For each row the place of its value in `values`.
    pub(super) rows: Vec<u32>,
}

impl<'a> Distinct<'a> {
    /// Reads a column; rows that come from one dictionary entry of a file are recognised without comparing text.
    pub(super) fn of(agents: &'a dyn Array) -> Result<Self> {
        let mut out = Self { values: Vec::new(), rows: Vec::with_capacity(agents.len()) };
        if let Some(views) = agents.as_string_view_opt() {
            let mut seen = HashMap::new();
            for (i, view) in views.views().iter().enumerate() {
                let valid = views.is_valid(i);
                out.put(&mut seen, valid.then_some(*view), || valid.then(|| views.value(i)));
            }
            return Ok(out);
        }
        if let Some(rows) = agents.as_dictionary_opt::<Int32Type>() {
            let inner = Self::of(rows.values().as_ref())?;
            let null = inner.values.len() as u32;
            let place = |key: Option<i32>| key.map_or(null, |key| inner.rows[key as usize]);
            out.rows.extend(rows.keys().iter().map(place));
            out.values = inner.values;
            out.values.push(None);
            return Ok(out);
        }
        let mut seen = HashMap::new();
        text::for_each(agents, |value| out.put(&mut seen, value, || value))?;
        Ok(out)
    }

    fn put<K: Hash + Eq>(
        &mut self,
        seen: &mut HashMap<K, u32>,
        key: K,
        value: impl FnOnce() -> Option<&'a str>,
    ) {
        let place = *seen.entry(key).or_insert_with(|| {
            self.values.push(value());
            self.values.len() as u32 - 1
        });
        self.rows.push(place);
    }

    /// Spreads what was worked out for each value over the rows.
    pub(super) fn spread(self, worked: &dyn Array) -> Result<ArrayRef> {
        Ok(take(worked, &UInt32Array::from(self.rows), None)?)
    }

    /// Text for each value, spread over the rows.
    pub(super) fn texts(self, of: impl Fn(Option<&str>) -> Option<String>) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::with_capacity(self.values.len());
        self.values.iter().for_each(|value| out.append_option(of(*value)));
        self.spread(&out.finish())
    }
}

/// At most so many agents are remembered in a process.
const REMEMBERED: usize = 16_384;

/// What was worked out for an agent before.
pub(super) struct Memory<T>(LazyLock<RwLock<HashMap<Box<str>, T>>>);

impl<T: Clone> Memory<T> {
    pub(super) const fn new() -> Self {
        Self(LazyLock::new(RwLock::default))
    }

    /// From memory, or by `work`, if it gives something to remember.
    pub(super) fn recall<E>(
        &self,
        ua: &str,
        work: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(ua) {
            return Ok(known.clone());
        }
        let fresh = work(ua)?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(ua.into(), fresh.clone());
        Ok(fresh)
    }
}

/// Shared, so that a remembered value costs no copy.
pub(super) type Shared<T> = Memory<Arc<T>>;
