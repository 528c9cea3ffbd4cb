//! Framing: the same records whatever a reader returns and however large the blocks are, and
//! damage that costs the records it touches.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::extract::chunk::Chunk;

use super::{Bounds, Framed, frame, frame_within};
use crate::error::RejectReason;
use crate::limits::RECORD_BYTES_MAX;

/// A reader that returns a few bytes at a time, now and then interrupted.
struct Trickle<'a> {
    rest: &'a [u8],
    dice: u64,
    step_max: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let roll = (self.dice >> 33) as usize;
        if roll.is_multiple_of(11) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = (roll % self.step_max + 1).min(out.len()).min(self.rest.len());
        out[..length].copy_from_slice(&self.rest[..length]);
        self.rest = &self.rest[length..];
        Ok(length)
    }
}

/// A record that came out: where it stood, its text, and what framing knows against it.
type Found = (u64, String, Option<RejectReason>);

fn framed_within(bounds: Bounds, reader: &mut dyn Read) -> (Vec<Found>, Framed) {
    let mut found = Vec::new();
    let file: Arc<str> = Arc::from("input");
    let framed = frame_within(bounds, &file, reader, &mut |chunk: Chunk| {
        for span in &chunk.records {
            let (start, end) = (span.start as usize, span.end as usize);
            // What is kept of a record that is too large ends with its block.
            let end = if span.damage.is_some() { end.min(chunk.text_len()) } else { end };
            assert!(start <= end && end <= chunk.text_len(), "{span:?} of {}", chunk.text_len());
            let text = String::from_utf8_lossy(&chunk.bytes[start..end]);
            found.push((span.offset, text.trim_end().to_owned(), span.damage));
        }
        ControlFlow::Continue(())
    });
    (found, framed.unwrap())
}

fn blocks(block_bytes: usize) -> Bounds {
    Bounds { block_bytes, record_bytes_max: RECORD_BYTES_MAX }
}

fn framed(text: &[u8]) -> (Vec<Found>, Framed) {
    framed_within(Bounds::default(), &mut { text })
}

fn texts(found: &[Found]) -> Vec<&str> {
    found.iter().map(|(_, text, _)| text.as_str()).collect()
}

/// A record on one line: strings that hold brackets, quotes and line breaks, all escaped.
fn record() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[ -~é数]{0,16}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[{}\\[\\]\",:\\\\]{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<i16>().prop_map(|number| number.to_string()),
        Just("{\"x\":[1,{\"y\":[]}]}".to_owned()),
        Just("[\"]\",{}]".to_owned()),
        Just("null".to_owned()),
    ];
    prop::collection::vec(("[a-d]{1,3}", value), 1..5).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// The record spread over lines.
fn pretty(record: &str, line_end: &str) -> String {
    let mut out = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for character in record.chars() {
        let is_break = !in_string && matches!(character, ',' | '{' | '}');
        if is_break && character == '}' {
            out.push_str(line_end);
        }
        out.push(character);
        if is_break && character != '}' {
            out.push_str(line_end);
            out.push_str("  ");
        }
        let is_quote = character == '"' && !escaped;
        escaped = in_string && character == '\\' && !escaped;
        in_string ^= is_quote;
    }
    out
}

/// One container of an input, and the records in it.
#[derive(Debug, Clone)]
struct Part {
    text: String,
    records: Vec<String>,
}

fn part() -> impl Strategy<Value = Part> {
    let records = prop::collection::vec(record(), 0..6);
    let line_end = prop::sample::select(vec!["\n", "\r\n"]);
    (records, 0..8_u8, line_end, any::<bool>()).prop_map(|(records, shape, line_end, spread)| {
        // Records that stand alone on lines are not spread: a line is a record there.
        let records: Vec<String> = match shape {
            1.. if spread => records.iter().map(|one| pretty(one, line_end)).collect(),
            _ => records,
        };
        let list = records.join(&format!(",{line_end}"));
        let text = match shape {
            0 | 1 => records.iter().map(|one| format!("{one}{line_end}")).collect(),
            2 => format!("[{line_end}{list}{line_end}]{line_end}"),
            3 => format!("{{\"value\":[{list}]}}"),
            4 => format!("{{\"value\" : [{list}], \"nextLink\" : \"https://x/?[a]\"}}{line_end}"),
            5 => format!("{{\"nextLink\":null,{line_end}\"value\":[{list}]}}"),
            6 => format!("{{\"records\":{line_end}[{list}]{line_end}}}{line_end}"),
            _ => format!("{{\"@odata.context\":\"y\",\"value\":[{list}],\"count\":{{\"n\":1}}}}"),
        };
        Part { text, records }
    })
}

fn input() -> impl Strategy<Value = Part> {
    let joined = prop::sample::select(vec!["", "\n", "\r\n \r\n", ","]);
    (prop::collection::vec(part(), 1..5), joined).prop_map(|(parts, joined)| {
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let records = parts.iter().flat_map(|part| part.records.clone()).collect();
        Part { text: texts.join(joined), records }
    })
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn a_line_cut_behind_a_key_does_not_take_the_next_record_along() {
    let text = "{\"a\":1,\"aa\"\n:\n{\"a\":\"\"}\n";
    for block_bytes in 1..40 {
        let (found, _) = framed_within(blocks(block_bytes), &mut text.as_bytes());
        assert_eq!(
            texts(&found),
            ["{\"a\":1,\"aa\"\n:", "{\"a\":\"\"}"],
            "blocks of {block_bytes}"
        );
    }
}

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn the_records_put_in_come_out_whatever_the_blocks_and_the_reader(
        input in input(), block_bytes in 1..200_usize, step_max in 1..40_usize, dice in any::<u64>(),
    ) {
        let (found, whole) = framed(input.text.as_bytes());
        prop_assert_eq!(texts(&found), input.records, "{}", input.text);
        for (offset, text, damage) in &found {
            prop_assert!(damage.is_none() && input.text[*offset as usize..].starts_with(text));
        }
        let mut trickle = Trickle { rest: input.text.as_bytes(), dice, step_max };
        let (again, in_blocks) = framed_within(blocks(block_bytes), &mut trickle);
        prop_assert_eq!(again, found, "blocks of {} of {}", block_bytes, input.text);
        prop_assert_eq!(in_blocks, whole);
    }

    #[test]
    fn damaged_lines_cost_only_themselves(
        lines in prop::collection::vec(
            prop_oneof![
                3 => record().prop_map(|record| (record, true)),
                1 => (record(), any::<prop::sample::Index>()).prop_map(|(record, at)| {
                    let mut end = at.index(record.len() - 1) + 1;
                    while !record.is_char_boundary(end) {
                        end += 1;
                    }
                    (record[..end.min(record.len() - 1)].to_owned(), false)
                }),
                1 => "[a-z0-9:=\\-]{1,20}".prop_map(|garbage| (garbage, false)),
            ],
            0..8,
        ),
        block_bytes in 1..200_usize,
    ) {
        let text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
        let (found, _) = framed(text.as_bytes());
        let (in_blocks, _) = framed_within(blocks(block_bytes), &mut text.as_bytes());
        for found in [&found, &in_blocks] {
            let found = texts(found);
            for (line, is_whole) in &lines {
                prop_assert!(!is_whole || found.contains(&line.as_str()), "{line}\nof {text}\n{found:?}");
            }
            prop_assert!(found.len() <= lines.len(), "{found:?}");
        }
    }

    #[test]
    fn any_bytes_are_framed_to_their_end(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[{}\\[\\]\",:\\\\ \nva]{0,120}".prop_map(String::into_bytes),
            "(\\{\"(value|records|nextLink|a)\":|\\[|\\]|\\}|,|\"|1|\n|null){0,40}"
                .prop_map(String::into_bytes),
        ],
        block_bytes in 1..100_usize,
        record_bytes_max in 1..200_usize,
    ) {
        let bounds = Bounds { block_bytes, record_bytes_max };
        let (_, framed_whole) = framed(&bytes);
        let (_, in_blocks) = framed_within(bounds, &mut bytes.as_slice());
        prop_assert_eq!(framed_whole.bytes, bytes.len() as u64);
        prop_assert_eq!(in_blocks.bytes, bytes.len() as u64);
    }

    #[test]
    fn a_record_past_the_limit_is_skipped_and_later_ones_come(
        records in prop::collection::vec(record(), 3..8),
        place in any::<prop::sample::Index>(),
        shape in 0..3_u8,
        block_bytes in 1..400_usize,
    ) {
        let mut records = records;
        let place = place.index(records.len() - 1);
        records[place] = format!("{{\"a\":\"{}\\\"{{\",\"b\":[{{}}]}}", "long ".repeat(1_000));
        let text = match shape {
            0 => records.join("\n") + "\n",
            1 => format!("[{}]", records.join(",")),
            _ => format!("{{\"value\":[{}]}}", records.join(",")),
        };
        let bounds = Bounds { block_bytes, record_bytes_max: 1_000 };
        let (found, _) = framed_within(bounds, &mut text.as_bytes());
        let whole: Vec<&str> = found
            .iter()
            .filter(|found| found.2.is_none())
            .map(|found| found.1.as_str())
            .collect();
        let too_large = found.iter().filter(|found| found.2 == Some(RejectReason::TooLarge));
        prop_assert_eq!(too_large.count(), 1);
        records.remove(place);
        prop_assert_eq!(whole, records);
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_cut_at_any_byte_costs_one_record_at_most(input in input(), block_bytes in 1..200_usize) {
        let (whole, _) = framed(input.text.as_bytes());
        for cut in 0..input.text.len() {
            let before: Vec<&Found> = whole
                .iter()
                .filter(|(offset, text, _)| *offset as usize + text.len() <= cut)
                .collect();
            let bytes = &input.text.as_bytes()[..cut];
            for bounds in [Bounds::default(), blocks(block_bytes)] {
                let (found, _) = framed_within(bounds, &mut { bytes });
                let came: Vec<&Found> = found.iter().take(before.len()).collect();
                prop_assert_eq!(&came, &before, "cut at {} of {}", cut, input.text);
                prop_assert!(found.len() <= before.len() + 1, "cut at {cut}: {found:?}");
            }
        }
    }

    #[test]
    fn an_unbalanced_quote_in_an_array_costs_few_records(
        place in 0..300_usize, opens in any::<bool>(), shape in 0..2_u8,
        block_bytes in 64..4_000_usize,
    ) {
        let record = |n: usize| {
            format!("{{\"id\":\"{n}\",\"text\":\"{{\\\"k\\\":[1,2]}}\",\"more\":{{\"x\":[\"]\"]}}}}")
        };
        let mut records: Vec<String> = (0..300).map(record).collect();
        records[place] = if opens {
            records[place].replacen("\"text\":\"", "\"text\":\"\"", 1)
        } else {
            records[place].replacen("]}\",", "]},", 1)
        };
        let list = records.join(",\n");
        let text = if shape == 0 { format!("[{list}]") } else { format!("{{\"value\":[{list}]}}") };
        // The stream is far larger than the largest record, as a real one is.
        let bounds = Bounds { block_bytes, record_bytes_max: 4_000 };
        let (found, _) = framed_within(bounds, &mut text.as_bytes());
        // Extraction reads on inside of a span that is damaged.
        let in_span = |found: &Found| match serde_json::from_str::<serde_json::Value>(&found.1) {
            Ok(_) => 1,
            Err(_) => found.1.matches("{\"id\":").count().saturating_sub(1),
        };
        let count: usize = found.iter().filter(|found| found.2.is_none()).map(in_span).sum();
        prop_assert!(count + 4 >= records.len(), "{count} of {}: {:?}", records.len(), &found[..found.len().min(place + 2)].last());
    }
}

#[test]
fn a_page_of_scalars_is_framed_alike_in_any_blocks() {
    for text in
        [r#"{"value":[1,2,3]}"#, r#"{"value":["a","b"],"nextLink":"x"}"#, r#"{"value": [ null ]}"#]
    {
        let (whole, framed_whole) = framed(text.as_bytes());
        for block_bytes in 1..text.len() + 2 {
            let (found, in_blocks) = framed_within(blocks(block_bytes), &mut text.as_bytes());
            assert_eq!(found, whole, "blocks of {block_bytes} of {text}");
            assert_eq!(in_blocks, framed_whole);
        }
    }
}

#[test]
fn a_reader_that_fails_loses_only_what_it_had_not_given() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.0.read(out)
        }
    }
    let text = "{\"a\":1}\n{\"a\":2}\n{\"a\":";
    let mut found = Vec::new();
    let error = frame(&Arc::from("input"), &mut Failing(text.as_bytes()), &mut |chunk: Chunk| {
        found.extend(chunk.records.iter().map(|span| span.offset));
        ControlFlow::Continue(())
    });
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(found, [0, 8]);
}

#[test]
fn a_left_over_next_link_is_told() {
    for (text, expect) in [
        (r#"{"value":[],"nextLink":"https://x"}"#, true),
        (r#"{"nextLink":"https://x","value":[]}"#, true),
        (r#"{"@odata.nextLink":"https://x","value":[{"a":1}]}"#, true),
        (r#"{"value":[],"nextLink":""}"#, false),
        (r#"{"value":[],"nextLink":null}"#, false),
        (r#"{"value":[],"nextLink":"https://x"}{"value":[]}"#, false),
        (r#"[{"nextLink":"https://x"}]"#, false),
    ] {
        assert_eq!(framed(text.as_bytes()).1.next_link, expect, "{text}");
    }
}
