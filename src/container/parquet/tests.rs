//! Parquet files written here, whole, cut and with flipped bytes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use arrow_array::builder::{MapBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::{SCHEMA_VERSION_KEY, TABLE_KEY, normalised_table, read_parquet};
use crate::container::ContainerError;
use crate::container::Summary;
use crate::container::rows::collect::Row;
use crate::container::rows::collect::rows_of;

fn batch() -> RecordBatch {
    let mut tags = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    tags.keys().append_value("amr");
    tags.values().append_value("pwd");
    tags.append(true).unwrap();
    tags.append(false).unwrap();
    let inner: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None]));
    let field = Arc::new(Field::new("oid", DataType::Utf8, true));
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "TimeGenerated",
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_700_000_000_123_456, 0])
                    .with_timezone("UTC"),
            ),
        ),
        ("Caller", Arc::new(StringArray::from(vec![Some("a\"b\nc"), None]))),
        ("Bytes", Arc::new(BinaryArray::from(vec![b"{\"k\":1}".as_slice(), b"t"]))),
        ("Claims_d", Arc::new(StructArray::from(vec![(field, inner)]))),
        ("Tags", Arc::new(tags.finish())),
        ("Count", Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn written(batch: &RecordBatch, pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs = pairs
        .iter()
        .map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()))
        .collect();
    let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn read(bytes: &[u8]) -> (Vec<Row>, Result<Summary, ContainerError>) {
    rows_of(|file, sink| read_parquet(file, file_of(bytes), sink))
}

#[test]
fn rows_become_objects_nested_values_too() {
    let (rows, outcome) = read(&written(&batch(), &[]));
    let summary = outcome.unwrap();
    assert_eq!((summary.records, summary.warnings), (2, vec![]));
    assert_eq!(
        rows[0].0,
        r#"{"TimeGenerated":"2023-11-14T22:13:20.123456Z","Caller":"a\"b\nc","Bytes":"{\"k\":1}","Claims_d":{"oid":"x"},"Tags":{"amr":"pwd"},"Count":9223372036854775807}"#
    );
    assert_eq!(rows[1].0, r#"{"TimeGenerated":"1970-01-01T00:00:00Z","Bytes":"t","Claims_d":{}}"#);
    assert_eq!((rows[0].1, rows[1].1), (0, 1));
}

#[test]
fn a_table_of_our_own_keeps_its_batches() {
    let bytes = written(&batch(), &[(TABLE_KEY, "activity"), (SCHEMA_VERSION_KEY, "1")]);
    let table = normalised_table(&file_of(&bytes)).unwrap().unwrap();
    assert_eq!((table.table.as_str(), table.schema_version, table.row_count), ("activity", 1, 2));
    assert_eq!(table.schema().fields().len(), 6);
    let batches: Vec<_> =
        table.batches(&["Caller", "Count", "not_there"]).unwrap().map(Result::unwrap).collect();
    assert_eq!(batches, [batch().project(&[1, 5]).unwrap()]);
    assert!(normalised_table(&file_of(&written(&batch(), &[]))).unwrap().is_none());
}

#[test]
fn many_rows_come_out_in_order() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5_000));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let (rows, _) = read(&written(&batch, &[]));
    assert_eq!(rows.len(), 5_000);
    for (number, (text, offset, _)) in rows.iter().enumerate() {
        assert_eq!((text, *offset), (&format!("{{\"n\":{number}}}"), number as u64));
    }
}

/// Texts of every sort: a few that come again, as many as rows, nulls and nothing else.
fn columns(rows: usize) -> RecordBatch {
    let few = (0..rows).map(|row| (row % 7 > 0).then(|| format!("user-{}", row % 5)));
    let each = (0..rows).map(|row| (row % 11 > 0).then(|| format!("{row:-^40}")));
    let turning = (0..rows).map(|row| Some(format!("{}-{}", row / 300, row % 3)));
    let texts = |array: StringArray| Arc::new(array) as ArrayRef;
    let numbers: Int64Array = (0..rows).map(|row| (row % 3 > 0).then_some(row as i64)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("few", texts(few.collect()), true),
        ("each", texts(each.collect()), true),
        ("turning", texts(turning.collect()), true),
        ("none", texts((0..rows).map(|_| None::<&str>).collect()), true),
        ("number", Arc::new(numbers) as ArrayRef, true),
    ])
    .unwrap()
}

#[test]
fn a_whole_column_is_that_of_the_rows_with_each_text_once() {
    for (rows, group_rows, dictionary_bytes) in
        [(0, 100, 1 << 20), (1, 100, 1 << 20), (1_000, 64, 1 << 20), (3_000, 1_024, 200)]
    {
        let batch = columns(rows);
        let table = KeyValue::new(TABLE_KEY.to_owned(), "attempt".to_owned());
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group_rows))
            .set_dictionary_page_size_limit(dictionary_bytes)
            .set_data_page_row_count_limit(50)
            .set_write_batch_size(16)
            .set_key_value_metadata(Some(vec![table]))
            .build();
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let file = file_of(&bytes);
        let table = normalised_table(&file).unwrap().unwrap();
        for (field, expected) in batch.schema().fields().iter().zip(batch.columns()) {
            let found = table.column(&file, field.name()).unwrap();
            let what = format!("{} of {rows} rows", field.name());
            assert_eq!(found.len(), rows, "{what}");
            let Some(numbered) = found.as_any_dictionary_opt() else {
                assert_eq!(&found, expected, "{what}");
                continue;
            };
            let texts = numbered.values().as_string_view();
            let different: BTreeSet<Option<&str>> = texts.iter().collect();
            assert_eq!(different.len(), texts.len(), "{what}");
            assert!(texts.is_null(0), "{what}");
            let keys = numbered.normalized_keys();
            let found: Vec<Option<&str>> =
                keys.iter().map(|key| texts.is_valid(*key).then(|| texts.value(*key))).collect();
            assert_eq!(found, expected.as_string::<i32>().iter().collect::<Vec<_>>(), "{what}");
        }
        assert!(table.column(&file, "nothing").is_err());
    }
}

#[test]
fn a_cut_file_is_damaged() {
    let whole = written(&batch(), &[]);
    for cut in 0..whole.len() {
        let (rows, outcome) = read(&whole[..cut]);
        assert!(matches!(outcome, Err(ContainerError::Damaged { .. })), "cut at {cut}");
        assert!(rows.is_empty());
    }
}

#[test]
fn flipped_bytes_never_get_out_as_a_panic() {
    let whole = written(&batch(), &[(TABLE_KEY, "activity")]);
    for place in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] ^= flip;
            let _ = read(&damaged);
            if let Ok(Some(table)) = normalised_table(&file_of(&damaged)) {
                let _ = table.batches(&["Caller"]).map(Iterator::count);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&[b"PAR1", bytes.as_slice(), b"PAR1"].concat());
    }
}
