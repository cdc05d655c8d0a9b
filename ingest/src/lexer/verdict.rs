//! What the proxy decided: verdict and cache from result code, status, hierarchy and method.

/// What one word says about verdict and cache; the facts of all words of a line are or-ed together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts(pub(crate) u16);

const ACTION: u16 = 0b111;
const CACHE_SHIFT: u16 = 3;
const STATUS_SHIFT: u16 = 6;
const HIER_SHIFT: u16 = 9;
const CONNECT: u16 = 1 << 11;

/// How many different facts there are.
pub(crate) const FACTS: usize = 1 << 12;

mod action {
    pub(super) const ALLOWED: u16 = 1;
    pub(super) const DENIED: u16 = 2;
    pub(super) const REDIRECTED: u16 = 3;
    pub(super) const ERROR: u16 = 4;
    pub(super) const AUTH: u16 = 5;
    pub(super) const UNKNOWN: u16 = 6;
    /// `NONE`: no reply from anywhere, unless a success was reported (a tunnel that is being intercepted).
    pub(super) const NONE: u16 = 7;
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
        Self(if method == b"CONNECT" { CONNECT } else { 0 })
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

    /// The verdict; never NULL.
    pub(crate) fn verdict(self) -> &'static str {
        let status = self.0 >> STATUS_SHIFT & 0b111;
        let no_hop = self.0 >> HIER_SHIFT & 0b11 == hier::NONE;
        match self.0 & ACTION {
            _ if status == status::PROXY_AUTH => "auth_required",
            action::AUTH => "auth_required",
            action::DENIED if status == status::UNAUTHORIZED => "auth_required",
            action::DENIED => "denied",
            action::REDIRECTED => "redirected",
            action::ERROR => "error",
            action::NONE if status == status::SUCCESS => "allowed",
            action::NONE => "error",
            action::ALLOWED if no_hop && status == status::SERVER_ERROR => "error",
            action::ALLOWED => "allowed",
            _ => "unknown",
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

/// Verdict and cache of a result code: `(TCP|UDP|ICP|NONE|TAG)_[CF_]TAG[_IGNORED][_TIMEDOUT][_ABORTED]`.
fn classify(code: &str) -> (u16, u16) {
    if code.starts_with("NONE") || code.starts_with("TAG_NONE") {
        return (action::NONE, cache::NONE);
    }
    let known = ["TCP_", "UDP_", "ICP_"].iter().find_map(|prefix| code.strip_prefix(prefix));
    let Some(mut tag) = known else { return (action::UNKNOWN, 0) };
    tag = tag.strip_prefix("CF_").unwrap_or(tag);
    for suffix in ["_ABORTED", "_TIMEDOUT", "_IGNORED"] {
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
        assert!(usize::from(facts.0) < FACTS);
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
    }
}
