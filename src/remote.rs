//! Where is an archive that the command line or dwell.toml names? A folder, or a bucket of an object store.

mod credentials;
mod s3;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use storage::archive::target::{Limited, Pace};
use storage::archive::{ArchiveTarget, DirTarget, Trust};
use storage::config::ArchiveConfig;

use crate::context::Context;
use crate::exit::usage;
use crate::remote::s3::S3Target;

/// Whether a target that is not there is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It becomes one.
    Create,
    /// That is an error.
    Refuse,
}

/// Whether a word names something else than a folder.
pub(crate) fn is_url(to: &str) -> bool {
    to.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The target of `settings`, behind its limit of rate.
pub(crate) fn target(settings: &ArchiveConfig, missing: Missing) -> Result<Arc<dyn ArchiveTarget>> {
    let to = settings.to.as_str();
    let target: Arc<dyn ArchiveTarget> = if to.starts_with("s3://") {
        Arc::new(S3Target::open(settings)?)
    } else if let Some(path) = to.strip_prefix("file://") {
        folder(Path::new(path), missing)?
    } else if is_url(to) {
        return Err(usage(format!("`{to}` is neither a folder nor s3://BUCKET/PREFIX")));
    } else {
        folder(Path::new(to), missing)?
    };
    Ok(match settings.limit {
        Some(rate) => Arc::new(Limited::new(target, Pace::new(rate))),
        None => target,
    })
}

fn folder(path: &Path, missing: Missing) -> Result<Arc<dyn ArchiveTarget>> {
    let fs = storage::fs::real();
    Ok(Arc::new(match missing {
        Missing::Create => DirTarget::create(path, fs)?,
        Missing::Refuse => DirTarget::open(path, fs)?,
    }))
}

/// The settings of a target: by its name in dwell.toml, by where it is there, or as the command line says it.
pub(crate) fn settings(targets: &[ArchiveConfig], to: &str) -> ArchiveConfig {
    let named = targets.iter().find(|target| target.name == to);
    let same = || targets.iter().find(|target| target.to == to);
    named.or_else(same).cloned().unwrap_or_else(|| ArchiveConfig::to(to))
}

/// What an archive is checked with.
pub(crate) fn trust(context: &Context) -> Trust {
    Trust {
        key_dir: context.key_dir.clone(),
        fallback_dir: context.fallback_dir.clone(),
        pinned_key: context.pinned_key.clone(),
        trusted: None,
        fs: storage::fs::real(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_apart() {
        assert!(is_url("s3://b/p") && is_url("https://x") && !is_url("/mnt/a") && !is_url("a:b"));
        let mut far = ArchiveConfig::to("s3://b/p");
        far.name = "far".into();
        far.limit = Some(5);
        let targets = [far];
        assert_eq!(settings(&targets, "far").limit, Some(5));
        assert_eq!(settings(&targets, "s3://b/p").limit, Some(5));
        assert_eq!(settings(&targets, "/mnt/a"), ArchiveConfig::to("/mnt/a"));
        assert!(target(&ArchiveConfig::to("ftp://x/y"), Missing::Create).is_err());
    }
}
