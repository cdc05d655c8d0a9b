//! How Squid's built-in combined log is made.

use super::{Format, FormatError, Parser, compiled};

/// Squid built-in combined.
#[derive(Debug)]
pub(super) struct SquidCombined;

impl Format for SquidCombined {
    fn id(&self) -> &'static str {
        "squid_combined"
    }

    fn title(&self) -> &'static str {
        "Squid built-in combined"
    }

    fn doc(&self) -> &'static str {
        "The Combined Log Format as Squid writes it: referer and agent are not escaped, so quotes in them stand as they came. Times print their offset; they are the end of the transaction, in whole seconds."
    }

    fn definition(&self) -> &'static str {
        r#"%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%'{Referer}>h" "%'{User-Agent}>h" %Ss:%Sh"#
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::squid(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
