//! With which code does the process end? One place that turns every outcome and every error into a number.

use std::fmt;

use storage::ErrorKind;

/// The exit codes of dwell; they are part of its contract. An unknown code must be treated as failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; also when nothing was due.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Wrong use: unknown option, format or column, a query that makes no sense.
    Usage = 2,
    /// Done, but some lines were quarantined or some inputs could not be read.
    Partial = 3,
    /// There is no store.
    NoStore = 10,
    /// Another writer holds the lock.
    Locked = 11,
    /// A digest, signature or count does not hold.
    Integrity = 12,
    /// Something was found, and that was to be an ending of its own.
    Findings = 20,
    /// Stopped by the person at the keyboard.
    Interrupted = 130,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

/// A command that was used wrongly: ends with [`Exit::Usage`].
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Makes the error of a wrong use.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage(message.into()))
}

/// Stopped by Ctrl-C; ends with [`Exit::Interrupted`].
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// The code an error ends the process with: the innermost cause that knows decides.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    error.chain().filter_map(of_cause).last().unwrap_or(Exit::Failed)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if cause.is::<Usage>() {
        return Some(Exit::Usage);
    }
    if cause.is::<Interrupted>() {
        return Some(Exit::Interrupted);
    }
    if let Some(error) = cause.downcast_ref::<storage::Error>() {
        return Some(of_kind(error.kind()));
    }
    if let Some(error) = cause.downcast_ref::<query::Error>() {
        return Some(of_query(error.kind()));
    }
    let io = cause.downcast_ref::<std::io::Error>()?;
    (io.kind() == std::io::ErrorKind::BrokenPipe).then_some(Exit::Done)
}

/// The code for what the ground floor says the caller should do.
pub(crate) fn of_kind(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::InvalidInput => Exit::Usage,
        ErrorKind::NoStore => Exit::NoStore,
        ErrorKind::Locked => Exit::Locked,
        ErrorKind::Integrity => Exit::Integrity,
        ErrorKind::Interrupted => Exit::Interrupted,
        _ => Exit::Failed,
    }
}

fn of_query(kind: query::ErrorKind) -> Exit {
    match kind {
        query::ErrorKind::Usage | query::ErrorKind::ReadOnly => Exit::Usage,
        query::ErrorKind::Integrity => Exit::Integrity,
        query::ErrorKind::Cancelled => Exit::Interrupted,
        _ => Exit::Failed,
    }
}

/// One line for people: the chain of causes, without repeating what an outer message already says.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let part = cause.to_string();
        if text.contains(&part) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_decides() {
        let inner = storage::Error::new(ErrorKind::Locked, "the store is locked");
        let error = anyhow::Error::new(inner).context("cannot ingest `a.log`");
        assert_eq!(of(&error), Exit::Locked);
        assert_eq!(message(&error), "cannot ingest `a.log`: the store is locked");
        assert_eq!(of(&usage("no such format")), Exit::Usage);
        assert_eq!(of(&anyhow::anyhow!("anything")), Exit::Failed);
    }

    #[test]
    fn a_source_is_not_said_twice() {
        let io = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = anyhow::Error::new(storage::Error::io("open", "/x", io));
        assert_eq!(message(&error), "cannot open: /x: permission denied");
        assert_eq!(of(&error), Exit::Failed);
    }
}
