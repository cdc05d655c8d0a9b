//! How are lines cut whose fields have names: by a header, a list of columns, keys, or JSON members?
//!
//! A dialect says which names fill which columns. What a source is really made of (its fields, their quoting, the spelling of
//! its times, the order in which fields follow one another) is learned from its first lines, and kept in the ledger as
//! the source's format spec. A shape is one such order with the bytes between the fields; lines of a known shape are
//! cut by searching for these bytes alone, and given back from the shape and the columns.

pub(crate) mod cut;
pub(crate) mod dialect;
pub(crate) mod headers;
pub(crate) mod learn;
pub(crate) mod meaning;
pub(crate) mod only;
pub(crate) mod order;
pub(crate) mod scan;
pub(crate) mod shape;
pub(crate) mod spec;
pub(crate) mod wrap;
