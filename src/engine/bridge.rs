//! Arrow arrays to polars and back through the Arrow C data interface, without copying.
//!
//! Both libraries implement <https://arrow.apache.org/docs/format/CDataInterface.html> (read
//! 2026-11-20) with structs of their own; the interface fixes their layout, so one may stand for
//! the other. This is the only unsafe code of the room.
//!
//! Polars is built without time zones: instants cross as plain microseconds and get their `UTC`
//! back on return.

use std::mem::{align_of, size_of, transmute};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, PrimitiveArray, cast::AsArray, make_array};
use arrow_schema::{DataType, TimeUnit};
use polars::prelude::{ArrayRef as PolarsArray, ArrowField};
use polars_arrow::ffi::{
    ArrowArray, ArrowSchema, export_array_to_c, export_field_to_c, import_array_from_c,
    import_field_from_c,
};

const _: () = assert!(
    size_of::<FFI_ArrowArray>() == size_of::<ArrowArray>()
        && align_of::<FFI_ArrowArray>() == align_of::<ArrowArray>()
        && size_of::<FFI_ArrowSchema>() == size_of::<ArrowSchema>()
        && align_of::<FFI_ArrowSchema>() == align_of::<ArrowSchema>()
);

/// Gives an array to polars, sharing its memory.
///
/// `Timestamp(us, *)` arrives without its time zone.
///
/// # Errors
/// What the libraries say, for types that one of them does not have.
pub fn to_polars(array: &dyn Array) -> Result<PolarsArray, String> {
    let data = match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            let instants: &PrimitiveArray<TimestampMicrosecondType> = array.as_primitive();
            instants.clone().with_timezone_opt(None::<&str>).to_data()
        }
        _ => array.to_data(),
    };
    let (array, schema) = to_ffi(&data).map_err(|error| error.to_string())?;
    import(array, schema)
}

/// Takes an array from polars, sharing its memory; plain microseconds become UTC instants.
///
/// # Errors
/// What the libraries say, for types that one of them does not have.
pub fn from_polars(array: PolarsArray) -> Result<ArrayRef, String> {
    let array = export(array)?;
    Ok(match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let instants: &PrimitiveArray<TimestampMicrosecondType> = array.as_primitive();
            std::sync::Arc::new(instants.clone().with_timezone("UTC"))
        }
        _ => array,
    })
}

#[expect(unsafe_code, reason = "the C data interface is a contract between raw pointers")]
fn import(array: FFI_ArrowArray, schema: FFI_ArrowSchema) -> Result<PolarsArray, String> {
    // SAFETY: both are `#[repr(C)]` with the fields of the C data interface in its order (sizes
    // and alignments are compared above). Each is moved, so its release callback runs once.
    let (array, schema) = unsafe {
        (
            transmute::<FFI_ArrowArray, ArrowArray>(array),
            transmute::<FFI_ArrowSchema, ArrowSchema>(schema),
        )
    };
    // SAFETY: `schema` was just exported by arrow-rs, which keeps to the interface.
    let field = unsafe { import_field_from_c(&schema) }.map_err(|error| error.to_string())?;
    // SAFETY: `array` was exported together with that schema, from data of that type.
    unsafe { import_array_from_c(array, field.dtype) }.map_err(|error| error.to_string())
}

#[expect(unsafe_code, reason = "the C data interface is a contract between raw pointers")]
fn export(array: PolarsArray) -> Result<ArrayRef, String> {
    let field = ArrowField::new("".into(), array.dtype().clone(), true);
    let (schema, array) = (export_field_to_c(&field), export_array_to_c(array));
    // SAFETY: as in `import`, the other way around.
    let (array, schema) = unsafe {
        (
            transmute::<ArrowArray, FFI_ArrowArray>(array),
            transmute::<ArrowSchema, FFI_ArrowSchema>(schema),
        )
    };
    // SAFETY: both were just exported by polars from one array, which keeps to the interface.
    let data = unsafe { from_ffi(array, &schema) }.map_err(|error| error.to_string())?;
    Ok(make_array(data))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::StringViewBuilder;
    use arrow_array::{
        Array, ArrayRef, BooleanArray, Date32Array, Int64Array, TimestampMicrosecondArray,
        cast::AsArray, new_empty_array,
    };
    use proptest::prelude::{any, proptest};

    use super::{from_polars, to_polars};
    use crate::schema::Kind;

    fn arrays(values: &[Option<i64>], texts: &[Option<String>]) -> Vec<ArrayRef> {
        let mut views = StringViewBuilder::new();
        for text in texts {
            views.append_option(text.as_deref());
        }
        let booleans: BooleanArray =
            values.iter().map(|value| value.map(|it| it % 2 == 0)).collect();
        let days: Date32Array = values
            .iter()
            .map(|value| value.map(|it| i32::try_from(it % 100_000).unwrap()))
            .collect();
        vec![
            Arc::new(Int64Array::from(values.to_vec())),
            Arc::new(TimestampMicrosecondArray::from(values.to_vec()).with_timezone("UTC")),
            Arc::new(booleans),
            Arc::new(days),
            Arc::new(views.finish()),
        ]
    }

    proptest! {
        #[test]
        fn arrays_come_back_as_they_went(
            rows in proptest::collection::vec(any::<(Option<i64>, Option<String>)>(), 0..80),
            from in 0_usize..80,
            length in 0_usize..80,
        ) {
            let (values, texts): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let from = from.min(values.len());
            let length = length.min(values.len() - from);
            for array in arrays(&values, &texts) {
                for part in [array.slice(from, length), array] {
                    let back = from_polars(to_polars(&part).unwrap()).unwrap();
                    assert_eq!(back.as_ref(), part.as_ref());
                }
            }
        }
    }

    #[test]
    fn empty_arrays_cross_too() {
        for kind in [Kind::Text, Kind::Integer, Kind::Boolean, Kind::Timestamp, Kind::Date] {
            let empty = new_empty_array(&kind.data_type());
            let back = from_polars(to_polars(&empty).unwrap()).unwrap();
            assert_eq!(back.data_type(), empty.data_type());
            assert_eq!(back.len(), 0);
        }
    }

    #[test]
    fn memory_is_shared_not_copied() {
        let long = Some("a text that is longer than twelve bytes".to_owned());
        for array in arrays(&[Some(1), None], &[long, None]) {
            let back = from_polars(to_polars(&array).unwrap()).unwrap();
            let (before, after) = (array.to_data(), back.to_data());
            for (left, right) in before.buffers().iter().zip(after.buffers()) {
                assert_eq!(left.as_ptr(), right.as_ptr(), "{}", array.data_type());
            }
        }
    }

    #[test]
    fn memory_outlives_the_side_that_made_it() {
        let text = "a text that is longer than twelve bytes";
        let mut views = StringViewBuilder::new();
        views.append_value(text);
        let there = to_polars(&views.finish()).unwrap();
        let back = from_polars(there).unwrap();
        assert_eq!(back.as_string_view().value(0), text);
    }
}
