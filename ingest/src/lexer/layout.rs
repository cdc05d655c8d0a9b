//! How a format's pieces form words: what is cut out of a line whole, interned whole, and decoded once.

use std::borrow::Cow;
use std::sync::Arc;

mod group;

use group::{common_separator, group, new_word};

use storage::schema::Col;

use super::envelope::Envelope;
use super::shaped::spec::Shaped;
use super::shaped::wrap::Wrap;
use super::{Field, Kind, Shape, Token};
use crate::time::TimeSpec;

/// How the values of a word are kept while rows are collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// The event time.
    Time(TimeSpec),
    /// A whole number.
    Number(Col),
    /// Everything else: interned whole, decoded once per distinct text.
    Key,
}

/// One word: a literal, then fields with literals between them, up to the next word's literal.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The bytes before it.
    pub(crate) lead: Vec<u8>,
    /// Fields, and the literals between and behind them.
    pub(crate) tokens: Vec<Token>,
    /// How its values are kept.
    pub(crate) kind: WordKind,
    /// The first byte behind it; `None` at the end of the line.
    pub(crate) stop: Option<u8>,
    /// How often `stop` occurs within it by the format.
    pub(crate) inner_stops: usize,
    /// Whether it stands in quotes whose content the writer escapes with backslashes.
    pub(crate) escaped: bool,
    /// Whether it stands in quotes.
    pub(crate) quoted: bool,
    /// The width it is padded to with spaces on the left.
    pub(crate) pad: usize,
    /// The width it is padded to with spaces on the right.
    pub(crate) pad_right: usize,
    /// Its key in `extra` if it is not made as the format says.
    pub(crate) name: String,
    /// What may stand around it.
    pub(crate) shape: Shape,
    /// How its values are wrapped, for words that know it themselves.
    pub(crate) wrap: Option<Wrap>,
    /// A byte that stands between its fields more than once, and how often.
    pub(crate) joint: Option<(u8, usize)>,
}

/// A compiled format: its words in order.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The words.
    pub(crate) words: Vec<Word>,
    /// The bytes behind the last word.
    pub(crate) end: Vec<u8>,
    /// The byte that separates bare words.
    pub(crate) separator: u8,
    /// Which word holds the event time; beyond the last if none does.
    pub(crate) time: usize,
    /// How the time of the envelope is spelled, where lines have none of their own.
    pub(crate) outer_time: Option<TimeSpec>,
    /// Words that may hold separators although they are bare, or quotes although they are quoted: the likeliest first.
    pub(crate) flexible: Vec<usize>,
    /// Whether a tail of bracketed header blocks may follow (`log_mime_hdrs` of Squid's native format).
    pub(crate) header_blocks: bool,
    /// Whether fields of the administrator's choice may follow.
    pub(crate) open_end: bool,
    /// Whether lines that begin with `#` are headers.
    pub(crate) comments: bool,
    /// How lines are cut whose fields have names.
    pub(crate) shaped: Option<Arc<Shaped>>,
    /// What stands around lines, and the word that keeps it.
    pub(crate) envelope: Option<Arc<(Envelope, Word)>>,
    /// The words that hold the method and the scheme, where each has one of its own: CONNECT has a scheme of ours.
    pub(crate) tunnel: Option<(usize, usize)>,
}

impl Word {
    /// Whether it fills a column.
    pub(crate) fn has_column(&self) -> bool {
        self.fields().any(|field| !claims(&field.kind).is_empty())
    }

    /// Whether this text stands for no value.
    pub(crate) fn is_null(&self, text: &[u8]) -> bool {
        self.fields().next().is_some_and(|field| field.is_null(text))
    }

    /// What stands within the quotes of a value, and whether wrapping it again gives the same text.
    pub(crate) fn unwrapped<'a>(&self, text: &'a [u8]) -> (Cow<'a, [u8]>, bool) {
        let inner = self.inner(text);
        let exact = self.wrap.is_none() || self.wrapped(&inner) == text;
        (inner, exact)
    }

    /// What stands within the quotes of a value.
    pub(crate) fn inner<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.wrap.as_ref().map_or(Cow::Borrowed(text), |wrap| wrap.decode(text))
    }

    /// A value in the quotes that it would be written with.
    pub(crate) fn wrapped(&self, value: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(value.len() + 2);
        match &self.wrap {
            Some(wrap) => wrap.encode(value, self.is_null(value), &mut text),
            None => text.extend_from_slice(value),
        }
        text
    }

    /// The text that is written where there is no value.
    pub(crate) fn null(&self) -> &[u8] {
        self.fields().next().map_or(super::NULL_WORD, Field::null)
    }

    /// Its fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Field(field) => Some(field),
            Token::Literal(_) => None,
        })
    }

    /// Whether further spaces before it belong to the separator.
    pub(crate) fn takes_spaces(&self) -> bool {
        self.pad > 0 || !self.quoted && self.lead.last() == Some(&b' ')
    }

    fn has(&self, wanted: impl Fn(&Kind) -> bool) -> bool {
        self.fields().any(|field| wanted(&field.kind))
    }
}

/// Key of `extra`: what stands around the line.
pub(crate) const ENVELOPE: &str = "envelope";

/// The columns a field of this kind fills.
pub(crate) fn claims(kind: &Kind) -> &[Col] {
    match kind {
        Kind::Text(col) | Kind::Media(col) | Kind::Address(col) | Kind::Int(col) => {
            std::slice::from_ref(col)
        }
        Kind::Scaled(col, ..) => std::slice::from_ref(col),
        Kind::Method => &[Col::Method],
        Kind::Url => &[
            Col::Url,
            Col::Scheme,
            Col::Host,
            Col::Domain,
            Col::Port,
            Col::Path,
            Col::Query,
            Col::Extension,
        ],
        Kind::Protocol => &[Col::HttpVersion],
        Kind::Status => &[Col::Status],
        Kind::Action => &[Col::Action],
        Kind::Hierarchy => &[Col::Hierarchy],
        Kind::Peer => &[Col::Peer, Col::ServerIp],
        Kind::Host => &[Col::Host, Col::Domain],
        Kind::Authority => &[Col::Host, Col::Domain, Col::Port],
        Kind::Scheme => &[Col::Scheme],
        Kind::Path => &[Col::Path, Col::Extension],
        Kind::Query => &[Col::Query],
        Kind::PortlessUrl => {
            &[Col::Url, Col::Host, Col::Domain, Col::Path, Col::Query, Col::Extension]
        }
        Kind::SchemelessUrl => {
            &[Col::Url, Col::Host, Col::Domain, Col::Port, Col::Path, Col::Query, Col::Extension]
        }
        Kind::Target => &[Col::Path, Col::Query, Col::Extension],
        Kind::Decimal(col, ..) | Kind::Thousandths(col) | Kind::Judged(_, col) => {
            std::slice::from_ref(col)
        }
        Kind::Upstream => &[Col::Peer, Col::ServerIp],
        Kind::Endpoint(Col::ClientIp, _) => &[Col::ClientIp, Col::ClientPort],
        Kind::Endpoint(..) => &[Col::ServerIp, Col::Port],
        Kind::Verdict(_, true) => &[Col::Action],
        Kind::Body => &[Col::RequestBody],
        Kind::Envelope(true) => &[Col::ProxyName],
        Kind::Envelope(false) => &[],
        Kind::Time(_) => &[Col::Ts],
        Kind::Extra | Kind::Verdict(..) => &[],
    }
}

impl Layout {
    /// Forms words of tokens. The error is a message and the number of the token it is about.
    pub(crate) fn new(tokens: Vec<Token>) -> Result<Self, (String, usize)> {
        let mut tokens = merge_millis(tokens);
        if let Some(at) =
            tokens.windows(2).position(|pair| matches!(pair, [Token::Field(_), Token::Field(_)]))
        {
            let message = "nothing stands between two fields, so they can't be told apart";
            return Err((message.into(), at + 1));
        }
        resolve_claims(&mut tokens);
        let (words, end) = group(tokens);
        let Some(time) = words.iter().position(|word| matches!(word.kind, WordKind::Time(_)))
        else {
            let message = "the format has no time of its own (or not in a word of its own), so no \
                           line could be stored";
            return Err((message.into(), 0));
        };
        let separator = common_separator(&words);
        let mut layout = Self {
            words,
            end,
            separator,
            time,
            flexible: Vec::new(),
            header_blocks: false,
            open_end: false,
            comments: false,
            shaped: None,
            envelope: None,
            outer_time: None,
            tunnel: None,
        };
        layout.flexible = layout.flexible_words();
        Ok(layout)
    }

    /// The layout of lines whose fields have names.
    pub(crate) fn shaped(words: Vec<Word>, time: usize, shaped: Arc<Shaped>) -> Self {
        let alone = |kind: Kind| {
            words.iter().position(|word| match word.tokens.as_slice() {
                [Token::Field(field)] => field.kind == kind,
                _ => false,
            })
        };
        let tunnel = alone(Kind::Method).zip(alone(Kind::Scheme));
        Self {
            words,
            end: Vec::new(),
            separator: b' ',
            time,
            flexible: Vec::new(),
            header_blocks: false,
            open_end: false,
            comments: false,
            shaped: Some(shaped),
            envelope: None,
            outer_time: None,
            tunnel,
        }
    }

    /// How many columns of words rows have: one for each word, and one for the envelope.
    pub(crate) fn width(&self) -> usize {
        self.words.len() + usize::from(self.envelope.is_some())
    }

    /// The words, the one for the envelope last.
    pub(crate) fn all_words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().chain(self.envelope.iter().map(|around| &around.1))
    }

    /// The same layout for lines in an envelope, which names the proxy if no field does.
    pub(crate) fn enveloped(&self, envelope: Envelope) -> Self {
        let named = |word: &Word| word.fields().any(|f| claims(&f.kind).contains(&Col::ProxyName));
        let kind = Kind::Envelope(!self.words.iter().any(named));
        let mut word = new_word(Vec::new(), Field::plain(kind, ENVELOPE), false);
        word.name = ENVELOPE.into();
        Self { envelope: Some(Arc::new((envelope, word))), ..self.clone() }
    }

    /// Bare words in which the separator may occur: user names, then URLs, then anything textual; and quoted words
    /// whose writer does not escape quotes, the last first.
    fn flexible_words(&self) -> Vec<usize> {
        // What ends with a byte of its own needs no neighbours to tell where.
        let bare = |index: usize| {
            let word = &self.words[index];
            !word.quoted && word.shape == Shape::Plain
        };
        let with = |wanted: fn(&Kind) -> bool| {
            move |&index: &usize| self.words[index].has(wanted) && bare(index)
        };
        let all = 0..self.words.len();
        let mut order: Vec<usize> =
            all.clone().filter(with(|kind| *kind == Kind::Text(Col::User))).collect();
        order.extend(all.clone().filter(with(|kind| *kind == Kind::Url)));
        order.extend(all.clone().rev().filter(|&index| {
            let word = &self.words[index];
            let hidden = word.fields().all(|field| field.style.hides_quotes());
            word.quoted && !word.escaped && !hidden && word.kind == WordKind::Key
        }));
        order.extend(all.rev().filter(with(|kind| {
            matches!(
                kind,
                Kind::Text(Col::UserAgent | Col::Referer | Col::Cookie | Col::Categories)
            )
        })));
        let client = |kind: &Kind| *kind == Kind::Address(Col::ClientIp);
        order.extend((0..self.words.len()).filter(with(client)));
        // Words of a closed list may have spaces.
        let decision = |kind: &Kind| match kind {
            Kind::Verdict(table, _) | Kind::Judged(table, _) => table.is_closed(),
            _ => false,
        };
        order.extend((0..self.words.len()).filter(with(decision)));
        order.dedup();
        order
    }

    /// Each field's name, and the columns it fills.
    pub(crate) fn columns(&self) -> Vec<(String, String)> {
        let fields = self.words.iter().flat_map(Word::fields);
        let named = fields.map(|field| {
            let columns: Vec<&str> = claims(&field.kind).iter().map(|col| col.name()).collect();
            (field.name.clone(), columns.join(", "))
        });
        named.collect()
    }

    /// How much the format demands of a line: typed fields count three, others one, fixed bytes one each.
    pub(crate) fn rank(&self) -> u32 {
        let typed =
            |kind: &Kind| !matches!(kind, Kind::Extra | Kind::Text(_) | Kind::Url) as u32 * 2 + 1;
        let literal = |token: &Token| match token {
            Token::Literal(bytes) => bytes.len() as u32,
            Token::Field(field) => typed(&field.kind),
        };
        let words = self
            .words
            .iter()
            .map(|word| word.lead.len() as u32 + word.tokens.iter().map(literal).sum::<u32>());
        words.sum::<u32>() + self.end.len() as u32
    }
}

/// Joins a time with the milliseconds that follow it.
fn merge_millis(tokens: Vec<Token>) -> Vec<Token> {
    let mut merged: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let Token::Field(millis) = &token
            && millis.kind == Kind::Extra
            && millis.name == "tu"
            && let [.., Token::Field(time), Token::Literal(between)] = merged.as_mut_slice()
            && let Kind::Time(spec) = &mut time.kind
            && spec.millis.is_none()
        {
            spec.millis = Some((std::mem::take(between), millis.width.max(1)));
            merged.pop();
            continue;
        }
        merged.push(token);
    }
    merged
}

/// Gives each column to one field; other fields that mean the same go to `extra` under their code.
fn resolve_claims(tokens: &mut [Token]) {
    let mut taken: Vec<Col> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    // The whole URL outranks its parts, and a total outranks the size of a body.
    let totals = ["O", "bytes_sent", "psql", "<st"];
    // So does the address of the server the next hop's, which may be another.
    let server = Kind::Address(Col::ServerIp);
    let early: Vec<bool> = tokens
        .iter()
        .map(|token| match token {
            Token::Field(field) => {
                matches!(field.kind, Kind::Url | Kind::SchemelessUrl)
                    || field.kind == server
                    || totals.contains(&field.name.as_str())
            }
            Token::Literal(_) => false,
        })
        .collect();
    for pass in [true, false] {
        for (token, &early) in tokens.iter_mut().zip(&early) {
            let Token::Field(field) = token else { continue };
            if early != pass {
                continue;
            }
            let hop = matches!(field.kind, Kind::Peer | Kind::Upstream);
            if hop && taken.contains(&Col::ServerIp) && !taken.contains(&Col::Peer) {
                field.kind = Kind::Text(Col::Peer);
            }
            let wanted = claims(&field.kind);
            if wanted.iter().any(|col| taken.contains(col)) {
                field.kind = Kind::Extra;
            }
            taken.extend_from_slice(claims(&field.kind));
            if let Some(col) = claims(&field.kind).first() {
                field.name = col.name().into();
            }
            let copies = names.iter().filter(|name| **name == field.name).count();
            names.push(field.name.clone());
            if copies > 0 {
                field.name = format!("{}#{}", field.name, copies + 1);
            }
        }
    }
}
