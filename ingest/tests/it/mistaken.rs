//! Does a format that is taken by mistake make rows with fields of others? It must not: lines that it can't read whole are
//! partial rows with `raw`, or quarantined.

use dwell_ingest::format::FORMATS;

use crate::parsed::{context, parse};

/// Pairs whose lines are read alike: the same fields at the same places, though the time or the size may mean another
/// thing.
const ALIKE: &[(&str, &str)] = &[
    ("squid", "ats_squid"),
    ("ncsa_common", "ats_common"),
    ("ncsa_combined", "nginx_combined"),
    // A port behind the host is a field of its own, or not.
    ("apache_vhost", "apache_vhost_combined"),
    // Dates with and without leading zeros, and further fields that are kept together.
    ("e2guardian", "dansguardian"),
    // The usual fields of a W3C subscription are those of the access log.
    ("cisco_wsa", "cisco_wsa_w3c"),
];

#[test]
fn formats_of_strings_make_no_whole_rows_of_others_lines() {
    // Formats whose lines name their fields, or whose headers do, are told by these: their pages are made from them.
    let strings = || FORMATS.iter().filter(|format| format.page().is_none());
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    for lines_of in FORMATS {
        let text = std::fs::read(format!("{dir}/{}/ok.log", lines_of.id())).unwrap();
        for read_as in strings().filter(|format| format.id() != lines_of.id()) {
            let pair = (lines_of.id(), read_as.id());
            if ALIKE.iter().any(|&(one, other)| pair == (one, other) || pair == (other, one)) {
                continue;
            }
            let parser = read_as.compile("").unwrap();
            let parsed = parse(parser.as_ref(), &text, 1 << 20, &context());
            let whole = parsed.rows.values().find(|row| row["parse"] == "ok");
            assert!(whole.is_none(), "{} read as {}: {whole:?}", pair.0, pair.1);
        }
    }
}
