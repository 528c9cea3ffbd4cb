//! Tables as their exporters write them, and as they come damaged.

use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder};
use proptest::prelude::*;

use super::read_csv;
use crate::container::ContainerError;
use crate::container::rows::collect::Row;
use crate::container::rows::collect::rows_of;
use crate::error::RejectReason;

fn rows(text: &[u8]) -> Vec<Row> {
    rows_of(|file, sink| read_csv(file, &mut &*text, sink)).0
}

fn texts(text: &[u8]) -> Vec<String> {
    rows(text).into_iter().map(|(text, ..)| text).collect()
}

#[test]
fn rows_become_objects_of_texts() {
    let csv = b"Caller,Level\r\nann@contoso.com,Warning\r\n\"a \"\"b\"\"\",\r\n";
    assert_eq!(
        rows(csv),
        [
            (r#"{"Caller":"ann@contoso.com","Level":"Warning"}"#.to_owned(), 14, None),
            (r#"{"Caller":"a \"b\"","Level":""}"#.to_owned(), 39, None),
        ]
    );
}

#[test]
fn cells_that_span_lines_stay_whole() {
    let csv = b"Claims,Caller\n\"\naud   : x\nname  : y\n\",ann\n";
    assert_eq!(texts(csv), [r#"{"Claims":"\naud   : x\nname  : y\n","Caller":"ann"}"#]);
}

#[test]
fn the_separator_is_told_from_the_header() {
    let expected = [r#"{"a":"1,5","b":"2"}"#];
    assert_eq!(texts(b"a;b\n1,5;2\n"), expected);
    assert_eq!(texts(b"a\tb\n1,5\t2\n"), expected);
    assert_eq!(texts(b"a,b\n\"1,5\",2\n"), expected);
    assert_eq!(texts(b"sep=;\r\na;b\r\n1,5;2\r\n"), expected);
    assert_eq!(texts(b"\"a,x,y\";b;c\n1;2;3\n"), [r#"{"a,x,y":"1","b":"2","c":"3"}"#]);
}

#[test]
fn the_type_line_of_powershell_is_no_header() {
    let csv = b"#TYPE Microsoft.Azure.Commands.Insights.OutputClasses.PSEventData\r\n\"a\",\"b\"\r\n\"1\",\"2\"\r\n";
    assert_eq!(texts(csv), [r#"{"a":"1","b":"2"}"#]);
}

#[test]
fn names_are_tidied_and_kept_apart() {
    let csv = "  User\u{a0} name ,User name,Device\u{2019}s id,\n1,2,3,4\n";
    let expected = r#"{"User name":"1","User name (2)":"2","Device's id":"3","column 4":"4"}"#;
    assert_eq!(texts(csv.as_bytes()), [expected]);
}

#[test]
fn damaged_rows_keep_their_bytes_and_their_place() {
    let csv = b"a,b\n1,2\n1,2,3\n\xff,2\n1\n\n3,4\n\"cut,5\n6,7";
    assert_eq!(
        rows(csv),
        [
            (r#"{"a":"1","b":"2"}"#.to_owned(), 4, None),
            ("1,2,3".to_owned(), 8, Some(RejectReason::Syntax)),
            ("\u{fffd},2".to_owned(), 14, Some(RejectReason::InvalidUtf8)),
            ("1".to_owned(), 18, Some(RejectReason::Syntax)),
            (r#"{"a":"3","b":"4"}"#.to_owned(), 21, None),
            ("\"cut,5\n6,7".to_owned(), 25, Some(RejectReason::CutShort)),
        ]
    );
}

#[test]
fn tables_put_one_after_the_other_are_one_table() {
    let csv = "a,b\n1,2\n\u{feff}a,b\n3,4\n";
    assert_eq!(texts(csv.as_bytes()), [r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#]);
}

#[test]
fn what_is_no_table_is_told() {
    for text in
        ["", "\n\n", "one column\n1\n", "{\"a\":1,\"b\":2}", "[1,2]", "<a,b>", "a,\0b\n", ",,\n"]
    {
        let (rows, outcome) = rows_of(|file, sink| read_csv(file, &mut text.as_bytes(), sink));
        assert!(matches!(outcome, Err(ContainerError::NotATable)), "{text:?}");
        assert!(rows.is_empty());
    }
    assert_eq!(texts(b"a,b\n"), [] as [&str; 0]);
}

#[test]
fn a_row_past_the_limit_is_refused_and_the_next_one_read() {
    let head: &[u8] = b"a,b\n\"";
    let filler = std::io::repeat(b'x').take(crate::limits::RECORD_BYTES_MAX as u64 + 5);
    let tail: &[u8] = b"\",2\n3,4\n";
    let mut reader = BufReader::with_capacity(1 << 20, head.chain(filler).chain(tail));
    let (rows, _) = rows_of(|file, sink| read_csv(file, &mut reader, sink));
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].2, Some(RejectReason::TooLarge));
    assert_eq!(rows[0].0.len(), crate::limits::REJECT_BYTES_MAX);
    assert_eq!(rows[1].0, r#"{"a":"3","b":"4"}"#);
}

/// Breaks after its bytes, as a cut gzip does.
struct Breaking<'a>(&'a [u8]);

impl Read for Breaking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("gzip stream ends early")),
            count => Ok(count),
        }
    }
}

#[test]
fn whole_rows_before_a_break_are_handed_on() {
    let mut reader = BufReader::new(Breaking(b"a,b\n1,2\n3,"));
    let (rows, outcome) = rows_of(|file, sink| read_csv(file, &mut reader, sink));
    assert_eq!(rows.len(), 1);
    assert_eq!(outcome.unwrap_err().to_string(), "gzip stream ends early");
}

/// The rows as the `csv` library alone finds them.
fn oracle(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut record = ByteRecord::new();
    let mut rows = Vec::new();
    while reader.read_byte_record(&mut record).unwrap() {
        rows.push(record.iter().map(<[u8]>::to_vec).collect());
    }
    rows
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        rows(&bytes);
        rows(&[b"a,b\n", bytes.as_slice()].concat());
    }

    #[test]
    fn rows_are_those_the_library_finds(
        body in "([a-c]{0,3}|[,\"\r\n]{0,4}|\"[a-c,\n]{0,5}\"){0,30}",
        capacity in 1_usize..9,
    ) {
        let text = format!("h1,h2\n{body}");
        let expected = oracle(text.as_bytes());
        let mut reader = BufReader::with_capacity(capacity, text.as_bytes());
        let (found, _) = rows_of(|file, sink| read_csv(file, &mut reader as &mut dyn BufRead, sink));
        let expected: Vec<_> = expected.into_iter().skip(1).collect();
        prop_assert_eq!(found.len(), expected.len());
        for ((text, _, damage), cells) in found.iter().zip(&expected) {
            if *damage == Some(RejectReason::CutShort) {
                continue;
            }
            prop_assert_eq!(damage.is_none(), cells.len() == 2);
            if damage.is_none() {
                let object: serde_json::Value = serde_json::from_str(text).unwrap();
                prop_assert_eq!(object["h1"].as_str().unwrap().as_bytes(), &cells[0]);
                prop_assert_eq!(object["h2"].as_str().unwrap().as_bytes(), &cells[1]);
            }
        }
    }
}
