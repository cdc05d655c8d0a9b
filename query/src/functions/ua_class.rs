//! What kind of program sent a request, by its user agent?
//!
//! Marks are data ([`tables`]), forged agents are found by their structure ([`malformed`]), and what is left is told
//! apart by engine and system. Each distinct agent of a batch is looked at once, and most of them only once in a process.

mod malformed;
mod tables;

use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{HashMap, Result};
use std::collections::HashSet;
use std::sync::{LazyLock, PoisonError, RwLock};
use tables::Place;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_class",
    signature: "ua_class(user_agent TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "What kind of program sent the request. The first that fits of: empty (NULL, '' or '-'), malformed (can't be what it claims: \
        versions that don't go together, typing errors, cut or encoded text), c2 (default of a command-and-control framework), \
        hacktool, script (curl, wget, Python, PowerShell, BITS...), library (okhttp, Java, CryptoAPI...), os_update, office, \
        security_agent, sync_app (OneDrive, Teams, Slack...), bot, mobile_app, browser_mobile, browser, media (television, console, podcast), other. \
        It is what the agent says, not a proof. Never NULL.",
    example: "SELECT ua, ua_class(ua) AS class FROM (VALUES ('curl/8.5.0'), ('sqlmap/1.8'), ('Mozilla/5.0'), \
        ('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0'), (NULL)) AS t(ua)",
    source: "query/src/functions/ua_class.rs",
    make,
};

/// What a user agent can be, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    Empty,
    Malformed,
    C2,
    Hacktool,
    Script,
    Library,
    OsUpdate,
    Office,
    SecurityAgent,
    SyncApp,
    Bot,
    MobileApp,
    BrowserMobile,
    Browser,
    Media,
    Other,
}

/// Names of [`Class`], in its order.
const NAMES: [&str; 16] = [
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

/// All marks compiled into one automaton.
struct Finder {
    automaton: Option<AhoCorasick>,
    marks: Vec<(Class, Place)>,
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let mut marks = Vec::new();
    let mut words = Vec::new();
    for (class, place, list) in tables::MARKS {
        for word in list.split('|') {
            marks.push((*class, *place));
            words.push(word);
        }
    }
    // Fails only beyond four billion states; then no mark is found.
    let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(words).ok();
    Finder { automaton, marks }
});

static BROWSER_TOKENS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| tables::BROWSER_TOKENS.split('|').collect());

impl Finder {
    /// Looks for all marks in an agent in lower case.
    fn find(&self, lower: &str) -> Found {
        let mut all = Found { class: Class::Other, at_start: false, hint: true };
        let Some(automaton) = &self.automaton else { return all };
        for found in automaton.find_overlapping_iter(lower) {
            let (class, place) = self.marks[found.pattern().as_usize()];
            if fits(lower.as_bytes(), found.start(), found.end(), place) {
                all.class = all.class.min(class);
                all.at_start |= found.start() == 0 && class <= Class::SyncApp;
                all.hint &= place == Place::Hint || class != Class::Bot;
            }
        }
        all
    }
}

/// What the marks of an agent say.
struct Found {
    /// The first class of which there is a mark.
    class: Class,
    /// Whether a program that is known by name stands at the very beginning.
    at_start: bool,
    /// Whether there is nothing but hints that it is a bot.
    hint: bool,
}

/// Whether a mark from `start` to `end` is where it has to be.
fn fits(text: &[u8], start: usize, end: usize, place: Place) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'/');
    let open = end == text.len() || !text[end].is_ascii_alphabetic() && text[end] != b'_';
    match place {
        Place::Whole => start == 0 && end == text.len(),
        Place::Start => start == 0 && open,
        Place::Word => (start == 0 || !name(&text[start - 1])) && open,
        Place::Anywhere | Place::Hint => true,
    }
}

/// The class of an agent.
fn classify(ua: &str) -> Class {
    if ua.is_empty() || ua == "-" {
        return Class::Empty;
    }
    let lower = ua.to_ascii_lowercase();
    let found = FINDER.find(&lower);
    if malformed::reason(ua, &lower, found.at_start).is_some() {
        return Class::Malformed;
    }
    if found.class < Class::Bot {
        return found.class;
    }
    if is_bot(&lower, &found) {
        return Class::Bot;
    }
    by_engine(&lower, found.class)
}

fn is_bot(lower: &str, found: &Found) -> bool {
    if lower.contains("cubot") {
        return false; // a maker of telephones
    }
    let any = |marks: &[&str]| marks.iter().any(|m| lower.contains(m));
    let before_browser = !lower.starts_with("mozilla/") && lower.contains(" mozilla/5.0 (");
    if lower.ends_with("bot") || before_browser || (found.class == Class::Bot && !found.hint) {
        return true;
    }
    // Toolbars of Internet Explorer and makers of applications leave their names too.
    let people = any(&["docomo", "kddi", "softbank", "msie ", "cfnetwork", "translate.google.com"])
        || (!lower.starts_with("mozilla/") && any(&["android", "iphone", "ipad"]));
    !people && (found.class == Class::Bot || names_a_site(lower) || compatible_only(lower))
}

/// Whether a site is named, as robots do so that one can ask who they are.
fn names_a_site(lower: &str) -> bool {
    const ENDS: [&str; 9] = [".com", ".net", ".org", ".io", ".ai", ".eu", ".ly", ".gy", ".dev"];
    let name = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let follows = |end: &str| {
        lower.match_indices(end).any(|(at, _)| {
            let before = at > 0 && name(lower.as_bytes()[at - 1]);
            before && lower.as_bytes().get(at + end.len()).is_none_or(|b| !name(*b))
        })
    };
    ENDS.iter().any(|end| follows(end))
}

/// Calls itself compatible, and not with a browser: a robot's way to introduce itself.
fn compatible_only(lower: &str) -> bool {
    const BROWSERS: [&str; 9] =
        ["msie", "konqueror", "icab", "omniweb", "netscape", "windows", "docomo", "opera", "webtv"];
    lower.contains("(compatible;") && !BROWSERS.iter().any(|b| lower.contains(b))
}

/// Marks of handhelds and of the browsers made for them.
const MOBILE: &[&str] = &[
    "(tablet;",
    "wireless",
    "mobile",
    "android",
    "iphone",
    "ipad",
    "ipod",
    "opera mini",
    "opera mobi",
    "symbian",
    "series60",
    "blackberry",
    "bb10",
    "docomo",
    "kddi",
    "softbank",
    "vodafone",
    "j-phone",
    "up.browser",
    "netfront",
    "midp",
    "cldc",
    "windows phone",
    "windows ce",
    "iemobile",
    "kindle",
    "silk/",
    "palm",
    "nokia",
    "samsung-",
    "sonyericsson",
    "lg-",
    "mot-",
    "foma",
    "willcom",
    "ddipocket",
    "jig browser",
    "emobile",
    "obigo",
    "ucweb",
    "ucbrowser",
    "maemo",
    "meego",
    "kaios",
    "webos/",
    "hpwos",
    "openwave",
    "brew",
    "huawei/",
    "openbrowser",
    "doris/",
    "minimo",
    "teleca",
    "fennec",
    "tizen",
    "bolt/",
    "playbook",
    "skyfire",
];

const DESKTOP: &[&str] = &[
    "windows",
    "macintosh",
    "mac_powerpc",
    "x11",
    "cros",
    "linux",
    "winnt",
    "win98",
    "win95",
    "os/2",
    "freebsd",
    "openbsd",
    "sunos",
    "amiga",
    "beos",
    "haiku",
    "mac os",
];

const ENGINES: &[&str] = &[
    "gecko ",
    "sleipnir",
    "msie",
    "trident/",
    "gecko/",
    "firefox/",
    "chrome/",
    "chromium",
    "safari/",
    "opera",
    "konqueror",
    "applewebkit",
    "khtml",
    "netscape",
    "presto/",
    "dillo",
    "icab",
    "netsurf",
    "amaya",
    "mosaic",
    "omniweb",
    "galeon",
    "epiphany",
    "seamonkey",
    "camino",
    "edg/",
];

fn by_engine(lower: &str, found: Class) -> Class {
    let any = |marks: &[&str]| marks.iter().any(|m| lower.contains(m));
    let browses = lower.starts_with("mozilla/") || lower.starts_with("opera/");
    let mobile = any(MOBILE);
    if found == Class::Media && !lower.contains("windows phone") {
        return Class::Media;
    }
    if found == Class::MobileApp {
        return Class::MobileApp;
    }
    if mobile
        && (browses
            || any(&[
                "docomo",
                "kddi",
                "softbank",
                "vodafone",
                "j-phone",
                "up.browser",
                "netfront",
                "midp",
                "opera",
                "ucweb",
                "blackberry",
                "nokia",
                "obigo",
                "browser",
                "webkit",
                "cldc",
                "iac/",
            ]))
    {
        return Class::BrowserMobile;
    }
    if any(&["android", "iphone", "ipad", "; ios"]) {
        return Class::MobileApp;
    }
    let netscape = lower.starts_with("mozilla/4.") && !lower.contains("compatible");
    if (any(ENGINES) || netscape) && (any(DESKTOP) || !lower.starts_with("mozilla/5.0")) {
        return suffixed(lower);
    }
    Class::Other
}

/// A desktop browser, unless there is a name behind its engine that browsers don't put there: then it is a program that
/// drives one, or an application that is built on one.
fn suffixed(lower: &str) -> Class {
    if lower.contains("electron/") {
        return Class::Other;
    }
    let engine = lower.contains("applewebkit/") || lower.contains("firefox/");
    let Some(at) = lower.rfind(')').filter(|_| engine) else { return Class::Browser };
    let strange = |token: &str| {
        let name = token.split(['/', ':']).next().unwrap_or(token);
        let word = name.bytes().any(|b| b.is_ascii_alphabetic());
        let build = name.bytes().any(|b| b.is_ascii_digit()) && !token.contains('/');
        word && !build && !BROWSER_TOKENS.contains(name)
    };
    match lower[at + 1..].split([' ', ';', ',', '(']).any(strange) {
        true => Class::Bot,
        false => Class::Browser,
    }
}

/// At most so many agents are remembered in a process.
const REMEMBERED: usize = 16_384;
static KNOWN: LazyLock<RwLock<HashMap<Box<str>, Class>>> = LazyLock::new(RwLock::default);

/// [`classify`], but from memory if it was asked before.
fn recall(ua: &str) -> Class {
    if let Some(class) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(ua) {
        return *class;
    }
    let class = classify(ua);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(ua.into(), class);
    class
}

/// The class of each row.
fn classes(agents: &dyn Array) -> Result<Vec<Option<u8>>> {
    let mut out = Vec::with_capacity(agents.len());
    let mut put = |class: Class| out.push(Some(class as u8));
    if let Some(agents) = agents.as_string_view_opt() {
        // Rows that come from one dictionary entry of a file have the same view.
        let mut seen: HashMap<u128, Class> = HashMap::new();
        for (i, view) in agents.views().iter().enumerate() {
            put(match agents.is_valid(i) {
                true => *seen.entry(*view).or_insert_with(|| recall(agents.value(i))),
                false => Class::Empty,
            });
        }
        return Ok(out);
    }
    if let Some(rows) = agents.as_dictionary_opt::<Int32Type>() {
        let entries = classes(rows.values().as_ref())?;
        let empty = Some(Class::Empty as u8);
        out.extend(rows.keys().iter().map(|k| k.map_or(empty, |k| entries[k as usize])));
        return Ok(out);
    }
    let mut seen: HashMap<&str, Class> = HashMap::new();
    texts::for_each(agents, |ua| {
        put(ua.map_or(Class::Empty, |ua| *seen.entry(ua).or_insert_with(|| recall(ua))));
    })?;
    Ok(out)
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| -> Result<ArrayRef> {
        let agents = call.column(0)?;
        debug_assert!(!matches!(agents.data_type(), DataType::LargeUtf8));
        texts::words(classes(agents.as_ref())?.into_iter(), &NAMES)
    })
    .never_null()
    .udf()
}

#[cfg(test)]
mod tests;
