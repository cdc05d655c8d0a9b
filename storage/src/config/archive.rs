//! What does `[[archive]]` say? Where days are archived to, how fast, how they are protected there, and for how long.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::archive::LockMode;

/// One archive target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveConfig {
    /// What it is called on the command line and in reports.
    pub name: String,
    /// A folder, or `s3://bucket/prefix`.
    pub to: String,
    /// Days (by date) after which `dwell archive --expire` removes a day from it; unset: never.
    pub keep_days: Option<u32>,
    /// Who may lift the lock on its objects.
    pub lock_mode: Option<LockMode>,
    /// For how many days the object store must refuse to delete them.
    pub lock_days: Option<u32>,
    /// Bytes a second, to and fro together.
    #[serde(default, deserialize_with = "some_rate")]
    pub limit: Option<u64>,
    /// Objects sent at once.
    pub jobs: Option<usize>,
    /// The address of an object store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The profile in `~/.aws` that has the credentials.
    pub profile: Option<String>,
}

impl ArchiveConfig {
    /// A target that dwell.toml does not name.
    pub fn to(to: &str) -> Self {
        Self {
            name: to.to_owned(),
            to: to.to_owned(),
            keep_days: None,
            lock_mode: None,
            lock_days: None,
            limit: None,
            jobs: None,
            endpoint: None,
            region: None,
            profile: None,
        }
    }

    /// The lock that is asked for.
    pub fn lock(&self) -> Option<(LockMode, u32)> {
        Some((self.lock_mode.unwrap_or(LockMode::Governance), self.lock_days?))
    }
}

/// What is wrong with the targets as a whole.
pub(super) fn mistake(targets: &[ArchiveConfig]) -> Option<String> {
    for (at, target) in targets.iter().enumerate() {
        let named = |other: &ArchiveConfig| other.name == target.name;
        if target.name.is_empty() || target.to.is_empty() {
            return Some("a target needs `name` and `to`".into());
        }
        if targets[..at].iter().any(named) {
            return Some(format!("two targets are called `{}`", target.name));
        }
        if target.lock_mode.is_some() && target.lock_days.is_none() {
            return Some(format!("`{}` has `lock_mode` and no `lock_days`", target.name));
        }
        if target.lock().is_some() && !target.to.starts_with("s3://") {
            return Some(format!("`{}`: a folder can't lock its objects", target.name));
        }
        if target.keep_days == Some(0) || target.jobs == Some(0) {
            return Some(format!("`{}`: `keep_days` and `jobs` are at least 1", target.name));
        }
    }
    None
}

/// A rate: `10MiB/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub u64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = text.strip_suffix("/s").unwrap_or(text);
        super::parse_size(size)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no rate; write it as 10MiB/s"))
    }
}

fn some_rate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(|Rate(rate)| Some(rate)).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn targets_are_read() {
        let text = "[[archive]]\nname = \"near\"\nto = \"/mnt/a\"\nlimit = \"10MiB/s\"\n\
                    [[archive]]\nname = \"far\"\nto = \"s3://b/p\"\nlock_days = 30\nkeep_days = 3650\n";
        let archive = Config::parse(text.as_bytes()).unwrap().archive;
        assert_eq!(archive[0].limit, Some(10 << 20));
        assert_eq!(archive[0].lock(), None);
        assert_eq!(archive[1].lock(), Some((LockMode::Governance, 30)));
        assert_eq!(archive[1].keep_days, Some(3650));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, what) in [
            ("name = \"a\"\nto = \"/x\"\nlock_days = 3", "can't lock"),
            ("name = \"a\"\nto = \"/x\"\nlimit = \"fast\"", "10MiB/s"),
            ("name = \"a\"\nto = \"s3://x\"\nlock_mode = \"compliance\"", "lock_days"),
            ("name = \"a\"\nto = \"/x\"\n[[archive]]\nname = \"a\"\nto = \"/y\"", "two targets"),
            ("name = \"a\"", "missing field"),
            ("name = \"a\"\nto = \"/x\"\nsecret = \"s\"", "unknown field"),
        ] {
            let error = Config::parse(format!("[[archive]]\n{text}\n").as_bytes()).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
