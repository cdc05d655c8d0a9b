//! Which names in an agent are misspelt?

use super::{Broken, Flag, fault};
use crate::agents::text::any;

/// Errors that only forged agents have.
pub(super) fn certain(lower: &str) -> Option<Broken> {
    const TYPOS: [&str; 5] = [";msie ", ";windows nt", "chrome /", "win32; x32", "windows nt 6.;"];
    let at = any(lower, TYPOS)?;
    fault("a typing error", Flag::Typo, at)
}

/// Names that browsers write, none of which is one letter away from another program's.
const NAMES: [&str; 8] =
    ["mozilla", "chrome", "firefox", "safari", "applewebkit", "gecko", "trident", "windows"];
/// Programs whose names look like typing errors.
const PROGRAMS: [&str; 8] =
    ["chromes", "chromed", "chromer", "mozillas", "firefoxy", "geckos", "window", "safaris"];

/// A name of a product that is one letter away from one that browsers write.
pub(super) fn near(lower: &str) -> Option<Broken> {
    let desktop = any(lower, ["(windows nt", "(macintosh;", "(x11;"]).is_some();
    if !lower.contains(' ') {
        return None;
    }
    let mut at = 0;
    for token in lower.split(' ') {
        let start = at;
        at += token.len() + 1;
        let Some((name, version)) = token.split_once('/') else { continue };
        let versioned = version.starts_with(|c: char| c.is_ascii_digit());
        let letters = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !versioned || !letters || PROGRAMS.contains(&name) || (start > 0 && !desktop) {
            continue;
        }
        if NAMES.iter().any(|right| one_away(name.as_bytes(), right.as_bytes())) {
            let rule = "a browser's name with a typing error";
            return fault(rule, Flag::Typo, start..start + name.len());
        }
    }
    None
}

/// Whether one letter is wrong, missing, doubled or swapped with its neighbour.
fn one_away(a: &[u8], b: &[u8]) -> bool {
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    match (a, b) {
        ([_] | [], [_] | []) => true,
        ([x, y], [v, w]) => (x, y) == (w, v),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_is_found() {
        for wrong in ["mozila", "mozzilla", "mozlila", "moz1lla", "mozill"] {
            assert!(one_away(wrong.as_bytes(), b"mozilla"), "{wrong}");
        }
        for right in ["mozilla", "mosaic", "mozi", "godzilla"] {
            assert!(!one_away(right.as_bytes(), b"mozilla"), "{right}");
        }
    }
}
