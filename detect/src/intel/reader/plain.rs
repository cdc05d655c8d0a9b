//! What does a list say that has one value a line, defanged or not?

use super::super::defang::{Line, line};
use super::super::indicator::{Context, Found, Indicator, Place, Skipped};
use super::{Input, NOT_MATCHED, Read, Reader};

/// One value a line.
pub const READER: Reader = Reader { name: "plain", title: "one value a line, # comments", read };

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    if !is_plain(input) {
        return None;
    }
    for (number, text) in (1..).zip(input.text.lines()) {
        tell_line(found, number, text);
    }
    Some(Read::Indicators)
}

/// Whether at least half of its first lines are values, comments not counted.
fn is_plain(input: &Input<'_>) -> bool {
    let (mut values, mut others, mut indicators) = (0, 0, 0);
    for text in input.head() {
        match line(text) {
            Line::Nothing => {}
            Line::Value(_) => {
                values += 1;
                indicators += 1;
            }
            Line::Mail | Line::Hash => values += 1,
            Line::Refused(_) => others += 1,
        }
    }
    indicators > 0 && values >= others
}

/// Tells what a value on a line by itself became.
pub(super) fn tell_line(found: &mut dyn Found, number: u64, text: &str) {
    let place = Place::line(number);
    let raw = text.trim();
    match line(text) {
        Line::Nothing => {}
        Line::Value(value) => found.indicator(Indicator {
            place,
            value,
            raw: raw.to_owned(),
            context: Context::default(),
        }),
        Line::Mail => found.skipped(Skipped::left_out(place, raw, "mail address")),
        Line::Hash => found.skipped(Skipped::left_out(place, raw, NOT_MATCHED)),
        Line::Refused(refused) => {
            found.skipped(Skipped::unreadable(place, raw, refused.why()));
        }
    }
}
