//! What happened when? The rows of the whole range, and below them a lane for each of the first entities.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};
use storage::clock::{DAY_US, Micros};

use super::super::Report;
use super::super::chart::HOUR_US;
use super::axis::Span;
use super::n;
use crate::finding::Level;
use crate::order::Group;
use crate::visible::{cut, grouped, visible};

/// Entities with a lane of their own.
pub(in super::super) const LANES: usize = 14;
const WIDTH: f64 = 1080.0;
const LEFT: f64 = 190.0;
const TOP: f64 = 12.0;
const AREA: f64 = 64.0;
const LANE: f64 = 19.0;
/// Characters of a name.
const NAME: usize = 27;

/// The picture of the whole range.
pub(in super::super) fn timeline(
    report: &Report,
    groups: &[Group<'_>],
    range: (Micros, Micros),
) -> Markup {
    let span = Span::new(range.0, range.1, LEFT, WIDTH - LEFT);
    let step = if span.to - span.from > 21 * DAY_US { DAY_US } else { HOUR_US };
    let (area, most) = area(report, &span, step);
    let lanes = &groups[..groups.len().min(LANES)];
    let base = TOP + AREA;
    let bottom = base + 8.0 + lanes.len() as f64 * LANE;
    let unit = if step == HOUR_US { "hour" } else { "day" };
    html! {
        svg.timeline viewBox={ "0 0 " (n(WIDTH)) " " (n(bottom + 16.0)) } role="img" aria-label="Rows and findings over the range" {
            @for (x, word) in span.ticks() {
                path.grid d={ "M" (n(x)) " " (n(TOP)) "V" (n(bottom)) } {}
                text x=(n(x)) y=(n(bottom + 12.0)) { (word) }
            }
            path.area d=(area) {}
            path.line d={ "M" (n(LEFT)) " " (n(base)) "H" (n(WIDTH)) } {}
            text.name x="0" y=(n(TOP + 10.0)) { "All rows per " (unit) }
            text x="0" y=(n(TOP + 24.0)) { "at most " (grouped(most)) }
            @for (at, group) in lanes.iter().enumerate() {
                (lane(group, at, base + 8.0 + at as f64 * LANE, &span))
            }
        }
    }
}

/// The rows as one stepped area, and the most of one step.
fn area(report: &Report, span: &Span, step: Micros) -> (String, u64) {
    let mut steps: BTreeMap<Micros, u64> = BTreeMap::new();
    if step == HOUR_US && !report.coverage.hours.is_empty() {
        for hour in &report.coverage.hours {
            *steps.entry(hour.at.div_euclid(step)).or_default() += hour.rows;
        }
    } else {
        for day in &report.coverage.days {
            *steps.entry(day.day.start().div_euclid(step)).or_default() += day.rows;
        }
    }
    let most = steps.values().copied().max().unwrap_or(0);
    let base = TOP + AREA;
    let mut path = String::new();
    for (at, rows) in steps {
        let from = at.saturating_mul(step);
        let height = (rows as f64 / most.max(1) as f64 * AREA).max(0.5);
        let (left, right) = (span.x(from), span.x(from.saturating_add(step)));
        if right > left {
            let _ = write!(
                path,
                "M{} {}V{}H{}V{}z",
                n(left),
                n(base),
                n(base - height),
                n(right),
                n(base)
            );
        }
    }
    (path, most)
}

/// One entity: a mark from first to last of each finding, the strongest on top.
fn lane(group: &Group<'_>, at: usize, y: f64, span: &Span) -> Markup {
    let name = visible(&group.value);
    let (short, whole) = cut(&name, NAME);
    let mut marks: BTreeMap<Level, String> = BTreeMap::new();
    for finding in group.findings() {
        let (left, right) = (span.x(finding.first), span.x(finding.last));
        // Something that took a second is seen, too.
        let wide = (right - left).max(3.0);
        let left = left.min(WIDTH - wide);
        let path = marks.entry(finding.level).or_default();
        let _ = write!(path, "M{} {}h{}v9h-{}z", n(left), n(y + 4.0), n(wide), n(wide));
    }
    html! {
        a href={ "#e" (at + 1) } {
            text.name x="0" y=(n(y + 12.0)) { (short) @if whole.is_some() { "…" } }
        }
        path.line d={ "M" (n(LEFT)) " " (n(y + LANE - 0.5)) "H" (n(WIDTH)) } {}
        @for (level, path) in &marks {
            path class={ "l-" (level.name()) } d=(path) {}
        }
    }
}
