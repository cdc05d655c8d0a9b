//! How do DuckDB and Spark see the table `requests` over the files of a store, without dwell?

use crate::observable::url::{TUNNEL, implied_port};
use crate::schema::{Col, Origin, URL_AS_LOGGED};

/// The SQL of an engine, as far as it differs.
struct Dialect {
    quote: char,
    text: &'static str,
}

/// What both files say about themselves.
const PREFACE: &str = "\
-- The table `requests` of a dwell store, for readers without dwell: every column in the order of docs/columns.md.
-- Lines that were hidden (a last line that grew, a quarantine retry) stay visible here until `dwell compact`.
";

/// The statements that make the view `requests` in DuckDB over the store in `dir`.
pub fn duckdb(dir: &str) -> String {
    let dialect = Dialect { quote: '"', text: "VARCHAR" };
    format!(
        "{PREFACE}CREATE OR REPLACE VIEW requests AS\nSELECT\n{}\nFROM read_parquet('{}/requests/*/*.parquet',\n    \
         hive_partitioning = true, hive_types = {{'day': DATE}}, union_by_name = true);\n",
        dialect.select_list(),
        dir.replace('\'', "''"),
    )
}

/// The statements that make the temporary view `requests` in Spark over the store in `dir`.
pub fn spark(dir: &str) -> String {
    let dialect = Dialect { quote: '`', text: "STRING" };
    format!(
        "{PREFACE}CREATE OR REPLACE TEMPORARY VIEW requests_files USING parquet\nOPTIONS (path '{}/requests', \
         mergeSchema 'true');\n\nCREATE OR REPLACE TEMPORARY VIEW requests AS\nSELECT\n{}\nFROM requests_files;\n",
        dir.replace('\\', "\\\\").replace('\'', "\\'"),
        dialect.select_list(),
    )
}

impl Dialect {
    fn name(&self, name: &str) -> String {
        format!("{0}{name}{0}", self.quote)
    }

    fn select_list(&self) -> String {
        let columns = Col::ALL.iter().map(|&col| match col.column().origin {
            Origin::Stored => format!("    {}", self.name(col.name())),
            Origin::Computed => format!("{} AS {}", self.url(), self.name(col.name())),
            Origin::Partition => {
                format!("    CAST({0} AS DATE) AS {0}", self.name(col.name()))
            }
        });
        columns.collect::<Vec<_>>().join(",\n")
    }

    /// [`crate::observable::url::rebuild`] in SQL.
    fn url(&self) -> String {
        let [logged, scheme, host, port, path, query] = [
            URL_AS_LOGGED,
            Col::Scheme.name(),
            Col::Host.name(),
            Col::Port.name(),
            Col::Path.name(),
            Col::Query.name(),
        ]
        .map(|name| self.name(name));
        let text = self.text;
        let implied = ["http", "https", "ftp", "ws", "wss"]
            .iter()
            .filter_map(|scheme| Some(format!("WHEN '{scheme}' THEN {}", implied_port(scheme)?)))
            .collect::<Vec<_>>()
            .join(" ");
        format!(
            "    CASE
        WHEN {logged} IS NOT NULL THEN {logged}
        WHEN {host} IS NULL AND {port} IS NULL AND {path} IS NULL AND {query} IS NULL THEN NULL
        ELSE CASE
                WHEN {scheme} IS NULL OR {scheme} = '{TUNNEL}' THEN ''
                WHEN {host} IS NULL THEN {scheme} || ':'
                ELSE {scheme} || '://'
            END
            || CASE
                WHEN {host} IS NULL THEN ''
                WHEN instr({host}, ':') > 0 THEN '[' || {host} || ']'
                ELSE {host}
            END
            || CASE
                WHEN {port} IS NULL THEN ''
                WHEN {host} IS NULL AND {scheme} IS NOT NULL AND {scheme} <> '{TUNNEL}' THEN ''
                WHEN {port} = CASE {scheme} {implied} END THEN ''
                ELSE ':' || CAST({port} AS {text})
            END
            || coalesce({path}, '')
            || coalesce('?' || {query}, '')
    END"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares a generated file with the one in the repository; if they differ, the new one is left for copying.
    fn check(file: &str, expected: &str) {
        let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        if std::fs::read_to_string(&kept).ok().as_deref() == Some(expected) {
            return;
        }
        let new = std::env::temp_dir().join(file.replace('/', "-"));
        std::fs::write(&new, expected).unwrap();
        panic!("{file} is out of date; copy {} over it", new.display());
    }

    #[test]
    fn generated_files_are_up_to_date() {
        check("share/duckdb/requests.sql", &duckdb("dwell-store"));
        check("share/spark/requests.sql", &spark("dwell-store"));
        check("docs/columns.md", &crate::schema::columns_page());
    }
}
