//! Query results, whole, partial, cut and hostile.

use proptest::prelude::*;

use super::{read_tables, starts_tables};
use crate::container::Summary;
use crate::container::rows::collect::Row;
use crate::container::rows::collect::rows_of;
use crate::error::RejectReason;

fn read(text: &str) -> (Vec<Row>, Summary) {
    let (rows, outcome) = rows_of(|file, sink| read_tables(file, text.as_bytes(), 7, sink));
    (rows, outcome.unwrap())
}

#[test]
fn cells_get_the_names_of_their_columns() {
    let (rows, summary) = read(
        r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"Caller","type":"string"},{"name":"Claims_d","type":"dynamic"},{"name":"Type","type":"string"}],
            "rows":[["ann","{\"amr\":\"pwd\"}","AzureActivity"],[null,1,2.5]]}]}"#,
    );
    assert_eq!(
        rows[0].0,
        r#"{"Caller":"ann","Claims_d":"{\"amr\":\"pwd\"}","Type":"AzureActivity"}"#
    );
    assert_eq!(rows[1], (r#"{"Caller":null,"Claims_d":1,"Type":2.5}"#.to_owned(), 7, None));
    assert_eq!(summary.warnings, []);
}

#[test]
fn rows_may_come_before_their_columns() {
    let (rows, _) = read(r#"{"tables":[{"rows":[[1]],"columns":[{"name":"a"}]}]}"#);
    assert_eq!(rows[0].0, r#"{"a":1}"#);
}

#[test]
fn the_books_of_data_explorer_are_skipped() {
    let (rows, summary) = read(
        r#"{"Tables":[{"TableName":"Table_0","Columns":[{"ColumnName":"Caller","DataType":"String"}],"Rows":[["ann"]]},
            {"TableName":"Table_1","Columns":[{"ColumnName":"Value"}],"Rows":[["{}"]]},
            {"TableName":"Table_3","Columns":[{"ColumnName":"Ordinal"},{"ColumnName":"Kind"},{"ColumnName":"Name"},{"ColumnName":"Id"},{"ColumnName":"PrettyName"}],"Rows":[[0,"QueryResult","PrimaryResult","x",""]]}]}"#,
    );
    assert_eq!((rows.len(), summary.skipped), (1, 2));
    assert_eq!(rows[0].0, r#"{"Caller":"ann"}"#);
}

#[test]
fn a_partial_result_is_a_warning() {
    let (rows, summary) = read(
        r#"{"tables":[{"columns":[{"name":"a"}],"rows":[[1]]}],"error":{"code":"PartialError","message":"the response is too large"}}"#,
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(
        summary.warnings[0].message,
        "the query service returned only part of the result: `PartialError` the response is too large"
    );
}

#[test]
fn a_row_of_the_wrong_length_is_damaged() {
    let (rows, _) = read(r#"{"tables":[{"columns":[{"name":"a"}],"rows":[[1,2],{"b":1},[3]]}]}"#);
    let damage: Vec<_> = rows.iter().map(|(text, _, damage)| (text.as_str(), *damage)).collect();
    assert_eq!(
        damage,
        [
            ("[1,2]", Some(RejectReason::Syntax)),
            (r#"{"b":1}"#, Some(RejectReason::Syntax)),
            (r#"{"a":3}"#, None)
        ]
    );
}

#[test]
fn a_cut_result_gives_its_rows_and_one_reject() {
    let text = r#"{"tables":[{"columns":[{"name":"a"}],"rows":[[1],[2],[3]]}]}"#;
    for cut in 0..text.len() {
        let (rows, _) = read(&text[..cut]);
        let (last, whole) = rows.split_last().unwrap();
        assert_eq!(last.2, Some(RejectReason::CutShort), "cut at {cut}");
        assert!(whole.iter().all(|(.., damage)| damage.is_none()), "cut at {cut}");
    }
    assert_eq!(read(r#"{"tables":[{"rows":[[1]]}]}"#).0[0].2, Some(RejectReason::Syntax));
}

#[test]
fn results_are_told_from_their_first_key() {
    assert!(starts_tables(b" {\n \"tables\" : [ {"));
    assert!(starts_tables(b"{\"Tables\":[]}"));
    assert!(!starts_tables(b"{\"tables\":1}"));
    assert!(!starts_tables(b"[{\"tables\":[]}]"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = [br#"{"tables":[{"columns":[{"name":"a"}],"rows":[[1],"#.as_slice(), &bytes].concat();
        for text in [&text, &bytes] {
            let _ = rows_of(|file, sink| read_tables(file, text, 0, sink));
        }
    }

    #[test]
    fn as_many_rows_come_out_as_went_in(cells in prop::collection::vec("[ -~]{0,9}", 0..300)) {
        let rows: Vec<_> = cells.iter().map(|cell| serde_json::json!([cell, 1])).collect();
        let text = serde_json::json!({"tables": [{"columns": [{"name": "a"}, {"name": "b"}], "rows": rows}]});
        let (found, _) = read(&text.to_string());
        prop_assert_eq!(found.len(), cells.len());
        for ((text, ..), cell) in found.iter().zip(&cells) {
            let object: serde_json::Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(object["a"].as_str().unwrap(), cell);
        }
    }
}
