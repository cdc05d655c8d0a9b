//! How random does a text look?

use super::scalar::{Scalar, double, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, Float64Builder};
use datafusion::common::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "entropy",
    signature: "entropy(text TEXT)",
    kind: FunctionKind::Scalar,
    returns: "DOUBLE",
    summary: "Shannon entropy of a text in bits per character (Unicode characters, not bytes): 0 where all are the same or there is \
        none, about 3 for words, above 3.5 for generated names of 12 and more characters, at most the logarithm of the length. NULL gives NULL.",
    example: "SELECT name, round(entropy(name), 2) AS bits FROM (VALUES ('aaaa'), ('wikipedia'), ('x7kq2vz9bw1m'), (NULL)) AS t(name)",
    source: "query/src/functions/entropy.rs",
    make,
};

/// Bits per character.
fn entropy(text: &str) -> f64 {
    if text.is_ascii() {
        let mut counts = [0_u32; 128];
        text.bytes().for_each(|b| counts[usize::from(b & 0x7f)] += 1);
        return of_counts(counts.into_iter());
    }
    let mut counts = BTreeMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_insert(0) += 1);
    of_counts(counts.values().copied())
}

fn of_counts(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let all: f64 = counts.clone().map(f64::from).sum();
    if all == 0.0 {
        return 0.0;
    }
    let bits = |n: f64| n / all * (all / n).log2();
    counts.filter(|n| *n > 0).map(|n| bits(f64::from(n))).sum()
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], double, |call| {
        texts::per_entry(&call.column(0)?, |values| -> Result<ArrayRef> {
            let mut out = Float64Builder::with_capacity(values.len());
            texts::for_each(values, |v| out.append_option(v.map(entropy)))?;
            Ok(Arc::new(out.finish()))
        })
    })
    .udf()
}

#[cfg(test)]
mod tests {
    use super::entropy;

    #[test]
    fn counts_characters() {
        for (text, bits) in [
            ("", 0.0),
            ("a", 0.0),
            ("aaaa", 0.0),
            ("ab", 1.0),
            ("abcd", 2.0),
            ("äöäö", 1.0),
            ("aab", 0.918_295_8),
        ] {
            assert!((entropy(text) - bits).abs() < 1e-6, "{text}");
        }
    }
}
