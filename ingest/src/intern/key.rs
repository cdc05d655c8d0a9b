//! What a distinct word gives: its columns, decoded once when it is first seen.

use storage::observable::domain;
use storage::observable::url::{self, UrlParts};
use storage::schema::{Col, ColumnType};

use super::{Interner, NONE, Scratch};
use crate::lexer::Kind;
use crate::lexer::field::{self, Decoded, UsualRequest};
use crate::lexer::layout::{Word, claims};
use crate::lexer::verdict::Facts;

/// NULL in a column of numbers.
pub(crate) const NULL_INT: i64 = i64::MIN;

/// The row with this word is partial.
pub(crate) const PARTIAL: u8 = 1 << 2;
/// The word may be another field's.
pub(crate) const MISFIT: u8 = 1 << 4;
/// The row with this word needs `raw`.
pub(crate) const RAW: u8 = 1 << 3;

/// The distinct values of all text columns, and the pieces of `extra`.
#[derive(Debug)]
pub(crate) struct Values {
    columns: Vec<Interner>,
    /// The registered domain of each host.
    domains: Vec<u32>,
    /// Members of `extra` as JSON: `"name":"value"`.
    pub(crate) members: Interner,
    decoded: Decoded,
}

impl Values {
    /// No values yet.
    pub(crate) fn new() -> Self {
        Self {
            columns: Col::ALL.iter().map(|_| Interner::new()).collect(),
            domains: Vec::new(),
            members: Interner::new(),
            decoded: Decoded::default(),
        }
    }

    /// The values of a column.
    pub(crate) fn of(&self, col: Col) -> &Interner {
        &self.columns[col as usize]
    }

    /// About how many bytes they occupy.
    pub(crate) fn num_bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Interner::num_bytes).sum();
        columns + self.members.num_bytes() + self.domains.len() * 4
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Interner::clear);
        self.members.clear();
        self.domains.clear();
    }

    fn intern(&mut self, col: Col, value: &[u8]) -> u32 {
        self.columns[col as usize].intern(value).0
    }

    /// The registered domain of a host.
    fn domain(&mut self, host: u32) -> u32 {
        while self.domains.len() <= host as usize {
            let name = self.columns[Col::Host as usize].value(self.domains.len() as u32);
            let found = std::str::from_utf8(name).ok().and_then(domain::registered);
            let id = match found.map(str::to_owned) {
                Some(found) => self.intern(Col::Domain, found.as_bytes()),
                None => NONE,
            };
            self.domains.push(id);
        }
        self.domains[host as usize]
    }

    /// The id of a member of `extra`.
    pub(crate) fn member(&mut self, name: &str, value: &str) -> u32 {
        // Writing a text as JSON can't fail.
        let json = |text: &str| serde_json::to_string(text).unwrap_or_else(|_| "\"\"".into());
        let member = format!("{}:{}", json(name), json(value));
        self.members.intern(member.as_bytes()).0
    }
}

/// The distinct texts of one word of the format, and what each gives.
#[derive(Debug)]
pub(crate) struct KeyColumn {
    /// The texts.
    pub(crate) texts: Interner,
    /// The text columns it fills.
    pub(crate) text_cols: Vec<Col>,
    /// The numeric columns it fills.
    pub(crate) int_cols: Vec<Col>,
    /// Ids of values, `text_cols.len()` for each text.
    values: Vec<u32>,
    /// Numbers, `int_cols.len()` for each text.
    ints: Vec<i64>,
    /// Members of `extra`: the range of each text's in `member_ids`.
    member_ends: Vec<u32>,
    member_ids: Vec<u32>,
    /// [`PARTIAL`] and [`RAW`].
    pub(crate) flags: Vec<u8>,
    /// What each says about verdict and cache.
    pub(crate) facts: Vec<Facts>,
    /// Whether any text has flags.
    pub(crate) any_flags: bool,
    /// Whether any text has facts.
    pub(crate) any_facts: bool,
    /// Whether its server address is the origin's only where the hierarchy code says so.
    pub(crate) is_next_hop: bool,
}

impl KeyColumn {
    /// A column of the texts of `word`.
    pub(crate) fn new(word: &Word) -> Self {
        let cols: Vec<Col> = word.fields().flat_map(|field| claims(&field.kind)).copied().collect();
        let is_text =
            |col: &Col| matches!(col.column().kind, ColumnType::Text | ColumnType::Binary);
        Self {
            texts: Interner::new(),
            text_cols: cols.iter().copied().filter(is_text).collect(),
            int_cols: cols.iter().copied().filter(|col| !is_text(col)).collect(),
            values: Vec::new(),
            ints: Vec::new(),
            member_ends: Vec::new(),
            member_ids: Vec::new(),
            flags: Vec::new(),
            facts: Vec::new(),
            any_flags: false,
            any_facts: false,
            is_next_hop: word.fields().any(|field| field.kind == Kind::Peer),
        }
    }

    /// Decodes the texts that are new since the last call.
    pub(crate) fn learn(&mut self, word: &Word, values: &mut Values) {
        let first = self.flags.len() as u32;
        let new = first..self.texts.len() as u32;
        if new.is_empty() {
            return;
        }
        // Most distinct texts of a log are requests made as usual: these are decoded without copying anything, and
        // their parts interned column by column, as the words of lines are.
        let texts = std::mem::replace(&mut self.texts, Interner::empty());
        let usual: Vec<_> = if word.is_request() {
            new.clone().map(|id| Request::read(word, texts.value(id))).collect()
        } else {
            Vec::new()
        };
        let ids = PartIds::of(&usual, values);
        let mut nth = 0;
        for id in new {
            match usual.get((id - first) as usize) {
                Some(Some(request)) => {
                    self.take_request(request, &ids, nth, values);
                    nth += 1;
                }
                _ => {
                    let mut decoded = std::mem::take(&mut values.decoded);
                    decoded.clear();
                    field::decode(word, texts.value(id), &mut decoded);
                    self.take(&decoded, values);
                    values.decoded = decoded;
                }
            }
        }
        drop(usual);
        self.texts = texts;
    }

    /// Takes over request number `nth` of those that are made as usual.
    fn take_request(
        &mut self,
        found: &Request<'_>,
        ids: &PartIds,
        nth: usize,
        values: &mut Values,
    ) {
        let Request { request, parts } = found;
        for &col in &self.text_cols {
            let part = match col {
                Col::Host => {
                    self.values.push(ids.host[nth]);
                    continue;
                }
                Col::Domain => {
                    let host = ids.host[nth];
                    self.values.push(if host == NONE { NONE } else { values.domain(host) });
                    continue;
                }
                Col::Path => {
                    self.values.push(ids.path[nth]);
                    continue;
                }
                Col::Query => {
                    self.values.push(ids.query[nth]);
                    continue;
                }
                Col::Method => Some(request.method),
                Col::HttpVersion => request.version,
                Col::Url if parts.needs_as_logged => Some(request.url),
                Col::Scheme => parts.scheme.as_deref(),
                Col::Extension => parts.extension.as_deref(),
                _ => None,
            };
            self.values.push(part.map_or(NONE, |part| values.intern(col, part.as_bytes())));
        }
        for _ in &self.int_cols {
            self.ints.push(parts.port.map_or(NULL_INT, i64::from));
        }
        let facts = Facts::of_method(request.method.as_bytes());
        self.member_ends.push(self.member_ids.len() as u32);
        self.flags.push(0);
        self.facts.push(facts);
        self.any_facts |= facts != Facts::default();
    }

    fn take(&mut self, decoded: &Decoded, values: &mut Values) {
        let mut host = NONE;
        for &col in &self.text_cols {
            if col == Col::RequestBody {
                let id = decoded.body.as_ref().map_or(NONE, |body| values.intern(col, body));
                self.values.push(id);
                continue;
            }
            let text = decoded.texts.iter().find(|(found, _)| *found == col);
            let id = match text {
                _ if col == Col::Domain && host != NONE => values.domain(host),
                Some(_) if col == Col::Url && !decoded.url_needed => NONE,
                Some((_, text)) => values.intern(col, text.as_bytes()),
                None => NONE,
            };
            if col == Col::Host {
                host = id;
            }
            self.values.push(id);
        }
        for &col in &self.int_cols {
            let value = decoded.ints.iter().find(|(found, _)| *found == col);
            self.ints.push(value.map_or(NULL_INT, |&(_, value)| value));
        }
        for (name, text) in &decoded.extra {
            self.member_ids.push(values.member(name, text));
        }
        self.member_ends.push(self.member_ids.len() as u32);
        let mut flags = 0;
        if decoded.partial {
            flags |= PARTIAL;
        }
        if decoded.inexact {
            flags |= RAW;
        }
        if decoded.misfit {
            flags |= MISFIT;
        }
        self.flags.push(flags);
        self.facts.push(decoded.facts);
        self.any_flags |= flags != 0;
        self.any_facts |= decoded.facts != Facts::default();
    }

    /// The value of text column number `nth` for a text.
    pub(crate) fn value(&self, id: u32, nth: usize) -> u32 {
        self.values.get(id as usize * self.text_cols.len() + nth).copied().unwrap_or(NONE)
    }

    /// The value of numeric column number `nth` for a text.
    pub(crate) fn int(&self, id: u32, nth: usize) -> i64 {
        self.ints.get(id as usize * self.int_cols.len() + nth).copied().unwrap_or(NULL_INT)
    }

    /// Whether any text has members of `extra`.
    pub(crate) fn any_members(&self) -> bool {
        !self.member_ids.is_empty()
    }

    /// The members of `extra` of a text.
    pub(crate) fn members(&self, id: u32) -> &[u32] {
        let at = id as usize;
        let Some(&end) = self.member_ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.member_ends[at - 1] };
        &self.member_ids[start as usize..end as usize]
    }

    /// About how many bytes it occupies.
    pub(crate) fn num_bytes(&self) -> usize {
        let ids = self.values.len() + self.member_ids.len() + self.member_ends.len();
        self.texts.num_bytes() + ids * 4 + self.ints.len() * 8 + self.flags.len() * 3
    }

    /// Forgets all texts.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.values.clear();
        self.ints.clear();
        self.member_ends.clear();
        self.member_ids.clear();
        self.flags.clear();
        self.facts.clear();
        self.any_flags = false;
        self.any_facts = false;
    }
}

/// A request that is made as usual, with the parts of its URL.
struct Request<'a> {
    request: UsualRequest<'a>,
    parts: UrlParts<'a>,
}

impl<'a> Request<'a> {
    fn read(word: &Word, text: &'a [u8]) -> Option<Self> {
        let request = field::usual_request(word, text)?;
        let parts = url::split(request.method == "CONNECT", request.url);
        Some(Self { request, parts })
    }
}

/// Ids of the parts that have many distinct values, one for each usual request.
#[derive(Default)]
struct PartIds {
    host: Vec<u32>,
    path: Vec<u32>,
    query: Vec<u32>,
}

impl PartIds {
    fn of(usual: &[Option<Request<'_>>], values: &mut Values) -> Self {
        let mut ids = Self::default();
        let mut scratch = Scratch::default();
        let mut column = |col: Col, part: Part| {
            let there = usual.iter().flatten().map(|found| part(&found.parts));
            let mut found = Vec::new();
            let texts = there.clone().flatten().map(str::as_bytes);
            values.columns[col as usize].intern_column(texts, &mut scratch, &mut found);
            let mut found = found.into_iter();
            there.map(|part| part.and_then(|_| found.next()).unwrap_or(NONE)).collect()
        };
        ids.host = column(Col::Host, |parts| parts.host.as_deref());
        ids.path = column(Col::Path, |parts| parts.path);
        ids.query = column(Col::Query, |parts| parts.query);
        ids
    }
}

/// One part of a URL.
type Part = for<'a, 'b> fn(&'a UrlParts<'b>) -> Option<&'a str>;
