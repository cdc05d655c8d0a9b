//! Do two rows tell of the same event? A number of 64 bits over all their logged fields, or over the record id alone.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::cast::as_string_view_array;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use storage::schema::Col;

use crate::functions::extra_get::members::Members;

/// Fields that say where a row stands or how well it was read, not what happened; `ts` is compared beside the key.
const NOT_LOGGED: &[Col] =
    &[Col::Ts, Col::TsQuality, Col::Parse, Col::SourceId, Col::LineNo, Col::Raw, Col::Day];

/// The fields that count beside a record id.
const BESIDE_ID: [Col; 2] = [Col::Host, Col::ClientIp];

/// The ending of the members of `extra` that say how a line was laid out, not what it tells.
const LAYOUT: &str = "_spaces";

/// The call of the function over the columns of `requests`, given an expression of the record id. A row of which only
/// some fields could be read is what its line is, so its bytes count too. Where `apart` is not NULL, rows are only alike if
/// it is equal.
pub(super) fn call(record_id: &str, apart: &str) -> String {
    let first = BESIDE_ID.map(|col| format!("\"{}\"", col.name())).join(", ");
    let mut call = format!(
        "event_key({record_id}, {first}, extra, {apart}, CASE WHEN parse = 'partial' THEN raw END"
    );
    let said = |col: &&Col| **col == Col::Extra || BESIDE_ID.contains(col);
    for col in Col::ALL.iter().filter(|col| !NOT_LOGGED.contains(col) && !said(col)) {
        call.push_str(", \"");
        call.push_str(col.name());
        call.push('"');
    }
    call + ")"
}

/// The call of the function over some columns alone.
pub(super) fn of(columns: &str) -> String {
    format!("event_key(arrow_cast(NULL, 'Utf8View'), {columns})")
}

/// The function, known to the plans of views only.
pub(super) fn function() -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(EventKey { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct EventKey {
    signature: Signature,
}

impl ScalarUDFImpl for EventKey {
    fn name(&self) -> &str {
        "event_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = args.args.iter().map(|arg| arg.to_array(args.number_rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        Ok(ColumnarValue::Array(Arc::new(keys(&arrays, args.number_rows)?)))
    }
}

/// Seeds of this process: nobody can make a log whose rows collide.
static SEEDS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

fn keys(columns: &[ArrayRef], rows: usize) -> Result<Int64Array> {
    let [ids, host, client, extra, fields @ ..] = columns else {
        return internal_err!("event_key takes the record id and the fields");
    };
    let mut states: Vec<_> = (0..rows).map(|_| SEEDS.build_hasher()).collect();
    for column in [ids, host, client] {
        add(column, &mut states, |_| true)?;
    }
    let extras = as_string_view_array(extra)?.iter().zip(&mut states).enumerate();
    for (_, (extra, state)) in extras.filter(|(row, _)| ids.is_null(*row)) {
        add_extra(extra.unwrap_or_default(), state);
    }
    for field in fields {
        add(field, &mut states, |row| ids.is_null(row))?;
    }
    Ok(Int64Array::from_iter_values(states.iter().map(|state| state.finish().cast_signed())))
}

/// Adds what was logged of the members of `extra`; without any it is as if there were no `extra`.
fn add_extra(extra: &str, state: &mut impl Hasher) {
    let mut members = 0_u32;
    for member in Members::of(extra).filter(|(name, _)| !name.ends_with(LAYOUT)) {
        member.hash(state);
        members += 1;
    }
    members.hash(state);
}

/// Adds a column to the states of the rows that `counts` names.
fn add<H: Hasher>(
    column: &ArrayRef,
    states: &mut [H],
    counts: impl Fn(usize) -> bool,
) -> Result<()> {
    fn each<T: Hash, H: Hasher>(
        values: impl Iterator<Item = T>,
        states: &mut [H],
        counts: impl Fn(usize) -> bool,
    ) {
        // An Option says by its hash whether it is one, so an absent field is no empty one.
        let rows = values.zip(states).enumerate().filter(|(row, _)| counts(*row));
        rows.for_each(|(_, (value, state))| value.hash(state));
    }
    match column.data_type() {
        DataType::Utf8View => each(column.as_string_view().iter(), states, counts),
        DataType::BinaryView => each(column.as_binary_view().iter(), states, counts),
        DataType::Int32 => each(column.as_primitive::<Int32Type>().iter(), states, counts),
        DataType::Int64 => each(column.as_primitive::<Int64Type>().iter(), states, counts),
        other => return internal_err!("event_key can't take {other}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, StringViewArray};

    use super::*;

    fn text(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringViewArray::from(values.to_vec()))
    }

    fn distinct(keys: &Int64Array) -> usize {
        keys.values().iter().collect::<std::collections::HashSet<_>>().len()
    }

    #[test]
    fn absent_empty_and_shifted_fields_differ() {
        let none = || text(&[None; 5]);
        let a = text(&[Some("x"), None, Some(""), Some("x"), Some("ab")]);
        let b = text(&[None, Some("x"), None, None, Some("c")]);
        let n: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(1), None, Some(1), None]));
        let keys = keys(&[none(), none(), none(), none(), a, b, n], 5).unwrap();
        assert_eq!(keys.value(0), keys.value(3));
        assert_eq!(distinct(&keys), 4);
    }

    #[test]
    fn a_record_id_counts_with_host_and_client_alone() {
        let ids = text(&[Some("7"), Some("7"), Some("8"), Some("7")]);
        let host = text(&[Some("h"), Some("h"), Some("h"), Some("i")]);
        let none = || text(&[None; 4]);
        let extra = text(&[Some("{}"), Some(r#"{"a":1}"#), None, None]);
        let fields = text(&[Some("a"), Some("b"), Some("a"), Some("a")]);
        let keys = keys(&[ids, host, none(), extra, fields], 4).unwrap();
        assert_eq!(keys.value(0), keys.value(1));
        assert_eq!(distinct(&keys), 3);
    }

    #[test]
    fn how_a_line_was_laid_out_does_not_count() {
        let none = || text(&[None; 5]);
        let extra = text(&[
            None,
            Some(r#"{"duration_ms_spaces":"0"}"#),
            Some(r#"{"a":"1","b_spaces":"2"}"#),
            Some(r#"{"a":"1"}"#),
            Some(r#"{"a":"2"}"#),
        ]);
        let keys = keys(&[none(), none(), none(), extra], 5).unwrap();
        assert_eq!(keys.value(0), keys.value(1));
        assert_eq!(keys.value(2), keys.value(3));
        assert_eq!(distinct(&keys), 3);
    }
}
