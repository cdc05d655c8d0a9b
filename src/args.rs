//! Which commands are there, with which options? The command line as people type it; man pages and completions
//! come from here too.

pub(crate) mod archive;
pub(crate) mod checkpoint;
pub(crate) mod compact;
pub(crate) mod encryption;
pub(crate) mod hunt;
pub(crate) mod intel;
pub(crate) mod pivot;
pub(crate) mod proof;
pub(crate) mod redact;
pub(crate) mod restore;
pub(crate) mod retain;
pub(crate) mod seal;
pub(crate) mod sigma;
pub(crate) mod verify;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::output::Format;

const AFTER: &str = "\
Exit codes: 0 done; 1 failed; 2 usage; 3 done, but lines were quarantined or inputs
unreadable; 10 no store; 11 locked; 12 integrity or signature failure; 20 findings, only
with --fail-on-findings; 130 interrupted.

Start with `dwell demo`.";

/// Years of proxy logs as signed, queryable evidence.
#[derive(Debug, Parser)]
#[command(name = "dwell", version, after_help = AFTER, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The store [env: DWELL_STORE] [default: ./dwell-store]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Read these settings instead of the store's dwell.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Results as JSON on stdout, a summary as last line of stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The folder of keys and known heads [env: DWELL_KEY_DIR] [default: ~/.config/dwell]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) key_dir: Option<PathBuf>,
    /// The public key (a C2SP verifier key line) that the store must be signed with
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write nothing into the store, not even a reader's lease: for read-only mounts, copies and evidence
    #[arg(long, global = true)]
    pub(crate) read_only: bool,
    /// How long to wait for another writer [default: 10; nightly: 3600]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a sample day with planted incidents, ingest it, hunt it, show the report
    Demo(Demo),
    /// Make a store
    Init(Init),
    /// Take logs into the store
    Ingest(Ingest),
    /// Show the log formats, or try them on a file
    Formats {
        #[command(subcommand)]
        what: Option<Formats>,
    },
    /// Ask the store in SQL
    Sql(Sql),
    /// Hunts: what they find, and run them
    Hunt {
        #[command(subcommand)]
        what: hunt::Hunt,
    },
    /// All about one address, host, user, computer or user agent: days, hours, peers, agents, findings
    Pivot(pivot::Pivot),
    /// Indicators of others: add lists, look for what they name
    Intel {
        #[command(subcommand)]
        what: intel::Intel,
    },
    /// Passive DNS: add that of others, export the log's own
    Pdns {
        #[command(subcommand)]
        what: intel::Pdns,
    },
    /// Give back the original bytes of a source, or of a day's rows
    Raw(Raw),
    /// The days of the store
    Days(Listing),
    /// The sources of the store, with their accounts
    Sources(Sources),
    /// Lines that did not become rows
    Quarantine {
        #[command(subcommand)]
        what: Quarantine,
    },
    /// The pseudonyms of known names, where a privacy rule has put them in their place
    Pseudonym(Pseudonym),
    /// Sigma rules: check them, or look for what they describe
    Sigma {
        #[command(subcommand)]
        what: sigma::Sigma,
    },
    /// Close days: a signed root over their lines, which no later rewriting of files changes
    Seal(seal::Seal),
    /// Put the many small files of a day together into few large ones
    Compact(compact::Compact),
    /// What is in a Parquet file, a ledger file or a log
    Inspect(Inspect),
    /// Check signatures, digests and accounts
    Verify(verify::Verify),
    /// The signed head of the ledger: send it elsewhere, prove growth, stamp its time, replace its key
    Checkpoint {
        #[command(subcommand)]
        what: checkpoint::Checkpoint,
    },
    /// Protect days from every command that removes
    Hold {
        #[command(subcommand)]
        what: retain::Hold,
    },
    /// Remove what has expired by dwell.toml: plan it, or do it
    Retain {
        #[command(subcommand)]
        what: retain::Retain,
    },
    /// Remove lines for good, for a reason that the ledger keeps; without --yes it is only shown what would go
    Redact(redact::Redact),
    /// The whole night: ingest, seal, compact, archive, verify, drill, hunt, retire, purge, with one report
    Nightly(hunt::Nightly),
    /// Copy sealed days to an archive, each read back; or show, or expire, what it holds
    Archive(archive::Archive),
    /// Bring days back from an archive: beside the live data, or into it; list or drop what was restored
    Restore(restore::Restore),
    /// Restore a random archived day for practice: check it, ask it, note how long that took
    Drill(restore::Drill),
    /// Rebuild or accept a ledger after a loss
    Recover(Recover),
    /// Rows with the proof that they were sealed; views for other tools that read the files
    Export(proof::Export),
    /// Give an encrypted store a new store key
    Rekey(encryption::Rekey),
    /// Look for what may go wrong: rights, space, keys, versions
    Doctor,
    /// Print the completion script of a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `dwell demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder of the demo: its log, its store and its keys
    #[arg(value_name = "DIR", default_value = "./dwell-demo")]
    pub(crate) dir: PathBuf,
    /// About how many lines
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(crate) lines: u32,
    /// Another seed makes another day
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The day; default is yesterday (UTC)
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<storage::Day>,
}

/// `dwell init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; the same as --store
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// A group whose members may read the store
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Encrypt everything that logs and people say; settled for ever
    #[arg(long)]
    pub(crate) encrypt: bool,
    /// The store key: 32 bytes, as hex or base64; made there if absent [default: <store id>.encryption in the key folder]
    #[arg(long, value_name = "FILE", requires = "encrypt", conflicts_with = "encryption_command")]
    pub(crate) encryption_key: Option<PathBuf>,
    /// A command that prints the store key (age, a KMS)
    #[arg(long, value_name = "COMMAND", requires = "encrypt")]
    pub(crate) encryption_command: Option<String>,
}

/// `dwell ingest`
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Files, folders, globs; `-` is stdin. gzip, bzip2, xz and zstd are found by content
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The log format (`dwell formats list`); `auto` finds it by content
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<String>,
    /// A format string: '%ts.%03tu %6tr %>a ...' of Squid, 'nginx:$remote_addr ...', 'haproxy:%ci:%cp ...' and others
    #[arg(long, value_name = "STR", conflicts_with = "format")]
    pub(crate) logformat: Option<String>,
    /// The columns of a text without header, as a `#Fields` line lists them: 'date time c-ip cs-uri ...'
    #[arg(long, value_name = "STR", conflicts_with_all = ["format", "logformat"])]
    pub(crate) fields: Option<String>,
    /// The time zone of lines that print none: Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// The stated correction of the clock, added to every time of new sources: +1h, -90s, +00:05:00
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(crate) shift: Option<String>,
    /// Name the source by this instead of its path
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Threads; 0 takes one for each core
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
}

/// `dwell formats`
#[derive(Debug, Subcommand)]
pub(crate) enum Formats {
    /// All formats
    List(OutputArgs),
    /// What a format is made of
    Show {
        /// Its name
        name: String,
    },
    /// What a field can mean, for formats of one's own
    Meanings(OutputArgs),
    /// How well each format reads a file; with a format: what it makes of it. Nothing is stored
    Try(Try),
}

/// `dwell formats try`
#[derive(Debug, Args)]
pub(crate) struct Try {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Show what this format makes of it; `auto`: the one that is found by content
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<String>,
    /// Show what this format string makes of it
    #[arg(long, value_name = "STR", conflicts_with = "format")]
    pub(crate) logformat: Option<String>,
    /// Show what a text with these columns makes of it, as a `#Fields` line lists them
    #[arg(long, value_name = "STR", conflicts_with_all = ["format", "logformat"])]
    pub(crate) fields: Option<String>,
    /// The time zone of lines that print none
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
}

/// How a result is written.
#[derive(Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// Format of the result [default: table on a terminal, csv in a pipe; by name of FILE with -o; json with --json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write to FILE, which is replaced when the result is whole
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `dwell sql`
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// The query
    #[arg(value_name = "QUERY", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) query: Option<String>,
    /// Read the query from a file; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Memory for the query, such as 512MiB [default: the store's setting, 1GiB]
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory: Option<String>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// The time a query may see.
#[derive(Debug, Default, Args)]
pub(crate) struct Bounds {
    /// From this time on: 2026-11-20, 2026-11-20T08:00:00Z, 7d, 24h, 30m
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// `dwell raw`
#[derive(Debug, Args)]
pub(crate) struct Raw {
    /// A source, by its number in `dwell sources`
    #[arg(long, value_name = "N", required_unless_present = "day", conflicts_with = "day")]
    pub(crate) source: Option<i32>,
    /// The rows of a day, in the order of source and line
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<storage::Day>,
    /// Of sources under a privacy rule: their lines as far as they are kept, instead of a refusal
    #[arg(long)]
    pub(crate) kept: bool,
    /// Write to FILE, which is replaced when the result is whole
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `dwell pseudonym`
#[derive(Debug, Args)]
pub(crate) struct Pseudonym {
    /// The names, as the proxy logs them
    #[arg(value_name = "VALUE", required_unless_present = "new_key")]
    pub(crate) values: Vec<String>,
    /// Make a new key, because the one of this store is lost: contents stored with it are not recognised any more
    #[arg(long, conflicts_with = "values")]
    pub(crate) new_key: bool,
    /// What they are names of [default: client_ip for an address, else user]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<PseudonymKind>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The columns that pseudonyms stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum PseudonymKind {
    /// Users
    User,
    /// Addresses of clients
    ClientIp,
    /// Device names of clients
    Computer,
}

/// `dwell days`
#[derive(Debug, Args)]
pub(crate) struct Listing {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `dwell sources`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Sources {
    /// Pairs of sources with rows in common: rotated copies, double shipping, replays
    #[arg(long)]
    pub(crate) overlap: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) what: Option<SourcesVerb>,
}

/// What is done with a source.
#[derive(Debug, Subcommand)]
pub(crate) enum SourcesVerb {
    /// Correct the times of a source whose clock was wrong; without --yes it is only shown what that would change
    Shift {
        /// The source
        #[arg(long, value_name = "N")]
        source: i32,
        /// What is added to the times as the log prints them: +1h, -90s, +00:05:00; 0s takes a correction back
        #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
        by: String,
        /// Why; kept in the ledger
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// `dwell quarantine`
#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// How many lines, by source and reason, with their share of the source and an example
    List {
        /// Only this source
        #[arg(long, value_name = "N")]
        source: Option<i32>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// The lines
    Show {
        /// Only this source
        #[arg(long, value_name = "N")]
        source: Option<i32>,
        /// Only lines with this reason
        #[arg(long, value_name = "WORD")]
        reason: Option<String>,
        /// The first so many
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Read quarantined lines again, after a fix of format or zone: what can be read becomes rows, in one commit a source
    Retry {
        /// Only this source
        #[arg(long, value_name = "N")]
        source: Option<i32>,
        /// The format to try [default: the source's own; where it has none, it is looked for again]
        #[arg(long, value_name = "NAME")]
        format: Option<String>,
        /// A format string to try
        #[arg(long, value_name = "STR", conflicts_with = "format")]
        logformat: Option<String>,
        /// The columns to try, as a `#Fields` line lists them
        #[arg(long, value_name = "STR", conflicts_with_all = ["format", "logformat"])]
        fields: Option<String>,
        /// The time zone of lines that print none
        #[arg(long, value_name = "ZONE")]
        tz: Option<String>,
        /// The file that a source under a privacy rule came in from, whose lines could not be kept
        #[arg(long, value_name = "FILE", requires = "source")]
        original: Option<PathBuf>,
    },
}

/// `dwell inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// `dwell recover`
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("how").args(["from_files", "accept_head", "new_key"]).required(true).multiple(true)))]
pub(crate) struct Recover {
    /// The ledger is lost: rebuild it from the footers of the files
    #[arg(long)]
    pub(crate) from_files: bool,
    /// Take this store as the live one although its head is not the one last seen here
    #[arg(long, requires = "reason", conflicts_with = "new_key")]
    pub(crate) accept_head: bool,
    /// The private key is lost: go on with a new one
    #[arg(long, requires = "reason")]
    pub(crate) new_key: bool,
    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// The engines there are views for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// DuckDB
    Duckdb,
    /// Apache Spark
    Spark,
}
