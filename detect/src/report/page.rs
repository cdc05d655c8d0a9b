//! How does a report become one HTML file? Without scripts, without a network, small enough to send by mail.
//!
//! The policy in its head forbids everything but the one style sheet, named by its digest, so that a mistake in the
//! escaping of log text would still not run or load anything.

mod coverage;
mod findings;
mod summary;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest as _, Sha256};
use storage::clock::{DAY_US, Micros};

use super::text::{SENTENCE, Shown, count, span, time};
use super::{Report, svg};
use crate::order::{self, Group};
use crate::visible::grouped;

const STYLE: &str = include_str!("page/style.css");

/// One self-contained HTML file. It stays below 2 MB whatever is found: beyond a budget findings are told in a line
/// each, and at the very end only counted; the page says so, and the JSON document always holds all.
pub fn html(report: &Report) -> String {
    let groups = order::groups(&report.findings);
    let range = range(report);
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            (head(report))
            body {
                a.skip href="#findings" { "Skip to the findings" }
                (banner(report, range))
                main {
                    (summary::summary(report, &groups))
                    (timeline(report, &groups, range))
                    (findings::findings(report, &groups, range))
                    (coverage::hunts(report))
                    (coverage::skipped(report))
                    (coverage::coverage(report))
                    (coverage::ledger(report))
                }
                footer { (coverage::notes(report)) }
            }
        }
    };
    page.into_string()
}

/// The range asked for; where none is given, what the findings and the rows span.
fn range(report: &Report) -> (Micros, Micros) {
    if report.until > report.since {
        return (report.since, report.until);
    }
    let days = report.coverage.days.iter().flat_map(|day| [day.day.start(), day.day.end()]);
    let found = report.findings.iter().flat_map(|finding| [finding.first, finding.last]);
    let times: Vec<_> = days.chain(found).collect();
    match (times.iter().min(), times.iter().max()) {
        (Some(first), Some(last)) => (*first, (*last).max(first.saturating_add(1))),
        _ => (report.made.saturating_sub(DAY_US), report.made),
    }
}

fn head(report: &Report) -> Markup {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    markup! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="referrer" content="no-referrer";
            meta name="robots" content="noindex";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            link rel="icon" href="data:,";
            title { (crate::visible::visible(crate::visible::cut(&report.title, SENTENCE).0)) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn banner(report: &Report, range: (Micros, Micros)) -> Markup {
    markup! {
        header {
            h1 { (Shown(&report.title, SENTENCE)) }
            p.range { (span(range.0, range.1)) " UTC" }
            p.made {
                "Made " (time(report.made)) " UTC by " (Shown(&report.by, SENTENCE))
                " from ledger head " (grouped(report.head.size)) " of store "
                code { (Shown(&report.store, SENTENCE)) }
            }
            nav aria-label="Sections" {
                a href="#summary" { "Summary" }
                a href="#timeline" { "Timeline" }
                a href="#findings" { "Findings" }
                a href="#hunts" { "Hunts" }
                a href="#skipped" { "Not looked at" }
                a href="#coverage" { "Coverage" }
                a href="#ledger" { "Ledger" }
            }
        }
    }
}

fn timeline(report: &Report, groups: &[Group<'_>], range: (Micros, Micros)) -> Markup {
    let more = groups.len().saturating_sub(svg::LANES);
    markup! {
        section #timeline {
            h2 { "Timeline" }
            figure.wide {
                (svg::timeline(report, groups, range))
                figcaption {
                    "Above: rows. Below: when each entity's findings begin and end, in the colour of their level; the first "
                    "in the order of reading."
                    @if more > 0 { " " (count(more as u64, "more entity")) " below under Findings." }
                }
            }
        }
    }
}
