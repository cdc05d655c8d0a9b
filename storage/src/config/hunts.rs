//! What does `[hunts]` say? What a night looks for, and who is excused.

use std::path::PathBuf;

use serde::Deserialize;

/// What a night looks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HuntsConfig {
    /// A folder of hunts of one's own, from the store's folder.
    pub dir: Option<PathBuf>,
    /// Allow lists, from the store's folder.
    pub allow: Vec<PathBuf>,
    /// Nothing below this level is told.
    pub min_level: String,
    /// Whether a night hunts.
    pub nightly: bool,
    /// How many of the newest days the first night hunts; older ones are hunted when they change.
    pub first_days: u32,
}

impl Default for HuntsConfig {
    fn default() -> Self {
        Self {
            dir: None,
            allow: Vec::new(),
            min_level: "low".into(),
            nightly: true,
            first_days: 30,
        }
    }
}
