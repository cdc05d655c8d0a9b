//! Which kind of computer does a name tell, by the way its house writes names?

/// The pattern of a computer's name: letters stay, numbers become `#`, as in `LAPTOP-#`, `SRV#`, `BER-LAP-#`. The domain and the
/// sign of a machine's account are left out. Empty for an empty name.
pub fn pattern(name: &str) -> String {
    let host = bare(name);
    let mut out = String::with_capacity(host.len());
    for (at, part) in host.split_inclusive(['-', '_']).enumerate() {
        let (word, end) = match part.strip_suffix(['-', '_']) {
            Some(word) => (word, &part[word.len()..]),
            None => (part, ""),
        };
        let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let digits = word[letters..].bytes().take_while(u8::is_ascii_digit).count();
        let mixed = letters + digits < word.len();
        // In the first part a name of a kind; later, letters before drawn digits are drawn, too.
        if !(mixed && at > 0) {
            out.push_str(&word[..letters]);
        }
        if letters < word.len() && !out.ends_with('#') {
            out.push('#');
        }
        out.push_str(end);
    }
    out
}

/// The coarse pattern: what stands before the first number or separator, as in `LAPTOP-*`, `MAC-*`, `SRV*`.
pub fn prefix(name: &str) -> String {
    let host = bare(name);
    let letters = host.bytes().take_while(u8::is_ascii_alphabetic).count();
    let separator = host[letters..].starts_with(['-', '_']) && letters > 0;
    let kept = letters + usize::from(separator);
    if host.is_empty() { String::new() } else { format!("{}*", &host[..kept]) }
}

fn bare(name: &str) -> String {
    let host = name.rsplit('\\').next().unwrap_or(name);
    let host = host.split('.').next().unwrap_or(host);
    host.trim_end_matches('$').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_by_example() {
        for (name, expected, coarse) in [
            ("LAPTOP-4F3K2Q9", "LAPTOP-#", "LAPTOP-*"),
            ("laptop-0012.example.net", "LAPTOP-#", "LAPTOP-*"),
            ("CORP\\SRV01$", "SRV#", "SRV*"),
            ("BER-LAP-001", "BER-LAP-#", "BER-*"),
            ("MAC-ANNA", "MAC-ANNA", "MAC-*"),
            ("WS0123", "WS#", "WS*"),
            ("4711", "#", "*"),
            ("", "", ""),
        ] {
            assert_eq!(
                (pattern(name).as_str(), prefix(name).as_str()),
                (expected, coarse),
                "{name}"
            );
        }
    }
}
