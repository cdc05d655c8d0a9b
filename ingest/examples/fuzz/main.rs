//! Do the readers hold for any bytes? `fuzz [--executions N] [--seed S] [--target NAME] [--jobs J] [--only NTH] [--linear]`,
//! or `fuzz --target NAME --file PATH`.
//!
//! Each execution is one text, made of seeds by the numbers that follow from the seed and its place in the run: `--only`
//! repeats one. Ends with 1 if anything was found; what was found is printed and kept in `fuzz/findings/`.
//!
//! This is the run that everyone can repeat. The guided one, by coverage, is in `fuzz/`.
#![expect(clippy::print_stdout, reason = "a tool that reports")]

mod linear;
mod mutate;
mod seeds;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use dwell_ingest::fuzz::{Target, targets};
use mutate::Random;

/// After so many findings a run ends.
const FINDINGS_MAX: usize = 20;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

struct Options {
    executions: u64,
    seed: u64,
    target: Option<String>,
    jobs: u64,
    only: Option<u64>,
    file: Option<String>,
    linear: bool,
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let (executions, seed, linear) = (1_000_000, 1, false);
    let (target, only, file) = (None, None, None);
    let mut options = Options { executions, seed, target, jobs, only, file, linear };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--executions" => options.executions = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--target" => options.target = Some(value()?),
            "--jobs" => options.jobs = value()?.parse::<u64>()?.max(1),
            "--only" => options.only = Some(value()?.parse()?),
            "--file" => options.file = Some(value()?),
            "--linear" => options.linear = true,
            _ => return Err(format!("unknown option {arg}").into()),
        }
    }
    Ok(options)
}

/// A run: what it tries, and what it has found.
struct Run {
    options: Options,
    targets: Vec<Target>,
    seeds: seeds::Seeds,
    others: Vec<Vec<u8>>,
    done: AtomicU64,
    bytes: AtomicU64,
    findings: Mutex<Vec<String>>,
    nanos: Mutex<BTreeMap<&'static str, (u64, u128)>>,
    full: AtomicBool,
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let options = options()?;
    let wanted = |target: &Target| options.target.as_deref().is_none_or(|name| name == target.name);
    let targets: Vec<Target> = targets().into_iter().filter(wanted).collect();
    if targets.is_empty() {
        return Err("no such target".into());
    }
    if let Some(file) = &options.file {
        let text = std::fs::read(file)?;
        let failures: Vec<String> =
            targets.iter().filter_map(|target| failure(target, &text)).collect();
        failures.iter().for_each(|failure| println!("{failure}"));
        return Ok(ExitCode::from(u8::from(!failures.is_empty())));
    }
    let seeds = seeds::load();
    let others: Vec<Vec<u8>> = seeds
        .iter()
        .filter(|(name, _)| *name != "archive")
        .flat_map(|(_, all)| all.clone())
        .collect();
    if options.linear {
        return Ok(linear::run(&targets, &seeds));
    }
    // What panics is told with its text; the default hook would print a page for each.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        PLACE.with(|last| last.replace(place));
    }));
    let run = Run {
        options,
        targets,
        seeds,
        others,
        done: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        findings: Mutex::default(),
        nanos: Mutex::default(),
        full: AtomicBool::new(false),
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        for job in 0..run.options.jobs {
            let run = &run;
            scope.spawn(move || run.work(job, start));
        }
    });
    Ok(run.summary(start.elapsed().as_secs_f64()))
}

/// What is wrong with how a target reads `text`.
fn failure(target: &Target, text: &[u8]) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| target.check(text))) {
        Ok(result) => result.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let place = PLACE.with(std::cell::RefCell::take);
            Some(format!("panicked at {place}: {}", text.unwrap_or("?")))
        }
    }
}

/// As small a text as can be found by leaving pieces out.
fn smaller(target: &Target, mut text: Vec<u8>) -> Vec<u8> {
    let mut piece = text.len() / 2;
    let mut tries = 0;
    while piece > 0 && tries < 4000 {
        let mut at = 0;
        while at < text.len() && tries < 4000 {
            tries += 1;
            let end = (at + piece).min(text.len());
            let less = [&text[..at], &text[end..]].concat();
            if failure(target, &less).is_some() {
                text = less;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    text
}

impl Run {
    fn work(&self, job: u64, start: Instant) {
        let (from, to) = match self.options.only {
            Some(nth) if job == 0 => (nth, nth + 1),
            Some(_) => return,
            None => (job, self.options.executions),
        };
        let mut spent: BTreeMap<&'static str, (u64, u128)> = BTreeMap::new();
        for nth in (from..to).step_by(self.options.jobs as usize) {
            if self.full.load(Ordering::Relaxed) {
                break;
            }
            let before = Instant::now();
            let name = self.one(nth);
            let spent = spent.entry(name).or_default();
            *spent = (spent.0 + 1, spent.1 + before.elapsed().as_nanos());
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(500_000) {
                println!("{done} executions, {:.0} s", start.elapsed().as_secs_f64());
            }
        }
        let mut all = self.nanos.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (name, (count, nanos)) in spent {
            let sum = all.entry(name).or_default();
            *sum = (sum.0 + count, sum.1 + nanos);
        }
    }

    /// Execution number `nth`.
    fn one(&self, nth: u64) -> &'static str {
        let mut random = Random::of(self.options.seed, nth);
        let mut target = &self.targets[random.below(self.targets.len())];
        // Detection asks every format: it takes as long as all the others together.
        if target.name == "detect" && random.below(8) > 0 {
            target = &self.targets[random.below(self.targets.len())];
        }
        let seeds = self.seeds.get(target.name).unwrap_or(&self.others);
        let text = mutate::text(seeds, &self.others, &mut random);
        self.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        let Some(_) = failure(target, &text) else { return target.name };
        let text = smaller(target, text);
        self.found(nth, target.name, &failure(target, &text).unwrap_or_default(), &text);
        target.name
    }

    fn found(&self, nth: u64, name: &str, failure: &str, text: &[u8]) {
        println!("{name}, execution {nth} of seed {}: {failure}", self.options.seed);
        println!("    {}", text.escape_ascii());
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/findings");
        let kept = std::fs::create_dir_all(&dir)
            .and_then(|()| std::fs::write(dir.join(format!("{name}-{nth}")), text));
        if let Err(error) = kept {
            println!("    not kept: {error}");
        }
        let mut findings = self.findings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        findings.push(failure.to_owned());
        self.full.store(findings.len() >= FINDINGS_MAX, Ordering::Relaxed);
    }

    fn summary(&self, seconds: f64) -> ExitCode {
        let done = self.done.load(Ordering::Relaxed);
        let all = self.nanos.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (name, (count, nanos)) in all.iter() {
            println!(
                "{name:28} {count:>10} executions, {:>8.1} us each",
                *nanos as f64 / 1e3 / *count as f64
            );
        }
        let found = self.findings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len();
        println!(
            "{done} executions over {} targets, {} MB, {seconds:.0} s, {:.0} a second, seed {}: {found} findings",
            self.targets.len(),
            self.bytes.load(Ordering::Relaxed) / 1_000_000,
            done as f64 / seconds,
            self.options.seed,
        );
        ExitCode::from(u8::from(found > 0))
    }
}
