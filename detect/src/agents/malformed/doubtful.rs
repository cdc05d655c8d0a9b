//! Which claims does no known program make, although each part of them could be?

use super::{Broken, Flag, explorer, fault, spelling, windows_version};
use crate::agents::text::{after, any, place, two, version};

/// The rule that an agent breaks, if any; asked of what no framework is known to send.
pub(in crate::agents) fn doubtful(lower: &str) -> Option<Broken> {
    spelling::near(lower)
        .or_else(|| blanks(lower))
        .or_else(|| explorer::doubtful(lower))
        .or_else(|| cut(lower))
        .or_else(|| engine(lower))
        .or_else(|| systems(lower))
        .or_else(|| ages(lower))
}

fn blanks(lower: &str) -> Option<Broken> {
    let at = any(
        lower,
        ["mozilla/5.0(windows", "mozilla/5.0(x11", "mozilla/5.0(mac", "mozilla/4.0(comp"],
    )?;
    fault("a blank is missing", Flag::Typo, at)
}

/// Agents that end where a browser's goes on.
fn cut(lower: &str) -> Option<Broken> {
    if let Some(name) = lower.strip_suffix('/')
        && ["chrome", "firefox", "safari", "gecko", "applewebkit", "edg"]
            .iter()
            .any(|n| name.ends_with(n))
    {
        return fault("ends where a version follows", Flag::Truncated, name.len()..lower.len());
    }
    let platform = lower.strip_prefix("mozilla/5.0 (")?.strip_suffix(')')?;
    let desktop = any(platform, ["windows nt ", "macintosh;", "x11;"]).is_some();
    let named = any(platform, ["trident/", "msie", "compatible", "(", "http", "@"]).is_some();
    if desktop && !named {
        return fault("a system and no browser", Flag::Truncated, 12..lower.len());
    }
    None
}

/// Engines that don't go with their browser.
fn engine(lower: &str) -> Option<Broken> {
    let others = ["compatible", "http", "bot"];
    if !lower.starts_with("mozilla/5.0 ") || any(lower, others).is_some() {
        return None;
    }
    let chrome = version(lower, " chrome/");
    if let (Some(chrome), Some(edge)) = (chrome, version(lower, " edg/"))
        && chrome != edge
    {
        let rule = "Edge with the engine of another version";
        return fault(rule, Flag::Impossible, place(lower, " chrome/").start + 1..lower.len());
    }
    let desktop = windows_version(lower).is_some() && plain(lower);
    if desktop && chrome.is_some_and(|v| v >= 30) && lower.contains("applewebkit/") {
        let kit = after(lower, "applewebkit/").and_then(two)?;
        let old = kit != (537, 36) && !lower.contains("safari/537.36");
        if old {
            let rule = "Chrome with an engine that it no longer has";
            return fault(rule, Flag::Impossible, place(lower, "applewebkit/"));
        }
    }
    if desktop && chrome.is_some() && !lower.contains("applewebkit") {
        return fault("Chrome without its engine", Flag::Impossible, place(lower, "chrome/"));
    }
    let firefox = version(lower, " firefox/");
    if desktop && firefox.is_some_and(|v| v >= 5) && !lower.contains("gecko") {
        return fault("Firefox without its engine", Flag::Impossible, place(lower, "firefox/"));
    }
    None
}

/// Whether nothing but Chrome, Edge or Firefox is named: others go on making browsers for old systems.
fn plain(lower: &str) -> bool {
    const NAMES: [&str; 5] = ["chrome", "safari", "edg", "firefox", "gecko"];
    let tail = lower.rfind(')').map_or(lower, |at| &lower[at + 1..]);
    let names = tail.split(' ').filter(|token| !token.is_empty());
    names.map(|token| token.split('/').next().unwrap_or(token)).all(|name| NAMES.contains(&name))
}

/// Two systems at once.
fn systems(lower: &str) -> Option<Broken> {
    let windows = lower.find("windows nt ")?;
    if !lower.starts_with("mozilla/5.0 (windows nt") {
        return None;
    }
    let end = lower[windows..].find(')').map_or(lower.len(), |end| windows + end);
    let other = any(&lower[windows..end], ["iphone", "ipad", "android", "macintosh", "x11;"])?;
    let at = windows + other.start..windows + other.end;
    fault("two systems at once", Flag::Impossible, at)
}

/// Browsers that are too young for their system.
fn ages(lower: &str) -> Option<Broken> {
    if !lower.starts_with("mozilla/5.0 (") {
        return None;
    }
    let rule = "a browser that there never was for this system";
    if let Some(windows) = windows_version(lower)
        && plain(lower)
    {
        // Chrome 110 wants Windows 10, Firefox 116 too; those for XP ended with 49 and 52.
        let chrome = if windows < (6, 0) { 50 } else { 110 };
        let firefox = if windows < (6, 0) { 53 } else { 116 };
        let old = windows < (10, 0);
        for (mark, first) in [(" chrome/", chrome), (" firefox/", firefox)] {
            if old && version(lower, mark).is_some_and(|v| v >= first) {
                return fault(rule, Flag::Impossible, place(lower, mark));
            }
        }
    }
    for (mark, newest) in [("; android ", 40), ("iphone os ", 60), ("; cpu os ", 60)] {
        if version(lower, mark).is_some_and(|v| v > newest) {
            let rule = "a system above today's newest";
            return fault(rule, Flag::Impossible, place(lower, mark));
        }
    }
    None
}
