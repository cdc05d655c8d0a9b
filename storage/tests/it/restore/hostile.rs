//! What if an archive was made to harm, or only damaged? The bad day is named, the good one restored, and nothing is
//! written elsewhere.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use dwell_storage::ErrorKind;

use super::{begin, bring, copy, days, named, opened, problems, target};
use crate::world::temporary;

/// The files of the package of the first day whose path ends so.
fn objects(root: &Path, ending: &str) -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root.join(format!("archive/days/{}", days()[0])), &mut found);
    found.sort();
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found
}

/// What somebody did to the first day.
type Attack = (&'static str, &'static str, fn(&Path));

const ATTACKS: &[Attack] = &[
    ("segment cut", "-01.parquet", |path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("segment longer", "-01.parquet", |path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes.extend([0; 1 << 16]);
        std::fs::write(path, bytes).unwrap();
    }),
    ("segment gone", "-01.parquet", |path| std::fs::remove_file(path).unwrap()),
    ("segment emptied", "-01.parquet", |path| std::fs::write(path, b"").unwrap()),
    ("segment is a folder", "-01.parquet", |path| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    }),
    ("segment is a link elsewhere", "-01.parquet", |path| {
        std::fs::remove_file(path).unwrap();
        symlink("/etc/passwd", path).unwrap();
    }),
    ("segment is a link to its own bytes", "-01.parquet", |path| {
        let aside = path.with_extension("aside");
        std::fs::rename(path, &aside).unwrap();
        symlink(aside, path).unwrap();
    }),
    ("manifest leads elsewhere", "manifest.json", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text.replace("requests/day=", "../../../day=")).unwrap();
    }),
    ("manifest says other sizes", "manifest.json", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text.replace("\"bytes\":", "\"bytes\":1")).unwrap();
    }),
    ("manifest is another day's", "manifest.json", |path| {
        let other = path.to_string_lossy().replace(&days()[0].to_string(), &days()[1].to_string());
        let folder = Path::new(&other).parent().unwrap().parent().unwrap();
        let package = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        std::fs::copy(package.join("manifest.json"), path).unwrap();
    }),
    ("a record is changed", "ledger.jsonl", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text.replace("ingest", "retire")).unwrap();
    }),
    ("a record is left out", "ledger.jsonl", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<_> = text.lines().skip(1).collect();
        std::fs::write(path, lines.join("\n")).unwrap();
    }),
    ("the checkpoint is changed", "checkpoint", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text.replacen('\n', "0\n", 2)).unwrap();
    }),
    ("another key", "/key", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text.to_lowercase()).unwrap();
    }),
];

#[test]
fn a_bad_day_is_named_and_the_good_one_restored() {
    let template = temporary();
    begin(template.path());
    for (what, ending, attack) in ATTACKS {
        let root = temporary();
        let root = root.path();
        copy(template.path(), root);
        let object = objects(root, ending);
        attack(object.first().unwrap_or_else(|| panic!("{what}: no {ending}")));
        let report = bring(&opened(root), &target(root), root, named("a")).unwrap();
        let bad: Vec<_> = report.bad.iter().map(|(day, _)| *day).collect();
        assert_eq!(bad, [days()[0]], "{what}: {report:?}");
        assert_eq!(
            report.restored.iter().map(|it| it.day).collect::<Vec<_>>(),
            [days()[1]],
            "{what}"
        );
        assert_eq!(problems(root), Vec::<String>::new(), "{what}");
        let state = opened(root).state();
        assert!(!state.restored["a"].days.contains_key(&days()[0]), "{what}");
    }
}

#[test]
fn an_archive_whose_index_is_not_signed_gives_nothing() {
    let template = temporary();
    begin(template.path());
    let index = "archive/index/0000000001";
    let attacks: [fn(&Path); 4] = [
        |path| {
            let text = std::fs::read_to_string(path).unwrap();
            std::fs::write(path, text.replace("\"rows\":1", "\"rows\":2")).unwrap();
        },
        |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let cut = text.rfind('\u{2014}').unwrap();
            std::fs::write(path, &text[..cut]).unwrap();
        },
        |path| std::fs::write(path, b"").unwrap(),
        |path| {
            // Another store's key in the mark, and the index as it is.
            let other = temporary();
            begin(other.path());
            let mark = "archive/dwell-archive";
            let root = path.parent().unwrap().parent().unwrap().parent().unwrap();
            std::fs::copy(other.path().join(mark), root.join(mark)).unwrap();
        },
    ];
    for (at, attack) in attacks.into_iter().enumerate() {
        let root = temporary();
        let root = root.path();
        copy(template.path(), root);
        attack(&root.join(index));
        let error = bring(&opened(root), &target(root), root, named("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{at}: {error}");
        assert!(opened(root).state().restored.is_empty());
    }
}
