//! How far is it? A bar on a terminal with rows and bytes a second, and nothing in a pipe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::cancel::Cancel;
use crate::say;

/// The progress of an ingest; also carries Ctrl-C down into it.
pub(crate) struct IngestProgress {
    bar: ProgressBar,
    rows: AtomicU64,
    bytes: AtomicU64,
    cancel: Cancel,
}

impl IngestProgress {
    /// A bar if stderr is a terminal.
    pub(crate) fn new(cancel: Cancel) -> Self {
        let bar = if say::is_terminal() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8))
        } else {
            ProgressBar::hidden()
        };
        Self { bar, rows: AtomicU64::new(0), bytes: AtomicU64::new(0), cancel }
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl ingest::Progress for IngestProgress {
    fn begin(&self, input_bytes: Option<u64>) {
        if self.bar.is_hidden() {
            return;
        }
        let template = match input_bytes {
            Some(_) => {
                "{bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {msg}  {eta} left"
            }
            None => "{spinner} {binary_bytes}  {binary_bytes_per_sec}  {msg}",
        };
        if let Some(total) = input_bytes {
            self.bar.set_length(total);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            let eta = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // Compressed input grows while it is read: no estimate then.
                let past = state.len().is_some_and(|len| state.pos() >= len);
                let _ = if past { out.write_str("-") } else { write!(out, "{:.0?}", state.eta()) };
            };
            self.bar.set_style(style.with_key("eta", eta));
        }
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn advance(&self, bytes: u64, rows: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        if self.bar.is_hidden() {
            return;
        }
        self.bar.inc(bytes);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate for people has three digits"
        )]
        let rate = (rows as f64 / self.bar.elapsed().as_secs_f64().max(0.001)) as u64;
        self.bar.set_message(format!("{} rows  {} rows/s", say::count(rows), say::count(rate)));
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_asked()
    }
}

/// The progress of something that moves bytes: a line on a terminal, and nothing in a pipe.
pub(crate) struct BytesProgress(ProgressBar);

impl BytesProgress {
    /// A line if stderr is a terminal.
    pub(crate) fn new(what: &str) -> Self {
        if !say::is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let template = "{spinner} {msg}  {binary_bytes}  {binary_bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// So many bytes more.
    pub(crate) fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for BytesProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
