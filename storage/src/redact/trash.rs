//! What of the trash must go at once? Everything that may hold one of the lines, and everything that cannot be asked any
//! more whether it does.

use std::collections::BTreeSet;

use crate::day::Day;
use crate::error::Result;
use crate::fs;
use crate::segment::{self, SourceRange, key};
use crate::store::{HiddenLines, State, Store, layout};

/// Files in `trash/` to be destroyed with a redaction of `lines` (and of the paths of some sources), relative to the store.
///
/// A file stays only if its footer says that it holds none of the lines, and its day is there: rows of a retired day can't
/// be searched, so nobody could say that they are not meant.
pub(super) fn due(
    store: &Store,
    state: &State,
    (lines, paths): (&HiddenLines, &BTreeSet<i32>),
    touched: &BTreeSet<Day>,
) -> Result<Vec<String>> {
    let fs = &**store.fs();
    let trash = store.dir().join(layout::TRASH);
    let days: BTreeSet<Day> = state.days.keys().copied().collect();
    let mut due = Vec::new();
    for version in fs::list_if_there(fs, &trash)? {
        let folder = trash.join(&version);
        if !folder.is_dir() {
            continue;
        }
        for name in fs::list_if_there(fs, &folder)? {
            let path = folder.join(&name);
            let stays = match salts_of(&name) {
                Some(day) => !touched.contains(&day),
                None => may_stay(store, (&path, &name), &days, (lines, paths)),
            };
            if path.is_file() && !stays {
                due.push(format!("{}/{version}/{name}", layout::TRASH));
            }
        }
    }
    Ok(due)
}

/// The day whose salts a file held: older salts of a day would still lead to those of the lines that go.
fn salts_of(name: &str) -> Option<Day> {
    let parts = name.strip_prefix("salts~")?.split('~');
    parts.into_iter().find_map(Day::from_folder)
}

fn may_stay(
    store: &Store,
    (path, name): (&std::path::Path, &str),
    days: &BTreeSet<Day>,
    (lines, paths): (&HiddenLines, &BTreeSet<i32>),
) -> bool {
    let Ok(footer) = segment::footer_with(path, store.vault()) else { return false };
    let own = footer.get(key::STORE).is_some_and(|id| id == store.id());
    let day = footer.get(key::DAY).and_then(|day| day.parse::<Day>().ok());
    let sources = footer.get(key::SOURCES);
    let sources: Option<Vec<SourceRange>> =
        sources.and_then(|sources| serde_json::from_str(sources).ok());
    let (Some(day), Some(sources)) = (day, sources) else { return false };
    let is_lines = name.starts_with(layout::LINES);
    let names = sources.iter().any(|range| paths.contains(&range.source_id));
    own && (is_lines || days.contains(&day)) && !names && !lines.touch_ranges(&sources)
}
