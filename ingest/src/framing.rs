//! Where does a record end? At the end of a line, mostly; in JSON documents and ModSecurity's audit log a record is longer or
//! shorter than a line, and counts as one.

/// How a content is cut into records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// Each line is a record.
    #[default]
    Lines,
    /// Items of the array that a JSON document is, or of the `entries` of an HTTP archive; what stands before the first and
    /// behind the last is a header.
    JsonItems,
    /// Sections of ModSecurity's serial audit log, from `--id-A--` up to the line `--id-Z--`.
    Sections,
}

/// A record's end, and whether it is one of the headers around the records.
pub type Cut = (usize, bool);

/// Bytes of a document in which its array must begin.
const PROLOG_BYTES: usize = 64 << 10;

impl Framing {
    /// What the beginning of a content shows.
    pub fn of(text: &[u8]) -> Self {
        let head = text.trim_ascii_start();
        if head.starts_with(b"[") && head[1..].trim_ascii_start().starts_with(b"{") {
            return Self::JsonItems;
        }
        let prolog = &head[..head.len().min(PROLOG_BYTES)];
        if head.starts_with(b"{")
            && memchr::memmem::find(prolog, b"\"entries\"").is_some()
            && memchr::memmem::find(&prolog[..prolog.len().min(64)], b"\"log\"").is_some()
        {
            return Self::JsonItems;
        }
        let line = &head[..memchr::memchr(b'\n', head).unwrap_or(head.len())];
        if section(line) == Some(b'A') { Self::Sections } else { Self::Lines }
    }

    /// The records of a text that is all there is, each with its separators, and which of them are headers.
    pub fn records(self, text: &[u8]) -> Vec<(&[u8], bool)> {
        let mut framer = Framer::new(self);
        let mut cuts = Vec::new();
        framer.scan(text, 0, &mut cuts);
        if cuts.last().is_none_or(|cut| cut.0 < text.len()) && !text.is_empty() {
            cuts.push((text.len(), framer.rest_is_header()));
        }
        let mut start = 0;
        let record = |(end, header): (usize, bool)| {
            let from = std::mem::replace(&mut start, end);
            (&text[from..end], header)
        };
        cuts.into_iter().map(record).collect()
    }
}

/// The letter of `--0123abcd-A--`.
pub(crate) fn section(line: &[u8]) -> Option<u8> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let inner = line.strip_prefix(b"--")?.strip_suffix(b"--")?;
    let (id, letter) = inner.split_at_checked(inner.len().checked_sub(2)?)?;
    let named = (4..=32).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric);
    (named && letter[0] == b'-' && letter[1].is_ascii_uppercase()).then_some(letter[1])
}

/// Finds the ends of records in a content that comes piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct Framer {
    framing: Framing,
    /// As it was where the last record ended.
    at_cut: Json,
    json: Json,
}

/// Where in a JSON document reading is.
#[derive(Debug, Clone, Default)]
struct Json {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Where the string began that was read last, and how it ended.
    string_at: usize,
    is_key: bool,
    /// The depth of items, once their array has begun.
    items: Option<usize>,
    /// Whether an item was seen.
    begun: bool,
    closed: bool,
}

impl Framer {
    pub(crate) fn new(framing: Framing) -> Self {
        Self { framing, at_cut: Json::default(), json: Json::default() }
    }

    /// How records are cut.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether what lies behind the last end found is a header.
    pub(crate) fn rest_is_header(&self) -> bool {
        self.framing == Framing::JsonItems && (self.json.closed || !self.json.begun)
    }

    /// Goes back to where the last record ended: what follows it comes again.
    pub(crate) fn rewind(&mut self) {
        self.json = self.at_cut.clone();
    }

    /// Reads on from `from` in `text`, which begins where a record does; adds the ends of records, as offsets in `text`.
    pub(crate) fn scan(&mut self, text: &[u8], from: usize, cuts: &mut Vec<Cut>) {
        match self.framing {
            Framing::Lines => {
                cuts.extend(
                    memchr::memchr_iter(b'\n', &text[from..]).map(|at| (from + at + 1, false)),
                );
            }
            Framing::Sections => sections(text, from, cuts),
            Framing::JsonItems => self.items(text, from, cuts),
        }
    }

    fn items(&mut self, text: &[u8], from: usize, cuts: &mut Vec<Cut>) {
        for (at, &byte) in text.iter().enumerate().skip(from) {
            let json = &mut self.json;
            if json.in_string {
                match byte {
                    _ if json.escaped => json.escaped = false,
                    b'\\' => json.escaped = true,
                    b'"' => {
                        json.in_string = false;
                        json.is_key = text.get(json.string_at..at) == Some(b"entries");
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => {
                    json.in_string = true;
                    json.string_at = at + 1;
                }
                b'[' | b'{' => {
                    if byte == b'{' && json.items == Some(json.depth) {
                        self.cut(at, cuts);
                        self.json.begun = true;
                    } else if byte == b'['
                        && json.items.is_none()
                        && (json.depth == 0 || json.is_key)
                    {
                        json.items = Some(json.depth + 1);
                    }
                    self.json.depth += 1;
                }
                b']' | b'}' => {
                    if byte == b']' && json.items == Some(json.depth) && !json.closed {
                        self.cut(at, cuts);
                        self.json.closed = true;
                    }
                    let json = &mut self.json;
                    json.depth = json.depth.saturating_sub(1);
                    if json.closed {
                        // No further array is one of items.
                        json.items = Some(usize::MAX);
                    }
                }
                b':' | b' ' | b'\n' | b'\r' | b'\t' => {}
                _ => json.is_key = false,
            }
        }
    }

    /// The record before `at` ends here; the one that begins here is kept in mind.
    fn cut(&mut self, at: usize, cuts: &mut Vec<Cut>) {
        if at > 0 {
            cuts.push((at, !self.json.begun));
            self.at_cut = self.json.clone();
        }
    }
}

/// Ends of lines `--id-Z--`.
fn sections(text: &[u8], from: usize, cuts: &mut Vec<Cut>) {
    // The line that `from` stands in may have begun before.
    let mut start = memchr::memrchr(b'\n', &text[..from]).map_or(0, |at| at + 1);
    for end in memchr::memchr_iter(b'\n', &text[from..]).map(|at| from + at) {
        if section(&text[start..end]) == Some(b'Z') {
            cuts.push((end + 1, false));
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<(&str, bool)> {
        let framing = Framing::of(text.as_bytes());
        let records = framing.records(text.as_bytes()).into_iter();
        records.map(|(record, header)| (std::str::from_utf8(record).unwrap(), header)).collect()
    }

    #[test]
    fn documents_are_cut_into_items() {
        let text = "[\n {\"a\":\"]}\\\"\"},\n {\"b\":[{}]}\n]\n";
        let expected = [
            ("[\n ", true),
            ("{\"a\":\"]}\\\"\"},\n ", false),
            ("{\"b\":[{}]}\n", false),
            ("]\n", true),
        ];
        assert_eq!(cut(text), expected);
        let har = r#"{"log":{"creator":{"x":[1]},"entries":[{"a":1},{"b":{}}],"more":[{}]}}"#;
        let expected = [
            (r#"{"log":{"creator":{"x":[1]},"entries":["#, true),
            (r#"{"a":1},"#, false),
            (r#"{"b":{}}"#, false),
            (r#"],"more":[{}]}}"#, true),
        ];
        assert_eq!(cut(har), expected);
        assert_eq!(cut("{\"a\":1}\n{\"b\":2}\n"), [("{\"a\":1}\n", false), ("{\"b\":2}\n", false)]);
    }

    #[test]
    fn sections_are_cut_at_their_last() {
        let text = "--0a1b2c3d-A--\n[x]\n--0a1b2c3d-Z--\n\n--0a1b2c3e-A--\nb\n--0a1b2c3e-Z--\n";
        let records = cut(text);
        assert_eq!(records.len(), 2);
        assert!(records[1].0.starts_with("\n--0a1b2c3e-A--"));
    }

    proptest! {
        #[test]
        fn pieces_give_the_same_cuts(text in "[\\[\\]{}\",:\\\\a\n -]{0,60}", at in 0usize..60, framing in 0..3) {
            let framing = [Framing::Lines, Framing::JsonItems, Framing::Sections][framing as usize];
            let at = at.min(text.len());
            let (mut whole, mut pieces) = (Vec::new(), Vec::new());
            Framer::new(framing).scan(text.as_bytes(), 0, &mut whole);
            let mut framer = Framer::new(framing);
            framer.scan(&text.as_bytes()[..at], 0, &mut pieces);
            framer.scan(text.as_bytes(), at, &mut pieces);
            prop_assert_eq!(whole, pieces);
        }
    }
}
