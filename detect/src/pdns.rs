//! What did names resolve to, as sensors saw it: passive DNS, read from others and written for others?

pub mod cof;
pub mod export;
pub mod record;
pub mod table;
pub mod zeek;

pub use record::{Trouble, Tuple};

use crate::intel::reader::Input;

/// A kind of passive DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Common Output Format, one object a line.
    Cof,
    /// The same inside DNSDB's stream with its conditions.
    Saf,
    /// Zeek's `dns.log`.
    Zeek,
}

impl Form {
    /// Its name, as `system.ledger` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cof => "cof",
            Self::Saf => "dnsdb_saf",
            Self::Zeek => "zeek_dns",
        }
    }
}

/// The kinds that are known, for a message.
pub const KNOWN: &str = "cof (Common Output Format, one JSON object a line), dnsdb_saf (DNSDB's stream), zeek_dns (dns.log of Zeek)";

/// Reads a file of whatever kind; `None` if no kind knows it.
pub fn read(bytes: &[u8], found: &mut record::Kept) -> Option<Form> {
    let input = Input::new(bytes);
    if zeek::is(&input.text) {
        zeek::read(&input.text, found);
        return Some(Form::Zeek);
    }
    cof::read(&input.text, found)
}
