//! How is passive DNS kept: as columns, which are also those of the table `passive_dns`?

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use storage::clock::Micros;

use super::record::Tuple;
use crate::intel::table::TIME;

/// The columns as they are kept.
pub fn schema() -> SchemaRef {
    let of = |name: &str, kind: DataType| Field::new(name, kind, true);
    Arc::new(Schema::new(vec![
        of("source", DataType::Utf8),
        of("format", DataType::Utf8),
        of("line", DataType::Int64),
        of("rrname", DataType::Utf8),
        of("rrtype", DataType::Utf8),
        of("rdata", DataType::Utf8),
        of("time_first", TIME),
        of("time_last", TIME),
        of("valid_until", TIME),
        of("count", DataType::Int64),
        of("from_zone", DataType::Boolean),
        of("sensor", DataType::Utf8),
        of("added_at", TIME),
    ]))
}

/// Tuples of one file as columns.
///
/// # Errors
/// None that can be foreseen: each column gets one entry for each tuple.
pub fn batch(
    source: &str,
    format: &str,
    tuples: &[Tuple],
    added_at: Micros,
) -> Result<RecordBatch, ArrowError> {
    let texts = |of: &dyn Fn(&Tuple) -> Option<String>| -> ArrayRef {
        Arc::new(tuples.iter().map(of).collect::<StringArray>())
    };
    let times = |of: &dyn Fn(&Tuple) -> Option<Micros>| -> ArrayRef {
        Arc::new(tuples.iter().map(of).collect::<TimestampMicrosecondArray>())
    };
    let line = |tuple: &Tuple| tuple.lines.first().and_then(|line| i64::try_from(*line).ok());
    RecordBatch::try_new(
        schema(),
        vec![
            texts(&|_| Some(source.to_owned())),
            texts(&|_| Some(format.to_owned())),
            Arc::new(tuples.iter().map(line).collect::<Int64Array>()),
            texts(&|tuple| Some(tuple.rrname.clone())),
            texts(&|tuple| Some(tuple.rrtype.clone())),
            texts(&|tuple| Some(tuple.rdata.clone())),
            times(&|tuple| Some(tuple.time_first)),
            times(&|tuple| Some(tuple.time_last)),
            times(&|tuple| tuple.valid_until),
            Arc::new(tuples.iter().map(|tuple| tuple.count).collect::<Int64Array>()),
            Arc::new(tuples.iter().map(|tuple| Some(tuple.from_zone)).collect::<BooleanArray>()),
            texts(&|tuple| tuple.sensor.clone()),
            times(&|_| Some(added_at)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intel::table::{decode, encode};
    use crate::pdns::{self, record::Kept};

    #[test]
    fn what_is_kept_comes_back() {
        let mut kept = Kept::default();
        let line = r#"{"rrname":"a.example.","rrtype":1,"rdata":["192.0.2.1","192.0.2.2"],"time_first":1,"time_last":2}"#;
        pdns::read(line.as_bytes(), &mut kept).unwrap();
        let made = batch("cof.ndjson", "cof", &kept.tuples, 9).unwrap();
        assert_eq!(made.num_rows(), 2);
        let bytes = encode(&schema(), std::slice::from_ref(&made)).unwrap();
        assert_eq!(decode(&bytes, None).unwrap(), [made]);
    }
}
