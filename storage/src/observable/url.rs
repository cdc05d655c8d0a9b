//! What are the parts of a logged request target, and which URL do the parts give back?
//!
//! [`rebuild`] is part of the file format: wherever it gives back the logged text, no segment stores the text. It
//! must therefore never change for any combination of parts; [`split`] may learn new spellings, because it stores the
//! text wherever the parts do not give it back.

mod rebuild;
mod split;

pub use rebuild::{rebuild, rebuild_into};
pub use split::{UrlParts, split};

/// The scheme of authority-form targets (CONNECT).
pub const TUNNEL: &str = "tunnel";

/// The port a scheme implies.
pub fn implied_port(scheme: &str) -> Option<i32> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}
