//! How do findings fit on one screen? Entity by entity in the order of reading, each with its strongest findings.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::finding::plain;
use crate::order::{Group, Thread};
use crate::visible::{grouped, visible};

/// Findings of one entity that are told on a screen, where there is room.
const THREADS: usize = 4;
/// Lines that one sentence may take.
const SENTENCE: usize = 3;
/// Columns of a host or an agent that an entity met.
const VALUE: usize = 48;
/// Entities that should fit before their findings are told more fully.
const ENTITIES: usize = 6;
/// No screen is taken to be narrower.
const NARROW: usize = 40;
/// No screen is taken to be wider: a pipe has no width.
const WIDE: usize = 10_000;
/// Where the tally of an entity ends on a wide screen.
const TALLY: usize = 110;

/// Lines for a screen, and what did not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screen {
    /// The lines, harmless, none wider than asked for.
    pub lines: Vec<String>,
    /// Entities that are not told.
    pub left: usize,
    /// Their findings.
    pub left_findings: usize,
}

/// Lays the groups on a screen of so many rows and columns; without rows everything is told. The first entity is always
/// told.
pub fn screen(groups: &[Group<'_>], rows: Option<usize>, columns: usize) -> Screen {
    let columns = columns.clamp(NARROW, WIDE);
    let Some(rows) = rows else { return laid(groups, usize::MAX, columns, usize::MAX) };
    // Rather more entities than all about the first: the fullest form in which enough of them fit.
    let enough = groups.len().min(ENTITIES);
    (2..=THREADS)
        .rev()
        .map(|threads| laid(groups, rows, columns, threads))
        .find(|screen| groups.len() - screen.left >= enough)
        .unwrap_or_else(|| laid(groups, rows, columns, 1))
}

fn laid(groups: &[Group<'_>], rows: usize, columns: usize, threads: usize) -> Screen {
    let mut lines = Vec::new();
    let mut told = 0;
    for group in groups {
        let block = block(group, columns, threads);
        if told > 0 && lines.len() + block.len() > rows {
            break;
        }
        lines.extend(block);
        told += 1;
    }
    let left = &groups[told..];
    let left_findings = left.iter().map(|group| group.findings().count()).sum();
    Screen { lines, left: left.len(), left_findings }
}

/// One entity: a line that names it, and its strongest findings.
fn block(group: &Group<'_>, columns: usize, threads: usize) -> Vec<String> {
    let mut name = format!("{:<14}{}", group.level().name(), visible(&group.value));
    if !group.also.is_empty() {
        name.push_str(&format!("  {}", visible(&group.also.join(", "))));
    }
    let findings = group.findings().count();
    let tally = format!("{}, {}", many(findings, "finding"), many(group.hunts, "hunt"));
    let mut lines = vec![both(&name, &tally, columns)];
    for thread in group.threads.iter().take(threads) {
        lines.extend(wrapped(&sentence(group, thread), columns));
    }
    let left = group.threads.len().saturating_sub(threads);
    if left > 0 {
        lines.push(format!("  ... and {} more", grouped(left as u64)));
    }
    lines
}

fn many(count: usize, one: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(count as u64))
}

/// Level, title, whom it met beside the entity itself, when, and why.
fn sentence(group: &Group<'_>, thread: &Thread<'_>) -> String {
    let lead = thread.lead();
    let days = match thread.findings.len() {
        1 => lead.day.to_string(),
        2 => format!("{} and another day", lead.day),
        days => format!("{} and {} other days", lead.day, days - 1),
    };
    let others = lead.entity.iter().map(|(name, value)| (name, plain(value)));
    let others = others.filter(|(_, value)| *value != group.value && !group.also.contains(value));
    let others: String = others
        .map(|(name, value)| format!(" {} {}", visible(name), cut(&visible(&value), VALUE)))
        .collect();
    format!(
        "  {:<14}{} [{}],{others} {days}: {}",
        lead.level.name(),
        visible(&lead.title),
        visible(&lead.hunt),
        visible(&lead.why)
    )
}

/// Something at the left and something at the right; the left gives way.
fn both(left: &str, right: &str, columns: usize) -> String {
    let left = cut(left, columns.saturating_sub(right.width() + 2));
    let end = columns.min(TALLY).saturating_sub(right.width() + 2);
    let blank = " ".repeat(end.saturating_sub(left.width()) + 2);
    format!("{left}{blank}{right}")
}

/// As much of the text as fits, marked where it is cut.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut width = 1;
    let kept = text.chars().take_while(|c| {
        width += c.width().unwrap_or(0);
        width <= columns
    });
    kept.chain(['…']).collect()
}

/// Breaks between words, at most [`SENTENCE`] lines, the later ones indented.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    const INDENT: &str = "                ";
    let mut lines = Vec::new();
    let mut rest = text;
    while lines.len() + 1 < SENTENCE {
        let indent = if lines.is_empty() { "" } else { INDENT };
        let room = columns - indent.len();
        if rest.width() <= room {
            break;
        }
        let mut width = 0;
        let fits = rest.char_indices().find(|(_, c)| {
            width += c.width().unwrap_or(0);
            width > room
        });
        let end = fits.map_or(rest.len(), |(at, _)| at);
        // A word that alone is wider than the line is cut with the rest.
        let Some(space) = rest[..end].rfind(' ').filter(|at| rest[..*at].trim().len() > 20) else {
            break;
        };
        lines.push(format!("{indent}{}", &rest[..space]));
        rest = &rest[space + 1..];
    }
    let indent = if lines.is_empty() { "" } else { INDENT };
    lines.push(format!("{indent}{}", cut(rest, columns - indent.len())));
    lines
}

/// A text as a cell of a table in Markdown: no mark of HTML, of Markdown's tables or of a terminal is left in it.
pub fn markdown_cell(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::finding::{Finding, Level, tests::finding};
    use crate::order::groups;

    fn found(client: &str, hunt: &str, level: Level, why: &str, day: &str) -> Finding {
        let entity = vec![("client_ip".to_owned(), Value::from(client))];
        let day = day.parse().unwrap();
        let id = Finding::id_of(hunt, &entity, day);
        Finding { id, hunt: hunt.into(), level, entity, day, why: why.into(), ..finding() }
    }

    fn some() -> Vec<Finding> {
        let long = "1,410 requests to sync.metrics-cloud.example, one every 60 s with a jitter of 10 %, through \
                    the night; 98 % have the same length; no other client has this host";
        let mut all = vec![
            found("10.20.4.41", "beacons", Level::Critical, long, "2026-11-16"),
            found("10.20.4.41", "beacons", Level::High, long, "2026-11-17"),
            found("10.20.4.41", "beacons", Level::High, long, "2026-11-18"),
            found("10.20.4.41", "upload-volume", Level::High, "sent 6.2 GB", "2026-11-18"),
            found("10.20.7.1", "agents", Level::Medium, "\u{1b}[2Jx\u{202e}y <b>|", "2026-11-18"),
        ];
        for number in 0..30 {
            let client = format!("10.20.9.{number}");
            all.push(found(&client, "new-domain", Level::Low, "one new domain", "2026-11-18"));
        }
        all
    }

    #[test]
    fn the_first_come_first() {
        let all = some();
        let screen = screen(&groups(&all), Some(16), 90);
        insta::assert_snapshot!(format!(
            "{}\n{} of {} left",
            screen.lines.join("\n"),
            screen.left_findings,
            screen.left
        ));
    }

    #[test]
    fn never_more_than_a_screen_and_never_wider() {
        let all = some();
        let groups = groups(&all);
        for rows in [5, 10, 24, 40, 200] {
            for columns in [10, 40, 80, 200] {
                let screen = screen(&groups, Some(rows), columns);
                assert!(screen.lines.len() <= rows.max(7), "{} of {rows}", screen.lines.len());
                let widest = screen.lines.iter().map(|line| line.width()).max().unwrap();
                assert!(widest <= columns.max(NARROW), "{widest} of {columns}");
                let told = screen.lines.iter().filter(|line| !line.starts_with(' ')).count();
                assert_eq!(told + screen.left, groups.len());
            }
        }
        let everything = screen(&groups, None, 80);
        assert_eq!((everything.left, everything.left_findings), (0, 0));
        assert_eq!(screen(&[], Some(24), 80), Screen::default());
    }

    #[test]
    fn a_megabyte_in_a_name_is_cut() {
        let why = "http://a.example/".to_owned() + &"日".repeat(1 << 18);
        let all = [found(&"x".repeat(1 << 20), "h", Level::Low, &why, "2026-11-18")];
        let screen = screen(&groups(&all), Some(24), 80);
        assert!(screen.lines.len() <= 4 && screen.lines.iter().all(|line| line.width() <= 80));
    }

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(markdown_cell("a|b\n<script>&\u{202e}"), "a\\|b\\n&lt;script&gt;&amp;\\u{202e}");
    }
}
