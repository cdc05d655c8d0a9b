//! How are the lists of others cut into records and fields, when they quote in their own ways?

/// A record of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its text, without line end.
    pub text: &'a str,
    /// Its fields.
    pub fields: Vec<String>,
    /// Whether a quote was open at its end.
    pub cut: bool,
}

/// Cuts a text into records. Blanks before a quote are no part of a field (ThreatFox writes them).
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a str,
    line: u64,
    delimiter: u8,
    /// Whether a quoted field may hold a line end.
    multiline: bool,
    resumed: bool,
}

impl<'a> Records<'a> {
    /// Over `text`, where a record is one line.
    pub fn of_lines(text: &'a str, delimiter: u8) -> Self {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest, line: 0, delimiter, multiline: false, resumed: false }
    }

    /// Over `text`, where a quoted field may go over line ends.
    pub fn of_text(text: &'a str, delimiter: u8) -> Self {
        Self { multiline: true, ..Self::of_lines(text, delimiter) }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let line_end = line_end(self.rest);
        let within =
            if self.multiline && !self.resumed { self.rest } else { &self.rest[..line_end] };
        let (mut fields, mut end, mut cut) = fields(within, self.delimiter);
        if cut && self.multiline && !self.resumed {
            // The quote is open to the end of the text: this line is broken, the next may not be.
            self.resumed = true;
            (fields, end, cut) = (Vec::new(), line_end, true);
        }
        let text = self.rest[..end].trim_end_matches(['\r', '\n']);
        let line = self.line + 1;
        let taken = &self.rest[..end];
        self.line += taken.bytes().filter(|&byte| byte == b'\n').count().max(1) as u64;
        self.rest = &self.rest[end..];
        Some(Record { line, text, fields, cut })
    }
}

/// Behind the next line end.
fn line_end(text: &str) -> usize {
    memchr::memchr(b'\n', text.as_bytes()).map_or(text.len(), |at| at + 1)
}

/// The fields of the first record, where it ends, and whether a quote was open then.
fn fields(text: &str, delimiter: u8) -> (Vec<String>, usize, bool) {
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let start = at + bytes[at..].iter().take_while(|&&b| b == b' ' && b != delimiter).count();
        let mut field = String::new();
        if bytes.get(start) == Some(&b'"') {
            at = start + 1;
            loop {
                let Some(quote) = memchr::memchr(b'"', &bytes[at..]).map(|i| at + i) else {
                    field.push_str(&text[at..]);
                    fields.push(field);
                    return (fields, text.len(), true);
                };
                field.push_str(&text[at..quote]);
                at = quote + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                field.push('"');
                at += 1;
            }
        }
        let end = bytes[at..]
            .iter()
            .position(|&byte| byte == delimiter || byte == b'\n')
            .map_or(text.len(), |i| at + i);
        field.push_str(text[at..end].trim_end_matches('\r'));
        fields.push(field);
        if bytes.get(end) != Some(&delimiter) {
            return (fields, (end + 1).min(text.len()), false);
        }
        at = end + 1;
    }
}

/// Which of `,`, `;`, tab and `|` stands most often in the first record.
pub fn delimiter(text: &str) -> u8 {
    let line = &text.as_bytes()[..line_end(text)];
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let mut best = b',';
    for delimiter in [b';', b'\t', b'|'] {
        if count(delimiter) > count(best) {
            best = delimiter;
        }
    }
    best
}

/// Where the columns of a list stand, by name.
#[derive(Debug, Clone, Default)]
pub struct Columns(Vec<String>);

impl Columns {
    /// From the fields of a header.
    pub fn new(header: &[String]) -> Self {
        Self(header.iter().map(|name| name.trim().to_ascii_lowercase()).collect())
    }

    /// From a header that is a comment: `# "a", "b"`.
    pub fn of_comment(line: &str) -> Self {
        let bare = line.trim_start_matches(['#', ' ']);
        Self::new(&fields(bare, b',').0)
    }

    /// Whether all of these are there.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.at(name).is_some())
    }

    /// Where `name` stands.
    pub fn at(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// The field of this name; `None` if it is absent, empty or says `None`.
    pub fn get<'r>(&self, record: &'r Record<'_>, name: &str) -> Option<&'r str> {
        let field = record.fields.get(self.at(name)?)?.as_str();
        (!field.trim().is_empty() && field != "None").then_some(field)
    }

    /// Whether these are the same columns: a header that stands among the data.
    pub(super) fn at_same(&self, other: &Self) -> bool {
        self.0.len() > 1 && self.0 == other.0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The parts of a field that holds several with commas.
pub fn parts(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(records: Records<'_>) -> Vec<(u64, Vec<String>, bool)> {
        records.map(|r| (r.line, r.fields, r.cut)).collect()
    }

    fn made(fields: &[&str]) -> Vec<String> {
        fields.iter().map(|field| (*field).to_owned()).collect()
    }

    #[test]
    fn fields_are_quoted_in_every_way() {
        let text = "\"a\", \"b,c\", d\r\n\"x \"\"y\"\"\",,z\n\"open";
        assert_eq!(
            all(Records::of_lines(text, b',')),
            [
                (1, made(&["a", "b,c", " d"]), false),
                (2, made(&["x \"y\"", "", "z"]), false),
                (3, made(&["open"]), true)
            ]
        );
        let text = "a,\"two\nlines\"\nb,c\n\"open,d\ne,f\n";
        assert_eq!(
            all(Records::of_text(text, b',')),
            [
                (1, made(&["a", "two\nlines"]), false),
                (3, made(&["b", "c"]), false),
                (4, vec![], true),
                (5, made(&["e", "f"]), false)
            ]
        );
    }

    proptest! {
        #[test]
        fn every_byte_belongs_to_a_record(text in "[ab,\" \r\n]{0,60}") {
            for records in [Records::of_lines(&text, b','), Records::of_text(&text, b',')] {
                let lines = records.map(|r| r.line).collect::<Vec<_>>();
                prop_assert!(lines.windows(2).all(|w| w[0] < w[1]));
            }
        }
    }
}
