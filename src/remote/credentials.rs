//! Who are we to an object store? As the environment or a profile below `~/.aws` says; nothing of it is ever shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use storage::config::ArchiveConfig;

use crate::context::environment;
use crate::exit::usage;

/// What is known of an object store and of ourselves.
#[derive(Default)]
pub(super) struct Access {
    pub(super) key_id: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) token: Option<String>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) virtual_hosted: bool,
}

fn variable(name: &str) -> Option<String> {
    environment(name).and_then(|value| value.into_os_string().into_string().ok())
}

fn first(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| variable(name))
}

/// Everything that settings, environment and profile say, in this order.
pub(super) fn access(settings: &ArchiveConfig) -> Result<Access> {
    let profile = settings.profile.clone().or_else(|| variable("AWS_PROFILE"));
    // A profile that was asked for by name wins over keys that happen to be in the environment.
    let by_name = settings.profile.is_some();
    let read = read_profile(profile.as_deref())?;
    let of_profile = |name: &str| read.get(name).cloned();
    let of_environment = |names: &[&str]| if by_name { None } else { first(names) };
    let key_id = of_environment(&["AWS_ACCESS_KEY_ID"]);
    let (key_id, secret, token) = match key_id {
        Some(key_id) => {
            (Some(key_id), first(&["AWS_SECRET_ACCESS_KEY"]), first(&["AWS_SESSION_TOKEN"]))
        }
        None => (
            of_profile("aws_access_key_id"),
            of_profile("aws_secret_access_key"),
            of_profile("aws_session_token"),
        ),
    };
    if key_id.is_some() != secret.is_some() {
        return Err(usage("half of the credentials is missing: an access key needs its secret")
            .context("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or mend the profile"));
    }
    let region = settings.region.clone();
    let region = region.or_else(|| first(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    let endpoint = settings.endpoint.clone();
    let endpoint = endpoint
        .or_else(|| first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]))
        .or_else(|| of_profile("endpoint_url"));
    let virtual_hosted = variable("AWS_VIRTUAL_HOSTED_STYLE_REQUEST");
    Ok(Access {
        key_id,
        secret,
        token,
        region: region.or_else(|| of_profile("region")),
        endpoint,
        virtual_hosted: virtual_hosted.is_some_and(|value| value.eq_ignore_ascii_case("true")),
    })
}

/// What the profile says, in `~/.aws/config` and `~/.aws/credentials`; an absent one that was not asked for says nothing.
fn read_profile(name: Option<&str>) -> Result<BTreeMap<String, String>> {
    let home = environment("HOME").map(|home| home.join(".aws"));
    let file = |variable: &str, rest: &str| -> Option<PathBuf> {
        environment(variable).or_else(|| home.as_ref().map(|home| home.join(rest)))
    };
    let wanted = name.unwrap_or("default");
    let mut found = BTreeMap::new();
    let mut seen = false;
    for path in
        [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
            .into_iter()
            .flatten()
    {
        if let Some(text) = read_if_there(&path)? {
            seen |= section(&text, wanted, &mut found);
        }
    }
    match name {
        Some(name) if !seen => Err(usage(format!("there is no profile `{name}` below ~/.aws"))),
        _ => Ok(found),
    }
}

fn read_if_there(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => {
            read.map(Some).with_context(|| format!("cannot read the profile in {}", path.display()))
        }
    }
}

/// Takes the settings of a profile out of a file; tells whether it is there.
fn section(text: &str, wanted: &str, found: &mut BTreeMap<String, String>) -> bool {
    let mut inside = false;
    let mut seen = false;
    for line in text.lines() {
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim();
            let name = name.strip_prefix("profile ").map_or(name, str::trim);
            inside = name == wanted;
            seen |= inside;
        } else if inside
            && !nested
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            found.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read() {
        let text = "[default]\naws_access_key_id = A\n# x = y\n[profile far]\nregion=auto\n\
                    s3 =\n  region = nested\n endpoint_url = x\n[other]\nregion = no\n";
        let mut found = BTreeMap::new();
        assert!(section(text, "far", &mut found));
        assert_eq!(found.get("region").map(String::as_str), Some("auto"));
        assert_eq!(found.get("endpoint_url"), None);
        assert!(!section(text, "none", &mut found));
    }
}
