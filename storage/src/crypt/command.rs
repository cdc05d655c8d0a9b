//! Who runs the command that prints the store key? The program on top: this crate starts no processes.

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};

/// Runs a command line and gives back what it wrote to its standard output.
pub type CommandRunner = fn(&str) -> std::io::Result<Vec<u8>>;

static RUNNER: OnceLock<CommandRunner> = OnceLock::new();

/// Says how commands are run; the first call counts. Without it a store whose key comes from a command stays closed.
pub fn run_commands_with(runner: CommandRunner) {
    let _ = RUNNER.set(runner);
}

/// Runs the command of `key_command`.
pub(super) fn run(command: &str) -> Result<Vec<u8>> {
    let Some(runner) = RUNNER.get() else {
        return Err(Error::new(ErrorKind::Unsupported, "this program runs no key commands")
            .advise("put the key into a file and name that with key_file in dwell.toml"));
    };
    runner(command)
        .map_err(|error| Error::new(ErrorKind::Io, "the key command failed").caused_by(error))
}
