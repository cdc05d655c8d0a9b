//! How is an entity's story told? Sections for people, one shape of row for programs.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::story::{Part, Row, Story};
use crate::args::pivot::PivotFormat;
use crate::output::escape;
use crate::output::target::Target;
use crate::say;

/// Version of the JSON document.
const SCHEMA_VERSION: u32 = 1;
/// Columns of a value before it is cut.
const VALUE: usize = 44;
/// Days shown to people; programs get all.
const DAYS: usize = 31;
/// Findings shown to people.
const FINDINGS: usize = 10;
/// The shades of an hour.
const SHADES: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The header of csv.
const HEADER: &str = "section,value,requests,peers,request_bytes,response_bytes,first,last\n";

/// Tells it; returns how many rows it is about.
pub(super) fn tell(target: &mut Target, story: &Story, format: PivotFormat) -> Result<u64> {
    match format {
        PivotFormat::Json => {
            serde_json::to_writer_pretty(&mut *target, &document(story))?;
            writeln!(target)?;
        }
        PivotFormat::Ndjson => {
            for (name, row) in all(story) {
                serde_json::to_writer(&mut *target, &object(Some(name), row))?;
                writeln!(target)?;
            }
        }
        PivotFormat::Csv => {
            target.write_all(HEADER.as_bytes())?;
            for (name, row) in all(story) {
                writeln!(target, "{}", csv(name, row))?;
            }
        }
        PivotFormat::Markdown => markdown(target, story)?,
        _ => table(target, story)?,
    }
    Ok(story.part("all").and_then(|part| part.rows.first()).map_or(0, |row| row.requests))
}

/// What programs get where no row is about the entity.
pub(super) fn nothing(target: &mut Target, entity: &str, format: PivotFormat) -> Result<()> {
    match format {
        PivotFormat::Json => {
            let document = json!({"report": "pivot", "schema_version": SCHEMA_VERSION, "entity": entity, "kind": null, "sections": {}, "findings": []});
            serde_json::to_writer_pretty(&mut *target, &document)?;
            writeln!(target)?;
        }
        PivotFormat::Csv => target.write_all(HEADER.as_bytes())?,
        _ => {}
    }
    Ok(())
}

fn all(story: &Story) -> impl Iterator<Item = (&'static str, &Row)> {
    story.parts.iter().flat_map(|part| part.rows.iter().map(|row| (part.name, row)))
}

fn object(section: Option<&str>, row: &Row) -> Value {
    let mut value = json!({
        "value": row.value,
        "requests": row.requests,
        "peers": row.peers,
        "request_bytes": row.request_bytes,
        "response_bytes": row.response_bytes,
        "first": row.first,
        "last": row.last,
    });
    if let (Some(section), Some(map)) = (section, value.as_object_mut()) {
        map.insert("section".into(), section.into());
    }
    value
}

fn document(story: &Story) -> Value {
    let sections = story.parts.iter().map(|part| {
        let rows: Vec<_> = part.rows.iter().map(|row| object(None, row)).collect();
        (part.name.to_owned(), json!({"of": part.of, "values": rows}))
    });
    json!({
        "report": "pivot",
        "schema_version": SCHEMA_VERSION,
        "entity": story.entity.value,
        "kind": story.entity.kind.column(),
        "peers": story.peers(),
        "sections": sections.collect::<serde_json::Map<_, _>>(),
        "findings": story.findings,
    })
}

fn csv(name: &str, row: &Row) -> String {
    let quoted = |text: &str| {
        if text.is_empty() || text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let number = |number: Option<u64>| number.map(|it| it.to_string()).unwrap_or_default();
    format!(
        "{name},{},{},{},{},{},{},{}",
        quoted(&row.value),
        row.requests,
        row.peers,
        number(row.request_bytes),
        number(row.response_bytes),
        row.first,
        row.last
    )
}

/// The sentence at the top.
fn lead(story: &Story) -> String {
    let days = story.part("day").map_or(0, |part| part.rows.len() as u64);
    let Some(row) = story.part("all").and_then(|part| part.rows.first()) else {
        return String::new();
    };
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "an unknown size".into(), say::size);
    format!(
        "{} {}: {} {} on {} {}, {} {}, sent {}, received {}, from {} to {}",
        story.entity.kind.column(),
        escape::visible(&story.entity.value),
        say::count(row.requests),
        say::plural(row.requests, "request", "requests"),
        say::count(days),
        say::plural(days, "day", "days"),
        say::count(row.peers),
        if row.peers == 1 { &story.peers()[..story.peers().len() - 1] } else { story.peers() },
        size(row.request_bytes),
        size(row.response_bytes),
        row.first,
        row.last
    )
}

/// Each day's 24 hours as a line of shades; the busiest hour of all is full.
fn shades(story: &Story) -> BTreeMap<&str, String> {
    let hours = story.part("hour").map_or(&[][..], |part| &part.rows);
    let most = hours.iter().map(|row| row.requests).max().unwrap_or(1).max(1);
    let mut days: BTreeMap<&str, [u64; 24]> = BTreeMap::new();
    for row in hours {
        let Some((day, time)) = row.value.split_once('T') else { continue };
        let hour = time.get(..2).and_then(|hour| hour.parse::<usize>().ok()).unwrap_or(0);
        if let Some(slot) = days.entry(day).or_insert([0; 24]).get_mut(hour) {
            *slot = row.requests;
        }
    }
    let shade = |count: u64| match count {
        0 => ' ',
        // At least one eighth, at most eight.
        count => SHADES[usize::try_from((count * 8).div_ceil(most)).unwrap_or(8).clamp(1, 8) - 1],
    };
    days.into_iter().map(|(day, hours)| (day, hours.into_iter().map(shade).collect())).collect()
}

fn cut(text: &str) -> String {
    let text = escape::visible(text);
    if text.width() <= VALUE {
        return text;
    }
    let mut width = 0;
    let kept = text.chars().take_while(|c| {
        width += c.width().unwrap_or(0);
        width < VALUE
    });
    kept.chain(['…']).collect()
}

fn table(target: &mut Target, story: &Story) -> Result<()> {
    writeln!(target, "{}", lead(story))?;
    for part in &story.parts {
        match part.name {
            "all" | "hour" => {}
            "day" => days(target, story, part)?,
            _ => section(target, story, part)?,
        }
    }
    if !story.findings.is_empty() {
        writeln!(target, "\nfindings")?;
        for finding in story.findings.iter().take(FINDINGS) {
            let why = escape::visible(&finding.why);
            writeln!(
                target,
                "  {} {:<13} {}: {why}",
                finding.day,
                finding.level,
                escape::visible(&finding.title)
            )?;
        }
        let left = story.findings.len().saturating_sub(FINDINGS) as u64;
        if left > 0 {
            writeln!(target, "  ... and {} more; --format json has all", say::count(left))?;
        }
    }
    Ok(())
}

fn days(target: &mut Target, story: &Story, part: &Part) -> Result<()> {
    let shades = shades(story);
    let left = part.rows.len().saturating_sub(DAYS);
    writeln!(
        target,
        "\n{:<12}{:>10} {:>8} {:>10} {:>10}  0     6     12    18   (UTC)",
        "day",
        "requests",
        story.peers(),
        "sent",
        "received"
    )?;
    if left > 0 {
        writeln!(target, "... {} earlier days; --format csv has all", say::count(left as u64))?;
    }
    for row in &part.rows[left..] {
        let line = format!(
            "{:<12}{}  {}",
            row.value,
            numbers(row),
            shades.get(row.value.as_str()).map_or("", String::as_str)
        );
        writeln!(target, "{}", line.trim_end())?;
    }
    Ok(())
}

fn numbers(row: &Row) -> String {
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "-".into(), say::size);
    format!(
        "{:>10} {:>8} {:>10} {:>10}",
        say::count(row.requests),
        say::count(row.peers),
        size(row.request_bytes),
        size(row.response_bytes)
    )
}

fn section(target: &mut Target, story: &Story, part: &Part) -> Result<()> {
    let widest = part.rows.iter().map(|row| cut(&row.value).width()).max().unwrap_or(0);
    let width = widest.max(12).max(part.name.len());
    writeln!(
        target,
        "\n{:<width$}{:>10} {:>8} {:>10} {:>10}  {:<20}  last",
        part.name,
        "requests",
        story.peers(),
        "sent",
        "received",
        "first"
    )?;
    for row in &part.rows {
        let value = cut(&row.value);
        let blank = " ".repeat(width.saturating_sub(value.width()));
        let short =
            |time: &str| time.get(..19).map_or_else(|| time.to_owned(), |it| format!("{it}Z"));
        writeln!(
            target,
            "{value}{blank}{}  {}  {}",
            numbers(row),
            short(&row.first),
            short(&row.last)
        )?;
    }
    let left = part.of.saturating_sub(part.rows.len() as u64);
    if left > 0 {
        writeln!(target, "... and {} more; --top {}", say::count(left), part.of)?;
    }
    Ok(())
}

fn markdown(target: &mut Target, story: &Story) -> Result<()> {
    let cell = detect::listing::markdown_cell;
    let number = |number: Option<u64>| number.map(|it| it.to_string()).unwrap_or_default();
    writeln!(target, "{}", cell(&lead(story)))?;
    for part in story.parts.iter().filter(|part| part.name != "all") {
        writeln!(target, "\n## {}\n", part.name)?;
        writeln!(
            target,
            "| value | requests | {} | sent | received | first | last |",
            story.peers()
        )?;
        writeln!(target, "|---|---:|---:|---:|---:|---|---|")?;
        for row in &part.rows {
            writeln!(
                target,
                "| {} | {} | {} | {} | {} | {} | {} |",
                cell(&row.value),
                row.requests,
                row.peers,
                number(row.request_bytes),
                number(row.response_bytes),
                row.first,
                row.last
            )?;
        }
    }
    if !story.findings.is_empty() {
        writeln!(target, "\n## findings\n\n| day | level | hunt | why |\n|---|---|---|---|")?;
        for it in &story.findings {
            writeln!(
                target,
                "| {} | {} | {} | {} |",
                it.day,
                it.level,
                cell(&it.hunt),
                cell(&it.why)
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it() {
        let row = Row {
            value: "a,\"b\"".into(),
            requests: 3,
            first: "f".into(),
            last: "l".into(),
            ..Row::default()
        };
        assert_eq!(csv("host", &row), "host,\"a,\"\"b\"\"\",3,0,,,f,l");
    }

    #[test]
    fn long_values_are_cut_and_hostile_ones_shown() {
        assert_eq!(cut("a\u{1b}[2J"), "a\\x1b[2J");
        let long = cut(&"ü".repeat(100));
        assert!(long.width() <= VALUE && long.ends_with('…'));
    }
}
