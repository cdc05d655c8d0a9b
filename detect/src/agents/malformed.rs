//! Which user agents can't have been sent by the program they claim to be?
//!
//! The rules are about structure, so that they catch families of forged agents and not single ones. Those of [`broken`] are
//! certain; those of [`doubtful`] are asked when no framework is known to send the agent.

mod doubtful;
mod explorer;
mod spelling;

pub(super) use doubtful::doubtful;

use super::flags::Flag;
use super::text::{number, place, version};
use std::ops::Range;

/// Versions of Chrome and Firefox above this are not there for years to come.
const NEWEST: u32 = 220;
/// Longer agents are not from a program that behaves.
const LONGEST: usize = 512;

/// A rule that an agent breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// The rule in words.
    pub(super) rule: &'static str,
    /// What kind of fault it is.
    pub(super) flag: Option<Flag>,
    /// The text that shows it; empty where it is all of it.
    pub(super) at: Range<usize>,
}

fn fault(rule: &'static str, flag: Flag, at: Range<usize>) -> Option<Broken> {
    Some(Broken { rule, flag: Some(flag), at })
}

/// The rule that `ua` breaks, if any. `lower` is the same in lower case; neither is empty.
pub(super) fn broken(ua: &str, lower: &str, known_word: bool) -> Option<Broken> {
    bytes(ua)
        .or_else(|| beginning(ua, lower))
        .or_else(|| word(lower, known_word))
        .or_else(|| brackets(ua))
        .or_else(|| spelling::certain(lower))
        .or_else(|| explorer::broken(lower))
        .or_else(|| windows(lower))
        .or_else(|| versions(lower))
        .or_else(|| fragment(lower))
}

fn bytes(ua: &str) -> Option<Broken> {
    if ua.len() > LONGEST {
        let rule = "longer than programs make it (512 bytes)";
        return Some(Broken { rule, flag: None, at: 0..0 });
    }
    let at = ua.bytes().position(|b| !(0x20..0x7f).contains(&b))?;
    let end = ua[at..].char_indices().nth(1).map_or(ua.len(), |(next, _)| at + next);
    let rule = "bytes that no header has: not ASCII, or control characters";
    Some(Broken { rule, flag: None, at: at..end })
}

fn beginning(ua: &str, lower: &str) -> Option<Broken> {
    if ua.starts_with(' ') {
        return fault("begins with a blank", Flag::Typo, 0..0);
    }
    for start in ["user-agent", "mozila", "moxilla", "mozzila", "mozilla "] {
        if lower.starts_with(start) {
            return fault("begins with a typing error", Flag::Typo, 0..start.len());
        }
    }
    let trimmed = lower.trim_end();
    if matches!(trimmed, "mozilla/4.0" | "mozilla/5.0") || lower == "mozilla" {
        return fault("nothing behind Mozilla", Flag::Truncated, 0..trimmed.len());
    }
    let version = lower.strip_prefix("mozilla/")?;
    let major = number(version)?;
    let end = version.find([' ', '(', ';']);
    let old = (1..=3).contains(&major) && end.is_some_and(|end| version[end..].starts_with(' '));
    let adobe = lower.contains("acrobat") || lower.contains("adobe");
    if (old && !adobe) || major >= 6 {
        let at = 0..8 + end.unwrap_or(version.len());
        return fault("a version of Mozilla that no browser of today says", Flag::Impossible, at);
    }
    None
}

fn word(lower: &str, known: bool) -> Option<Broken> {
    if lower.contains(' ') || known {
        return None;
    }
    let all = 0..lower.len();
    if lower.len() < 5 {
        return fault("a single short word", Flag::Random, all);
    }
    let plain = lower.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if plain && lower.bytes().any(|b| b.is_ascii_digit()) {
        return fault("digits only", Flag::Random, all);
    }
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let padded = lower.len() >= 8 && lower.ends_with('=') && lower.bytes().all(base64);
    // Mozilla, Chrome, AppleWebKit and Dalvik in Base64 begin so.
    let known = ["tw96awxsy", "q2hyb21l", "qxbwbgvxzwjlax", "rgfsdmlr", "v2luzg93cy"];
    let encoded = padded || known.iter().any(|start| lower.starts_with(start));
    encoded.then(|| fault("encoded in Base64", Flag::Base64, all)).flatten()
}

fn brackets(ua: &str) -> Option<Broken> {
    let mut depth = 0_i32;
    for b in ua.bytes() {
        match b {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    let at = if depth > 0 { ua.rfind('(') } else { ua.find(')') }.unwrap_or(0);
    let flag = if depth > 0 { Flag::Truncated } else { Flag::Typo };
    (depth != 0).then(|| fault("brackets that don't close", flag, at..ua.len())).flatten()
}

/// The version of Windows that an agent claims.
pub(super) fn windows_version(lower: &str) -> Option<(u32, u32)> {
    super::text::two(super::text::after(lower, "windows nt ")?)
}

fn windows(lower: &str) -> Option<Broken> {
    let odd = match windows_version(lower)? {
        (5, minor) => minor > 2,
        (6, minor) => minor > 4,
        (10, minor) => minor > 0,
        (major, _) => major > 6,
    };
    let at = place(lower, "windows nt ");
    odd.then(|| fault("a version of Windows that there is not", Flag::Impossible, at)).flatten()
}

fn versions(lower: &str) -> Option<Broken> {
    for mark in [" chrome/", " firefox/"] {
        if version(lower, mark).is_some_and(|v| v > NEWEST) {
            let rule = "a version above today's newest";
            return fault(rule, Flag::Impossible, place(lower, mark));
        }
    }
    let firefox = version(lower, " firefox/")?;
    let rv = version(lower, "; rv:")?;
    // Before version 5 both were counted apart; from 110 to 119 rv stood still at 109.
    let still = rv == 109 && (110..=119).contains(&firefox);
    if rv >= 5 && rv != firefox && !still && lower.contains(") gecko/") {
        let rule = "rv and Firefox's version don't go together";
        return fault(rule, Flag::Impossible, place(lower, "rv:").start..lower.len());
    }
    None
}

/// An engine without a browser.
fn fragment(lower: &str) -> Option<Broken> {
    if !lower.starts_with("mozilla/5.0 (") {
        return None;
    }
    let rule = "an engine without a browser";
    let rv = version(lower, "; rv:");
    if lower.ends_with(" gecko/20100101") && rv.is_some_and(|v| v >= 2) {
        return fault(rule, Flag::Truncated, lower.len() - 14..lower.len());
    }
    let desktop = lower.contains("windows nt") || lower.contains("(x11");
    let cut = desktop && lower.ends_with("(khtml, like gecko)");
    let at = lower.find("applewebkit/").unwrap_or(0)..lower.len();
    cut.then(|| fault(rule, Flag::Truncated, at)).flatten()
}

#[cfg(test)]
mod tests;
