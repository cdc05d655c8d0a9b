//! Where does each target's fuzzing begin? With its fixtures, and with what was written for it by hand.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

/// The lines, or whole texts, that a target's texts are made of.
pub(crate) type Seeds = BTreeMap<String, Vec<Vec<u8>>>;

/// The seeds of all targets; those without files of their own have none.
pub(crate) fn load() -> Seeds {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Seeds::new();
    for dir in [crate_dir.join("tests/fixtures"), crate_dir.join("../fuzz/seeds")] {
        for (name, files) in folders(&dir) {
            let seeds = seeds.entry(name).or_default();
            for text in files.iter().filter_map(|file| std::fs::read(file).ok()) {
                // A text is a seed as a whole, and each of its lines.
                seeds.extend(text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec));
                seeds.push(text);
            }
        }
    }
    seeds.insert("archive".to_owned(), archives());
    seeds
}

fn folders(dir: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let entries = |dir: &Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    entries(dir).into_iter().map(|folder| (name(&folder), entries(&folder))).collect()
}

/// Small archives of each kind.
fn archives() -> Vec<Vec<u8>> {
    let files: [(&str, &[u8]); 3] =
        [("a.log", b"one\n"), ("d/b.log", b"two\n"), (".c", b"three\n")];
    let mut tar = tar::Builder::new(Vec::new());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        let long = format!("{}{name}", "long/".repeat(30));
        for name in [name, &long] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            let _ = tar.append_data(&mut header, name, text);
        }
        let _ = tar.append_pax_extensions([("path", b"pax.log".as_slice()), ("size", b"4")]);
        let _ = zip.start_file(name, zip::write::SimpleFileOptions::default());
        let _ = zip.write_all(text);
    }
    let tar = tar.into_inner().unwrap_or_default();
    let zip = zip.finish().map(Cursor::into_inner).unwrap_or_default();
    let mut all = vec![packed(&tar), packed(b"one\ntwo\n"), b"plain\n".to_vec()];
    // Pieces on their own, too: headers, and what lies between.
    all.extend(tar.chunks(512).map(<[u8]>::to_vec));
    all.extend([tar, zip]);
    all
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = gzip.write_all(bytes);
    gzip.finish().unwrap_or_default()
}
