//! Which texts does a condition name? They must not stay in words either; and the condition itself is kept without them.

use std::collections::BTreeSet;

/// Shorter texts would be found everywhere.
const SHORTEST: usize = 3;

/// The parts of a condition: what stands outside of quotes, and what stands in them.
fn parts(condition: &str) -> Vec<(bool, String)> {
    let mut parts = vec![(false, String::new())];
    let mut chars = condition.chars().peekable();
    while let Some(char) = chars.next() {
        let Some((quoted, text)) = parts.last_mut() else { break };
        match (char, *quoted) {
            ('\'', true) if chars.peek() == Some(&'\'') => {
                chars.next();
                text.push('\'');
            }
            ('\'', inside) => parts.push((!inside, String::new())),
            _ => text.push(char),
        }
    }
    parts
}

/// The texts in the quotes of a condition; of patterns, their pieces. Times and numbers are none.
pub(super) fn of(condition: &str) -> BTreeSet<String> {
    let quoted = parts(condition).into_iter().filter(|(quoted, _)| *quoted);
    let pieces = quoted.flat_map(|(_, text)| {
        text.split('%').map(str::trim).map(str::to_owned).collect::<Vec<_>>()
    });
    pieces.filter(|piece| piece.chars().count() >= SHORTEST && !is_number_or_time(piece)).collect()
}

fn is_number_or_time(text: &str) -> bool {
    let is_time =
        text.len() >= 10 && text.get(..10).is_some_and(|day| day.parse::<storage::Day>().is_ok());
    is_time || text.parse::<f64>().is_ok()
}

/// A condition with a question mark in the place of each text.
pub(super) fn masked(condition: &str) -> String {
    let parts = parts(condition).into_iter();
    parts.map(|(quoted, text)| if quoted { "'?'".to_owned() } else { text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(condition: &str) -> Vec<String> {
        of(condition).into_iter().collect()
    }

    #[test]
    fn texts_are_found_and_taken_out() {
        let condition =
            "user = 'O''Neil' AND url LIKE '%erika%page_1%' AND ts >= '2026-11-20' AND x = 'ab'";
        assert_eq!(texts(condition), ["O'Neil", "erika", "page_1"]);
        assert_eq!(masked(condition), "user = '?' AND url LIKE '?' AND ts >= '?' AND x = '?'");
        assert_eq!(texts("status = 200 AND port = '8080'"), [""; 0]);
        assert_eq!(masked("user = 'never closed"), "user = '?'");
        assert_eq!(texts("client_ip IN ('10.1.1.5', '10.1.1.6')"), ["10.1.1.5", "10.1.1.6"]);
    }
}
