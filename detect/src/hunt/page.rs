//! What does the documentation say of a hunt? A page made from its front matter.

use super::{Hunt, template};

/// The page, as Markdown.
pub fn page(hunt: &Hunt) -> String {
    let mut page = format!("# {}\n\n`{}`, level {}\n\n", hunt.title, hunt.id, hunt.level);
    page.push_str(&format!("{}\n\n{}\n", hunt.finds.trim(), hunt.because.trim()));
    let code = |names: &[String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    page.push_str("\n| | |\n|---|---|\n");
    let excusable = if hunt.excusable { "yes" } else { "only one that names the hunt" };
    let attack = hunt
        .attack
        .iter()
        .map(|id| format!("[{id}](https://attack.mitre.org/techniques/{}/)", id.replace('.', "/")));
    for (name, value) in [
        ("ATT&CK", attack.collect::<Vec<_>>().join(", ")),
        ("is about", code(&hunt.entity)),
        ("needs values in", code(&hunt.needs)),
        ("excused by a bare entry of an allow list", excusable.to_owned()),
        ("author", hunt.author.clone()),
    ] {
        if !value.is_empty() {
            page.push_str(&format!("| {name} | {value} |\n"));
        }
    }
    if !hunt.params.is_empty() {
        page.push_str(
            "\n## Parameters\n\n| name | type | unit | default | |\n|---|---|---|---|---|\n",
        );
    }
    for param in &hunt.params {
        let default = template::default(param)
            .map_or_else(|_| String::new(), |value| template::literal(&value));
        page.push_str(&format!(
            "| `{}` | {} | {} | `{}` | {} |\n",
            param.name,
            param.kind.name(),
            param.unit,
            default.replace('|', "\\|"),
            param.doc
        ));
    }
    if !hunt.false_positives.is_empty() {
        page.push_str("\n## When it is wrong\n\n");
    }
    hunt.false_positives.iter().for_each(|text| page.push_str(&format!("* {text}\n")));
    if !hunt.references.is_empty() {
        page.push_str("\n## References\n\n");
    }
    hunt.references.iter().for_each(|link| page.push_str(&format!("* {link}\n")));
    page.push_str(&format!("\n## Query\n\n```sql\n{}\n```\n", hunt.sql));
    if let Some(rows) = &hunt.rows {
        page.push_str(&format!(
            "\nThe rows that are meant also meet\n\n```sql\n{}\n```\n",
            rows.trim()
        ));
    }
    page
}

/// The list of all pages, as Markdown.
pub fn index(hunts: &[Hunt]) -> String {
    let mut page = String::from(
        "# All hunts\n\nMade from their front matter; a test compares the two. How they are run and written: [hunts](../hunts.md).\n\n\
         | hunt | level | finds | needs |\n|---|---|---|---|\n",
    );
    for hunt in hunts {
        page.push_str(&format!(
            "| [{}]({}.md) | {} | {} | {} |\n",
            hunt.id,
            hunt.id,
            hunt.level,
            hunt.finds.trim().replace(['\n', '|'], " "),
            hunt.needs.join(", ")
        ));
    }
    page
}
