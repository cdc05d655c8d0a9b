//! How does an entity's story become a timeline of others? Every row one event, for Timesketch or for a body file.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use arrow::array::RecordBatch;
use detect::finding::{Finding, time};
use detect::pivot::{Candidate, events};
use futures::StreamExt as _;
use query::Session;
use serde_json::{Map, Value};

use crate::args::pivot::PivotFormat;
use crate::output::cell::Column;
use crate::output::escape;
use crate::output::target::Target;

/// The columns of the CSV for Timesketch: the three that it asks for first.
const COLUMNS: [&str; 22] = [
    "message",
    "datetime",
    "timestamp_desc",
    "timestamp",
    "client_ip",
    "computer",
    "user",
    "method",
    "url",
    "host",
    "port",
    "status",
    "verdict",
    "request_bytes",
    "response_bytes",
    "content_type",
    "user_agent",
    "referer",
    "server_ip",
    "source_id",
    "line_no",
    "tag",
];
/// Characters of a URL in a line of a body file, which tools read into buffers of their own.
const NAME: usize = 4_000;

/// One event: what Timesketch asks for, and the columns that have a value.
type Event = Map<String, Value>;

/// Writes all events in the order of time; returns how many.
pub(super) async fn write(
    session: &Session,
    entity: &Candidate,
    findings: &[Finding],
    format: PivotFormat,
    file: Option<&Path>,
) -> Result<u64> {
    let mut target = Target::open(file)?;
    let is_csv = file.and_then(Path::extension).is_some_and(|extension| extension == "csv");
    let mut findings = findings.to_vec();
    findings.sort_by(|a, b| (b.first, &b.id).cmp(&(a.first, &a.id)));
    let mut put = |event: &Event| put(&mut target, event, format, is_csv);
    if format == PivotFormat::Timesketch && is_csv {
        put(&COLUMNS.iter().map(|name| ((*name).into(), Value::from(*name))).collect())?;
    }
    let mut answer = session.sql(&events(entity)).await?;
    let mut rows = 0;
    while let Some(batch) = answer.stream.next().await {
        for event in of_batch(&batch?)? {
            let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or(i64::MAX);
            while let Some(finding) = findings.pop_if(|finding| finding.first <= at) {
                put(&of_finding(&finding))?;
            }
            put(&event)?;
            rows += 1;
        }
    }
    while let Some(finding) = findings.pop() {
        put(&of_finding(&finding))?;
    }
    target.finish()?;
    Ok(rows)
}

fn of_batch(batch: &RecordBatch) -> Result<Vec<Event>> {
    let schema = batch.schema();
    let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>>>()?;
    let mut events = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut event = Event::new();
        for (field, column) in schema.fields().iter().zip(&columns) {
            if !column.is_null(row) {
                let mut text = String::new();
                column.push_json(row, &mut text)?;
                event.insert(field.name().clone(), serde_json::from_str(&text)?);
            }
        }
        let at = event.remove("ts").unwrap_or_default();
        let word = |name: &str| event.get(name).map_or("-".to_owned(), detect::finding::plain);
        let who = event
            .get("client_ip")
            .or(event.get("user"))
            .map_or("-".to_owned(), detect::finding::plain);
        let message = format!("{who} {} {} {}", word("method"), word("url"), word("status"));
        event.insert("message".into(), message.into());
        event.insert("datetime".into(), at);
        event.insert("timestamp_desc".into(), "Proxy request".into());
        events.push(event);
    }
    Ok(events)
}

fn of_finding(finding: &Finding) -> Event {
    let mut event = Event::new();
    let message = format!("{} ({}): {}", finding.title, finding.level, finding.why);
    event.insert("message".into(), message.into());
    event.insert("datetime".into(), time(finding.first).into());
    event.insert("timestamp".into(), finding.first.into());
    event.insert("timestamp_desc".into(), "Finding, first row".into());
    event.insert("tag".into(), finding.hunt.clone().into());
    event.extend(finding.entity.iter().cloned());
    event
}

fn put(target: &mut Target, event: &Event, format: PivotFormat, is_csv: bool) -> Result<()> {
    match format {
        PivotFormat::Bodyfile => writeln!(target, "{}", body(event))?,
        _ if is_csv => {
            let cells =
                COLUMNS.iter().map(|name| event.get(*name).map_or_else(String::new, quoted));
            writeln!(target, "{}", cells.collect::<Vec<_>>().join(","))?;
        }
        _ => {
            serde_json::to_writer(&mut *target, event)?;
            writeln!(target)?;
        }
    }
    Ok(())
}

/// A cell of CSV. Line ends and what acts on a terminal are shown: Timesketch reads line by line.
fn quoted(value: &Value) -> String {
    let text = escape::visible(&detect::finding::plain(value));
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`, the time in all four places: `mactime` shows it once.
fn body(event: &Event) -> String {
    let message = event.get("message").map_or_else(String::new, detect::finding::plain);
    let desc = event.get("timestamp_desc").map_or_else(String::new, detect::finding::plain);
    let name = escape::visible(detect::visible::cut(&message, NAME).0).replace('|', "%7C");
    let size = event.get("response_bytes").and_then(Value::as_u64).unwrap_or(0);
    let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or(0).div_euclid(1_000_000);
    format!("0|[{desc}] {name}|0|----------|0|0|{size}|{at}|{at}|{at}|{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_a_url_makes_no_field() {
        let mut event = Event::new();
        event.insert("message".into(), "10.0.0.1 GET http://a.example/x|y\nz 200".into());
        event.insert("timestamp_desc".into(), "Proxy request".into());
        event.insert("timestamp".into(), 1_795_169_425_918_000_i64.into());
        event.insert("response_bytes".into(), 349.into());
        assert_eq!(
            body(&event),
            "0|[Proxy request] 10.0.0.1 GET http://a.example/x%7Cy\\nz 200|0|----------|0|0|349|1795169425|1795169425|1795169425|1795169425"
        );
    }
}
