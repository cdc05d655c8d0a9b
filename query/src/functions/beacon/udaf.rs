//! How do the beacon functions take part in DataFusion's aggregation?

use super::super::scalar::{Accepts, coerced, integer};
use super::super::{FunctionDoc, Made};
use super::state::{Gathered, Groups, Strobe, request};
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
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

/// What one of the functions makes of a group.
pub(in crate::functions) enum Group<'a> {
    /// No time at all.
    Empty,
    /// Requests, sorted.
    Rows(&'a [u64]),
    /// Too many requests in a day.
    Strobe(Strobe),
}

/// Collects the results of one function.
pub(in crate::functions) trait Output: Default + 'static {
    /// Type of the results.
    fn data_type() -> DataType;
    /// Rates the next group.
    fn push(&mut self, group: Group<'_>);
    /// All results in order.
    fn finish(self) -> Result<ArrayRef>;
}

/// Which arguments all of these functions take.
const ACCEPTS: &[Accepts] = &[timestamp, integer];

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
        coerced(self.doc, 1, ACCEPTS, arg_types)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "requests");
        Ok(vec![Arc::new(Field::new(name, DataType::List(rows_field()), false))])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return plan_err!(
                "{} takes no DISTINCT: expected {}",
                self.doc.name,
                self.doc.signature
            );
        }
        let mut groups = Groups::default();
        groups.grow(1);
        Ok(Box::new(One::<O> { groups, output: PhantomData }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many::<O> { groups: Groups::default(), output: PhantomData }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Calls `each` with the row number and the request of every row that has a time.
fn for_each_request(values: &[ArrayRef], mut each: impl FnMut(usize, u64)) -> Result<()> {
    let Some(times) = values.first() else { return internal_err!("a beacon without times") };
    let sizes = values.get(1).map(|s| s.as_primitive::<Int64Type>());
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
fn for_each_state(states: &[ArrayRef], mut each: impl FnMut(usize, &[u64])) -> Result<()> {
    let Some(lists) = states.first().and_then(|s| s.as_list_opt::<i32>()) else {
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

/// Rates all gathered groups.
fn rated<O: Output>(mut gathered: Gathered) -> Result<ArrayRef> {
    let mut output = O::default();
    gathered.for_each(|rows, strobe| match strobe {
        Some(strobe) => output.push(Group::Strobe(strobe)),
        None if rows.is_empty() => output.push(Group::Empty),
        None => {
            rows.sort_unstable();
            output.push(Group::Rows(rows));
        }
    });
    output.finish()
}

/// The state column of all gathered groups.
fn state(mut gathered: Gathered) -> Result<ListArray> {
    if gathered.all_light() {
        return list(&gathered.offsets, gathered.rows);
    }
    let (mut offsets, mut all) = (vec![0], Vec::with_capacity(gathered.rows.len()));
    gathered.for_each(|rows, strobe| {
        match strobe {
            Some(strobe) => all.extend(strobe.encoded()),
            None => all.extend_from_slice(rows),
        }
        offsets.push(all.len());
    });
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
    groups: Groups,
    output: PhantomData<fn() -> O>,
}

impl<O> Many<O> {
    fn take(&mut self, emit_to: EmitTo) -> Gathered {
        let n = match emit_to {
            EmitTo::All => self.groups.len(),
            EmitTo::First(n) => n.min(self.groups.len()),
        };
        let gathered = self.groups.gather(n);
        self.groups.forget(n);
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
        self.groups.grow(total_num_groups);
        for_each_request(values, |i, value| {
            if chosen(opt_filter, i) {
                self.groups.push(group_indices[i], value);
            }
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        rated::<O>(self.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(state(self.take(emit_to))?)])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.grow(total_num_groups);
        for_each_state(values, |i, state| self.groups.merge(group_indices[i], state))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let n = values.first().map_or(0, |v| v.len());
        let (mut offsets, mut rows) = (vec![0; n + 1], Vec::with_capacity(n));
        for_each_request(values, |i, value| {
            if chosen(opt_filter, i) {
                rows.push(value);
                offsets[i + 1] = 1;
            }
        })?;
        let mut end = 0;
        for offset in &mut offsets {
            end += *offset;
            *offset = end;
        }
        Ok(vec![Arc::new(list(&offsets, rows)?)])
    }

    fn size(&self) -> usize {
        self.groups.bytes()
    }
}

/// The one group of a query without GROUP BY, or of a window.
struct One<O> {
    groups: Groups,
    output: PhantomData<fn() -> O>,
}

impl<O> fmt::Debug for One<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("One").field("bytes", &self.groups.bytes()).finish_non_exhaustive()
    }
}

impl<O: Output> Accumulator for One<O> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for_each_request(values, |_, value| self.groups.push(0, value))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // A window asks again and again while its frame grows, so nothing is given away.
        ScalarValue::try_from_array(&rated::<O>(self.groups.gather(1))?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::List(Arc::new(state(self.groups.gather(1))?))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for_each_state(states, |_, state| self.groups.merge(0, state))
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
