//! What do the bytes of a body say as text?

use super::scalar::{Scalar, view};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::{Array as _, ArrayRef, AsArray as _, StringViewBuilder};
use arrow::datatypes::DataType;
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "body_text",
    signature: "body_text(body BINARY)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "Bytes as text: what is no UTF-8 becomes U+FFFD, so that the text around it can be searched. For request_body. NULL gives NULL.",
    example: "SELECT body_text(body) AS body FROM (VALUES (X'757365723D61'), (X'61FF62'), (NULL)) AS t(body)",
    source: "query/src/functions/body_text.rs",
    make,
};

fn bytes(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Binary
        | DataType::BinaryView
        | DataType::LargeBinary
        | DataType::FixedSizeBinary(_)
        | DataType::Null => Some(DataType::BinaryView),
        _ => None,
    }
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[bytes], view, |call| {
        let column = call.column(0)?;
        let bodies = column.as_binary_view();
        let mut out = StringViewBuilder::with_capacity(bodies.len());
        for body in bodies {
            out.append_option(body.map(String::from_utf8_lossy));
        }
        Ok(Arc::new(out.finish()) as ArrayRef)
    })
    .udf()
}
