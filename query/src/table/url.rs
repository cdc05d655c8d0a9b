//! How does `url` come about? From its parts, where the file does not hold it as logged.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringViewArray, StringViewBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use storage::observable::url::rebuild_into;
use storage::schema::Col;

/// The columns of a file that `url` needs, in the order of the function's arguments.
pub(crate) const PARTS: [Col; 6] =
    [Col::Url, Col::Scheme, Col::Host, Col::Port, Col::Path, Col::Query];

/// The function that plans show as `rebuild_url`; it is no function of SQL.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct RebuildUrl {
    signature: Signature,
}

impl RebuildUrl {
    /// The function, ready for a plan.
    pub(crate) fn function() -> Arc<ScalarUDF> {
        let signature = Signature::any(PARTS.len(), Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Self { signature }))
    }
}

impl ScalarUDFImpl for RebuildUrl {
    fn name(&self) -> &str {
        "rebuild_url"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [logged, scheme, host, port, path, query] = arrays.as_slice() else {
            return internal_err!("rebuild_url takes {} columns", PARTS.len());
        };
        let parts = Parts {
            logged: text(logged)?,
            scheme: text(scheme)?,
            host: text(host)?,
            port: number(port)?,
            path: text(path)?,
            query: text(query)?,
        };
        Ok(ColumnarValue::Array(Arc::new(parts.urls(args.number_rows)?)))
    }
}

struct Parts<'a> {
    logged: &'a StringViewArray,
    scheme: &'a StringViewArray,
    host: &'a StringViewArray,
    port: &'a Int32Array,
    path: &'a StringViewArray,
    query: &'a StringViewArray,
}

impl Parts<'_> {
    fn urls(&self, rows: usize) -> Result<StringViewArray> {
        let mut urls = StringViewBuilder::with_capacity(rows);
        let mut url = Vec::new();
        for row in 0..rows {
            if self.logged.is_valid(row) {
                urls.append_value(self.logged.value(row));
                continue;
            }
            url.clear();
            let port = self.port.is_valid(row).then(|| self.port.value(row));
            let (scheme, host) = (at(self.scheme, row), at(self.host, row));
            let (path, query) = (at(self.path, row), at(self.query, row));
            if !rebuild_into(scheme, host, port, path, query, &mut url) {
                urls.append_null();
                continue;
            }
            match std::str::from_utf8(&url) {
                Ok(url) => urls.append_value(url),
                Err(_) => return exec_err!("the parts of a URL do not make text"),
            }
        }
        Ok(urls.finish())
    }
}

fn at(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn text(column: &ArrayRef) -> Result<&StringViewArray> {
    match column.as_string_view_opt() {
        Some(column) => Ok(column),
        None => internal_err!("a part of a URL is {}", column.data_type()),
    }
}

fn number(column: &ArrayRef) -> Result<&Int32Array> {
    match column.as_primitive_opt::<Int32Type>() {
        Some(column) => Ok(column),
        None => internal_err!("the port of a URL is {}", column.data_type()),
    }
}
