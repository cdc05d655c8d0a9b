//! `dwell pseudonym`: which pseudonym does a known name have in this store? Never the way back.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use storage::observable::addr;
use storage::privacy::Kind;

use super::Outcome;
use crate::args::{Pseudonym, PseudonymKind};
use crate::context::Context;
use crate::output::target::Target;
use crate::output::{self, Format};
use crate::say;

impl From<PseudonymKind> for Kind {
    fn from(kind: PseudonymKind) -> Self {
        match kind {
            PseudonymKind::User => Self::User,
            PseudonymKind::ClientIp => Self::ClientIp,
            PseudonymKind::Computer => Self::Computer,
        }
    }
}

/// Writes the pseudonym of each name.
pub(super) fn run(context: &Context, args: &Pseudonym) -> Result<Outcome> {
    let store = context.open()?;
    if args.new_key {
        let key = store.new_privacy_key()?;
        say::say(format_args!("privacy key {} made; keep a copy of it", key.id()));
        return Ok(Outcome::default());
    }
    let key = store.privacy_key()?.ok_or_else(|| {
        anyhow::anyhow!(
            "store {} has no pseudonyms: no source came in under a privacy rule yet",
            store.id()
        )
    })?;
    let kind_of = |value: &str| match args.kind {
        Some(kind) => kind.into(),
        // Where an address stands in the place of a user, it has the pseudonym of the client.
        None if addr::normalize(value).is_some() => Kind::ClientIp,
        None => Kind::User,
    };
    let kinds: Vec<Kind> = args.values.iter().map(|value| kind_of(value)).collect();
    let names = kinds.iter().map(|kind| Some(kind.col().name())).collect::<StringArray>();
    let pseudonyms =
        kinds.iter().zip(&args.values).map(|(kind, value)| key.pseudonym(*kind, value));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("value", Arc::new(StringArray::from_iter_values(&args.values))),
        ("kind", Arc::new(names)),
        ("pseudonym", Arc::new(StringArray::from_iter_values(pseudonyms))),
    ];
    let output = &args.output;
    let format = Format::choose(output.format, output.output.as_deref(), context.json);
    let batch = RecordBatch::try_from_iter(columns)?;
    let target = Target::open(output.output.as_deref())?;
    let mut writer = output::writer(format, &batch.schema(), target)?;
    writer.batch(&batch)?;
    writer.finish()?;
    Ok(Outcome::done(batch.num_rows() as u64, 0))
}
