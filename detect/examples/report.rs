//! How does a report look? Reads a report as JSON on stdin, writes the HTML page to stdout.

use std::io::{Read as _, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let report = dwell_detect::report::read(&text)?;
    std::io::stdout().write_all(dwell_detect::report::html(&report).as_bytes())?;
    Ok(())
}
