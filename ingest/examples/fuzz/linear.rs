//! Does four times the text take four times the work? Texts that provoke backtracking, measured on the thread's own core.

use std::process::ExitCode;

use dwell_ingest::fuzz::Target;

use crate::seeds::Seeds;

/// Bytes of the smaller text.
const SMALL: usize = 64 << 10;

/// How much longer the larger one is.
const TIMES: usize = 4;

/// A larger ratio is no longer linear: caches and allocators cost some, too.
const RATIO_MAX: f64 = 8.0;

/// Less than this is noise.
const NANOS_MIN: u64 = 2_000_000;

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
        let mut shapes: Vec<(String, Box<dyn Fn(usize) -> Vec<u8>>)> = Vec::new();
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
        for (shown, shape) in shapes {
            let small = least(target, &shape(SMALL));
            let large = least(target, &shape(SMALL * TIMES));
            let ratio = large as f64 / small.max(NANOS_MIN / TIMES as u64) as f64;
            if ratio > most.0 {
                most = (ratio, format!("{shown}: {:.2} ms, then {:.2} ms", ms(small), ms(large)));
            }
            if ratio > RATIO_MAX && large > NANOS_MIN {
                worst.push(format!("{}: {ratio:.1} for {shown}", target.name));
            }
        }
        println!("{:28} {:5.1} at most ({})", target.name, most.0, most.1);
    }
    for line in &worst {
        println!("not linear: {line}");
    }
    ExitCode::from(u8::from(!worst.is_empty()))
}

fn ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// The least of three measurements.
fn least(target: &Target, text: &[u8]) -> u64 {
    let measure = |_| {
        let before = core_nanos();
        if let Err(failure) = target.check(text) {
            println!("{}: {failure:.300}", target.name);
        }
        core_nanos() - before
    };
    (0..3).map(measure).min().unwrap_or_default()
}

/// What this process has used of its cores so far (Linux); elsewhere the clock tells.
fn core_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let used = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    used.unwrap_or_else(|| {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64
    })
}
