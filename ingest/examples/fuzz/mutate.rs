//! Which bytes are tried? Seeds, with fields and bytes changed, moved, doubled, cut and joined; the same for the same number.

/// A generator of numbers that look random (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of execution `nth` of a run.
    pub(crate) fn of(seed: u64, nth: u64) -> Self {
        let mut random = Self(seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of_slice<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// Bytes that mean something to some reader.
const BYTES: &[u8] = b" \t\"'\\-[](){}/:;,.|=%+?&#<>@_^$\0\x01\x1b\r\n0123456789aAeEnNtTuxZ\x7f\x80\xc3\xe2\xef\xf0\xff";

/// Words that mean something to some reader.
const WORDS: &[&[u8]] = &[
    b"",
    b"-",
    b"--",
    b"\"\"",
    b"\"-\"",
    b"''",
    b"\\\"",
    b"\\x22",
    b"\\x",
    b"%",
    b"%2",
    b"%22",
    b"%00",
    b"%u20ac",
    b"%%",
    b"0",
    b"00",
    b"-0",
    b"+1",
    b"-1",
    b"0.0",
    b"1e9",
    b"999",
    b"65535",
    b"65536",
    b"2147483648",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1795046400.123",
    b"1795046400",
    b"253402300800",
    b"-62135596800",
    b"[25/Oct/2026:02:30:00 +0200]",
    b"29/Feb/2023:24:00:60",
    b"2026-11-20",
    b"2026-13-41T25:61:61.9999999999Z",
    b"::1",
    b"[::ffff:10.0.0.1]:65536",
    b"10.0.0.1:80",
    b"256.0.0.1",
    b"http://u:p@[::1]:99999/a?b=c#d",
    b"https://xn--nxasmq6b.example./%20",
    b"CONNECT",
    b"TCP_MISS/200",
    b"//",
    b"://",
    b"a=b",
    b"a=\"b",
    b"{",
    b"}",
    b"{\"a\":[1,{}]}",
    b"[[[[[[[[",
    b"null",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xc3\xbc",
    b"\xe2\x80\xae",
    b"\xff\xfe",
    b"\0\0",
    b"\r\n",
    b"\n",
    b"\n\n",
    b"#Fields: date time",
    b"<134>1 ",
    b"utc_offset=+0300 ",
    b" url_as_logged=x ",
    b"\"_layout\":\"1\",",
    b"\"_zone\":\"+01:00\",",
    b"\"utc_offset\":\"+0300\",",
    b"\"envelope\":\"x\",",
    b",\"url\":\"/\"",
    b" url=/ method=X ",
];

/// A text made of `seeds`, some of it of `others`.
pub(crate) fn text(seeds: &[Vec<u8>], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + random.below(5) {
        let from = if random.one_in(12) { others } else { seeds };
        let Some(line) = random.of_slice(from) else { continue };
        let mut line = line.clone();
        if !random.one_in(4) {
            for _ in 0..1 + random.below(6) {
                change(&mut line, seeds, random);
            }
        }
        text.extend_from_slice(&line);
    }
    match random.below(12) {
        // The whole text may be cut, end anywhere, or have other line ends.
        0 => text.truncate(random.below(text.len() + 1)),
        1 => {
            while text.last() == Some(&b'\n') {
                text.pop();
            }
        }
        2 => text = text.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]),
        3 => text.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        _ => {}
    }
    text.truncate(1 << 16);
    text
}

/// One change.
fn change(line: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(line.len() + 1);
    let end = at + random.below((line.len() - at).min(40) + 1);
    match random.below(14) {
        0 if at < line.len() => line[at] = random.next() as u8,
        1 if at < line.len() => line[at] = *random.of_slice(BYTES).unwrap_or(&0),
        2 => line.insert(at, *random.of_slice(BYTES).unwrap_or(&0)),
        3 => drop(line.drain(at..end)),
        4 => {
            let piece = line[at..end].to_vec();
            line.splice(at..at, piece).for_each(drop);
        }
        5 => line.truncate(at),
        6 => {
            let word = random.of_slice(WORDS).copied().unwrap_or_default();
            line.splice(at..at, word.iter().copied()).for_each(drop);
        }
        7 | 8 => replace_field(line, random),
        9 => swap_fields(line, random),
        10 => {
            let other = random.of_slice(seeds).cloned().unwrap_or_default();
            let from = random.below(other.len() + 1);
            line.truncate(at);
            line.extend_from_slice(&other[from..]);
        }
        11 => {
            let byte = line.get(at).copied().unwrap_or(b'"');
            let times = [3, 17, 300, 3000][random.below(4)];
            line.splice(at..at, std::iter::repeat_n(byte, times)).for_each(drop);
        }
        12 => change_number(line, at, random),
        _ => {
            let word = random.of_slice(WORDS).copied().unwrap_or_default();
            line.splice(at..end, word.iter().copied()).for_each(drop);
        }
    }
}

fn is_between(byte: u8) -> bool {
    b" \t,;|\"=\n".contains(&byte)
}

/// The fields of a line, roughly: what lies between separators.
fn fields(line: &[u8]) -> Vec<(usize, usize)> {
    let mut fields = Vec::new();
    let mut from = 0;
    for (at, byte) in line.iter().enumerate() {
        if is_between(*byte) {
            fields.push((from, at));
            from = at + 1;
        }
    }
    fields.push((from, line.len()));
    fields
}

fn replace_field(line: &mut Vec<u8>, random: &mut Random) {
    let fields = fields(line);
    let Some(&(from, to)) = random.of_slice(&fields) else { return };
    let word = random.of_slice(WORDS).copied().unwrap_or_default();
    line.splice(from..to, word.iter().copied()).for_each(drop);
}

fn swap_fields(line: &mut Vec<u8>, random: &mut Random) {
    let fields = fields(line);
    let (a, b) = (random.below(fields.len()), random.below(fields.len()));
    let (first, second) = (fields[a.min(b)], fields[a.max(b)]);
    if first.1 > second.0 {
        return;
    }
    let text = [
        &line[..first.0],
        &line[second.0..second.1],
        &line[first.1..second.0],
        &line[first.0..first.1],
        &line[second.1..],
    ];
    *line = text.concat();
}

/// Changes a digit, so that a number stays one.
fn change_number(line: &mut [u8], at: usize, random: &mut Random) {
    if let Some(digit) = line.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
        *digit = b'0' + random.below(10) as u8;
    }
}
