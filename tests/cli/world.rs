//! A store of its own for each test, and the binary run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with a store, keys and inputs, gone when the test ends.
pub(crate) struct World {
    dir: tempfile::TempDir,
}

/// What a run of the binary gave.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    scrub: Vec<(String, &'static str)>,
}

/// Twelve good lines of Squid's native format.
pub(crate) const SQUID: &str = "\
1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://www.corp.test:8000/p1.html anna HIER_DIRECT/192.0.2.1 text/html
1795169454.754      0 10.1.1.5 NONE_NONE/503 0 CONNECT 192.0.2.9:443 - HIER_DIRECT/192.0.2.9 -
1795169454.756      2 10.1.1.6 TCP_MISS/200 345 GET http://cdn.corp.test/p26.html?x=1 - HIER_DIRECT/192.0.2.1 text/html
1795169455.001     12 10.1.1.6 TCP_TUNNEL/200 5120 CONNECT shell.example:4444 - HIER_DIRECT/198.51.100.7 -
1795169456.100      7 10.1.1.7 TCP_DENIED/403 3693 GET http://bad.example/a.exe - HIER_NONE/- text/html
1795169457.200      1 10.1.1.7 TCP_MEM_HIT/200 99 GET http://cdn.corp.test/logo.png - HIER_NONE/- image/png
1795169458.000     31 10.1.1.5 TCP_MISS/304 211 GET http://www.corp.test:8000/p1.html anna HIER_DIRECT/192.0.2.1 -
1795169459.999    120 10.1.1.8 TCP_MISS/200 88211 POST http://upload.example/u - HIER_DIRECT/198.51.100.8 application/json
1795169460.500      3 10.1.1.8 TCP_MISS/404 512 GET http://www.corp.test:8000/none - HIER_DIRECT/192.0.2.1 text/html
1795169461.000      2 10.1.1.9 TCP_REFRESH_UNMODIFIED/304 230 GET http://cdn.corp.test/app.js - HIER_DIRECT/192.0.2.1 -
1795169462.250     45 10.1.1.9 TCP_MISS/200 10240 GET http://news.example/ - HIER_DIRECT/198.51.100.9 text/html
1795255862.250     45 10.1.1.9 TCP_MISS/200 10241 GET http://news.example/next-day - HIER_DIRECT/198.51.100.9 text/html
";

impl World {
    /// An empty folder; no store yet.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A folder with a new store.
    pub(crate) fn with_store() -> Self {
        let world = Self::new();
        world.run(&["init"]).ends(0);
        world
    }

    /// A store with [`SQUID`] in it.
    pub(crate) fn with_rows() -> Self {
        let world = Self::with_store();
        let log = world.file("squid.log", SQUID.as_bytes());
        world.run(&["ingest", log.to_str().unwrap()]).ends(0);
        world
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The store's folder.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Writes an input.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command, ready to run, with a store, keys and nothing of this machine's environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
        command.args(words).current_dir(self.dir.path()).env_clear();
        command.env("DWELL_STORE", self.store()).env("DWELL_KEY_DIR", self.path("keys"));
        command.env("USER", "tester").env("HOME", self.path("home"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        self.ran(self.command(words).output().unwrap())
    }

    /// Runs it with something on stdin.
    pub(crate) fn run_with(&self, words: &[&str], stdin: &[u8]) -> Run {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        // A command that ends early closes its end; that is its business.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        self.ran(child.wait_with_output().unwrap())
    }

    /// What a finished process gave.
    pub(crate) fn ran(&self, output: Output) -> Run {
        let real = self.dir.path().canonicalize().unwrap();
        Run {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            scrub: vec![
                (self.dir.path().display().to_string(), "DIR"),
                (real.display().to_string(), "DIR"),
            ],
        }
    }

    /// The rows of a query, without the header line.
    pub(crate) fn csv(&self, query: &str) -> Vec<String> {
        let run = self.run(&["sql", query, "--format", "csv"]);
        run.ends(0);
        run.out().lines().skip(1).map(str::to_owned).collect()
    }
}

impl Run {
    /// Checks the exit code, showing what was said if it is another one.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stderr:\n{}\nstdout:\n{}", self.stderr, self.out());
        self
    }

    /// stdout as text.
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Code, stdout and stderr for a snapshot, with paths, ids and times of this run taken out.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.code.map_or("by signal".into(), |code| code.to_string()),
            self.out(),
            self.stderr
        );
        for (path, name) in &self.scrub {
            text = text.replace(path, name);
        }
        scrub(&text)
    }
}

/// Store ids, times and durations differ from run to run.
fn scrub(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        let hex = word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        out.push_str(if hex { "HEX" } else { word });
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            end(&mut word, &mut out);
            out.push(c);
        }
    }
    end(&mut word, &mut out);
    out
}

/// Whether the tests run as root, for whom rights are no hindrance.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// The bytes of a gzip member.
pub(crate) fn gzip(bytes: &[u8], dir: &Path) -> Vec<u8> {
    let plain = dir.join("plain-for-gzip");
    std::fs::write(&plain, bytes).unwrap();
    let output = Command::new("gzip").arg("-c").arg(&plain).output().unwrap();
    assert!(output.status.success());
    std::fs::remove_file(&plain).unwrap();
    output.stdout
}
