//! How does the program talk to people? Everything but data goes to stderr, with control characters made visible.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::output::escape;

/// Says one thing on stderr. Line ends stay, everything else that moves a terminal is shown.
pub(crate) fn say(text: impl Display) {
    let text = text.to_string();
    let safe: Vec<String> = text.split('\n').map(escape::visible).collect();
    // There is no one left to tell if stderr is gone.
    let _ = writeln!(io::stderr(), "{}", safe.join("\n"));
}

/// Says what went on but deserves a look.
pub(crate) fn note(text: impl Display) {
    say(format_args!("note: {text}"));
}

/// Says what must not be overlooked.
pub(crate) fn warning(text: impl Display) {
    say(format_args!("WARNING: {text}"));
}

/// A share for people: `13.3 %`.
#[expect(clippy::cast_precision_loss, reason = "a share for people has three digits")]
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 * 100.0 / whole.max(1) as f64;
    match part {
        0 => "none".to_owned(),
        _ if share < 0.05 => "less than 0.1 %".to_owned(),
        _ if part < whole && share >= 99.95 => "more than 99.9 %".to_owned(),
        _ => format!("{share:.1} %"),
    }
}

/// Says why the command failed.
pub(crate) fn error(text: impl Display) {
    say(format_args!("error: {text}"));
}

/// Whether stderr is a terminal, so that a progress bar makes sense.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// A number for people: 1,234,567.
pub(crate) fn count(number: u64) -> String {
    detect::visible::grouped(number)
}

/// A size for people: 12.3 MB.
#[expect(clippy::cast_precision_loss, reason = "a size for people has three digits")]
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// `one` or `many`, by number.
pub(crate) fn plural<'a>(number: u64, one: &'a str, many: &'a str) -> &'a str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(12_345_678), "12.3 MB");
    }
}
