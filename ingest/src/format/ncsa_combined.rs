//! How the Combined Log Format is made.

use super::{Basis, Format, FormatError, Parser, compiled};

/// NCSA combined (Apache, nginx and others).
#[derive(Debug)]
pub(super) struct NcsaCombined;

impl Format for NcsaCombined {
    fn id(&self) -> &'static str {
        "ncsa_combined"
    }

    fn title(&self) -> &'static str {
        "NCSA combined (Apache, nginx and others)"
    }

    fn doc(&self) -> &'static str {
        "The Combined Log Format: common, and referer and agent. Times print their offset; with Apache they are the start of the request, in whole seconds. The size is that of the body."
    }

    fn definition(&self) -> &'static str {
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#
    }

    fn basis(&self) -> Basis {
        Basis::Start
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::ncsa(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
