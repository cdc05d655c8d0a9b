//! What the proxy decided: verdict and cache from result code, status, hierarchy and method.

/// What one word says about verdict and cache; the facts of all words of a line are or-ed together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts(pub(crate) u16);

const CACHE_SHIFT: u16 = 7;
const STATUS_SHIFT: u16 = 10;
const HIER_SHIFT: u16 = 13;
const CONNECT: u16 = 1 << 15;

/// How many different facts there are.
pub(crate) const FACTS: usize = 1 << 16;

/// What words say of the decision: a bit each, since several words may speak of it.
mod action {
    pub(super) const ALLOWED: u16 = 1;
    pub(super) const DENIED: u16 = 1 << 1;
    pub(super) const REDIRECTED: u16 = 1 << 2;
    pub(super) const ERROR: u16 = 1 << 3;
    pub(super) const AUTH: u16 = 1 << 4;
    pub(super) const UNKNOWN: u16 = 1 << 5;
    /// `NONE`: no reply from anywhere, unless a success was reported (a tunnel that is being intercepted).
    pub(super) const NONE: u16 = 1 << 6;
}

mod cache {
    pub(super) const HIT: u16 = 1;
    pub(super) const MISS: u16 = 2;
    pub(super) const REFRESH: u16 = 3;
    pub(super) const TUNNEL: u16 = 4;
    pub(super) const NONE: u16 = 5;
}

mod status {
    pub(super) const SUCCESS: u16 = 1;
    pub(super) const UNAUTHORIZED: u16 = 2;
    pub(super) const PROXY_AUTH: u16 = 3;
    pub(super) const SERVER_ERROR: u16 = 4;
    pub(super) const OTHER: u16 = 5;
}

mod hier {
    pub(super) const NONE: u16 = 1;
    pub(super) const DIRECT: u16 = 2;
    pub(super) const OTHER: u16 = 3;
}

impl Facts {
    /// Both words' facts.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The facts of a status.
    pub(crate) fn of_status(code: i64) -> Self {
        let class = match code {
            200..=399 => status::SUCCESS,
            401 => status::UNAUTHORIZED,
            407 => status::PROXY_AUTH,
            500..=599 => status::SERVER_ERROR,
            _ => status::OTHER,
        };
        Self(class << STATUS_SHIFT)
    }

    /// The facts of a method.
    pub(crate) fn of_method(method: &[u8]) -> Self {
        Self(if is_connect(method) { CONNECT } else { 0 })
    }

    /// The facts of a hierarchy code.
    pub(crate) fn of_hierarchy(code: &str) -> Self {
        let code = code.strip_prefix("TIMEOUT_").unwrap_or(code);
        let class = match code {
            "HIER_NONE" | "NONE" => hier::NONE,
            "HIER_DIRECT" | "DIRECT" | "ORIGINAL_DST" | "PINNED" | "CLOSEST_DIRECT" => hier::DIRECT,
            _ => hier::OTHER,
        };
        Self(class << HIER_SHIFT)
    }

    /// Whether the next hop was the origin itself.
    pub(crate) fn is_direct(self) -> bool {
        self.0 >> HIER_SHIFT & 0b11 == hier::DIRECT
    }

    /// The facts of a Squid result code.
    pub(crate) fn of_action(code: &str) -> Self {
        let (verdict, cache) = classify(code);
        Self(verdict | cache << CACHE_SHIFT)
    }

    /// Whether the method is CONNECT.
    pub(crate) fn is_connect(self) -> bool {
        self.0 & CONNECT != 0
    }

    /// The verdict; never NULL. Of several words the one that tells most decides.
    pub(crate) fn verdict(self) -> &'static str {
        let status = self.0 >> STATUS_SHIFT & 0b111;
        let no_hop = self.0 >> HIER_SHIFT & 0b11 == hier::NONE;
        let says = |action: u16| self.0 & action != 0;
        match () {
            () if status == status::PROXY_AUTH || says(action::AUTH) => "auth_required",
            () if says(action::DENIED) && status == status::UNAUTHORIZED => "auth_required",
            () if says(action::DENIED) => "denied",
            () if says(action::REDIRECTED) => "redirected",
            () if says(action::ERROR) => "error",
            () if says(action::NONE) && status == status::SUCCESS => "allowed",
            () if says(action::NONE) => "error",
            () if says(action::ALLOWED) && no_hop && status == status::SERVER_ERROR => "error",
            () if says(action::ALLOWED) => "allowed",
            () => "unknown",
        }
    }

    /// What the cache did.
    pub(crate) fn cache(self) -> Option<&'static str> {
        let connect = self.0 & CONNECT != 0;
        match self.0 >> CACHE_SHIFT & 0b111 {
            cache::HIT => Some("hit"),
            cache::REFRESH => Some("refresh"),
            cache::TUNNEL => Some("tunnel"),
            cache::NONE => Some("none"),
            _ if connect => Some("tunnel"),
            cache::MISS => Some("miss"),
            _ => None,
        }
    }
}

/// Whether a method asks for a tunnel. `TCP_CONNECT` is Cisco's, for one that the client did not ask for.
pub(crate) fn is_connect(method: &[u8]) -> bool {
    let method = if method.len() == 11 { &method[4..] } else { method };
    method.eq_ignore_ascii_case(b"CONNECT")
}

/// What a vendor's words for its decision mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    words: Vec<(String, Facts)>,
    squid: bool,
    closed: bool,
}

impl Table {
    /// Words and what they mean: `allowed`, `denied`, `auth_required`, `error`, `redirected`, `unknown`, or of the cache
    /// `hit`, `miss`, `refresh`, `tunnel`, `none`; several joined by `+`. Words are compared without regard to case; one
    /// that ends with `*` stands for all that begin so. The first that fits counts. `squid` reads the result codes of
    /// Squid where no word fits.
    ///
    /// # Errors
    /// The meaning that does not exist.
    pub(crate) fn new<'a>(
        words: impl IntoIterator<Item = (&'a str, &'a str)>,
        squid: bool,
    ) -> Result<Self, String> {
        let words = words.into_iter().map(|(word, meaning)| {
            let facts = meaning.split('+').try_fold(Facts::default(), |facts, name| {
                meant(name.trim()).map(|more| facts.and(more)).ok_or_else(|| name.to_owned())
            });
            Ok((word.to_ascii_lowercase(), facts?))
        });
        Ok(Self { words: words.collect::<Result<_, String>>()?, squid, closed: false })
    }

    /// What a word says.
    pub(crate) fn facts(&self, word: &str) -> Facts {
        match self.known(word) {
            Some(facts) => facts,
            None if self.squid => Facts::of_action(word),
            None => Facts(action::UNKNOWN),
        }
    }

    /// Whether no word but those of the table occurs, so that another one shows that the line is made otherwise.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// No word but those of the table occurs.
    pub(crate) fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// What a word that stands for no value says, if the table has it.
    pub(crate) fn of_null(&self, word: &str) -> Option<Facts> {
        self.words.iter().find(|(known, _)| known == word).map(|&(_, facts)| facts)
    }

    /// What a word of the table says.
    pub(crate) fn known(&self, word: &str) -> Option<Facts> {
        let lower = word.to_ascii_lowercase();
        let found = self.words.iter().find(|(known, _)| match known.strip_suffix('*') {
            Some(beginning) => lower.starts_with(beginning),
            None => *known == lower,
        });
        found.map(|&(_, facts)| facts)
    }
}

fn meant(name: &str) -> Option<Facts> {
    let (verdict, cache) = match name {
        "allowed" => (action::ALLOWED, 0),
        "denied" => (action::DENIED, 0),
        "auth_required" => (action::AUTH, 0),
        "error" => (action::ERROR, 0),
        "redirected" => (action::REDIRECTED, 0),
        "unknown" => (action::UNKNOWN, 0),
        "hit" => (0, cache::HIT),
        "miss" => (0, cache::MISS),
        "refresh" => (0, cache::REFRESH),
        "tunnel" => (0, cache::TUNNEL),
        "none" => (0, cache::NONE),
        _ => return None,
    };
    Some(Facts(verdict | cache << CACHE_SHIFT))
}

/// Verdict and cache of a result code: `(TCP|UDP|ICP|NONE|TAG)_[CF_]TAG[_IGNORED][_TIMEDOUT][_ABORTED]`.
fn classify(code: &str) -> (u16, u16) {
    if code.starts_with("NONE") || code.starts_with("TAG_NONE") {
        return (action::NONE, cache::NONE);
    }
    let known = ["TCP_", "UDP_", "ICP_"].iter().find_map(|prefix| code.strip_prefix(prefix));
    let Some(mut tag) = known else { return (action::UNKNOWN, 0) };
    tag = tag.strip_prefix("CF_").unwrap_or(tag);
    // `_SSL`: Cisco's mark of a decrypted request.
    for suffix in ["_SSL", "_ABORTED", "_TIMEDOUT", "_IGNORED"] {
        tag = tag.strip_suffix(suffix).unwrap_or(tag);
    }
    match tag {
        "HIT" | "IMS_HIT" | "INM_HIT" | "NEGATIVE_HIT" | "MEM_HIT" | "OFFLINE_HIT" => {
            (action::ALLOWED, cache::HIT)
        }
        "REFRESH" | "REFRESH_UNMODIFIED" | "REFRESH_MODIFIED" | "REFRESH_FAIL_OLD"
        | "REFRESH_HIT" | "REFRESH_MISS" => (action::ALLOWED, cache::REFRESH),
        "MISS"
        | "REFRESH_FAIL_ERR"
        | "CLIENT_REFRESH_MISS"
        | "CLIENT_REFRESH"
        | "SWAPFAIL_MISS"
        | "MISS_NOFETCH"
        | "QUERY"
        | "REFRESH_FAIL"
        | "IMS_MISS" => (action::ALLOWED, cache::MISS),
        "ERR_MISS" => (action::ERROR, cache::MISS),
        "TUNNEL" | "TUNNELED" => (action::ALLOWED, cache::TUNNEL),
        "DENIED" | "DENIED_REPLY" => (action::DENIED, cache::NONE),
        "AUTH_REDIRECT" => (action::AUTH, cache::NONE),
        "REDIRECT" | "POLICY_REDIRECT" => (action::REDIRECTED, cache::NONE),
        "INVALID" => (action::ERROR, cache::NONE),
        _ => (action::UNKNOWN, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(action: &str, status: i64, hierarchy: &str, method: &str) -> (String, Option<String>) {
        let facts = Facts::of_action(action)
            .and(Facts::of_status(status))
            .and(Facts::of_hierarchy(hierarchy))
            .and(Facts::of_method(method.as_bytes()));
        (facts.verdict().into(), facts.cache().map(Into::into))
    }

    #[test]
    fn verdicts() {
        let table = [
            ("TCP_MISS", 200, "HIER_DIRECT", "GET", "allowed", "miss"),
            ("TCP_MISS", 200, "DIRECT", "CONNECT", "allowed", "tunnel"),
            ("TCP_TUNNEL", 200, "HIER_DIRECT", "CONNECT", "allowed", "tunnel"),
            ("TCP_DENIED", 403, "HIER_NONE", "CONNECT", "denied", "none"),
            ("TCP_DENIED", 407, "HIER_NONE", "GET", "auth_required", "none"),
            ("TCP_DENIED_REPLY", 403, "HIER_DIRECT", "GET", "denied", "none"),
            ("NONE_NONE", 503, "HIER_NONE", "CONNECT", "error", "none"),
            ("TAG_NONE", 0, "HIER_NONE", "GET", "error", "none"),
            ("NONE_NONE", 200, "HIER_NONE", "CONNECT", "allowed", "none"),
            ("TCP_MISS", 503, "HIER_NONE", "GET", "error", "miss"),
            ("TCP_MISS", 503, "HIER_DIRECT", "GET", "allowed", "miss"),
            ("TCP_MEM_HIT_ABORTED", 200, "HIER_NONE", "GET", "allowed", "hit"),
            ("TCP_CF_REFRESH_UNMODIFIED", 304, "HIER_DIRECT", "GET", "allowed", "refresh"),
            ("TCP_REDIRECT", 302, "HIER_NONE", "GET", "redirected", "none"),
        ];
        for (action, status, hierarchy, method, verdict, cache) in table {
            let found = of(action, status, hierarchy, method);
            assert_eq!(found, (verdict.into(), Some(cache.into())), "{action}/{status}");
        }
        assert_eq!(of("FOO", 200, "X", "GET"), ("unknown".into(), None));
        assert_eq!(Facts::of_status(407).verdict(), "auth_required");
        let table = Table::new([("BLOCK*", "denied+none"), ("ok", "allowed+hit")], true);
        let table = table.unwrap();
        assert_eq!(table.facts("Blocked").and(Facts::of_action("TCP_MISS")).verdict(), "denied");
        assert_eq!(
            (table.facts("OK").verdict(), table.facts("OK").cache()),
            ("allowed", Some("hit"))
        );
        assert_eq!(table.facts("TCP_DENIED").verdict(), "denied");
        assert_eq!(Table::new([("a", "perhaps")], false), Err("perhaps".into()));
    }
}
