//! How does a plain Rust function over arrays become a scalar function of SQL?

use super::{FunctionDoc, Made};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};

/// Gives, for one argument, the type it is cast to before the call; `None` if it can't be taken.
pub(super) type Accepts = fn(&DataType) -> Option<DataType>;

/// The columns and constants of one call.
pub(super) struct Call<'a> {
    /// Arguments in order.
    pub(super) args: &'a [ColumnarValue],
    /// Number of rows to return.
    pub(super) rows: usize,
}

impl Call<'_> {
    /// Argument `i` as a column; a constant is repeated.
    pub(super) fn column(&self, i: usize) -> Result<ArrayRef> {
        self.args[i].to_array(self.rows)
    }

    /// Argument `i` if it is a constant of the query.
    pub(super) fn constant(&self, i: usize) -> Option<&ScalarValue> {
        match self.args.get(i) {
            Some(ColumnarValue::Scalar(value)) => Some(value),
            _ => None,
        }
    }
}

/// A scalar function without settings: all that DataFusion needs to know of it.
#[derive(Debug)]
pub(super) struct Scalar {
    doc: &'static FunctionDoc,
    signature: Signature,
    required: usize,
    accepts: &'static [Accepts],
    returns: fn(&[DataType]) -> DataType,
    nullable: bool,
    run: fn(&Call<'_>) -> Result<ArrayRef>,
}

impl Scalar {
    /// A function of `accepts.len()` arguments, of which the first `required` must be given.
    pub(super) fn made(
        doc: &'static FunctionDoc,
        required: usize,
        accepts: &'static [Accepts],
        returns: fn(&[DataType]) -> DataType,
        run: fn(&Call<'_>) -> Result<ArrayRef>,
    ) -> Self {
        let signature = Signature::user_defined(Volatility::Immutable);
        Self { doc, signature, required, accepts, returns, nullable: true, run }
    }

    /// The same function with the promise that it never returns NULL.
    pub(super) fn never_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Wraps it for the registry.
    pub(super) fn udf(self) -> Made {
        Made::Scalar(ScalarUDF::from(self))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.doc.name == other.doc.name
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.doc.name.hash(state);
    }
}

/// Types that the arguments are cast to, or an error that says how the function is called.
pub(super) fn coerced(
    doc: &FunctionDoc,
    required: usize,
    accepts: &[Accepts],
    given: &[DataType],
) -> Result<Vec<DataType>> {
    if given.len() < required || given.len() > accepts.len() {
        let n = given.len();
        return plan_err!(
            "{} takes other arguments: expected {}, got {n} of them",
            doc.name,
            doc.signature
        );
    }
    let mut types = Vec::with_capacity(given.len());
    for (i, (accept, kind)) in accepts.iter().zip(given).enumerate() {
        match accept(kind) {
            Some(to) => types.push(to),
            None => {
                let at = i + 1;
                return plan_err!(
                    "{} can't take {kind} as argument {at}: expected {}",
                    doc.name,
                    doc.signature
                );
            }
        }
    }
    Ok(types)
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        self.doc.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok((self.returns)(arg_types))
    }

    fn return_field_from_args(
        &self,
        args: datafusion::logical_expr::ReturnFieldArgs<'_>,
    ) -> Result<arrow::datatypes::FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let field =
            arrow::datatypes::Field::new(self.name(), (self.returns)(&types), self.nullable);
        Ok(field.into())
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(self.doc, self.required, self.accepts, arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let out = (self.run)(&Call { args: &args.args, rows })?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}

/// Takes any text, plain, view or dictionary; NULL becomes text.
pub(super) fn text(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Utf8 | DataType::Utf8View => Some(kind.clone()),
        DataType::LargeUtf8 | DataType::Null => Some(DataType::Utf8View),
        DataType::Dictionary(key, value) => match (key.as_ref(), value.as_ref()) {
            (DataType::Int32, DataType::Utf8 | DataType::Utf8View) => Some(kind.clone()),
            (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
                Some(DataType::Utf8View)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Takes whole numbers.
pub(super) fn integer(kind: &DataType) -> Option<DataType> {
    (kind.is_integer() || kind.is_null()).then_some(DataType::Int64)
}

/// Always BOOLEAN.
pub(super) fn boolean(_: &[DataType]) -> DataType {
    DataType::Boolean
}

/// Always text.
pub(super) fn view(_: &[DataType]) -> DataType {
    DataType::Utf8View
}

/// Always DOUBLE.
pub(super) fn double(_: &[DataType]) -> DataType {
    DataType::Float64
}
