//! How is a column of text read, whatever its physical form, with work done once per dictionary entry?

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, internal_err};
use std::sync::Arc;

/// Calls `each` with every row's text in order.
pub(super) fn for_each<'a>(
    array: &'a dyn Array,
    mut each: impl FnMut(Option<&'a str>),
) -> Result<()> {
    let Some(keys) = array.as_dictionary_opt::<Int32Type>() else {
        return for_each_plain(array, each);
    };
    let mut values = Vec::with_capacity(keys.values().len());
    for_each_plain(keys.values().as_ref(), |v| values.push(v))?;
    for key in keys.keys() {
        each(key.and_then(|k| values.get(k as usize).copied().flatten()));
    }
    Ok(())
}

fn for_each_plain<'a>(array: &'a dyn Array, each: impl FnMut(Option<&'a str>)) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(each),
        DataType::Utf8View => array.as_string_view().iter().for_each(each),
        other => return internal_err!("text expected, got {other}"),
    }
    Ok(())
}

/// Applies an array function to the entries of a dictionary and spreads the result over the rows; to other arrays
/// as they are. NULL keys give NULL.
pub(super) fn per_entry(
    array: &ArrayRef,
    run: impl Fn(&dyn Array) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    match array.as_dictionary_opt::<Int32Type>() {
        Some(keys) => Ok(take(&run(keys.values().as_ref())?, keys.keys(), None)?),
        None => run(array.as_ref()),
    }
}

/// Text to text; `f` returns `None` for NULL, else whether it wrote something into the (empty) buffer.
pub(super) fn map(array: &ArrayRef, f: impl Fn(&str, &mut String) -> bool) -> Result<ArrayRef> {
    per_entry(array, |values| {
        let mut out = StringViewBuilder::with_capacity(values.len());
        let mut buffer = String::new();
        // Rows that share one piece of memory (a repeat within a dictionary page) are worked out once.
        let mut last: Option<(&str, bool)> = None;
        for_each(values, |value| {
            let Some(value) = value else { return out.append_null() };
            let written = match last {
                Some((same, written)) if std::ptr::eq(same, value) => written,
                _ => {
                    buffer.clear();
                    f(value, &mut buffer)
                }
            };
            last = Some((value, written));
            match written {
                true => out.append_value(&buffer),
                false => out.append_null(),
            }
        })?;
        Ok(Arc::new(out.finish()) as ArrayRef)
    })
}

/// A column in which each row is one of a few fixed words: rows share the words' bytes.
pub(super) fn words(
    indices: impl ExactSizeIterator<Item = Option<u8>>,
    words: &[&str],
) -> Result<ArrayRef> {
    let mut table = StringViewBuilder::with_capacity(words.len());
    words.iter().for_each(|w| table.append_value(w));
    let table = table.finish();
    let views = table.views();
    let mut out = Vec::with_capacity(indices.len());
    let mut valid = arrow::array::BooleanBufferBuilder::new(indices.len());
    for index in indices {
        let view = index.and_then(|i| views.get(i as usize));
        valid.append(view.is_some());
        out.push(view.copied().unwrap_or(0));
    }
    let nulls = arrow::buffer::NullBuffer::new(valid.finish());
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    Ok(Arc::new(StringViewArray::try_new(out.into(), table.data_buffers().to_vec(), nulls)?))
}
