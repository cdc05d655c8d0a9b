//! May a request to this host meet an indicator, whatever else is in it?

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::BooleanBuilder;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::scalar::{Accepts, coerced, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use crate::intel::Lists;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ioc_host",
    signature: "ioc_host(host TEXT)",
    kind: FunctionKind::Scalar,
    returns: "BOOLEAN",
    summary: "Whether a request to this host may meet an indicator of the lists, whatever else is in it: a listed host, one below a listed \
        domain, the host of a listed URL, a listed address. Cheaper than ioc_match, and good for distinct hosts: it tells which days \
        need a closer look. Windows are not looked at. NULL gives NULL.",
    example: "SELECT ioc_host('www.example') AS may_meet",
    source: "query/src/functions/ioc_host.rs",
    make,
};

const ACCEPTS: [Accepts; 1] = [text];

fn make() -> Made {
    Made::Scalar(over(None))
}

/// The function over the lists of a session; without any it knows no indicator.
pub(crate) fn over(lists: Option<Arc<Lists>>) -> ScalarUDF {
    ScalarUDF::from(IocHost { lists, signature: Signature::user_defined(Volatility::Immutable) })
}

struct IocHost {
    lists: Option<Arc<Lists>>,
    signature: Signature,
}

impl IocHost {
    fn same(&self) -> usize {
        self.lists.as_ref().map_or(0, |lists| Arc::as_ptr(lists) as usize)
    }
}

impl fmt::Debug for IocHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IocHost").finish_non_exhaustive()
    }
}

impl PartialEq for IocHost {
    fn eq(&self, other: &Self) -> bool {
        self.same() == other.same()
    }
}

impl Eq for IocHost {}

impl Hash for IocHost {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.same().hash(state);
    }
}

impl ScalarUDFImpl for IocHost {
    fn name(&self) -> &str {
        DOC.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerced(&DOC, 1, &ACCEPTS, given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let known = self.lists.as_ref().map(|lists| lists.known()).transpose()?;
        let constant = matches!(args.args.first(), Some(ColumnarValue::Scalar(_)));
        let column = args.args[0].to_array(if constant { 1 } else { args.number_rows })?;
        let out = texts::per_entry(&column, |values| {
            let mut out = BooleanBuilder::with_capacity(values.len());
            let mut last: Option<(&str, bool)> = None;
            texts::for_each(values, |host| {
                let may = host.map(|host| match last {
                    Some((same, may)) if std::ptr::eq(same, host) => may,
                    _ => known.as_ref().is_some_and(|known| known.matcher.may_meet_host(host)),
                });
                last = host.zip(may);
                out.append_option(may);
            })?;
            Ok(Arc::new(out.finish()))
        })?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}
