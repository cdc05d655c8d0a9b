//! Which files does a tar archive hold? Old, ustar, GNU and pax headers, read in order from any stream.
//!
//! The headers are followed here, and not by the tar crate's own iterator, because that one keeps names and pax headers
//! in memory whatever size they claim.

use std::io::{BufReader, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::{Copied, Stop, Walk, fill, name};
use crate::input::{Content, Failed, sort_out};

const BLOCK: usize = 512;

/// The longest name, or set of pax attributes, that is read.
const NAMES_MAX: u64 = 1 << 20;

/// Whether a content begins with a tar header, told by its checksum.
pub(super) fn begins(sample: &[u8]) -> bool {
    let Some(block) = sample.first_chunk::<BLOCK>() else { return false };
    // An old header has no mark: nothing follows its fields.
    let marked = &block[257..262] == b"ustar" || block[257..].iter().all(|&byte| byte == 0);
    block[0] != 0 && marked && is_sound(block)
}

/// Whether the header's checksum holds.
fn is_sound(block: &[u8; BLOCK]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let sum = sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..]);
    Header::from_byte_slice(block).cksum().is_ok_and(|written| written == sum)
}

/// Hands over the files of the archive.
pub(super) fn walk(out: &mut Walk, content: Content, head: Vec<u8>) -> Result<(), Stop> {
    let (reader, failed) = content.after(head);
    let reader = BufReader::with_capacity(128 << 10, reader);
    Tar { reader, failed, out }.run()
}

struct Tar<'a> {
    reader: BufReader<Box<dyn Read + Send>>,
    failed: Failed,
    out: &'a mut Walk,
}

/// What the headers before a file's own say of it.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Tar<'_> {
    fn run(mut self) -> Result<(), Stop> {
        let mut ahead = Ahead::default();
        let mut ended = false;
        while let Some(block) = self.block()? {
            if block.iter().all(|&byte| byte == 0) {
                // Archives that were joined go on behind the end mark.
                ended = true;
                continue;
            }
            if !is_sound(&block) {
                let files = self.out.nth;
                return Err(Stop::damaged(if ended {
                    "bytes that are no tar follow the archive".to_owned()
                } else {
                    format!("the header behind its first {files} files is damaged")
                }));
            }
            ended = false;
            let header = Header::from_byte_slice(&block);
            let kind = header.entry_type();
            let size = header.entry_size().map_err(|error| Stop::damaged(error.to_string()))?;
            match kind {
                EntryType::GNULongName => ahead.name = Some(self.name(size)?),
                EntryType::XHeader => self.attributes(size, &mut ahead)?,
                EntryType::GNULongLink | EntryType::XGlobalHeader => self.pass(size)?,
                _ => self.entry(header, size, std::mem::take(&mut ahead))?,
            }
        }
        if ended {
            return Ok(());
        }
        Err(Stop::damaged("it has no end mark: if it was cut, files are missing"))
    }

    /// The next block; `None` at the end of the stream.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Stop> {
        let mut block = [0; BLOCK];
        match fill(&mut self.reader, &mut block) {
            Ok(0) => Ok(None),
            Ok(BLOCK) => Ok(Some(block)),
            Ok(_) => Err(Stop::damaged("it ends in the middle of a header")),
            Err((_, error)) => Err(Stop::Broken(sort_out(&self.failed, error))),
        }
    }

    /// A file, or something else with a name.
    fn entry(&mut self, header: &Header, size: u64, ahead: Ahead) -> Result<(), Stop> {
        let size = ahead.size.unwrap_or(size);
        let path = ahead.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let path = String::from_utf8_lossy(&path).into_owned();
        let is_folder = path.ends_with('/');
        let kind = header.entry_type();
        let Some(name) = name::clean(&path).filter(|_| !is_folder) else {
            return self.pass_link(kind, size);
        };
        match kind {
            EntryType::Regular | EntryType::Continuous if ahead.sparse => {
                self.out.unreadable(name, "it is stored as a sparse file; unpack it with tar")?;
                self.pass(size)
            }
            EntryType::Regular | EntryType::Continuous => self.file(name, size),
            EntryType::GNUSparse => {
                self.out.unreadable(name, "it is stored as a sparse file; unpack it with tar")?;
                self.sparse_map(header)?;
                self.pass(size)
            }
            // Links, folders, pipes, devices, and a dump's list of a folder (D) or name of a volume (V) are no logs.
            EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo => self.pass_link(kind, size),
            other if matches!(other.as_byte(), b'D' | b'V') => self.pass(size),
            other => {
                let letter = char::from(other.as_byte()).escape_default();
                let why = format!("it is an entry of kind `{letter}`; unpack it with tar");
                self.out.unreadable(name, why)?;
                self.pass(size)
            }
        }
    }

    fn file(&mut self, name: String, size: u64) -> Result<(), Stop> {
        let mut bytes = (&mut self.reader).take(size);
        let copied = self.out.member(name, Some(size), &mut bytes, &self.failed)?;
        let left = bytes.limit();
        match copied {
            Copied::Whole => self.padding(size),
            Copied::Dropped => {
                self.skip(left)?;
                self.padding(size)
            }
            Copied::Failed => Err(Stop::damaged("it ends in the middle of a file")),
        }
    }

    /// Some links claim the size of what they lead to, though nothing follows.
    fn pass_link(&mut self, kind: EntryType, size: u64) -> Result<(), Stop> {
        if kind == EntryType::Link { Ok(()) } else { self.pass(size) }
    }

    /// Goes over an entry that is not wanted.
    fn pass(&mut self, size: u64) -> Result<(), Stop> {
        self.skip(size)?;
        self.padding(size)
    }

    fn skip(&mut self, size: u64) -> Result<(), Stop> {
        let passed = self.out.pass(&mut (&mut self.reader).take(size), &self.failed)?;
        if passed < size {
            return Err(Stop::damaged("it ends in the middle of a file"));
        }
        Ok(())
    }

    fn padding(&mut self, size: u64) -> Result<(), Stop> {
        let block = BLOCK as u64;
        self.skip((block - size % block) % block)
    }

    /// The blocks that say where the bytes of a sparse file belong.
    fn sparse_map(&mut self, header: &Header) -> Result<(), Stop> {
        let mut more = header.as_gnu().is_some_and(|header| header.is_extended());
        while more {
            let Some(block) = self.block()? else {
                return Err(Stop::damaged("it ends in the middle of a header"));
            };
            more = block[504] == 1;
        }
        Ok(())
    }

    /// The bytes of an entry that describes the next one.
    fn text(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        if size > NAMES_MAX {
            return Err(Stop::damaged(format!("a name in it claims to have {size} bytes")));
        }
        let mut text = vec![0; size as usize];
        match fill(&mut self.reader, &mut text) {
            Ok(read) if read == text.len() => self.padding(size).map(|()| text),
            Ok(_) => Err(Stop::damaged("it ends in the middle of a header")),
            Err((_, error)) => Err(Stop::Broken(sort_out(&self.failed, error))),
        }
    }

    fn name(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        let mut name = self.text(size)?;
        name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
        Ok(name)
    }

    /// The pax attributes of the next file.
    fn attributes(&mut self, size: u64, ahead: &mut Ahead) -> Result<(), Stop> {
        let text = self.text(size)?;
        for attribute in PaxExtensions::new(&text) {
            let attribute = attribute.map_err(|error| Stop::damaged(error.to_string()))?;
            match attribute.key_bytes() {
                b"path" => ahead.name = Some(attribute.value_bytes().to_vec()),
                b"size" => {
                    let size = attribute.value().ok().and_then(|size| size.parse().ok());
                    let why = "the size of a file in it is no number";
                    ahead.size = Some(size.ok_or_else(|| Stop::damaged(why))?);
                }
                key => ahead.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}
