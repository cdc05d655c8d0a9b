//! How is something sent by HTTP? One request, with a time limit, no redirects, and no secret in the command line.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};

use crate::context::environment;
use crate::exit::usage;

/// Holds the value of the `Authorization` header, where the receiver wants one.
const AUTHORIZATION_VARIABLE: &str = "DWELL_CHECKPOINT_AUTHORIZATION";

/// How long a request may take as a whole.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The largest answer that is read.
const ANSWER_MAX: usize = 1 << 20;

/// Puts a checkpoint at `url`.
pub(super) fn put(url: Url, note: &str) -> Result<()> {
    let mut request = client()?.put(url).body(note.to_owned());
    if let Some(value) = environment(AUTHORIZATION_VARIABLE) {
        let mut value = HeaderValue::from_str(&value.to_string_lossy())
            .map_err(|_| usage(format!("{AUTHORIZATION_VARIABLE} is no value of a header")))?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    run(request.header(CONTENT_TYPE, "text/plain; charset=utf-8")).map(drop)
}

/// Asks a time-stamping authority.
pub(super) fn ask_authority(url: &str, query: &[u8]) -> Result<Vec<u8>> {
    let request = client()?.post(checked(url)?).body(query.to_vec());
    run(request.header(CONTENT_TYPE, "application/timestamp-query"))
}

/// Reads a URL. A password in it would stand in the list of processes.
pub(super) fn checked(url: &str) -> Result<Url> {
    let url = Url::parse(url).map_err(|error| usage(format!("no URL: {error}")))?;
    if url.password().is_some() || !url.username().is_empty() {
        return Err(usage(format!(
            "a URL with a name or password is seen by everybody on this machine: give it in {AUTHORIZATION_VARIABLE}"
        )));
    }
    Ok(url)
}

fn client() -> Result<Client> {
    Ok(Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?)
}

fn run(request: RequestBuilder) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async {
            // An error of this crate would name the URL with its query, which may hold a secret.
            let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
            let status = answer.status();
            if !status.is_success() {
                bail!("the receiver answered {status}");
            }
            let mut body = Vec::new();
            while let Some(piece) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
                body.extend_from_slice(&piece);
                if body.len() > ANSWER_MAX {
                    bail!("the receiver answered more than {ANSWER_MAX} bytes");
                }
            }
            Ok(body)
        })
        .context("cannot send the request")
}
