//! What does a person see when something is wrong? Each case with its message and its code, and the store as before.

use std::os::unix::fs::PermissionsExt;

use crate::world::{SQUID, World, gzip, is_root};

fn ingest(world: &World, words: &[&str]) -> crate::world::Run {
    world.run(&[&["ingest"], words].concat())
}

fn rows(world: &World) -> String {
    world.csv("SELECT count(*) FROM requests").remove(0)
}

#[test]
fn inputs_that_cannot_be_opened() {
    let world = World::with_store();
    insta::assert_snapshot!("no_such_file", ingest(&world, &["no-such.log"]).ends(1).shown());
    world.file("good.log", SQUID.as_bytes());
    insta::assert_snapshot!(
        "one_of_two",
        ingest(&world, &["no-such.log", "good.log"]).ends(3).shown()
    );
    assert_eq!(rows(&world), "12");
    if !is_root() {
        let closed = world.path("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        let run = ingest(&world, &["closed"]);
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
        insta::assert_snapshot!("closed_folder", run.ends(1).shown());
    }
}

#[test]
fn inputs_that_are_no_logs() {
    let world = World::with_store();
    world.file("empty.log", b"");
    insta::assert_snapshot!("empty", ingest(&world, &["empty.log"]).ends(0).shown());
    world.file("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x02\0\0\0");
    insta::assert_snapshot!("png", ingest(&world, &["image.png"]).ends(1).shown());
    world.file(
        "novel.txt",
        "It was a dark and stormy night.\nThe rain fell in torrents.\n".repeat(20).as_bytes(),
    );
    insta::assert_snapshot!("unknown_format", ingest(&world, &["novel.txt"]).ends(3).shown());
    assert_eq!(rows(&world), "0");
    assert_eq!(world.csv("SELECT DISTINCT reason FROM quarantine"), ["unknown_format"]);
    insta::assert_snapshot!(
        "format_unknown",
        ingest(&world, &["novel.txt", "--format", "nosuch"]).ends(2).shown()
    );
    insta::assert_snapshot!(
        "zone_unknown",
        ingest(&world, &["novel.txt", "--tz", "Mars/Olympus"]).ends(2).shown()
    );
    world.file("new.txt", b"some other text\n");
    insta::assert_snapshot!(
        "logformat_wrong",
        ingest(&world, &["new.txt", "--logformat", "%ts %{unclosed"]).ends(2).shown()
    );
}

#[test]
fn two_formats_that_fit_equally() {
    let world = World::with_store();
    let formats = "[logformat]\nsent = '%ts.%03tu %>a %<st %>st %ru'\nreceived = '%ts.%03tu %>a %>st %<st %ru'\n";
    std::fs::write(world.store().join("dwell.toml"), formats).unwrap();
    let line = "1795169425.918 10.1.1.5 349 120 http://www.corp.test/p1.html\n";
    world.file("sizes.log", line.repeat(9).as_bytes());
    let run = ingest(&world, &["sizes.log"]);
    run.ends(3);
    assert!(run.stderr.contains("`received` and `sent` fit equally well"), "{}", run.stderr);
    assert!(run.stderr.contains("dwell quarantine retry --source 1"), "{}", run.stderr);
    assert_eq!(
        world.csv("SELECT reason, count(*) FROM quarantine GROUP BY reason"),
        ["ambiguous_format,9"]
    );
    assert_eq!(rows(&world), "0");
    world.run(&["quarantine", "retry", "--source", "1", "--format", "sent"]).ends(0);
    assert_eq!(world.csv("SELECT max(response_bytes), count(*) FROM requests"), ["349,9"]);
    // Where one of them alone knows the lines, it is found without being named.
    std::fs::write(
        world.store().join("dwell.toml"),
        formats.lines().take(2).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    world.file("more.log", line.replace("349", "350").repeat(9).as_bytes());
    ingest(&world, &["more.log"]).ends(0);
    assert_eq!(world.csv("SELECT max(response_bytes), count(*) FROM requests"), ["350,18"]);
}

#[test]
fn compressed_inputs_that_are_damaged() {
    let world = World::with_store();
    let long = SQUID.repeat(400);
    let whole = gzip(long.as_bytes(), &world.path(""));
    world.file("cut.log.gz", &whole[..whole.len() / 2]);
    let run = ingest(&world, &["cut.log.gz"]);
    run.ends(3);
    assert!(run.stderr.contains("damaged"), "{}", run.stderr);
    assert_eq!(world.csv("SELECT state FROM system.sources"), ["damaged"]);
    // The whole file later continues it.
    world.file("whole.log.gz", &whole);
    ingest(&world, &["whole.log.gz"]).ends(0);
    assert_eq!(world.csv("SELECT count(*), count(DISTINCT line_no) FROM requests"), ["4800,4800"]);
    // However small it is.
    let small = SQUID.replace("10.1.1.5", "10.5.5.5");
    let whole = gzip(small.as_bytes(), &world.path(""));
    world.file("small-cut.log.gz", &whole[..whole.len() * 2 / 3]);
    ingest(&world, &["small-cut.log.gz"]).ends(3);
    world.file("small-whole.log.gz", &whole);
    let run = ingest(&world, &["small-whole.log.gz"]);
    run.ends(0);
    assert!(run.stderr.contains("continued as source 2"), "{}", run.stderr);
    assert_eq!(
        world.csv("SELECT state, lines, rows FROM system.sources WHERE source_id = 2"),
        ["complete,12,12"]
    );
    let other = SQUID.replace("10.1.1.5", "10.9.9.9");
    let mut tail = gzip(other.as_bytes(), &world.path(""));
    tail.extend_from_slice(b"this is no gzip member\n");
    world.file("tail.log.gz", &tail);
    let run = ingest(&world, &["tail.log.gz"]);
    assert!(matches!(run.code, Some(0 | 3)), "{:?} {}", run.code, run.stderr);
    assert_eq!(world.csv("SELECT count(*) FROM requests WHERE client_ip = '10.9.9.9'"), ["3"]);
}

#[test]
fn lines_that_are_no_rows() {
    let world = World::with_store();
    // A line beyond the limit, NULs, a time nobody reaches, and foreign lines among good ones.
    let mut bytes = SQUID.as_bytes().to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 2 << 20));
    bytes.extend_from_slice(b"\n1795169463.1 \0\0 nul\0s\n");
    bytes.extend_from_slice(b"253370764800.000      4 10.1.1.5 TCP_MISS/200 349 GET http://late.example/ - HIER_DIRECT/192.0.2.1 text/html\n");
    for at in 0..8 {
        bytes.extend_from_slice(format!("Nov 20 10:11:{at:02} host kernel: foreign\n").as_bytes());
    }
    world.file("mixed.log", &bytes);
    let run = ingest(&world, &["mixed.log", "--format", "squid"]);
    insta::assert_snapshot!("mixed", run.ends(3).shown());
    assert_eq!(world.csv("SELECT lines, rows, quarantined FROM system.sources"), ["23,12,11"]);
    assert_eq!(world.run(&["raw", "--source", "1"]).stdout, bytes);
}

#[test]
fn stores_that_cannot_be_used() {
    let world = World::with_rows();
    let toml = world.store().join("dwell.toml");
    let good = std::fs::read(&toml).unwrap();
    std::fs::write(&toml, b"[ingest]\nmax_lines = 3\n").unwrap();
    let run = ingest(&world, &["squid.log"]);
    assert!(matches!(run.code, Some(1 | 2)), "{:?}", run.code);
    assert!(run.stderr.contains("dwell.toml") && run.stderr.contains("line 2"), "{}", run.stderr);
    world.run(&["sql", "SELECT count(*) FROM requests"]).ends(0);
    world.run(&["verify"]).ends(12);
    std::fs::write(&toml, good).unwrap();
    if !is_root() {
        std::fs::set_permissions(world.store(), std::fs::Permissions::from_mode(0o500)).unwrap();
        let run = ingest(&world, &["squid.log"]);
        std::fs::set_permissions(world.store(), std::fs::Permissions::from_mode(0o700)).unwrap();
        run.ends(1);
    }
    // Open to the world: refused for writing, with the command that closes it; reading warns.
    std::fs::set_permissions(world.store(), std::fs::Permissions::from_mode(0o755)).unwrap();
    world.file("more.log", SQUID.replace("10.1.1.5", "10.1.1.2").as_bytes());
    let run = ingest(&world, &["more.log"]);
    run.ends(1);
    assert!(run.stderr.contains("chmod"), "{}", run.stderr);
    world.run(&["sql", "SELECT 1"]).ends(0);
}

#[test]
fn a_data_file_that_is_gone() {
    let world = World::with_rows();
    let days = std::fs::read_dir(world.store().join("requests")).unwrap();
    for day in days {
        std::fs::remove_dir_all(day.unwrap().path()).unwrap();
    }
    let run = world.run(&["sql", "SELECT * FROM requests"]);
    run.ends(12);
    assert!(run.stderr.contains(".parquet") && run.stderr.contains("missing"), "{}", run.stderr);
    world.run(&["raw", "--source", "1"]).ends(12);
    world.run(&["verify"]).ends(12);
}

#[test]
fn wrong_sql_points_at_the_place() {
    let world = World::with_rows();
    insta::assert_snapshot!(
        "sql_column",
        world.run(&["sql", "SELECT clientip FROM requests"]).ends(2).shown()
    );
    insta::assert_snapshot!("sql_syntax", world.run(&["sql", "SELECT FROM WHERE"]).ends(2).shown());
    insta::assert_snapshot!(
        "sql_table",
        world.run(&["sql", "SELECT * FROM request"]).ends(2).shown()
    );
    insta::assert_snapshot!(
        "sql_write",
        world.run(&["sql", "DROP TABLE requests"]).ends(2).shown()
    );
    insta::assert_snapshot!(
        "sql_copy",
        world.run(&["sql", "COPY requests TO 'x.csv'"]).ends(2).shown()
    );
    assert!(!world.path("x.csv").exists());
}

#[test]
fn a_query_beyond_its_memory_ends_with_the_operator() {
    let world = World::with_store();
    world.file("many.log", SQUID.repeat(3_000).as_bytes());
    ingest(&world, &["many.log"]).ends(0);
    let query = "SELECT a.url, count(*) FROM requests a JOIN requests b ON a.line_no = b.line_no GROUP BY a.url";
    let run = world.run(&["sql", query, "--memory", "1MiB"]);
    run.ends(1);
    assert!(run.stderr.contains("memory"), "{}", run.stderr);
}

#[test]
fn a_full_disk_leaves_the_store_as_before() {
    // A small file system of its own needs root and mount; without them the fault layer's tests in storage stand alone.
    let world = World::new();
    let dir = world.path("small");
    std::fs::create_dir(&dir).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=900k,mode=700", "tmpfs"])
        .arg(&dir)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return;
    }
    let store = dir.join("store");
    let store = store.to_str().unwrap();
    let result = std::panic::catch_unwind(|| {
        world.run(&["--store", store, "init"]).ends(0);
        let mut big = String::new();
        for at in 0..60_000_u64 {
            let (host, path) =
                (at.wrapping_mul(0x9e37_79b9_7f4a_7c15), at.wrapping_mul(0xbf58_476d_1ce4_e5b9));
            big += &format!(
                "1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://{host:x}.example/{path:x} - HIER_DIRECT/192.0.2.1 text/html\n"
            );
        }
        world.file("big.log", big.as_bytes());
        let run = world.run(&["--store", store, "ingest", "big.log"]);
        run.ends(1);
        assert!(run.stderr.to_lowercase().contains("space"), "{}", run.stderr);
        let count = world.run(&["--store", store, "sql", "SELECT count(*) FROM requests"]);
        assert_eq!(count.ends(0).out().lines().nth(1), Some("0"));
        world.file("small.log", SQUID.as_bytes());
        world.run(&["--store", store, "ingest", "small.log"]).ends(0);
    });
    let _ = std::process::Command::new("umount").arg(&dir).status();
    assert!(result.is_ok());
}
