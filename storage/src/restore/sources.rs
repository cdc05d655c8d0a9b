//! Which sources do the rows of a restored set come from? A file beside the set has them, for the ledger keeps no paths:
//! canonical JSON Lines, one source each, under the digest that the set's record names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::json;
use crate::ledger::record::NamedFile;
use crate::store::{Source, SourceFacts};

/// The bytes of the file.
pub fn sources_to_bytes<'a>(sources: impl Iterator<Item = &'a Source>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for source in sources {
        bytes.extend(json::to_bytes(&SourceFacts::of(source)?)?);
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Reads the file at `path`, which has to be the one that the ledger names.
pub fn read_sources(path: &Path, named: &NamedFile) -> Result<BTreeMap<i32, Arc<Source>>> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::integrity(path, "file is missing, though the ledger names it")
        }
        _ => Error::io("read", path, error),
    })?;
    if bytes.len() as u64 != named.bytes || Digest::of(&bytes) != named.sha256 {
        return Err(Error::integrity(path, "file differs from the ledger"));
    }
    parse(&bytes).map_err(|error| error.at(path))
}

fn parse(bytes: &[u8]) -> Result<BTreeMap<i32, Arc<Source>>> {
    let mut sources = BTreeMap::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let facts: SourceFacts = serde_json::from_slice(line).map_err(|error| {
            Error::new(ErrorKind::Integrity, "a source that cannot be read").caused_by(error)
        })?;
        let source = facts.into_source()?;
        sources.insert(source.id, Arc::new(source));
    }
    Ok(sources)
}
