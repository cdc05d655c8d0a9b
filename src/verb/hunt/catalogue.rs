//! Which hunts are there: those that come with dwell, and those of a folder of one's own?

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use detect::hunt::{Hunt, Param};
use serde_json::json;

use super::super::{Outcome, sql};
use crate::args::OutputArgs;
use crate::args::hunt::OwnHunts;
use crate::context::{Context, read_text};
use crate::exit::usage;
use crate::output::escape;
use crate::output::target::Target;

/// All hunts, in the order of their ids. One of one's own takes the place of ours of the same id.
pub(super) fn all(own: Option<&Path>) -> Result<Vec<Hunt>> {
    let mut hunts = query::hunts::shipped().map_err(|error| usage(error.to_string()))?;
    let Some(folder) = own else { return Ok(hunts) };
    for path in files(folder)? {
        let hunt = Hunt::parse(&read_text(&path)?)
            .map_err(|error| usage(format!("`{}`: {error}", path.display())))?;
        hunts.retain(|known| known.id != hunt.id);
        hunts.push(hunt);
    }
    hunts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(hunts)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let what = || format!("cannot read the hunts of `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(what)? {
        let path = entry.with_context(what)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The hunts of these ids; `all` is all.
pub(super) fn chosen(hunts: Vec<Hunt>, ids: &[String]) -> Result<Vec<Hunt>> {
    if ids.iter().any(|id| id == "all") {
        return Ok(hunts);
    }
    if let Some(unknown) = ids.iter().find(|id| !hunts.iter().any(|hunt| hunt.id == **id)) {
        return Err(no_such(&hunts, unknown));
    }
    Ok(hunts.into_iter().filter(|hunt| ids.contains(&hunt.id)).collect())
}

fn no_such(hunts: &[Hunt], id: &str) -> anyhow::Error {
    let names = hunts.iter().map(|hunt| hunt.id.as_str());
    let near = storage::nearest::nearest(id, names);
    let hint = near.map_or_else(
        || "`dwell hunt list` shows them".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    usage(format!("there is no hunt `{id}`; {hint}"))
}

/// `dwell hunt list`
pub(super) fn list(context: &Context, own: &OwnHunts, output: &OutputArgs) -> Result<Outcome> {
    let hunts = all(own.hunts.as_deref())?;
    let column = |of: &dyn Fn(&Hunt) -> String| -> ArrayRef {
        Arc::new(hunts.iter().map(|hunt| Some(of(hunt))).collect::<StringArray>())
    };
    let batch = RecordBatch::try_from_iter([
        ("id", column(&|hunt| hunt.id.clone())),
        ("level", column(&|hunt| hunt.level.name().to_owned())),
        ("title", column(&|hunt| hunt.title.clone())),
        ("attack", column(&|hunt| hunt.attack.join(" "))),
        ("needs", column(&|hunt| hunt.needs.join(" "))),
        ("params", column(&|hunt| hunt.params.iter().map(set).collect::<Vec<_>>().join(" "))),
        ("author", column(&|hunt| hunt.author.clone())),
    ])?;
    Ok(Outcome::done(sql::print(context, output, &batch)?, 0))
}

fn set(param: &Param) -> String {
    format!("{}={}", param.name, detect::finding::plain(&param.default))
}

/// `dwell hunt show`
pub(super) fn show(context: &Context, id: &str, own: &OwnHunts) -> Result<Outcome> {
    let hunts = all(own.hunts.as_deref())?;
    let hunt = hunts.iter().find(|hunt| hunt.id == id).ok_or_else(|| no_such(&hunts, id))?;
    let mut target = Target::stdout();
    if context.json {
        let params = hunt.params.iter().map(|param| {
            json!({
                "name": param.name, "type": param.kind.name(), "unit": param.unit,
                "default": param.default, "doc": param.doc,
            })
        });
        let document = json!({
            "id": hunt.id, "title": hunt.title, "level": hunt.level, "finds": hunt.finds,
            "because": hunt.because, "attack": hunt.attack, "needs": hunt.needs, "entity": hunt.entity,
            "rows": hunt.rows, "excusable": hunt.excusable, "params": params.collect::<Vec<_>>(),
            "false_positives": hunt.false_positives, "author": hunt.author,
            "references": hunt.references, "sql": hunt.sql,
        });
        serde_json::to_writer_pretty(&mut target, &document)?;
        writeln!(target)?;
    } else {
        for line in describe(hunt).lines() {
            writeln!(target, "{}", escape::visible(line))?;
        }
    }
    target.finish()?;
    Ok(Outcome::default())
}

fn describe(hunt: &Hunt) -> String {
    let mut text = format!("{} [{}]: {}\n\n", hunt.id, hunt.level, hunt.title);
    text.push_str(&format!("{}\n{}\n\n", hunt.finds.trim(), hunt.because.trim()));
    for (name, values) in [
        ("ATT&CK", hunt.attack.join(", ")),
        ("needs", hunt.needs.join(", ")),
        ("is about", hunt.entity.join(", ")),
        ("wrong when", hunt.false_positives.join("; ")),
        ("excused by a bare entry of --allow", if hunt.excusable { "yes" } else { "no" }.into()),
        ("author", hunt.author.clone()),
        ("read more", hunt.references.join(" ")),
    ] {
        if !values.is_empty() {
            text.push_str(&format!("{name}: {values}\n"));
        }
    }
    if !hunt.params.is_empty() {
        text.push_str("parameters:\n");
    }
    for param in &hunt.params {
        let unit = if param.unit.is_empty() { String::new() } else { format!(" ({})", param.unit) };
        text.push_str(&format!("  {}  {}{unit}  {}\n", set(param), param.kind.name(), param.doc));
    }
    text + "\n" + &hunt.sql + "\n"
}
