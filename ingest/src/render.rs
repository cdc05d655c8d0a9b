//! How a row becomes its line again: the text renderer, and the views of a row it works on.

use std::borrow::Cow;

use storage::schema::Col;

/// Rows whose values can be asked for one by one.
pub trait Rows {
    /// A text column; [`Col::Url`] is the target as logged.
    fn text(&self, row: usize, col: Col) -> Option<Cow<'_, str>>;

    /// A numeric column or time.
    fn int(&self, row: usize, col: Col) -> Option<i64>;

    /// A binary column.
    fn bytes(&self, row: usize, col: Col) -> Option<Cow<'_, [u8]>>;
}

/// One row.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    rows: &'a dyn Rows,
    row: usize,
}

impl<'a> RowView<'a> {
    /// Row number `row` of `rows`.
    pub fn new(rows: &'a dyn Rows, row: usize) -> Self {
        Self { rows, row }
    }

    /// A text column; [`Col::Url`] is the target as logged.
    pub fn text(&self, col: Col) -> Option<Cow<'a, str>> {
        self.rows.text(self.row, col)
    }

    /// A numeric column or time.
    pub fn int(&self, col: Col) -> Option<i64> {
        self.rows.int(self.row, col)
    }

    /// A binary column.
    pub fn bytes(&self, col: Col) -> Option<Cow<'a, [u8]>> {
        self.rows.bytes(self.row, col)
    }
}
