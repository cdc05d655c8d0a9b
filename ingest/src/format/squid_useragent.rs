//! How Squid's built-in useragent log is made.

use super::{Format, FormatError, Parser, compiled};

/// Squid built-in useragent.
#[derive(Debug)]
pub(super) struct SquidUseragent;

impl Format for SquidUseragent {
    fn id(&self) -> &'static str {
        "squid_useragent"
    }

    fn title(&self) -> &'static str {
        "Squid built-in useragent"
    }

    fn doc(&self) -> &'static str {
        "Which client used which agent: only requests with a User-Agent. Times print their offset; they are the end of the transaction, in whole seconds."
    }

    fn definition(&self) -> &'static str {
        r#"%>a [%tl] "%'{User-Agent}>h""#
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::squid(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
