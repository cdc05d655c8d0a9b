//! How Squid's native log is made.

use super::{Format, FormatError, Parser, compiled};

/// Squid native access.log.
#[derive(Debug)]
pub(super) struct Squid;

impl Format for Squid {
    fn id(&self) -> &'static str {
        "squid"
    }

    fn title(&self) -> &'static str {
        "Squid native access.log"
    }

    fn doc(&self) -> &'static str {
        "Squid's own format and its default. Times are UTC, the end of the transaction. It has no agent, referer or protocol version; queries are there only with strip_query_terms off."
    }

    fn definition(&self) -> &'static str {
        r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt"#
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::squid(self.id(), self.definition(), spec)?.with_header_blocks();
        Ok(Box::new(compiled))
    }
}
