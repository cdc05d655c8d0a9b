//! What does the first screen say? How much was found, how bad, and with whom to begin.

use maud::{Markup, html};

use super::super::Report;
use super::super::text::{SENTENCE, Shown, count, plural};
use crate::finding::Level;
use crate::order::Group;
use crate::visible::grouped;

/// Entities in the list of what to read first.
const FIRST: usize = 10;

/// Levels, totals and the first entities.
pub(super) fn summary(report: &Report, groups: &[Group<'_>]) -> Markup {
    html! {
        section #summary {
            h2 { "Summary" }
            p.lead { (lead(report, groups)) }
            (levels(report, groups))
            (first(groups))
        }
    }
}

/// The sentence that a reader in a hurry takes away.
fn lead(report: &Report, groups: &[Group<'_>]) -> String {
    let rows: u64 = report.coverage.days.iter().map(|day| day.rows).sum();
    let looked = format!(
        "{} looked at {} of {} from {}",
        count(report.hunts.len() as u64, "hunt"),
        count(rows, "row"),
        count(report.coverage.days.len() as u64, "day"),
        count(report.coverage.sources.len() as u64, "source"),
    );
    if report.findings.is_empty() {
        return format!("{looked} and found nothing. What was not looked at stands below.");
    }
    let urgent = groups.iter().filter(|group| group.level() >= Level::High).count() as u64;
    let found = format!(
        "{looked}: {} about {}.",
        count(report.findings.len() as u64, "finding"),
        count(groups.len() as u64, "entity")
    );
    match urgent {
        0 => format!("{found} None is high or critical."),
        1 => format!("{found} One entity has a high or critical finding: begin with it."),
        many => format!("{found} {many} entities have high or critical findings: begin with them."),
    }
}

fn levels(report: &Report, groups: &[Group<'_>]) -> Markup {
    let of = |level| report.findings.iter().filter(move |finding| finding.level == level).count();
    let skipped = report.skipped.len() as u64;
    html! {
        dl.tiles {
            @for level in Level::ALL.into_iter().rev() {
                div.tile.{ "t-" (level.name()) }.none[of(level) == 0] {
                    dt { (level.name()) }
                    dd { (grouped(of(level) as u64)) }
                }
            }
            div.tile { dt { (plural(groups.len() as u64, "entity")) } dd { (grouped(groups.len() as u64)) } }
            div.tile { dt { "hunts run" } dd { (grouped(report.hunts.len() as u64)) } }
            div.tile { dt { "skipped" } dd { (grouped(skipped)) } }
            div.tile { dt { "excused" } dd { (grouped(report.excused)) } }
            @if !report.new.is_empty() {
                div.tile { dt { "new" } dd { (grouped(report.new.len() as u64)) } }
            }
        }
    }
}

fn first(groups: &[Group<'_>]) -> Markup {
    if groups.is_empty() {
        return html! {};
    }
    html! {
        table.first {
            caption { "Read first" }
            thead {
                tr {
                    th.num scope="col" { "#" }
                    th scope="col" { "Level" }
                    th scope="col" { "Entity" }
                    th scope="col" { "What stands out" }
                    th.num scope="col" { "Findings" }
                    th.num scope="col" { "Hunts" }
                }
            }
            tbody {
                @for (at, group) in groups.iter().take(FIRST).enumerate() {
                    (first_row(at + 1, group))
                }
            }
        }
        @if groups.len() > FIRST {
            p.more { (count((groups.len() - FIRST) as u64, "more entity")) ", all under " a href="#findings" { "Findings" } "." }
        }
    }
}

fn first_row(number: usize, group: &Group<'_>) -> Markup {
    let lead = group.threads.first().map(|thread| thread.lead());
    html! {
        tr {
            td.num { (number) }
            td { (chip(group.level())) }
            th scope="row" {
                a href={ "#e" (number) } { (Shown(&group.value, 60)) }
                @for other in &group.also { " " span.also { (Shown(other, 40)) } }
            }
            td {
                @if let Some(lead) = lead {
                    b { (Shown(&lead.title, 80)) } ". " (Shown(&lead.why, SENTENCE))
                }
            }
            td.num { (grouped(group.findings().count() as u64)) }
            td.num { (group.hunts) }
        }
    }
}

/// A level as a coloured word.
pub(super) fn chip(level: Level) -> Markup {
    html! { span.chip.{ "c-" (level.name()) } { (level.name()) } }
}
