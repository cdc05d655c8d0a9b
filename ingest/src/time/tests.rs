//! Do times say what their texts say, and do their texts come back?

use proptest::prelude::*;

use super::guess::CANDIDATES;
use super::*;

/// 2026-11-20T00:00:00Z
const NEAR: Micros = 1_795_132_800 * SECOND_US;

fn clf() -> TimeSpec {
    TimeSpec { base: Base::Calendar(Pattern::clf()), millis: None }
}

fn spec(text: &str) -> TimeSpec {
    let spec = parse_spec(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parse_spec(&spec.text()).as_ref(), Ok(&spec));
    spec
}

fn read_in(spec: &TimeSpec, text: &[u8], cx: &Context) -> Option<Time> {
    let time = spec.read_in(text, cx, &mut Memo::default())?;
    let mut out = Vec::new();
    spec.write_in(time.ts, time.nanos, time.offset, cx, &mut out);
    if time.exact {
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(text), "{time:?}");
    }
    Some(time)
}

fn read(spec: &TimeSpec, text: &str, zone: Option<Tz>) -> Option<Time> {
    let time = read_in(spec, text.as_bytes(), &Context::of_zone(zone))?;
    let mut out = Vec::new();
    spec.write_in(time.ts, time.nanos, time.offset, &Context::of_zone(zone), &mut out);
    assert_eq!(time.exact, out == text.as_bytes(), "{text} {time:?}");
    Some(time)
}

#[test]
fn epochs() {
    let spec = TimeSpec::epoch(3);
    let time = read(&spec, "1795169425.918", None).unwrap();
    assert_eq!((time.ts, time.exact), (1_795_169_425_918_000, true));
    assert_eq!(read(&spec, "1795169425.918123", None).unwrap().ts, 1_795_169_425_918_123);
    assert_eq!(read(&spec, "1795169425.5", None).unwrap().ts, 1_795_169_425_500_000);
    assert_eq!(read(&spec, "1795169425", None).unwrap().ts, 1_795_169_425_000_000);
    assert!(read(&spec, "-1795169425.918", None).is_none());
    assert!(read(&spec, "1795169425.", None).is_none());
    assert_eq!(read(&TimeSpec::epoch(1), "1795169425.5", None).unwrap().ts % 1_000_000, 5_000);
    assert!(check(read(&spec, "253402300799999.000", None).unwrap().ts, 0).is_err());
}

#[test]
fn epochs_in_every_unit() {
    let ts = 1_795_169_425_918_123;
    for (text, printed, nanos) in [
        ("epoch_us", "1795169425918123", 0),
        ("epoch_ns", "1795169425918123456", 456),
        ("epoch_auto", "1795169425918123456", 456),
        ("epoch.6", "1795169425.918123", 0),
        ("epoch.9", "1795169425.918123456", 456),
        ("epoch.f", "1795169425.918123", 0),
    ] {
        let time = read(&spec(text), printed, None).unwrap();
        assert_eq!((time.ts, time.nanos, time.exact), (ts, nanos, true), "{text}");
    }
    let time = read(&spec("epoch_ms"), "1795169425918", None).unwrap();
    assert_eq!((time.ts, time.exact), (1_795_169_425_918_000, true));
    let auto = spec("epoch_auto");
    assert!(read(&auto, "1795169425", None).unwrap().exact);
    for printed in ["1795169425.918123", "1795169425918123"] {
        assert_eq!(read(&auto, printed, None).unwrap().ts, ts, "{printed}");
    }
    assert_eq!(read(&auto, "1795169425918", None).unwrap().ts, 1_795_169_425_918_000);
    assert_eq!(read(&spec("epoch_ms"), "5", None).unwrap().ts, 5_000);
    assert!(read(&spec("epoch_ms"), "", None).is_none());
    // Found by fuzzing: one more than fits.
    let time = read(&spec("epoch_us"), "9223372036854775808", None).unwrap();
    assert!(!time.exact && check(time.ts, ts).is_err());
    assert!(read(&auto, "1795169425918.5", None).is_none());
}

#[test]
fn clf_times() {
    let time = read(&clf(), "20/Nov/2026:10:10:25 +0330", None).unwrap();
    assert_eq!((time.ts / SECOND_US, time.offset), (1_795_156_825, 210));
    assert!(read(&clf(), "31/Feb/2026:10:10:25 +0000", None).is_none());
    assert!(read(&clf(), "20/Nov/2026:10:10:61 +0000", None).is_none());
    assert!(!read(&clf(), "20/Nov/2026:10:10:25 -0000", None).unwrap().exact);
    assert!(!read(&clf(), "20/nov/2026:10:10:25 +0000", None).unwrap().exact);
}

#[test]
fn local_times_fold_and_skip() {
    let spec = spec("%Y-%m-%d %H:%M:%S");
    let zone = Some(chrono_tz::Europe::Berlin);
    let quality = |text: &str, zone| read(&spec, text, zone).unwrap().quality;
    assert_eq!(quality("2026-07-01 12:00:00", zone), Quality::AssumedZone);
    assert_eq!(quality("2026-07-01 12:00:00", None), Quality::AssumedZone);
    // The hour repeats: its first occurrence is summer time, +02:00.
    let fold = read(&spec, "2026-10-25 02:30:00", zone).unwrap();
    assert_eq!((fold.ts / SECOND_US, fold.quality), (1_792_888_200, Quality::Ambiguous));
    let gap = read(&spec, "2026-03-29 02:30:00", zone).unwrap();
    assert_eq!((gap.quality, gap.gap, gap.exact), (Quality::Ambiguous, true, false));
}

/// All of them are 2026-10-06T12:34:56 where they stand.
const SPELLINGS: &[(&str, &str, i64)] = &[
    ("%Y-%m-%dT%H:%M:%S%.3fZ", "2026-10-06T12:34:56.120Z", 120_000),
    ("%Y-%m-%dT%H:%M:%S%.9fZ", "2026-10-06T12:34:56.120456000Z", 120_456),
    ("%Y-%m-%d %H:%M:%S%,3f", "2026-10-06 12:34:56,120", 120_000),
    ("%Y-%m-%d %H:%M:%S,%3f", "2026-10-06 12:34:56,120", 120_000),
    ("%Y-%m-%d %H:%M:%S%.f", "2026-10-06 12:34:56", 0),
    ("%c", "Tue Oct  6 12:34:56 2026", 0),
    ("%a %b %e %H:%M:%S %Z %Y", "Tue Oct  6 12:34:56 UTC 2026", 0),
    ("utc:%a, %d %b %Y %H:%M:%S GMT", "Tue, 06 Oct 2026 12:34:56 GMT", 0),
    ("%A, %B %-d, %Y %H:%M:%S", "Tuesday, October 6, 2026 12:34:56", 0),
    ("%b %e %H:%M:%S", "Oct  6 12:34:56", 0),
    ("%m.%d %H:%M:%S", "10.06 12:34:56", 0),
    ("%Y/%m/%d %H:%M:%S", "2026/10/06 12:34:56", 0),
    ("%Y:%m:%d-%H:%M:%S", "2026:10:06-12:34:56", 0),
    ("%d/%m/%Y %H:%M:%S", "06/10/2026 12:34:56", 0),
    ("%d/%b/%Y:%H:%M:%S%.3f", "06/Oct/2026:12:34:56.655", 655_000),
    ("%d/%b/%Y\t%H:%M:%S", "06/Oct/2026\t12:34:56", 0),
    ("%d%b%Y %H:%M:%S", "06Oct2026 12:34:56", 0),
    ("%-m/%-d/%y %-I:%M:%S %p", "10/6/26 12:34:56 PM", 0),
    ("%d/%m/%Y %I:%M:%S %P", "06/10/2026 12:34:56 pm", 0),
    ("date=%Y-%m-%d time=%H:%M:%S", "date=2026-10-06 time=12:34:56", 0),
    ("\"%F\",\"%T\"", "\"2026-10-06\",\"12:34:56\"", 0),
    ("%F%t%T", "2026-10-06\t12:34:56", 0),
    ("%H:%M:%S", "12:34:56", 0),
    ("iso", "2026-10-06T12:34:56Z", 0),
    ("iso", "2026-10-06T12:34:56.120Z", 120_000),
];

/// 2026-10-06T12:34:56Z
const SPELT: Micros = 1_791_290_096 * SECOND_US;

#[test]
fn spellings() {
    let cx = Context { date: Some(20_732), near: Some(NEAR), ..Context::default() };
    for (text, printed, micros) in SPELLINGS {
        let time = read_in(&spec(text), printed.as_bytes(), &cx).unwrap();
        assert_eq!((time.ts, time.exact), (SPELT + micros, true), "{text}");
    }
}

/// Every description in the tables of `docs/times.md` reads the example beside it, to the same instant.
#[test]
fn the_page_tells_the_truth() {
    let cx = Context { near: Some(NEAR), ..Context::default() };
    let mut rows = 0;
    for line in include_str!("../../../docs/times.md").lines() {
        let [_, text, _, printed, _] = line.splitn(5, '`').collect::<Vec<_>>()[..] else {
            continue;
        };
        if !line.starts_with("| `") || !printed.contains("56") && !printed.contains("1791") {
            continue;
        }
        let time = read_in(&spec(text), printed.as_bytes(), &cx);
        let time = time.unwrap_or_else(|| panic!("{text} {printed}"));
        let seconds = time.ts.div_euclid(SECOND_US) + i64::from(time.offset) * 60;
        assert_eq!((seconds * SECOND_US, time.exact), (SPELT, true), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 24);
}

#[test]
fn offsets_are_read_in_any_spelling() {
    for style in ["%z", "%:z", "%#z"] {
        let spec = spec(&format!("%Y-%m-%d %H:%M:%S{style}"));
        for (offset, minutes) in
            [("Z", 0), ("+02:00", 120), ("+0200", 120), ("+02", 120), ("-0330", -210)]
        {
            let text = format!("2026-10-06 12:34:56{offset}");
            let time = read(&spec, &text, Some(chrono_tz::Asia::Tokyo)).unwrap();
            let ts = SPELT - i64::from(minutes) * 60 * SECOND_US;
            let expected = (ts, minutes, Quality::Exact);
            assert_eq!((time.ts, time.offset, time.quality), expected, "{style} {offset}");
        }
        assert!(read(&spec, "2026-10-06 12:34:56", None).is_none());
        assert!(read(&spec, "2026-10-06 12:34:56+1900", None).is_none());
    }
    let iso = spec("iso");
    for text in ["2026-10-06 12:34:56+02", "2026-10-06t12:34:56,1", "2026-10-06T12:34:56.5z"] {
        assert!(!read(&iso, text, None).unwrap().exact, "{text}");
    }
    let time = read(&iso, "2026-10-06T12:34:56", Some(chrono_tz::Europe::Berlin)).unwrap();
    assert_eq!((time.ts, time.quality), (SPELT - 7_200_000_000, Quality::AssumedZone));
}

#[test]
fn abbreviations_are_no_zones() {
    let with = spec("%Y-%m-%d %H:%M:%S %Z");
    let of = |text: &str| {
        let time = read(&with, text, None).unwrap();
        ((time.ts - SPELT) / SECOND_US / 60, time.quality)
    };
    assert_eq!(of("2026-10-06 12:34:56 EST"), (0, Quality::AssumedZone));
    assert_eq!(of("2026-10-06 12:34:56 UTC"), (0, Quality::Exact));
    assert_eq!(of("2026-10-06 12:34:56 GMT"), (0, Quality::Exact));
    assert_eq!(of("2026-10-06 12:34:56 UTC+02:00"), (-120, Quality::Exact));
    assert_eq!(of("2026-10-06 12:34:56 America/New_York"), (240, Quality::Exact));
    assert_eq!(of("2026-10-06 12:34:56 Atlantis/Poseidonis"), (0, Quality::AssumedZone));
    assert_eq!(of("2026-10-25 00:30:00 Europe/Berlin").1, Quality::Exact);
    assert_eq!(of("2026-10-25 02:30:00 Europe/Berlin").1, Quality::Ambiguous);
    let both = spec("%Y-%m-%d %H:%M:%S %Z (UTC%z)");
    let time = read(&both, "2026-10-06 12:34:56 EST (UTC-0400)", None).unwrap();
    assert_eq!((time.ts - SPELT, time.offset), (14_400_000_000, -240));
    assert_eq!(time.quality, Quality::Exact);
}

#[test]
fn zones_from_elsewhere() {
    let spec = spec("%Y-%m-%d %H:%M:%S");
    let text = b"2026-10-06 12:34:56";
    let cx = |text: &str, stated| Context {
        zone: Zone::read(text.as_bytes()),
        stated,
        ..Context::default()
    };
    let time = read_in(&spec, text, &cx("EST (UTC-0400)", false)).unwrap();
    assert_eq!((time.ts - SPELT, time.offset), (14_400_000_000, 0));
    assert_eq!((time.quality, time.exact), (Quality::AssumedZone, true));
    let time = read_in(&spec, text, &cx("Europe/Berlin", true)).unwrap();
    assert_eq!((SPELT - time.ts, time.quality), (7_200_000_000, Quality::Exact));
    // Nothing is stated where the word names no zone.
    assert_eq!(read_in(&spec, text, &cx("EST", true)).unwrap().quality, Quality::AssumedZone);
    for (text, zone) in [
        ("+0200", Some(Zone::Offset(120))),
        ("-04:30", Some(Zone::Offset(-270))),
        ("GMT+1", Some(Zone::Offset(60))),
        ("utc", Some(Zone::Offset(0))),
        ("Asia/Tokyo", Some(Zone::Named(chrono_tz::Asia::Tokyo))),
        ("EST", None),
        ("", None),
        ("(", None),
        ("+2500", None),
    ] {
        assert_eq!(Zone::read(text.as_bytes()), zone, "{text}");
        if let Some(zone) = zone {
            assert_eq!(Zone::read(zone.to_string().as_bytes()), Some(zone));
        }
    }
}

#[test]
fn years_around_new_year() {
    let spec = spec("%b %e %H:%M:%S");
    let year = |text: &str, near: &str| {
        let near = read(&self::spec("%Y-%m-%d %H:%M:%S"), near, None).unwrap().ts;
        let cx = Context { near: Some(near), ..Context::default() };
        let time = read_in(&spec, text.as_bytes(), &cx).unwrap();
        assert_eq!((time.quality, time.exact), (Quality::InferredYear, true));
        civil::date(time.ts.div_euclid(DAY_US)).0
    };
    // A file of December, closed in January; and lines of January before the reference's clock has struck.
    assert_eq!(year("Dec 31 23:59:59", "2027-01-01 00:00:05"), 2026);
    assert_eq!(year("Jan  1 00:00:01", "2027-01-01 00:00:05"), 2027);
    assert_eq!(year("Jan  1 00:00:01", "2026-12-31 23:59:58"), 2027);
    assert_eq!(year("Jan  3 00:00:01", "2026-12-31 23:59:58"), 2026);
    assert_eq!(year("Feb 29 12:00:00", "2027-01-01 00:00:05"), 2024);
    assert_eq!(year("Feb 29 12:00:00", "2103-01-01 00:00:05"), 2096);
    assert_eq!(year("Oct 25 12:00:00", "2026-10-25 11:00:00"), 2026);
    assert!(spec.read_in(b"Feb 30 12:00:00", &Context::default(), &mut Memo::default()).is_none());
    // Without anything to go by there is no time.
    assert!(spec.read(b"Oct 25 12:00:00", None, &mut Memo::default()).is_none());
    let fold = Context { near: Some(NEAR), ..Context::of_zone(Some(chrono_tz::Europe::Berlin)) };
    let time = read_in(&spec, b"Oct 25 02:30:00", &fold).unwrap();
    assert_eq!(time.quality, Quality::Ambiguous);
}

#[test]
fn halves_of_the_day() {
    let spec = spec("%Y-%m-%d %I:%M:%S %p");
    let hour = |text: &str| {
        let time = read(&spec, &format!("2026-10-06 {text}"), None)?;
        Some(time.ts.rem_euclid(DAY_US) / SECOND_US / 3600)
    };
    assert_eq!(hour("12:34:56 AM"), Some(0));
    assert_eq!(hour("12:34:56 PM"), Some(12));
    assert_eq!(hour("01:34:56 pm"), Some(13));
    assert_eq!(hour("00:34:56 AM"), None);
    assert_eq!(hour("13:34:56 PM"), None);
    assert_eq!(hour("11:34:56 XM"), None);
}

#[test]
fn what_is_wrong_with_a_spec() {
    let error = |text: &str| parse_spec(text).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error(""),
            error("rfc3339"),
            error("%Y-%m-%d %Q"),
            error("utc:%Y-%m-%d %H:%M:%S %"),
            error("é %L"),
            error("%Y-%m-%d %I:%M"),
            error("%Y-%m %H:%M"),
            error("%Y-%m-%d"),
            error("%d %H:%M"),
            error("%Y %H:%M"),
            error("%F %D %T"),
            error("%T %r"),
            error("%F %T%.f %3f"),
            error("%F %T %z%:z"),
            error("epoch.0"),
            error("epoch.x"),
            error("epoch_ms.3"),
            error("utc:epoch"),
        ]
        .join("\n\n")
    );
}

#[test]
fn guesses() {
    let of = |texts: &[&str]| {
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        guess(&texts).map(|spec| spec.text())
    };
    let is = |texts: &[&str], expected: &str| {
        assert_eq!(of(texts).as_deref(), Some(expected), "{texts:?}");
    };
    is(&["1795169425"], "epoch");
    is(&["1795169425.918"], "epoch.3");
    is(&["1795169425.918123", "1795169426.918000"], "epoch.6");
    is(&["1795169425.9181", "1795169426.0"], "epoch.f");
    is(&["2026-10-06T12:34:56.07Z", "2026-10-06T12:34:56Z"], "%Y-%m-%dT%H:%M:%S%.-fZ");
    is(&["5/31/2026, 7:13:02.000 PM"], "%-m/%-d/%Y, %-I:%M:%S%.3f %p");
    is(&["1795169425918"], "epoch_ms");
    is(&["1795169425918123456"], "epoch_ns");
    is(&["2026-10-06T12:34:56.120Z"], "%Y-%m-%dT%H:%M:%S%.3fZ");
    is(&["2026-10-06T12:34:56.120+02:00"], "%Y-%m-%dT%H:%M:%S%.3f%:z");
    is(&["2026-10-06 12:34:56", "garbage"], "%Y-%m-%d %H:%M:%S");
    is(&["06/Oct/2026:12:34:56 +0200"], "%d/%b/%Y:%H:%M:%S %z");
    is(&["Tue Oct  6 12:34:56 2026"], "%a %b %e %H:%M:%S %Y");
    is(&["Oct  6 12:34:56"], "%b %e %H:%M:%S");
    is(&["Oct 06 12:34:56"], "%b %d %H:%M:%S");
    is(&["10.30 16:49:06"], "%m.%d %H:%M:%S");
    is(&["13/10/2026 12:34:56"], "%d/%m/%Y %H:%M:%S");
    is(&["10/13/2026 12:34:56"], "%m/%d/%Y %H:%M:%S");
    // Neighbours tell day and month apart.
    is(&["03/04/2026 23:59:59", "04/04/2026 00:00:01"], "%d/%m/%Y %H:%M:%S");
    is(&["04/03/2026 23:59:59", "04/04/2026 00:00:01"], "%m/%d/%Y %H:%M:%S");
    is(&["1/2/2026 3:04:05 PM", "1/13/2026 3:04:05 PM"], "%-m/%-d/%Y %-I:%M:%S %p");
    assert_eq!(of(&["yesterday", ""]), None);
    assert_eq!(of(&[]), None);
}

/// A context of any kind.
fn contexts() -> impl Strategy<Value = Context> {
    let zones = prop::sample::select(vec![
        None,
        Some(Zone::Named(chrono_tz::Europe::Berlin)),
        Some(Zone::Named(chrono_tz::Australia::Lord_Howe)),
        Some(Zone::Offset(-210)),
    ]);
    (zones, any::<bool>()).prop_map(|(zone, stated)| Context {
        zone,
        stated,
        date: Some(20_777),
        near: Some(NEAR),
    })
}

/// A spec of any kind.
fn specs() -> impl Strategy<Value = TimeSpec> {
    let spelt = SPELLINGS.iter().map(|(text, ..)| *text);
    let texts: Vec<&str> = CANDIDATES.iter().copied().chain(spelt).collect();
    let squid = [TimeSpec::epoch(1), TimeSpec::epoch(2), clf()];
    let specs = texts.iter().map(|text| parse_spec(text).unwrap()).chain(squid);
    prop::sample::select(specs.collect::<Vec<_>>())
}

/// An instant from 1990 to 2099.
fn instants() -> impl Strategy<Value = Micros> {
    let seconds = 631_238_400..4_102_358_400_i64;
    let micros = prop_oneof![Just(0), (0..1000_i64).prop_map(|ms| ms * 1000), 0..1_000_000_i64];
    (seconds, micros).prop_map(|(seconds, micros)| seconds * SECOND_US + micros)
}

/// Changes of a text: a place, and the byte that comes there; or cut there, or doubled.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    let bytes =
        prop_oneof![prop::sample::select(b"0123456789 .,:+-/TZaApPmM".to_vec()), any::<u8>()];
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, bytes), 0..4)
}

fn changed(mut text: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, what, byte) in changes {
        let at = at.index(text.len() + 1);
        match what {
            0 => text.insert(at, *byte),
            1 if at < text.len() => text[at] = *byte,
            2 if at < text.len() => drop(text.remove(at)),
            3 => text.truncate(at),
            _ => {}
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// What a spec prints it reads, and where it says `exact` it prints the same bytes, whatever became of the text.
    #[test]
    fn exact_texts_come_back(
        spec in specs(),
        cx in contexts(),
        ts in instants(),
        nanos in 0..1000_u16,
        offset in prop::sample::select(vec![0, 120, -210, 60, 345]),
        changes in changes(),
    ) {
        let mut text = Vec::new();
        spec.write_in(ts, nanos, offset, &cx, &mut text);
        let time = read_in(&spec, &text, &cx);
        let shown = String::from_utf8_lossy(&text);
        prop_assert!(time.is_some(), "{}", shown);
        // A text that said all there is to say is exact.
        let all = time.is_some_and(|time| (time.ts, time.nanos, time.offset) == (ts, nanos, offset));
        prop_assert!(!all || time.is_some_and(|time| time.exact), "{}", shown);
        prop_assert_eq!(spec.prefix_len(&text), Some(text.len()));
        let near = changed(text, &changes);
        let _ = read_in(&spec, &near, &cx);
        let _ = spec.prefix_len(&near);
    }

    /// A memo changes nothing but the time it takes.
    #[test]
    fn memos_are_transparent(
        spec in specs(),
        cx in contexts(),
        other in contexts(),
        times in prop::collection::vec((0..3_i64, 0..3_i64, changes(), any::<bool>()), 1..12),
    ) {
        let mut memo = Memo::default();
        for (second, milli, changes, first) in times {
            let cx = if first { &cx } else { &other };
            let ts = SPELT + second * SECOND_US + milli * 120_000;
            let mut text = Vec::new();
            spec.write_in(ts, 0, 120, cx, &mut text);
            let text = changed(text, if milli == 2 { &changes } else { &[] });
            let fresh = spec.read_in(&text, cx, &mut Memo::default());
            prop_assert_eq!(spec.read_in(&text, cx, &mut memo), fresh);
        }
    }

    /// Any pattern of the codes: compiled, it comes back as text and reads what it writes.
    #[test]
    fn patterns_of_any_codes(
        codes in prop::collection::vec("%[-.,:#3]?[a-zA-Z%+]|%[.,]-f|[ -~é]|%\\.3f|%H|%d|%m|%Y", 0..8),
        ts in instants(),
        text in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let pattern = codes.concat();
        if let Ok(spec) = parse_spec(&pattern) {
            prop_assert_eq!(parse_spec(&spec.text()), Ok(spec.clone()));
            let cx = Context { date: Some(20_777), near: Some(NEAR), ..Context::default() };
            let mut written = Vec::new();
            spec.write_in(ts, 0, 0, &cx, &mut written);
            let _ = read_in(&spec, &written, &cx);
            let _ = read_in(&spec, &text, &cx);
        }
    }

    /// Lines of a year before the reference get years that don't run backwards.
    #[test]
    fn inferred_years_are_monotone(
        near in instants(),
        seconds in prop::collection::vec(0..31_000_000_i64, 2..20),
    ) {
        let spec = parse_spec("%b %e %H:%M:%S").unwrap();
        let cx = Context { near: Some(near), ..Context::default() };
        for back in seconds {
            let ts = (near.div_euclid(SECOND_US) - back) * SECOND_US + DAY_US;
            let mut text = Vec::new();
            spec.write_in(ts, 0, 0, &cx, &mut text);
            prop_assert_eq!(read_in(&spec, &text, &cx).map(|time| time.ts), Some(ts));
        }
    }

    #[test]
    fn hostile_texts(text in prop::collection::vec(any::<u8>(), 0..64), spec in specs()) {
        let cx = Context { date: Some(0), near: Some(NEAR), ..Context::default() };
        let _ = read_in(&spec, &text, &cx);
        let _ = spec.prefix_len(&text);
        let _ = Zone::read(&text);
        let _ = header::read(&text);
        let _ = parse_spec(&String::from_utf8_lossy(&text));
        let _ = guess(&[&text]);
    }
}
