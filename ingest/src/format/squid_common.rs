//! How Squid's built-in common log is made.

use super::{Format, FormatError, Parser, compiled};

/// Squid built-in common.
#[derive(Debug)]
pub(super) struct SquidCommon;

impl Format for SquidCommon {
    fn id(&self) -> &'static str {
        "squid_common"
    }

    fn title(&self) -> &'static str {
        "Squid built-in common"
    }

    fn doc(&self) -> &'static str {
        "The Common Log Format as Squid writes it, with result and hierarchy code behind. Times print their offset; they are the end of the transaction, in whole seconds."
    }

    fn definition(&self) -> &'static str {
        r#"%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh"#
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::squid(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
