//! How a time is described by a text: the `time` setting of a format, and what the ledger keeps of it.

use super::strftime::{Item, Part, Pattern};
use super::{Base, TimeSpec, Unit};

/// The names that stand for counts since 1970.
const EPOCHS: [(&str, Unit); 5] = [
    ("epoch", Unit::Seconds),
    ("epoch_ms", Unit::Millis),
    ("epoch_us", Unit::Micros),
    ("epoch_ns", Unit::Nanos),
    ("epoch_auto", Unit::Auto),
];

/// Why a text describes no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}\n  {text}\n  {:>1$}", "^", at + 1)]
pub(crate) struct SpecError {
    /// What is wrong.
    pub(crate) message: String,
    /// Where, in characters from 0.
    pub(crate) at: usize,
    /// The whole text.
    pub(crate) text: String,
}

/// Reads the description of a time: `epoch`, `epoch.3`, `epoch_ms`, `epoch_us`, `epoch_ns`, `epoch_auto`, `iso`, or a
/// pattern of strftime, with `utc:` before it if its times are UTC.
pub(crate) fn parse_spec(text: &str) -> Result<TimeSpec, SpecError> {
    let error = |message: String, at: usize| SpecError {
        message,
        at: text.get(..at).map_or(0, |before| before.chars().count()),
        text: text.to_owned(),
    };
    if let Some(spec) = epoch(text).map_err(|(message, at)| error(message, at))? {
        return Ok(spec);
    }
    let (utc, at, pattern) = match text.strip_prefix("utc:") {
        Some(pattern) => (true, 4, pattern),
        None => (false, 0, text),
    };
    let pattern = if pattern == "iso" { "%+" } else { pattern };
    if !pattern.contains('%') {
        let message = format!(
            "`{pattern}` is no description of a time: give epoch, epoch.3, epoch_ms, epoch_us, epoch_ns, epoch_auto, \
             iso, or a pattern such as %Y-%m-%d %H:%M:%S"
        );
        return Err(error(message, at));
    }
    let mut compiled = Pattern::compile(pattern, utc).map_err(|found| {
        let (message, place) = unknown_code(pattern, found);
        error(message, at + place)
    })?;
    check(&compiled).map_err(|message| error(message, at))?;
    if !compiled.has_hour() {
        return Err(error("the pattern shows no hour (%H)".into(), at));
    }
    compiled.utc |= compiled.ends_in_z();
    Ok(TimeSpec { base: Base::Calendar(compiled), millis: None })
}

/// Reads the pattern of a date that stands apart from its time.
pub(crate) fn parse_date(text: &str) -> Result<Pattern, SpecError> {
    let error = |message: String, at: usize| SpecError {
        message,
        at: text.get(..at).map_or(0, |before| before.chars().count()),
        text: text.to_owned(),
    };
    let pattern = Pattern::compile(text, false).map_err(|found| {
        let (message, at) = unknown_code(text, found);
        error(message, at)
    })?;
    check(&pattern).map_err(|message| error(message, 0))?;
    if !pattern.has_date() || !pattern.has_year() {
        return Err(error("a date needs year, month and day: %Y-%m-%d".into(), 0));
    }
    Ok(pattern)
}

fn epoch(text: &str) -> Result<Option<TimeSpec>, (String, usize)> {
    let name = text.strip_prefix("utc:").unwrap_or(text);
    let (name, digits) = match name.split_once('.') {
        Some((name, digits)) => (name, Some(digits)),
        None => (name, None),
    };
    let Some((_, unit)) = EPOCHS.iter().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    if text.starts_with("utc:") {
        return Err((format!("`{name}` is UTC already: leave `utc:` out"), 0));
    }
    let at = name.len() + 1;
    let width = match digits {
        None => 0,
        Some(_) if *unit != Unit::Seconds => {
            return Err((format!("only `epoch` can have digits behind a dot, not `{name}`"), at));
        }
        Some("f") => {
            let millis = Some((b".".to_vec(), 0));
            return Ok(Some(TimeSpec { base: Base::Epoch(*unit), millis }));
        }
        Some(digits) => match digits.parse() {
            Ok(width @ 1..=9) => width,
            _ => {
                let message = "how many digits stand behind the dot: 1 to 9 (1: milliseconds \
                               that are not padded), or f: as many as needed";
                return Err((message.into(), at));
            }
        },
    };
    Ok(Some(TimeSpec { base: Base::Epoch(*unit), ..TimeSpec::epoch(width) }))
}

/// What is wrong with the code at a place, and a better one if it is easily mistaken.
fn unknown_code(pattern: &str, at: usize) -> (String, usize) {
    let code: String = pattern.get(at..).unwrap_or_default().chars().take(2).collect();
    let hint = match code.as_str() {
        "%" => "a `%` at the end; a percent sign is written `%%`",
        "%s" => "seconds since 1970 are written `epoch`, without a pattern",
        "%Q" | "%L" | "%N" => {
            "a fraction is written `%.f` (any), `%.3f`, or `%3f` behind another byte"
        }
        "%G" | "%g" | "%V" | "%U" | "%W" | "%u" | "%w" | "%j" => {
            "dates by week or by day of the year are not supported"
        }
        "%X" | "%x" | "%E" | "%O" => "what it prints depends on the machine: spell it out",
        "%." | "%," => {
            "behind it stand `f` (any digits), `-f` (no more than needed), or how many and `f`: `%.3f`"
        }
        _ => {
            "the codes are %Y %y %m %d %e %b %B %a %A %H %I %k %l %M %S %p %P %.f %.-f %.3f %3f %f %z %:z %#z %Z %F %T %R \
             %D %r %c %+ %t %% and %-d, %-m, %-H, %-I, %-M, %-S"
        }
    };
    (format!("`{code}` is not supported in a time: {hint}"), at)
}

/// Whether a time can be told from what a pattern shows.
fn check(pattern: &Pattern) -> Result<(), String> {
    let parts = pattern.items().iter().filter_map(|item| match item {
        Item::Digits(part, _) | Item::Spaced(part) | Item::Bare(part) => Some(*part),
        Item::Month | Item::LongMonth => Some(Part::Month),
        _ => None,
    });
    let parts: Vec<Part> = parts.collect();
    let twice = parts.iter().enumerate().find(|(at, part)| parts[..*at].contains(part));
    if let Some((_, part)) = twice {
        return Err(format!("the {} stands twice in the pattern", name(*part)));
    }
    if parts.contains(&Part::Year) && parts.contains(&Part::ShortYear) {
        return Err("the year stands twice in the pattern".into());
    }
    if parts.contains(&Part::Hour) && parts.contains(&Part::Hour12) {
        return Err("the hour stands twice in the pattern".into());
    }
    let count = |wanted: fn(&Item) -> bool| pattern.items().iter().filter(|i| wanted(i)).count();
    if count(|item| matches!(item, Item::Fraction(_))) > 1 {
        return Err("the fraction stands twice in the pattern".into());
    }
    if count(|item| matches!(item, Item::Offset(_))) > 1 {
        return Err("the offset stands twice in the pattern".into());
    }
    if parts.contains(&Part::Hour12) && !pattern.has_hour() {
        return Err("an hour of twelve (%I) needs its half of the day (%p)".into());
    }
    let month = parts.contains(&Part::Month);
    if month != parts.contains(&Part::Day) {
        let lacks = if month { "the day (%d)" } else { "the month (%m or %b)" };
        return Err(format!("the pattern shows a date without {lacks}"));
    }
    if pattern.has_year() && !pattern.has_date() {
        return Err("the pattern shows a year without month and day".into());
    }
    Ok(())
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Year | Part::ShortYear => "year",
        Part::Month => "month",
        Part::Day => "day",
        Part::Hour | Part::Hour12 => "hour",
        Part::Minute => "minute",
        Part::Second => "second",
    }
}

impl TimeSpec {
    /// The text that [`parse_spec`] takes. Digits that a Squid `logformat` sets apart from its seconds become part of
    /// the pattern.
    pub(crate) fn text(&self) -> String {
        match &self.base {
            Base::Epoch(unit) => {
                let name =
                    EPOCHS.iter().find(|(_, known)| known == unit).map_or("", |(name, _)| name);
                match &self.millis {
                    Some((_, 0)) => format!("{name}.f"),
                    Some((_, width)) => format!("{name}.{width}"),
                    None => name.to_owned(),
                }
            }
            Base::Calendar(pattern) => {
                let utc = if pattern.utc && !pattern.ends_in_z() { "utc:" } else { "" };
                let text = if pattern.text() == "%+" { "iso" } else { pattern.text() };
                let digits = self.millis.as_ref().map(|(between, width)| {
                    let between = String::from_utf8_lossy(between).replace('%', "%%");
                    format!("{between}%{}3f", if *width < 3 { "-" } else { "" })
                });
                format!("{utc}{text}{}", digits.unwrap_or_default())
            }
        }
    }
}
