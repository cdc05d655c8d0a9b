//! In which order do the rows of a compacted row group lie? By host, client and time, with dictionaries in the order of
//! their values.
//!
//! The rows of a row group follow one another in (source, line), so that the bytes of a source come back with one row
//! group in memory; within it they are sorted for size and for skipping pages. Sorted dictionaries give each page its least
//! and greatest value at no cost, whatever their size.

use arrow::array::RecordBatch;

use crate::error::Result;
use crate::merge::Run;
use crate::schema::Col;
use crate::segment::{Coded, ColumnData, Dictionary, NULL_CODE, RowGroup, row_group_of};

/// The rows of some runs as one row group, sorted.
pub(super) fn row_group(runs: &[Run]) -> Result<RowGroup> {
    let slice = |run: &Run| run.batch.slice(run.rows.start, run.rows.len());
    let batches: Vec<RecordBatch> = runs.iter().map(slice).collect();
    let mut group = row_group_of(&batches)?;
    for column in &mut group.columns {
        if let ColumnData::Text(coded) = column {
            sort_values(coded);
        }
    }
    let order = order(&group);
    for column in &mut group.columns {
        rearrange(column, &order);
    }
    Ok(group)
}

/// Puts the values of a dictionary in order.
fn sort_values(coded: &mut Coded) {
    let values = &coded.values;
    if values.iter().is_sorted() {
        return;
    }
    let mut sorted: Vec<u32> = (0..values.len() as u32).collect();
    sorted.sort_unstable_by_key(|&code| values.value(code));
    let mut dictionary = Dictionary::default();
    let mut ranks = vec![NULL_CODE; values.len()];
    for code in sorted {
        ranks[code as usize] = dictionary.push(values.value(code));
    }
    for code in &mut coded.codes {
        *code = ranks.get(*code as usize).copied().unwrap_or(NULL_CODE);
    }
    coded.values = dictionary;
}

/// The rows in the order that they get.
fn order(group: &RowGroup) -> Vec<u32> {
    let codes = |col: Col| match group.columns.get(col as usize) {
        Some(ColumnData::Text(coded)) => Some(coded.codes.as_slice()),
        _ => None,
    };
    let (hosts, clients) = (codes(Col::Host), codes(Col::ClientIp));
    let times = match group.columns.get(Col::Ts as usize) {
        Some(ColumnData::Int64 { values, .. }) => Some(values.as_slice()),
        _ => None,
    };
    let code = |codes: Option<&[u32]>, row: usize| codes.map_or(0, |codes| codes[row]);
    let key = |&row: &u32| {
        let row = row as usize;
        let time = times.map_or(0, |times| times[row]);
        (code(hosts, row), code(clients, row), time, row)
    };
    let mut order: Vec<u32> = (0..group.rows as u32).collect();
    order.sort_unstable_by_key(key);
    order
}

fn rearrange(column: &mut ColumnData, order: &[u32]) {
    match column {
        ColumnData::Text(coded) | ColumnData::Binary(coded) => {
            coded.codes = pick(&coded.codes, order)
        }
        ColumnData::Int32(values) => *values = pick(values, order),
        ColumnData::Int64 { values, valid } => {
            *values = pick(values, order);
            *valid = valid.take().map(|valid| pick(&valid, order));
        }
        ColumnData::Null | ColumnData::ConstText(_) | ColumnData::ConstInt32(_) => {}
    }
}

fn pick<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&row| values[row as usize]).collect()
}
