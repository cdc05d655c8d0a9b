//! What does Zeek's `dns.log` say of names and their addresses?

use std::borrow::Cow;
use std::collections::HashMap;

use storage::clock::Micros;

use super::record::{self, Kept, Tuple};

/// Whether a text is such a log, by its header.
pub(super) fn is(text: &str) -> bool {
    let mut head = text.lines().take(20);
    if text.starts_with("#separator") {
        return head.any(|line| {
            line.starts_with("#fields") && line.contains("query") && line.contains("answers")
        });
    }
    false
}

/// How the log separates and escapes.
#[derive(Debug)]
struct Shape {
    separator: char,
    set: char,
    empty: String,
    unset: String,
    columns: HashMap<String, usize>,
}

impl Default for Shape {
    fn default() -> Self {
        let (empty, unset) = ("(empty)".to_owned(), "-".to_owned());
        Self { separator: '\t', set: ',', empty, unset, columns: HashMap::new() }
    }
}

impl Shape {
    /// Takes a header line; it may change in the middle of files put together.
    fn header(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("#separator ") {
            self.separator = unescaped(rest.trim()).chars().next().unwrap_or('\t');
            return;
        }
        let mut words = line.split(self.separator);
        let name = words.next().unwrap_or_default();
        let one = words.clone().next().unwrap_or_default();
        match name {
            "#set_separator" => self.set = one.chars().next().unwrap_or(','),
            "#empty_field" => self.empty = one.to_owned(),
            "#unset_field" => self.unset = one.to_owned(),
            "#fields" => {
                self.columns = words.enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
            }
            _ => {}
        }
    }

    fn get<'a>(&self, fields: &[&'a str], name: &str) -> Option<&'a str> {
        let field = *fields.get(*self.columns.get(name)?)?;
        (field != self.unset).then_some(field)
    }

    /// The elements of a vector; none of them if it is empty or unset.
    fn vector<'a>(&self, fields: &[&'a str], name: &str) -> Vec<Cow<'a, str>> {
        match self.get(fields, name) {
            Some(field) if field != self.empty => field.split(self.set).map(unescaped).collect(),
            _ => Vec::new(),
        }
    }
}

/// `\x2c` undone.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| rest.get(at).and_then(|&d| char::from(d).to_digit(16));
        match (byte, rest.get(1), hex(2), hex(3)) {
            (b'\\', Some(b'x'), Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &rest[4..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Seconds with a fraction, exactly.
fn seconds(text: &str) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.get(..6.min(fraction.len()))?;
    let micros: Micros = if digits.is_empty() {
        0
    } else {
        digits.parse::<Micros>().ok().filter(|n| *n >= 0)? * 10_i64.pow(6 - digits.len() as u32)
    };
    let whole: Micros = whole.parse().ok()?;
    (0..1 << 40).contains(&whole).then(|| whole * 1_000_000 + micros)
}

/// Which tuple: name, type, answer.
type Key = (String, String, String);

/// Reads a log: one tuple for each name, type and answer.
pub(super) fn read(text: &str, found: &mut Kept) {
    let mut shape = Shape::default();
    let mut tuples: Vec<Tuple> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('#') {
            shape.header(line);
        } else if !line.trim().is_empty() {
            let fields: Vec<_> = line.split(shape.separator).collect();
            match seen(&shape, &fields, number) {
                Ok(seen) => {
                    for tuple in seen {
                        merge(&mut tuples, &mut known, tuple);
                    }
                }
                Err((why, unreadable)) if unreadable => found.unreadable(number, why),
                Err((why, _)) => found.empty(number, why),
            }
        }
    }
    found.tuples.extend(tuples);
}

/// Lines that a tuple remembers.
const LINES_MAX: usize = 16;

fn merge(tuples: &mut Vec<Tuple>, known: &mut HashMap<Key, usize>, tuple: Tuple) {
    let key = (tuple.rrname.clone(), tuple.rrtype.clone(), tuple.rdata.clone());
    let Some(&at) = known.get(&key) else {
        known.insert(key, tuples.len());
        return tuples.push(tuple);
    };
    let old = &mut tuples[at];
    if tuple.time_last >= old.time_last {
        old.time_last = tuple.time_last;
        old.valid_until = tuple.valid_until;
    }
    old.time_first = old.time_first.min(tuple.time_first);
    old.count = Some(old.count.unwrap_or(0) + 1);
    if old.lines.len() < LINES_MAX {
        old.lines.extend(tuple.lines);
    }
}

/// What one line has seen; an error says why nothing, and whether it could not be read.
fn seen(shape: &Shape, fields: &[&str], line: u64) -> Result<Vec<Tuple>, (String, bool)> {
    let unreadable = |why: &str| (why.to_owned(), true);
    let get = |name| shape.get(fields, name);
    if fields.len() < shape.columns.len() {
        return Err(unreadable("line is cut off"));
    }
    let query = get("query").filter(|query| !query.is_empty() && *query != shape.empty);
    let query = query.ok_or(("no query".to_owned(), false))?;
    let rrname = record::name(&unescaped(query)).ok_or_else(|| unreadable("query is no name"))?;
    let at = get("ts").and_then(seconds).ok_or_else(|| unreadable("no time"))?;
    let asked = get("qtype_name").or(get("qtype")).and_then(record::rrtype);
    let asked = asked.ok_or_else(|| unreadable("no qtype"))?;
    let answers = shape.vector(fields, "answers");
    if answers.is_empty() {
        let code = get("rcode_name").filter(|code| *code != "NOERROR");
        let why = match (code, get("rcode"), get("answers")) {
            (Some(code), _, _) => code,
            (None, None, _) => "no reply",
            _ => "empty",
        };
        return Err((format!("no answer ({why})"), false));
    }
    let lives = shape.vector(fields, "TTLs");
    let mut tuples = Vec::with_capacity(answers.len());
    for (answer, life) in answers.iter().zip(lives.iter().map(Some).chain(std::iter::repeat(None)))
    {
        let (rrtype, rdata) = answered(&asked, answer);
        let Some(rdata) = record::rdata(&rrtype, rdata) else { continue };
        let valid_until = life.and_then(|life| seconds(life)).map(|life| at + life);
        let rrname = rrname.clone();
        tuples.push(Tuple {
            lines: vec![line],
            rrname,
            rrtype,
            rdata,
            time_first: at,
            time_last: at,
            valid_until,
            count: Some(1),
            ..Tuple::default()
        });
    }
    Ok(tuples)
}

/// The type and text of an answer: asked for an address, a name is a CNAME on the way; Zeek writes `TXT 18 text`.
fn answered<'a>(asked: &str, answer: &'a str) -> (String, &'a str) {
    let is_address = storage::observable::addr::normalize(answer);
    match (asked, is_address.as_deref()) {
        ("A" | "AAAA", Some(address)) => {
            (if address.contains(':') { "AAAA" } else { "A" }.to_owned(), answer)
        }
        ("A" | "AAAA", None) => ("CNAME".to_owned(), answer),
        ("TXT" | "SPF", _) => {
            let rest = answer.strip_prefix("TXT ").or_else(|| answer.strip_prefix("SPF "));
            let bare = rest.and_then(|rest| {
                let (len, text) = rest.split_once(' ')?;
                len.parse::<u32>().ok().map(|_| text)
            });
            (asked.to_owned(), bare.unwrap_or(answer))
        }
        _ => (asked.to_owned(), answer),
    }
}
