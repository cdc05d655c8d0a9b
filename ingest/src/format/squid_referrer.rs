//! How Squid's built-in referrer log is made.

use super::{Format, FormatError, Parser, compiled};

/// Squid built-in referrer.
#[derive(Debug)]
pub(super) struct SquidReferrer;

impl Format for SquidReferrer {
    fn id(&self) -> &'static str {
        "squid_referrer"
    }

    fn title(&self) -> &'static str {
        "Squid built-in referrer"
    }

    fn doc(&self) -> &'static str {
        "Who referred to what: only requests with a Referer. Times are UTC, the end of the transaction."
    }

    fn definition(&self) -> &'static str {
        r#"%ts.%03tu %>a %{Referer}>h %ru"#
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::squid(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
