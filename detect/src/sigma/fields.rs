//! Which column of `requests` is meant by a field of a rule? Sigma's names for proxy and web server logs, those of the
//! Elastic Common Schema, and the columns' own names.

use storage::schema::{Col, ColumnType};

/// What a test looks at: a column, or what follows from some.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operand {
    /// The URL, with scheme and host also where only the path was logged.
    FullUrl,
    /// Path and query.
    PathQuery,
    /// A column.
    Column(Col),
    /// The body of the request as text.
    Body,
    /// A logged field that has no column.
    Extra(String),
}

/// What kind of values an operand has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Numbers.
    Number,
    /// The time of the event.
    Time,
}

/// Which letters the values of an operand have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// As logged.
    Mixed,
    /// The store keeps it in lower case.
    Lower,
    /// The store keeps it in upper case.
    Upper,
}

impl Operand {
    /// The kind of its values.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Column(col) => match col.column().kind {
                ColumnType::Timestamp => Kind::Time,
                ColumnType::Int32 | ColumnType::Int64 => Kind::Number,
                _ => Kind::Text,
            },
            _ => Kind::Text,
        }
    }

    /// The letters of its values.
    pub fn case(&self) -> Case {
        match self {
            Self::Column(Col::Method) => Case::Upper,
            Self::Column(Col::Host | Col::Domain | Col::Scheme | Col::Extension) => Case::Lower,
            _ => Case::Mixed,
        }
    }

    /// The columns it is made of.
    pub fn columns(&self) -> &[Col] {
        match self {
            Self::FullUrl => &[Col::Url],
            Self::PathQuery => &[Col::Path],
            Self::Column(col) => std::slice::from_ref(col),
            Self::Body => &[Col::RequestBody],
            Self::Extra(_) => &[Col::Extra],
        }
    }

    /// What to call it where it is missing.
    pub fn shown(&self) -> String {
        match self {
            Self::Extra(name) => format!("`{name}` (a field of `extra`)"),
            other => format!("`{}`", other.columns()[0].name()),
        }
    }
}

/// Names that mean the same.
#[derive(Debug)]
pub struct Field {
    /// The names, in lower case.
    pub names: &'static [&'static str],
    /// What they mean; several: each is tried.
    pub operands: &'static [Operand],
    /// What is to be known.
    pub doc: &'static str,
}

const fn column(names: &'static [&'static str], operands: &'static [Operand]) -> Field {
    Field { names, operands, doc: "" }
}

use Operand::Column as C;

/// The fields, Sigma's own names first.
pub static FIELDS: &[Field] = &[
    Field {
        names: &["c-uri", "cs-uri", "url.original", "url.full", "url"],
        operands: &[Operand::FullUrl, Operand::PathQuery],
        doc: "the full URL, and path with query: each test is tried on both, because rules mean either",
    },
    Field { names: &["c-uri-path-query"], operands: &[Operand::PathQuery], doc: "path and query" },
    column(&["c-uri-stem", "cs-uri-stem", "url.path"], &[C(Col::Path)]),
    Field {
        names: &["c-uri-query", "cs-uri-query", "url.query"],
        operands: &[C(Col::Query)],
        doc: "without the question mark; in rules for web servers a value that begins with `/` is also tried on path and query",
    },
    column(&["c-uri-extension", "cs-uri-extension", "url.extension"], &[C(Col::Extension)]),
    column(&["cs-uri-scheme", "url.scheme"], &[C(Col::Scheme)]),
    Field {
        names: &["cs-host", "r-dns", "c-host", "url.domain", "destination.domain"],
        operands: &[C(Col::Host)],
        doc: "the host that was asked for, without port",
    },
    column(&["url.registered_domain"], &[C(Col::Domain)]),
    column(&["cs-method", "http.request.method"], &[C(Col::Method)]),
    Field {
        names: &["cs-version", "http.version"],
        operands: &[C(Col::HttpVersion)],
        doc: "a rule may write `HTTP/` before it",
    },
    Field {
        names: &["c-useragent", "cs-user-agent", "cs-useragent", "user_agent.original"],
        operands: &[C(Col::UserAgent)],
        doc: "`''` is an agent that was logged empty, `null` one that was not logged (a logged `-` is that)",
    },
    column(&["cs-referrer", "cs-referer", "http.request.referrer"], &[C(Col::Referer)]),
    column(&["cs-cookie"], &[C(Col::Cookie)]),
    Field {
        names: &["cs-bytes", "http.request.bytes", "source.bytes"],
        operands: &[C(Col::RequestBytes)],
        doc: "from the client, as W3C means it (Sigma's appendix has the two the other way round)",
    },
    Field {
        names: &["sc-bytes", "http.response.bytes", "destination.bytes"],
        operands: &[C(Col::ResponseBytes)],
        doc: "to the client",
    },
    column(&["sc-status", "http.response.status_code"], &[C(Col::Status)]),
    column(&["src_ip", "c-ip", "source.ip", "sourceip"], &[C(Col::ClientIp)]),
    column(&["src_port", "c-port", "source.port"], &[C(Col::ClientPort)]),
    Field {
        names: &["dst_ip", "r-ip", "s-ip", "destination.ip", "destinationip"],
        operands: &[C(Col::ServerIp)],
        doc: "the origin server, never a parent proxy",
    },
    column(&["dst_port", "cs-uri-port", "s-port", "r-port", "destination.port"], &[C(Col::Port)]),
    column(&["cs-username", "user.name", "source.user.name"], &[C(Col::User)]),
    column(&["c-dns", "source.domain"], &[C(Col::Computer)]),
    column(
        &["rs-content-type", "sc-content-type", "http.response.mime_type"],
        &[C(Col::ContentType)],
    ),
    column(&["cs-content-type", "http.request.mime_type"], &[C(Col::RequestContentType)]),
    column(&["cs-categories", "sc-filter-category", "rule.category"], &[C(Col::Categories)]),
    column(&["s-action", "event.action"], &[C(Col::Action)]),
    column(&["s-hierarchy"], &[C(Col::Hierarchy)]),
    column(&["s-computername", "observer.name"], &[C(Col::ProxyName)]),
    column(&["tls.client.server_name"], &[C(Col::Sni)]),
    column(&["tls.version"], &[C(Col::TlsVersion)]),
    column(&["rule.name"], &[C(Col::Rule)]),
    Field {
        names: &["cs-body", "http.request.body.content", "request_body"],
        operands: &[Operand::Body],
        doc: "bytes that are no text are U+FFFD",
    },
    Field { names: &["time-taken"], operands: &[C(Col::DurationMs)], doc: "milliseconds" },
    Field {
        names: &["@timestamp", "timestamp", "date", "time", "ts"],
        operands: &[C(Col::Ts)],
        doc: "for `minute` to `year`, in UTC",
    },
];

/// Where keywords are looked for.
pub static KEYWORDS: &[Operand] = &[
    Operand::FullUrl,
    C(Col::UserAgent),
    C(Col::Referer),
    C(Col::Cookie),
    Operand::Body,
    C(Col::Method),
    C(Col::Host),
    C(Col::ClientIp),
    C(Col::ServerIp),
    C(Col::User),
    C(Col::Computer),
    C(Col::Status),
    C(Col::Action),
    C(Col::Reason),
    C(Col::Rule),
    C(Col::Categories),
    C(Col::Threat),
    C(Col::ContentType),
    C(Col::RequestContentType),
    C(Col::Sni),
    C(Col::Extra),
];

/// What a field of a rule means. A name that is none of these is looked up among the fields without a column.
pub fn operands(name: &str) -> Vec<Operand> {
    let lower = name.to_ascii_lowercase();
    if let Some(field) = FIELDS.iter().find(|field| field.names.contains(&lower.as_str())) {
        return field.operands.to_vec();
    }
    match Col::from_name(&lower) {
        Some(Col::RequestBody | Col::Raw) | None => vec![Operand::Extra(name.to_owned())],
        Some(col) => vec![Operand::Column(col)],
    }
}

/// The table of fields for the documents.
pub fn page() -> String {
    let mut page = String::from("| fields of rules | column | |\n|---|---|---|\n");
    for field in FIELDS {
        let names: Vec<_> = field.names.iter().map(|name| format!("`{name}`")).collect();
        let operands = field.operands.iter().map(|operand| match operand {
            Operand::FullUrl => "`full_url(url, scheme, host, port)`".to_owned(),
            Operand::PathQuery => "`path`, `query`".to_owned(),
            other => other.shown(),
        });
        let operands: Vec<_> = operands.collect();
        let (names, operands) = (names.join(", "), operands.join("; "));
        page.push_str(&format!("| {names} | {operands} | {} |\n", field.doc));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_columns_once() {
        let mut seen = std::collections::HashSet::new();
        for name in FIELDS.iter().flat_map(|field| field.names) {
            assert!(seen.insert(name), "{name} twice");
            assert_eq!(*name, name.to_lowercase());
        }
        assert_eq!(operands("C-URI"), [Operand::FullUrl, Operand::PathQuery]);
        assert_eq!(operands("client_ip"), [Operand::Column(Col::ClientIp)]);
        assert_eq!(operands("x-Own"), [Operand::Extra("x-Own".into())]);
    }

    #[test]
    fn the_page_has_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sigma.md");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&page()), "docs/sigma.md lacks this table:\n{}", page());
    }
}
