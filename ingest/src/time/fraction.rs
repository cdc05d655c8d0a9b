//! What the digits behind a second are worth, and how they are printed.

use crate::lexer::number;

/// Nanoseconds of the last of so many digits.
const WORTH: [i64; 10] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

/// How the digits of a fraction are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digits {
    /// This many, 1 to 9.
    Fixed(usize),
    /// None, 3, 6 or 9: as few as the value needs.
    Any,
    /// No more than the value needs, and no fewer than this (0 or 1).
    Trimmed(usize),
    /// 6, or 9 if there are nanoseconds.
    Micros,
    /// A count of milliseconds, padded with zeros to this width (1 to 3), so that `.5` of width 1 is 5 ms.
    Millis(usize),
}

/// A fraction as a pattern has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The dot or comma before the digits; without one the digits follow at once.
    pub(crate) lead: Option<u8>,
    /// The digits.
    pub(crate) digits: Digits,
}

/// A fraction that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    /// Nanoseconds.
    pub(crate) nanos: i64,
    /// Whether printing it gives the same digits.
    pub(crate) canonical: bool,
}

impl Digits {
    /// Reads digits. Those behind the ninth are dropped.
    #[inline]
    pub(crate) fn read(self, text: &[u8]) -> Option<Fraction> {
        let (kept, dropped) = text.split_at(text.len().min(9));
        let value = i64::try_from(number::digits(kept)?).ok()?;
        if !dropped.iter().all(u8::is_ascii_digit) {
            return None;
        }
        if let Self::Millis(width) = self
            && (width..=3).contains(&text.len())
        {
            let canonical = text.len() == width || text[0] != b'0';
            return Some(Fraction { nanos: value * 1_000_000, canonical });
        }
        let nanos = value * WORTH[kept.len()];
        let canonical = text.len() == self.len(nanos);
        Some(Fraction { nanos, canonical })
    }

    /// A fraction that is not there.
    fn absent(self) -> Fraction {
        Fraction { nanos: 0, canonical: self.len(0) == 0 }
    }

    /// How many digits are printed.
    fn len(self, nanos: i64) -> usize {
        let needed = match nanos {
            0 => 0,
            nanos if nanos % 1_000_000 == 0 => 3,
            nanos if nanos % 1000 == 0 => 6,
            _ => 9,
        };
        match self {
            Self::Fixed(len) => len,
            Self::Any => needed,
            Self::Trimmed(least) => {
                let zeros = WORTH.iter().rposition(|worth| *worth > 0 && nanos % worth != 0);
                zeros.map_or(usize::from(nanos != 0), |at| at + 1).max(least)
            }
            Self::Micros => needed.max(6),
            Self::Millis(_) if needed <= 3 => 3,
            Self::Millis(_) => needed,
        }
    }

    /// Prints them.
    pub(crate) fn write(self, nanos: i64, out: &mut Vec<u8>) {
        let text = match self {
            Self::Millis(width) if nanos % 1_000_000 == 0 => {
                format!("{:0width$}", nanos / 1_000_000)
            }
            _ => format!("{nanos:09}")[..self.len(nanos).min(9)].to_owned(),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

impl Place {
    /// Reads the fraction that begins at `from`; also where it ends. A comma is read as a dot and the other way round,
    /// and where one is expected the whole may be absent.
    pub(crate) fn read(self, text: &[u8], from: usize) -> Option<(Fraction, usize)> {
        let mut same = true;
        let mut at = from;
        if let Some(lead) = self.lead {
            match text.get(at) {
                Some(byte @ (b'.' | b',')) => {
                    same = *byte == lead;
                    at += 1;
                }
                _ => return Some((self.digits.absent(), from)),
            }
        }
        let rest = text.get(at..)?;
        let digits = match (self.lead, self.digits) {
            (None, Digits::Fixed(len)) => rest.get(..len)?,
            _ => &rest[..rest.iter().take_while(|byte| byte.is_ascii_digit()).count()],
        };
        let mut fraction = self.digits.read(digits)?;
        fraction.canonical &= same;
        Some((fraction, at + digits.len()))
    }

    /// Prints the fraction.
    pub(crate) fn write(self, nanos: i64, out: &mut Vec<u8>) {
        if let Some(lead) = self.lead
            && self.digits.len(nanos) > 0
        {
            out.push(lead);
        }
        self.digits.write(nanos, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_their_worth() {
        let read = |digits: Digits, text: &str| {
            let read = digits.read(text.as_bytes())?;
            let mut out = Vec::new();
            digits.write(read.nanos, &mut out);
            assert_eq!(read.canonical, out == text.as_bytes(), "{digits:?} {text}");
            Some(read.nanos)
        };
        assert_eq!(read(Digits::Fixed(3), "918"), Some(918_000_000));
        assert_eq!(read(Digits::Fixed(3), "9"), Some(900_000_000));
        assert_eq!(read(Digits::Fixed(2), "05"), Some(50_000_000));
        assert_eq!(read(Digits::Fixed(9), "123456789"), Some(123_456_789));
        assert_eq!(read(Digits::Any, "1234567891234"), Some(123_456_789));
        assert_eq!(read(Digits::Any, "000"), Some(0));
        assert_eq!(read(Digits::Trimmed(0), "07"), Some(70_000_000));
        assert_eq!(read(Digits::Trimmed(0), "123456789"), Some(123_456_789));
        assert_eq!(read(Digits::Trimmed(0), "10"), Some(100_000_000));
        assert_eq!(read(Digits::Trimmed(1), "0"), Some(0));
        assert_eq!(read(Digits::Trimmed(0), "5"), Some(500_000_000));
        assert_eq!(read(Digits::Micros, "000000"), Some(0));
        assert_eq!(read(Digits::Millis(1), "5"), Some(5_000_000));
        assert_eq!(read(Digits::Millis(1), "05"), Some(5_000_000));
        assert_eq!(read(Digits::Millis(2), "05"), Some(5_000_000));
        assert_eq!(read(Digits::Millis(2), "5"), Some(500_000_000));
        assert_eq!(read(Digits::Millis(3), "918123"), Some(918_123_000));
        assert_eq!(read(Digits::Millis(3), ""), None);
        assert_eq!(read(Digits::Any, "1x"), None);
    }
}
