//! Which indicator of the lists in the store does a request meet?

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanBuilder, Int32Builder, NullBufferBuilder,
    StringBuilder, StructArray, TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use detect::intel::matcher::{Hit, Request};
use detect::intel::table::{TIME, at, entry, text as column};

use super::scalar::{Accepts, coerced, integer, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use crate::intel::{Known, Lists};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ioc_match",
    signature: "ioc_match(host TEXT, url TEXT, server_ip TEXT, port INTEGER, user_agent TEXT [, ts TIMESTAMP [, method TEXT]])",
    kind: FunctionKind::Scalar,
    returns: "STRUCT",
    summary: "The best indicator that a request meets, of all lists added with `dwell intel add`; NULL if it meets none. Fields: value and \
        type of the indicator; list; how (url, request, host, parent_host, host_and_ip, port, server_ip, host_ip, network, uri, uri_prefix, \
        user_agent, tunnel_host); confidence (0 to 100: by how it was met, the source's own confidence and threat level, and its \
        sightings); level (what a finding of it would have); degraded (a URL behind CONNECT, of which only host and port could be \
        compared); sighted (inside, before or after the sightings that the source tells); tags; name; orgc; added_at; hits (how many \
        indicators it meets). With ts an indicator counts only from its valid_from until before its valid_until. Values in a warninglist, \
        and those that their source does not mean for detection, are never met: table `indicators` shows them with hunted = false. A domain \
        is met by the hosts below it too, a hostname by itself alone. Arguments that are NULL are not compared.",
    example: "SELECT ioc_match('www.example', 'http://www.example/', '192.0.2.1', 80, 'curl/8.5') IS NULL AS unknown",
    source: "query/src/functions/ioc_match.rs",
    make,
};

const ACCEPTS: [Accepts; 7] = [text, text, text, integer, text, time, text];
/// The arguments that must be given.
const REQUIRED: usize = 5;

fn time(kind: &DataType) -> Option<DataType> {
    matches!(kind, DataType::Timestamp(..) | DataType::Null | DataType::Date32).then_some(TIME)
}

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let of = |name: &str, kind| Field::new(name, kind, true);
    let text = |name| of(name, DataType::Utf8);
    Fields::from(vec![
        text("value"),
        text("type"),
        text("list"),
        text("how"),
        of("confidence", DataType::Int32),
        text("level"),
        of("degraded", DataType::Boolean),
        text("sighted"),
        text("tags"),
        text("name"),
        text("orgc"),
        of("added_at", DataType::Timestamp(TimeUnit::Microsecond, None)),
        of("hits", DataType::Int32),
    ])
});

fn make() -> Made {
    Made::Scalar(over(None))
}

/// The function over the lists of a session; without any it knows no indicator.
pub(crate) fn over(lists: Option<Arc<Lists>>) -> ScalarUDF {
    let signature = Signature::user_defined(Volatility::Immutable);
    ScalarUDF::from(IocMatch { lists, signature })
}

#[derive(Clone)]
struct IocMatch {
    lists: Option<Arc<Lists>>,
    signature: Signature,
}

impl IocMatch {
    fn known(&self) -> Result<Arc<Known>> {
        self.lists.as_ref().map_or_else(|| Ok(Arc::default()), |lists| lists.known())
    }

    fn same(&self) -> usize {
        self.lists.as_ref().map_or(0, |lists| Arc::as_ptr(lists) as usize)
    }
}

impl fmt::Debug for IocMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IocMatch").finish_non_exhaustive()
    }
}

impl PartialEq for IocMatch {
    fn eq(&self, other: &Self) -> bool {
        self.same() == other.same()
    }
}

impl Eq for IocMatch {}

impl Hash for IocMatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.same().hash(state);
    }
}

impl ScalarUDFImpl for IocMatch {
    fn name(&self) -> &str {
        DOC.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerced(&DOC, REQUIRED, &ACCEPTS, given)
    }

    /// Without any indicator the answer is NULL and nothing need be read; else columns that no indicator is compared
    /// with are not.
    fn simplify(&self, mut args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let needs = self.known()?.matcher.needs();
        if !needs.host {
            let null = ScalarValue::try_from(&DataType::Struct(FIELDS.clone()))?;
            return Ok(ExprSimplifyResult::Simplified(Expr::Literal(null, None)));
        }
        let unused = [false, !needs.url, !needs.server_ip, false, !needs.user_agent];
        let mut changed = false;
        for (argument, unused) in args.iter_mut().zip(unused) {
            if unused && !matches!(argument, Expr::Literal(..)) {
                *argument = Expr::Literal(ScalarValue::Utf8View(None), None);
                changed = true;
            }
        }
        if !changed {
            return Ok(ExprSimplifyResult::Original(args));
        }
        let same = Arc::new(ScalarUDF::from(self.clone()));
        let call = Expr::ScalarFunction(ScalarFunction::new_udf(same, args));
        Ok(ExprSimplifyResult::Simplified(call))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let known = self.known()?;
        let constant = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args.args.iter().map(|a| a.to_array(rows)).collect::<Result<Vec<_>>>()?;
        let out = matched(&known, &columns, rows)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}

fn words(columns: &[ArrayRef], at: usize, rows: usize) -> Result<Vec<Option<&str>>> {
    let mut words = Vec::with_capacity(rows);
    match columns.get(at) {
        Some(column) if column.null_count() < rows => {
            texts::for_each(column.as_ref(), |word| words.push(word))?;
        }
        _ => words.resize(rows, None),
    }
    Ok(words)
}

fn matched(known: &Known, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let host = words(columns, 0, rows)?;
    let url = words(columns, 1, rows)?;
    let server_ip = words(columns, 2, rows)?;
    let user_agent = words(columns, 4, rows)?;
    let method = words(columns, 6, rows)?;
    let port = cast(&columns[3], &DataType::Int64)?;
    let port = port.as_primitive::<Int64Type>();
    let ts = columns.get(5).map(|ts| cast(ts, &TIME)).transpose()?;
    let ts = ts.as_ref().map(|ts| ts.as_primitive::<TimestampMicrosecondType>());
    let mut out = Out::default();
    let mut hits = Vec::new();
    for row in 0..rows {
        let request = Request {
            host: host[row],
            url: url[row],
            server_ip: server_ip[row],
            user_agent: user_agent[row],
            method: method[row],
            port: port.is_valid(row).then(|| i32::try_from(port.value(row)).unwrap_or(-1)),
            ts: ts.filter(|ts| ts.is_valid(row)).map(|ts| ts.value(row)),
        };
        let best = known.matcher.best(&request, &mut hits);
        out.add(known, best, hits.len());
    }
    out.finish(rows)
}

/// The columns of the answer.
#[derive(Default)]
struct Out {
    words: [StringBuilder; 9],
    confidence: Int32Builder,
    degraded: BooleanBuilder,
    added_at: TimestampMicrosecondBuilder,
    hits: Int32Builder,
    met: Vec<bool>,
}

impl Out {
    fn add(&mut self, known: &Known, hit: Option<Hit>, hits: usize) {
        self.met.push(hit.is_some());
        let Some(hit) = hit else {
            self.words.iter_mut().for_each(StringBuilder::append_null);
            self.confidence.append_null();
            self.degraded.append_null();
            self.added_at.append_null();
            self.hits.append_null();
            return;
        };
        let (batch, row, list) = known.at(hit.row);
        let told = |name| entry(column(batch, name), row);
        let words = [
            told("value"),
            Some(hit.kind.name()),
            Some(list),
            Some(hit.how.name()),
            Some(hit.level().name()),
            hit.window.name(),
            told("tags"),
            told("name"),
            told("orgc"),
        ];
        self.words.iter_mut().zip(words).for_each(|(builder, word)| builder.append_option(word));
        self.confidence.append_value(i32::from(hit.confidence));
        self.degraded.append_value(hit.degraded);
        let added = at(batch, "added_at").filter(|at| at.is_valid(row)).map(|at| at.value(row));
        self.added_at.append_option(added);
        self.hits.append_value(i32::try_from(hits).unwrap_or(i32::MAX));
    }

    fn finish(mut self, rows: usize) -> Result<ArrayRef> {
        let mut nulls = NullBufferBuilder::new(rows);
        self.met.iter().for_each(|met| nulls.append(*met));
        let [value, kind, list, how, level, sighted, tags, name, orgc] =
            self.words.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        let columns: Vec<ArrayRef> = vec![
            value,
            kind,
            list,
            how,
            Arc::new(self.confidence.finish()),
            level,
            Arc::new(self.degraded.finish()),
            sighted,
            tags,
            name,
            orgc,
            Arc::new(self.added_at.finish()),
            Arc::new(self.hits.finish()),
        ];
        let answer = StructArray::try_new(FIELDS.clone(), columns, nulls.finish())
            .map_err(|error| exec_datafusion_err!("ioc_match: {error}"))?;
        Ok(Arc::new(answer))
    }
}
