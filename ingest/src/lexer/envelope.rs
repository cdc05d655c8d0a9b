//! What did a relay put around a line? Syslog headers, and JSON objects of which one member is the line.

mod json;
mod open;
mod syslog;

use crate::lexer::shaped::wrap::Escape;

pub(crate) use json::Unwrapper;
pub(crate) use open::{Kept, Opener};
pub(crate) use syslog::head;

/// What stands around the lines of a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Envelope {
    /// The member of a JSON object that holds the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    /// Whether a syslog header stands before the line.
    pub(crate) syslog: bool,
}

/// Stands in the kept text of an envelope where the line was, and before the syslog header within it.
/// (a control byte that no JSON text holds).
pub(crate) const BREAK: u8 = 0x1e;

/// Members of JSON objects that hold a line, as shippers name them: Splunk HEC, Docker, journald, Elastic, Azure.
const MEMBERS: [&str; 9] =
    ["event", "log", "MESSAGE", "message", "_raw", "SyslogMessage", "RawData", "Message", "msg"];

/// Lines of a sample that are looked at.
const LINES: usize = 60;

impl Envelope {
    /// The envelope that most of these lines stand in.
    pub(crate) fn of(lines: &[&[u8]]) -> Option<Self> {
        let lines = &lines[..lines.len().min(LINES)];
        let most = |count: usize| count * 2 > lines.len();
        let mut unwrapper = Unwrapper::default();
        let member = MEMBERS
            .iter()
            .find(|member| most(lines.iter().filter(|line| unwrapper.open(line, member)).count()));
        let has_head = |text: &[u8]| head(text).is_some();
        let syslog = lines.iter().filter(|line| match member {
            Some(member) => unwrapper.open(line, member) && has_head(unwrapper.text()),
            None => has_head(line),
        });
        let syslog = most(syslog.count());
        let member = member.map(|member| (*member).to_owned());
        (member.is_some() || syslog).then_some(Self { member, syslog })
    }

    /// The line within, and the time of its header; `None` if it does not stand in such an envelope.
    pub(crate) fn strip(&self, line: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let mut copies = Vec::new();
        let opened = Opener::default().open(self, line, &mut copies)?;
        let text = opened.copy.map_or(line, |(start, end)| &copies[start..end]);
        let time = opened.time.map(|span| span.of(text).to_vec());
        Some((text[opened.head..].to_vec(), time))
    }

    /// The lines within; those that stand in no such envelope are empty.
    pub(crate) fn strip_all(&self, lines: &[&[u8]]) -> Vec<Vec<u8>> {
        lines.iter().map(|line| self.strip(line).unwrap_or_default().0).collect()
    }

    /// Writes a line into the envelope whose text was kept.
    pub(crate) fn write(&self, kept: &[u8], body: &[u8], out: &mut Vec<u8>) {
        if self.member.is_none() {
            out.extend_from_slice(kept);
            return out.extend_from_slice(body);
        }
        let mut parts = kept.splitn(3, |&byte| byte == BREAK);
        let mut part = || parts.next().unwrap_or_default();
        let (before, behind, head) = (part(), part(), part());
        out.extend_from_slice(before);
        Escape::Json.encode(head, b'"', out);
        Escape::Json.encode(body, b'"', out);
        out.extend_from_slice(behind);
    }
}
