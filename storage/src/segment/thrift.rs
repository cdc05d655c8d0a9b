//! Is a footer sound enough to be decoded? Parquet's decoder believes the lengths it reads; a foreign or damaged file
//! must not make it ask for memory that the file could never fill.

/// How deep structures may be nested; Parquet's own need less than ten.
const DEPTH: u32 = 32;

/// Whether `bytes` begin with a structure in Thrift's compact protocol of which every length fits the bytes that follow.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    let mut cursor = Cursor { bytes };
    cursor.structure(DEPTH).is_some()
}

struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn structure(&mut self, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            if head >> 4 == 0 {
                self.varint()?;
            }
            match head & 15 {
                // A boolean field's value stands in its head.
                1 | 2 => {}
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let len = self.varint()?;
                self.skip(len)
            }
            9 | 10 => {
                let head = self.byte()?;
                let len = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.elements(len, &[head & 15], depth)
            }
            11 => {
                let len = self.varint()?;
                if len == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                self.elements(len, &[kinds >> 4, kinds & 15], depth)
            }
            12 => self.structure(depth),
            _ => None,
        }
    }

    fn elements(&mut self, len: u64, kinds: &[u8], depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        // No element takes less than a byte.
        if len > self.bytes.len() as u64 {
            return None;
        }
        (0..len).try_for_each(|_| kinds.iter().try_for_each(|&kind| self.value(kind, depth)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_lengths_are_unsound() {
        assert!(is_sound(&[0]));
        // field 1: i32 1, stop
        assert!(is_sound(&[0x15, 2, 0]));
        // field 1: list of 2^28 structures
        assert!(!is_sound(&[0x19, 0xfc, 0x80, 0x80, 0x80, 0x80, 1, 0]));
        // field 1: 127 bytes of text
        assert!(!is_sound(&[0x18, 0x7f, 0]));
        // nested without end
        assert!(!is_sound(&[0x1c; 1000]));
        assert!(!is_sound(&[]));
    }
}
