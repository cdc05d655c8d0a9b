//! How is the input compressed? Told by its first bytes, never by its name; members and frames follow one another.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;
use liblzma::stream::{Action, CONCATENATED, Status, Stream};

/// The most memory an xz stream may ask for; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// A way of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// The bytes as they are.
    None,
    /// gzip, any number of members.
    Gzip,
    /// bzip2, any number of streams.
    Bzip2,
    /// xz, any number of streams.
    Xz,
    /// Zstandard, any number of frames.
    Zstd,
}

impl Compression {
    /// What its first bytes say; `head` holds the first ten at least, if there are so many.
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
            {
                Self::Bzip2
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The word in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }
}

type Reader = Box<dyn Read + Send>;

/// Looks at the first bytes of `reader` and returns the reader of what they hold.
pub(super) fn decoder(mut reader: Reader) -> io::Result<(Reader, Compression)> {
    let mut head = Vec::with_capacity(16);
    let early = reader.by_ref().take(16).read_to_end(&mut head).err();
    let compression = Compression::of(&head);
    let short = head.len() < 16;
    let whole: Reader = if early.is_some() {
        // What came before the error is content all the same.
        Box::new(Cursor::new(head).chain(Early(early)))
    } else if short && compression == Compression::None {
        Box::new(Cursor::new(head))
    } else {
        Box::new(Cursor::new(head).chain(reader))
    };
    let decoded = match compression {
        Compression::None => whole,
        Compression::Xz => Box::new(XzReader::new(whole)?),
        Compression::Gzip => Box::new(GzipReader::new(whole)),
        Compression::Bzip2 | Compression::Zstd => {
            niffler::send::get_reader(whole).map_err(io::Error::other)?.0
        }
    };
    Ok((decoded, compression))
}

/// An error that came early, told in its turn.
struct Early(Option<io::Error>);

impl Read for Early {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads any number of gzip members, and tells bytes behind them that are none from a damaged member. Zeros behind the
/// last member are padding.
struct GzipReader {
    member: Option<GzDecoder<BufReader<Reader>>>,
    /// Whether a member has been read to its end.
    any: bool,
}

impl GzipReader {
    fn new(inner: Reader) -> Self {
        let member = Some(GzDecoder::new(BufReader::with_capacity(64 << 10, inner)));
        Self { member, any: false }
    }

    /// Goes on to the next member, if there is one.
    fn next_member(&mut self, member: GzDecoder<BufReader<Reader>>) -> io::Result<()> {
        self.any = true;
        let mut inner = member.into_inner();
        loop {
            let ahead = inner.fill_buf()?;
            let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
            match ahead.get(zeros) {
                None if ahead.is_empty() => return Ok(()),
                None => inner.consume(zeros),
                Some(0x1f) if zeros == 0 => {
                    self.member = Some(GzDecoder::new(inner));
                    return Ok(());
                }
                Some(_) => {
                    return Err(io::Error::other("bytes that are no gzip follow the gzip data"));
                }
            }
        }
    }
}

impl Read for GzipReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut member) = self.member.take() {
            let read = member.read(buffer);
            if matches!(read, Ok(0)) && !buffer.is_empty() {
                self.next_member(member)?;
                continue;
            }
            let bad_header = self.any && member.header().is_none();
            self.member = Some(member);
            return match read {
                Err(error) if bad_header && error.kind() != io::ErrorKind::Interrupted => {
                    let message = format!("what follows the gzip data is no gzip member: {error}");
                    Err(io::Error::other(message))
                }
                read => read,
            };
        }
        Ok(0)
    }
}

/// Reads any number of xz streams (niffler's own reader stops after the first), and hands over all that came out
/// before it reports damage.
struct XzReader {
    inner: Reader,
    stream: Stream,
    input: Vec<u8>,
    used: usize,
    filled: usize,
    failed: Option<io::Error>,
    done: bool,
}

impl XzReader {
    fn new(inner: Reader) -> io::Result<Self> {
        let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
        let input = vec![0; 64 << 10];
        Ok(Self { inner, stream, input, used: 0, filled: 0, failed: None, done: false })
    }
}

impl Read for XzReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buffer.is_empty() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.used == self.filled {
                self.filled = self.inner.read(&mut self.input)?;
                self.used = 0;
            }
            let action = if self.filled == 0 { Action::Finish } else { Action::Run };
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let result = self.stream.process(&self.input[self.used..self.filled], buffer, action);
            self.used += (self.stream.total_in() - before_in) as usize;
            let made = (self.stream.total_out() - before_out) as usize;
            match result {
                Ok(Status::StreamEnd) => self.done = true,
                // Nothing more can come, and the stream has no end.
                Ok(_) if made == 0 && self.filled == 0 => {
                    self.failed = Some(io::Error::other("the xz stream ends too early"));
                }
                Ok(_) => {}
                Err(error) => self.failed = Some(error.into()),
            }
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Content, ReadError};
    use niffler::Level;
    use niffler::send::compression::Format;
    use std::io::Write;

    fn pack(format: Format, bytes: &[u8]) -> Vec<u8> {
        let shared = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
        impl Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let sink = Box::new(Sink(std::sync::Arc::clone(&shared)));
        let mut writer = niffler::send::get_writer(sink, format, Level::One).unwrap();
        writer.write_all(bytes).unwrap();
        drop(writer);
        std::mem::take(&mut *shared.lock().unwrap())
    }

    fn unpack(packed: Vec<u8>) -> (Vec<u8>, Option<ReadError>, Compression) {
        let mut content = Content::new(Box::new(Cursor::new(packed)), None, None).unwrap();
        let mut all = Vec::new();
        let mut buffer = [0; 100];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => return (all, None, content.compression),
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                Err(error) => return (all, Some(error), content.compression),
            }
        }
    }

    const FORMATS: [(Format, Compression); 4] = [
        (Format::Gzip, Compression::Gzip),
        (Format::Bzip, Compression::Bzip2),
        (Format::Lzma, Compression::Xz),
        (Format::Zstd, Compression::Zstd),
    ];

    #[test]
    fn members_follow_one_another() {
        for (format, compression) in FORMATS {
            let mut packed = pack(format, b"one\n");
            packed.extend(pack(format, b""));
            packed.extend(pack(format, b"two\n"));
            let (all, error, found) = unpack(packed);
            assert_eq!((all.as_slice(), found), (b"one\ntwo\n".as_slice(), compression));
            assert!(error.is_none(), "{error:?}");
        }
    }

    #[test]
    fn a_cut_or_trailing_garbage_is_damage() {
        let text: Vec<u8> = (0..20_000).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
        for (format, _) in FORMATS {
            let packed = pack(format, &text);
            let (all, error, _) = unpack(packed[..packed.len() - 5].to_vec());
            assert!(text.starts_with(&all) && !all.is_empty());
            assert!(matches!(error, Some(ReadError::Damaged(_))), "{format:?}");
            let mut padded = packed.clone();
            padded.extend_from_slice(&[0; 700]);
            if format == Format::Gzip {
                let (all, error, _) = unpack(padded);
                assert!(all == text && error.is_none(), "{error:?}");
            }
            let mut longer = packed;
            longer.extend_from_slice(b"garbage behind it");
            let (all, error, _) = unpack(longer);
            assert!(all == text, "{format:?}: {} of {}", all.len(), text.len());
            assert!(matches!(error, Some(ReadError::Damaged(_))), "{format:?}");
        }
    }

    #[test]
    fn garbage_behind_gzip_is_told_from_a_cut() {
        let packed = pack(Format::Gzip, b"one\n");
        for garbage in [b"x".as_slice(), b"\0\0x", b"\x1f", b"\x1fgarbage that goes on"] {
            let (all, error, _) = unpack([packed.as_slice(), garbage].concat());
            let Some(ReadError::Damaged(why)) = error else { panic!("{error:?}") };
            assert!(all == b"one\n" && why.contains("follow"), "{why}");
        }
        let (_, error, _) = unpack(packed[..packed.len() - 3].to_vec());
        let Some(ReadError::Damaged(why)) = error else { panic!("{error:?}") };
        assert!(!why.contains("follow"), "{why}");
    }

    #[test]
    fn short_and_plain_inputs_pass() {
        for text in [b"".as_slice(), b"a", b"BZh9 is no archive", b"\x1f\x8b"] {
            let (all, error, found) = unpack(text.to_vec());
            assert_eq!((all.as_slice(), found), (text, Compression::None));
            assert!(error.is_none());
        }
    }
}
