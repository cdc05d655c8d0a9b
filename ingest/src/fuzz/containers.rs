//! Do archives and compressed inputs end, with what they have or with a reason, and never with more bytes than allowed?

use std::io::Cursor;

use crate::input::archive::{Archive, Entry, kind};
use crate::input::{Content, ReadError};

/// The first bytes of a content, which tell what it is.
const HEAD: usize = 4096;

/// Reads `bytes` as an input: unpacked, and walked if it is an archive.
pub(super) fn walked(bytes: &[u8]) -> Result<(), String> {
    let Ok(mut content) = Content::new(Box::new(Cursor::new(bytes.to_vec())), None, None) else {
        return Ok(());
    };
    let mut head = vec![0; HEAD];
    let mut len = 0;
    while len < HEAD {
        match content.read(&mut head[len..]) {
            Ok(0) | Err(_) => break,
            Ok(read) => len += read,
        }
    }
    head.truncate(len);
    let Some(kind) = kind(&head) else { return drain(content) };
    let mut archive = Archive::open(kind, content, head, 0);
    let mut next = 0;
    loop {
        match archive.entry() {
            Entry::Member(member) => {
                let leads_out = |part| matches!(part, "" | "." | "..");
                if member.name.split('/').any(leads_out) || member.nth != next {
                    return Err(format!("file {} is called {:?}", member.nth, member.name));
                }
                next += 1;
                if let Ok(content) = member.content() {
                    drain(content)?;
                }
            }
            Entry::Unreadable { .. } => next += 1,
            Entry::Nothing => {}
            Entry::Broken(ReadError::Io(error)) => {
                return Err(format!("memory can't be read: {error}"));
            }
            Entry::Broken(ReadError::Damaged(why)) if why.contains("its decoder stopped") => {
                return Err("the walk panicked".to_owned());
            }
            Entry::Broken(ReadError::Damaged(_)) | Entry::End => return Ok(()),
        }
    }
}

fn drain(mut content: Content) -> Result<(), String> {
    let mut buffer = [0; 8192];
    loop {
        match content.read(&mut buffer) {
            Ok(0) | Err(ReadError::Damaged(_)) => return Ok(()),
            Ok(_) => {}
            Err(ReadError::Io(error)) => return Err(format!("memory can't be read: {error}")),
        }
    }
}
