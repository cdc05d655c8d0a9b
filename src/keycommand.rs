//! How does a command give the key of an encrypted store? It is run by the shell, and prints it: age, a KMS, a password manager.

use std::io::{Error, Result};
use std::process::{Command, Stdio};

/// Runs a command line; what it writes to stdout is the key, and never shown. It may ask its user something.
pub(crate) fn run(line: &str) -> Result<Vec<u8>> {
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .stdout(Stdio::piped())
        .output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::other(format!("it ended with {}", output.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gives_what_it_prints_or_fails() {
        assert_eq!(run("printf abc").unwrap(), b"abc");
        assert!(run("printf abc; exit 3").unwrap_err().to_string().contains('3'));
    }
}
