//! Which names may objects have? Those that mean the same on every file system and object store, and lead nowhere else.

use crate::error::{Error, ErrorKind, Result};

/// The longest name.
const LONGEST: usize = 512;

/// Whether a name is safe: words of `[A-Za-z0-9._=~-]` between single slashes, none of which begins with a dot.
pub fn is_good(name: &str) -> bool {
    let good_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._=~-".contains(&byte);
    let good_word =
        |word: &str| !word.is_empty() && !word.starts_with('.') && word.bytes().all(good_byte);
    name.len() <= LONGEST && name.split('/').all(good_word)
}

/// Refuses a name that is not safe.
///
/// # Errors
/// `Integrity`: such names come from archives that others have written.
pub fn check(name: &str) -> Result<()> {
    if is_good(name) {
        return Ok(());
    }
    let shown: String = name.chars().take(LONGEST).collect();
    Err(Error::new(ErrorKind::Integrity, format!("`{shown}` is no name of an object")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for good in ["dwell-archive", "days/2026-11-20/ab/requests/day=2026-11-20/x~1.parquet"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = "a".repeat(LONGEST + 1);
        for bad in [
            "", "/etc", "a//b", "a/", "..", "a/../b", ".x", "a/.x", "a\\b", "a b", "ü", "a\n",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
