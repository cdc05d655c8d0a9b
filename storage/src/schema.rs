//! Which columns a row has: names, order, types, meaning. The one place where the table `requests` is defined.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The version of the columns, written into every footer; raised when a column is added.
pub const SCHEMA_VERSION: u32 = 1;

/// The type of a column, in the terms of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Microseconds since 1970 UTC.
    Timestamp,
    /// UTF-8 text.
    Text,
    /// A 32-bit signed integer.
    Int32,
    /// A 64-bit signed integer.
    Int64,
    /// Bytes.
    Binary,
    /// A UTC day.
    Date,
}

/// Where the values of a column come from when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It lies in the file under its own name.
    Stored,
    /// It is computed from other columns at scan.
    Computed,
    /// It is the partition, told by the folder and the ledger.
    Partition,
}

/// One column of `requests`, with its meaning for people.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in SQL, in files and in documents.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
    /// Where its values come from.
    pub origin: Origin,
    /// One sentence: meaning, unit, when it is NULL.
    pub doc: &'static str,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident $origin:ident $doc:literal;)*) => {
        /// A column of `requests`, in the order of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(usize)]
        #[expect(missing_docs, reason = "the documentation of each stands in COLUMNS")]
        pub enum Col { $($variant),* }

        /// The columns of `requests`, in order; index it with `Col as usize`.
        pub static COLUMNS: &[Column] = &[$(Column {
            name: $name, kind: ColumnType::$kind, origin: Origin::$origin, doc: $doc,
        }),*];

        impl Col {
            /// Every column, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

columns! {
    Ts "ts" Timestamp Stored "event time, UTC, microseconds";
    TsQuality "ts_quality" Text Stored "trust in ts: exact, assumed_zone, inferred_year, ambiguous";
    DurationMs "duration_ms" Int64 Stored "time to serve the reply, milliseconds";
    ClientIp "client_ip" Text Stored "address of the client in normal form; a masked or named client as logged";
    ClientPort "client_port" Int32 Stored "port of the client";
    Computer "computer" Text Stored "device name of the client where the proxy logs one";
    User "user" Text Stored "authenticated user as logged";
    Method "method" Text Stored "request method, upper case";
    HttpVersion "http_version" Text Stored "protocol version without its name: 1.0, 1.1, 2";
    Url "url" Text Computed "the request target as logged";
    Scheme "scheme" Text Stored "scheme of the target, lower case; tunnel for CONNECT, error for a proxy's pseudo URLs";
    Host "host" Text Stored "host of the target: ASCII, lower case, no trailing dot, no port";
    Domain "domain" Text Stored "registered domain of host by the public suffix list of the time of ingest; NULL for addresses";
    Port "port" Int32 Stored "port of the target, explicit or implied by the scheme";
    Path "path" Text Stored "path of the target, without the query";
    Query "query" Text Stored "query of the target, without the question mark";
    Extension "extension" Text Stored "file extension of the path, lower case";
    ServerIp "server_ip" Text Stored "address of the origin server; NULL when the next hop is another proxy";
    Peer "peer" Text Stored "next hop as logged: origin or parent proxy";
    Hierarchy "hierarchy" Text Stored "how the next hop was chosen (Squid's hierarchy code)";
    ProxyName "proxy_name" Text Stored "which proxy wrote the line";
    Status "status" Int32 Stored "HTTP status sent to the client; NULL when none was sent";
    Action "action" Text Stored "what the proxy did, its own code as logged (TCP_MISS)";
    Verdict "verdict" Text Stored "allowed, denied, auth_required, error, redirected or unknown; never NULL";
    Cache "cache" Text Stored "hit, miss, refresh, tunnel or none";
    Reason "reason" Text Stored "why the proxy decided so";
    Rule "rule" Text Stored "policy or rule that decided";
    Categories "categories" Text Stored "categories of the URL, joined with a semicolon";
    Threat "threat" Text Stored "name of the threat that was found";
    ResponseBytes "response_bytes" Int64 Stored "bytes sent to the client";
    RequestBytes "request_bytes" Int64 Stored "bytes received from the client";
    ContentType "content_type" Text Stored "media type of the reply, lower case, no parameters";
    RequestContentType "request_content_type" Text Stored "media type of the request, lower case, no parameters";
    UserAgent "user_agent" Text Stored "User-Agent of the request, decoded";
    Referer "referer" Text Stored "Referer of the request, decoded";
    Cookie "cookie" Text Stored "Cookie of the request, decoded";
    Sni "sni" Text Stored "server name the client asked for in the TLS handshake";
    TlsVersion "tls_version" Text Stored "TLS version between client and proxy or server";
    RequestBody "request_body" Binary Stored "body of the request, capped, where something logs it";
    Extra "extra" Text Stored "JSON object with every logged field that has no column";
    Parse "parse" Text Stored "ok, or partial when only some fields could be read";
    SourceId "source_id" Int32 Stored "the input the line came from; see system.sources";
    LineNo "line_no" Int64 Stored "line of that input, from 1";
    Raw "raw" Binary Stored "the exact bytes of the line, only where the columns do not give them back";
    Day "day" Date Partition "UTC day of ts; the partition";
}

/// The file column that holds `url` where its parts do not give it back (NULL elsewhere).
pub const URL_AS_LOGGED: &str = "url_as_logged";

impl Col {
    /// The definition of this column.
    pub fn column(self) -> &'static Column {
        &COLUMNS[self as usize]
    }

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        self.column().name
    }

    /// The name in a segment file: `url` is stored as [`URL_AS_LOGGED`], `day` not at all.
    pub fn file_name(self) -> Option<&'static str> {
        match self.column().origin {
            Origin::Stored => Some(self.name()),
            Origin::Computed => Some(URL_AS_LOGGED),
            Origin::Partition => None,
        }
    }

    /// The columns a segment file holds, in file order. A [`crate::segment::RowGroup`] has one entry for each.
    pub fn stored() -> &'static [Self] {
        // `day` comes last and is the only column that no file holds.
        &Self::ALL[..Self::ALL.len() - 1]
    }

    /// Looks a column up by its SQL name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|col| col.name() == name)
    }
}

impl ColumnType {
    /// The name in documents and in `system.columns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp(us, UTC)",
            Self::Text => "utf8",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Binary => "binary",
            Self::Date => "date",
        }
    }

    /// The Arrow type: plain, signed, microseconds with zone `UTC`, so that every reader opens it.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text => DataType::Utf8,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date32,
        }
    }
}

/// The documentation page of the columns (`docs/columns.md`).
pub fn columns_page() -> String {
    let mut page = String::from(
        "# Columns of `requests`\n\nGenerated from `storage/src/schema.rs`; a test holds both together.\n\nAbsent is NULL, never \
         `-`; an empty text was logged empty. Text is decoded, with U+FFFD for bytes that are none;\nthe bytes themselves \
         come back with `dwell raw`. In the files, `url` is the column `url_as_logged`, which is\nNULL wherever scheme, \
         host, port, path and query give the URL back; `day` is the folder. `share/` has views for\nDuckDB and Spark that \
         show the whole table.\n\n| column | type | NULL | meaning |\n|---|---|---|---|\n",
    );
    for &col in Col::ALL {
        let Column { name, kind, doc, .. } = col.column();
        let null = if nullable(col) { "yes" } else { "no" };
        let kind = kind.name();
        page.push_str(&format!("| `{name}` | {kind} | {null} | {doc} |\n"));
    }
    page
}

fn nullable(col: Col) -> bool {
    !matches!(
        col,
        Col::Ts
            | Col::TsQuality
            | Col::Verdict
            | Col::Parse
            | Col::SourceId
            | Col::LineNo
            | Col::Day
    )
}

/// The table as SQL sees it: all of [`COLUMNS`] in order, text as plain `Utf8`.
pub fn requests_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let fields = Col::ALL
            .iter()
            .map(|&col| Field::new(col.name(), col.column().kind.arrow(), nullable(col)));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// The columns of a segment file, in file order.
pub fn stored_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let fields = Col::stored().iter().filter_map(|&col| {
            Some(Field::new(col.file_name()?, col.column().kind.arrow(), nullable(col)))
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_is_last_and_only_partition() {
        assert_eq!(Col::ALL.last(), Some(&Col::Day));
        assert!(Col::stored().iter().all(|col| col.file_name().is_some()));
        assert_eq!(requests_schema().fields().len(), stored_schema().fields().len() + 1);
    }

    #[test]
    fn names_lead_back_to_columns() {
        for &col in Col::ALL {
            assert_eq!(Col::from_name(col.name()), Some(col));
            assert!(!col.column().doc.is_empty());
        }
    }
}
