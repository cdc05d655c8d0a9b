//! How does log text stand in a page? Escaped, cut with its length said, and nothing in it that acts or hides.

use maud::{Markup, Render, html};
use storage::clock::Micros;

use crate::visible::{Piece, cut, grouped, pieces};

/// Characters of a value in a table.
pub(super) const CELL: usize = 120;
/// Characters of a name or a sentence.
pub(super) const SENTENCE: usize = 400;
/// Characters of SQL.
pub(super) const SQL: usize = 6_000;

/// Text from a log: control characters and marks without width stand as code points, what is long is cut.
pub(super) struct Shown<'a>(pub(super) &'a str, pub(super) usize);

impl Render for Shown<'_> {
    fn render_to(&self, out: &mut String) {
        let (text, whole) = cut(self.0, self.1);
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => text.render_to(out),
                Piece::Unsafe(c) => code_point(c).render_to(out),
            }
        }
        if let Some(whole) = whole {
            let said = format!(" … {} characters", grouped(whole as u64));
            html! { span.cut { (said) } }.render_to(out);
        }
    }
}

/// SQL as it can be copied: line ends stay. What cannot stand in a page as it is, is shown like in [`Shown`].
pub(super) struct Sql<'a>(pub(super) &'a str);

impl Sql<'_> {
    /// Whether what is shown is the query itself.
    pub(super) fn is_whole(&self) -> bool {
        let clean = pieces(self.0).all(|piece| !matches!(piece, Piece::Unsafe(c) if c != '\n'));
        clean && cut(self.0, SQL).1.is_none()
    }
}

impl Render for Sql<'_> {
    fn render_to(&self, out: &mut String) {
        for (at, line) in cut(self.0, SQL).0.split('\n').enumerate() {
            if at > 0 {
                out.push('\n');
            }
            Shown(line, SQL).render_to(out);
        }
    }
}

fn code_point(c: char) -> Markup {
    html! { b.cp { (format!("U+{:04X}", u32::from(c))) } }
}

/// `2026-11-20 10:10:25`, in UTC.
pub(super) fn time(at: Micros) -> String {
    let time = chrono::DateTime::from_timestamp_micros(at);
    time.map_or_else(|| at.to_string(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// First and last, the day of the second only where it is another.
pub(super) fn span(first: Micros, last: Micros) -> String {
    let (from, to) = (time(first), time(last));
    match (from.split_once(' '), to.split_once(' ')) {
        _ if from == to => from,
        (Some((day, _)), Some((same, until))) if day == same => format!("{from} – {until}"),
        _ => format!("{from} – {to}"),
    }
}

/// `1.4 MB`.
pub(super) fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            let digits = usize::from(unit != "B" && value < 99.5);
            return format!("{value:.digits$} {unit}");
        }
        value /= 1_000.0;
    }
    format!("{value:.1} TB")
}

/// `1 finding`, `2 findings`.
pub(super) fn count(number: u64, one: &str) -> String {
    format!("{} {}", grouped(number), plural(number, one))
}

/// `finding`, `findings`; `entity`, `entities`.
pub(super) fn plural(number: u64, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if number == 1 => one.to_owned(),
        Some(stem) if !one.ends_with("ay") => format!("{stem}ies"),
        _ => format!("{one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_nothing_else() {
        let text = "<script>alert(1)</script>\u{1b}[2J\u{202e}gpj.exe\0\"&'";
        let shown = Shown(text, 100).render().into_string();
        assert_eq!(
            shown,
            "&lt;script&gt;alert(1)&lt;/script&gt;<b class=\"cp\">U+001B</b>[2J<b class=\"cp\">U+202E</b>gpj.exe\
             <b class=\"cp\">U+0000</b>&quot;&amp;'"
        );
    }

    #[test]
    fn a_cut_says_its_length() {
        let long = "a".repeat(1 << 20);
        let shown = Shown(&long, 4).render().into_string();
        assert_eq!(shown, "aaaa<span class=\"cut\"> … 1,048,576 characters</span>");
    }

    #[test]
    fn sql_keeps_its_lines_and_says_if_it_is_another() {
        assert_eq!(Sql("SELECT *\nFROM x").render().into_string(), "SELECT *\nFROM x");
        assert!(Sql("SELECT *\nFROM x").is_whole());
        assert!(!Sql("SELECT '\u{200b}'").is_whole());
        assert!(!Sql(&"x".repeat(SQL + 1)).is_whole());
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1_400, 123_456_789].map(bytes), ["0 B", "999 B", "1.4 kB", "123 MB"]);
        assert_eq!(count(1, "entity"), "1 entity");
        assert_eq!(count(2_000, "entity"), "2,000 entities");
        assert_eq!(count(2, "day"), "2 days");
        let day = 86_400_000_000;
        assert_eq!(span(0, 1_000_000), "1970-01-01 00:00:00 – 00:00:01");
        assert_eq!(span(0, day), "1970-01-01 00:00:00 – 1970-01-02 00:00:00");
    }
}
