//! What is a member called? Its name as a relative path: it is never used to open a file, but it is shown and stored.

/// Names are kept up to this length; longer ones name nothing.
const NAME_BYTES: usize = 4096;

/// The cleaned name of a member; `None` if it is left out, as hidden files of folders are, or has no name.
pub(super) fn clean(name: &str) -> Option<String> {
    let mut parts: Vec<&str> =
        name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let drive = |part: &&str| part.len() == 2 && part.ends_with(':');
    if parts.first().is_some_and(drive) {
        parts.remove(0);
    }
    // macOS puts its own notes on each file there.
    let hidden =
        parts.iter().any(|part| part.starts_with('.')) || parts.first() == Some(&"__MACOSX");
    if parts.is_empty() || hidden {
        return None;
    }
    let mut name = parts.join("/");
    if name.len() > NAME_BYTES {
        name.truncate(name.floor_char_boundary(NAME_BYTES));
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for (name, cleaned) in [
            ("./logs/access.log", Some("logs/access.log")),
            ("/etc/passwd", Some("etc/passwd")),
            ("../../../etc/passwd", Some("etc/passwd")),
            ("logs//a/./../b", Some("logs/a/b")),
            ("C:/logs/a", Some("logs/a")),
            ("logs/.hidden/a", None),
            ("._access.log", None),
            ("__MACOSX/access.log", None),
            ("./", None),
            ("", None),
        ] {
            assert_eq!(clean(name).as_deref(), cleaned, "{name}");
        }
        let long = "ü".repeat(5000);
        assert!(
            clean(&long).is_some_and(|name| name.len() == NAME_BYTES && long.starts_with(&name))
        );
    }
}
