//! Which program, which version, on which system and device does an agent name?

use super::flags::{Flag, flags};
use super::rules::{RulesError, extractor};
use super::{Class, classify, is_empty};

/// What an agent says of itself, by the rules of uap-core, with our class and flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The class.
    pub class: Class,
    /// The program, `Other` where the rules know none; `None` without an agent.
    pub family: Option<String>,
    /// Its major version.
    pub major: Option<String>,
    /// The system, or `Other`.
    pub os: Option<String>,
    /// The system's version, as far as it is known.
    pub os_version: Option<String>,
    /// The device, or `Other`.
    pub device: Option<String>,
    /// What is odd.
    pub flags: Vec<Flag>,
}

impl Info {
    /// The flags' names with commas between them.
    pub fn flag_text(&self) -> String {
        self.flags.iter().map(|flag| flag.name()).collect::<Vec<_>>().join(",")
    }
}

/// Reads an agent.
pub fn info(ua: &str) -> Result<Info, &'static RulesError> {
    let class = classify(ua).class;
    let mut info = Info {
        class,
        family: None,
        major: None,
        os: None,
        os_version: None,
        device: None,
        flags: flags(ua),
    };
    if is_empty(ua) {
        return Ok(info);
    }
    let other = || Some("Other".to_owned());
    let (program, system, device) = extractor()?.extract(cut(ua));
    info.family = program.as_ref().map(|p| p.family.to_string()).or_else(other);
    info.major = program.and_then(|p| p.major.map(str::to_owned));
    info.os = system.as_ref().map(|s| s.os.to_string()).or_else(other);
    info.os_version = system.and_then(|s| {
        let parts = [s.major, s.minor, s.patch, s.patch_minor];
        let parts: Vec<_> = parts.into_iter().map_while(|p| p).filter(|p| !p.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join("."))
    });
    info.device = device.map(|d| d.device.to_string()).or_else(other);
    Ok(info)
}

/// The system that an agent names; `None` where the rules know none.
pub fn system(ua: &str) -> Option<String> {
    let found = extractor().ok()?.os.extract(cut(ua))?;
    Some(found.os.to_string())
}

/// No rule needs more than the first so many bytes, and nobody may make us look for longer.
const LONGEST: usize = 2_048;

fn cut(ua: &str) -> &str {
    &ua[..ua.floor_char_boundary(LONGEST)]
}
