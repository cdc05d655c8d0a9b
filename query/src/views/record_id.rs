//! Which id did the vendor give the event? What survives a replay, and is no value a client can choose.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::cast::as_string_view_array;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use crate::functions::extra_get::members::{Members, text_of};

/// The members of `extra` that hold an id of the one event, lower case. Ids of connections, sessions and rules are none,
/// nor is a request id that comes from a header.
pub(super) const NAMES: &[&str] =
    &["recordid", "record_id", "x-bluecoat-transaction-uuid", "x-edge-request-id", "unique_id"];

/// The function, known to the plans of views only.
pub(super) fn function() -> ScalarUDF {
    let text = DataType::Utf8View;
    let body = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        Ok(ColumnarValue::Array(ids(&arrays[0])?))
    };
    create_udf("record_id", vec![text.clone()], text, Volatility::Immutable, Arc::new(body))
}

fn ids(extra: &ArrayRef) -> Result<ArrayRef> {
    let ids = as_string_view_array(extra)?.iter().map(|extra| id(extra?));
    Ok(Arc::new(ids.collect::<StringViewArray>()))
}

/// The first id that says something.
fn id(extra: &str) -> Option<String> {
    Members::of(extra).find_map(|(name, value)| {
        if !NAMES.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            return None;
        }
        let mut text = String::new();
        let says = text_of(value, &mut text) && !matches!(text.as_str(), "" | "-" | "0" | "None");
        says.then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn an_id_is_found_and_nothing_else_taken_for_one() {
        for (extra, expected) in [
            (r#"{"recordid":7021,"x":"y"}"#, Some("7021")),
            (r#"{"x":"y","RecordID":"7021"}"#, Some("7021")),
            (r#"{"x-bluecoat-transaction-uuid":"-","unique_id":"Zk1"}"#, Some("Zk1")),
            (r#"{"recordid":"None"}"#, None),
            (r#"{"recordid":0}"#, None),
            (r#"{"recordid":null}"#, None),
            (r#"{"x-request-id":"chosen-by-a-client","sessionid":"1","logid":"0317013312"}"#, None),
            ("{}", None),
            ("recordid", None),
        ] {
            assert_eq!(id(extra).as_deref(), expected, "{extra}");
        }
    }
}
