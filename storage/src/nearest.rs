//! Which known name does somebody mean who writes one that does not exist? For messages of all rooms.

/// The known name nearest to `name`, if it is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let limit = (length / 3).clamp(1, 4);
    let scored = known.into_iter().map(|candidate| {
        let distance = distance(&name, &candidate.to_lowercase());
        // `status_code` means `status`, `ip` means `client_ip` sooner than any four-letter word.
        let contained = length >= 2
            && (candidate.contains(&name) || (candidate.len() >= 4 && name.contains(candidate)));
        (if contained { distance.min(limit) } else { distance }, candidate)
    });
    scored
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, best)| best)
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            next[j] = (last[j] + 1).min(next[j - 1] + 1).min(last[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, next);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_meant_one() {
        let known = ["host", "client_ip", "status", "user_agent", "url", "ts"];
        assert_eq!(nearest("hots", known), Some("host"));
        assert_eq!(nearest("clientip", known), Some("client_ip"));
        assert_eq!(nearest("useragent", known), Some("user_agent"));
        assert_eq!(nearest("status_code", known), Some("status"));
        assert_eq!(nearest("zzz", known), None);
    }
}
