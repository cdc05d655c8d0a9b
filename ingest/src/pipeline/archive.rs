//! What becomes of an archive? Its files are taken in one after the other, each a source of its own; what can't be read
//! is told beside them.

use storage::error::Result;

use super::Run;
use super::plan::{self, Opened};
use super::source::{self, Taken, unreadable};
use crate::input::archive::{Archive, Entry, Kind, Member};
use crate::input::{Input, ReadError};
use crate::report::{Outcome, SourceReport};

/// Takes in what lies in an archive. The reports go to the place of the archive among the inputs.
pub(super) fn take_in(
    run: &Run<'_>,
    place: usize,
    input: &Input,
    (kind, opened): (Kind, Opened),
    buffer: &mut Vec<u8>,
) -> Result<()> {
    let mut archive = Archive::open(kind, opened.content, opened.sample, 0);
    let mut files = 0u64;
    loop {
        run.check()?;
        match archive.entry() {
            Entry::Nothing => continue,
            Entry::Member(found) => member(run, place, input, found, buffer)?,
            Entry::Unreadable { name, why } => {
                let input = input.member(0, &name);
                refuse(run, place, &input, ReadError::Damaged(why));
            }
            Entry::Broken(error) => {
                broken(run, place, input, error, files);
                return Ok(());
            }
            Entry::End => break,
        }
        files += 1;
    }
    if files == 0 {
        let mut report = SourceReport::new(&input.name, Outcome::Empty);
        report.message = Some("the archive holds no files".to_owned());
        run.report(place, report);
    }
    Ok(())
}

fn member(
    run: &Run<'_>,
    place: usize,
    archive: &Input,
    found: Member,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    let input = archive.member(found.nth, &found.name);
    let opened = match found.content().and_then(plan::begin) {
        Ok(opened) => opened,
        Err(error) => {
            refuse(run, place, &input, error);
            return Ok(());
        }
    };
    match source::take_in(run, &input, Some(opened), buffer)? {
        Taken::Done(report) => run.report(place, report),
        Taken::Archive(kind, opened) => take_in(run, place, &input, (kind, opened), buffer)?,
        // What lies in an archive waits where it is.
        Taken::Later => {}
    }
    Ok(())
}

fn refuse(run: &Run<'_>, place: usize, input: &Input, error: ReadError) {
    let mut report = SourceReport::new(&input.name, Outcome::Unreadable);
    report.message = Some(unreadable(input, &error));
    run.report(place, report);
}

/// The archive can't be followed to its end.
fn broken(run: &Run<'_>, place: usize, input: &Input, error: ReadError, files: u64) {
    let came_out = files > 0;
    let outcome = if came_out { Outcome::Damaged } else { Outcome::Unreadable };
    let mut report = SourceReport::new(&input.name, outcome);
    report.message = Some(match error {
        ReadError::Damaged(why) if came_out => {
            report.next = Some("dwell ingest <a whole copy of it>".to_owned());
            format!("the archive is damaged ({why}); what came out of it is told above")
        }
        error => unreadable(input, &error),
    });
    run.report(place, report);
}
