//! Which agents are robots, whether their name is known or not?

use super::marks::{Found, LISTS};
use super::{Class, Verdict, text};
use std::ops::Range;

/// The verdict that it is a robot, if it is one.
pub(super) fn verdict(lower: &str, found: &Found) -> Option<Verdict> {
    if lower.contains("cubot") {
        return None; // a maker of telephones
    }
    let rule = |words, at| Some(Verdict::rule(Class::Bot, words, at));
    if lower.ends_with("bot") {
        return rule("ends with bot", lower.len() - 3..lower.len());
    }
    if !["mozilla/", "opera/"].iter().any(|start| lower.starts_with(start))
        && found.media.is_none()
        && text::any(lower, ["android", "symbian", "midp", "windows ce"]).is_none()
        && let Some(at) = lower.find(" mozilla/5.0 (")
    {
        return rule("a name stands before a browser's", 0..at);
    }
    if let Some((mark, at)) = &found.robot {
        return Some(Verdict::mark(mark, at.clone()));
    }
    if of_people(lower) {
        return None;
    }
    if let Some((mark, at)) = found.best.as_ref().filter(|(mark, _)| mark.class == Class::Bot) {
        return Some(Verdict::mark(mark, at.clone()));
    }
    if let Some(at) = names_a_site(lower) {
        return rule("names a site, as robots do so that one can ask who they are", at);
    }
    if let Some(at) = compatible_only(lower) {
        return rule("calls itself compatible, and not with a browser", at);
    }
    let at = no_system(lower).filter(|_| found.media.is_none())?;
    rule("calls itself Mozilla and names no system", at)
}

/// Toolbars of Internet Explorer and makers of applications leave their names and sites too.
fn of_people(lower: &str) -> bool {
    let any = |marks: &[&str]| marks.iter().any(|m| lower.contains(m));
    let handheld = any(&["android", "iphone", "ipad"]);
    any(&["docomo", "kddi", "softbank", "msie ", "cfnetwork", "translate.google.com"])
        || (handheld && !lower.starts_with("mozilla/"))
        || (handheld
            && !any(&["http:", "https:", "compatible", "www."])
            && names_a_site(lower).is_none())
}

/// A site that is named.
fn names_a_site(lower: &str) -> Option<Range<usize>> {
    const ENDS: [&str; 9] = [".com", ".net", ".org", ".io", ".ai", ".eu", ".ly", ".gy", ".dev"];
    let name = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let bytes = lower.as_bytes();
    ENDS.iter().find_map(|end| {
        let sites = lower.match_indices(end).filter(|(at, _)| {
            let before = *at > 0 && name(bytes[at - 1]);
            before && bytes.get(at + end.len()).is_none_or(|b| !name(*b))
        });
        sites.map(|(at, _)| begins(bytes, at)..at + end.len()).next()
    })
}

/// Where the name that holds `at` begins.
fn begins(bytes: &[u8], at: usize) -> usize {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    bytes[..at].iter().rposition(|b| !name(b)).map_or(0, |before| before + 1)
}

/// Calls itself compatible, and not with a browser: a robot's way to introduce itself.
fn compatible_only(lower: &str) -> Option<Range<usize>> {
    const BROWSERS: [&str; 9] =
        ["msie", "konqueror", "icab", "omniweb", "netscape", "windows", "docomo", "opera", "webtv"];
    let at = lower.find("(compatible;").or_else(|| lower.find("; compatible;"))?;
    if text::any(lower, BROWSERS).is_some() {
        return None;
    }
    Some(at..lower[at..].find(')').map_or(lower.len(), |end| at + end + 1))
}

/// Says Mozilla, and then no system that there is.
fn no_system(lower: &str) -> Option<Range<usize>> {
    let rest = lower.strip_prefix("mozilla/5.0 ")?;
    let Some(comment) = rest.strip_prefix('(') else { return Some(12..lower.len()) };
    let engine = text::any(rest, ["webkit", "gecko", "khtml", "presto", "trident"]).is_some();
    let known = LISTS.mobile.iter().chain(&LISTS.desktop).copied();
    if engine || text::any(rest, known).is_some() {
        return None;
    }
    Some(12..13 + comment.find(')').map_or(comment.len(), |end| end + 1))
}
