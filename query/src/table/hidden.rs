//! Which rows of a file are left out? A predicate on source and line that looks into sorted ranges, however many there are.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use storage::store::HiddenLines;

/// The function that plans show as `is_shown`; it is no function of SQL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IsShown {
    hidden: HiddenLines,
    signature: Signature,
}

/// Whether a line is not hidden; `columns` are source and line.
pub(crate) fn shown(
    hidden: &HiddenLines,
    columns: [Arc<dyn PhysicalExpr>; 2],
) -> Arc<dyn PhysicalExpr> {
    let signature = Signature::exact(vec![DataType::Int32, DataType::Int64], Volatility::Immutable);
    let function = ScalarUDF::new_from_impl(IsShown { hidden: hidden.clone(), signature });
    Arc::new(ScalarFunctionExpr::new(
        "is_shown",
        Arc::new(function),
        columns.to_vec(),
        Arc::new(Field::new("is_shown", DataType::Boolean, true)),
        Arc::new(ConfigOptions::default()),
    ))
}

impl ScalarUDFImpl for IsShown {
    fn name(&self) -> &str {
        "is_shown"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [ids, lines] = arrays.as_slice() else {
            return internal_err!("is_shown takes source and line");
        };
        let (Some(ids), Some(lines)) =
            (ids.as_primitive_opt::<Int32Type>(), lines.as_primitive_opt::<Int64Type>())
        else {
            return internal_err!("is_shown takes numbers");
        };
        let shown = ids.values().iter().zip(lines.values());
        let shown = shown.map(|(&id, &line)| Some(!self.hidden.covers(id, line)));
        Ok(ColumnarValue::Array(Arc::new(shown.collect::<BooleanArray>())))
    }
}
