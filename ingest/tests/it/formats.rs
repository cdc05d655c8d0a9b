//! Whether every format of the registry reads its fixtures, and gives every line back.

use dwell_ingest::format::FORMATS;

use crate::parsed::{context, parse};

#[test]
fn every_format_reads_its_fixtures() {
    for format in FORMATS {
        let dir = format!("{}/tests/fixtures/{}", env!("CARGO_MANIFEST_DIR"), format.id());
        let parser = format.compile("").unwrap();
        for name in ["ok", "bad"] {
            let Ok(text) = std::fs::read(format!("{dir}/{name}.log")) else {
                continue;
            };
            let parsed = parse(parser.as_ref(), &text, 1 << 20, &context());
            assert!(parsed.counts.lines > 0);
        }
    }
}
