//! Does the log of queries hold what it promises: a chain, words that can go, and crashes that break nothing?

use std::collections::BTreeSet;

use super::*;

/// 2026-11-20T00:00:00Z.
const AT: Micros = 1_795_132_800_000_000;
const MONTH_US: Micros = 31 * 86_400_000_000;

fn log() -> (tempfile::TempDir, QueryLog) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(FOLDER);
    std::fs::create_dir(&folder).unwrap();
    (dir, QueryLog { fs: fs::real(), folder })
}

fn check(dir: &tempfile::TempDir, shredded: &[&str]) -> LogReport {
    let shredded: BTreeSet<String> = shredded.iter().map(|it| (*it).to_owned()).collect();
    verify(&*fs::real(), dir.path(), &shredded).unwrap()
}

fn fill(log: &QueryLog) {
    for at in 0..4 {
        let asked = log.ask(AT + at * MONTH_US / 3, "anna", &format!("SELECT {at}")).unwrap();
        log.answer(asked, AT + at * MONTH_US / 3 + 5_000, 7, "done").unwrap();
    }
}

#[test]
fn entries_follow_one_another_over_the_months() {
    let (dir, log) = log();
    fill(&log);
    let report = check(&dir, &[]);
    assert_eq!((report.entries, report.problems.len(), report.notes.len()), (8, 0, 0));
    let names = fs::list_if_there(&*fs::real(), &log.folder).unwrap();
    assert_eq!(names, ["2026-11.jsonl", "2026-12.jsonl", "lock"]);
    let text = std::fs::read_to_string(log.folder.join("2026-11.jsonl")).unwrap();
    let second = LogLine::parse(text.lines().nth(1).unwrap().as_bytes()).unwrap();
    let answer = Event::Answer { of: 1, rows: 7, elapsed_ms: 5, outcome: "done".into() };
    assert_eq!(second.entry.event, answer);
}

#[test]
fn a_changed_missing_or_moved_line_is_noticed() {
    let (dir, log) = log();
    fill(&log);
    let path = log.folder.join("2026-11.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let bad = |lines: &[&str]| {
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        !check(&dir, &[]).problems.is_empty()
    };
    assert!(bad(&[lines[0], lines[2], lines[1], lines[3]]));
    assert!(bad(&[lines[0], lines[1], lines[3]]));
    assert!(bad(&lines[1..]));
    assert!(bad(&lines[..3]), "the next month follows on what is gone");
    assert!(bad(&[&lines[0].replace("SELECT 0", "SELECT 9"), lines[1], lines[2], lines[3]]));
    assert!(bad(&[&lines[0].replace("anna", "otto"), lines[1], lines[2], lines[3]]));
    assert!(bad(&[lines[0], &lines[1].replace("\"rows\":7", "\"rows\":6"), lines[2], lines[3]]));
    std::fs::write(log.folder.join("more"), "x").unwrap();
    assert!(bad(&lines));
    std::fs::remove_file(log.folder.join("more")).unwrap();
    assert!(!bad(&lines));
}

#[test]
fn words_go_and_the_chain_stays() {
    let (dir, log) = log();
    for sql in ["SELECT 'Erika'", "SELECT 1", "SELECT 2 -- erika"] {
        log.ask(AT, "anna", sql).unwrap();
    }
    let found = naming(&*fs::real(), dir.path(), &["ERIKA".into()]).unwrap();
    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["log/2026-11.jsonl#1", "log/2026-11.jsonl#3"]);
    assert_eq!(names[0].parse::<Place>().unwrap(), found[0]);
    for _ in 0..2 {
        shred(&*fs::real(), dir.path(), &found).unwrap();
        let text = std::fs::read_to_string(log.folder.join("2026-11.jsonl")).unwrap();
        assert!(!text.to_lowercase().contains("erika") && text.contains("SELECT 1"), "{text}");
    }
    let report = check(&dir, &["log/2026-11.jsonl#1", "log/2026-11.jsonl#3"]);
    assert_eq!((report.entries, report.shredded, report.problems.len()), (3, 2, 0));
    assert_eq!(check(&dir, &["log/2026-11.jsonl#1"]).problems.len(), 1);
    log.ask(AT, "anna", "SELECT 4").unwrap();
    assert_eq!(check(&dir, &["log/2026-11.jsonl#1", "log/2026-11.jsonl#3"]).problems.len(), 0);
}

#[test]
fn a_line_cut_off_by_a_crash_breaks_nothing() {
    let (dir, log) = log();
    fill(&log);
    let path = log.folder.join("2026-12.jsonl");
    let whole = std::fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    for end in [last + 1, whole.len() - 1] {
        std::fs::write(&path, &whole[..end]).unwrap();
        log.ask(AT + 2 * MONTH_US, "anna", "SELECT 5").unwrap();
        let report = check(&dir, &[]);
        assert_eq!(report.problems, [], "{end}");
        std::fs::remove_file(log.folder.join("2027-01.jsonl")).unwrap();
        log.ask(AT + MONTH_US / 2, "anna", "SELECT 6").unwrap();
        assert_eq!(check(&dir, &[]).problems, [], "{end}");
    }
}

#[test]
fn a_line_longer_than_the_tail_is_found() {
    let (dir, log) = log();
    log.ask(AT, "anna", &"x".repeat(300_000)).unwrap();
    log.ask(AT, "anna", "SELECT 1").unwrap();
    let long = log.ask(AT, "anna", &"y".repeat(100_000)).unwrap();
    log.answer(long, AT, 0, "failed").unwrap();
    let report = check(&dir, &[]);
    assert_eq!((report.entries, report.problems.len()), (4, 0));
}
