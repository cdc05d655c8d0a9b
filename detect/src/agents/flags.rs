//! What is odd about an agent, beside its class?

use super::marks::FINDER;
use super::text::{any, version};
use super::{is_empty, malformed};
use std::fmt;

/// Something odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// Versions that don't go together, or that there are not.
    Impossible,
    /// A program that nobody keeps up to date any more.
    Outdated,
    /// Cut.
    Truncated,
    /// A typing error.
    Typo,
    /// Encoded in Base64.
    Base64,
    /// A word that nobody chose.
    Random,
    /// A framework or malware is known to send exactly this.
    KnownC2,
    /// A framework or malware sends this, and so do ordinary programs.
    C2Lookalike,
}

impl Flag {
    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::Outdated => "outdated",
            Self::Truncated => "truncated",
            Self::Typo => "typo",
            Self::Base64 => "base64",
            Self::Random => "random",
            Self::KnownC2 => "known_c2",
            Self::C2Lookalike => "c2_lookalike",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Oldest versions that are still in use where somebody looks after them.
const OLDEST: &str = include_str!("../../data/agents/oldest.tsv");

/// The flags of an agent, each once, in their order.
pub fn flags(ua: &str) -> Vec<Flag> {
    if is_empty(ua) {
        return Vec::new();
    }
    let lower = ua.to_ascii_lowercase();
    let found = FINDER.find(&lower);
    let broken = malformed::broken(ua, &lower, found.at_start);
    let doubtful = malformed::doubtful(&lower);
    let mut flags: Vec<Flag> =
        broken.iter().chain(doubtful.iter()).filter_map(|broken| broken.flag).collect();
    if outdated(&lower) {
        flags.push(Flag::Outdated);
    }
    if random(ua) && !found.at_start && found.best.is_none() {
        flags.push(Flag::Random);
    }
    if FINDER.knows(&lower).is_some() {
        flags.push(Flag::KnownC2);
    } else if found.lookalike.is_some() {
        flags.push(Flag::C2Lookalike);
    }
    flags.sort_unstable();
    flags.dedup();
    flags
}

fn outdated(lower: &str) -> bool {
    let robot = any(lower, ["compatible; ", "http://", "https://"]).is_some();
    let explorer = lower.contains("msie ") || lower.contains("trident/");
    if explorer {
        return true;
    }
    let lines = OLDEST.lines().filter(|line| !line.starts_with('#'));
    !robot
        && lines.filter_map(|line| line.split_once('\t')).any(|(mark, oldest)| {
            let oldest = oldest.parse::<u32>().unwrap_or(0);
            version(lower, mark).is_some_and(|v| v < oldest)
        })
}

/// A single word in which letters and digits change places as nobody would write them.
fn random(ua: &str) -> bool {
    let plain = ua.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain || !(10..=128).contains(&ua.len()) {
        return false;
    }
    let kind = |b: u8| match b {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let bytes = ua.as_bytes();
    let changes = bytes.windows(2).filter(|w| {
        let (a, b) = (kind(w[0]), kind(w[1]));
        // A word may begin with a capital.
        a != b && (a, b) != (1, 2)
    });
    let vowels = ua.bytes().filter(|b| b"aeiouyAEIOUY".contains(b)).count();
    let letters = ua.bytes().filter(u8::is_ascii_alphabetic).count();
    let consonants = letters >= 10 && vowels * 8 < letters;
    let mixed = changes.count() * 4 >= ua.len() && ua.bytes().any(|b| b.is_ascii_digit());
    mixed || consonants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(ua: &str) -> String {
        flags(ua).iter().map(|f| f.name()).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn oldest_versions_are_numbers() {
        for line in OLDEST.lines().filter(|line| !line.starts_with('#')) {
            let (mark, oldest) = line.split_once('\t').unwrap();
            assert_eq!(mark, mark.to_ascii_lowercase());
            assert!(oldest.parse::<u32>().is_ok(), "{line}");
        }
    }

    #[test]
    fn flags_by_example() {
        for (ua, expected) in [
            ("-", ""),
            ("curl/8.5.0", ""),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "",
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
                "outdated,c2_lookalike",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:60.0)", "truncated,known_c2"),
            ("Mozilla/5.0 (Windows NT 10.0; Win32; x32; rv:60.0)", "truncated,typo,known_c2"),
            ("TW96aWxsYS81LjAgKFdpbmRvd3M=", "base64"),
            ("x7Kd93hdQ2sLm4", "random"),
            ("4ce7c27cb4be9d32e333bf032c88235a", "random"),
            (
                "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "impossible,outdated",
            ),
            ("WSHRAT|1A2B3C", "known_c2"),
        ] {
            assert_eq!(names(ua), expected, "{ua}");
        }
    }
}
