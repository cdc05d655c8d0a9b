//! How the Common Log Format is made.

use super::{Basis, Format, FormatError, Parser, compiled};

/// NCSA common (Apache, nginx and others).
#[derive(Debug)]
pub(super) struct NcsaCommon;

impl Format for NcsaCommon {
    fn id(&self) -> &'static str {
        "ncsa_common"
    }

    fn title(&self) -> &'static str {
        "NCSA common (Apache, nginx and others)"
    }

    fn doc(&self) -> &'static str {
        "The Common Log Format. Times print their offset; with Apache they are the start of the request, in whole seconds. The size is that of the body."
    }

    fn definition(&self) -> &'static str {
        r#"%h %l %u %t "%r" %>s %b"#
    }

    fn basis(&self) -> Basis {
        Basis::Start
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let compiled = compiled::ncsa(self.id(), self.definition(), spec)?;
        Ok(Box::new(compiled))
    }
}
