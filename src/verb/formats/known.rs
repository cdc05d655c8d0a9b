//! Which formats are known here? The built-in ones and those of dwell.toml, in one list.

use anyhow::Result;
use ingest::format::own::{self, Own};
use ingest::format::{Basis, Description, FORMATS, Format, FormatError};
use storage::config::Config;
use storage::nearest::nearest;
use storage::schema::Col;

use crate::exit::usage;

/// A format.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) title: String,
    kind: Kind,
}

enum Kind {
    BuiltIn(&'static dyn Format),
    Own(Own),
}

impl Known {
    /// All formats: the built-in ones, then those of the settings.
    pub(super) fn all(config: &Config) -> Result<Vec<Self>> {
        let built_in = FORMATS.iter().map(|format| Self {
            name: format.id().into(),
            title: format.title().into(),
            kind: Kind::BuiltIn(*format),
        });
        let own = own::all(config).map_err(|error| usage(error.to_string()))?;
        let own = own.into_iter().map(|own| Self {
            name: own.name().into(),
            title: own.title().into(),
            kind: Kind::Own(own),
        });
        Ok(built_in.chain(own).collect())
    }

    /// The format of this name.
    pub(super) fn find(config: &Config, name: &str) -> Result<Self> {
        let mut all = Self::all(config)?;
        let built_in = ingest::format::find(name).map(Format::id);
        let place = all
            .iter()
            .position(|known| known.name == name || Some(known.name.as_str()) == built_in);
        if let Some(place) = place {
            return Ok(all.swap_remove(place));
        }
        let near = nearest(name, all.iter().map(|known| known.name.as_str()));
        let near = near.map(str::to_owned);
        Err(usage(FormatError::Unknown { name: name.into(), near }.to_string()))
    }

    /// Where it comes from and what it carries.
    pub(super) fn doc(&self) -> &str {
        match &self.kind {
            Kind::BuiltIn(format) => format.doc().trim(),
            Kind::Own(_) => "Described in dwell.toml.",
        }
    }

    /// Its text in the language of the program that writes it.
    pub(super) fn definition(&self) -> Option<&str> {
        match &self.kind {
            Kind::BuiltIn(format) => Some(format.definition()).filter(|text| !text.is_empty()),
            Kind::Own(own) => own.definition(),
        }
    }

    /// What it is made of, if its fields have names.
    pub(super) fn description(&self) -> Option<Description> {
        match &self.kind {
            Kind::BuiltIn(format) => format.description(),
            Kind::Own(own) => own.description(),
        }
    }

    /// The fields of its definition and the columns they fill.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        match &self.kind {
            Kind::BuiltIn(format) => format.fields(),
            Kind::Own(own) => {
                own.description().map(|found| found.fields().to_vec()).unwrap_or_default()
            }
        }
    }

    /// Which end of a transaction its times mark.
    pub(super) fn basis(&self) -> &'static str {
        let basis = match &self.kind {
            Kind::BuiltIn(format) => format.basis(),
            Kind::Own(own) => own.basis(),
        };
        if basis == Basis::Start { "start" } else { "end" }
    }

    /// The columns that it can fill.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let columns = match &self.kind {
            Kind::BuiltIn(format) => format.columns(),
            Kind::Own(own) => own.columns(),
        };
        columns.into_iter().map(Col::name).collect()
    }
}
