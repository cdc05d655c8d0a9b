//! What was learned of a source, as the ledger keeps it: enough to read on and to give every line back, whatever later
//! versions know of the dialect.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use storage::schema::Col;

use super::dialect::{Dialect, Ends, Syntax};
use super::meaning;
use super::only::Only;
use super::order::Leads;
use super::scan::Keys;
use super::shape::{Last, Shape, Shapes};
use super::wrap::{Quote, Wrap};
use crate::lexer::chunk::{CLASS, LAYOUT, NANOS, UTC_OFFSET, ZONE};
use crate::lexer::field::AS_LOGGED;
use crate::lexer::layout::{ENVELOPE, Layout, Word, WordKind, claims};
use crate::lexer::{Field, Kind, Token};
use crate::time;

/// The name that stands for the time of the envelope, for dialects whose lines have none.
pub(crate) const OUTER_TIME: &str = "@envelope";

/// What was learned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spec {
    /// The dialect, where it is no built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dialect: Option<Dialect>,
    /// The fields.
    pub(crate) words: Vec<SpecWord>,
    /// Name of the field that holds the time, and of the time of day behind it.
    pub(crate) time: (String, Option<String>),
    /// How the time is spelled.
    pub(crate) spelling: String,
    /// Lists of columns that lines without keys may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) columns: Vec<Vec<String>>,
    /// Orders of fields, the likeliest first: what stands before each, and its number; what stands behind the last.
    pub(crate) shapes: Vec<(Vec<(String, usize)>, String)>,
}

/// A field as learned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct SpecWord {
    /// The vendor's name.
    pub(crate) name: String,
    /// What it means here.
    pub(crate) meaning: String,
    /// How values are wrapped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) wrap: Wrap,
    /// Its usual null word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) null: Option<String>,
    /// How often the byte behind a time stands within it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) inner: usize,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a column of a line without keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A word of the layout.
    Word(usize),
    /// The time of day that belongs to the date before it.
    Clock,
    /// Nothing that was known when the source was first read.
    Unknown,
}

/// What the lexer of a dialect knows of a source.
#[derive(Debug, Clone)]
pub(crate) struct Shaped {
    /// The language.
    pub(crate) syntax: Syntax,
    /// The orders of fields.
    pub(crate) shapes: Shapes,
    /// Which word a name is.
    pub(crate) names: HashMap<Vec<u8>, Place>,
    /// Lists of columns, with the names they came from.
    pub(crate) columns: Vec<(Vec<String>, Vec<Place>)>,
    /// The word that names the zone.
    pub(crate) zone: Option<usize>,
    /// What tells its records from those of other logs.
    pub(crate) only: Only,
    /// Words whose values tell so.
    pub(crate) told: Vec<(usize, Vec<Vec<u8>>)>,
    /// What usually stands before each word.
    pub(crate) leads: Leads,
}

impl Shaped {
    /// The shape of an order of fields.
    pub(crate) fn of_order(&self, order: &str, words: &[Word]) -> Option<Shape> {
        Some(Shape::new(&self.leads.plain(order)?, words, last(&self.syntax)))
    }

    /// The places of some columns.
    pub(crate) fn places(&self, columns: &[String]) -> Vec<Place> {
        let place = |name: &String| self.names.get(name.as_bytes()).copied();
        columns.iter().map(|name| place(name).unwrap_or(Place::Unknown)).collect()
    }
}

/// Makes the layout of what was learned.
///
/// # Errors
/// A message, if the spec names meanings or times that this version does not know.
pub(crate) fn layout(spec: &Spec, dialect: &Dialect) -> Result<Layout, String> {
    let (table, squid) = dialect.tables()?;
    let mut words = Vec::with_capacity(spec.words.len());
    let mut names = HashMap::new();
    for (nth, found) in spec.words.iter().enumerate() {
        // A field that is called like what is kept beside the fields would be taken for it: such lines are kept whole.
        if !is_ours(&found.name) {
            names.insert(found.name.clone().into_bytes(), Place::Word(nth));
        }
        words.push(if found.name == spec.time.0 {
            time_word(found, &spec.spelling)?
        } else {
            let tokens = meaning::tokens(&found.meaning, &found.name, &table, &squid)?;
            word(found, tokens, dialect)
        });
    }
    tell_apart(&mut words);
    if let Some(clock) = &spec.time.1 {
        names.insert(clock.clone().into_bytes(), Place::Clock);
    }
    let outer = spec.time.0 == OUTER_TIME;
    let outer = outer.then(|| time::parse_spec(&spec.spelling)).transpose();
    let outer_time = outer.map_err(|error| error.to_string())?;
    let time = spec.words.iter().position(|word| word.name == spec.time.0);
    let time = match time {
        Some(time) => time,
        None if outer_time.is_some() => usize::MAX,
        None => return Err("no field holds the time".into()),
    };
    let last = last(&dialect.syntax);
    let shapes = spec.shapes.iter().map(|(fields, end)| {
        // A value at the end of a line with TABs may hold spaces.
        let tabbed = fields.iter().skip(1).any(|(lead, _)| lead.contains('\t'));
        let last = match last {
            Last::Without(b" \t") if tabbed => Last::Without(b"\t"),
            other => other,
        };
        let fields = fields.iter().map(|(lead, word)| (lead.clone().into_bytes(), *word)).collect();
        Shape::new(&(fields, end.clone().into_bytes()), &words, last)
    });
    let zone = dialect.zone.as_ref().and_then(|zone| match names.get(zone.as_bytes()) {
        Some(Place::Word(nth)) => Some(*nth),
        _ => None,
    });
    let shapes = Shapes::new(shapes.collect());
    let only = Only::new(&dialect.only, &dialect.within);
    let mut shaped = Shaped {
        syntax: dialect.syntax.clone(),
        told: only.values(|name| names.get(name).copied()),
        leads: Leads::new(shapes.all(), &words),
        only,
        shapes,
        names,
        columns: Vec::new(),
        zone,
    };
    let places = |columns: &Vec<String>| (columns.clone(), shaped.places(columns));
    shaped.columns = spec.columns.iter().map(places).collect();
    Ok(Layout { outer_time, ..Layout::shaped(words, time, Arc::new(shaped)) })
}

/// Whether a member of `extra` has this name that no log has written.
fn is_ours(name: &str) -> bool {
    [LAYOUT, ZONE, UTC_OFFSET, NANOS, CLASS, ENVELOPE].contains(&name) || name.ends_with(AS_LOGGED)
}

/// The parts of a field (method and URL of a request line) go by names of their own; where a field of the source is
/// called like one, they go by that of their field, too.
fn tell_apart(words: &mut [Word]) {
    let taken: HashSet<String> = words.iter().map(|word| word.name.clone()).collect();
    for word in words.iter_mut().filter(|word| word.tokens.len() > 1) {
        for token in &mut word.tokens {
            if let Token::Field(part) = token
                && part.name != word.name
                && taken.contains(&part.name)
            {
                part.name = format!("{}.{}", word.name, part.name);
            }
        }
    }
}

/// How values end that have no quotes.
fn last(syntax: &Syntax) -> Last<'_> {
    match syntax {
        Syntax::Elff { .. } => Last::Without(b" \t"),
        Syntax::Pairs { ends: Ends::NextKey, .. } => Last::NextKey(Keys::Any),
        Syntax::Pairs { ends: Ends::NextWord, .. } => Last::NextKey(Keys::Words),
        Syntax::Delimited { separator, .. } | Syntax::Pairs { separator, .. } => {
            match separator.as_bytes() {
                one @ [_] => Last::Without(one),
                more => Last::Until(more),
            }
        }
        Syntax::Json => Last::Json,
        Syntax::Sections => Last::Without(b"\n"),
    }
}

fn time_word(found: &SpecWord, spelling: &str) -> Result<Word, String> {
    let spec = time::parse_spec(spelling).map_err(|error| error.to_string())?;
    let field = Field::plain(Kind::Time(spec.clone()), &found.name);
    let mut word = empty_word(found);
    word.tokens = vec![Token::Field(field)];
    word.kind = WordKind::Time(spec);
    word.inner_stops = found.inner;
    Ok(word)
}

fn word(found: &SpecWord, tokens: Vec<Token>, dialect: &Dialect) -> Word {
    let nulls = dialect.nulls_of(&found.name, found.null.as_deref());
    let nulls = if nulls.is_empty() { crate::lexer::dash() } else { nulls };
    let mut word = empty_word(found);
    word.tokens = tokens;
    for token in &mut word.tokens {
        if let Token::Field(field) = token {
            field.nulls = Arc::clone(&nulls);
        }
    }
    let plain = matches!(found.wrap.quote, Quote::Never | Quote::Outside);
    word.kind = match word.tokens.as_slice() {
        [Token::Field(Field { kind: Kind::Int(col), .. })] if plain => WordKind::Number(*col),
        _ => WordKind::Key,
    };
    if found.meaning == "request" {
        word.name = "request".into();
        word.quoted = true;
    }
    word
}

fn empty_word(found: &SpecWord) -> Word {
    Word {
        lead: Vec::new(),
        tokens: Vec::new(),
        kind: WordKind::Key,
        stop: None,
        inner_stops: 0,
        escaped: false,
        quoted: false,
        pad: 0,
        pad_right: 0,
        name: found.name.clone(),
        shape: crate::lexer::Shape::Plain,
        wrap: Some(found.wrap.clone()),
        joint: None,
    }
}

/// The first meaning of each field whose columns are still free; the others have none. A source shows the first `shown`
/// of the names.
pub(crate) fn resolve(
    dialect: &Dialect,
    names: &[String],
    shown: usize,
) -> Result<Vec<String>, String> {
    let (table, squid) = dialect.tables()?;
    let mut found: Vec<String> = vec!["-".into(); names.len()];
    let mut taken = Vec::new();
    let place = |name: &String| names.iter().position(|known| known == name);
    let has_extension = dialect
        .fields
        .iter()
        .any(|(name, meaning)| meaning == "extension" && place(name).is_some_and(|at| at < shown));
    let has_port = dialect
        .fields
        .iter()
        .any(|(name, meaning)| meaning == "port" && place(name).is_some_and(|at| at < shown));
    // Those that the source shows come first.
    let first = dialect.fields.iter().filter(|(name, _)| place(name).is_some_and(|at| at < shown));
    let then = || dialect.fields.iter().filter(|(n, _)| place(n).is_some_and(|at| at >= shown));
    // Then those that lines of another version have.
    let listed = |name: &String| dialect.columns.iter().any(|list| list.contains(name));
    let then = then().filter(|(n, _)| listed(n)).chain(then().filter(|(n, _)| !listed(n)));
    for (name, meaning) in first.chain(then) {
        let Some(at) = place(name) else { continue };
        let meaning = match meaning.as_str() {
            "path" if has_extension => "path:only",
            "host:port" if has_port => "host",
            "url:schemeless" if has_port => "url:portless",
            other => other,
        };
        // Where the port has a field of its own, the name alone is left.
        let lesser = if meaning == "host:port" { "host" } else { meaning };
        for meaning in [meaning, lesser] {
            let wanted = wanted(&meaning::tokens(meaning, name, &table, &squid)?);
            if wanted.iter().any(|col| taken.contains(col)) || found[at] != "-" {
                continue;
            }
            taken.extend(wanted);
            found[at] = meaning.into();
        }
    }
    Ok(found)
}

/// The columns that tokens fill.
fn wanted(tokens: &[Token]) -> Vec<Col> {
    let kinds = tokens.iter().filter_map(|token| match token {
        Token::Field(field) => Some(&field.kind),
        Token::Literal(_) => None,
    });
    kinds.flat_map(claims).copied().collect()
}
