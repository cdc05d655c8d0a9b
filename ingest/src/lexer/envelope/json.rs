//! Which line is a member of a JSON object? Its text, and what has to be kept of the object around it.

use super::BREAK;
use crate::lexer::shaped::dialect::Syntax;
use crate::lexer::shaped::scan::{Pieces, scan};
use crate::lexer::shaped::wrap::Escape;

/// Takes lines out of objects; its buffers are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    pieces: Pieces,
    text: Vec<u8>,
    kept: Vec<u8>,
    exact: bool,
}

/// Members that name the sending host.
const HOSTS: [&[u8]; 8] = [
    b"host",
    b"hostname",
    b"_HOSTNAME",
    b"Computer",
    b"HostName",
    b"host.name",
    b"agent.hostname",
    b"agent.name",
];

impl Unwrapper {
    /// Opens a line; `false` if it is no object with a text of this name.
    pub(crate) fn open(&mut self, line: &[u8], member: &str) -> bool {
        if !line.trim_ascii_start().starts_with(b"{")
            || !scan(&Syntax::Json, line, &mut self.pieces)
        {
            return false;
        }
        let found = self.pieces.iter().find(|(name, _)| *name == member.as_bytes());
        let Some((_, span)) = found else { return false };
        let quoted = span.of(line);
        let Some(inner) = quoted.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""))
        else {
            return false;
        };
        // Docker keeps the line end; it stays with the object.
        let ends = [&b"\\r\\n"[..], b"\\n"];
        let end = ends.iter().find(|end| inner.ends_with(end)).map_or(0, |end| end.len());
        let body = &inner[..inner.len() - end];
        self.text.clear();
        self.text.extend_from_slice(&Escape::Json.decode(body));
        // A line is one line.
        if self.text.is_empty() || memchr::memchr2(b'\n', BREAK, &self.text).is_some() {
            return false;
        }
        let start = span.start as usize + 1;
        self.kept.clear();
        self.kept.extend_from_slice(&line[..start]);
        self.kept.push(BREAK);
        self.kept.extend_from_slice(&line[start + body.len()..]);
        let mut again = Vec::with_capacity(body.len());
        Escape::Json.encode(&self.text, b'"', &mut again);
        self.exact = again == body && memchr::memchr(BREAK, line).is_none();
        true
    }

    /// The line.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// What stands around it, [`BREAK`] in its place.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Whether the line, escaped again, is what stood there.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// The host that an object names as the sender.
    pub(crate) fn sender(object: &[u8]) -> Option<String> {
        let mut pieces = Pieces::default();
        if !scan(&Syntax::Json, object, &mut pieces) {
            return None;
        }
        let (_, span) = pieces.iter().find(|(name, _)| HOSTS.contains(name))?;
        let text = span.of(object);
        let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""))?;
        Some(String::from_utf8_lossy(&Escape::Json.decode(text)).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_objects() {
        let mut unwrapper = Unwrapper::default();
        let line = br#"{"time":1,"host":"px1","event":"a \"b\" c","more":{"x":1}}"#;
        assert!(unwrapper.open(line, "event") && unwrapper.is_exact());
        assert_eq!(unwrapper.text(), b"a \"b\" c");
        assert_eq!(
            unwrapper.kept(),
            b"{\"time\":1,\"host\":\"px1\",\"event\":\"\x1e\",\"more\":{\"x\":1}}"
        );
        assert_eq!(Unwrapper::sender(line).as_deref(), Some("px1"));
        let docker = br#"{"log":"a b\n","stream":"stdout"}"#;
        assert!(unwrapper.open(docker, "log"));
        assert_eq!(
            (unwrapper.text(), unwrapper.kept()),
            (&b"a b"[..], &b"{\"log\":\"\x1e\\n\",\"stream\":\"stdout\"}"[..])
        );
        for other in [
            r#"{"event":{"a":1}}"#,
            r#"{"event":""}"#,
            r#"{"event":"a\nb"}"#,
            "event",
            r#"{"log":"a"}"#,
        ] {
            assert!(!unwrapper.open(other.as_bytes(), "event"), "{other}");
        }
        assert!(unwrapper.open(br#"{"event":"\u0061"}"#, "event") && !unwrapper.is_exact());
    }
}
