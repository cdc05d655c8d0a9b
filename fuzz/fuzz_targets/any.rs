//! Which bytes break a reader? Guided by coverage; the target is named by `DWELL_FUZZ` (a format, or a reader).
#![no_main]

use std::sync::OnceLock;

use dwell_ingest::fuzz::{Target, targets};
use libfuzzer_sys::fuzz_target;

fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("DWELL_FUZZ").unwrap_or_default();
        let names: Vec<&str> = targets().iter().map(|target| target.name).collect();
        let wanted = targets().into_iter().find(|target| target.name == name);
        wanted.unwrap_or_else(|| panic!("DWELL_FUZZ names one of {}", names.join(", ")))
    })
}

fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = target().check(bytes) {
        panic!("{failure}");
    }
});
