//! Which hunts come with dwell? One line for each file of `query/hunts/`.

use detect::hunt::{Hunt, Wrong};

macro_rules! hunts {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../hunts/", $name, ".sql")))),*]
    };
}

/// Their texts, by id.
pub static FILES: &[(&str, &str)] = hunts![
    "agent-empty",
    "agent-impossible",
    "agent-malformed",
    "agent-many",
    "agent-not-accepted",
    "agent-platform",
    "agent-rare",
    "agent-scripted",
    "beacons",
    "connect-port",
    "credentials-in-url",
    "denied-then-allowed",
    "dga-name",
    "dga-names",
    "domain-fronting",
    "double-extension",
    "dynamic-dns",
    "error-only-url",
    "indicator-addresses",
    "indicator-agents",
    "indicators",
    "ip-literal",
    "length-query",
    "length-request",
    "length-response",
    "length-url",
    "lonely-browser",
    "long-tunnel",
    "method-increase",
    "method-unusual",
    "mime-mismatch",
    "new-domain",
    "nonstandard-port",
    "nonstandard-port-shared",
    "pdns-bad-address",
    "pdns-cname",
    "pdns-fast-flux",
    "pdns-new-name",
    "post-content-type",
    "post-get-ratio",
    "post-no-type",
    "producer-consumer",
    "protocol-version",
    "same-request-length",
    "same-response-length",
    "slow-beacons",
    "threat-allowed",
    "trusted-sites",
    "uncategorised",
    "upload-repeated",
];

/// All of them, in the order of their ids.
///
/// # Errors
/// Which can't be read, and why; a test holds that none is.
pub fn shipped() -> Result<Vec<Hunt>, Wrong> {
    let hunt = |(name, text): &(&str, &str)| {
        Hunt::parse(text).map_err(|error| Wrong(format!("hunt `{name}`: {error}")))
    };
    FILES.iter().map(hunt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_listed_once_in_order_under_its_id() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/hunts");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".sql").map(str::to_owned)
            })
            .collect();
        there.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, there);
        let ids: Vec<String> = shipped().unwrap().into_iter().map(|hunt| hunt.id).collect();
        assert_eq!(ids, listed);
    }
}
