//! Where do the members of a JSON object lie whose writer did not escape quotes, or that was cut short? Between keys: a quote
//! with a comma or brace before it, and a name, a quote and a colon behind it.

use super::Pieces;

/// The longest name of a member.
const NAME_BYTES: usize = 64;

/// The members of a line that is no JSON but begins as an object; those of objects within go by their own names. `false`
/// if there are none.
pub(crate) fn members(line: &[u8], pieces: &mut Pieces) -> bool {
    pieces.clear();
    if line.trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let mut found = keys(line).peekable();
    while let Some((key, start)) = found.next() {
        let end = found.peek().map_or(line.len(), |(next, _)| next.0 - 1);
        // An object that begins here has members of its own.
        if line.get(start) == Some(&b'{')
            && found.peek().is_some_and(|(next, _)| next.0 <= start + 2)
        {
            continue;
        }
        let (from, to) = trimmed(line, start, end);
        if !pieces.push(&[&line[key.0..key.1]], from, to) {
            return false;
        }
    }
    pieces.number_repeats();
    pieces.len() > 0
}

/// Where each name lies, and where its value begins.
fn keys(line: &[u8]) -> impl Iterator<Item = ((usize, usize), usize)> {
    memchr::memchr_iter(b'"', line).filter_map(move |quote| {
        let before = line[..quote].iter().rev().find(|byte| **byte != b' ')?;
        if !b"{,".contains(before) {
            return None;
        }
        let rest = &line[quote + 1..];
        let len = memchr::memchr(b'"', &rest[..rest.len().min(NAME_BYTES + 1)])?;
        let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte);
        if len == 0 || !rest[..len].iter().all(letter) {
            return None;
        }
        let space = |at: usize| {
            let spaces = line.get(at..).unwrap_or_default();
            at + spaces.iter().take(8).take_while(|byte| **byte == b' ').count()
        };
        let colon = space(quote + len + 2);
        (line.get(colon) == Some(&b':')).then(|| ((quote + 1, quote + 1 + len), space(colon + 1)))
    })
}

/// A value without what stands between it and the next member, and without a quote that is not closed.
fn trimmed(line: &[u8], start: usize, end: usize) -> (usize, usize) {
    let mut to = end.max(start);
    while to > start && b" ,".contains(&line[to - 1]) {
        to -= 1;
    }
    let quoted = line.get(start) == Some(&b'"');
    // Braces that close objects; within quotes they belong to the value.
    while to > start && b"} ,".contains(&line[to - 1]) {
        to -= 1;
    }
    let closed = quoted && to > start + 1 && line[to - 1] == b'"';
    if quoted && !closed { (start + 1, end.max(start + 1)) } else { (start, to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(String, String)> {
        let mut pieces = Pieces::default();
        members(line.as_bytes(), &mut pieces);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pieces.iter().map(|(name, span)| (text(name), text(span.of(line.as_bytes())))).collect()
    }

    #[test]
    fn members_lie_between_keys() {
        let found = read(r#"{"s":"web","event":{"ua":"a "b", c","n": 12,"u":"x{y}"}}"#);
        let told: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let wanted = [("s", "\"web\""), ("ua", "\"a \"b\", c\""), ("n", "12"), ("u", "\"x{y}\"")];
        assert_eq!(told, wanted);
        assert_eq!(read(r#"{"a":"b","url":"http://cut.exa"#)[1].1, "http://cut.exa");
        assert!(read("plain \"a\":1").is_empty() && read("{").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(line in "[{},:\" a-c]{0,60}") {
            read(&line);
        }
    }
}
