//! Is an agent that no mark names a browser, on a desk or on a handheld, and by which words?

use super::marks::{Found, LISTS};
use super::{Class, Verdict, Why, text};
use std::ops::Range;

/// The verdict by engine and system.
pub(super) fn verdict(lower: &str, found: &Found) -> Verdict {
    let rule = Verdict::rule;
    let any = |words: &[&'static str]| text::any(lower, words.iter().copied());
    if let Some((mark, at)) = found.television() {
        return Verdict::mark(mark, at);
    }
    match &found.best {
        Some((mark, at)) if mark.class == Class::Media && !lower.contains("windows phone") => {
            return Verdict::mark(mark, at.clone());
        }
        Some((mark, at)) if mark.class == Class::MobileApp => {
            return Verdict::mark(mark, at.clone());
        }
        _ => {}
    }
    let browses = lower.starts_with("mozilla/") || lower.starts_with("opera/");
    if let Some(at) = any(&LISTS.mobile)
        && (browses || any(&LISTS.handheld).is_some())
    {
        return rule(Class::BrowserMobile, "a browser that names a handheld", at);
    }
    if let Some(at) = any(&["android", "iphone", "ipad", "; ios"]) {
        return rule(Class::MobileApp, "names a handheld, and no browser", at);
    }
    let netscape = lower.starts_with("mozilla/4.") && !lower.contains("compatible");
    let engine = any(&LISTS.engine).or_else(|| netscape.then_some(0..0));
    if let Some(at) = engine
        && (any(&LISTS.desktop).is_some() || !lower.starts_with("mozilla/5.0"))
    {
        return suffixed(lower, at);
    }
    Verdict { class: Class::Other, why: Why::Nothing }
}

/// A desktop browser, unless there is a name behind its engine that browsers don't put there: then it is a program that
/// drives one, or an application that is built on one.
fn suffixed(lower: &str, engine: Range<usize>) -> Verdict {
    if let Some(at) = lower.find("electron/") {
        let words = "an application that brings its own browser";
        return Verdict::rule(Class::Other, words, at..at + 9);
    }
    let browser = Verdict::rule(Class::Browser, "a browser's engine on a desktop", engine);
    let modern = lower.contains("applewebkit/") || lower.contains("firefox/");
    let Some(end) = lower.rfind(')').filter(|_| modern) else { return browser };
    let strange = |token: &&str| {
        let name = token.split(['/', ':']).next().unwrap_or(token);
        let word = name.bytes().any(|b| b.is_ascii_alphabetic());
        let build = name.bytes().any(|b| b.is_ascii_digit()) && !token.contains('/');
        word && !build && !LISTS.tokens.contains(name)
    };
    let token = lower[end + 1..].split([' ', ';', ',', '(']).find(strange);
    match token.and_then(|token| lower.rfind(token).map(|at| at..at + token.len())) {
        Some(at) => Verdict::rule(Class::Bot, "a name that no browser puts behind its engine", at),
        None => browser,
    }
}
