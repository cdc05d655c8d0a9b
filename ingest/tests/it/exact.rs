//! Does every byte come back, and is every line accounted for, whatever comes in and however it is cut?

use dwell_ingest::raw::{self, RawRequest};
use dwell_ingest::{IngestOptions, Outcome};
use proptest::prelude::*;
use storage::digest::Digest;

use crate::support::{Bench, NOW_US, assert_same, log, options, squid};

/// A line of some kind; rows, foreign text, blanks, bytes of all sorts.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u64..200_000, "[a-z]{1,8}").prop_map(|(at, word)|
            squid(at, &format!("http://{word}.example.com/{word}")).into_bytes()),
        1 => Just(Vec::new()),
        1 => Just(b"  \t".to_vec()),
        1 => "[ -~]{0,60}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>().prop_filter("no line end", |b| *b != b'\n'), 0..40),
        1 => Just(squid(9_000_000_000, "http://future.example.com/").into_bytes()),
        1 => Just(squid(5, "http://a.example.com/").replace("TCP_MISS/200", "TCP_MISS/0200").into_bytes()),
        1 => Just(vec![b'x'; 3000]),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![5 => Just(b"\n".as_slice()), 1 => Just(b"\r\n".as_slice())];
    let lines = proptest::collection::vec((line(), end), 0..120);
    (lines, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(lines, bom, crlf, cut)| {
        let mut text = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        for (line, end) in lines {
            text.extend_from_slice(&line);
            text.extend_from_slice(if crlf { b"\r\n" } else { end });
        }
        if cut && text.ends_with(b"\n") {
            text.pop();
        }
        text
    })
}

fn check(text: &[u8], options: &IngestOptions) {
    let bench = Bench::new();
    let path = bench.write("access.log", text);
    let report = bench.run(&[&path], options);
    let source = &report.sources[0];
    if source.outcome == Outcome::Refused {
        return;
    }
    assert!(source.counts.balance(), "{:?}", source.counts);
    let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let lines = bare.split_inclusive(|&byte| byte == b'\n').count() as u64;
    assert_eq!(source.counts.lines, lines);
    let id = source.source_id.unwrap();
    let mut bytes = Vec::new();
    let given = raw::write(&bench.store, RawRequest::Source(id), &mut bytes);
    assert_same(&bytes, text);
    given.unwrap();
    let state = bench.reopen().unwrap().state();
    let stored = &state.sources[&id];
    assert_eq!((stored.sha256, stored.bytes), (Digest::of(text), text.len() as u64));
    assert_eq!(stored.counts, source.counts);
    // Once more, from another place: nothing is added.
    let copy = bench.write("copy.log", text);
    let again = bench.run(&[&copy], options);
    assert_eq!(
        (again.sources[0].outcome, again.sources[0].source_id),
        (Outcome::AlreadyStored, Some(id))
    );
    assert_eq!(bench.store.refresh().unwrap().version, state.version);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back(
        text in text(), jobs in 1usize..4, chunk in 1usize..5000, extent in 500u64..40_000,
        limit in prop_oneof![Just(1usize << 20), 20usize..2000],
        format in prop_oneof![Just(None), Just(Some("squid".to_owned()))],
    ) {
        check(&text, &IngestOptions {
            format, jobs, chunk_bytes: chunk, extent_bytes: extent, line_bytes_max: limit, ..options()
        });
    }
}

#[test]
fn many_lines_many_workers() {
    let text = log(0, 20_000);
    check(&text, &IngestOptions { jobs: 4, extent_bytes: 600_000, ..options() });
}

#[test]
fn a_line_of_any_length() {
    let mut text = log(0, 10);
    text.extend(std::iter::repeat_n(b'x', 5 << 20));
    text.extend_from_slice(b"\r\n");
    text.extend(log(10, 10));
    check(&text, &IngestOptions { chunk_bytes: 100_000, line_bytes_max: 10_000, ..options() });
    text.extend(std::iter::repeat_n(b'y', 3 << 20));
    check(&text, &options());
}

#[test]
fn days_far_apart() {
    let text: Vec<u8> = (0..900u64)
        .flat_map(|day| {
            squid(0, "http://a.example.com/")
                .replacen("1795046400", &format!("{}", 1_700_000_000 + day * 86_400), 1)
                .into_bytes()
                .into_iter()
                .chain([b'\n'])
        })
        .collect();
    check(&text, &IngestOptions { extent_bytes: 1 << 30, clock: || NOW_US, ..options() });
}
