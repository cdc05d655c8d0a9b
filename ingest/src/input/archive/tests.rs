//! Does every file of an archive come out, whatever wrote it, and nothing else?

use std::io::{Cursor, Read, Write};

use ::tar::{Builder, EntryType, Header};
use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use super::*;

/// What comes out: names with texts, or `!name: why`; at last how it ended, if not well.
fn walked(kind: Kind, content: Content, from: usize) -> Vec<(String, String)> {
    let mut archive = Archive::open(kind, content, Vec::new(), from);
    let mut all = Vec::new();
    loop {
        match archive.entry() {
            Entry::Member(member) => {
                let name = member.name.clone();
                let mut text = String::new();
                let read = member.content().map(|mut content| {
                    let read = Read::read_to_string(&mut content, &mut text);
                    read.err().map(|error| format!("{text}!{error}")).unwrap_or_default()
                });
                let failed = read.unwrap_or_else(|error| format!("{error:?}"));
                all.push((name, if failed.is_empty() { text } else { failed }));
            }
            Entry::Unreadable { name, why } => all.push((format!("!{name}"), why)),
            Entry::Nothing => {}
            Entry::Broken(error) => all.push(("!".into(), format!("{error:?}"))),
            Entry::End => return all,
        }
        if all.last().is_some_and(|(name, _)| name == "!") {
            return all;
        }
    }
}

fn content(bytes: &[u8]) -> Content {
    Content::new(Box::new(Cursor::new(bytes.to_vec())), None, None).unwrap()
}

fn untar(bytes: &[u8]) -> Vec<(String, String)> {
    assert_eq!(kind(bytes), Some(Kind::Tar));
    walked(Kind::Tar, content(bytes), 0)
}

fn unzip(bytes: &[u8]) -> Vec<(String, String)> {
    assert_eq!(kind(bytes), Some(Kind::Zip));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let entered = Content::new(Box::new(Cursor::new(Vec::new())), Some(file), None).unwrap();
    let entered = walked(Kind::Zip, entered, 0);
    // From a pipe the same comes out.
    assert_eq!(walked(Kind::Zip, content(bytes), 0), entered);
    entered
}

fn pairs(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

fn header(mut header: Header, kind: EntryType, size: usize) -> Header {
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn append(tar: &mut Builder<Vec<u8>>, name: &str, text: &[u8]) {
    let mut header = header(Header::new_gnu(), EntryType::Regular, text.len());
    tar.append_data(&mut header, name, text).unwrap();
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    files.iter().for_each(|(name, text)| append(&mut tar, name, text));
    tar.into_inner().unwrap()
}

#[test]
fn a_tar_of_every_kind_comes_out() {
    let long = format!("logs/{}/access.log", "d".repeat(150));
    let mut tar = Builder::new(Vec::new());
    append(&mut tar, "one.log", b"one\n");
    append(&mut tar, &long, b"long\n");
    append(&mut tar, "logs/.hidden", b"no\n");
    append(&mut tar, "logs/empty", b"");
    tar.append_pax_extensions([("path", b"by/pax.log".as_slice())]).unwrap();
    append(&mut tar, "short", b"pax\n");
    append(&mut tar, "last.log", &[b'x'; 512]);
    let bytes = tar.into_inner().unwrap();
    let all = untar(&bytes);
    let last = "x".repeat(512);
    let expected = [
        ("one.log", "one\n"),
        (long.as_str(), "long\n"),
        ("logs/empty", ""),
        ("by/pax.log", "pax\n"),
        ("last.log", last.as_str()),
    ];
    assert_eq!(pairs(&all), expected);
    assert_eq!(pairs(&walked(Kind::Tar, content(&bytes), 3)), expected[3..]);
}

#[test]
fn what_is_no_file_is_left_out_and_what_cannot_be_read_is_told() {
    let mut tar = Builder::new(Vec::new());
    for (kind, name) in [
        (EntryType::Directory, "logs/"),
        (EntryType::Symlink, "link"),
        (EntryType::Fifo, "pipe"),
        (EntryType::new(b'M'), "torn"),
    ] {
        let mut one = Header::new_gnu();
        one.set_path(name).unwrap();
        tar.append(&header(one, kind, 0), std::io::empty()).unwrap();
    }
    // A hard link claims a size, and no bytes follow.
    let mut link = Header::new_ustar();
    link.set_path("hard").unwrap();
    let link = header(link, EntryType::Link, 700);
    tar.get_mut().extend_from_slice(link.as_bytes());
    tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
    append(&mut tar, "sparse.log", b"1\n");
    // The crate writes no path that leads upwards.
    let mut upwards = Header::new_ustar();
    upwards.as_old_mut().name[..14].copy_from_slice(b"../../good.log");
    tar.append(&header(upwards, EntryType::Regular, 0), std::io::empty()).unwrap();
    let all = untar(&tar.into_inner().unwrap());
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["!torn", "!sparse.log", "good.log"]);
    assert!(all[0].1.contains("kind `M`") && all[1].1.contains("sparse"));
}

#[test]
fn tars_may_be_joined_old_or_sparse() {
    let joined = [tar_of(&[("a", b"1\n")]), tar_of(&[("b", b"2\n")])].concat();
    assert_eq!(pairs(&untar(&joined)), [("a", "1\n"), ("b", "2\n")]);
    let mut old = Header::new_old();
    old.set_path("old.log").unwrap();
    let old = header(old, EntryType::new(0), 4);
    let mut bytes = old.as_bytes().to_vec();
    bytes.extend_from_slice(b"old\n");
    bytes.resize(512 * 4, 0);
    assert_eq!(pairs(&untar(&bytes)), [("old.log", "old\n")]);
    let mut sparse = Header::new_gnu();
    sparse.set_path("sparse.log").unwrap();
    sparse.as_gnu_mut().unwrap().isextended = [1];
    let sparse = header(sparse, EntryType::GNUSparse, 4);
    let map = [0; 512];
    let bytes = [sparse.as_bytes().as_slice(), &map, &bytes[512..1024], &bytes].concat();
    let all = untar(&bytes);
    assert_eq!((all[0].0.as_str(), pairs(&all[1..])), ("!sparse.log", vec![("old.log", "old\n")]));
}

#[test]
fn a_damaged_tar_gives_what_it_has() {
    let text = vec![b'y'; 3000];
    let whole = tar_of(&[("a", b"1\n"), ("b", &text), ("c", b"3\n")]);
    let cut = |len: usize| untar(&whole[..len]);
    let all = cut(512 * 5);
    assert_eq!(pairs(&all)[0], ("a", "1\n"));
    assert!(all[1].1.starts_with("yyy") && all[1].1.ends_with("!the archive ends before it does"));
    assert!(all[2].1.contains("middle of a file") && all.len() == 3, "{all:?}");
    let all = cut(512 * 2 + 100);
    assert!(all[1].1.contains("middle of a header"), "{all:?}");
    let all = cut(512 * 2);
    assert!(all[1].1.contains("no end mark"), "{all:?}");
    let mut bad = whole.clone();
    bad[512 * 2 + 5] ^= 1;
    assert!(untar(&bad)[1].1.contains("the header behind its first 1 files"));
    let garbage = [whole.as_slice(), b"garbage".repeat(100).as_slice()].concat();
    let all = untar(&garbage[..garbage.len() / 512 * 512]);
    assert!(all.len() == 4 && all[3].1.contains("no tar follow"), "{all:?}");
}

#[test]
fn a_claimed_size_takes_no_memory() {
    for kind in [EntryType::GNULongName, EntryType::XHeader] {
        let mut long = Header::new_gnu();
        long.set_path("././@LongLink").unwrap();
        let long = header(long, kind, 1 << 40);
        let all = untar(&[long.as_bytes().as_slice(), &[b'n'; 5000]].concat());
        assert!(all[0].1.contains("claims to have"), "{all:?}");
    }
}

#[test]
fn a_member_may_be_skipped() {
    let big = vec![b'z'; 3 << 20];
    let bytes = tar_of(&[("big", &big), ("small", b"1\n")]);
    let mut archive = Archive::open(Kind::Tar, content(&bytes), Vec::new(), 0);
    let Entry::Member(member) = archive.entry() else { panic!("no member") };
    drop(member);
    let Entry::Member(member) = archive.entry() else { panic!("no member") };
    assert_eq!((member.name.as_str(), member.nth), ("small", 1));
}

#[test]
fn what_is_packed_in_an_archive_is_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"packed\n").unwrap();
    let gzip = gzip.finish().unwrap();
    let all = untar(&tar_of(&[("a.log.gz", &gzip), ("cut.gz", &gzip[..gzip.len() - 9])]));
    assert_eq!(pairs(&all)[0], ("a.log.gz", "packed\n"));
    assert!(all[1].1.contains('!'), "{all:?}");
}

#[test]
fn a_bomb_ends_early() {
    let bounds = Arc::new(Bounds::new(Arc::default()));
    bounds.unpacked(1 << 30).unwrap();
    let (sender, pieces) = sync_channel(2);
    let member = Member { nth: 0, name: "bomb".into(), pieces, bounds };
    sender.send(Piece::Bytes(vec![b'A'; 100])).unwrap();
    sender.send(Piece::Bytes(vec![b'A'; 100])).unwrap();
    let mut content = member.content().unwrap();
    let mut buffer = [0; 100];
    assert_eq!(content.read(&mut buffer).unwrap(), 16);
    let Err(ReadError::Damaged(why)) = Content::read(&mut content, &mut buffer) else { panic!() };
    assert!(why.contains("1000 times"));
}

fn zip_of(files: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text, method) in files {
        let options = SimpleFileOptions::default().compression_method(*method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(text).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const PLAIN: CompressionMethod = CompressionMethod::Stored;

/// Changes a field of every header of the archive: at `local` in those before the files, `central` in the directory's.
fn patch(bytes: &mut [u8], nth: usize, (local, central): (usize, usize), value: u8) {
    for (mark, offset) in [(b"PK\x03\x04", local), (b"PK\x01\x02", central)] {
        let at = memchr::memmem::find_iter(bytes, mark).nth(nth).unwrap();
        bytes[at + offset] = value;
    }
}

#[test]
fn a_zip_comes_out() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("logs/", SimpleFileOptions::default()).unwrap();
    for (name, method) in [
        ("logs/a.log", CompressionMethod::Deflated),
        ("b.log", PLAIN),
        ("c\\d.log", CompressionMethod::Bzip2),
        ("../e.log", CompressionMethod::Zstd),
        ("__MACOSX/._b.log", PLAIN),
    ] {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(name, options).unwrap();
        zip.write_all(name.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let expected = [
        ("logs/a.log", "logs/a.log"),
        ("b.log", "b.log"),
        ("c/d.log", "c\\d.log"),
        ("e.log", "../e.log"),
    ];
    assert_eq!(pairs(&unzip(&bytes)), expected);
    assert_eq!(pairs(&walked(Kind::Zip, content(&bytes), 2)), expected[2..]);
}

#[test]
fn what_cannot_be_unzipped_is_told_and_the_rest_comes_out() {
    let files = [("a", b"1\n".as_slice(), PLAIN), ("b", b"2\n", PLAIN), ("c", b"3\n", PLAIN)];
    let good = zip_of(&files);
    let mut encrypted = good.clone();
    patch(&mut encrypted, 1, (6, 8), 1);
    let all = unzip(&encrypted);
    assert_eq!((all[0].1.as_str(), all[1].0.as_str(), all[2].1.as_str()), ("1\n", "!b", "3\n"));
    assert!(all[1].1.contains("encrypted"), "{all:?}");
    let mut strange = good.clone();
    patch(&mut strange, 0, (8, 10), 14);
    let all = unzip(&strange);
    assert_eq!((all[0].0.as_str(), all[1].1.as_str()), ("!a", "2\n"));
    assert!(all[0].1.contains("packed in a way"), "{all:?}");
    let mut flipped = good;
    let at = memchr::memmem::find(&flipped, b"2\n").unwrap();
    flipped[at] ^= 4;
    let all = unzip(&flipped);
    assert!(all[1].1.starts_with("6\n!") && all[2].1 == "3\n", "{all:?}");
}

#[test]
fn a_zip_without_its_directory_gives_what_it_has() {
    let text = (0..9000).map(|at| format!("{at}\n")).collect::<String>();
    let method = CompressionMethod::Deflated;
    let whole = zip_of(&[("a", b"1\n", PLAIN), ("b", text.as_bytes(), method)]);
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    let all = unzip(&whole[..directory]);
    assert_eq!(pairs(&all[..2]), [("a", "1\n"), ("b", text.as_str())]);
    assert!(all[2].1.contains("directory is lost; 2 files"), "{all:?}");
    let all = unzip(&whole[..directory / 2]);
    assert!(text.starts_with(all[1].1.split('!').next().unwrap()) && all[1].1.len() > 1000);
    assert!(all.len() == 3 && all[2].0 == "!", "{all:?}");
}

#[test]
fn files_that_overlap_or_share_a_name_are_told() {
    let text = vec![b'k'; 5000];
    let good = zip_of(&[("a", &text, PLAIN), ("b", b"2\n", PLAIN)]);
    let mut bomb = good.clone();
    let entry = memchr::memmem::find_iter(&good, b"PK\x01\x02").nth(1).unwrap();
    let first = memchr::memmem::find(&good, b"PK\x01\x02").unwrap();
    // The second file's bytes are those of the first.
    bomb.copy_within(first..first + 46, entry);
    let all = unzip(&bomb);
    assert!(all.len() == 2 && all[1].1.contains("overlap"), "{all:?}");
    let mut same = good;
    patch(&mut same, 1, (30, 46), b'a');
    let all = unzip(&same);
    assert_eq!(all[0], ("a".to_owned(), "2\n".to_owned()));
    assert!(all[1].1.contains("only the last"), "{all:?}");
}

#[test]
fn texts_and_documents_are_no_archives() {
    for bytes in [
        b"".as_slice(),
        b"PK",
        b"PK\x03\x04",
        &zip_of(&[("[Content_Types].xml", b"<xml/>", PLAIN)]),
        &[0; 1024],
        &b"a line of text that is long enough\n".repeat(40),
        &[vec![b'u'; 257], b"ustar  \0".to_vec(), vec![b' '; 300]].concat(),
    ] {
        assert_eq!(kind(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(kind(&zip_of(&[])), Some(Kind::Zip));
}
