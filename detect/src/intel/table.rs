//! How are indicators kept: as columns, which are also those of the table `indicators`?

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Int32Array, Int32Builder, Int64Builder,
    RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use storage::clock::Micros;

use super::indicator::{Found, Indicator, Skipped};
use super::time;

/// Text columns, in order.
const TEXTS: [&str; 23] = [
    "source",
    "format",
    "attribute",
    "id",
    "type",
    "value",
    "host",
    "ip",
    "uri",
    "method",
    "user_agent",
    "raw",
    "misp_type",
    "event",
    "name",
    "orgc",
    "object",
    "object_uuid",
    "tags",
    "tlp",
    "status",
    "threat",
    "malware",
];
const WHOLES: [&str; 3] = ["port", "threat_level", "confidence"];
const LONGS: [&str; 2] = ["line", "event_id"];
const TRUTHS: [&str; 2] = ["any_scheme", "to_ids"];
const TIMES: [&str; 5] = ["first_seen", "last_seen", "valid_from", "valid_until", "added_at"];

/// A time without zone in the engine, which is UTC.
pub const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The columns as they are kept.
pub fn schema() -> SchemaRef {
    let of = |names: &[&'static str], kind: &DataType| -> Vec<Field> {
        names.iter().map(|name| Field::new(*name, kind.clone(), true)).collect()
    };
    let mut fields = of(&TEXTS, &DataType::Utf8);
    fields.extend(of(&WHOLES, &DataType::Int32));
    fields.extend(of(&LONGS, &DataType::Int64));
    fields.extend(of(&TRUTHS, &DataType::Boolean));
    fields.extend(of(&TIMES, &TIME));
    Arc::new(Schema::new(fields))
}

/// The most rows of one batch.
const BATCH_ROWS: usize = 131_072;
/// The most skipped records that are kept one by one; the others are counted.
const SKIPPED_MAX: usize = 10_000;

/// Takes what readers find and makes columns of it.
#[derive(Debug)]
pub struct Builder {
    texts: Vec<StringBuilder>,
    wholes: Vec<Int32Builder>,
    longs: Vec<Int64Builder>,
    truths: Vec<BooleanBuilder>,
    times: Vec<TimestampMicrosecondBuilder>,
    batches: Vec<RecordBatch>,
    in_batch: usize,
    source: String,
    format: String,
    extra_tags: Vec<String>,
    added_at: Micros,
    /// What became no indicator: the first of it, with its source.
    pub skipped: Vec<(String, Skipped)>,
    /// How many could not be read, all of them.
    pub unreadable: u64,
    /// How many were left out on purpose, all of them.
    pub left_out: u64,
    /// How many only give context.
    pub context: u64,
    /// How many indicators.
    pub rows: u64,
}

impl Builder {
    /// For indicators that are added at this time, with more tags than their source gives.
    pub fn new(added_at: Micros, extra_tags: Vec<String>) -> Self {
        Self {
            texts: TEXTS.iter().map(|_| StringBuilder::new()).collect(),
            wholes: WHOLES.iter().map(|_| Int32Builder::new()).collect(),
            longs: LONGS.iter().map(|_| Int64Builder::new()).collect(),
            truths: TRUTHS.iter().map(|_| BooleanBuilder::new()).collect(),
            times: TIMES.iter().map(|_| TimestampMicrosecondBuilder::new()).collect(),
            batches: Vec::new(),
            in_batch: 0,
            source: String::new(),
            format: String::new(),
            extra_tags,
            added_at,
            skipped: Vec::new(),
            unreadable: 0,
            left_out: 0,
            context: 0,
            rows: 0,
        }
    }

    /// From here on they come from this file, of this kind.
    pub fn source(&mut self, name: &str, format: &str) {
        name.clone_into(&mut self.source);
        format.clone_into(&mut self.format);
    }

    fn flush(&mut self) {
        if self.in_batch == 0 {
            return;
        }
        self.in_batch = 0;
        let mut columns: Vec<ArrayRef> = Vec::new();
        columns.extend(self.texts.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.wholes.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.longs.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.truths.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.times.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        // Each column got one entry for each row.
        self.batches.extend(RecordBatch::try_new(schema(), columns));
    }

    /// The columns, in batches.
    pub fn finish(&mut self) -> Vec<RecordBatch> {
        self.flush();
        std::mem::take(&mut self.batches)
    }

    fn append(&mut self, found: &Indicator) {
        let Indicator { place, value, raw, context } = found;
        let mut tags = context.tags.clone();
        tags.extend(self.extra_tags.iter().filter(|tag| !context.tags.contains(tag)).cloned());
        let tlp = tags.iter().find(|tag| tag.to_ascii_lowercase().starts_with("tlp:"));
        let tlp = tlp.map(|tag| tag[4..].to_ascii_lowercase());
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let texts: [Option<String>; TEXTS.len()] = [
            Some(self.source.clone()),
            Some(self.format.clone()),
            place.attribute.clone(),
            place.id.clone(),
            Some(value.kind.name().to_owned()),
            Some(value.value.clone()),
            value.host.clone(),
            some(&value.ips.join(",")),
            value.uri.clone(),
            value.method.clone(),
            value.user_agent.clone(),
            Some(raw.clone()),
            context.misp_type.clone(),
            context.event.clone(),
            context.name.clone(),
            context.orgc.clone(),
            context.object.clone(),
            context.object_uuid.clone(),
            some(&tags.join(",")),
            tlp,
            context.status.clone(),
            context.threat.clone(),
            context.malware.clone(),
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.append_option(text);
        }
        let wholes = [value.port.map(i32::from), context.threat_level, context.confidence];
        self.wholes.iter_mut().zip(wholes).for_each(|(c, v)| c.append_option(v));
        let line = place.line.and_then(|line| i64::try_from(line).ok());
        self.longs.iter_mut().zip([line, context.event_id]).for_each(|(c, v)| c.append_option(v));
        let any_scheme = (value.kind == super::Kind::Url).then_some(value.any_scheme);
        let truths = [any_scheme, context.to_ids];
        self.truths.iter_mut().zip(truths).for_each(|(c, v)| c.append_option(v));
        let times = [
            context.first_seen,
            context.last_seen,
            context.valid_from,
            context.valid_until,
            Some(self.added_at),
        ];
        self.times.iter_mut().zip(times).for_each(|(c, v)| c.append_option(v));
    }
}

impl Found for Builder {
    fn indicator(&mut self, indicator: Indicator) {
        self.append(&indicator);
        self.rows += 1;
        self.in_batch += 1;
        if self.in_batch == BATCH_ROWS {
            self.flush();
        }
    }

    fn skipped(&mut self, skipped: Skipped) {
        if skipped.unreadable {
            self.unreadable += 1;
        } else {
            self.left_out += 1;
        }
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push((self.source.clone(), skipped));
        }
    }

    fn context(&mut self) {
        self.context += 1;
    }
}

/// Batches as bytes: Arrow's stream, compressed.
///
/// # Errors
/// As Arrow's writer.
pub fn encode(schema: &Schema, batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD))?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), schema, options)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}

/// Bytes as batches; only some columns if they are named.
///
/// # Errors
/// As Arrow's reader.
pub fn decode(bytes: &[u8], columns: Option<&[&str]>) -> Result<Vec<RecordBatch>, ArrowError> {
    let wanted = match columns {
        Some(columns) => {
            let schema = StreamReader::try_new(Cursor::new(bytes), None)?.schema();
            Some(columns.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()?)
        }
        None => None,
    };
    StreamReader::try_new(Cursor::new(bytes), wanted)?.collect()
}

/// A text column.
pub fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// A column of whole numbers.
pub fn whole<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Int32Array> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// A column of truth values.
pub fn truth<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a BooleanArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// A column of times.
pub fn at<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a TimestampMicrosecondArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// An entry of a column, unless it is NULL.
pub fn entry(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// Gives values that an older version of a list had the time at which they came into it; says how many are new.
pub fn keep_added_at(new: &mut [RecordBatch], old: &[RecordBatch]) -> Result<u64, ArrowError> {
    let mut known: HashMap<(&str, &str), Micros> = HashMap::new();
    for batch in old {
        let (kinds, values, added) =
            (text(batch, "type"), text(batch, "value"), at(batch, "added_at"));
        for row in 0..batch.num_rows() {
            let key = (entry(kinds, row).unwrap_or(""), entry(values, row).unwrap_or(""));
            let time = added.map_or(0, |added| added.value(row));
            known.entry(key).and_modify(|at| *at = (*at).min(time)).or_insert(time);
        }
    }
    let mut fresh = 0;
    for batch in new {
        let (kinds, values) = (text(batch, "type"), text(batch, "value"));
        let Some(added) = at(batch, "added_at") else { continue };
        let times = (0..batch.num_rows()).map(|row| {
            let key = (entry(kinds, row).unwrap_or(""), entry(values, row).unwrap_or(""));
            known.get(&key).copied().unwrap_or_else(|| {
                fresh += 1;
                added.value(row)
            })
        });
        let times: TimestampMicrosecondArray = times.collect::<Vec<_>>().into();
        let mut columns = batch.columns().to_vec();
        if let Ok(column) = batch.schema().index_of("added_at") {
            columns[column] = Arc::new(times);
        }
        *batch = RecordBatch::try_new(batch.schema(), columns)?;
    }
    Ok(fresh)
}

/// A time for people.
pub fn shown(at: Option<Micros>) -> String {
    at.map_or_else(String::new, time::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intel::reader;

    fn batches(text: &str, added_at: Micros) -> Vec<RecordBatch> {
        let mut builder = Builder::new(added_at, vec!["tlp:amber".to_owned()]);
        builder.source("list.txt", "plain");
        reader::read(text.as_bytes(), &mut builder).unwrap();
        builder.finish()
    }

    #[test]
    fn what_is_kept_comes_back() {
        let made = batches("a.example\n192.0.2.1:80\nhttp://b.example/\n", 7);
        let bytes = encode(&schema(), &made).unwrap();
        assert_eq!(decode(&bytes, None).unwrap(), made);
        let some = decode(&bytes, Some(&["value", "tlp"])).unwrap();
        assert_eq!(some[0].num_columns(), 2);
        assert_eq!(entry(text(&some[0], "tlp"), 0), Some("amber"));
        assert!(decode(&bytes[..bytes.len() / 2], None).is_err());
        assert!(decode(b"nothing", None).is_err());
    }

    #[test]
    fn known_values_keep_their_time() {
        let old = batches("a.example\nb.example\n", 7);
        let mut new = batches("b.example\nc.example\n", 9);
        assert_eq!(keep_added_at(&mut new, &old).unwrap(), 1);
        assert_eq!(at(&new[0], "added_at").unwrap().values().to_vec(), [7, 9]);
    }
}
