//! Is a file the `hashes.csv` of a MISP feed? Digests of values match nothing in a log, so they are only counted.

use super::super::indicator::Found;
use super::{Input, Read, Reader};

/// MD5 of values, and the events they stand in.
pub const READER: Reader = Reader { name: "misp_hashes", title: "hashes.csv of a MISP feed", read };

fn read(input: &Input<'_>, _: &mut dyn Found) -> Option<Read> {
    let hex = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_entry = |line: &str| {
        line.trim().split_once(',').is_some_and(|(digest, event)| {
            hex(digest, 32) && event.len() == 36 && hex(&event.replace('-', ""), 32)
        })
    };
    let mut lines = input.text.lines().filter(|line| !line.trim().is_empty());
    if !lines.next().is_some_and(is_entry) {
        return None;
    }
    Some(Read::Hashes(1 + lines.filter(|line| is_entry(line)).count() as u64))
}
