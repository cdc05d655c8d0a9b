//! `dwell`: parses the command line, runs one command, prints what went wrong, and ends with the code of the contract.

mod args;
mod cancel;
mod context;
mod exit;
mod keycommand;
mod noted;
mod output;
mod progress;
mod reader;
mod remote;
mod say;
mod timestamp;
mod verb;
mod when;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use args::Cli;
use cancel::Cancel;
use context::Context;
use exit::Exit;
use verb::Outcome;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and end with 0, a wrong use to stderr with 2.
            let _ = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            if code != 0 && std::env::args_os().any(|word| word == "--json") {
                summary(Duration::ZERO, &Outcome::default(), code);
            }
            return ExitCode::from(code);
        }
    };
    let begin = Instant::now();
    let json = cli.global.json;
    let (exit, outcome) = match guarded(cli) {
        Ok(outcome) => (outcome.exit, outcome),
        Err(error) => (fail(&error), Outcome::default()),
    };
    if json {
        summary(begin.elapsed(), &outcome, exit.code());
    }
    ExitCode::from(exit.code())
}

/// The last line of stderr with `--json`.
fn summary(elapsed: Duration, outcome: &Outcome, code: u8) {
    say::say(format_args!(
        r#"{{"message_type":"summary","elapsed_ms":{:.3},"rows":{},"bytes_read":{},"exit_code":{code}}}"#,
        elapsed.as_secs_f64() * 1_000.0,
        outcome.rows,
        outcome.bytes_read,
    ));
}

/// Runs the command; a broken promise of the program itself ends it like any other failure.
fn guarded(cli: Cli) -> anyhow::Result<Outcome> {
    std::panic::set_hook(Box::new(|info| say::say(format_args!("internal error: {info}"))));
    let run = || verb::run(&Context::new(cli.global, Cancel::listen())?, cli.verb);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(anyhow::anyhow!("the command broke off; please report the line above"))
    })
}

fn fail(error: &anyhow::Error) -> Exit {
    let exit = exit::of(error);
    // A reader that closed the pipe has seen enough: that is success.
    if exit != Exit::Done {
        say::error(exit::message(error));
    }
    exit
}
