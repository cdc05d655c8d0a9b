//! What do lines in the Common Output Format say, bare or inside DNSDB's stream?

use serde::Deserialize;
use storage::clock::Micros;

use super::Form;
use super::record::{self, Kept, Tuple};
use crate::intel::json::{Loose, Maybe, Texts};
use crate::intel::time;

#[derive(Debug, Deserialize)]
struct Line {
    cond: Option<Loose>,
    obj: Option<Maybe<Record>>,
    #[serde(flatten)]
    record: Record,
}

#[derive(Debug, Deserialize)]
struct Record {
    rrname: Option<Loose>,
    rrtype: Option<Loose>,
    rdata: Option<Texts>,
    #[serde(default)]
    time_first: Loose,
    #[serde(default)]
    time_last: Loose,
    #[serde(default)]
    zone_time_first: Loose,
    #[serde(default)]
    zone_time_last: Loose,
    #[serde(default)]
    count: Loose,
    #[serde(default)]
    sensor_id: Loose,
}

impl Record {
    fn is_any(&self) -> bool {
        self.rrname.is_some() || self.rdata.is_some()
    }
}

/// How many lines are looked at to tell whether a text is of this kind.
const HEAD: usize = 20;

/// Reads a text if it is of this kind.
pub(super) fn read(text: &str, found: &mut Kept) -> Option<Form> {
    let head = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(HEAD);
    let head: Vec<Line> = head.filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_saf = head.iter().any(|line| line.cond.is_some() || line.obj.is_some());
    if !is_saf && !head.iter().any(|line| line.record.is_any()) {
        return None;
    }
    let (mut last, mut closed) = (0, !is_saf);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        last = number;
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            found.unreadable(number, "no JSON");
            continue;
        };
        match line.cond.as_ref().and_then(Loose::text) {
            Some("succeeded") => closed = true,
            Some("limited") => {
                closed = true;
                found.unreadable(number, "warn: the answer was limited, records are missing");
            }
            Some("failed") => {
                closed = true;
                found.unreadable(number, "error: the query failed, what came is incomplete");
            }
            Some(_) if line.obj.is_none() => {}
            _ => tell(number, line.obj.and_then(|obj| obj.0).unwrap_or(line.record), found),
        }
    }
    if !closed {
        found.unreadable(last, "error: no closing cond, the stream was cut");
    }
    Some(if is_saf { Form::Saf } else { Form::Cof })
}

/// Tells what a record became: one tuple for each answer.
fn tell(line: u64, record: Record, found: &mut Kept) {
    let tuple = match tuple(line, &record) {
        Ok(tuple) => tuple,
        Err(why) => return found.unreadable(line, why),
    };
    let answers = record.rdata.map(|texts| texts.0).unwrap_or_default();
    if answers.is_empty() {
        return found.unreadable(line, "no rdata");
    }
    for answer in answers {
        match record::rdata(&tuple.rrtype, &answer) {
            Some(rdata) => found.tuples.push(Tuple { rdata, ..tuple.clone() }),
            None => found.unreadable(line, "rdata is no address"),
        }
    }
}

fn tuple(line: u64, record: &Record) -> Result<Tuple, &'static str> {
    let given = |field: &Option<Loose>| field.as_ref().and_then(Loose::owned);
    let rrname = given(&record.rrname).ok_or("no rrname")?;
    let rrname = record::name(&rrname).ok_or("rrname is no name")?;
    let rrtype = given(&record.rrtype).ok_or("no rrtype")?;
    let rrtype = record::rrtype(&rrtype).ok_or("rrtype is no type")?;
    let ((time_first, time_last), from_zone) = times(record)?;
    if time_last < time_first {
        return Err("time_last before time_first");
    }
    Ok(Tuple {
        lines: vec![line],
        rrname,
        rrtype,
        time_first,
        time_last,
        from_zone,
        count: record.count.number(),
        sensor: record.sensor_id.owned(),
        ..Tuple::default()
    })
}

/// The sensor's times, or those of the zone file if the sensor has none.
fn times(record: &Record) -> Result<((Micros, Micros), bool), &'static str> {
    let at = |field: &Loose| field.text().and_then(time::parse);
    let sensor = (at(&record.time_first), at(&record.time_last));
    let zone = (at(&record.zone_time_first), at(&record.zone_time_last));
    match (sensor, zone) {
        ((Some(first), Some(last)), _) => Ok(((first, last), false)),
        ((None, None), (Some(first), Some(last))) => Ok(((first, last), true)),
        ((Some(_), None), _) | ((None, None), (Some(_), None)) => Err("no time_last"),
        _ => Err("no time_first"),
    }
}
