//! What did a relay put around a line? Syslog headers, and JSON objects of which one member is the line.

mod json;
mod open;
mod syslog;

use crate::lexer::shaped::wrap::Escape;

pub(crate) use json::Unwrapper;
pub(crate) use open::{Kept, Opener};
pub(crate) use syslog::{Head, head};

/// What stands around the lines of a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Envelope {
    /// The member of a JSON object that holds the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    /// Whether a syslog header stands before the line.
    pub(crate) syslog: bool,
}

/// Stands in the kept text of an envelope where the line was, and before the syslog header within it.
pub(crate) const BREAK: u8 = 0;

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

    /// The line within; `None` if it does not stand in such an envelope.
    pub(crate) fn strip(&self, line: &[u8]) -> Option<Vec<u8>> {
        let text = match &self.member {
            Some(member) => {
                let mut unwrapper = Unwrapper::default();
                if !unwrapper.open(line, member) {
                    return None;
                }
                unwrapper.text().to_vec()
            }
            None => line.to_vec(),
        };
        if !self.syslog {
            return Some(text);
        }
        let head = head(&text)?;
        Some(text[head.len..].to_vec())
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
