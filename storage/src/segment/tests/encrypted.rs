//! Encrypted files: what goes in comes out with the key, nothing without it, and no file passes for another.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::crypt::{Scope, SealedFs, StoreKey, Vault};
use crate::error::ErrorKind;
use crate::fs::Fs;

fn vault(dir: &Path, key: &StoreKey) -> Arc<Vault> {
    Arc::new(Vault::with_key("s", dir, fs::real(), key.clone()))
}

fn sealed(vault: &Arc<Vault>) -> Arc<dyn Fs> {
    Arc::new(SealedFs::new(fs::real(), Arc::clone(vault)))
}

/// Writes a segment of the day into its folder.
fn write_to(fs: &Arc<dyn Fs>, root: &Path, day: i32, groups: &[RowGroup]) -> FileMeta {
    let header = SegmentHeader { day: Day(day), ..header() };
    let folder = root.join("requests").join(header.day.folder());
    std::fs::create_dir_all(&folder).unwrap();
    let path = format!("requests/{}", header.day.folder());
    let mut writer = SegmentWriter::create(fs, &folder, header).unwrap();
    for group in groups {
        writer.append(encode_for(&**fs, group).unwrap()).unwrap();
    }
    let mut meta = writer.finish(Vec::new()).unwrap();
    meta.path = format!("{path}/{}", meta.path);
    meta
}

fn rows(file: &VerifiedFile) -> RecordBatch {
    let batches = reader::rows(file, Col::stored(), &ReadOptions::default()).unwrap();
    let batches: Vec<_> = batches.collect::<crate::Result<_>>().unwrap();
    concat_batches(&stored_schema(), &batches).unwrap()
}

#[test]
fn rows_come_back_with_the_key_and_stand_nowhere_without() {
    let dir = TempDir::new().unwrap();
    let key = StoreKey::generate().unwrap();
    let keys = vault(dir.path(), &key);
    let groups = [small(PAGE_ROWS * 2 + 100), small(3)];
    let meta = write_to(&sealed(&keys), dir.path(), 20_000, &groups);
    let path = dir.path().join(&meta.path);
    let plain = write(&dir, &groups, encode);
    let file = VerifiedFile::open_with(&path, &meta, Some(&keys)).unwrap();
    assert!(file.is_encrypted());
    assert_eq!(rows(&file), read(&dir, &plain));
    assert_eq!(meta.stats, plain.stats);
    let index = file.metadata().offset_index().unwrap();
    assert_eq!(index[0][Col::Ts as usize].page_locations().len(), 1);
    let chunks = file.metadata().row_groups().iter().flat_map(|group| group.columns());
    assert!(chunks.clone().all(|chunk| chunk.bloom_filter_offset().is_none()));
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE"));
    for word in ["a.example", "allowed", "bob", "line_no", "dwell.sources"] {
        assert!(!bytes.windows(word.len()).any(|it| it == word.as_bytes()), "{word}");
    }
    check_file(&path, &meta).unwrap();
    // Another process, with the key alone.
    let again = VerifiedFile::open_with(&path, &meta, Some(&vault(dir.path(), &key))).unwrap();
    assert_eq!(rows(&again).num_rows(), PAGE_ROWS * 2 + 103);
}

#[test]
fn a_wrong_key_a_missing_one_and_none_are_told_apart() {
    let dir = TempDir::new().unwrap();
    let keys = vault(dir.path(), &StoreKey::generate().unwrap());
    let meta = write_to(&sealed(&keys), dir.path(), 20_000, &[small(10)]);
    let path = dir.path().join(&meta.path);
    let none = VerifiedFile::open(&path, &meta).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Io);
    assert!(none.to_string().contains("encrypted"), "{none}");
    let other = vault(dir.path(), &StoreKey::generate().unwrap());
    let wrong = VerifiedFile::open_with(&path, &meta, Some(&other)).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Io);
    assert!(wrong.to_string().contains("wrapped with the store key"), "{wrong}");
    let name = keys.names(Scope::Day(Day(20_000))).unwrap().remove(0);
    std::fs::remove_file(dir.path().join(name.path())).unwrap();
    let key = StoreKey::parse(keys.store_key().unwrap().line().as_bytes()).unwrap();
    let gone = VerifiedFile::open_with(&path, &meta, Some(&vault(dir.path(), &key))).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Integrity);
    assert!(gone.to_string().contains("is gone"), "{gone}");
}

#[test]
fn no_file_passes_for_another() {
    let dir = TempDir::new().unwrap();
    let keys = vault(dir.path(), &StoreKey::generate().unwrap());
    let fs = sealed(&keys);
    let one = write_to(&fs, dir.path(), 20_000, &[small(10)]);
    let two = write_to(&fs, dir.path(), 20_001, &[small(10)]);
    // A ledger that names them the wrong way round: digests hold, the encryption does not.
    let swapped = FileMeta { path: two.path.clone(), ..one.clone() };
    let error = VerifiedFile::open_with(dir.path().join(&one.path), &swapped, Some(&keys));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.to_string().contains("encrypted as another file"), "{error}");
    // The key of one day under the name of another's.
    let name = |day| keys.names(Scope::Day(Day(day))).unwrap().remove(0);
    let (from, to) = (dir.path().join(name(20_001).path()), dir.path().join(name(20_000).path()));
    std::fs::copy(from, to).unwrap();
    let key = keys.store_key().unwrap().clone();
    let error =
        VerifiedFile::open_with(dir.path().join(&one.path), &one, Some(&vault(dir.path(), &key)));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Integrity);
}

#[test]
fn changed_modules_are_noticed_without_the_ledger() {
    let dir = TempDir::new().unwrap();
    let keys = vault(dir.path(), &StoreKey::generate().unwrap());
    let meta = write_to(&sealed(&keys), dir.path(), 20_000, &[small(300)]);
    let path = dir.path().join(&meta.path);
    let bytes = std::fs::read(&path).unwrap();
    let whole = VerifiedFile::open_with(&path, &meta, Some(&keys)).unwrap();
    let expected = rows(&whole);
    // A forger who can give the ledger's digests to what he has changed.
    let (mut noticed, mut tried) = (0, 0);
    for at in (4..bytes.len()).step_by(7) {
        let mut forged = bytes.clone();
        forged[at] ^= 1 << (at % 8);
        std::fs::write(&path, &forged).unwrap();
        let Ok(meta) = forge(&path, &meta) else { continue };
        tried += 1;
        let read = VerifiedFile::open_with(&path, &meta, Some(&keys)).and_then(|file| {
            reader::rows(&file, Col::stored(), &ReadOptions::default())?
                .collect::<crate::Result<Vec<_>>>()
        });
        match read {
            Err(_) => noticed += 1,
            Ok(batches) => {
                assert_eq!(concat_batches(&stored_schema(), &batches).unwrap(), expected, "{at}")
            }
        }
    }
    assert!(tried > 500 && noticed * 100 > tried * 80, "{noticed} of {tried}");
}

/// What the ledger would say of the file as it is now.
fn forge(path: &Path, meta: &FileMeta) -> crate::Result<FileMeta> {
    let bytes = std::fs::read(path).unwrap();
    let tail = &bytes[meta.tail as usize..];
    let table = BlockTable::decode(tail, meta.tail);
    let mut table = table.ok_or_else(|| crate::Error::new(ErrorKind::Integrity, "no table"))?;
    let blocks = bytes[..meta.tail as usize].chunks(table.block_bytes as usize);
    table.digests = blocks.map(crate::Digest::of).collect();
    let mut bytes = bytes.clone();
    let at = meta.tail as usize + 16;
    for (number, digest) in table.digests.iter().enumerate() {
        bytes[at + 32 * number..][..32].copy_from_slice(&digest.0);
    }
    std::fs::write(path, &bytes).unwrap();
    let root = table.root(&crate::Digest::of(&bytes[meta.tail as usize..]));
    Ok(FileMeta { root, ..meta.clone() })
}
