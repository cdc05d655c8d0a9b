//! Does four times the text take four times the work? Texts that provoke backtracking, measured.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Instant;

/// A text of about so many bytes.
type Growing = Box<dyn Fn(usize) -> Vec<u8>>;

use dwell_ingest::fuzz::Target;

use crate::seeds::Seeds;

/// Bytes of the smaller text.
const SMALL: usize = 64 << 10;

/// How much longer the larger one is.
const TIMES: usize = 4;

/// A larger ratio is no longer linear: caches and allocators cost some, too.
const RATIO_MAX: f64 = 8.0;

/// A text is read until so much was measured: a tick is 4 ms.
const NANOS_ENOUGH: u64 = 24_000_000;

/// Or so often.
const READINGS_MAX: u64 = 200;

/// What is repeated within a line.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"\\\"",
    b" ",
    b"\t",
    b"=",
    b"a=",
    b"a=\"",
    b"a=b ",
    b"a b=c ",
    b"[",
    b"]",
    b"{",
    b"\"a ",
    b"\"a,",
    b"a=\"b ",
    b"a=\"b,",
    b" \"",
    b",\"a",
    b"{\"a\":",
    b"[[],",
    b",",
    b"\",\"",
    b"\"\",",
    b"|",
    b";",
    b":",
    b"%",
    b"%2",
    b"-",
    b"- ",
    b"0",
    b"1",
    b".",
    b"/",
    b"//",
    b"?",
    b"@",
    b"a",
    b"a ",
    b"\xff",
    b"\xc3",
    b"\0",
    b"<1>",
    b"#",
    b"\r",
    b"http://",
    b"http://a:1@",
    b"1795046400.123 ",
    b"\\x",
    b"\xc3\xbc",
];

/// Measures every target; 1 if one of them does more than linear work.
pub(crate) fn run(targets: &[Target], seeds: &Seeds) -> ExitCode {
    let mut worst = Vec::new();
    for target in targets {
        let none = Vec::new();
        let seeds = seeds.get(target.name).unwrap_or(&none);
        let line = seeds.iter().find(|seed| seed.contains(&b' ')).cloned().unwrap_or_default();
        let mut shapes: Vec<(String, Growing)> = Vec::new();
        for piece in PIECES {
            let shown = piece.escape_ascii().to_string();
            let alone = |size: usize| piece.repeat(size / piece.len());
            shapes.push((format!("`{shown}` repeated"), Box::new(alone)));
            let start = line.clone();
            let half = start.len() / 2;
            let within = move |size: usize| {
                [&start[..half], &piece.repeat(size / piece.len()), &start[half..]].concat()
            };
            shapes.push((format!("`{shown}` repeated within a line"), Box::new(within)));
        }
        for seed in seeds.iter().filter(|seed| !seed.is_empty() && seed.len() < 4096).take(40) {
            let seed = seed.clone();
            let shown = seed.escape_ascii().to_string().chars().take(60).collect::<String>();
            shapes.push((
                format!("`{shown}` as lines"),
                Box::new(move |size: usize| seed.repeat(size / seed.len() + 1)),
            ));
        }
        let mut most = (0.0, String::new());
        let mut slowest = (0.0, String::new());
        for (shown, shape) in shapes {
            let small = cost(target, &shape(SMALL));
            let large = cost(target, &shape(SMALL * TIMES));
            let ratio = large as f64 / small.max(1) as f64;
            if ratio > most.0 {
                most = (ratio, format!("{shown}: {:.2} ms, then {:.2} ms", ms(small), ms(large)));
            }
            let each = large as f64 / (SMALL * TIMES) as f64;
            if each > slowest.0 {
                slowest = (each, shown.clone());
            }
            if ratio > RATIO_MAX && large > NANOS_ENOUGH / READINGS_MAX {
                worst.push(format!("{}: {ratio:.1} for {shown}", target.name));
            }
        }
        println!("{:20} {:5.1} times at most: {}", target.name, most.0, most.1);
        println!("{:20} {:5.0} ns a byte at most: {}", "", slowest.0, slowest.1);
    }
    for line in &worst {
        println!("not linear: {line}");
    }
    ExitCode::from(u8::from(!worst.is_empty()))
}

fn ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// What one reading of `text` costs, on the thread's own core: what else the machine does adds little.
fn cost(target: &Target, text: &[u8]) -> u64 {
    let before = core_nanos();
    for nth in 1.. {
        if let Err(failure) = target.check_usually(text) {
            println!("{}: {failure:.300}", target.name);
        }
        let spent = core_nanos() - before;
        if spent >= NANOS_ENOUGH || nth >= READINGS_MAX {
            return spent / nth;
        }
    }
    0
}

/// What this thread has used of its core so far (Linux tells at every tick); elsewhere the clock has to do.
fn core_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let used = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    used.unwrap_or_else(|| {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    })
}
