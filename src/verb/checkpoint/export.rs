//! `dwell checkpoint export`: where does the head go?

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use reqwest::Url;
use serde_json::json;
use storage::ledger::note::{self, Checkpoint};

use super::http;
use crate::args::checkpoint::Export;
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;
use crate::say;
use crate::verb::Outcome;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// The socket of the system's log.
const SYSLOG: &str = "/dev/log";

/// Facility `authpriv`, severity `notice`, as RFC 3164 counts them.
const PRIORITY: u32 = 10 * 8 + 5;

/// Where a checkpoint goes.
#[derive(Debug, PartialEq, Eq)]
enum Goal<'a> {
    Stdout,
    Syslog(&'a Path),
    Url(Url),
    File(&'a Path),
}

fn goal(to: &str) -> Result<Goal<'_>> {
    Ok(match to {
        "" => return Err(usage("--to names nothing")),
        "-" => Goal::Stdout,
        "syslog" => Goal::Syslog(Path::new(SYSLOG)),
        to if to.starts_with("http://") || to.starts_with("https://") => {
            Goal::Url(http::checked(to)?)
        }
        to => match (to.strip_prefix("syslog:"), to.split_once("://")) {
            (Some(socket), _) => Goal::Syslog(Path::new(socket)),
            (None, Some((scheme, _))) => {
                return Err(usage(format!(
                    "cannot send a checkpoint by `{scheme}`: a file, `-`, syslog, http or https"
                )));
            }
            (None, None) => Goal::File(Path::new(to)),
        },
    })
}

/// Sends the checkpoint there.
pub(super) fn run(context: &Context, args: &Export) -> Result<Outcome> {
    let goal = goal(&args.to)?;
    let store = context.open()?;
    let version = args.at.unwrap_or(store.state().version);
    let signed = match args.at {
        Some(version) => store.checkpoint_of(version)?,
        None => store.checkpoint(),
    };
    let head = Checkpoint::parse(store.keys().open(&signed)?)?;
    let report = json!({
        "report": "checkpoint_export",
        "schema_version": REPORT_VERSION,
        "store_id": head.origin,
        "ledger_file": version,
        "records": head.size,
        "checkpoint": signed,
        "to": shown(&args.to),
    });
    if goal != Goal::Stdout {
        send(&goal, &signed)?;
        say::say(format_args!(
            "checkpoint over {} records sent to {}",
            say::count(head.size),
            shown(&args.to)
        ));
    }
    if goal == Goal::Stdout || context.json {
        let mut target = Target::stdout();
        if context.json {
            writeln!(target, "{report:#}")?;
        } else {
            target.write_all(signed.as_bytes())?;
        }
        target.finish()?;
    }
    Ok(Outcome::default())
}

/// What may be said of a place: a URL without its query, which may hold a secret.
fn shown(to: &str) -> &str {
    to.split(['?', '#']).next().unwrap_or(to)
}

fn send(goal: &Goal<'_>, signed: &str) -> Result<()> {
    match goal {
        Goal::Stdout => Ok(()),
        Goal::File(path) => {
            let mut target = Target::open(Some(path))?;
            target.write_all(signed.as_bytes())?;
            target.finish()
        }
        Goal::Url(url) => http::put(url.clone(), signed),
        Goal::Syslog(socket) => {
            let line = note::to_line(signed).ok_or_else(|| anyhow!("no signed checkpoint"))?;
            let what = || format!("cannot write to the log at `{}`", socket.display());
            let log = UnixDatagram::unbound().with_context(what)?;
            let message = format!("<{PRIORITY}>dwell[{}]: {line}", std::process::id());
            log.send_to(message.as_bytes(), socket).with_context(what)?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        assert_eq!(goal("-").unwrap(), Goal::Stdout);
        assert_eq!(goal("syslog").unwrap(), Goal::Syslog(Path::new("/dev/log")));
        assert_eq!(goal("syslog:/run/x").unwrap(), Goal::Syslog(Path::new("/run/x")));
        assert_eq!(goal("a/b.note").unwrap(), Goal::File(Path::new("a/b.note")));
        assert!(matches!(goal("https://x/y?z").unwrap(), Goal::Url(url) if url.path() == "/y"));
        assert!(goal("https://me:secret@x/y").is_err());
        assert!(goal("ftp://x/y").is_err() && goal("").is_err());
        assert_eq!(shown("https://x/y?sig=secret"), "https://x/y");
    }
}
