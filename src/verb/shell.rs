//! `dwell completions` and `dwell man`: what a shell and `man` want to know of the command line.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use super::Outcome;
use crate::args::Cli;
use crate::output::target::Target;

/// The completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dwell", &mut script);
    print(&script)
}

/// The manual page: the program, then each command.
pub(super) fn man() -> Result<Outcome> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let title = format!("dwell {}", verb.get_name());
        let man = clap_mangen::Man::new(verb.clone());
        writeln!(page, ".SH \"{}\"", title.to_uppercase())?;
        if let Some(about) = verb.get_about() {
            writeln!(page, "{about}")?;
        }
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    print(&page)
}

fn print(bytes: &[u8]) -> Result<Outcome> {
    let mut target = Target::stdout();
    target.write_all(bytes)?;
    target.finish()?;
    Ok(Outcome::default())
}
