//! Does the cookbook tell the truth? Each query of `docs/hunting.md` gives the answer that stands below it, on the data of the demo.

use crate::world::World;

/// The text between two fences.
fn block(text: &str) -> (&str, &str) {
    text.split_once("\n```").unwrap()
}

#[test]
fn each_investigation_ends_as_told() {
    let world = World::new();
    world.run(&["demo", "--day", "2026-11-20"]).ends(0);
    let (store, keys) = (world.path("dwell-demo/store"), world.path("dwell-demo/keys"));
    let (store, keys) = (store.to_str().unwrap(), keys.to_str().unwrap());
    let page = include_str!("../../docs/hunting.md");
    let (mut investigations, mut wrong) = (0, Vec::new());
    for piece in page.split("```sql\n").skip(1) {
        let (query, rest) = block(piece);
        let Some((_, answer)) = rest.split_once("```text\n") else {
            panic!("no answer to {query}")
        };
        let (answer, _) = block(answer);
        let run =
            world.run(&["--store", store, "--key-dir", keys, "sql", query, "--format", "csv"]);
        run.ends(0);
        if run.out().trim_end() != answer.trim_end() {
            wrong.push(format!("{query}\ngives\n{}\nnot\n{answer}\n", run.out()));
        }
        investigations += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(investigations >= 25, "{investigations}");
}
