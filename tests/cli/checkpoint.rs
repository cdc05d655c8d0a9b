//! What leaves the machine of the ledger, and does it prove what it says?

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use crate::world::{SQUID, World};

fn more(world: &World, address: &str) {
    world.file("more.log", SQUID.replace("10.1.1.5", address).as_bytes());
    world.run(&["ingest", "more.log"]).ends(0);
}

#[test]
fn the_head_is_exported_and_trusted_later() {
    let world = World::with_rows();
    let head = world.run(&["checkpoint", "export"]);
    assert_eq!(head.ends(0).out().lines().count(), 5);
    world.run(&["checkpoint", "export", "--to", "head.note"]).ends(0);
    assert_eq!(std::fs::read_to_string(world.path("head.note")).unwrap(), head.out());
    world.run(&["verify", "--trusted", "head.note"]).ends(0);
    more(&world, "10.1.1.2");
    let run = world.run(&["verify", "--trusted", "head.note"]);
    assert!(run.ends(0).out().contains("1 later ones are signed"), "{}", run.out());
    // A store put back to before is noticed by the exported head even where nothing else is known.
    world.run(&["checkpoint", "export", "--to", "newer.note"]).ends(0);
    for name in ["0000000003", "0000000003.text"] {
        std::fs::remove_file(world.store().join("ledger").join(name)).unwrap();
    }
    let words = ["verify", "--trusted", "newer.note", "--key-dir", "nowhere", "--json"];
    let run = world.run(&words);
    let report: serde_json::Value = serde_json::from_slice(&run.ends(12).stdout).unwrap();
    assert_eq!(report["outcomes"]["rolled back"], 1);
    assert_eq!(report["problems"][0]["outcome"], "rolled back");
    world.run(&["checkpoint", "export", "--to", "ftp://x/y"]).ends(2);
    world.run(&["checkpoint", "export", "--to", "https://me:secret@x/y"]).ends(2);
}

#[test]
fn a_line_of_a_log_is_a_checkpoint_too() {
    let world = World::with_rows();
    let log = UnixDatagram::bind(world.path("log")).unwrap();
    let to = format!("syslog:{}", world.path("log").display());
    world.run(&["checkpoint", "export", "--to", &to]).ends(0);
    let mut buffer = [0; 2048];
    let length = log.recv(&mut buffer).unwrap();
    let line = std::str::from_utf8(&buffer[..length]).unwrap();
    assert!(line.starts_with("<85>dwell[") && line.contains("]: checkpoint dwell-"), "{line}");
    world.file("messages", format!("other\nNov 20 08:00:01 host {line}\nmore\n").as_bytes());
    world.run(&["verify", "--trusted", "messages"]).ends(0);
    world.file("messages", line.replace("checkpoint dwell-", "checkpoint dwell-f").as_bytes());
    world.run(&["verify", "--trusted", "messages"]).ends(12);
}

/// Answers one request; gives its first line, headers and body.
fn answer_once(
    status: &'static str,
    reply: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/log", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = reply(&body);
        let mut stream = reader.into_inner();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", answer.len()).unwrap();
        stream.write_all(&answer).unwrap();
        (head, body)
    });
    Server { url, thread }
}

struct Server {
    url: String,
    thread: std::thread::JoinHandle<(String, Vec<u8>)>,
}

#[test]
fn the_head_is_put_to_a_url_without_a_secret_in_sight() {
    let world = World::with_rows();
    let server = answer_once("201 Created", |_| Vec::new());
    let to = format!("{}?sig=hidden-in-query", server.url);
    let mut command = world.command(&["checkpoint", "export", "--to", &to]);
    command.env("DWELL_CHECKPOINT_AUTHORIZATION", "Bearer hidden-in-header");
    let run = world.ran(command.output().unwrap());
    let (head, body) = server.thread.join().unwrap();
    assert!(head.starts_with("PUT /log?sig=hidden-in-query HTTP/1.1"), "{head}");
    assert!(head.contains("authorization: Bearer hidden-in-header"), "{head}");
    assert_eq!(body, world.run(&["checkpoint", "export"]).stdout);
    assert!(!run.ends(0).stderr.contains("hidden") && !run.out().contains("hidden"));
    let server = answer_once("403 Forbidden", |_| Vec::new());
    let to = format!("{}?sig=hidden-in-query", server.url);
    let run = world.run(&["checkpoint", "export", "--to", &to]);
    assert!(run.ends(1).stderr.contains("403") && !run.stderr.contains("hidden"), "{}", run.stderr);
    server.thread.join().unwrap();
}

#[test]
fn growth_is_proven_without_the_store() {
    let world = World::with_rows();
    world.run(&["checkpoint", "export", "--to", "old.note"]).ends(0);
    more(&world, "10.1.1.2");
    world.run(&["checkpoint", "rotate-key", "--reason", "yearly"]).ends(0);
    more(&world, "10.1.1.3");
    world.run(&["checkpoint", "export", "--to", "new.note"]).ends(0);
    world.run(&["checkpoint", "prove", "old.note", "-o", "proof"]).ends(0);
    let by_size = world.run(&["checkpoint", "prove", "4", "7"]);
    assert_eq!(by_size.ends(0).out(), std::fs::read_to_string(world.path("proof")).unwrap());
    // Another machine has the key alone.
    let keys = std::fs::read_to_string(world.path("keys/known_keys")).unwrap();
    let keys: Vec<_> = keys.lines().filter(|line| !line.is_empty()).collect();
    world.file("new.key", keys[1].as_bytes());
    let check = |words: &[&str]| {
        let words =
            [&["--store", "none", "--key-dir", "none", "checkpoint", "verify"], words].concat();
        world.run(&words)
    };
    check(&["new.note", "--key", "new.key"]).ends(0);
    check(&["old.note", "--key", "new.key"]).ends(12);
    check(&["new.note"]).ends(2);
    let words = ["checkpoint", "verify", "proof", "--old", "old.note"];
    let run = world.run(&words);
    assert!(run.ends(0).out().contains("begin with the 4"), "{}", run.out());
    world.run(&["checkpoint", "verify", "proof", "--old", "new.note"]).ends(12);
    world.run(&["checkpoint", "verify", "proof"]).ends(2);
    world.run(&["checkpoint", "prove", "new.note", "old.note"]).ends(2);
    world.run(&["checkpoint", "prove", "99"]).ends(2);
    let proof = std::fs::read_to_string(world.path("proof")).unwrap();
    let hash = proof.lines().nth(1).unwrap();
    let other = format!("{}=", "A".repeat(43));
    world.file("forged", proof.replacen(hash, &other, 1).as_bytes());
    world.run(&["checkpoint", "verify", "forged", "--old", "old.note"]).ends(12);
}

#[test]
fn a_new_key_goes_on_where_the_old_one_ended() {
    let world = World::with_rows();
    let old = std::fs::read_to_string(world.path("keys/known_keys")).unwrap();
    world.file("old.key", old.trim().as_bytes());
    world.run(&["checkpoint", "rotate-key"]).ends(2);
    let run = world.run(&["checkpoint", "rotate-key", "--reason", "laptop stolen"]);
    let new = run.ends(0).out();
    world.file("new.key", new.as_bytes());
    assert!(run.stderr.contains(".key.old-"), "{}", run.stderr);
    more(&world, "10.1.1.2");
    for key in ["old.key", "new.key"] {
        world.run(&["verify", "--deep", "--key", key]).ends(0);
        world.run(&["verify", "--key", key, "--key-dir", "elsewhere"]).ends(0);
    }
    let rows = world.csv("SELECT kind, detail FROM system.ledger WHERE kind = 'key' ORDER BY seq");
    assert!(rows.len() == 2 && rows[1].contains("laptop stolen"), "{rows:?}");
    // No private key lies in the store.
    let found = Command::new("grep").args(["-rl", "PRIVATE"]).arg(world.store()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

/// A time-stamping authority made for this test, or `None` (said) where there is no openssl to make it with.
#[expect(clippy::too_many_lines, reason = "the settings of an authority, one after another")]
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn authority(world: &World) -> Option<()> {
    let run = |words: &[&str]| {
        let run = Command::new("openssl").args(words).current_dir(world.path("")).output();
        matches!(&run, Ok(run) if run.status.success())
    };
    if !run(&["version"]) {
        println!("skipped: there is no openssl");
        return None;
    }
    world.file(
        "ts.cnf",
        b"[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = test\n\
          [ca]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n\
          [leaf]\nbasicConstraints = CA:FALSE\nkeyUsage = critical,digitalSignature\n\
          extendedKeyUsage = critical,timeStamping\n\
          [t]\nserial = ./serial\ndefault_policy = 1.2.3.4.1\ndigests = sha256\nsigner_digest = sha256\n",
    );
    world.file("serial", b"01\n");
    for (name, subject) in [("ca", "/CN=Test CA"), ("other", "/CN=Test CA")] {
        let (key, crt) = (format!("{name}.pem"), format!("{name}.crt"));
        let made = run(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &crt,
            "-days",
            "3650",
            "-subj",
            subject,
            "-config",
            "ts.cnf",
            "-extensions",
            "ca",
        ]);
        assert!(made);
    }
    let made = run(&[
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "tsa.pem",
        "-out",
        "tsa.csr",
        "-subj",
        "/CN=Test TSA",
        "-config",
        "ts.cnf",
    ]) && run(&[
        "x509",
        "-req",
        "-in",
        "tsa.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.pem",
        "-CAcreateserial",
        "-out",
        "tsa.crt",
        "-days",
        "3650",
        "-extfile",
        "ts.cnf",
        "-extensions",
        "leaf",
    ]);
    assert!(made);
    Some(())
}

const REPLY: &[&str] = &[
    "ts",
    "-reply",
    "-config",
    "ts.cnf",
    "-section",
    "t",
    "-queryfile",
    "query",
    "-inkey",
    "tsa.pem",
    "-signer",
    "tsa.crt",
    "-out",
    "reply",
];

#[test]
fn an_authority_says_that_the_head_was_there() {
    let world = World::with_rows();
    let Some(()) = authority(&world) else { return };
    let folder = world.path("");
    let server = answer_once("200 OK", move |query| {
        std::fs::write(folder.join("query"), query).unwrap();
        let run = Command::new("openssl").args(REPLY).current_dir(&folder).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        std::fs::read(folder.join("reply")).unwrap()
    });
    let words = ["checkpoint", "timestamp", "--tsa", &server.url, "--tsa-ca", "ca.crt"];
    let run = world.run(&words);
    let (head, _) = server.thread.join().unwrap();
    assert!(head.contains("application/timestamp-query"), "{head}");
    assert!(run.ends(0).stderr.contains("not checked: revocation"), "{}", run.stderr);
    let kept = world.store().join("ledger/0000000002.tsr");
    let run = world.run(&["verify", "--tsa-ca", "ca.crt", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&run.ends(0).stdout).unwrap();
    assert_eq!(report["timestamps"][0]["authority_checked"], true);
    // openssl itself says so, too, from the exported checkpoint.
    world.run(&["checkpoint", "export", "--to", "head.note"]).ends(0);
    let openssl = Command::new("openssl")
        .args(["ts", "-verify", "-data", "head.note", "-CAfile", "ca.crt", "-in"])
        .arg(&kept)
        .current_dir(world.path(""))
        .output()
        .unwrap();
    assert!(openssl.status.success());
    // Another authority of the same name, another checkpoint, a changed token.
    world.run(&["verify", "--tsa-ca", "other.crt"]).ends(12);
    let good = std::fs::read(&kept).unwrap();
    let mut bad = good.clone();
    let at = bad.len() - 40;
    bad[at] ^= 1;
    std::fs::write(&kept, &bad).unwrap();
    let run = world.run(&["verify"]);
    assert!(run.ends(12).out().contains("altered: ledger/0000000002.tsr"), "{}", run.out());
    std::fs::remove_file(&kept).unwrap();
    more(&world, "10.1.1.2");
    std::fs::write(world.store().join("ledger/0000000003.tsr"), &good).unwrap();
    world.run(&["verify"]).ends(12);
    std::fs::remove_file(world.store().join("ledger/0000000003.tsr")).unwrap();
    world.run(&["verify"]).ends(0);
}

#[test]
fn a_time_stamp_without_a_network() {
    let world = World::with_rows();
    let Some(()) = authority(&world) else { return };
    world.run(&["checkpoint", "timestamp", "--query", "query"]).ends(0);
    let run = Command::new("openssl").args(REPLY).current_dir(world.path("")).output().unwrap();
    assert!(run.status.success());
    world.run(&["checkpoint", "timestamp", "--reply", "reply", "--tsa-ca", "other.crt"]).ends(1);
    assert!(!world.store().join("ledger/0000000002.tsr").exists());
    world.run(&["checkpoint", "timestamp", "--reply", "reply", "--at", "1"]).ends(1);
    world.run(&["checkpoint", "timestamp", "--reply", "reply"]).ends(0);
    let run = world.run(&["verify", "--deep"]);
    assert!(run.ends(0).out().contains("was there at"), "{}", run.out());
    world.run(&["checkpoint", "timestamp"]).ends(2);
}
