//! How do inputs become commits? Workers take sources one each, help with the large ones, and report.
//!
//! One worker a core. Each takes the next input, finds out whether its content is known, and reads it extent by extent;
//! who finds no input left helps to parse the extents of others. Memory is bounded by the workers, not by the inputs: a
//! chunk, its open row groups and one row group being encoded for each.

mod archive;
mod choose;
mod extent;
mod plan;
mod privacy;
mod retry;
pub mod shift;
mod source;
pub mod trial;
mod work;

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use storage::clock::Micros;
use storage::digest::Digest;
use storage::error::{Error, ErrorKind, Result};
use storage::store::{CommitOptions, Store};

use self::choose::Given;
use self::source::Taken;
use self::work::Shared;
use crate::input::{Input, expand};
use crate::options::{IngestOptions, InputArg, Progress};
use crate::report::{IngestReport, Outcome, SourceReport};

pub(crate) use self::choose::{known, zone_of};
pub(crate) use self::extent::MORE;
pub use self::retry::{retry, retry_all, retry_from};

/// More threads than this gain nothing, and each holds buffers.
const JOBS_MAX: usize = 256;

/// Brings inputs into a store.
///
/// Inputs that can't be read, damaged ones and quarantined lines are entries of the report, not errors.
///
/// # Errors
/// What ends the whole run: an unknown format or a bad description of one (`InvalidInput`), the store's own troubles
/// (`Locked`, `Integrity`, `Io`), or [`Progress::cancelled`] (`Interrupted`). What was committed stays; the rest is
/// dropped, and the same command goes on from there.
pub fn run(
    store: &Arc<Store>,
    inputs: &[InputArg],
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<IngestReport> {
    store.check_settings()?;
    let settings = options.settings.as_ref().unwrap_or(store.config());
    let given = Given::new(settings, options)?;
    let rules = privacy::Rules::new(options.settings.as_ref(), store.config())?;
    let found = expand(inputs, store.dir());
    if options.source_name.is_some() && found.len() > 1 {
        let message = format!("a source name for {} inputs", found.len());
        return Err(Error::new(ErrorKind::InvalidInput, message).advise("name one input only"));
    }
    let mut reports: Vec<Vec<SourceReport>> = vec![Vec::new(); found.len()];
    let mut tasks = Vec::new();
    let mut bytes = Some(0);
    for (at, found) in found.into_iter().enumerate() {
        match found {
            Ok(mut input) => {
                bytes = bytes.zip(input.size).map(|(sum, size): (u64, u64)| sum + size);
                if let Some(name) = &options.source_name {
                    input.name = name.into();
                }
                tasks.push((at, input));
            }
            Err(missing) => {
                let mut report = SourceReport::new(missing.path, Outcome::Unreadable);
                report.message = Some(missing.message);
                progress.finished(&report);
                reports[at].push(report);
            }
        }
    }
    progress.begin(bytes);
    store.refresh()?;
    let jobs = match options.jobs {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    }
    .min(JOBS_MAX);
    let run = Run {
        store,
        options,
        progress,
        given,
        rules,
        jobs,
        started_us: (options.clock)(),
        board: Mutex::new(Board {
            queue: (0..tasks.len()).collect(),
            unfinished: tasks.len(),
            ..Board::default()
        }),
        beginnings: Beginnings::default(),
        changed: Condvar::new(),
        stop: AtomicBool::new(false),
        failure: Mutex::new(None),
        reports: Mutex::new(reports),
        tasks,
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| run.worker());
        }
    });
    if let Some(error) = lock(&run.failure).take() {
        return Err(error);
    }
    let reports = std::mem::take(&mut *lock(&run.reports));
    Ok(IngestReport { sources: reports.into_iter().flatten().collect() })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What all workers of a run share.
struct Run<'a> {
    store: &'a Arc<Store>,
    options: &'a IngestOptions,
    progress: &'a dyn Progress,
    given: Given,
    rules: privacy::Rules,
    jobs: usize,
    /// When the run began: what event times are compared with.
    started_us: Micros,
    /// The inputs, with their places in the report.
    tasks: Vec<(usize, Input)>,
    board: Mutex<Board>,
    /// The beginnings of contents that are being taken in.
    beginnings: Beginnings,
    changed: Condvar,
    stop: AtomicBool,
    failure: Mutex<Option<Error>>,
    /// What became of each input; of an archive, of all that lies in it.
    reports: Mutex<Vec<Vec<SourceReport>>>,
}

/// Beginnings of contents, and how to hear that one has gone.
#[derive(Default)]
struct Beginnings {
    taken: Mutex<HashSet<Digest>>,
    released: Condvar,
}

/// What there is to do.
#[derive(Default)]
struct Board {
    queue: VecDeque<usize>,
    /// Inputs that begin like one being taken in: they wait until something is done.
    deferred: Vec<usize>,
    unfinished: usize,
    /// Extents that more workers could help with.
    open: Vec<Arc<Shared>>,
}

enum Task {
    Own(usize),
    Help(Arc<Shared>),
}

impl<'a> Run<'a> {
    /// A run without inputs, for what is stored already.
    fn alone(
        store: &'a Arc<Store>,
        options: &'a IngestOptions,
        progress: &'a dyn Progress,
        given: Given,
    ) -> Self {
        Self {
            store,
            options,
            progress,
            given,
            rules: privacy::Rules::default(),
            jobs: 1,
            started_us: (options.clock)(),
            tasks: Vec::new(),
            board: Mutex::default(),
            beginnings: Beginnings::default(),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            reports: Mutex::default(),
        }
    }
}

impl Run<'_> {
    /// How a commit of this run is made.
    fn commit_options(&self) -> CommitOptions {
        CommitOptions {
            now_us: (self.options.clock)(),
            wait_ms: self.options.wait_ms,
            by: self.options.by.clone(),
        }
    }

    fn worker(&self) {
        let mut buffer = Vec::new();
        while let Some(task) = self.task() {
            match task {
                Task::Help(shared) => shared.help(self, &mut buffer),
                Task::Own(at) => self.own(at, &mut buffer),
            }
        }
    }

    fn own(&self, at: usize, buffer: &mut Vec<u8>) {
        let mut done = Done { run: self, task: at, deferred: false };
        let (place, input) = &self.tasks[at];
        let taken = source::take_in(self, input, None, buffer).and_then(|taken| match taken {
            Taken::Archive(kind, opened) => {
                archive::take_in(self, *place, input, (kind, opened), buffer).map(|()| false)
            }
            Taken::Done(report) => {
                self.report(*place, report);
                Ok(false)
            }
            Taken::Later => Ok(true),
        });
        match taken {
            Ok(deferred) => done.deferred = deferred,
            Err(error) => self.fail(error),
        }
    }

    /// Tells what became of an input.
    fn report(&self, place: usize, report: SourceReport) {
        self.progress.finished(&report);
        lock(&self.reports)[place].push(report);
    }

    /// Marks a content with this beginning as being taken in; `None` if one is already.
    fn claim(&self, beginning: Digest) -> Option<Claim<'_>> {
        // The mark must be made only if it is new: dropping one takes it off.
        if !lock(&self.beginnings.taken).insert(beginning) {
            return None;
        }
        Some(Claim { beginnings: &self.beginnings, beginning })
    }

    /// The same, after whoever has the mark. To be called without a mark of one's own.
    fn await_claim(&self, beginning: Digest) -> Claim<'_> {
        let mut taken = lock(&self.beginnings.taken);
        while !taken.insert(beginning) {
            taken = self.beginnings.released.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        Claim { beginnings: &self.beginnings, beginning }
    }

    /// What to do next; waits until there is something, `None` when all is done.
    fn task(&self) -> Option<Task> {
        let mut board = lock(&self.board);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(at) = board.queue.pop_front() {
                return Some(Task::Own(at));
            }
            if let Some(shared) = board.open.last() {
                return Some(Task::Help(Arc::clone(shared)));
            }
            if board.unfinished == 0 {
                return None;
            }
            board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets other workers help with a source.
    fn publish(&self, shared: &Arc<Shared>) {
        lock(&self.board).open.push(Arc::clone(shared));
        self.changed.notify_all();
    }

    /// Its extent has come to its end.
    fn withdraw(&self, shared: &Arc<Shared>) {
        lock(&self.board).open.retain(|open| !Arc::ptr_eq(open, shared));
    }

    /// Ends the run with `error`.
    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
        drop(lock(&self.board));
        self.changed.notify_all();
    }

    /// Whether to go on.
    fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) || self.progress.cancelled() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped on the way")
                .advise("what is committed stays; the same command goes on from there"));
        }
        Ok(())
    }
}

/// Counts a source as done, whatever became of it, and lets those go on that waited for one.
struct Done<'a, 'b> {
    run: &'a Run<'b>,
    task: usize,
    deferred: bool,
}

impl Drop for Done<'_, '_> {
    fn drop(&mut self) {
        let mut board = lock(&self.run.board);
        if self.deferred {
            board.deferred.push(self.task);
            // If what it waited for ended in the meantime, nobody would wake it.
            if !lock(&self.run.beginnings.taken).is_empty() {
                return;
            }
        } else {
            board.unfinished -= 1;
        }
        let deferred = std::mem::take(&mut board.deferred);
        board.queue.extend(deferred);
        drop(board);
        self.run.changed.notify_all();
    }
}

/// Takes the mark off when it goes.
struct Claim<'a> {
    beginnings: &'a Beginnings,
    beginning: Digest,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(&self.beginnings.taken).remove(&self.beginning);
        self.beginnings.released.notify_all();
    }
}
