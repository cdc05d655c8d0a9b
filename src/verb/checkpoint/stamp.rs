//! `dwell checkpoint timestamp`: an authority says that the head was there by now.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;
use storage::store::Store;

use super::http;
use crate::args::checkpoint::Timestamp;
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;
use crate::timestamp::{self, Stamp};
use crate::verb::Outcome;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Asks for the time stamp and keeps it, or does half of that where there is no network.
pub(super) fn run(context: &Context, args: &Timestamp) -> Result<Outcome> {
    let store = context.open()?;
    let version = args.at.unwrap_or(store.state().version);
    let note = store.checkpoint_of(version)?;
    let roots = args.tsa_ca.as_deref().map(bytes_of).transpose()?;
    let query = timestamp::request(note.as_bytes(), storage::store::nonce()?)?;
    if let Some(path) = &args.query {
        let mut target = Target::open(Some(path))?;
        target.write_all(&query)?;
        target.finish()?;
        say::say(format_args!(
            "request for ledger file {version} written; keep the answer with --at {version} --reply FILE"
        ));
        return Ok(Outcome::default());
    }
    let (answer, checked) = match (&args.tsa, &args.reply) {
        (Some(url), _) => {
            let answer = http::ask_authority(url, &query)?;
            timestamp::answers(&answer, &query)?;
            (answer, "its nonce")
        }
        (None, Some(path)) => (bytes_of(path)?, "no nonce, as the request is not at hand"),
        (None, None) => return Err(usage("--tsa URL, --query FILE or --reply FILE")),
    };
    let stamp = timestamp::check(&answer, note.as_bytes(), roots.as_deref())
        .context("the authority's answer is not kept")?;
    store.keep_stamp(version, &answer, context.wait_ms)?;
    tell(context, &store, version, &stamp, checked)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn tell(
    context: &Context,
    store: &Store,
    version: u64,
    stamp: &Stamp,
    checked: &str,
) -> Result<Outcome> {
    let path = format!("ledger/{}", storage::ledger::file::stamp_name(version));
    let at = when::rfc3339(stamp.at_us);
    let mut target = Target::stdout();
    if context.json {
        let report = json!({
            "report": "checkpoint_timestamp",
            "schema_version": REPORT_VERSION,
            "store_id": store.id(),
            "ledger_file": version,
            "path": path,
            "at": at,
            "policy": stamp.policy,
            "serial": stamp.serial,
            "authority_checked": stamp.trusted,
        });
        writeln!(target, "{report:#}")?;
    } else {
        writeln!(target, "{at}")?;
    }
    target.finish()?;
    let chain = if stamp.trusted {
        "that its certificate leads to the authority given, and was valid then"
    } else {
        "not whose certificate it is (--tsa-ca)"
    };
    say::say(format_args!(
        "kept as {path}; checked: its imprint, its signature, {checked}, {chain}; not checked: revocation"
    ));
    Ok(Outcome::default())
}
