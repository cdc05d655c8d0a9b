//! What became of each input: outcome, accounts, format with its runner-up, and the next command where one is due.

use std::path::PathBuf;

use storage::clock::Micros;
use storage::extent::Counts;

/// What became of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// New, and stored to its end.
    Stored,
    /// Quarantined lines of it were read anew, and some are rows now.
    Retried,
    /// Its quarantined lines were read anew, and none has become a row: nothing was written.
    Unchanged,
    /// Its content was there already, under this or another name; nothing was written.
    AlreadyStored,
    /// It has grown since; only what is new was stored.
    Grown,
    /// An earlier run had stopped in it (or its copy was damaged); the rest was stored.
    Continued,
    /// No bytes: a source with no lines.
    Empty,
    /// No format (or more than one) fits: all of its lines are in quarantine.
    Quarantined,
    /// The compressed input is damaged: what came out of it is stored.
    Damaged,
    /// It is no text (an image, a program, a capture): nothing was stored.
    Refused,
    /// It could not be opened or read: nothing (more) was stored.
    Unreadable,
}

impl Outcome {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Retried => "retried",
            Self::Unchanged => "unchanged",
            Self::AlreadyStored => "already_stored",
            Self::Grown => "grown",
            Self::Continued => "continued",
            Self::Empty => "empty",
            Self::Quarantined => "quarantined",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The format of a source, and how sure that is.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatChoice {
    /// Its id.
    pub id: String,
    /// Share of the sampled lines it reads; `None` where it was given, not found out.
    pub score: Option<f64>,
    /// The next best format and its share.
    pub runner_up: Option<(String, f64)>,
    /// What should be said about the choice (a more general format was taken, ...).
    pub note: Option<String>,
}

impl FormatChoice {
    /// A format that was asked for.
    pub fn given(id: impl Into<String>) -> Self {
        Self { id: id.into(), score: None, runner_up: None, note: None }
    }

    /// How far the winner is ahead of the next.
    pub fn margin(&self) -> Option<f64> {
        let score = self.score?;
        Some(score - self.runner_up.as_ref().map_or(0.0, |(_, next)| *next))
    }
}

/// What became of one source.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// The path as given or found (`-` for standard input, or the name it was given).
    pub path: PathBuf,
    /// Its id in the store, if it has one.
    pub source_id: Option<i32>,
    /// What became of it.
    pub outcome: Outcome,
    /// The accounts of what this run stored (not of earlier extents).
    pub counts: Counts,
    /// Bytes (decompressed) that this run stored.
    pub bytes: u64,
    /// How many of the rows needed their exact bytes kept in `raw`.
    pub raw_rows: u64,
    /// The quarantined lines by reason.
    pub reasons: Vec<(String, u64)>,
    /// First and last event time of the rows.
    pub ts_range: Option<(Micros, Micros)>,
    /// How many rows took the zone on trust, as their lines print none and none was given.
    pub assumed_zone: u64,
    /// Commits made.
    pub extents: u32,
    /// The format, where one was found or given.
    pub format: Option<FormatChoice>,
    /// What its privacy rule takes away, if it came in under one.
    pub privacy: Option<String>,
    /// What a person should know.
    pub message: Option<String>,
    /// The command to run next.
    pub next: Option<String>,
}

impl SourceReport {
    /// A report of an input of which nothing is stored (yet).
    pub fn new(path: impl Into<PathBuf>, outcome: Outcome) -> Self {
        Self {
            path: path.into(),
            source_id: None,
            outcome,
            counts: Counts::default(),
            bytes: 0,
            raw_rows: 0,
            reasons: Vec::new(),
            ts_range: None,
            assumed_zone: 0,
            extents: 0,
            format: None,
            privacy: None,
            message: None,
            next: None,
        }
    }

    /// Whether the input came in (now or before), as far as it could be read.
    pub fn is_stored(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused | Outcome::Unreadable)
    }

    /// Whether something is left to look at: exit code 3.
    pub fn needs_attention(&self) -> bool {
        match self.outcome {
            Outcome::Unchanged => false,
            Outcome::Damaged => true,
            _ => !self.is_stored() || self.counts.quarantined > 0,
        }
    }
}

/// What became of a run: one entry for each input, in the order of the inputs.
#[derive(Debug, Clone, Default)]
pub struct IngestReport {
    /// The sources.
    pub sources: Vec<SourceReport>,
}

impl IngestReport {
    /// The accounts of all sources together.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.sources.iter().for_each(|source| sum.add(&source.counts));
        sum
    }

    /// Bytes stored of all sources together.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }

    /// Rows that needed their exact bytes kept.
    pub fn raw_rows(&self) -> u64 {
        self.sources.iter().map(|source| source.raw_rows).sum()
    }

    /// No input could be taken in: exit code 1.
    pub fn none_stored(&self) -> bool {
        !self.sources.is_empty() && !self.sources.iter().any(SourceReport::is_stored)
    }

    /// Some input or line is left to look at: exit code 3 (unless [`Self::none_stored`]).
    pub fn needs_attention(&self) -> bool {
        self.sources.iter().any(SourceReport::needs_attention)
    }
}
