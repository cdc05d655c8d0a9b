//! How is a text column changed value by value? Each distinct value once; those that become alike share a code.

use std::borrow::Cow;
use std::collections::HashMap;

use storage::segment::{Coded, ColumnData, Dictionary, NULL_CODE};

/// Distinct values that get their codes in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct Values {
    values: Dictionary,
    known: HashMap<Vec<u8>, u32>,
}

impl Values {
    /// The code of a value.
    pub(super) fn code(&mut self, value: &[u8]) -> u32 {
        if let Some(&code) = self.known.get(value) {
            return code;
        }
        let code = self.values.push(value);
        self.known.insert(value.to_vec(), code);
        code
    }

    /// A column of these values.
    pub(super) fn column(self, codes: Vec<u32>) -> ColumnData {
        if self.values.is_empty() {
            ColumnData::Null
        } else {
            ColumnData::Text(Coded { values: self.values, codes })
        }
    }
}

/// Puts what `change` makes of it in the place of each value of a text column.
pub(super) fn map(
    data: &mut ColumnData,
    mut change: impl for<'a> FnMut(&'a str) -> Option<Cow<'a, str>>,
) {
    let new = match data {
        ColumnData::ConstText(value) => match change(value) {
            Some(new) => ColumnData::ConstText(new.into_owned()),
            None => ColumnData::Null,
        },
        ColumnData::Text(coded) => {
            let mut values = Values::default();
            let mut changed: Vec<Option<u32>> = vec![None; coded.values.len()];
            let codes = coded.codes.iter().map(|&code| {
                // Values that no row has are not looked at, and not kept.
                let Some(place) = changed.get_mut(code as usize) else { return NULL_CODE };
                *place.get_or_insert_with(|| {
                    let value = String::from_utf8_lossy(coded.values.value(code));
                    change(&value).map_or(NULL_CODE, |new| values.code(new.as_bytes()))
                })
            });
            let codes = codes.collect();
            values.column(codes)
        }
        _ => return,
    };
    *data = new;
}

/// The code of a row in a text column; [`NULL_CODE`] where there is no text.
pub(super) fn code(data: &ColumnData, row: usize) -> u32 {
    match data {
        ColumnData::ConstText(_) => 0,
        ColumnData::Text(coded) => coded.codes.get(row).copied().unwrap_or(NULL_CODE),
        _ => NULL_CODE,
    }
}

/// The text of a code.
pub(super) fn value(data: &ColumnData, code: u32) -> Option<Cow<'_, str>> {
    match data {
        _ if code == NULL_CODE => None,
        ColumnData::ConstText(text) => Some(Cow::Borrowed(text)),
        ColumnData::Text(coded) => Some(String::from_utf8_lossy(coded.values.value(code))),
        _ => None,
    }
}
