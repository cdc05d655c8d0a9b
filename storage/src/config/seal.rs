//! When is a day closed?

/// When days are sealed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SealConfig {
    /// How many hours after its end a day is sealed.
    pub grace_hours: u32,
}

impl Default for SealConfig {
    fn default() -> Self {
        Self { grace_hours: 48 }
    }
}
