//! Are times read without harm, and printed back where they say that they can be?

use std::sync::OnceLock;

use chrono_tz::Tz;

use super::NOW_US;
use crate::time::{
    Context, Memo, TimeSpec, Zone, guess, header as header_date, parse_date, parse_spec,
};

/// Descriptions of all kinds, tried on each text.
const SPECS: &[&str] = &[
    "epoch",
    "epoch.1",
    "epoch.3",
    "epoch.6",
    "epoch.9",
    "epoch_ms",
    "epoch_us",
    "epoch_ns",
    "epoch_auto",
    "iso",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.3fZ",
    "%Y-%m-%dT%H:%M:%S%.9f%:z",
    "%Y-%m-%d %H:%M:%S%,3f",
    "date=%Y-%m-%d time=%H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S%.f",
    "%a %b %e %H:%M:%S %Y",
    "%a, %d %b %Y %T %Z",
    "%b %e %H:%M:%S",
    "%m.%d %H:%M:%S",
    "%d/%m/%y %I:%M:%S %p",
    "%-m/%-d/%Y %-H:%M",
    "utc:%Y%m%d%H%M%S%-3f",
    "%s%#z",
    "%H:%M:%S",
];

fn specs() -> &'static [TimeSpec] {
    static COMPILED: OnceLock<Vec<TimeSpec>> = OnceLock::new();
    COMPILED.get_or_init(|| SPECS.iter().filter_map(|spec| parse_spec(spec).ok()).collect())
}

fn contexts() -> [Context; 3] {
    let (date, near) = (Some(20_771), Some(NOW_US));
    let berlin = Some(Zone::Named(Tz::Europe__Berlin));
    [
        Context::default(),
        Context { zone: berlin, stated: false, date, near },
        Context { zone: Some(Zone::Offset(-210)), stated: true, date, near },
    ]
}

/// Each line of `bytes` is read by every description.
pub(super) fn read(bytes: &[u8]) -> Result<(), String> {
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').take(4).collect();
    for spec in specs() {
        for cx in contexts() {
            let mut memo = Memo::default();
            for line in &lines {
                one(spec, line, &cx, &mut memo)?;
            }
        }
    }
    guess(&lines);
    Ok(())
}

fn one(spec: &TimeSpec, text: &[u8], cx: &Context, memo: &mut Memo) -> Result<(), String> {
    let shown = || format!("`{}` of {:?} in {cx:?}", spec.text(), String::from_utf8_lossy(text));
    if spec.prefix_len(text).is_some_and(|len| len > text.len()) {
        return Err(format!("{}: the prefix is longer than the text", shown()));
    }
    let time = spec.read_in(text, cx, memo);
    if time != spec.read_in(text, cx, &mut Memo::default()) {
        return Err(format!("{}: what was read before it decides", shown()));
    }
    let Some(time) = time.filter(|time| time.exact) else { return Ok(()) };
    let mut back = Vec::new();
    spec.write_in(time.ts, time.nanos, time.offset, cx, &mut back);
    if back != text {
        let back = String::from_utf8_lossy(&back).into_owned();
        return Err(format!("{}: comes back as {back:?}", shown()));
    }
    Ok(())
}

/// A description compiles or is refused, and is kept as one that means the same.
pub(super) fn described(bytes: &[u8]) -> Result<(), String> {
    let at = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(at);
    let Ok(text) = std::str::from_utf8(text) else { return Ok(()) };
    if let Ok(date) = parse_date(text) {
        date.read_date(rest);
    }
    let Ok(spec) = parse_spec(text) else { return Ok(()) };
    match parse_spec(&spec.text()) {
        Ok(again) if again == spec => {}
        Ok(_) => return Err(format!("`{text}` is kept as `{}`, which is another", spec.text())),
        Err(error) => return Err(format!("`{text}` is kept as `{}`: {error}", spec.text())),
    }
    let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    for cx in contexts() {
        let mut memo = Memo::default();
        for line in rest.split(|&byte| byte == b'\n') {
            one(&spec, line, &cx, &mut memo)?;
        }
        // What it prints itself, it reads.
        let mut printed = Vec::new();
        spec.write_in(NOW_US, 0, 0, &cx, &mut printed);
        one(&spec, &printed, &cx, &mut memo)?;
    }
    Ok(())
}

/// Dates of header lines, and zones.
pub(super) fn header(bytes: &[u8]) -> Result<(), String> {
    header_date::read(bytes);
    let Some(zone) = Zone::read(bytes) else { return Ok(()) };
    if Zone::read(zone.to_string().as_bytes()) == Some(zone) {
        return Ok(());
    }
    Err(format!("{:?} is kept as `{zone}`", String::from_utf8_lossy(bytes)))
}
