//! Which agents claim to be an Internet Explorer that there can't be?

use super::{Broken, Flag, fault, windows_version};
use crate::agents::text::{place, version};

/// Claims whose engine or system does not fit.
pub(super) fn broken(lower: &str) -> Option<Broken> {
    if lower.contains("opera") || lower.contains("iemobile") || lower.contains("windows phone") {
        return None;
    }
    let msie = version(lower, "msie ")?;
    let trident = version(lower, "trident/");
    let expected = match msie {
        8 => Some(4),
        9 => Some(5),
        10 => Some(6),
        11 => Some(7),
        _ => None,
    };
    let at = || place(lower, "msie ").start..lower.len();
    if let (Some(expected), Some(trident)) = (expected, trident)
        && expected != trident
    {
        let rule = "a version of Internet Explorer with the engine of another";
        return fault(rule, Flag::Impossible, at());
    }
    // In its compatibility mode a later Explorer says 7 and keeps its own engine.
    let compatible = msie == 7 && trident.is_some_and(|t| t >= 4);
    if msie <= 8 && !compatible && windows_version(lower).is_some_and(|v| v >= (6, 2)) {
        let rule = "an Internet Explorer that there never was for this Windows";
        return fault(rule, Flag::Impossible, at());
    }
    None
}

/// Claims that nobody is known to make.
pub(super) fn doubtful(lower: &str) -> Option<Broken> {
    if let Some(trident) = version(lower, "trident/7").and(version(lower, "; rv:"))
        && trident != 11
        && lower.ends_with("like gecko")
    {
        let rule = "an engine of Internet Explorer with another's version";
        return fault(rule, Flag::Impossible, place(lower, "trident/").start..lower.len());
    }
    let msie = version(lower, "msie ")?;
    if (9..=11).contains(&msie) && lower.starts_with("mozilla/4.0 (") && !lower.contains("trident")
    {
        let rule = "an Internet Explorer without its engine";
        return fault(rule, Flag::Impossible, place(lower, "msie "));
    }
    None
}
