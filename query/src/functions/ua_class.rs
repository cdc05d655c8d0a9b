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
        for word in *list {
            marks.push((*class, *place));
            words.push(*word);
        }
    }
    // Fails only beyond four billion states; then no mark is found.
    let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(words).ok();
    Finder { automaton, marks }
});

impl Finder {
    /// The first class of which there is a mark, and whether there is one at the very beginning.
    fn find(&self, lower: &str) -> (Class, bool) {
        let (mut best, mut at_start) = (Class::Other, false);
        let Some(automaton) = &self.automaton else { return (best, at_start) };
        for found in automaton.find_overlapping_iter(lower) {
            let (class, place) = self.marks[found.pattern().as_usize()];
            if fits(lower.as_bytes(), found.start(), found.end(), place) {
                best = best.min(class);
                at_start |= found.start() == 0 && class <= Class::SyncApp;
            }
        }
        (best, at_start)
    }
}

/// Whether a mark from `start` to `end` is where it has to be.
fn fits(text: &[u8], start: usize, end: usize, place: Place) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'/');
    let open = end == text.len() || !text[end].is_ascii_alphabetic() && text[end] != b'_';
    match place {
        Place::Whole => start == 0 && end == text.len(),
        Place::Start => start == 0 && open,
        Place::Word => (start == 0 || !name(&text[start - 1])) && open,
        Place::Anywhere => true,
    }
}

/// The class of an agent.
fn classify(ua: &str) -> Class {
    if ua.is_empty() || ua == "-" {
        return Class::Empty;
    }
    let lower = ua.to_ascii_lowercase();
    let (found, at_start) = FINDER.find(&lower);
    if malformed::reason(ua, &lower, at_start).is_some() {
        return Class::Malformed;
    }
    if found < Class::Bot {
        return found;
    }
    let ends_as_bot = lower.ends_with("bot") && !lower.ends_with("cubot");
    if (found == Class::Bot && !lower.contains("cubot")) || ends_as_bot || compatible_only(&lower) {
        return Class::Bot;
    }
    by_engine(&lower, found)
}

/// Calls itself compatible, and not with a browser: a robot's way to introduce itself.
fn compatible_only(lower: &str) -> bool {
    const BROWSERS: [&str; 9] =
        ["msie", "konqueror", "icab", "omniweb", "netscape", "windows", "docomo", "opera", "webtv"];
    lower.contains("(compatible;") && !BROWSERS.iter().any(|b| lower.contains(b))
}

/// Marks of handhelds and of the browsers made for them.
const MOBILE: &[&str] = &[
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
    if any(ENGINES) && (any(DESKTOP) || !lower.starts_with("mozilla/5.0")) {
        return if strange_suffix(lower) { Class::Other } else { Class::Browser };
    }
    Class::Other
}

/// Whether a name behind the engine of a desktop browser is not one that browsers put there.
fn strange_suffix(lower: &str) -> bool {
    if lower.contains("electron/") {
        return true;
    }
    let Some(at) = lower.rfind(')') else { return false };
    let webkit = lower.contains("applewebkit/") || lower.contains("firefox/");
    let strange = |token: &str| {
        let name = token.split(['/', ':']).next().unwrap_or(token);
        let word = name.bytes().any(|b| b.is_ascii_alphabetic());
        let build = name.bytes().any(|b| b.is_ascii_digit()) && !token.contains('/');
        word && !build && !tables::BROWSER_TOKENS.contains(&name)
    };
    webkit && lower[at + 1..].split([' ', ';', ',', '(']).any(strange)
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
