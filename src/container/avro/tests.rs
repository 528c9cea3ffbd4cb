//! Captured messages and other Avro, written by the Avro library, whole and damaged.

use std::collections::HashMap;

use apache_avro::types::{Record, Value};
use apache_avro::{Codec, DeflateSettings, Schema, Writer};
use proptest::prelude::*;

use super::read_avro;
use crate::container::ContainerError;
use crate::container::Summary;
use crate::container::rows::collect::Row;
use crate::container::rows::collect::rows_of;
use crate::error::RejectReason;

const CAPTURE: &str = r#"{"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":[
    {"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},{"name":"EnqueuedTimeUtc","type":"string"},
    {"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},
    {"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},
    {"name":"Body","type":["null","bytes"]}]}"#;

fn capture(codec: Codec, bodies: &[Option<&[u8]>]) -> Vec<u8> {
    let schema = Schema::parse_str(CAPTURE).unwrap();
    let mut writer = Writer::with_codec(&schema, Vec::new(), codec);
    for (number, body) in bodies.iter().enumerate() {
        let mut record = Record::new(&schema).unwrap();
        record.put("SequenceNumber", i64::try_from(number).unwrap());
        record.put("Offset", format!("{number}"));
        record.put("EnqueuedTimeUtc", "1/31/2026 10:16:32 AM");
        let system = HashMap::from([(
            "x-opt-partition-key".to_owned(),
            Value::Union(2, Box::new(Value::String("k".to_owned()))),
        )]);
        record.put("SystemProperties", Value::Map(system));
        record.put("Properties", Value::Map(HashMap::new()));
        record.put(
            "Body",
            match body {
                Some(bytes) => Value::Union(1, Box::new(Value::Bytes(bytes.to_vec()))),
                None => Value::Union(0, Box::new(Value::Null)),
            },
        );
        writer.append(record).unwrap();
        writer.flush().unwrap();
    }
    writer.into_inner().unwrap()
}

fn read(bytes: &[u8]) -> (Vec<Row>, Result<Summary, ContainerError>) {
    rows_of(|file, sink| read_avro(file, &mut &*bytes, sink))
}

fn codecs() -> [Codec; 3] {
    [Codec::Null, Codec::Deflate(DeflateSettings::default()), Codec::Snappy]
}

#[test]
fn each_body_is_a_record_whatever_the_codec() {
    let first: &[u8] = br#"{"records":[{"time":"2026-01-31T10:16:32Z"}]}"#;
    for codec in codecs() {
        let (rows, outcome) = read(&capture(codec, &[Some(first), None, Some(b""), Some(b"{}")]));
        let summary = outcome.unwrap();
        assert_eq!((summary.records, summary.skipped), (2, 2));
        assert_eq!(rows[0].0.as_bytes(), first);
        assert_eq!((rows[1].0.as_str(), rows[1].2), ("{}", None));
        assert!(rows[0].1 < rows[1].1);
    }
}

#[test]
fn a_time_without_messages_is_in_order() {
    let (rows, outcome) = read(&capture(Codec::Null, &[]));
    assert_eq!((rows.len(), outcome.unwrap()), (0, Summary::default()));
}

#[test]
fn a_body_that_is_no_text_is_damaged() {
    let (rows, _) = read(&capture(Codec::Null, &[Some(b"\xff\xfe"), Some(b"{}")]));
    assert_eq!(rows[0].2, Some(RejectReason::InvalidUtf8));
    assert_eq!(rows[1].2, None);
}

#[test]
fn records_of_another_schema_become_objects() {
    let schema = Schema::parse_str(
        r#"{"type":"record","name":"Row","fields":[
            {"name":"text","type":"string"},{"name":"raw","type":"bytes"},{"name":"maybe","type":["null","double"]},
            {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
            {"name":"day","type":{"type":"int","logicalType":"date"}},
            {"name":"list","type":{"type":"array","items":"int"}},
            {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["a","b"]}},
            {"name":"child","type":["null",{"type":"record","name":"Child","fields":[{"name":"yes","type":"boolean"}]}]},
            {"name":"other","type":"Child"}]}"#,
    )
    .unwrap();
    let child = |yes| Value::Record(vec![("yes".to_owned(), Value::Boolean(yes))]);
    let mut writer = Writer::new(&schema, Vec::new());
    let mut record = Record::new(&schema).unwrap();
    record.put("text", "a\"b");
    record.put("raw", Value::Bytes(vec![0xff, 1]));
    record.put("maybe", Value::Union(1, Box::new(Value::Double(1.0))));
    record.put("at", Value::TimestampMillis(1_700_000_000_123));
    record.put("day", Value::Date(1));
    record.put("list", Value::Array(vec![Value::Int(1), Value::Int(-2)]));
    record.put("kind", Value::Enum(1, "b".to_owned()));
    record.put("child", Value::Union(1, Box::new(child(true))));
    record.put("other", child(false));
    writer.append(record).unwrap();
    let (rows, outcome) = read(&writer.into_inner().unwrap());
    assert_eq!(outcome.unwrap().records, 1);
    assert_eq!(
        rows[0].0,
        r#"{"text":"a\"b","raw":"ff01","maybe":1.0,"at":"2023-11-14T22:13:20.123000Z","day":"1970-01-02","list":[1,-2],"kind":"b","child":{"yes":true},"other":{"yes":false}}"#
    );
}

#[test]
fn a_cut_file_keeps_the_blocks_before_the_cut() {
    let bodies: Vec<Option<&[u8]>> = vec![Some(b"{\"a\":1}"); 5];
    for codec in codecs() {
        let whole = capture(codec, &bodies);
        let header = capture(codec, &[]).len();
        for cut in 0..whole.len() {
            let (rows, outcome) = read(&whole[..cut]);
            if cut < header {
                assert!(matches!(outcome, Err(ContainerError::Damaged { .. })), "cut at {cut}");
                continue;
            }
            let damaged: Vec<_> = rows.iter().filter_map(|(.., damage)| *damage).collect();
            assert!(damaged.is_empty() || damaged == [RejectReason::CutShort], "cut at {cut}");
            assert!(rows.len() <= 5);
        }
    }
}

#[test]
fn a_damaged_block_is_one_reject_and_the_next_is_read() {
    let header = capture(Codec::Snappy, &[]).len();
    let mut bytes = capture(Codec::Snappy, &[Some(b"{\"a\":1}"), Some(b"{\"b\":2}")]);
    bytes[header + 20] ^= 0xff;
    let (rows, outcome) = read(&bytes);
    assert_eq!(rows[0].2, Some(RejectReason::Compression));
    assert_eq!(rows[1].0, "{\"b\":2}");
    assert_eq!(outcome.unwrap().records, 2);
}

#[test]
fn an_unknown_codec_is_named() {
    let bytes = capture(Codec::Snappy, &[]);
    let place = bytes.windows(6).position(|it| it == b"snappy").unwrap();
    let mut other = bytes;
    other[place..place + 6].copy_from_slice(b"brotli");
    let error = read(&other).1.unwrap_err();
    assert_eq!(error.to_string(), "the Avro file uses the codec `brotli`, which is not supported");
}

#[test]
fn flipped_bits_never_panic_nor_ask_for_gigabytes() {
    for codec in codecs() {
        let whole = capture(codec, &[Some(b"{\"a\":1}"), Some(b"{\"b\":2}")]);
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[place] ^= 1 << bit;
                let _ = read(&damaged);
            }
        }
    }
}

#[test]
fn a_block_of_values_without_bytes_ends() {
    let schema = Schema::parse_str(r#"{"type":"array","items":"null"}"#).unwrap();
    let mut bytes = Writer::new(&schema, Vec::new()).into_inner().unwrap();
    let marker = bytes[bytes.len() - 16..].to_vec();
    // One value of 2^40 nulls: the count takes six bytes, the end of the array one.
    bytes.extend_from_slice(&[2, 14, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0]);
    bytes.extend_from_slice(&marker);
    let (rows, _) = read(&bytes);
    assert_eq!(rows[0].2, Some(RejectReason::TooLarge));
}

proptest! {
    #[test]
    fn any_bytes_after_a_header_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        codec in 0_usize..3,
    ) {
        let _ = read(&bytes);
        let _ = read(&[b"Obj\x01", bytes.as_slice()].concat());
        let mut block = capture(codecs()[codec], &[]);
        let marker = block[block.len() - 16..].to_vec();
        let low = u8::try_from((bytes.len() * 2) & 0x7f).unwrap() | 0x80;
        let high = u8::try_from(bytes.len() / 64).unwrap();
        block.extend_from_slice(&[8, low, high]);
        block.extend_from_slice(&bytes);
        block.extend_from_slice(&marker);
        let _ = read(&block);
    }

    #[test]
    fn as_many_records_come_out_as_bodies_went_in(
        bodies in prop::collection::vec(prop::option::of("[a-z]{0,9}"), 0..20),
        codec in 0_usize..3,
    ) {
        let given: Vec<Option<&[u8]>> = bodies.iter().map(|it| it.as_deref().map(str::as_bytes)).collect();
        let (rows, outcome) = read(&capture(codecs()[codec], &given));
        let full: Vec<&str> = bodies.iter().filter_map(|it| it.as_deref()).filter(|it| !it.is_empty()).collect();
        let found: Vec<&str> = rows.iter().map(|(text, ..)| text.as_str()).collect();
        prop_assert_eq!(&found, &full);
        prop_assert_eq!(outcome.unwrap().skipped, (bodies.len() - full.len()) as u64);
    }
}
