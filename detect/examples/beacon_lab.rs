//! How do beacon_score and rita_score rate a laboratory's log? Reads lines `client TAB host TAB second TAB bytes`, or W3C ELFF with
//! its `#Fields`, from a file; writes `client_ip,host,score,rita,n` as CSV for a scorer.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _, stdout};

use dwell_detect::beacon::state::request;
use dwell_detect::beacon::{Rating, Scratch, rate};

/// Where the fields of a request stand in a line.
struct Layout {
    fields: [usize; 5],
    separator: char,
}

impl Layout {
    /// From the `#Fields` of a log.
    fn of_header(line: &str) -> Option<Self> {
        let names: Vec<&str> = line.strip_prefix("#Fields:")?.split_whitespace().collect();
        let at = |name: &str| names.iter().position(|n| *n == name);
        let fields = [at("c-ip")?, at("cs-host")?, at("date")?, at("time")?, at("cs-bytes")?];
        Some(Self { fields, separator: ' ' })
    }

    fn read<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str, u64)> {
        let words: Vec<&str> = line.split(self.separator).collect();
        let word = |i: usize| words.get(self.fields[i]).copied();
        let second = match self.separator {
            '\t' => word(2)?.parse().ok()?,
            _ => {
                let text = format!("{}T{}Z", word(2)?, word(3)?);
                chrono::DateTime::parse_from_rfc3339(&text).ok()?.timestamp()
            }
        };
        Some((word(0)?, word(1)?, request(second, word(4)?.parse().ok())))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of a log")?;
    let mut layout = Layout { fields: [0, 1, 2, 2, 3], separator: '\t' };
    let mut pairs: HashMap<String, HashMap<String, Vec<u64>>> = HashMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        if line.starts_with('#') {
            layout = Layout::of_header(&line).unwrap_or(layout);
        } else if let Some((client, host, row)) = layout.read(&line) {
            let hosts = match pairs.get_mut(client) {
                Some(hosts) => hosts,
                None => pairs.entry(client.to_owned()).or_default(),
            };
            match hosts.get_mut(host) {
                Some(rows) => rows.push(row),
                None => _ = hosts.insert(host.to_owned(), vec![row]),
            }
        }
    }
    let mut out = stdout().lock();
    writeln!(out, "client_ip,host,score,rita,n")?;
    let mut scratch = Scratch::default();
    for (client, hosts) in &mut pairs {
        for (host, rows) in hosts {
            rows.sort_unstable();
            let rating = rate(rows, &mut scratch);
            let (score, rita) =
                rating.as_ref().map_or((0.0, 0.0), |r| (Rating::score(r), r.rita.score));
            writeln!(out, "{client},{host},{score:.6},{rita},{}", rows.len())?;
        }
    }
    Ok(())
}
