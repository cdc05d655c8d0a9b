//! Which SQL functions does dwell add to DataFusion's own, and how is each one called?
//!
//! One file per function below this module. Each file has the rule as a pure function, the thin wrapper that gives
//! it to DataFusion, and its [`FunctionDoc`], from which `system.functions` and `docs/functions.md` are made.

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;
use std::fmt;

mod agents;
mod beacon;
mod beacon_score;
mod beacon_stats;
mod body_text;
mod computer_pattern;
mod defang;
mod entropy;
pub(crate) mod extra_get;
mod full_url;
pub(crate) mod ioc_host;
pub(crate) mod ioc_match;
mod ip_in;
mod is_nonstandard_port;
mod is_private_ip;
mod port_class;
mod registered_domain;
mod rita_score;
mod scalar;
mod text;
mod time_bin;
mod ua_class;
mod ua_distance;
mod ua_info;
mod ua_pattern;
mod ua_reason;
mod url_decode;

/// Whether a function is computed for each row, or over a group of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One value for each row.
    Scalar,
    /// One value for each group.
    Aggregate,
}

impl fmt::Display for FunctionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Aggregate => "aggregate",
        })
    }
}

/// What a user may know of a function; a row of `system.functions`.
#[derive(Debug, Clone)]
pub struct FunctionDoc {
    /// Name as written in SQL.
    pub name: &'static str,
    /// The whole call: `name(argument TYPE [, optional TYPE])`.
    pub signature: &'static str,
    /// Scalar or aggregate.
    pub kind: FunctionKind,
    /// SQL type of the result.
    pub returns: &'static str,
    /// What it says, and what it does with NULL and at the edges.
    pub summary: &'static str,
    /// A whole SELECT that runs in any session.
    pub example: &'static str,
    /// The file that holds the rule.
    pub source: &'static str,
    make: fn() -> Made,
}

/// The thing that DataFusion calls.
#[derive(Debug)]
enum Made {
    Scalar(ScalarUDF),
    Aggregate(AggregateUDF),
}

/// All functions, by name.
static ALL: &[&FunctionDoc] = &[
    &beacon_score::DOC,
    &beacon_stats::DOC,
    &body_text::DOC,
    &computer_pattern::DOC,
    &defang::DOC,
    &entropy::DOC,
    &extra_get::DOC,
    &full_url::DOC,
    &ioc_host::DOC,
    &ioc_match::DOC,
    &ip_in::DOC,
    &is_nonstandard_port::DOC,
    &is_private_ip::DOC,
    &port_class::DOC,
    &registered_domain::DOC,
    &rita_score::DOC,
    &time_bin::DOC,
    &ua_class::DOC,
    &ua_distance::DOC,
    &ua_info::DOC,
    &ua_pattern::DOC,
    &ua_reason::DOC,
    &url_decode::DOC,
];

/// The functions that dwell adds, sorted by name.
pub fn all() -> impl ExactSizeIterator<Item = &'static FunctionDoc> {
    ALL.iter().copied()
}

/// Makes the functions known to a session.
pub fn register(context: &SessionContext) {
    for doc in all() {
        match (doc.make)() {
            Made::Scalar(udf) => context.register_udf(udf),
            Made::Aggregate(udaf) => context.register_udaf(udaf),
        }
    }
}
