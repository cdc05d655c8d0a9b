//! How does a store get a new key? By a record that both keys have signed; the old one signs it into the ledger, the new
//! one everything after it.

use super::commit::{Draft, Failure};
use super::{CommitOptions, Store, clean, init, layout, lock, read_config};
use crate::error::Result;
use crate::fs::{self, Rights};
use crate::ledger::chain::Rotation;
use crate::ledger::note::VerifierKey;
use crate::ledger::record::Body;
use crate::ledger::text::Text;

impl Store {
    /// Replaces the key of the store by a new one, for a reason that is kept beside the record; returns its public half.
    pub fn rotate_key(&self, reason: &str, options: &CommitOptions) -> Result<VerifierKey> {
        self.writable()?;
        let _lock = self.lock_writer(options.wait_ms)?;
        self.refresh()?;
        self.check_head()?;
        let signer = self.writable()?;
        let old = signer.verifier()?;
        let staging = layout::staging_path(&self.dir, "rotate");
        self.clean(&staging)?;
        fs::ensure_dir(&*self.fs, &staging, Rights::Inherit)?;
        clean::empty_folder(&*self.fs, &staging, &[])?;
        let mut draft = Draft::new(&lock(&self.folded), options.now_us);
        let mut seq = self.state().seq() + 1;
        let config = read_config(&*self.fs, &self.dir)?.1;
        if config != self.state().config {
            draft.add(Body::Config { sha256: config }, Text::by(&options.by))?;
            seq += 1;
        }
        let new = init::new_key(self.id())?;
        let rotation = Rotation::sign(&signer, &new, seq)?;
        self.keys.prepare(&new)?;
        let text = Text::by(&options.by).with("reason", reason);
        draft.add(Body::Rotate(Box::new(rotation)), text)?;
        self.publish(&draft, &staging, &signer, || Ok(())).map_err(Failure::into_error)?;
        // From here on the new key counts; whoever writes next would finish what we can't.
        self.keys.replace(&old)?;
        let key = new.verifier()?;
        if let Some(trouble) = self.keys.remember(&key) {
            self.note(trouble);
        }
        self.advance_head();
        self.write_snapshot(&staging, &new);
        clean::remove_folder(&*self.fs, &staging)?;
        Ok(key)
    }
}
