//! How are numbers packed: varints, bits back to back, runs, deltas? (Parquet's encodings, from their specification.)

/// Values of a block of DELTA_BINARY_PACKED, and of its miniblocks.
const DELTA_BLOCK: usize = 128;
const DELTA_MINIBLOCK: usize = 32;

/// Seven bits a byte, lowest first.
pub(super) fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Bits that hold `number`.
fn bits(number: u64) -> u32 {
    64 - number.leading_zeros()
}

/// The width of codes below `count`: as few bits as needed, rounded up to 1, 2, 4, 8 or 16, which costs bits but gives
/// zstd whole bytes to find repetitions in. From 9 to 11 bits, half a byte or more would be filled up for nothing: 6 %
/// of such columns.
pub(super) fn code_width(count: usize) -> u32 {
    match bits((count.max(1) - 1) as u64) {
        0 => 0,
        width @ 9..=11 => width,
        width @ ..=16 => width.next_power_of_two(),
        width => width,
    }
}

/// Packs values of `width` bits back to back, lowest bits first; the last byte is filled with zeros.
fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut word, mut used) = (0u64, 0);
    for value in values {
        word |= value << used;
        used += width;
        if used >= 64 {
            out.extend_from_slice(&word.to_le_bytes());
            used -= 64;
            word = if used == 0 { 0 } else { value >> (width - used) };
        }
    }
    out.extend_from_slice(&word.to_le_bytes()[..used.div_ceil(8) as usize]);
}

/// One run of `count` equal values.
pub(super) fn repeated(value: u32, count: usize, width: u32, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Codes in Parquet's hybrid of runs and packed bits: one run where all are equal, else all packed. zstd takes care of
/// the runs in between.
pub(super) fn codes(codes: &[u32], width: u32, out: &mut Vec<u8>) {
    match codes {
        [] => {}
        [first, rest @ ..] if rest.iter().all(|code| code == first) => {
            repeated(*first, codes.len(), width, out);
        }
        _ => {
            varint((codes.len().div_ceil(8) as u64) << 1 | 1, out);
            let padding = codes.len().next_multiple_of(8) - codes.len();
            match width {
                8 => out.extend(codes.iter().map(|&code| code as u8)),
                16 => out.extend(codes.iter().flat_map(|&code| (code as u16).to_le_bytes())),
                _ => {
                    let zeros = std::iter::repeat_n(0, padding);
                    return pack(codes.iter().copied().chain(zeros).map(u64::from), width, out);
                }
            }
            out.resize(out.len() + padding * (width as usize / 8), 0);
        }
    }
}

/// The definition levels of a page, with their length in front: 1 where there is a value.
pub(super) fn levels(valid: impl ExactSizeIterator<Item = bool>, nulls: usize, out: &mut Vec<u8>) {
    let at = out.len();
    let count = valid.len();
    out.extend_from_slice(&[0; 4]);
    if nulls == 0 || nulls == count {
        repeated(u32::from(nulls == 0), count, 1, out);
    } else {
        varint((count.div_ceil(8) as u64) << 1 | 1, out);
        let (mut byte, mut used) = (0u8, 0);
        for valid in valid {
            byte |= u8::from(valid) << used;
            used += 1;
            if used == 8 {
                out.push(byte);
                (byte, used) = (0, 0);
            }
        }
        if used > 0 {
            out.push(byte);
        }
    }
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
}

/// DELTA_BINARY_PACKED.
pub(super) fn deltas(values: &[i64], out: &mut Vec<u8>) {
    varint(DELTA_BLOCK as u64, out);
    varint((DELTA_BLOCK / DELTA_MINIBLOCK) as u64, out);
    varint(values.len() as u64, out);
    let Some((&first, _)) = values.split_first() else { return varint(0, out) };
    varint(zigzag(first), out);
    let mut deltas = [0i64; DELTA_BLOCK];
    let mut before = first;
    for block in values[1..].chunks(DELTA_BLOCK) {
        for (delta, &value) in deltas.iter_mut().zip(block) {
            *delta = value.wrapping_sub(before);
            before = value;
        }
        let deltas = &deltas[..block.len()];
        let least = deltas.iter().copied().min().unwrap_or(0);
        varint(zigzag(least), out);
        let widths_at = out.len();
        out.extend_from_slice(&[0; DELTA_BLOCK / DELTA_MINIBLOCK]);
        for (at, part) in deltas.chunks(DELTA_MINIBLOCK).enumerate() {
            let above = |delta: &i64| delta.wrapping_sub(least) as u64;
            let width = bits(part.iter().map(above).fold(0, |all, delta| all | delta));
            out[widths_at + at] = width as u8;
            let zeros = std::iter::repeat_n(0, DELTA_MINIBLOCK - part.len());
            pack(part.iter().map(above).chain(zeros), width, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_the_examples_of_the_specification() {
        // The numbers 0 to 7 in three bits: 10001000 11000110 11111010.
        let mut out = Vec::new();
        pack(0..8, 3, &mut out);
        assert_eq!(out, [0b1000_1000, 0b1100_0110, 0b1111_1010]);
        // 1 to 5: deltas of 1, of which nothing is left; first value 1, block of 128, 4 miniblocks, 5 values.
        out.clear();
        deltas(&[1, 2, 3, 4, 5], &mut out);
        assert_eq!(out, [0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        out.clear();
        pack([u64::MAX, 1, u64::MAX].into_iter(), 64, &mut out);
        assert_eq!(out.len(), 24);
        assert_eq!(out[8], 1);
    }

    #[test]
    fn widths_are_rounded() {
        let widths = [0, 1, 2, 3, 4, 5, 16, 17, 256, 257, 2049, 65_536, 65_537].map(code_width);
        assert_eq!(widths, [0, 0, 1, 2, 2, 4, 4, 8, 8, 9, 16, 16, 17]);
    }
}
