//! When did a line come in? The time of the record that brought its extent.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::internal_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use storage::store::State;

use crate::origin::Origin;

/// The extents of each source: first line, and number of the record.
type Extents = BTreeMap<i32, Vec<(i64, u64)>>;

/// `ingested_at(source_id, line_no)`, in microseconds; NULL for lines that no extent has brought.
pub(super) fn function(origin: &Arc<dyn Origin>, state: &State) -> ScalarUDF {
    let extents: Extents = state
        .sources
        .values()
        .map(|source| {
            let extents = source.extents.iter().map(|extent| (extent.first_line, extent.seq));
            (source.id, extents.collect())
        })
        .collect();
    let (origin, times) = (Arc::clone(origin), OnceLock::new());
    let body = move |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let [ids, lines] = arrays.as_slice() else {
            return internal_err!("ingested_at takes source and line");
        };
        // The ledger is read when the first row asks.
        let times = match times.get() {
            Some(times) => times,
            None => {
                let read = times_of(&*origin)?;
                times.get_or_init(|| read)
            }
        };
        Ok(ColumnarValue::Array(all(ids, lines, &extents, times)?))
    };
    let takes = vec![DataType::Int32, DataType::Int64];
    create_udf("ingested_at", takes, DataType::Int64, Volatility::Immutable, Arc::new(body))
}

fn times_of(origin: &dyn Origin) -> Result<HashMap<u64, i64>> {
    let entries =
        origin.ledger_entries().map_err(|error| DataFusionError::External(Box::new(error)))?;
    Ok(entries.into_iter().map(|entry| (entry.seq, entry.at)).collect())
}

fn all(
    ids: &ArrayRef,
    lines: &ArrayRef,
    extents: &Extents,
    times: &HashMap<u64, i64>,
) -> Result<ArrayRef> {
    let (Some(ids), Some(lines)) =
        (ids.as_primitive_opt::<Int32Type>(), lines.as_primitive_opt::<Int64Type>())
    else {
        return internal_err!("ingested_at takes numbers");
    };
    let at = ids.iter().zip(lines.iter()).map(|(id, line)| {
        let extents = extents.get(&id?)?;
        let after = extents.partition_point(|(first, _)| *first <= line.unwrap_or(0));
        let (_, seq) = extents.get(after.checked_sub(1)?)?;
        times.get(seq).copied()
    });
    Ok(Arc::new(at.collect::<Int64Array>()))
}
