//! Which marks in a user agent tell what kind of program sent it?
//!
//! Marks are data: a new program is a new line in `detect/data/agents`, and nothing else. Of all marks that are found, the
//! class that comes first wins; order in the files does not matter.

use super::Class;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// The files of marks.
const FILES: [&str; 4] = [
    include_str!("../../data/agents/accused.tsv"),
    include_str!("../../data/agents/programs.tsv"),
    include_str!("../../data/agents/robots.tsv"),
    include_str!("../../data/agents/people.tsv"),
];
/// Words that tell engines and systems apart.
const WORDS: &str = include_str!("../../data/agents/words.tsv");

/// Where a mark has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole agent.
    Whole,
    /// At the beginning, and no letter follows.
    Start,
    /// A word: no letter, digit or part of a name around it.
    Word,
    /// Anywhere.
    Anywhere,
    /// Anywhere, but it may also be in the agent of something else.
    Hint,
}

/// Whether ordinary programs send the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Risk {
    /// It accuses nobody.
    None,
    /// Hardly ever.
    Low,
    /// Some old or rare ones.
    Medium,
    /// Many: the mark never decides a class.
    High,
}

/// One mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) class: Class,
    pub(super) place: Place,
    pub(super) word: &'static str,
    pub(super) risk: Risk,
    pub(super) source: &'static str,
    pub(super) author: &'static str,
}

impl Mark {
    /// Reads a line of a file; `None` for one that is no mark.
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let class = Class::named(cells.next()?)?;
        let place = match cells.next()? {
            "whole" => Place::Whole,
            "start" => Place::Start,
            "word" => Place::Word,
            "anywhere" => Place::Anywhere,
            "hint" => Place::Hint,
            _ => return None,
        };
        let word = cells.next().filter(|word| !word.is_empty())?;
        let risk = match cells.next()? {
            "-" => Risk::None,
            "low" => Risk::Low,
            "medium" => Risk::Medium,
            "high" => Risk::High,
            _ => return None,
        };
        let (source, author) = (cells.next()?, cells.next()?);
        Some(Self { class, place, word, risk, source, author })
    }

    /// What the mark means, in words.
    pub(super) fn told(&self) -> &'static str {
        match self.class {
            Class::C2 => "a framework or malware is known to send this",
            Class::Hacktool => "a tool of attackers",
            Class::Script => "a tool for scripts",
            Class::Library => "a library",
            Class::OsUpdate => "keeps a system up to date",
            Class::Office => "an office program",
            Class::SecurityAgent => "a security program",
            Class::SyncApp => "a program for sync, chat or meetings",
            Class::MobileApp => "an application on a handheld",
            Class::Media => "a player, a television or a console",
            _ => "a robot's mark",
        }
    }

    /// Whose rule it is, where it is somebody's.
    pub(super) fn credit(&self) -> String {
        match (self.author, self.source.strip_prefix("sigma:")) {
            ("-", _) => String::new(),
            (author, Some(id)) => format!(" (Sigma rule {id} by {author}, DRL 1.1)"),
            (author, None) => format!(" ({author})"),
        }
    }
}

/// All marks compiled into one automaton.
pub(super) struct Finder {
    automaton: Option<AhoCorasick>,
    marks: Vec<Mark>,
}

pub(super) static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let marks: Vec<Mark> = FILES.iter().flat_map(|f| f.lines()).filter_map(Mark::read).collect();
    let words = marks.iter().map(|mark| mark.word);
    // Fails only beyond four billion states; then no mark is found.
    let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(words).ok();
    Finder { automaton, marks }
});

/// What the marks of an agent say.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The mark of the class that comes first, and where it is.
    pub(super) best: Option<(&'static Mark, Range<usize>)>,
    /// Whether a program that is known by name stands at the very beginning.
    pub(super) at_start: bool,
    /// A mark that robots alone have.
    pub(super) robot: Option<(&'static Mark, Range<usize>)>,
    /// The mark of a player, a television or a console.
    pub(super) media: Option<(&'static Mark, Range<usize>)>,
    /// Where the model of a handheld is named.
    pub(super) model: Range<usize>,
    /// A default of a framework that ordinary programs send as well.
    pub(super) lookalike: Option<&'static Mark>,
}

impl Found {
    /// Whether the device is a television or a console.
    pub(super) fn television(&self) -> Option<(&'static Mark, Range<usize>)> {
        self.media.clone().filter(|(_, at)| self.model.contains(&at.start))
    }
}

impl Finder {
    /// Looks for all marks in an agent in lower case.
    pub(super) fn find(&'static self, lower: &str) -> Found {
        let mut all = Found::default();
        let Some(automaton) = &self.automaton else { return all };
        let model = model(lower);
        all.model = model.clone();
        for found in automaton.find_overlapping_iter(lower) {
            let mark = &self.marks[found.pattern().as_usize()];
            let at = found.start()..found.end();
            let named = mark.class < Class::MobileApp && mark.place != Place::Whole;
            let in_model = model.contains(&at.start) && at.end <= model.end;
            if !fits(lower.as_bytes(), &at, mark.place) || (named && in_model) {
                continue;
            }
            if mark.risk == Risk::High {
                all.lookalike = Some(mark);
                continue;
            }
            all.at_start |= at.start == 0 && mark.class <= Class::SyncApp;
            if mark.class == Class::Bot && mark.place != Place::Hint {
                all.robot = Some((mark, at.clone()));
            }
            if mark.class == Class::Media {
                all.media = Some((mark, at.clone()));
            }
            let longer = |(best, had): &(&Mark, Range<usize>)| {
                (mark.class, had.len()) < (best.class, at.len())
            };
            if all.best.as_ref().is_none_or(longer) {
                all.best = Some((mark, at));
            }
        }
        all
    }

    /// Whether a framework or malware is known to send exactly this, whatever else is wrong with it.
    pub(super) fn knows(&'static self, lower: &str) -> Option<&'static Mark> {
        let Some(automaton) = &self.automaton else { return None };
        automaton.find_overlapping_iter(lower).find_map(|found| {
            let mark = &self.marks[found.pattern().as_usize()];
            let at = found.start()..found.end();
            let known = mark.class == Class::C2 && mark.risk != Risk::High;
            (known && fits(lower.as_bytes(), &at, mark.place)).then_some(mark)
        })
    }
}

/// Where a handheld names its model: makers call them what they like, so programs' names mean nothing there.
fn model(lower: &str) -> Range<usize> {
    let browses = lower.starts_with("mozilla/5.0 (") || lower.starts_with("dalvik/");
    let Some(open) = lower.find('(').filter(|_| browses) else { return 0..0 };
    let end = lower[open..].find(')').map_or(lower.len(), |end| open + end);
    let robot = ["compatible;", "http", "bot-", "bot/"];
    let robot = robot.iter().any(|m| lower[open..end].contains(m));
    match lower[open..end].find("; android ") {
        Some(at) if !robot => open + at + 2..end,
        _ => 0..0,
    }
}

/// Whether a mark is where it has to be.
fn fits(text: &[u8], at: &Range<usize>, place: Place) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'/');
    let end = at.end;
    let open = end == text.len() || !text[end].is_ascii_alphabetic() && text[end] != b'_';
    match place {
        Place::Whole => at.start == 0 && end == text.len(),
        Place::Start => at.start == 0 && open,
        Place::Word => (at.start == 0 || !name(&text[at.start - 1])) && open,
        Place::Anywhere | Place::Hint => true,
    }
}

/// Words that tell engines and systems apart.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) mobile: Vec<&'static str>,
    pub(super) desktop: Vec<&'static str>,
    pub(super) engine: Vec<&'static str>,
    pub(super) handheld: Vec<&'static str>,
    pub(super) tokens: HashSet<&'static str>,
}

pub(super) static LISTS: LazyLock<Words> = LazyLock::new(|| {
    let mut lists: HashMap<&str, Vec<&'static str>> = HashMap::new();
    for (list, word) in WORDS.lines().filter_map(|line| line.split_once('\t')) {
        if !list.starts_with('#') && !word.is_empty() {
            lists.entry(list).or_default().push(word);
        }
    }
    let mut take = |list: &str| lists.remove(list).unwrap_or_default();
    Words {
        mobile: take("mobile"),
        desktop: take("desktop"),
        engine: take("engine"),
        handheld: take("handheld"),
        tokens: take("token").into_iter().collect(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_mark() {
        for line in FILES.iter().flat_map(|f| f.lines()).filter(|l| !l.starts_with('#')) {
            let mark = Mark::read(line).unwrap_or_else(|| panic!("no mark: {line:?}"));
            assert_eq!(line.split('\t').count(), 6, "{line:?}");
            assert_eq!(mark.word, mark.word.to_ascii_lowercase());
            let accuses = matches!(mark.class, Class::C2 | Class::Hacktool);
            assert_eq!(accuses, mark.risk != Risk::None, "{line:?}");
            assert_eq!(mark.source.starts_with("sigma:"), mark.author != "-", "{line:?}");
            assert!(mark.source == "dwell" || mark.source.starts_with("sigma:"), "{line:?}");
            assert!(mark.place != Place::Hint || mark.class == Class::Bot, "{line:?}");
        }
        assert!(FINDER.automaton.is_some());
        assert!(FINDER.marks.len() > 800);
    }

    #[test]
    fn no_mark_stands_twice() {
        let mut seen = HashSet::new();
        for mark in &FINDER.marks {
            assert!(seen.insert((mark.class, mark.word)), "twice: {mark:?}");
        }
    }

    #[test]
    fn every_word_has_a_list() {
        for line in WORDS.lines().filter(|l| !l.starts_with('#')) {
            let (list, word) = line.split_once('\t').unwrap();
            assert!(["mobile", "desktop", "engine", "handheld", "token"].contains(&list));
            assert_eq!(word, word.to_ascii_lowercase());
        }
        assert!(LISTS.mobile.len() > 40 && LISTS.tokens.len() > 200);
    }
}
