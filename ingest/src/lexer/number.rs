//! What a run of digits is worth: eight digits at a time.

/// The value of one to eighteen ASCII digits; `None` for anything else.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    match text.len() {
        1..=8 => eight(padded(text)),
        9..=16 => {
            let (high, low) = text.split_at(text.len() - 8);
            Some(eight(padded(high))? * 100_000_000 + eight(padded(low))?)
        }
        17..=18 => {
            let (high, low) = text.split_at(text.len() - 16);
            Some(digits(high)? * 10_000_000_000_000_000 + digits(low)?)
        }
        _ => None,
    }
}

/// The value of digits as a writer prints them: no leading zero, no sign.
#[inline]
pub(crate) fn canonical(text: &[u8]) -> Option<u64> {
    if text.first() == Some(&b'0') && text.len() > 1 { None } else { digits(text) }
}

/// A signed number as a writer prints it: `-5`, `0`, `17`, but not `-0`, `+3`, `007`.
pub(crate) fn canonical_signed(text: &[u8]) -> Option<i64> {
    match text.split_first() {
        Some((b'-', rest)) => match canonical(rest) {
            Some(0) | None => None,
            Some(value) => i64::try_from(value).ok().map(|value| -value),
        },
        _ => canonical(text).and_then(|value| i64::try_from(value).ok()),
    }
}

/// One to eight bytes as a little-endian word, with digits `0` before them.
#[inline]
fn padded(text: &[u8]) -> u64 {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let len = text.len();
    if let Some(word) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    let word = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(low), Some(high)) => {
            u64::from(u32::from_le_bytes(*low))
                | u64::from(u32::from_le_bytes(*high)) << (8 * (len - 4))
        }
        _ => text.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    let shift = 8 * (8 - len as u32);
    word << shift | ZEROS & !(u64::MAX << shift)
}

/// The value of eight digits, the first in the lowest byte.
#[inline]
fn eight(word: u64) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let above_nine = word.wrapping_add(0x0606_0606_0606_0606) & HIGH;
    if word & HIGH != ZEROS || above_nine != ZEROS {
        return None;
    }
    let ones = word ^ ZEROS;
    let tens = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let hundreds = tens.wrapping_mul(100).wrapping_add(tens >> 16) & 0x0000_ffff_0000_ffff;
    Some(hundreds.wrapping_mul(10_000).wrapping_add(hundreds >> 32) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_agree_with_std(value in 0..=999_999_999_999_999_999_u64, zeros in 0..6_usize) {
            let text = format!("{}{value}", "0".repeat(zeros));
            if text.len() <= 18 {
                prop_assert_eq!(digits(text.as_bytes()), Some(value));
            }
            prop_assert_eq!(canonical(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn anything_else_is_none(text in prop::collection::vec(any::<u8>(), 0..20)) {
            let all = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(digits(&text).is_some(), all);
        }
    }

    #[test]
    fn signs_and_zeros() {
        for (text, value) in [("-5", Some(-5)), ("0", Some(0)), ("-0", None), ("007", None)] {
            assert_eq!(canonical_signed(text.as_bytes()), value, "{text}");
        }
        assert_eq!(canonical_signed(b""), None);
        assert_eq!(canonical_signed(b"-"), None);
    }
}
