//! What is the one spelling of a host, an address, a domain, a URL part? Lines, indicators and SQL literals all go
//! through here, or matches would silently fail.

pub mod addr;
pub mod domain;
pub mod host;
pub mod url;
