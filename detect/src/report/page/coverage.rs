//! What was looked at, and what was not? Hunts, sources and days, and the ledger head that fixes them.

use std::collections::BTreeSet;

use maud::{Markup, html};
use storage::day::Day;

use super::super::text::{CELL, SENTENCE, Shown, bytes, count};
use super::super::{Ran, Report};
use crate::visible::grouped;

/// Sources that are listed.
const SOURCES: usize = 200;
/// Days that are listed.
const DAYS: usize = 120;

/// Which hunts ran, what each looks for, and how much it found.
pub(super) fn hunts(report: &Report) -> Markup {
    let found = |hunt: &Ran| report.findings.iter().filter(|it| it.hunt == hunt.id).count();
    let (silent, telling): (Vec<_>, Vec<_>) = report.hunts.iter().partition(|it| found(it) == 0);
    let mut telling: Vec<_> = telling.into_iter().map(|hunt| (found(hunt), hunt)).collect();
    telling.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    html! {
        section #hunts {
            h2 { "Hunts" }
            @if !telling.is_empty() {
                table.hunts {
                    caption { "Hunts that found something" }
                    thead {
                        tr {
                            th scope="col" { "Hunt" } th.num scope="col" { "Findings" }
                            th scope="col" { "What it finds, and why that matters" }
                            th scope="col" { "What else it may be" } th scope="col" { "ATT&CK" }
                        }
                    }
                    tbody { @for (found, hunt) in &telling { (hunt_row(*found, hunt)) } }
                }
            }
            @if !silent.is_empty() {
                details.rows {
                    summary { (count(silent.len() as u64, "hunt")) " ran and found nothing" }
                    ul.names { @for hunt in &silent { li { code { (Shown(&hunt.id, CELL)) } " " (Shown(&hunt.title, CELL)) } } }
                }
            }
            @if report.hunts.is_empty() { p { "None ran." } }
        }
    }
}

fn hunt_row(found: usize, hunt: &Ran) -> Markup {
    html! {
        tr {
            th scope="row" { (Shown(&hunt.title, CELL)) br; code { (Shown(&hunt.id, CELL)) } }
            td.num { (grouped(found as u64)) }
            td { (Shown(&hunt.finds, SENTENCE)) " " (Shown(&hunt.because, SENTENCE)) }
            td {
                @for (at, other) in hunt.false_positives.iter().enumerate() {
                    @if at > 0 { "; " } (Shown(other, SENTENCE))
                }
            }
            td { (Shown(&hunt.attack.join(", "), CELL)) }
        }
    }
}

/// What nobody looked at: a reader must not take silence for absence.
pub(super) fn skipped(report: &Report) -> Markup {
    html! {
        section #skipped {
            h2 { "Not looked at" }
            @if report.skipped.is_empty() {
                p { "No hunt was skipped." }
            } @else {
                table {
                    caption { "Hunts that could not run on this data" }
                    thead { tr { th scope="col" { "Hunt" } th scope="col" { "Why" } } }
                    tbody {
                        @for skipped in &report.skipped {
                            tr {
                                th scope="row" { code { (Shown(&skipped.hunt, CELL)) } }
                                td {
                                    @if let Some(reason) = &skipped.reason { (Shown(reason, SENTENCE)) }
                                    @if !skipped.missing.is_empty() {
                                        "No row has " (Shown(&skipped.missing.join(", "), SENTENCE)) "."
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if report.excused > 0 {
                p { (grouped(report.excused)) " excused by the allow list." }
            }
            @if report.below > 0 {
                p { (count(report.below, "finding")) " below the level that was asked for." }
            }
            @if let Some(text) = quiet(report) { p { (text) } }
        }
    }
}

/// The days of the range without a single row.
fn quiet(report: &Report) -> Option<String> {
    if report.until <= report.since {
        return None;
    }
    let (first, last) = (Day::of(report.since), Day::of(report.until - 1));
    let with: BTreeSet<_> = report.coverage.days.iter().map(|day| day.day).collect();
    let without: Vec<_> =
        (first.0..=last.0).take(4_000).map(Day).filter(|day| !with.contains(day)).collect();
    let named = without.iter().take(31).map(Day::to_string).collect::<Vec<_>>().join(", ");
    let more = if without.len() > 31 { ", ..." } else { "" };
    let days = count(without.len() as u64, "day");
    (!without.is_empty()).then(|| format!("{days} of the range without any row: {named}{more}."))
}

/// The sources and the days.
pub(super) fn coverage(report: &Report) -> Markup {
    let sources = &report.coverage.sources;
    let (read, lines, rows, quarantined) = sources.iter().fold((0, 0, 0, 0), |sum, source| {
        (
            sum.0 + source.bytes,
            sum.1 + source.lines,
            sum.2 + source.rows,
            sum.3 + source.quarantined,
        )
    });
    html! {
        section #coverage {
            h2 { "Coverage" }
            table {
                caption { "Sources" }
                thead {
                    tr {
                        th.num scope="col" { "#" } th scope="col" { "Path" } th scope="col" { "Format" }
                        th scope="col" { "State" } th.num scope="col" { "Bytes" } th.num scope="col" { "Lines" }
                        th.num scope="col" { "Rows" } th.num scope="col" { "Quarantined" }
                    }
                }
                tbody {
                    @for source in sources.iter().take(SOURCES) {
                        tr {
                            td.num { (source.source_id) } td { (Shown(&source.path, CELL)) }
                            td { (Shown(&source.format, CELL)) } td { (Shown(&source.state, CELL)) }
                            td.num { (bytes(source.bytes)) } td.num { (grouped(source.lines)) }
                            td.num { (grouped(source.rows)) } td.num { (grouped(source.quarantined)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        td {} th scope="row" colspan="3" { (count(sources.len() as u64, "source")) }
                        td.num { (bytes(read)) } td.num { (grouped(lines)) }
                        td.num { (grouped(rows)) } td.num { (grouped(quarantined)) }
                    }
                }
            }
            @if sources.len() > SOURCES { p.more { "The first " (SOURCES) " are listed; the JSON report has all." } }
            (days(report))
        }
    }
}

fn days(report: &Report) -> Markup {
    let days = &report.coverage.days;
    html! {
        @if !days.is_empty() {
            details.rows {
                summary { "Rows of each of " (count(days.len() as u64, "day")) }
                ul.days { @for day in days.iter().take(DAYS) { li { (day.day.to_string()) " " b { (grouped(day.rows)) } } } }
                @if days.len() > DAYS { p.more { "The first " (DAYS) " are listed; the JSON report has all." } }
            }
        }
    }
}

/// What fixes the rows that this report was made from.
pub(super) fn ledger(report: &Report) -> Markup {
    html! {
        section #ledger {
            h2 { "Ledger" }
            p {
                "All rows were read under one signed head. A store whose ledger contains it holds what was read here, apart from days "
                "that have expired since; " code { "dwell verify" } " proves that nothing else has changed."
            }
            dl.facts.head {
                div { dt { "origin" } dd { code { (Shown(&report.head.origin, SENTENCE)) } } }
                div { dt { "records" } dd { (grouped(report.head.size)) } }
                div { dt { "root" } dd { code { (Shown(&report.head.root, CELL)) } } }
                div { dt { "store" } dd { code { (Shown(&report.store, SENTENCE)) } } }
            }
        }
    }
}

/// How to read the page.
pub(super) fn notes(report: &Report) -> Markup {
    html! {
        p {
            "All times are UTC. Text from logs is shown, never obeyed: characters that act, hide or reorder stand as their code points, like "
            b.cp { "U+202E" } ", and long text is cut with its length. A click on SQL marks all of it. Run it with "
            code { "dwell sql" } ". This page has no script and asks no network."
        }
        p { (Shown(&report.by, SENTENCE)) ", " (Shown(&report.schema, 40)) }
    }
}
