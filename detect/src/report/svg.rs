//! How do the pictures look? SVG without scripts, styles or links; colours come from the page's classes.
//!
//! Text inside SVG goes through `visible`, never through the page's own marks: an HTML element would end the picture.

mod axis;
mod timeline;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};
use storage::clock::{DAY_US, Micros};
use storage::day::Day;

use self::axis::Span;
pub(super) use self::timeline::{LANES, timeline};
use super::chart::{Bin, Chart, DayCount, HOUR_US, Hour, HourBytes};
use super::text;
use crate::visible::{grouped, visible};

/// Up to so many days each has a row of hours; beyond that a day is one bar.
const HEAT_DAYS: i32 = 35;
/// Shades of the hours.
const SHADES: usize = 5;
const WIDTH: f64 = 332.0;
const HEIGHT: f64 = 92.0;

/// A chart with its caption; nothing for a chart without data.
pub(super) fn chart(chart: &Chart, range: (Micros, Micros)) -> Option<Markup> {
    let (caption, picture) = match chart {
        Chart::Activity { hours } => activity(hours, range)?,
        Chart::Gaps { period_s, bins, longer } => gaps(*period_s, bins, *longer)?,
        Chart::Increase { of, days, usual } => increase(of, days, *usual)?,
        Chart::Bytes { hours } => bytes(hours, range)?,
    };
    Some(html! { figure { figcaption { (caption) } (picture) } })
}

/// A number as SVG wants it: one digit behind the point is a tenth of a pixel.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Bars of one breadth as the strokes of one path: far shorter than an element each.
#[derive(Default)]
struct Bars(String);

impl Bars {
    /// From `y` upwards; downwards if `height` is negative.
    fn up(&mut self, x: f64, y: f64, height: f64) {
        let _ = write!(self.0, "M{} {}v{}", n(x), n(y), n(-height));
    }

    fn across(&mut self, x: f64, y: f64, width: f64) {
        let _ = write!(self.0, "M{} {}h{}", n(x), n(y), n(width));
    }

    fn draw(&self, class: &str, broad: f64) -> Markup {
        html! {
            @if !self.0.is_empty() { path class=(class) d=(self.0) stroke-width=(n(broad)) {} }
        }
    }
}

/// By hour of the day, a row for each day; or a bar for each day, where there are many.
fn activity(hours: &[Hour], range: (Micros, Micros)) -> Option<(String, Markup)> {
    let (first, last) = (hours.first()?, hours.last()?);
    let from = Day::of(range.0.min(first.at));
    let to = Day::of(range.1.saturating_sub(1).max(last.at));
    if to.0.saturating_sub(from.0) >= HEAT_DAYS {
        let mut days: BTreeMap<Day, u64> = BTreeMap::new();
        for hour in hours {
            *days.entry(Day::of(hour.at)).or_default() += hour.count;
        }
        let days: Vec<_> = days.into_iter().map(|(day, count)| DayCount { day, count }).collect();
        let caption = format!("Rows per day, at most {}", grouped(most(&days)));
        return Some((caption, days_of(&days, from, to, None)));
    }
    let most = hours.iter().map(|hour| hour.count).max().unwrap_or(0);
    let caption = format!("Rows by day and hour (UTC), at most {} in one hour", grouped(most));
    Some((caption, heat(hours, from, to, most)))
}

fn heat(hours: &[Hour], from: Day, to: Day, most: u64) -> Markup {
    let days = f64::from(to.0 - from.0 + 1);
    let (left, top, wide) = (66.0, 3.0, 11.0);
    let high = if days > 14.0 { 6.0 } else { 10.0 };
    let mut shades: [Bars; SHADES] = Default::default();
    // The root keeps a lonely request visible beside a busy hour.
    let share = |hour: &Hour| (hour.count as f64 / most.max(1) as f64).sqrt();
    let shade = |hour: &Hour| ((share(hour) * SHADES as f64).ceil() as usize).clamp(1, SHADES) - 1;
    let follows = |a: &Hour, b: &Hour| {
        let same_day = Day::of(a.at) == Day::of(b.at);
        same_day && b.at == a.at.saturating_add(HOUR_US) && shade(a) == shade(b)
    };
    for run in hours.chunk_by(follows) {
        let row = f64::from(Day::of(run[0].at).0 - from.0);
        let column = (run[0].at.rem_euclid(DAY_US) / HOUR_US) as f64;
        let y = top + (row + 0.5) * high - 0.5;
        shades[shade(&run[0])].across(left + column * wide, y, run.len() as f64 * wide);
    }
    let height = top + days * high + 12.0;
    let each = if high < 8.0 { 2 } else { 1 };
    let bed = format!(
        "M{left} {top}h{}v{}h-{}z",
        24.0 * wide - 1.0,
        days * high - 1.0,
        24.0 * wide - 1.0
    );
    html! {
        svg class="chart heat" viewBox={ "0 0 " (n(WIDTH)) " " (n(height)) } width=(n(WIDTH)) height=(n(height)) role="img" aria-label="Rows by day and hour" {
            path class="bed" d=(bed) {}
            @for (at, bars) in shades.iter().enumerate() { (bars.draw(&format!("bar s{}", at + 1), high - 1.0)) }
            @for row in (from.0..=to.0).step_by(each) {
                text x=(n(left - 5.0)) y=(n(top + f64::from(row - from.0) * high + high - 2.0)) text-anchor="end" { (Day(row).to_string()) }
            }
            @for hour in [0, 6, 12, 18] {
                text x=(n(left + f64::from(hour) * wide)) y=(n(height - 2.0)) { (format!("{hour:02}")) }
            }
        }
    }
}

fn gaps(period_s: Option<f64>, bins: &[Bin], longer: u64) -> Option<(String, Markup)> {
    let end = bins.last()?.to_s;
    let most = bins.iter().map(|bin| bin.count).max().filter(|most| *most > 0)?;
    let (base, top) = (HEIGHT - 14.0, 10.0);
    let x = |seconds: f64| seconds / end * (WIDTH - 2.0) + 1.0;
    let mut bars = Bars::default();
    for bin in bins.iter().filter(|bin| bin.count > 0) {
        // A single gap among a thousand still has a pixel.
        let height = (bin.count as f64 / most as f64 * (base - top)).max(1.0);
        bars.up((x(bin.from_s) + x(bin.to_s)) / 2.0, base, height);
    }
    let broad = ((WIDTH - 2.0) / bins.len() as f64 - 1.0).max(1.0);
    let mut caption = format!("Time between requests, at most {} alike", grouped(most));
    if longer > 0 {
        let _ = write!(caption, "; {} longer", grouped(longer));
    }
    let period = period_s.filter(|period| *period > 0.0 && *period < end);
    let picture = html! {
        svg.chart viewBox={ "0 0 " (n(WIDTH)) " " (n(HEIGHT)) } width=(n(WIDTH)) height=(n(HEIGHT)) role="img" aria-label="Histogram of the time between requests" {
            (bars.draw("bar", broad))
            path class="line" d={ "M0 " (n(base)) "h" (n(WIDTH)) } {}
            @if let Some(period) = period {
                path class="mark" d={ "M" (n(x(period))) " 0v" (n(base)) } {}
                (label(x(period), 8.0, &format!("period {}", axis::seconds(period))))
            }
            text x="0" y=(n(HEIGHT - 2.0)) { "0" }
            text x=(n(WIDTH)) y=(n(HEIGHT - 2.0)) text-anchor="end" { (axis::seconds(end)) }
        }
    };
    Some((caption, picture))
}

/// A word beside a line, on the side where there is room.
fn label(x: f64, y: f64, word: &str) -> Markup {
    let (x, anchor) = if x > WIDTH * 0.6 { (x - 4.0, "end") } else { (x + 4.0, "start") };
    html! { text x=(n(x)) y=(n(y)) text-anchor=(anchor) { (word) } }
}

fn most(days: &[DayCount]) -> u64 {
    days.iter().map(|day| day.count).max().unwrap_or(0)
}

fn increase(of: &str, days: &[DayCount], usual: Option<f64>) -> Option<(String, Markup)> {
    let (first, last) = (days.first()?, days.last()?);
    let mut caption = format!("{} per day, at most {}", visible(of), grouped(most(days)));
    if let Some(usual) = usual {
        let _ = write!(caption, "; usual {usual:.1}");
    }
    Some((caption, days_of(days, first.day, last.day, usual)))
}

/// A bar for each day, the last one in the colour of what is told.
fn days_of(days: &[DayCount], from: Day, to: Day, usual: Option<f64>) -> Markup {
    let (base, top) = (HEIGHT - 14.0, 6.0);
    let most = (most(days) as f64).max(usual.unwrap_or(0.0)).max(1.0);
    let far = |day: Day| f64::from(day.0) - f64::from(from.0);
    let wide = WIDTH / (far(to) + 1.0).max(1.0);
    let broad = (wide - 1.0).clamp(0.6, 28.0);
    let height = |count: f64| (count / most * (base - top)).max(1.0);
    let (mut bars, mut told) = (Bars::default(), Bars::default());
    for day in days.iter().filter(|day| day.count > 0) {
        let into = if usual.is_some() && Some(day) == days.last() { &mut told } else { &mut bars };
        into.up(far(day.day) * wide + broad / 2.0, base, height(day.count as f64));
    }
    html! {
        svg.chart viewBox={ "0 0 " (n(WIDTH)) " " (n(HEIGHT)) } width=(n(WIDTH)) height=(n(HEIGHT)) role="img" aria-label="Count per day" {
            (bars.draw("bar", broad)) (told.draw("told", broad))
            path class="line" d={ "M0 " (n(base)) "h" (n(WIDTH)) } {}
            @if let Some(usual) = usual {
                path class="mark" d={ "M0 " (n(base - height(usual))) "h" (n(WIDTH)) } {}
            }
            text x="0" y=(n(HEIGHT - 2.0)) { (from.to_string()) }
            text x=(n(WIDTH)) y=(n(HEIGHT - 2.0)) text-anchor="end" { (to.to_string()) }
        }
    }
}

/// What the client received goes up, what it sent goes down.
fn bytes(hours: &[HourBytes], range: (Micros, Micros)) -> Option<(String, Markup)> {
    let (first, last) = (hours.first()?, hours.last()?);
    let span =
        Span::new(range.0.min(first.at), range.1.max(last.at.saturating_add(HOUR_US)), 0.0, WIDTH);
    let most = hours.iter().map(|hour| hour.sent.max(hour.received)).max().filter(|m| *m > 0)?;
    let (sent, received) = hours.iter().fold((0_u64, 0_u64), |(sent, received), hour| {
        (sent.saturating_add(hour.sent), received.saturating_add(hour.received))
    });
    let middle = (HEIGHT - 14.0) / 2.0;
    let height = |bytes: u64| bytes as f64 / most as f64 * (middle - 2.0);
    let (mut up, mut down) = (Bars::default(), Bars::default());
    let broad = span.width(HOUR_US).max(1.0);
    for hour in hours {
        let x = span.x(hour.at) + broad / 2.0;
        if hour.received > 0 {
            up.up(x, middle, height(hour.received).max(0.5));
        }
        if hour.sent > 0 {
            down.up(x, middle, -height(hour.sent).max(0.5));
        }
    }
    let caption = format!(
        "Bytes per hour: sent {} (down), received {} (up)",
        text::bytes(sent),
        text::bytes(received)
    );
    let picture = html! {
        svg.chart viewBox={ "0 0 " (n(WIDTH)) " " (n(HEIGHT)) } width=(n(WIDTH)) height=(n(HEIGHT)) role="img" aria-label="Bytes per hour" {
            (up.draw("bar", broad)) (down.draw("told", broad))
            path class="line" d={ "M0 " (n(middle)) "h" (n(WIDTH)) } {}
            text x="0" y=(n(HEIGHT - 2.0)) { (minute(span.from)) }
            text x=(n(WIDTH)) y=(n(HEIGHT - 2.0)) text-anchor="end" { (minute(span.to)) }
        }
    };
    Some((caption, picture))
}

/// A time without its seconds.
fn minute(at: Micros) -> String {
    text::time(at).chars().take(16).collect()
}
