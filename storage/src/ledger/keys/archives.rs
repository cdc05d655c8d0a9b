//! Which index did this machine last write to an archive? `<id>.archives` keeps it, so that an older one is noticed.

use super::{HEAD_WAIT_MS, KeyRing, create_dirs};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;

impl KeyRing {
    /// Number and digest of the index last written to the target whose URL has this digest.
    pub fn seen_index(&self, id: &str, target: &Digest) -> Result<Option<(u64, Digest)>> {
        let mut newest: Option<(u64, Digest)> = None;
        for dir in self.places() {
            let path = dir.join(format!("{id}.archives"));
            let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else { continue };
            // A line that a power loss has torn says nothing.
            for line in String::from_utf8_lossy(&bytes).lines() {
                let Some(seen) = parse(line, target) else { continue };
                if newest.is_none_or(|newest| newest.0 <= seen.0) {
                    newest = Some(seen);
                }
            }
        }
        Ok(newest)
    }

    /// Notes an index that was written; says so if that can't be done.
    pub fn note_index(
        &self,
        id: &str,
        target: &Digest,
        number: u64,
        sha256: &Digest,
    ) -> Option<String> {
        let line = format!("\n{target} {number} {sha256}\n");
        let written = self.write_somewhere(|dir| {
            create_dirs(&*self.fs, dir)?;
            let lock = dir.join(format!("{id}.lock"));
            let Some(_lock) = fs::wait_for_lock(&*self.fs, &lock, HEAD_WAIT_MS)? else {
                return Err(Error::new(ErrorKind::Locked, "another process holds the keys").at(dir));
            };
            let path = dir.join(format!("{id}.archives"));
            let mut file =
                self.fs.append(&path).map_err(|error| Error::io("open", &path, error))?;
            file.write_all(line.as_bytes()).map_err(|error| Error::io("write", &path, error))?;
            file.sync().map_err(|error| Error::io("sync", &path, error))?;
            fs::sync_dir(&*self.fs, dir)
        });
        written.map(|_| {
            "the index of the archive could not be noted: a rollback of the archive would go unnoticed on this machine"
                .to_owned()
        })
    }
}

fn parse(line: &str, target: &Digest) -> Option<(u64, Digest)> {
    let mut words = line.split(' ');
    let of: Digest = words.next()?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    let sha256 = words.next()?.parse().ok()?;
    (of == *target && words.next().is_none()).then_some((number, sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_index_of_each_target_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let ring = KeyRing::new(fs::real(), Some(dir.path().join("keys")), None);
        let (here, there) = (Digest::of(b"here"), Digest::of(b"there"));
        assert_eq!(ring.seen_index("s", &here).unwrap(), None);
        for number in [1, 3, 2] {
            assert_eq!(ring.note_index("s", &here, number, &Digest::of(&[number as u8])), None);
        }
        assert_eq!(ring.seen_index("s", &here).unwrap(), Some((3, Digest::of(&[3]))));
        assert_eq!(ring.seen_index("s", &there).unwrap(), None);
        assert_eq!(ring.seen_index("t", &here).unwrap(), None);
    }
}
