//! Which privacy rule does a source come in under, and is a content known though its digest was kept keyed?

use std::path::PathBuf;
use std::sync::Arc;

use storage::config::Config;
use storage::digest::Digest;
use storage::error::{Error, ErrorKind, Result};
use storage::privacy::{Privacy, PrivacyKey, Rule};
use storage::store::{Source, State, Store};

use crate::input::Input;
use crate::privacy::Scrubber;

/// The rules of dwell.toml, in its order.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<(glob::Pattern, Rule)>);

impl Rules {
    /// Takes the rules from the settings given, then those of the store: other settings for one run don't lift them.
    pub(super) fn new(given: Option<&Config>, own: &Config) -> Result<Self> {
        let sources = given.into_iter().chain([own]).flat_map(|config| &config.source);
        let rules = sources.filter_map(|source| {
            let rule = source.privacy.clone()?;
            Some(glob::Pattern::new(&source.path).map(|pattern| (pattern, rule)).map_err(|error| {
                let message = format!("dwell.toml: `{}` is no pattern: {error}", source.path);
                Error::new(ErrorKind::InvalidInput, message)
            }))
        });
        rules.collect::<Result<_>>().map(Self)
    }

    /// The rule for an input. A path may be given in many ways, and be renamed by the caller: a rule that matches any of
    /// them counts, lest a field be kept because somebody stood in another folder.
    pub(super) fn of(&self, input: &Input) -> Option<&Rule> {
        if self.0.is_empty() {
            return None;
        }
        let file = input.file.as_deref();
        let names: Vec<PathBuf> = [
            Some(input.name.clone()),
            std::path::absolute(&input.name).ok(),
            file.map(PathBuf::from),
            file.and_then(|file| std::path::absolute(file).ok()),
            file.and_then(|file| file.canonicalize().ok()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let matches = |pattern: &glob::Pattern| names.iter().any(|name| pattern.matches_path(name));
        self.0.iter().find(|(pattern, _)| matches(pattern)).map(|(_, rule)| rule)
    }

    /// The scrubber of a new source; `None` if no rule names it.
    pub(super) fn scrubber(
        &self,
        store: &Store,
        input: &Input,
    ) -> Result<Option<(Arc<Privacy>, Arc<Scrubber>)>> {
        let Some(rule) = self.of(input) else { return Ok(None) };
        let key = store.privacy_key_or_new()?;
        let privacy = Arc::new(Privacy { rule: rule.clone(), key_id: key.id().to_owned() });
        let scrubber = Arc::new(Scrubber::new(Arc::clone(&privacy), key));
        Ok(Some((privacy, scrubber)))
    }
}

/// The scrubber of a known source: a changed rule is for new sources only.
pub(super) fn scrubber_of(store: &Store, source: &Source) -> Result<Option<Arc<Scrubber>>> {
    let Some(privacy) = &source.privacy else { return Ok(None) };
    match store.privacy_key()? {
        Some(key) if key.id() == privacy.key_id => {
            Ok(Some(Arc::new(Scrubber::new(Arc::clone(privacy), key))))
        }
        _ => {
            let what = format!("the privacy key here is not the one of source {}", source.id);
            Err(Error::new(ErrorKind::Io, what))
        }
    }
}

/// Compares contents with sources whose digests are kept plain, and with those whose digests are keyed.
pub(super) struct Known(Option<PrivacyKey>);

impl Known {
    /// With the key of the store, if any source needs it.
    pub(super) fn new(store: &Store, state: &State) -> Result<Self> {
        let needed = state.sources.values().any(|source| source.privacy.is_some());
        Ok(Self(if needed { store.privacy_key()? } else { None }))
    }

    /// Whether a digest that was kept of `source` is that of a content.
    pub(super) fn is(&self, source: &Source, kept: &Digest, plain: &Digest) -> bool {
        match (&source.privacy, &self.0) {
            (None, _) => kept == plain,
            (Some(privacy), Some(key)) if privacy.key_id == key.id() => *kept == key.content(plain),
            _ => false,
        }
    }

    /// The source whose stored content ends or once ended with exactly these bytes.
    pub(super) fn source<'a>(
        &self,
        state: &'a State,
        bytes: u64,
        plain: &Digest,
    ) -> Option<&'a Arc<Source>> {
        state.source_with_content(bytes, plain).or_else(|| {
            let keyed = self.0.as_ref()?.content(plain);
            state.source_with_content(bytes, &keyed)
        })
    }
}
