//! Do messages point at the place and suggest what was meant?

use dwell_query::ErrorKind;

use crate::store::{ask, four_days};

async fn told(statements: &[&str]) -> String {
    let session = four_days().session();
    let mut told = String::new();
    for sql in statements {
        let error = ask(&session, sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{sql}: {error}");
        told += &format!("{error}\n\n");
    }
    told
}

#[tokio::test]
async fn a_wrong_column_is_shown_with_the_nearest() {
    let told = told(&[
        "select ts, hots\nfrom requests",
        "select count(*) from requests where clientip = '10.0.0.1'",
        "select r.uri from requests r",
        "select host from requests group by host order by zzzzz",
        "select a.host from requests a join requests b on a.hosts = b.host",
        "select host from requests a, requests b",
    ]);
    insta::assert_snapshot!(told.await, @r#"
    there is no column `hots` (line 1, column 12)
      |
    1 | select ts, hots
      |            ^^^^ did you mean `host`?

    there is no column `clientip` (line 1, column 37)
      |
    1 | select count(*) from requests where clientip = '10.0.0.1'
      |                                     ^^^^^^^^ did you mean `client_ip`?

    there is no column `uri` (line 1, column 10)
      |
    1 | select r.uri from requests r
      |          ^^^ did you mean `url`?

    there is no column `zzzzz` (line 1, column 50)
      |
    1 | select host from requests group by host order by zzzzz
      |                                                  ^^^^^ `describe requests` lists the columns

    there is no column `hosts` (line 1, column 52)
      |
    1 | select a.host from requests a join requests b on a.hosts = b.host
      |                                                    ^^^^^ did you mean `host`?

    `host` could be a column of more than one table (line 1, column 8)
      |
    1 | select host from requests a, requests b
      |        ^^^^ write it with its table
    "#);
}

#[tokio::test]
async fn a_wrong_table_is_shown_with_the_nearest() {
    let told = told(&[
        "select * from reqests",
        "select * from system.source",
        "select 1 from nowhere_near",
    ]);
    insta::assert_snapshot!(told.await, @r#"
    there is no table `reqests` (line 1, column 15)
      |
    1 | select * from reqests
      |               ^^^^^^^ did you mean `requests`?

    there is no table `system.source` (line 1, column 15)
      |
    1 | select * from system.source
      |               ^^^^^^^^^^^^^ did you mean `system.sources`?

    there is no table `nowhere_near` (line 1, column 15)
      |
    1 | select 1 from nowhere_near
      |               ^^^^^^^^^^^^ `show tables` lists the tables
    "#);
}

#[tokio::test]
async fn a_wrong_function_is_shown_with_the_nearest() {
    let told =
        told(&["select is_nonstandard_prt(port) from requests", "select cuont(*) from requests"]);
    insta::assert_snapshot!(told.await, @r#"
    there is no function `is_nonstandard_prt` (line 1, column 8)
      |
    1 | select is_nonstandard_prt(port) from requests
      |        ^^^^^^^^^^^^^^^^^^ did you mean `is_nonstandard_port`?

    there is no function `cuont` (line 1, column 8)
      |
    1 | select cuont(*) from requests
      |        ^^^^^ did you mean `count`?
    "#);
}

#[tokio::test]
async fn wrong_syntax_is_shown_in_its_place() {
    let told = told(&[
        "select host\nfrom requests\nwher status = 200",
        "select host from requests where (status = 200",
        "selec 1",
        "select 'open",
        "select 1; select 2",
        "",
    ]);
    insta::assert_snapshot!(told.await, @r#"
    expected: end of statement, found: status (line 3, column 6)
      |
    3 | wher status = 200
      |      ^^^^^^

    expected: ), found: EOF (line 1, column 46)
      |
    1 | select host from requests where (status = 200
      |                                              ^

    expected: an SQL statement, found: selec (line 1, column 1)
      |
    1 | selec 1
      | ^^^^^

    unterminated string literal (line 1, column 8)
      |
    1 | select 'open
      |        ^

    more than one statement; they run one at a time

    there is no statement in the query
    "#);
}

#[tokio::test]
async fn wrong_types_are_told() {
    let told = told(&[
        "select * from requests where ts > 'yesterday'",
        "select sum(host) from requests",
        "select host, count(*) from requests",
        "select is_nonstandard_port('a', 1, 2) from requests",
        "select cast('x' as int)",
    ]);
    insta::assert_snapshot!(told.await, @r#"
    `yesterday` is no time (line 1, column 36)
      |
    1 | select * from requests where ts > 'yesterday'
      |                                    ^^^^^^^^^ write it as 2026-11-20 or 2026-11-20T10:15:00Z

    `sum` does not take these arguments: sum(Utf8View) (line 1, column 8)
      |
    1 | select sum(host) from requests
      |        ^^^ it is sum(Decimal) or sum(UInt64) or sum(Int64) or sum(Float64) or sum(Duration) or sum(Interval)

    `host` is neither grouped by nor aggregated (line 1, column 8)
      |
    1 | select host, count(*) from requests
      |        ^^^^ add it to GROUP BY, or take max(host), count(distinct host), ..

    `is_nonstandard_port` does not take these arguments: is_nonstandard_port(Utf8, Int64, Int64) (line 1, column 8)
      |
    1 | select is_nonstandard_port('a', 1, 2) from requests
      |        ^^^^^^^^^^^^^^^^^^^ it is is_nonstandard_port(port INTEGER [, scheme TEXT])

    cannot cast string 'x' to value of Int32 type
    "#);
}
