//! `dwell formats show`: what is a format made of?

use std::io::Write;

use anyhow::Result;
use ingest::format::Description;
use serde_json::{Value, json};

use super::known::Known;
use crate::context::Context;
use crate::output::escape;
use crate::output::target::Target;
use crate::verb::Outcome;

/// Shows one.
pub(super) fn run(context: &Context, name: &str) -> Result<Outcome> {
    let known = Known::find(&context.settings_alone()?, name)?;
    let mut target = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut target, &as_json(&known))?;
        writeln!(target)?;
    } else {
        as_text(&mut target, &known)?;
    }
    target.finish()?;
    Ok(Outcome::default())
}

fn as_text(target: &mut Target, known: &Known) -> Result<()> {
    writeln!(target, "{}: {}\n\n{}\n", known.name, escape::visible(&known.title), known.doc())?;
    let mut line = |name: &str, text: String| -> Result<()> {
        writeln!(target, "{name:<12} {}", escape::visible(&text))?;
        Ok(())
    };
    line("times mark", format!("the {} of the transaction", known.basis()))?;
    if let Some(definition) = known.definition() {
        line("definition", definition.to_owned())?;
    }
    let description = known.description();
    if let Some(found) = &description {
        line("lines", found.syntax())?;
        for columns in found.columns() {
            line("columns", columns.join(" "))?;
        }
        for time in found.times() {
            let clock = time.clock.map(|clock| format!(" and {clock}")).unwrap_or_default();
            line(
                "time",
                format!("{}{clock}, spelled {}", time.field, time.spellings.join(" or ")),
            )?;
        }
        if let Some(zone) = found.zone() {
            line("zone", format!("named by {zone}"))?;
        }
        if !found.nulls().is_empty() {
            let nulls: Vec<String> = found.nulls().iter().map(|null| format!("`{null}`")).collect();
            line("null words", nulls.join(", "))?;
        }
        if !found.marks().is_empty() {
            line("told by", found.marks().join(", "))?;
        }
    }
    line("fills", known.columns().join(", "))?;
    let fields = known.fields();
    pairs(target, ("field", if description.is_some() { "meaning" } else { "columns" }), &fields)?;
    if let Some(found) = description.filter(|found| !found.verdicts().is_empty()) {
        pairs(target, ("word", "verdict"), found.verdicts())?;
    }
    Ok(())
}

/// Two columns of text below a head.
fn pairs(target: &mut Target, head: (&str, &str), rows: &[(String, String)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<(String, String)> =
        rows.iter().map(|(name, to)| (escape::visible(name), escape::visible(to))).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(12);
    writeln!(target, "\n{:<width$} {}", head.0, head.1)?;
    for (name, to) in rows {
        let to = if to.is_empty() || to == "-" { "extra" } else { to.as_str() };
        writeln!(target, "{name:<width$} {to}")?;
    }
    Ok(())
}

fn as_json(known: &Known) -> Value {
    let named = |rows: &[(String, String)], value: &str| -> Value {
        rows.iter().map(|(name, to)| json!({"name": name, value: to})).collect()
    };
    let mut shown = json!({
        "name": known.name,
        "title": known.title,
        "doc": known.doc(),
        "times": known.basis(),
        "definition": known.definition(),
        "columns": known.columns(),
        "fields": named(&known.fields(), "meaning"),
    });
    if let (Some(found), Some(object)) = (known.description(), shown.as_object_mut()) {
        object.extend(described(&found, &named(found.verdicts(), "verdict")));
    }
    shown
}

fn described(found: &Description, verdicts: &Value) -> serde_json::Map<String, Value> {
    let times = found
        .times()
        .map(|time| json!({"field": time.field, "clock": time.clock, "spellings": time.spellings}));
    let members = [
        ("lines", json!(found.syntax())),
        ("lists", json!(found.columns())),
        ("time", times.collect()),
        ("zone", json!(found.zone())),
        ("nulls", json!(found.nulls())),
        ("marks", json!(found.marks())),
        ("verdicts", verdicts.clone()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
