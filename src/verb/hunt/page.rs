//! What does the report say beside the findings? The rows behind the first of them, what the hunts could see, and under
//! which head of the ledger.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use detect::finding::Finding;
use detect::order::groups;
use detect::report::{
    self, Chart, Coverage, DayRows, Detail, Head, HourRows, Report, Rows, Source,
};
use futures::StreamExt as _;
use query::Session;
use storage::day::Day;
use storage::store::Store;

use super::super::sql;
use super::run::Found;
use crate::context::Context;
use crate::exit::Interrupted;
use crate::output::cell::Column;
use crate::output::target::Target;
use crate::reader::Reader;

/// Findings whose rows are shown; the others have the SQL for it.
const DETAILED: usize = 200;
/// Rows shown of each.
const ROWS: usize = 10;
/// Rows that charts are drawn from.
const CHARTED: usize = 20_000;
/// The columns that are shown.
const COLUMNS: [&str; 11] = [
    "ts",
    "client_ip",
    "user",
    "method",
    "url",
    "status",
    "request_bytes",
    "response_bytes",
    "user_agent",
    "action",
    "source_id",
];

/// Writes the report of what was found.
pub(in crate::verb) fn write(
    context: &Context,
    store: &Arc<Store>,
    found: &Found,
    path: &Path,
) -> Result<()> {
    let reader = Reader::new(store);
    let mut options = sql::options(context, store)?;
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let made = runtime.block_on(async {
        let work = async {
            let session = Session::over(store, options)?;
            make(context, store, &session, found).await
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = work => result,
        }
    });
    runtime.shutdown_background();
    let mut target = Target::open(Some(path))?;
    target.write_all(report::html(&made?).as_bytes())?;
    target.finish()
}

async fn make(
    context: &Context,
    store: &Arc<Store>,
    session: &Session,
    found: &Found,
) -> Result<Report> {
    let state = store.state();
    let (first, last) = (state.days.keys().next(), state.days.keys().next_back());
    let since = found.bounds.0.or(first.map(|day| day.start())).unwrap_or_default();
    let until = found.bounds.1.or(last.map(|day| day.end())).unwrap_or_default();
    let skipped = found.skipped.iter().map(|(id, missing)| report::Skipped {
        hunt: id.clone(),
        missing: missing.clone(),
        reason: None,
    });
    let failed = found.failed.iter().map(|(id, error)| report::Skipped {
        hunt: id.clone(),
        missing: Vec::new(),
        reason: Some(error.clone()),
    });
    let mut made = Report {
        schema: report::SCHEMA.to_owned(),
        title: "Hunt report".to_owned(),
        since,
        until,
        made: context.now_us,
        by: concat!("dwell ", env!("CARGO_PKG_VERSION")).to_owned(),
        store: store.id().to_owned(),
        head: Head {
            origin: store.id().to_owned(),
            size: state.records,
            root: BASE64_STANDARD.encode(state.root.0),
        },
        hunts: found.ran.iter().map(|(hunt, _)| ran(hunt)).collect(),
        skipped: skipped.chain(failed).collect(),
        excused: found.excused,
        below: found.below,
        findings: found.findings.clone(),
        new: found.new.clone().unwrap_or_default(),
        coverage: coverage(session, since, until).await?,
        ..Report::default()
    };
    let mut done = BTreeSet::new();
    for finding in groups(&found.findings).iter().flat_map(|group| group.findings()) {
        if done.len() >= DETAILED {
            break;
        }
        if done.insert(finding.id.clone()) {
            made.details.insert(finding.id.clone(), detail(session, finding).await?);
        }
    }
    Ok(made)
}

fn ran(hunt: &detect::hunt::Hunt) -> report::Ran {
    report::Ran {
        id: hunt.id.clone(),
        title: hunt.title.clone(),
        finds: hunt.finds.clone(),
        because: hunt.because.clone(),
        attack: hunt.attack.clone(),
        false_positives: hunt.false_positives.clone(),
    }
}

/// All cells of a query as text.
async fn cells(session: &Session, text: &str) -> Result<Vec<Vec<Option<String>>>> {
    let mut answer = session.sql(text).await?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.stream.next().await {
        let batch = batch?;
        let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for (column, array) in columns.iter().zip(batch.columns()) {
                let mut text = String::new();
                column.push_text(row, &mut text)?;
                cells.push((!array.is_null(row)).then_some(text));
            }
            rows.push(cells);
        }
    }
    Ok(rows)
}

fn number(cell: Option<&Option<String>>) -> u64 {
    cell.and_then(Option::as_deref).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn text(cell: Option<&Option<String>>) -> String {
    cell.and_then(Option::clone).unwrap_or_default()
}

async fn detail(session: &Session, finding: &Finding) -> Result<Detail> {
    let names: Vec<_> = COLUMNS.iter().map(|name| format!("\"{name}\"")).collect();
    let sql =
        format!("SELECT {} FROM ({}) AS evidence LIMIT {ROWS}", names.join(", "), finding.evidence);
    let rows = Rows {
        columns: COLUMNS.iter().map(|name| (*name).to_owned()).collect(),
        rows: cells(session, &sql).await?,
        total: finding.count,
    };
    let sql = format!(
        "SELECT CAST(CAST(ts AS BIGINT) AS VARCHAR) AS at, request_bytes, response_bytes FROM ({}) AS evidence LIMIT {CHARTED}",
        finding.evidence
    );
    let points = cells(session, &sql).await?;
    let at = |row: &Vec<Option<String>>| number(row.first()) as i64;
    let mut charts = vec![Chart::activity(points.iter().map(at))];
    if finding.hunt.contains("beacon") {
        charts.push(Chart::gaps(points.iter().map(at), None));
    }
    let bytes = |row: &Vec<Option<String>>| (at(row), number(row.get(1)), number(row.get(2)));
    if points.iter().map(bytes).any(|(_, sent, received)| sent + received > 0) {
        charts.push(Chart::bytes(points.iter().map(bytes)));
    }
    Ok(Detail { rows, charts })
}

async fn coverage(session: &Session, since: i64, until: i64) -> Result<Coverage> {
    let sources = cells(
        session,
        "SELECT source_id, path, format, state, bytes, lines, rows, quarantined, first_ts, last_ts, \
         CAST(CAST(first_ts AS BIGINT) AS VARCHAR) AS first_us, CAST(CAST(last_ts AS BIGINT) AS VARCHAR) AS last_us \
         FROM system.sources ORDER BY source_id",
    )
    .await?;
    let sources = sources.iter().filter(|row| {
        let of = |at: usize| row.get(at).and_then(Option::as_deref)?.parse::<i64>().ok();
        of(10).is_none_or(|first| first < until) && of(11).is_none_or(|last| last >= since)
    });
    let sources = sources.map(|row| Source {
        source_id: number(row.first()) as i64,
        path: text(row.get(1)),
        format: text(row.get(2)),
        state: text(row.get(3)),
        bytes: number(row.get(4)),
        lines: number(row.get(5)),
        rows: number(row.get(6)),
        quarantined: number(row.get(7)),
    });
    let hours = cells(
        session,
        &format!(
            "SELECT CAST(hour AS VARCHAR) AS at, CAST(count(*) AS VARCHAR) AS n FROM \
             (SELECT CAST(ts AS BIGINT) / 3600000000 AS hour FROM requests \
             WHERE day >= DATE '{}' AND day <= DATE '{}') AS t GROUP BY hour ORDER BY hour",
            Day::of(since),
            Day::of((until - 1).max(since)),
        ),
    )
    .await?;
    let hours: Vec<HourRows> = hours
        .iter()
        .map(|row| HourRows {
            at: number(row.first()) as i64 * 3_600_000_000,
            rows: number(row.get(1)),
        })
        .filter(|hour| hour.at + 3_600_000_000 > since && hour.at < until)
        .collect();
    let mut days: Vec<DayRows> = Vec::new();
    for hour in &hours {
        match days.last_mut() {
            Some(day) if day.day == Day::of(hour.at) => day.rows += hour.rows,
            _ => days.push(DayRows { day: Day::of(hour.at), rows: hour.rows }),
        }
    }
    Ok(Coverage { sources: sources.collect(), days, hours })
}
