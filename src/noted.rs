//! Is a query noted? If `dwell.toml` asks for it (`[query] log = true`): before it runs, and again with what came out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use query::SessionOptions;
use storage::querylog::{Asked, QueryLog};
use storage::store::Store;

use crate::context::{Context, user_number};
use crate::exit::{Exit, Interrupted, of};
use crate::{say, when};

/// A query that may stand in the log.
#[derive(Debug)]
pub(crate) struct Noted {
    entry: Option<(QueryLog, Asked)>,
    rows: AtomicU64,
}

impl Noted {
    /// Notes a query that is about to run. Where the log can't be written (a read-only copy, a full disk), that is said
    /// and the query runs.
    pub(crate) fn begin(
        context: &Context,
        store: &Arc<Store>,
        options: &SessionOptions,
        text: &str,
    ) -> Result<Self> {
        let rows = AtomicU64::new(0);
        // The store's own setting counts: whoever asks can't switch it off with other settings.
        if !store.config().query.log && !context.settings(store)?.query.log {
            return Ok(Self { entry: None, rows });
        }
        let mut sql = text.trim().to_owned();
        for (name, at) in [("since", options.since_us), ("until", options.until_us)] {
            if let Some(at) = at {
                sql.push_str(&format!("\n-- {name} {}", when::rfc3339(at)));
            }
        }
        let log = store.query_log();
        match log.ask(context.now_us, &who(context), &sql) {
            Ok(asked) => Ok(Self { entry: Some((log, asked)), rows }),
            Err(error) => {
                say::note(format_args!("this query is not in the log of queries: {error}"));
                Ok(Self { entry: None, rows })
            }
        }
    }

    /// Where the rows are counted that were given out.
    pub(crate) fn rows(&self) -> &AtomicU64 {
        &self.rows
    }

    /// Notes how it ended.
    pub(crate) fn end<T>(self, result: &Result<T>) {
        let Some((log, asked)) = self.entry else { return };
        let outcome = match result {
            Ok(_) => "done",
            Err(error) if error.is::<Interrupted>() || of(error) == Exit::Interrupted => {
                "interrupted"
            }
            Err(_) => "failed",
        };
        let rows = self.rows.load(Ordering::Relaxed);
        if let Err(error) = log.answer(asked, storage::clock::now_us(), rows, outcome) {
            say::note(format_args!("how this query ended is not in the log of queries: {error}"));
        }
    }
}

/// Who asks: the name in the environment, and the number of the account, which it can't set.
fn who(context: &Context) -> String {
    let number = user_number();
    if context.by == number { number } else { format!("{} ({number})", context.by) }
}
