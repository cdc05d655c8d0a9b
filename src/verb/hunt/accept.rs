//! `dwell hunt accept agents`: which user agents does the house send when nothing is wrong?

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use detect::agents::accept::{Accepted, plan};
use query::{Session, accepted};
use serde_json::json;
use storage::day::Day;
use storage::ledger::text::Text;
use storage::store::Store;
use storage::tables::{self, Kind, Place, Put};

use super::super::{Outcome, restore, sql};
use crate::args::hunt::{Accept, Acceptable};
use crate::context::Context;
use crate::output::target::Target;
use crate::reader::Reader;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;
/// How many agents are told one by one to people.
const SHOWN: usize = 20;

/// Runs the command.
pub(super) fn run(context: &Context, args: &Accept) -> Result<Outcome> {
    match args.what {
        Acceptable::Agents => agents(context, args),
    }
}

fn agents(context: &Context, args: &Accept) -> Result<Outcome> {
    let store = context.open()?;
    let (since, until) = sql::bounds(context, &args.bounds)?;
    let since = since.map(Day::of);
    // A bound within a day takes the day.
    let until = until.map(|until| Day::of(Day::of(until - 1).end()));
    let list = read(context, &store, args.min_clients, (since, until))?;
    let record = (!list.agents.is_empty()).then(|| keep(context, &store, &list)).transpose()?;
    tell(&list, record);
    if context.json {
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let document = json!({"report": "hunt_accept", "schema_version": REPORT_VERSION, "what": "agents",
            "since": day(since), "until": day(until), "min_clients": list.min_clients, "clients": list.clients,
            "agents": list.agents, "platforms": list.platforms, "record": record});
        let mut target = Target::stdout();
        serde_json::to_writer_pretty(&mut target, &document)?;
        writeln!(target)?;
        target.finish()?;
    }
    Ok(Outcome::done(list.agents.len() as u64, 0))
}

fn read(
    context: &Context,
    store: &Arc<Store>,
    min_clients: u64,
    (since, until): (Option<Day>, Option<Day>),
) -> Result<Accepted> {
    let state = store.state();
    let reader = Reader::new(store);
    let mut options = sql::options(context, store)?;
    options.spill_dir = reader.spill_dir().map(std::path::Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let seen = runtime.block_on(async {
        let session = Session::open(Arc::clone(store) as _, &state, options)?;
        accepted::seen(&session, since, until).await
    });
    runtime.shutdown_background();
    Ok(plan(&seen?, min_clients))
}

fn keep(context: &Context, store: &Arc<Store>, list: &Accepted) -> Result<u64> {
    let state = store.refresh()?;
    let put = Put {
        place: Place::Tables,
        key: accepted::key(),
        rows: list.agents.len() as u64,
        basis: state.records,
        input: None,
        skipped: 0,
        content: serde_json::to_vec(list)?,
    };
    let words = Text::by(&context.by);
    let options = restore::commit_options(context);
    Ok(tables::change(store, Kind::Table, vec![put], Vec::new(), words, &options)?)
}

fn tell(list: &Accepted, record: Option<u64>) {
    let least = say::count(list.min_clients);
    let clients = say::count(list.clients);
    if record.is_none() {
        say::say(format_args!(
            "no user agent was sent by {least} or more of {clients} clients: nothing is accepted, the list stays as it was"
        ));
        return;
    }
    say::say(format_args!(
        "{} user agents are accepted, each sent by at least {least} of {clients} clients",
        say::count(list.agents.len() as u64)
    ));
    for agent in list.agents.iter().take(SHOWN) {
        let pattern = crate::output::escape::visible(&agent.pattern);
        say::say(format_args!("  {:>6} clients  {pattern}", say::count(agent.clients)));
    }
    if list.agents.len() > SHOWN {
        let more = say::count((list.agents.len() - SHOWN) as u64);
        say::say(format_args!("  and {more} more: `SELECT * FROM accepted_agents`"));
    }
    for one in &list.platforms {
        let computers = crate::output::escape::visible(&one.computers);
        say::say(format_args!(
            "  computers named {computers} have {} ({} of {})",
            one.system, one.usual, one.named
        ));
    }
}
