//! How do the beacon functions take part in DataFusion's aggregation?

use super::super::scalar::{Accepts, coerced, integer};
use super::super::{FunctionDoc, Made};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, PrimitiveArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowTimestampType, DataType, Field, FieldRef, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use detect::beacon::state::{Gathered, Groups, Strobe, request};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

/// What one of the functions makes of a group.
pub(in crate::functions) enum Group<'a> {
    /// No time at all.
    Empty,
    /// Requests, sorted: with the sizes of the requests, and (if asked for) once more with those of the responses.
    Rows(&'a [u64], &'a [u64]),
    /// Too many requests in a day.
    Strobe(Strobe),
}

/// Collects the results of one function.
pub(in crate::functions) trait Output: Default + 'static {
    /// Whether there may be a third argument, the size of the response.
    const RESPONSES: bool;
    /// Type of the results.
    fn data_type() -> DataType;
    /// Rates the next group.
    fn push(&mut self, group: Group<'_>);
    /// All results in order.
    fn finish(self) -> Result<ArrayRef>;
}

/// Which arguments these functions take, in order.
const ACCEPTS: &[Accepts] = &[timestamp, integer, integer];

fn timestamp(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Timestamp(_, _) => Some(kind.clone()),
        DataType::Null => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Date32 | DataType::Date64 => Some(DataType::Timestamp(TimeUnit::Second, None)),
        _ => None,
    }
}

/// An aggregate function over times and sizes.
pub(in crate::functions) struct Beacons<O> {
    doc: &'static FunctionDoc,
    signature: Signature,
    output: PhantomData<fn() -> O>,
}

impl<O: Output> Beacons<O> {
    /// Wraps it for the registry.
    pub(in crate::functions) fn made(doc: &'static FunctionDoc) -> Made {
        let signature = Signature::user_defined(Volatility::Immutable);
        Made::Aggregate(AggregateUDF::from(Self { doc, signature, output: PhantomData }))
    }
}

impl<O> fmt::Debug for Beacons<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doc.name)
    }
}

impl<O> PartialEq for Beacons<O> {
    fn eq(&self, other: &Self) -> bool {
        self.doc.name == other.doc.name
    }
}

impl<O> Eq for Beacons<O> {}

impl<O> Hash for Beacons<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.doc.name.hash(state);
    }
}

fn rows_field() -> FieldRef {
    Arc::new(Field::new("item", DataType::UInt64, false))
}

impl<O: Output> AggregateUDFImpl for Beacons<O> {
    fn name(&self) -> &str {
        self.doc.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(O::data_type())
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(self.doc, 1, &ACCEPTS[..2 + usize::from(O::RESPONSES)], arg_types)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let names = ["requests", "responses"];
        let field = |name: &&str| {
            let name = format_state_name(args.name, name);
            Arc::new(Field::new(name, DataType::List(rows_field()), false)) as FieldRef
        };
        Ok(names[..1 + usize::from(O::RESPONSES)].iter().map(field).collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return plan_err!(
                "{} takes no DISTINCT: expected {}",
                self.doc.name,
                self.doc.signature
            );
        }
        let mut kept = Kept::default();
        kept.grow(1);
        Ok(Box::new(One::<O> { kept, output: PhantomData }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many::<O> { kept: Kept::default(), output: PhantomData }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Calls `each` with the row number and the request of every row that has a time; the size is argument `size`.
fn for_each_request(
    values: &[ArrayRef],
    size: usize,
    mut each: impl FnMut(usize, u64),
) -> Result<()> {
    let Some(times) = values.first() else { return internal_err!("a beacon without times") };
    let sizes = values.get(size).map(|s| s.as_primitive::<Int64Type>());
    // One loop for each unit, so that the division is by a constant.
    match times.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            visit::<TimestampSecondType>(times, sizes, |t| t, &mut each);
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            visit::<TimestampMillisecondType>(times, sizes, |t| t.div_euclid(1_000), &mut each);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            visit::<TimestampMicrosecondType>(times, sizes, |t| t.div_euclid(1_000_000), &mut each);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            visit::<TimestampNanosecondType>(
                times,
                sizes,
                |t| t.div_euclid(1_000_000_000),
                &mut each,
            );
        }
        other => return internal_err!("a time expected, got {other}"),
    }
    Ok(())
}

fn visit<T: ArrowTimestampType>(
    times: &ArrayRef,
    sizes: Option<&Int64Array>,
    seconds: impl Fn(i64) -> i64,
    each: &mut impl FnMut(usize, u64),
) {
    let times: &PrimitiveArray<T> = times.as_primitive();
    for (i, time) in times.values().iter().enumerate() {
        if times.is_valid(i) {
            let size = sizes.filter(|s| s.is_valid(i)).map(|s| s.value(i));
            each(i, request(seconds(*time), size));
        }
    }
}

/// A filter's rows; NULL is no.
fn chosen(filter: Option<&BooleanArray>, i: usize) -> bool {
    filter.is_none_or(|f| f.is_valid(i) && f.value(i))
}

/// Calls `each` with the number and contents of every state in the column.
fn for_each_state(states: &ArrayRef, mut each: impl FnMut(usize, &[u64])) -> Result<()> {
    let Some(lists) = states.as_list_opt::<i32>() else {
        return internal_err!("the state of a beacon is a list");
    };
    let rows = lists.values().as_primitive::<UInt64Type>().values();
    for (i, ends) in lists.value_offsets().windows(2).enumerate() {
        if lists.is_valid(i) {
            each(i, &rows[ends[0] as usize..ends[1] as usize]);
        }
    }
    Ok(())
}

/// What is kept until it is rated: the requests with their sizes, and once more with those of the responses where they
/// are asked for.
#[derive(Default)]
struct Kept {
    requests: Groups,
    responses: Groups,
}

impl Kept {
    fn grow(&mut self, total: usize) {
        self.requests.grow(total);
        self.responses.grow(total);
    }

    /// Adds the rows that the filter lets through to the groups that `group` names.
    fn update(
        &mut self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
        group: impl Fn(usize) -> usize,
    ) -> Result<()> {
        for_each_request(values, 1, |i, value| {
            if chosen(filter, i) {
                self.requests.push(group(i), value);
            }
        })?;
        if values.len() < 3 {
            return Ok(());
        }
        for_each_request(values, 2, |i, value| {
            if chosen(filter, i) {
                self.responses.push(group(i), value);
            }
        })
    }

    fn merge(&mut self, states: &[ArrayRef], group: impl Fn(usize) -> usize) -> Result<()> {
        let Some(requests) = states.first() else { return internal_err!("a beacon without state") };
        for_each_state(requests, |i, state| self.requests.merge(group(i), state))?;
        match states.get(1) {
            Some(all) => for_each_state(all, |i, state| self.responses.merge(group(i), state)),
            None => Ok(()),
        }
    }

    fn gather(&self, n: usize) -> [Gathered; 2] {
        [self.requests.gather(n), self.responses.gather(n)]
    }

    fn bytes(&self) -> usize {
        self.requests.bytes() + self.responses.bytes()
    }
}

/// Rates all gathered groups.
fn rated<O: Output>([mut requests, mut responses]: [Gathered; 2]) -> Result<ArrayRef> {
    let mut output = O::default();
    for group in 0..requests.len() {
        match requests.sorted(group) {
            (_, Some(strobe)) => output.push(Group::Strobe(strobe)),
            ([], None) => output.push(Group::Empty),
            (rows, None) => output.push(Group::Rows(rows, responses.sorted(group).0)),
        }
    }
    output.finish()
}

/// The state columns of all gathered groups.
fn states<O: Output>([requests, responses]: [Gathered; 2]) -> Result<Vec<ListArray>> {
    let mut all = vec![state(requests)?];
    if O::RESPONSES {
        all.push(state(responses)?);
    }
    Ok(all)
}

fn state(mut gathered: Gathered) -> Result<ListArray> {
    if gathered.all_light() {
        return list(&gathered.offsets, gathered.rows);
    }
    let (mut offsets, mut all) = (vec![0], Vec::with_capacity(gathered.rows.len()));
    for group in 0..gathered.len() {
        match gathered.sorted(group) {
            (_, Some(strobe)) => all.extend(strobe.encoded()),
            (rows, None) => all.extend_from_slice(rows),
        }
        offsets.push(all.len());
    }
    list(&offsets, all)
}

fn list(offsets: &[usize], rows: Vec<u64>) -> Result<ListArray> {
    let too_many = |_| exec_datafusion_err!("too many requests in one batch of beacon states");
    let offsets: Vec<i32> =
        offsets.iter().map(|o| i32::try_from(*o)).collect::<Result<_, _>>().map_err(too_many)?;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(ListArray::try_new(rows_field(), offsets, Arc::new(UInt64Array::from(rows)), None)?)
}

/// All groups of a GROUP BY.
struct Many<O> {
    kept: Kept,
    output: PhantomData<fn() -> O>,
}

impl<O> Many<O> {
    fn take(&mut self, emit_to: EmitTo) -> [Gathered; 2] {
        let total = self.kept.requests.len();
        let n = match emit_to {
            EmitTo::All => total,
            EmitTo::First(n) => n.min(total),
        };
        let gathered = self.kept.gather(n);
        self.kept.requests.forget(n);
        self.kept.responses.forget(n);
        gathered
    }
}

impl<O: Output> GroupsAccumulator for Many<O> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.kept.grow(total_num_groups);
        self.kept.update(values, opt_filter, |i| group_indices[i])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        rated::<O>(self.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let columns = states::<O>(self.take(emit_to))?;
        Ok(columns.into_iter().map(|c| Arc::new(c) as ArrayRef).collect())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.kept.grow(total_num_groups);
        self.kept.merge(values, |i| group_indices[i])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(each_alone(values, 1, opt_filter)?)];
        if O::RESPONSES {
            columns.push(match values.len() {
                3 => Arc::new(each_alone(values, 2, opt_filter)?),
                _ => Arc::new(list(&vec![0; values.first().map_or(0, |v| v.len()) + 1], vec![])?),
            });
        }
        Ok(columns)
    }

    fn size(&self) -> usize {
        self.kept.bytes()
    }
}

/// A state for every row.
fn each_alone(
    values: &[ArrayRef],
    size: usize,
    filter: Option<&BooleanArray>,
) -> Result<ListArray> {
    let n = values.first().map_or(0, |v| v.len());
    let (mut offsets, mut rows) = (vec![0; n + 1], Vec::with_capacity(n));
    for_each_request(values, size, |i, value| {
        if chosen(filter, i) {
            rows.push(value);
            offsets[i + 1] = 1;
        }
    })?;
    let mut end = 0;
    for offset in &mut offsets {
        end += *offset;
        *offset = end;
    }
    list(&offsets, rows)
}

/// The one group of a query without GROUP BY, or of a window.
struct One<O> {
    kept: Kept,
    output: PhantomData<fn() -> O>,
}

impl<O> fmt::Debug for One<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("One").field("bytes", &self.kept.bytes()).finish_non_exhaustive()
    }
}

impl<O: Output> Accumulator for One<O> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.kept.update(values, None, |_| 0)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // A window asks again and again while its frame grows, so nothing is given away.
        ScalarValue::try_from_array(&rated::<O>(self.kept.gather(1))?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.kept.bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = states::<O>(self.kept.gather(1))?;
        Ok(columns.into_iter().map(|c| ScalarValue::List(Arc::new(c))).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.kept.merge(states, |_| 0)
    }
}

/// Numbers with or without NULL, one per group.
#[derive(Debug, Default)]
pub(in crate::functions) struct Numbers(pub(in crate::functions) Vec<Option<f64>>);

impl Numbers {
    /// The column.
    pub(in crate::functions) fn column(self) -> ArrayRef {
        let nulls: NullBuffer = self.0.iter().map(Option::is_some).collect();
        let values: Vec<f64> = self.0.into_iter().map(Option::unwrap_or_default).collect();
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        Arc::new(arrow::array::Float64Array::new(values.into(), nulls))
    }
}
