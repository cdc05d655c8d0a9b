//! What kind of program sent a request, by its user agent, and which rule says so?
//!
//! Marks are data (`detect/data/agents`), forged agents are found by their structure ([`malformed`]), and what is left is told
//! apart by engine and system. An agent says what it likes: none of this is a proof.

pub mod accept;
pub mod computer;
mod engine;
pub mod flags;
pub mod info;
mod malformed;
mod marks;
pub mod pattern;
mod robot;
pub mod rules;
#[cfg(test)]
mod tests;
mod text;

use malformed::Broken;
use marks::{FINDER, Mark};
use std::ops::Range;

/// What a user agent can be, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// No agent: NULL, the empty text or a dash.
    Empty,
    /// Can't be what it claims: versions that don't go together, typing errors, cut or encoded text.
    Malformed,
    /// The default of a framework that controls implants.
    C2,
    /// A scanner, a tool of attackers.
    Hacktool,
    /// A script or a tool for one.
    Script,
    /// A library that programs send requests with.
    Library,
    /// What keeps a system up to date.
    OsUpdate,
    /// Office programs and mail.
    Office,
    /// Virus scanners and their like.
    SecurityAgent,
    /// File sync, chat, meetings.
    SyncApp,
    /// A robot.
    Bot,
    /// An application on a handheld.
    MobileApp,
    /// A browser on a handheld.
    BrowserMobile,
    /// A browser on a desk.
    Browser,
    /// Television, console, player, podcast.
    Media,
    /// Anything else.
    Other,
}

impl Class {
    /// All classes in order of precedence.
    pub const ALL: [Self; 16] = [
        Self::Empty,
        Self::Malformed,
        Self::C2,
        Self::Hacktool,
        Self::Script,
        Self::Library,
        Self::OsUpdate,
        Self::Office,
        Self::SecurityAgent,
        Self::SyncApp,
        Self::Bot,
        Self::MobileApp,
        Self::BrowserMobile,
        Self::Browser,
        Self::Media,
        Self::Other,
    ];

    /// Names of [`Self::ALL`], in its order.
    pub const NAMES: [&'static str; 16] = [
        "empty",
        "malformed",
        "c2",
        "hacktool",
        "script",
        "library",
        "os_update",
        "office",
        "security_agent",
        "sync_app",
        "bot",
        "mobile_app",
        "browser_mobile",
        "browser",
        "media",
        "other",
    ];

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The class of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| *n == name).map(|at| Self::ALL[at])
    }
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Empty,
    /// A rule of structure is broken.
    Form(Broken),
    /// A mark, and where it is.
    Mark(&'static Mark, Range<usize>),
    /// A rule without a mark, in words, and the text that it saw; empty for all of it.
    Rule(&'static str, Range<usize>),
    /// Nothing fits.
    Nothing,
}

/// A class with what decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The class.
    pub class: Class,
    why: Why,
}

impl Verdict {
    fn rule(class: Class, words: &'static str, at: Range<usize>) -> Self {
        Self { class, why: Why::Rule(words, at) }
    }

    fn mark(mark: &'static Mark, at: Range<usize>) -> Self {
        Self { class: mark.class, why: Why::Mark(mark, at) }
    }
}

/// Whether there is no agent.
pub fn is_empty(ua: &str) -> bool {
    ua.is_empty() || ua == "-"
}

/// The class of an agent, and why.
pub fn classify(ua: &str) -> Verdict {
    if is_empty(ua) {
        return Verdict { class: Class::Empty, why: Why::Empty };
    }
    let lower = ua.to_ascii_lowercase();
    let found = FINDER.find(&lower);
    if let Some(broken) = malformed::broken(ua, &lower, found.at_start) {
        return Verdict { class: Class::Malformed, why: Why::Form(broken) };
    }
    if let Some((mark, at)) = &found.best
        && mark.class < Class::Bot
    {
        return Verdict::mark(mark, at.clone());
    }
    if let Some(broken) = malformed::doubtful(&lower) {
        return Verdict { class: Class::Malformed, why: Why::Form(broken) };
    }
    robot::verdict(&lower, &found).unwrap_or_else(|| engine::verdict(&lower, &found))
}

/// Which rule decided, in words, with the text that it saw and, where a rule is somebody's, its author.
pub fn reason(ua: &str) -> String {
    let verdict = classify(ua);
    let class = verdict.class.name();
    let seen = |at: &Range<usize>| match ua.get(at.clone()) {
        Some(text) if !text.is_empty() => format!(": {text:?}"),
        _ => String::new(),
    };
    match &verdict.why {
        Why::Empty => format!("{class}: no user agent"),
        Why::Form(broken) => format!("{class}: {}{}", broken.rule, seen(&broken.at)),
        Why::Mark(mark, at) => format!("{class}: {}{}{}", mark.told(), seen(at), mark.credit()),
        Why::Rule(words, at) => format!("{class}: {words}{}", seen(at)),
        Why::Nothing => format!("{class}: no rule fits"),
    }
}
