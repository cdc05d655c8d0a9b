//! How do rows get other times? Their row group is moved by a correction of the clock, and cut where a day ends.

use std::collections::BTreeMap;

use storage::clock::Micros;
use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::schema::Col;
use storage::segment::{Coded, ColumnData, Dictionary, NULL_CODE, RowGroup};

/// 1990-01-01T00:00:00Z: no row is older.
const YEAR_1990_US: Micros = 631_152_000 * 1_000_000;

/// The last microsecond of the year 9999.
const YEAR_9999_US: Micros = 253_402_300_799_999_999;

/// The rows of `group` with `shift_us` added to each time, by the day that they have then.
///
/// # Errors
/// `InvalidInput`: a time would leave the years 1990 to 9999.
pub(crate) fn moved(mut group: RowGroup, shift_us: Micros) -> Result<Vec<(Day, RowGroup)>> {
    let Some(ColumnData::Int64 { values, .. }) = group.columns.get_mut(Col::Ts as usize) else {
        return Err(Error::new(ErrorKind::Internal, "rows without times"));
    };
    for ts in &mut *values {
        *ts = ts
            .checked_add(shift_us)
            .filter(|ts| (YEAR_1990_US..=YEAR_9999_US).contains(ts))
            .ok_or_else(outside)?;
    }
    let mut days: BTreeMap<Day, Vec<u32>> = BTreeMap::new();
    for (row, ts) in values.iter().enumerate() {
        days.entry(Day::of(*ts)).or_default().push(row as u32);
    }
    if let (1, Some((&day, _))) = (days.len(), days.first_key_value()) {
        return Ok(vec![(day, group)]);
    }
    Ok(days.into_iter().map(|(day, rows)| (day, select(&group, &rows))).collect())
}

fn outside() -> Error {
    Error::new(ErrorKind::InvalidInput, "the shift would move rows out of the years 1990 to 9999")
        .advise("a correction is what is added to the times as printed, such as +1h or -90s")
}

/// Some rows of a group, as a group of their own.
fn select(group: &RowGroup, rows: &[u32]) -> RowGroup {
    let columns = group.columns.iter().map(|column| match column {
        ColumnData::Null => ColumnData::Null,
        ColumnData::ConstText(text) => ColumnData::ConstText(text.clone()),
        ColumnData::ConstInt32(value) => ColumnData::ConstInt32(*value),
        ColumnData::Int32(values) => ColumnData::Int32(pick(values, rows)),
        ColumnData::Int64 { values, valid } => ColumnData::Int64 {
            values: pick(values, rows),
            valid: valid.as_ref().map(|valid| pick(valid, rows)),
        },
        ColumnData::Text(coded) => text(recode(coded, rows)),
        ColumnData::Binary(coded) => match recode(coded, rows) {
            coded if coded.values.is_empty() => ColumnData::Null,
            coded => ColumnData::Binary(coded),
        },
    });
    RowGroup { rows: rows.len(), columns: columns.collect() }
}

fn text(coded: Coded) -> ColumnData {
    if coded.values.is_empty() { ColumnData::Null } else { ColumnData::Text(coded) }
}

fn pick<T: Copy + Default>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values.get(row as usize).copied().unwrap_or_default()).collect()
}

/// The codes of some rows, into a dictionary with their values only.
fn recode(coded: &Coded, rows: &[u32]) -> Coded {
    let mut values = Dictionary::default();
    let mut codes_of = vec![NULL_CODE; coded.values.len()];
    let codes = rows.iter().map(|&row| {
        let code = coded.codes.get(row as usize).copied().unwrap_or(NULL_CODE);
        let Some(known) = codes_of.get_mut(code as usize) else { return NULL_CODE };
        if *known == NULL_CODE {
            *known = values.push(coded.values.value(code));
        }
        *known
    });
    let codes = codes.collect();
    Coded { values, codes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{GroupRows, RowView};

    const HOUR_US: Micros = 3_600_000_000;
    const MIDNIGHT_US: Micros = 1_795_132_800_000_000; // 2026-11-20T00:00:00Z

    fn group(times: &[Micros]) -> RowGroup {
        let mut columns = vec![ColumnData::Null; Col::stored().len()];
        columns[Col::Ts as usize] = ColumnData::Int64 { values: times.to_vec(), valid: None };
        let mut hosts = Coded::default();
        for row in 0..times.len() {
            let code = if row % 3 == 2 {
                NULL_CODE
            } else {
                hosts.values.push(format!("h{row}").as_bytes())
            };
            hosts.codes.push(code);
        }
        columns[Col::Host as usize] = ColumnData::Text(hosts);
        columns[Col::Status as usize] =
            ColumnData::Int32((0..times.len()).map(|row| Some(row as i32)).collect());
        RowGroup { rows: times.len(), columns }
    }

    #[test]
    fn rows_go_to_the_day_they_have_then() {
        let times: Vec<_> = (0..6).map(|at| MIDNIGHT_US + (at - 2) * HOUR_US / 2).collect();
        let parts = moved(group(&times), -HOUR_US / 4).unwrap();
        assert_eq!(parts.iter().map(|(_, part)| part.rows).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(parts[0].0.to_string(), "2026-11-19");
        let rows = GroupRows(&parts[1].1);
        let row = RowView::new(&rows, 0);
        assert_eq!(row.int(Col::Status), Some(3));
        assert_eq!(row.text(Col::Host).as_deref(), Some("h3"));
        assert_eq!(row.int(Col::Ts), Some(times[3] - HOUR_US / 4));
        assert_eq!(RowView::new(&rows, 2).text(Col::Host), None);
        assert_eq!(moved(group(&times), 24 * HOUR_US).unwrap().len(), 2);
        assert_eq!(moved(group(&times[2..]), HOUR_US).unwrap().len(), 1);
    }

    #[test]
    fn no_row_leaves_the_years_there_are() {
        for shift in [i64::MIN, i64::MAX, -MIDNIGHT_US, 300_000_000_000_000_000] {
            let error = moved(group(&[MIDNIGHT_US]), shift).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
