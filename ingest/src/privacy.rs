//! What of a row group, or of a line that is no row, may be kept under a privacy rule?
//!
//! A [`Scrubber`] stands before the writer of extents, whatever the format: it works on columns that are finished, one
//! step for each distinct value, and on lines as they come. What it takes away is in no file of the store.

mod extra;
mod lines;
mod spec;
mod text;
mod url;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use storage::digest::Digest;
use storage::observable::addr;
use storage::privacy::{Kind, Privacy, PrivacyKey, Truncation};
use storage::schema::Col;
use storage::segment::{ColumnData, RowGroup};

/// Takes away what a source's rule says.
#[derive(Debug)]
pub(crate) struct Scrubber {
    privacy: Arc<Privacy>,
    key: PrivacyKey,
}

impl Scrubber {
    /// A scrubber by `rule`, with the key it names.
    pub(crate) fn new(privacy: Arc<Privacy>, key: PrivacyKey) -> Self {
        Self { privacy, key }
    }

    /// What is kept in place of the digest of a content.
    pub(crate) fn digest(&self, digest: &Digest) -> Digest {
        self.key.content(digest)
    }

    /// What is kept of a row group.
    pub(crate) fn group(&self, mut group: RowGroup) -> RowGroup {
        // The members of `extra` are compared with what goes, so they come first.
        let extra = extra::scrub(&self.privacy.rule, &group);
        for (&col, data) in Col::stored().iter().zip(&mut group.columns) {
            self.column(col, data);
        }
        if let Some(place) = group.columns.get_mut(Col::Extra as usize) {
            *place = extra;
        }
        group
    }

    /// What is kept of a line that is no row.
    pub(crate) fn line(&self, kind: &str, bytes: Vec<u8>) -> Vec<u8> {
        lines::scrub(&self.key, kind, bytes)
    }

    /// What is kept of what the format has learned from the source.
    pub(crate) fn spec(&self, spec: &str) -> String {
        spec::scrub(spec)
    }

    fn column(&self, col: Col, data: &mut ColumnData) {
        let rule = &self.privacy.rule;
        if rule.is_gone(col) {
            *data = ColumnData::Null;
            return;
        }
        match col {
            Col::ClientIp => text::map(data, |value| self.client(value)),
            Col::User => text::map(data, |value| self.name(Kind::User, value)),
            Col::Computer => text::map(data, |value| self.name(Kind::Computer, value)),
            Col::Url | Col::Referer if rule.touches(col) => {
                let query = rule.cuts_query() || col == Col::Url && rule.is_gone(Col::Query);
                text::map(data, |value| Some(url::cut(value, query)));
            }
            _ => {}
        }
    }

    /// What is kept of a client's address.
    fn client<'a>(&self, value: &'a str) -> Option<Cow<'a, str>> {
        let rule = &self.privacy.rule;
        if rule.is_pseudonymised(Kind::ClientIp) {
            return Some(self.pseudonym(Kind::ClientIp, value));
        }
        match rule.truncation() {
            None => Some(Cow::Borrowed(value)),
            Some(_) if value.is_empty() => Some(Cow::Borrowed(value)),
            // A name in the place of the address tells more than a network would.
            Some(bits) => truncate(value, bits).map(Cow::Owned),
        }
    }

    /// What is kept of a user or a computer; where an address stands in its place, it is the client's.
    fn name<'a>(&self, kind: Kind, value: &'a str) -> Option<Cow<'a, str>> {
        let rule = &self.privacy.rule;
        if rule.is_pseudonymised(kind) {
            return Some(self.pseudonym(kind, value));
        }
        if !rule.touches(Col::ClientIp) || addr::normalize(value).is_none() {
            return Some(Cow::Borrowed(value));
        }
        if rule.is_gone(Col::ClientIp) { None } else { self.client(value) }
    }

    fn pseudonym<'a>(&self, kind: Kind, value: &'a str) -> Cow<'a, str> {
        // Logged, but empty: there is nobody to protect, and hunts look for it.
        if value.is_empty() {
            return Cow::Borrowed(value);
        }
        Cow::Owned(self.key.pseudonym(kind, value))
    }
}

/// The first bits of an address; `None` if it is none.
fn truncate(value: &str, keep: Truncation) -> Option<String> {
    let normal = addr::normalize(value)?;
    Some(match normal.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(keep.v4.min(32))).unwrap_or(0);
            std::net::Ipv4Addr::from_bits(v4.to_bits() & mask).to_string()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(keep.v6.min(128))).unwrap_or(0);
            std::net::Ipv6Addr::from_bits(v6.to_bits() & mask).to_string()
        }
    })
}

#[cfg(test)]
mod tests;
