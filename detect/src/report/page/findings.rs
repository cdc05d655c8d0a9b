//! How is one entity told? Its findings with sentence, charts, rows and the SQL that gives the rows again.

use maud::{Markup, html};
use storage::clock::Micros;

use super::super::text::{CELL, SENTENCE, SQL, Shown, Sql, count, span, time};
use super::super::{Detail, Report, Rows, chart, svg};
use super::summary::chip;
use crate::finding::{Finding, Level, plain};
use crate::order::{Group, Thread};
use crate::visible::grouped;

/// Bytes of all findings; what comes after is counted.
const ALL: usize = 1_550_000;
/// Bytes of one finding with its rows and charts; a heavier one is told without them.
const ONE: usize = 60_000;
/// Entities that are open from the start, if their level deserves it.
const OPEN: usize = 12;
/// Further days of one finding that are listed.
const DAYS: usize = 31;

/// How much of a finding is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// With charts and rows.
    Full,
    /// With some rows.
    Brief,
    /// Sentence, facts and SQL.
    Plain,
}

/// All entities in the order of reading. Each gets as much as leaves room for the plain form of all that follow.
pub(super) fn findings(report: &Report, groups: &[Group<'_>], range: (Micros, Micros)) -> Markup {
    let tell = |at: usize, depth| entity(report, &groups[at], at, range, depth);
    let plain: Vec<_> = (0..groups.len()).map(|at| tell(at, Depth::Plain)).collect();
    let mut rest: usize = plain.iter().map(|section| section.0.len()).sum();
    let (mut size, mut told) = (0, Vec::new());
    for (at, plain) in plain.into_iter().enumerate() {
        rest -= plain.0.len();
        if size + plain.0.len() > ALL {
            break;
        }
        let room = ALL.saturating_sub(size + rest);
        let deeper = [Depth::Full, Depth::Brief].into_iter().filter(|_| room > plain.0.len());
        let mut deeper = deeper.map(|depth| tell(at, depth));
        let section = deeper.find(|section| section.0.len() <= room).unwrap_or(plain);
        size += section.0.len();
        told.push(section);
    }
    let left: usize = groups[told.len()..].iter().map(|group| group.findings().count()).sum();
    html! {
        section #findings {
            h2 { "Findings" }
            @if groups.is_empty() { p { "None." } }
            @for section in &told { (section) }
            @if left > 0 {
                p.more {
                    (count(left as u64, "more finding")) " about "
                    (count((groups.len() - told.len()) as u64, "more entity"))
                    " would make this page too heavy; the JSON report holds all."
                }
            }
        }
    }
}

fn entity(
    report: &Report,
    group: &Group<'_>,
    at: usize,
    range: (Micros, Micros),
    depth: Depth,
) -> Markup {
    let open = at < OPEN && group.level() >= Level::Medium;
    let number = at + 1;
    html! {
        details.entity.{ "b-" (group.level().name()) } open[open] id={ "e" (number) } {
            summary {
                (chip(group.level()))
                h3 {
                    @if group.column.is_empty() { "No entity" } @else { (Shown(&group.value, CELL)) }
                }
                span.also {
                    (Shown(&group.column.replace('_', " "), CELL))
                    @for other in &group.also { " · " (Shown(other, 40)) }
                }
                span.tally {
                    (count(group.findings().count() as u64, "finding")) ", " (count(group.hunts as u64, "hunt"))
                    " · " (span(group.first(), group.last()))
                }
            }
            @for (within, thread) in group.threads.iter().enumerate() {
                (thread_of(report, thread, &format!("{number}-{}", within + 1), range, depth))
            }
        }
    }
}

fn thread_of(
    report: &Report,
    thread: &Thread<'_>,
    anchor: &str,
    range: (Micros, Micros),
    depth: Depth,
) -> Markup {
    let finding = thread.lead();
    let detail = report.details.get(&finding.id).filter(|_| depth != Depth::Plain);
    let whole = article(report, thread, anchor, detail, range, depth);
    match detail {
        Some(_) if whole.0.len() > ONE => article(report, thread, anchor, None, range, depth),
        _ => whole,
    }
}

fn article(
    report: &Report,
    thread: &Thread<'_>,
    anchor: &str,
    detail: Option<&Detail>,
    range: (Micros, Micros),
    depth: Depth,
) -> Markup {
    let finding = thread.lead();
    html! {
        article {
            h4 {
                (chip(finding.level)) " "
                a href={ "#s" (anchor) } title="to the SQL of its rows" { (Shown(&finding.title, SENTENCE)) }
                " " code { (Shown(&finding.hunt, CELL)) }
                @if report.new.contains(&finding.id) { " " span.new { "new" } }
            }
            p.why { (Shown(&finding.why, SENTENCE)) }
            (facts(finding))
            @if let Some(detail) = detail {
                @if depth == Depth::Full { (charts(report, thread, range)) }
                (rows(&detail.rows, finding.level, depth))
            }
            (sql(finding, anchor))
            (other_days(thread, anchor))
        }
    }
}

/// The charts of all days of a thread.
fn charts(report: &Report, thread: &Thread<'_>, range: (Micros, Micros)) -> Markup {
    let days = thread.findings.iter().filter_map(|finding| report.details.get(&finding.id));
    let charts = chart::merged(days.map(|detail| detail.charts.as_slice()));
    let drawn: Vec<_> = charts.iter().filter_map(|chart| svg::chart(chart, range)).collect();
    html! {
        @if !drawn.is_empty() { div.charts { @for chart in &drawn { (chart) } } }
    }
}

fn facts(finding: &Finding) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in &finding.entity {
                div { dt { (Shown(name, CELL)) } dd { (Shown(&plain(value), CELL)) } }
            }
            div { dt { "when" } dd { (span(finding.first, finding.last)) } }
            div { dt { "rows" } dd { (grouped(finding.count)) } }
            @if let Some(score) = finding.score {
                div {
                    dt { "score" }
                    dd {
                        (format!("{score:.2}"))
                        @for (name, part) in &finding.parts {
                            " " span.part { (Shown(name, 40)) " " (format!("{part:.2}")) }
                        }
                    }
                }
            }
            @if !finding.attack.is_empty() {
                div { dt { "ATT&CK" } dd { (Shown(&finding.attack.join(", "), CELL)) } }
            }
            @if let Some(author) = &finding.author {
                div { dt { "author" } dd { (Shown(author, CELL)) } }
            }
            div { dt { "id" } dd { code { (Shown(&finding.id, 32)) } } }
        }
    }
}

/// The rows of evidence: more of them where the level is higher.
fn rows(rows: &Rows, level: Level, depth: Depth) -> Markup {
    if rows.rows.is_empty() {
        return html! {};
    }
    let most = match depth {
        Depth::Full if level >= Level::High => 10,
        Depth::Full => 5,
        _ => 3,
    };
    let shown = &rows.rows[..rows.rows.len().min(most)];
    let value = |row: usize, at: usize| shown.get(row).and_then(|row| row.get(at));
    // What is the same in all rows is said once; the table keeps what differs.
    let (same, differ): (Vec<_>, Vec<_>) = (0..rows.columns.len()).partition(|&at| {
        shown.len() > 1 && at > 0 && (1..shown.len()).all(|row| value(row, at) == value(0, at))
    });
    html! {
        details.rows open[level >= Level::High] {
            summary { "Rows: " (shown.len()) " of " (grouped(rows.total.max(shown.len() as u64))) }
            @if !same.is_empty() {
                p.same {
                    "In all of them: "
                    @for (number, &at) in same.iter().enumerate() {
                        @if number > 0 { ", " }
                        (Shown(&rows.columns[at], CELL)) " " b { (cell(value(0, at))) }
                    }
                }
            }
            div.scroll {
                table {
                    thead { tr { @for &at in &differ { th scope="col" { (Shown(&rows.columns[at], CELL)) } } } }
                    tbody {
                        @for row in 0..shown.len() {
                            tr { @for &at in &differ { td { (cell(value(row, at))) } } }
                        }
                    }
                }
            }
        }
    }
}

fn cell(value: Option<&Option<String>>) -> Markup {
    html! {
        @match value.and_then(Option::as_ref) {
            Some(value) => (Shown(value, CELL)),
            None => span.null { "NULL" },
        }
    }
}

fn sql(finding: &Finding, anchor: &str) -> Markup {
    let query = Sql(&finding.evidence);
    html! {
        details.sql {
            summary { "SQL of exactly these rows" }
            pre id={ "s" (anchor) } tabindex="0" { code { (query) } }
            @if !query.is_whole() {
                p.note {
                    "Not the query itself: it is longer than " (grouped(SQL as u64))
                    " characters or holds characters that a page cannot carry. The JSON report has it, under the id "
                    code { (Shown(&finding.id, 32)) } "."
                }
            }
        }
    }
}

/// The same hunt about the same entity on other days, in the order of time.
fn other_days(thread: &Thread<'_>, anchor: &str) -> Markup {
    let mut others: Vec<_> = thread.findings.iter().skip(1).collect();
    if others.is_empty() {
        return html! {};
    }
    others.sort_by_key(|finding| finding.day);
    let left = others.len().saturating_sub(DAYS);
    html! {
        details.rows {
            summary { "The same on " (count(others.len() as u64, "other day")) }
            table {
                thead {
                    tr {
                        th scope="col" { "Day" } th scope="col" { "Level" } th.num scope="col" { "Rows" }
                        th scope="col" { "First" } th scope="col" { "Last" } th scope="col" { "What and its SQL" }
                    }
                }
                tbody {
                    @for (at, finding) in others.iter().take(DAYS).enumerate() {
                        tr {
                            td { (finding.day.to_string()) }
                            td { (chip(finding.level)) }
                            td.num { (grouped(finding.count)) }
                            td { (time(finding.first)) }
                            td { (time(finding.last)) }
                            td { (Shown(&finding.why, SENTENCE)) (sql(finding, &format!("{anchor}-{}", at + 1))) }
                        }
                    }
                }
            }
            @if left > 0 { p.more { (count(left as u64, "more day")) " in the JSON report." } }
        }
    }
}
