//! What do `[retention]` and `[nightly]` say? How long rows are kept, what protects them, and what a night does.

use serde::{Deserialize, Deserializer};

/// How long rows are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days after which rows may go, by date and last ingest.
    pub keep_days: Option<u32>,
    /// Days after which rows must go, by date alone.
    pub max_days: Option<u32>,
    /// Other times for the rows of some sources; the first rule that matches a source counts.
    pub rule: Vec<RuleConfig>,
    /// The most that the live files may take; beyond it the oldest days go.
    #[serde(deserialize_with = "some_bytes")]
    pub max_bytes: Option<u64>,
    /// What must stay free on the disk; below it the oldest days go.
    #[serde(deserialize_with = "some_bytes")]
    pub min_free: Option<u64>,
    /// Days that retired files stay in `trash/`.
    pub trash_days: u32,
    /// Whether only days go of which a verified copy lies in an archive.
    pub only_archived: bool,
    /// Percent of the live rows that one run may remove without `--yes`.
    pub limit_percent: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            keep_days: None,
            max_days: None,
            rule: Vec::new(),
            max_bytes: None,
            min_free: None,
            trash_days: 7,
            only_archived: false,
            limit_percent: 20,
        }
    }
}

/// How long the rows of some sources are kept: both tests must hold where both are given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct RuleConfig {
    /// A glob over the path of the source.
    pub source: Option<glob::Pattern>,
    /// The id of its format.
    pub format: Option<String>,
    /// Instead of the store's `keep_days`.
    pub keep_days: Option<u32>,
    /// Instead of the store's `max_days`.
    pub max_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: Option<String>,
    format: Option<String>,
    keep_days: Option<u32>,
    max_days: Option<u32>,
}

impl TryFrom<Written> for RuleConfig {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { source, format, keep_days, max_days } = written;
        if source.is_none() && format.is_none() {
            return Err("a rule of retention needs `source` (a glob) or `format`".into());
        }
        if keep_days.is_none() && max_days.is_none() {
            return Err("a rule of retention needs `keep_days` or `max_days`".into());
        }
        let source = source.map(|text| {
            glob::Pattern::new(&text).map_err(|error| format!("`{text}` is no glob: {error}"))
        });
        Ok(Self { source: source.transpose()?, format, keep_days, max_days })
    }
}

impl RetentionConfig {
    /// What is wrong with it as a whole.
    pub(super) fn mistake(&self) -> Option<String> {
        if self.limit_percent > 100 {
            return Some("`limit_percent` is a share of 100".into());
        }
        let apart = |keep: Option<u32>, max: Option<u32>| match (keep, max) {
            (Some(keep), Some(max)) if keep > max => Some(format!(
                "`keep_days` ({keep}) is longer than `max_days` ({max}), the time after which rows must be gone"
            )),
            _ => None,
        };
        let rules = self.rule.iter();
        // A rule with a limit of its own need not repeat `keep_days`.
        let mut rules = rules.map(|it| (it.keep_days, it.max_days.or(self.max_days)));
        apart(self.keep_days, self.max_days)
            .or_else(|| rules.find_map(|(keep, max)| apart(keep, max)))
    }
}

/// What a night does beside ingest, seal, archive and retire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NightlyConfig {
    /// In so many nights every file of the store and of its archives is read and compared once.
    pub verify_nights: u32,
    /// Whether each night brings one archived day back to a scratch place and asks it.
    pub drill: bool,
}

impl Default for NightlyConfig {
    fn default() -> Self {
        Self { verify_nights: 30, drill: true }
    }
}

/// Reads a number of bytes, as the other settings do.
fn some_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    super::bytes(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn rules_are_read_in_order() {
        let text = "[retention]\nkeep_days = 180\nmax_bytes = \"500GiB\"\nmin_free = 1000\n\
                    [[retention.rule]]\nsource = \"/var/log/branch/*\"\nmax_days = 200\n\
                    [[retention.rule]]\nformat = \"zeek_http\"\nkeep_days = 20\n";
        let retention = Config::parse(text.as_bytes()).unwrap().retention;
        assert_eq!((retention.keep_days, retention.max_days), (Some(180), None));
        assert_eq!((retention.max_bytes, retention.min_free), (Some(500 << 30), Some(1000)));
        assert_eq!((retention.trash_days, retention.limit_percent), (7, 20));
        assert!(!retention.only_archived);
        assert_eq!(retention.rule.len(), 2);
        assert!(retention.rule[0].source.as_ref().unwrap().matches("/var/log/branch/a.log"));
        assert_eq!(retention.rule[1].format.as_deref(), Some("zeek_http"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wrong = |text: &str| {
            let text = format!("[retention]\n{text}");
            Config::parse(text.as_bytes()).unwrap_err().to_string()
        };
        assert!(wrong("keep_days = 10\nmax_days = 5").contains("longer than"));
        assert!(
            wrong("max_days = 5\n[[retention.rule]]\nformat = \"a\"\nkeep_days = 6")
                .contains("longer")
        );
        assert!(wrong("keep_days = -1").contains("line 2"));
        assert!(wrong("limit_percent = 101").contains("share"));
        assert!(wrong("max_bytes = \"many\"").contains("no size"));
        assert!(wrong("[[retention.rule]]\nkeep_days = 1").contains("needs `source`"));
        assert!(wrong("[[retention.rule]]\nformat = \"a\"").contains("`keep_days`"));
        assert!(wrong("[[retention.rule]]\nsource = \"[\"\nkeep_days = 1").contains("no glob"));
        assert!(wrong("[[retention.rule]]\nsuorce = \"a\"\nkeep_days = 1").contains("suorce"));
    }
}
