//! Which log formats there are, and what every one of them can do: score a sample, parse chunks, render rows back.

mod apache_combined_time;
mod apache_combinedio;
mod apache_ssl_request;
mod apache_vhost;
mod apache_vhost_combined;
pub(crate) mod around;
mod ats_common;
mod ats_extended;
mod ats_extended2;
mod ats_squid;
mod ats_welf;
mod bcreportermain_v1;
mod bcreporterssl_v1;
mod caddy;
mod cef_web;
mod cisco_umbrella;
mod cisco_wsa;
mod cisco_wsa_w3c;
mod cloudfront;
pub(crate) mod compiled;
mod dansguardian;
pub mod describe;
pub(crate) mod dialect;
mod e2guardian;
mod e2guardian_flags;
mod e2guardian_protex;
mod envoy;
mod envoy_json;
mod forcepoint_cef;
mod forcepoint_kv;
mod forcepoint_leef;
mod fortigate;
mod fortigate_cef;
mod fortiproxy;
mod haproxy_http;
mod haproxy_http_host;
mod haproxy_https;
mod haproxy_tcp;
mod har;
mod iis;
mod iis_ftp;
mod incapsula;
mod isa_tmg;
mod istio;
mod kerio_http;
mod modsecurity;
mod modsecurity_json;
mod modsecurity_json2;
mod mwg_kv;
mod ncsa_combined;
mod ncsa_common;
mod netskope;
mod netskope_csv;
mod netskope_json;
mod nginx_combined;
mod nginx_ingress;
mod nginx_json;
mod nginx_main;
pub mod own;
mod paloalto_url;
mod privoxy;
mod proxysg;
mod proxysg_kv;
mod skyhigh_access;
mod skyhigh_kv;
mod sophos_swa;
mod sophos_utm;
mod sophos_xg;
mod squid;
mod squid_agents;
mod squid_combined;
mod squid_common;
mod squid_firewall;
mod squid_referrer;
mod squid_useragent;
mod threeproxy;
mod threeproxy_default;
mod tinyproxy;
mod traefik;
mod traefik_json;
mod w3c;
mod webmarshal;
mod zeek_json;
mod zeek_tsv;
mod zscaler_caret;
mod zscaler_cef;
mod zscaler_csv;
mod zscaler_json;
mod zscaler_kv;
mod zscaler_leef;
mod zscaler_nss;
mod zscaler_tsv;

use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use storage::clock::Micros;
use storage::extent::LineEnd;
use storage::schema::Col;

pub use crate::builder::sink::{ChunkSink, OddKind, OddLine, Reason};
pub use crate::framing::{Cut, Framing};
pub use crate::lexer::envelope::Envelope;
use crate::lexer::language::Language;
use crate::lexer::layout::Layout;
pub use crate::lexer::shaped::dialect::Basis;
pub use crate::lexer::shaped::headers::{HeaderStream, Headers};
pub use crate::render::RowView;
pub(crate) use around::{Framed, Mixed};
pub use describe::Description;

/// A log format could not be compiled or found: message, and where in the text it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// No format has this name.
    #[error("no format is named `{name}`{} `dwell formats list` shows all", meant(near.as_deref()))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The one that was meant, perhaps.
        near: Option<String>,
    },
    /// A format that dwell.toml describes is described wrongly.
    #[error("dwell.toml: format `{format}`: {message}")]
    Own {
        /// Its name.
        format: String,
        /// Which key, what is wrong, and what to do.
        message: String,
    },
    /// The list of `--fields` can't be read by.
    #[error("--fields: {0}")]
    Fields(String),
    /// The text of a format description is wrong at a place.
    #[error("{message}\n  {text}\n  {:>1$}", "^", at + 1)]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, in characters from 0.
        at: usize,
        /// The whole text.
        text: String,
    },
}

/// The question after the name that was meant, or the end of the fragment.
fn meant(near: Option<&str>) -> String {
    near.map_or(";".into(), |near| format!(", did you mean `{near}`?"))
}

/// How well a format fits a sample of lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Share of the lines of which every field was read, 0 to 1.
    pub fit: f64,
    /// Share of the lines that need no `raw` besides: their rows give them back exactly.
    pub exact: f64,
    /// Rank for ties: how many fixed words and typed fields the format demands; the dialect with marks of its own
    /// ranks above the generic one.
    pub rank: u32,
}

/// What a parser must know of the source and of the place of a chunk in it.
#[derive(Debug, Clone)]
pub struct LineContext {
    /// Number of the source.
    pub source_id: i32,
    /// Number of the chunk's first line, from 1.
    pub first_line: i64,
    /// Offset of the chunk's first byte in the source.
    pub first_offset: u64,
    /// When the ingest began; a time more than 48 hours later is impossible.
    pub ingest_us: Micros,
    /// How lines of the source usually end.
    pub line_end: LineEnd,
    /// The zone of times that print none; without it they are taken as UTC.
    pub zone: Option<Tz>,
    /// The longest line that can become a row, in bytes.
    pub line_bytes_max: usize,
    /// The header lines in force where the chunk begins, for formats that have such.
    pub headers: Option<Arc<Headers>>,
    /// Where the records of the chunk end, for formats whose records are no lines.
    pub cuts: Option<Arc<[Cut]>>,
    /// A moment near which the source ends; the year of times that print none follows from it.
    pub near_us: Micros,
}

/// One worker's state of parsing: dictionaries and open row groups. It lives as long as the source is being read.
pub trait ChunkParser: Send {
    /// Parses whole lines (only the last of a source may lack its line end). Every line ends in `out`, or in an open
    /// row group that a later call or [`ChunkParser::flush`] hands over, exactly once.
    fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink);

    /// Hands over all open row groups.
    fn flush(&mut self, out: &mut ChunkSink);

    /// Its rows are those of this class of a source with several formats; each row notes it, unless it is 0.
    fn mark(&mut self, _class: usize) {}
}

/// A compiled format: makes chunk parsers and renders rows.
pub trait Parser: Send + Sync + fmt::Debug {
    /// The format's id, as `system.sources` shows it.
    fn id(&self) -> &str;

    /// What it was compiled from; with [`open`] it gives the same parser again. Empty where the id says it all.
    fn spec(&self) -> &str;

    /// How well it fits a sample of lines, given without their line ends.
    fn score(&self, lines: &[&[u8]]) -> Score;

    /// The columns that its rows can have besides those of every row, in the order of the table.
    fn columns(&self) -> Vec<Col> {
        Vec::new()
    }

    /// Names under which `extra` may hold the exact text of a field that fills a column.
    fn exact_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether lines are read by header lines before them, which then must be known where a chunk begins.
    fn has_headers(&self) -> bool {
        false
    }

    /// How its sources are cut into records.
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    /// The same format for lines that stand in an envelope.
    fn enveloped(&self, _envelope: &Envelope) -> Option<Box<dyn Parser>> {
        None
    }

    /// The same parser for a source whose zone was given, where the format's own rule would say UTC.
    fn localized(&self) -> Option<Box<dyn Parser>> {
        None
    }

    /// A parser for one worker.
    fn chunk_parser(&self) -> Box<dyn ChunkParser>;

    /// Appends the line a row came from, without its line end: the row's `raw`, or the line rebuilt from its columns.
    /// `zone` is the one the source was read with.
    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>);
}

/// A log format: one file, one line in [`FORMATS`].
pub trait Format: Send + Sync + fmt::Debug {
    /// The name on the command line and in `system.sources`.
    fn id(&self) -> &'static str;

    /// The product and the name of the format there.
    fn title(&self) -> &'static str;

    /// Where the format comes from, what it carries, what its times mean.
    fn doc(&self) -> &'static str;

    /// The format in its own language (a Squid `logformat`, an Apache `LogFormat`).
    fn definition(&self) -> &'static str;

    /// Compiles it; `spec` refines formats that take a description and is empty for the others.
    ///
    /// # Errors
    /// [`FormatError::Syntax`] if `spec` is wrong.
    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError>;

    /// A parser for a source with these first lines (without line ends); `None` if they can't be this format's. Formats
    /// that learn nothing read any source alike.
    fn learn(&self, _lines: &[&[u8]]) -> Option<Box<dyn Parser>> {
        self.compile("").ok()
    }

    /// A parser for lines that were taken out of envelopes, with the times of these.
    fn learn_within(&self, lines: &[&[u8]], _times: &[&[u8]]) -> Option<Box<dyn Parser>> {
        self.learn(lines)
    }

    /// Which end of a transaction its times mark.
    fn basis(&self) -> Basis {
        Basis::End
    }

    /// Whether it is only taken where it is named, because its lines are those of another format.
    fn by_name_only(&self) -> bool {
        false
    }

    /// The names of its fields and what they mean.
    fn fields(&self) -> Vec<(String, String)> {
        self.description().map(|found| found.fields().to_vec()).unwrap_or_default()
    }

    /// What it is made of, for formats whose fields have names.
    fn description(&self) -> Option<Description> {
        None
    }

    /// The columns that its rows can have besides those of every row, in the order of the table.
    fn columns(&self) -> Vec<Col> {
        self.compile("").map(|parser| parser.columns()).unwrap_or_default()
    }

    /// Its page in the docs, where that follows from its description.
    fn page(&self) -> Option<String> {
        None
    }
}

/// All formats, the more general of two dialects first.
pub static FORMATS: &[&'static dyn Format] = &[
    &squid::Squid,
    &squid_common::SquidCommon,
    &squid_combined::SquidCombined,
    &squid_referrer::SquidReferrer,
    &squid_useragent::SquidUseragent,
    &ncsa_common::NcsaCommon,
    &ncsa_combined::NcsaCombined,
    &nginx_combined::FORMAT,
    &nginx_main::FORMAT,
    &haproxy_tcp::FORMAT,
    &haproxy_http::FORMAT,
    &haproxy_http_host::FORMAT,
    &haproxy_https::FORMAT,
    &w3c::FORMAT,
    &proxysg::FORMAT,
    &bcreportermain_v1::FORMAT,
    &bcreporterssl_v1::FORMAT,
    &iis::FORMAT,
    &iis_ftp::FORMAT,
    &cloudfront::FORMAT,
    &isa_tmg::FORMAT,
    &incapsula::FORMAT,
    &webmarshal::FORMAT,
    &cisco_wsa_w3c::FORMAT,
    &netskope::FORMAT,
    &netskope_csv::FORMAT,
    &zscaler_csv::FORMAT,
    &zscaler_tsv::FORMAT,
    &zscaler_caret::FORMAT,
    &paloalto_url::FORMAT,
    &fortigate::FORMAT,
    &cisco_umbrella::FORMAT,
    &zeek_json::FORMAT,
    &har::FORMAT,
    &modsecurity::FORMAT,
    &squid_agents::FORMAT,
    &squid_firewall::FORMAT,
    &apache_vhost::FORMAT,
    &apache_vhost_combined::FORMAT,
    &apache_combinedio::FORMAT,
    &apache_combined_time::FORMAT,
    &apache_ssl_request::FORMAT,
    &nginx_ingress::FORMAT,
    &traefik::FORMAT,
    &kerio_http::FORMAT,
    &skyhigh_access::FORMAT,
    &cisco_wsa::FORMAT,
    &ats_common::FORMAT,
    &ats_extended::FORMAT,
    &ats_extended2::FORMAT,
    &ats_squid::FORMAT,
    &envoy::FORMAT,
    &istio::FORMAT,
    &e2guardian::FORMAT,
    &dansguardian::FORMAT,
    &e2guardian_protex::FORMAT,
    &e2guardian_flags::FORMAT,
    &threeproxy::FORMAT,
    &threeproxy_default::FORMAT,
    &tinyproxy::FORMAT,
    &privoxy::FORMAT,
    &zeek_tsv::FORMAT,
    &fortiproxy::FORMAT,
    &sophos_utm::FORMAT,
    &sophos_swa::FORMAT,
    &sophos_xg::FORMAT,
    &forcepoint_kv::FORMAT,
    &mwg_kv::FORMAT,
    &zscaler_kv::FORMAT,
    &zscaler_json::FORMAT,
    &proxysg_kv::FORMAT,
    &ats_welf::FORMAT,
    &zscaler_cef::FORMAT,
    &zscaler_leef::FORMAT,
    &forcepoint_cef::FORMAT,
    &forcepoint_leef::FORMAT,
    &fortigate_cef::FORMAT,
    &cef_web::FORMAT,
    &modsecurity_json::FORMAT,
    &modsecurity_json2::FORMAT,
    &envoy_json::FORMAT,
    &nginx_json::FORMAT,
    &traefik_json::FORMAT,
    &caddy::FORMAT,
    &netskope_json::FORMAT,
    &skyhigh_kv::FORMAT,
];

/// The id of formats that users describe themselves.
pub const LOGFORMAT: &str = "logformat";

/// The format named `id`; `squid-common` is `squid_common`, and so on.
pub fn find(id: &str) -> Option<&'static dyn Format> {
    let id = id.replace('-', "_").to_ascii_lowercase();
    FORMATS.iter().copied().find(|format| format.id() == id)
}

/// Compiles a format string given by the user: Squid's `logformat`, or that of another program, told by its signs or
/// by a word before it (`nginx:$remote_addr ...`).
///
/// # Errors
/// [`FormatError::Syntax`], pointing at the place.
pub fn logformat(spec: &str) -> Result<Box<dyn Parser>, FormatError> {
    let (language, definition) = Language::of(spec);
    // A string that every release reads alike is kept as it is.
    let first = language == Language::Squid
        && Language::FirstSquid.tokens(definition) == Language::Squid.tokens(definition);
    let kept = match first {
        true => definition.to_owned(),
        false => format!("{}:{definition}", language.word()),
    };
    Ok(Box::new(compiled::compile(LOGFORMAT, language, definition, &kept)?))
}

/// Compiles a format string that the ledger keeps: without a word before it, it is Squid's in
/// the words of the first release.
fn kept_logformat(spec: &str) -> Result<Box<dyn Parser>, FormatError> {
    let (language, definition) = Language::named(spec).unwrap_or((Language::FirstSquid, spec));
    Ok(Box::new(compiled::compile(LOGFORMAT, language, definition, spec)?))
}

/// Compiles the format that the ledger names for a source.
///
/// # Errors
/// [`FormatError::Unknown`], [`FormatError::Syntax`].
pub fn open(id: &str, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
    if let Some(parser) = around::open(id, spec) {
        return parser;
    }
    // A description of one's own counts, even if a later version has a format of that name.
    if spec.starts_with(dialect::OWN) {
        return dialect::own(id, spec);
    }
    match find(id) {
        Some(format) => format.compile(spec),
        None if id == LOGFORMAT => kept_logformat(spec),
        None => Err(unknown(id, [])),
    }
}

/// That no format has this name, with the one that was meant, perhaps; `own` are the names of the user's formats.
pub(crate) fn unknown<'a>(name: &str, own: impl IntoIterator<Item = &'a str>) -> FormatError {
    let known = own.into_iter().chain(FORMATS.iter().map(|format| format.id()));
    let near = storage::nearest::nearest(name, known).map(Into::into);
    FormatError::Unknown { name: name.into(), near }
}

/// The names of fields and words of a layout that fill a column.
pub(crate) fn exact_names_of(layout: &Layout) -> Vec<String> {
    let words = layout.words.iter().filter(|word| word.has_column());
    let fields = words
        .flat_map(|word| word.fields().map(|field| field.name.clone()).chain([word.name.clone()]));
    fields.collect()
}

/// The columns that the words of a layout fill, in the order of the table.
pub(crate) fn columns_of(layout: &Layout) -> Vec<Col> {
    use crate::lexer::{Kind, layout::claims};
    let mut columns: Vec<Col> = Vec::new();
    for field in layout.words.iter().flat_map(|word| word.fields()) {
        columns.extend(claims(&field.kind));
        match field.kind {
            Kind::Action => columns.extend([Col::Verdict, Col::Cache]),
            Kind::Verdict(..) | Kind::Judged(..) => columns.push(Col::Verdict),
            _ => {}
        }
    }
    columns.sort_unstable();
    columns.dedup();
    columns
}
