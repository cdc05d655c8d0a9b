//! Which kind of computer does a name tell, by the way its house writes names?

use super::agents::Distinct;
use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made};
use detect::agents::computer::pattern;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "computer_pattern",
    signature: "computer_pattern(computer TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The pattern of a computer's name, in capitals: letters stay, numbers and what was drawn become `#`; domain and `$` are left out. \
        Computers of one kind mostly share it. NULL for NULL.",
    example: "SELECT computer_pattern(name) AS pattern FROM (VALUES ('laptop-0042.example.net'), ('SRV01$'), ('BER-MAC-007')) AS t(name)",
    source: "query/src/functions/computer_pattern.rs",
    make,
};

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        let names = call.column(0)?;
        Distinct::of(names.as_ref())?.texts(|name| name.map(pattern))
    })
    .udf()
}
