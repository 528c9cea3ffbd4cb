//! What was written is read back by another program's code and compared with the page.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray};
use arrow_cast::cast;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field, Schema};
use csv::{ReaderBuilder, StringRecord};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::RowGroupMetaData;
use serde_json::{Value, json};

use crate::render::write_table;
use crate::schema::{Kind, SCHEMA_VERSION};

use super::{PLAIN, bytes, figures, hostile, page, resources, text, without_rows};

#[test]
fn csv_and_tsv_read_back_with_only_text_guarded() {
    for (name, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let written = bytes(name, &[hostile()], &PLAIN);
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(written.as_slice());
        assert_eq!(reader.headers().unwrap().get(1), Some("'=non_mfa|\u{1b}[1m"));
        let rows: Vec<StringRecord> = reader.records().map(Result::unwrap).collect();
        let page = hostile();
        let source = page.batches[0].column(0);
        assert_eq!(rows.len(), source.len(), "{name}");
        for (row, record) in rows.iter().enumerate() {
            let array = source.as_any().downcast_ref::<StringViewArray>().unwrap();
            let expect = if array.is_null(row) { "" } else { array.value(row) };
            let guarded = matches!(row, 0..=5 | 13);
            let cell = record.get(0).unwrap();
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), expect, "{name}");
            assert_eq!(cell.starts_with('\''), guarded, "{name}: `{cell}`");
        }
        assert_eq!(rows[0].get(1), Some("-9223372036854775808"));
        assert_eq!(rows[0].get(2), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(rows[1].get(3), Some("-1234567.5"));
    }
}

#[test]
fn json_reads_back_with_exact_integers_and_the_balance() {
    let read: Value = serde_json::from_slice(&bytes("json", &[hostile()], &PLAIN)).unwrap();
    assert_eq!(read["report"], "hostile");
    assert_eq!(read["schema_version"], SCHEMA_VERSION);
    assert_eq!(read["window"], json!({"first": "2025-01-01T00:00:00.000000Z", "last": null}));
    assert_eq!(read["accounting"]["ignored"], json!({"storage\"read": 32}));
    assert_eq!(read["accounting"]["warnings"][1], json!({"message": "no claims", "hint": null}));
    assert_eq!(read["columns"][2], json!({"name": "time", "type": "timestamp"}));
    check_rows(read["rows"].as_array().unwrap());
    let several: Value =
        serde_json::from_slice(&bytes("json", &[hostile(), figures()], &PLAIN)).unwrap();
    assert_eq!(several["reports"][1]["report"], "summary");
}

#[test]
fn ndjson_reads_back_line_by_line() {
    let written = text("ndjson", &[hostile()], &PLAIN);
    let rows: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    check_rows(&rows);
}

fn check_rows(rows: &[Value]) {
    let page = hostile();
    let source = page.batches[0].column(0);
    let source = source.as_any().downcast_ref::<StringViewArray>().unwrap();
    let expect: Vec<Value> = source.iter().map(Value::from).collect();
    let read: Vec<Value> = rows.iter().map(|row| row["text"].clone()).collect();
    assert_eq!(read, expect);
    let number = |row: usize| rows[row]["=non_mfa|\u{1b}[1m"].clone();
    assert_eq!((number(0), number(1)), (Value::from(i64::MIN), Value::from(i64::MAX)));
    assert_eq!(rows[2]["float"], Value::Null, "what is no number is null");
    assert_eq!((rows[3]["float"].as_f64(), &rows[3]["truth"]), (Some(1e300), &Value::from(true)));
    assert_eq!((&rows[0]["day"], &rows[2]["day"]), (&Value::from("1969-12-31"), &Value::Null));
}

pub(super) fn read_arrow(written: &[u8]) -> (Arc<Schema>, Vec<RecordBatch>) {
    let reader = StreamReader::try_new(written, None).unwrap();
    (reader.schema(), reader.map(Result::unwrap).collect())
}

type Metadata = Vec<(String, String)>;

fn read_parquet(written: &[u8]) -> (Metadata, Vec<RecordBatch>) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file(written)).unwrap();
    let pairs = builder.metadata().file_metadata().key_value_metadata().cloned();
    let metadata = pairs
        .unwrap_or_default()
        .into_iter()
        .map(|pair| (pair.key, pair.value.unwrap_or_default()))
        .collect();
    (metadata, builder.build().unwrap().map(Result::unwrap).collect())
}

/// The bytes as a file that has no name.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn rows_of(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[test]
fn arrow_reads_back_equal_with_its_metadata() {
    let page = hostile();
    let (schema, batches) = read_arrow(&bytes("arrow", std::slice::from_ref(&page), &PLAIN));
    assert_eq!(batches.len(), 1);
    let (read, source) = (without_nan(&batches[0]), without_nan(&page.batches[0]));
    assert_eq!(read.columns(), source.columns());
    assert_eq!(schema.fields(), page.schema.fields());
    assert_eq!(schema.metadata().get("azmfa.report").map(String::as_str), Some("hostile"));
    let balance = schema.metadata().get("azmfa.accounting").unwrap();
    assert_eq!(serde_json::from_str::<Value>(balance).unwrap()["records"], 18_233);
}

#[test]
fn parquet_reads_back_equal_with_its_metadata() {
    let page = hostile();
    let (metadata, batches) = read_parquet(&bytes("parquet", std::slice::from_ref(&page), &PLAIN));
    let read = without_nan(&batches[0]);
    let source = without_nan(&page.batches[0]);
    for (column, expect) in read.columns().iter().zip(source.columns()) {
        assert_eq!(&cast(column, expect.data_type()).unwrap(), expect);
    }
    let types: Vec<&DataType> =
        page.schema.fields().iter().map(|field| field.data_type()).collect();
    let schema = batches[0].schema();
    let read_types: Vec<&DataType> =
        schema.fields().iter().map(|field| field.data_type()).collect();
    assert_eq!(read_types[0], &DataType::Utf8, "strings to readers without view types");
    assert_eq!(read_types[1..], types[1..], "times keep their unit and UTC");
    assert!(metadata.contains(&("azmfa.report".to_owned(), "hostile".to_owned())));
    assert!(metadata.contains(&("azmfa.schema_version".to_owned(), "1".to_owned())));
    assert!(!metadata.iter().any(|(key, _)| key == "ARROW:schema"));
}

/// NaN is never equal to itself, so the comparison leaves the column of fractions to zero.
fn without_nan(batch: &RecordBatch) -> RecordBatch {
    let floats: Float64Array = batch
        .column(3)
        .as_any()
        .downcast_ref::<Float64Array>()
        .unwrap()
        .iter()
        .map(|value| value.map(|number| if number.is_nan() { 0.0 } else { number }))
        .collect();
    let mut columns = batch.columns().to_vec();
    columns[3] = Arc::new(floats);
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn a_long_table_is_written_in_row_groups_with_statistics() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("n", Kind::Integer.data_type(), true),
        Field::new("t", Kind::Text.data_type(), true),
    ]));
    let batch = |start: i64| {
        let numbers: ArrayRef = Arc::new((start..start + 50_000).collect::<Int64Array>());
        let mut builder = StringViewBuilder::new();
        (0..50_000)
            .for_each(|row| builder.append_value(format!("a text of some length {}", row % 7)));
        RecordBatch::try_new(schema.clone(), vec![numbers, Arc::new(builder.finish())]).unwrap()
    };
    let written = |threads| {
        let mut batches = (0..5).map(|part| batch(part * 50_000));
        let mut out = Vec::new();
        write_table(&mut batches, &schema, &[], threads, &mut out).unwrap();
        out
    };
    let out = written(3);
    for threads in [0, 1, 64] {
        assert!(written(threads) == out, "{threads} threads");
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(file(&out)).unwrap();
    let groups = builder.metadata().row_groups();
    let rows: Vec<i64> = groups.iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [122_880, 122_880, 4_240]);
    assert!(groups.iter().all(|group| group.columns().iter().all(|c| c.statistics().is_some())));
    let read: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    let sum: i64 = read
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .sum();
    assert_eq!(sum, 249_999 * 250_000 / 2);
}

#[test]
fn a_stream_carries_only_the_text_that_its_rows_use() {
    let big: StringViewArray =
        (0..10_000).map(|row| Some(format!("a rather long text, number {row}"))).collect();
    let array: ArrayRef = Arc::new(big.slice(0, 2));
    let small = bytes("arrow", &[page("cut", vec![("t", array)])], &PLAIN);
    assert!(small.len() < 4_000, "{} bytes", small.len());
}

#[test]
fn binary_formats_hold_a_page_without_rows() {
    let pages = [without_rows(resources())];
    assert_eq!(rows_of(&read_arrow(&bytes("arrow", &pages, &PLAIN)).1), 0);
    assert_eq!(rows_of(&read_parquet(&bytes("parquet", &pages, &PLAIN)).1), 0);
}
