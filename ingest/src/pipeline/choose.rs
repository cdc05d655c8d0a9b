//! How is this source to be read? As the caller says, as dwell.toml says of its path, or as its content tells.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use storage::clock::Micros;
use storage::config::Config;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::LineEnd;
use storage::store::Source;

use crate::detect::{self, Detected, Sample};
use crate::format::own::{self, Own};
use crate::format::{
    self, ChunkParser, ChunkSink, Format, FormatError, LineContext, OddKind, OddLine, Parser,
    Reason, Score,
};
use crate::options::IngestOptions;
use crate::render::RowView;
use crate::report::FormatChoice;

/// A format that was named for a source.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// One that reads all sources alike.
    Parser(Arc<dyn Parser>),
    /// A built-in one, which may learn from the first lines.
    BuiltIn(&'static dyn Format),
    /// One that the user describes.
    Own(Arc<Own>),
}

impl Named {
    /// The parser for a source with these first lines.
    pub(crate) fn parser(&self, lines: &[&[u8]]) -> Result<Arc<dyn Parser>> {
        match self {
            Self::Parser(parser) => {
                let same = |_: &[&[u8]], _: &[&[u8]]| Some(Arc::clone(parser));
                Ok(detect::named(lines, &same).unwrap_or_else(|| Arc::clone(parser)))
            }
            Self::BuiltIn(format) => {
                let learn = |lines: &[&[u8]], times: &[&[u8]]| {
                    format.learn_within(lines, times).map(Arc::from)
                };
                match detect::named(lines, &learn) {
                    Some(parser) => Ok(parser),
                    None => format.compile("").map(Arc::from).map_err(refuse),
                }
            }
            Self::Own(own) => {
                let learn = |lines: &[&[u8]], times: &[&[u8]]| own.learn_within(lines, times);
                detect::named(lines, &learn).map_or_else(|| own.open().map_err(refuse), Ok)
            }
        }
    }
}

/// How sources are read without looking at them.
pub(super) struct Given {
    pub(super) parser: Option<Named>,
    pub(super) zone: Option<Tz>,
    rules: Vec<Rule>,
    /// The formats of dwell.toml; they may claim a text as the built-in ones do.
    own: Vec<Own>,
}

/// What dwell.toml says of some paths.
struct Rule {
    pattern: glob::Pattern,
    parser: Option<Named>,
    zone: Option<Tz>,
}

/// What was decided for a source.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) parser: Arc<dyn Parser>,
    pub(super) choice: FormatChoice,
    pub(super) zone: Option<Tz>,
    /// No format reads it: all its lines go to quarantine, for this reason.
    pub(super) unread: Option<Reason>,
}

impl Given {
    /// Compiles what the caller and the settings name.
    pub(super) fn new(config: &Config, options: &IngestOptions) -> Result<Self> {
        let parser = match (&options.logformat, &options.fields, &options.format) {
            (Some(spec), _, _) => {
                Some(Named::Parser(Arc::from(format::logformat(spec).map_err(refuse)?)))
            }
            (None, Some(list), _) => {
                Some(Named::Own(Arc::new(Own::of_fields(list).map_err(refuse)?)))
            }
            (None, None, Some(name)) if name != "auto" => Some(named(config, name)?),
            (None, None, _) => None,
        };
        let rules = config.source.iter().map(|source| {
            let pattern = glob::Pattern::new(&source.path).map_err(|error| {
                let message = format!("dwell.toml: `{}` is no pattern: {error}", source.path);
                Error::new(ErrorKind::InvalidInput, message)
            })?;
            let format = source.format.as_deref().filter(|name| *name != "auto");
            let parser = format.map(|name| named(config, name)).transpose()?;
            let zone = source.tz.as_deref().map(zone).transpose()?;
            Ok(Rule { pattern, parser, zone })
        });
        let rules = rules.collect::<Result<_>>()?;
        let own = own::all(config).map_err(refuse)?;
        Ok(Self { parser, zone: options.zone, rules, own })
    }

    /// Decides for a new source. `None`: it is no text, and the reason why.
    pub(super) fn choose(
        &self,
        path: &Path,
        bytes: &[u8],
        sample: &Sample<'_>,
        now_us: Micros,
    ) -> std::result::Result<Chosen, String> {
        let rule = self.rules.iter().find(|rule| rule.pattern.matches_path(path));
        let zone = self.zone.or(rule.and_then(|rule| rule.zone));
        let given = self.parser.clone().or_else(|| rule.and_then(|rule| rule.parser.clone()));
        if let Some(what) = detect::magic(bytes) {
            return Err(what.to_owned());
        }
        let (unread, choice) = match given {
            Some(named) => {
                // What can't be compiled now could not be when it was named.
                let parser = named.parser(&sample.lines).map_err(|error| error.to_string())?;
                let parser = localized(detect::framed(parser, sample.framing), zone);
                let choice = FormatChoice::given(parser.id());
                return Ok(Chosen { parser, choice, zone, unread: None });
            }
            None => match detect::detect(sample, &self.own, now_us) {
                Detected::Format(parser, choice) => {
                    let parser = localized(parser, zone);
                    return Ok(Chosen { parser, choice, zone, unread: None });
                }
                Detected::Unknown(choice) => (Reason::UnknownFormat, choice),
                Detected::Ambiguous(choice) => (Reason::AmbiguousFormat, choice),
            },
        };
        if let Some(what) = detect::binary(bytes) {
            return Err(what);
        }
        Ok(Chosen { parser: Arc::new(Unread(unread)), choice, zone, unread: Some(unread) })
    }
}

/// A zone that was given counts more than the format's rule.
pub(super) fn localized(parser: Arc<dyn Parser>, zone: Option<Tz>) -> Arc<dyn Parser> {
    match zone.and_then(|_| parser.localized()) {
        Some(local) => Arc::from(local),
        None => parser,
    }
}

/// The parser of a known source.
pub(crate) fn known(source: &Source) -> Result<Arc<dyn Parser>> {
    match source.format.as_str() {
        UNKNOWN => Ok(Arc::new(Unread(Reason::UnknownFormat))),
        AMBIGUOUS => Ok(Arc::new(Unread(Reason::AmbiguousFormat))),
        id => format::open(id, &source.format_spec).map(Arc::from).map_err(|error| {
            let message = format!("the format of source {}: {error}", source.id);
            Error::new(ErrorKind::Unsupported, message)
                .advise("use the version of dwell that wrote it")
        }),
    }
}

/// The zone a known source is read with.
pub(crate) fn zone_of(source: &Source) -> Option<Tz> {
    source.zone.parse().ok()
}

fn zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| {
        Error::new(ErrorKind::InvalidInput, format!("`{name}` is no time zone"))
            .advise("name it as in Europe/Berlin")
    })
}

/// A format by name: one of dwell.toml, or a built-in one.
pub(crate) fn named(config: &Config, name: &str) -> Result<Named> {
    if let Some(own) = own::find(config, name).map_err(refuse)? {
        return Ok(Named::Own(Arc::new(own)));
    }
    let unknown = || refuse(format::unknown(name, own::names(config)));
    format::find(name).map(Named::BuiltIn).ok_or_else(unknown)
}

pub(crate) fn refuse(error: FormatError) -> Error {
    Error::new(ErrorKind::InvalidInput, error.to_string())
}

/// `system.sources.format` of a text that no format claims.
pub(crate) const UNKNOWN: &str = "unknown";

/// `system.sources.format` of a text that two formats claim.
pub(crate) const AMBIGUOUS: &str = "ambiguous";

/// Reads nothing: every line goes to quarantine for the same reason.
#[derive(Debug, Clone, Copy)]
struct Unread(Reason);

impl Parser for Unread {
    fn id(&self) -> &str {
        if self.0 == Reason::AmbiguousFormat { AMBIGUOUS } else { UNKNOWN }
    }

    fn spec(&self) -> &str {
        ""
    }

    fn score(&self, _: &[&[u8]]) -> Score {
        Score { fit: 0.0, exact: 0.0, rank: 0 }
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        Box::new(*self)
    }

    fn render(&self, row: &RowView<'_>, _: Option<Tz>, out: &mut Vec<u8>) {
        if let Some(raw) = row.bytes(storage::schema::Col::Raw) {
            out.extend_from_slice(&raw);
        }
    }
}

impl ChunkParser for Unread {
    fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        let mut byte_offset = cx.first_offset;
        let lines = chunk.split_inclusive(|&byte| byte == b'\n');
        for (line_no, line) in (cx.first_line..).zip(lines) {
            let (text, end) = split_end(line);
            let usual: &[u8] = if cx.line_end == LineEnd::Crlf { b"\r\n" } else { b"\n" };
            let blank = text.iter().all(|byte| matches!(byte, b' ' | b'\t'));
            let (kind, reason) = if blank {
                out.counts.blank += 1;
                (OddKind::Blank, None)
            } else {
                out.counts.quarantined += 1;
                (OddKind::Quarantined, Some(self.0))
            };
            out.counts.lines += 1;
            out.odd.push(OddLine { line_no, byte_offset, kind, reason, bytes: text.to_vec() });
            if !end.is_empty() && end != usual {
                let byte_offset = byte_offset + text.len() as u64;
                let (kind, bytes) = (OddKind::Eol, end.to_vec());
                out.odd.push(OddLine { line_no, byte_offset, kind, reason: None, bytes });
            }
            byte_offset += line.len() as u64;
        }
    }

    fn flush(&mut self, _: &mut ChunkSink) {}
}

/// A line and its line end.
fn split_end(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(text) = line.strip_suffix(b"\n") else { return (line, b"") };
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    line.split_at(text.len())
}
