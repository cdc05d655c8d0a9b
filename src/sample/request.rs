//! One request as Squid would log it, and the line it becomes.

use std::io::{self, Write};

/// The Squid logformat of the generated day: native, with client port, request size, referer and agent.
pub const LOGFORMAT: &str = r#"%ts.%03tu %6tr %>a %>p %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;

/// One request. Text fields hold `-` where Squid would print it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// When it ended, in milliseconds since 1970.
    pub(super) at_ms: i64,
    pub(super) duration_ms: u64,
    pub(super) client: String,
    pub(super) client_port: u16,
    pub(super) action: &'static str,
    pub(super) status: u16,
    pub(super) response_bytes: u64,
    pub(super) request_bytes: u64,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) user: String,
    pub(super) hierarchy: &'static str,
    pub(super) server: String,
    pub(super) mime: &'static str,
    pub(super) referer: String,
    pub(super) agent: String,
}

impl Request {
    /// Writes the line.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{}.{:03} {:6} {} {} {}/{:03} {} {} {} {} {} {}/{} {} \"{}\" \"{}\"",
            self.at_ms.div_euclid(1_000),
            self.at_ms.rem_euclid(1_000),
            self.duration_ms,
            self.client,
            self.client_port,
            self.action,
            self.status,
            self.response_bytes,
            self.request_bytes,
            self.method,
            self.url,
            self.user,
            self.hierarchy,
            self.server,
            self.mime,
            self.referer,
            self.agent,
        )
    }
}
