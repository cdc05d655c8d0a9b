//! Do the readers hold for a short slice of the fuzzer's run? The whole one is `examples/fuzz`, the guided one `fuzz/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use dwell_ingest::format::FORMATS;
use dwell_ingest::fuzz::targets;

#[path = "../../examples/fuzz/mutate.rs"]
mod mutate;
#[path = "../../examples/fuzz/seeds.rs"]
mod seeds;

/// Always the same texts.
const SEED: u64 = 2026;

const EXECUTIONS: u64 = 20_000;

#[test]
fn a_slice_of_the_fuzzing_finds_nothing() {
    let (targets, seeds) = (targets(), seeds::load());
    for format in FORMATS {
        let seeds = seeds.get(format.id()).map_or(0, Vec::len);
        assert!(seeds > 2, "{} has {seeds} lines to begin with", format.id());
    }
    let others: Vec<Vec<u8>> = seeds.values().flatten().cloned().collect();
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= EXECUTIONS {
                break;
            }
            let mut random = mutate::Random::of(SEED, nth);
            let target = &targets[random.below(targets.len())];
            let text =
                mutate::text(seeds.get(target.name).unwrap_or(&others), &others, &mut random);
            let result = catch_unwind(AssertUnwindSafe(|| target.check(&text)));
            let shown = text.escape_ascii();
            assert!(matches!(result, Ok(Ok(()))), "{} {nth}: {result:?} for {shown}", target.name);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
}

#[test]
fn what_fuzzing_has_found_holds() {
    let seeds = seeds::load();
    for target in targets() {
        for text in seeds.get(target.name).into_iter().flatten() {
            let result = target.check(text);
            assert!(result.is_ok(), "{} {result:?} for {}", target.name, text.escape_ascii());
        }
    }
}
