//! What is in the JSON plan and report of retention? Each member is described in `docs/retention.md`.

use serde_json::{Value, json};
use storage::retention::{Plan, Policy, Terms};

use crate::when;

/// Version of the JSON plan and report.
const SCHEMA_VERSION: u32 = 1;

/// The plan; `removed` says what became of it.
pub(super) fn value(plan: &Plan, policy: &Policy, applied: bool, removed: Value) -> Value {
    let days: Vec<Value> = plan
        .retired
        .iter()
        .map(|(day, part)| {
            json!({
                "day": day.to_string(),
                "whole": part.whole,
                "rows": part.shown(),
                "bytes": part.bytes(),
                "files": part.files.len(),
                "causes": texts(&part.causes),
                "sources": part
                    .rows
                    .iter()
                    .map(|(id, rows)| json!({"source_id": id, "rows": rows}))
                    .collect::<Vec<_>>(),
            })
        })
        .collect();
    let kept: Vec<Value> = plan
        .kept
        .iter()
        .map(|(day, kept)| {
            json!({
                "day": day.to_string(),
                "rows": kept.rows,
                "bytes": kept.bytes,
                "files": kept.files,
                "protected_by": texts(&kept.why),
                "expires": kept.expires.map(|day| day.to_string()),
            })
        })
        .collect();
    let lines: Vec<Value> = plan
        .lines
        .iter()
        .map(|it| {
            json!({
                "path": it.file.path,
                "ingest_day": it.day.to_string(),
                "lines": it.file.rows,
                "bytes": it.file.bytes,
            })
        })
        .collect();
    json!({
        "report": "retain",
        "schema_version": SCHEMA_VERSION,
        "now": when::rfc3339(plan.now),
        "applied": applied,
        "policy": policy_json(policy),
        "live": {"rows": plan.live_rows, "bytes": plan.live_bytes},
        "retire": {
            "days": days.len(),
            "rows": plan.rows(),
            "bytes": plan.bytes(),
            "files": plan.files(),
        },
        "days": days,
        "lines": lines,
        "lines_kept": plan.lines_kept,
        "kept": kept,
        "short_bytes": plan.short_bytes,
        "beyond_limits": plan.beyond_limits(),
        "removed": removed,
    })
}

fn texts<T: ToString>(all: &std::collections::BTreeSet<T>) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn policy_json(policy: &Policy) -> Value {
    let settings = policy.settings();
    let Terms { keep_days, max_days, .. } = policy.general_terms();
    let rules: Vec<Value> = settings
        .rule
        .iter()
        .map(|rule| {
            json!({
                "source": rule.source.as_ref().map(|glob| glob.as_str()),
                "format": rule.format,
                "keep_days": rule.keep_days,
                "max_days": rule.max_days,
            })
        })
        .collect();
    json!({
        "keep_days": keep_days,
        "max_days": max_days,
        "rules": rules,
        "max_bytes": settings.max_bytes,
        "min_free": settings.min_free,
        "trash_days": settings.trash_days,
        "only_archived": settings.only_archived,
        "limit_percent": settings.limit_percent,
    })
}
