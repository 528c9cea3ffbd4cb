//! However a stream is cut into blocks and whoever extracts which chunk, the answer is the same;
//! and whichever of two overlapping exports is read first, the same events are kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert_eq, proptest};

use crate::container::tables::read_tables;
use crate::extract::chunk::Chunk;
use crate::extract::filter::Filter;
use crate::extract::frame::{Bounds, frame_within};
use crate::extract::identity::RowKey;
use crate::extract::others::OthersWanted;
use crate::extract::step::StepRow;
use crate::extract::{Extracted, Extractor, OpenedTables, Wanted};
use crate::fold::duplicate::{Events, Fate, Place};
use crate::format::FORMATS;
use crate::limits::{BLOCK_BYTES, RECORD_BYTES_MAX};
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::numbered::plain;

struct Fixture {
    name: String,
    text: Vec<u8>,
    whole: Answer,
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every fixture that is a JSON text, unpacked and without its mark.
static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut paths = Vec::new();
    files_below(&root.join("formats"), &mut paths);
    paths.sort();
    let mut fixtures = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let plain = name.trim_end_matches(".gz");
        if !(plain.ends_with(".json") || plain.ends_with(".ndjson")) || name.contains("utf16") {
            continue;
        }
        let mut text = fs::read(&path).unwrap();
        if plain != name {
            let packed = std::mem::take(&mut text);
            flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut text).unwrap();
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(text);
        let whole = answer(&text, BLOCK_BYTES, 1, 0);
        fixtures.push(Fixture { name, text, whole });
    }
    assert!(fixtures.len() > 30);
    fixtures
});

fn open_tables(file: &Arc<str>, text: &[u8], offset: u64) -> OpenedTables {
    let mut opened = OpenedTables::default();
    let summary = read_tables(file, text, offset, &mut |chunk: Chunk| {
        opened.chunks.push(chunk);
        ControlFlow::Continue(())
    });
    opened.warnings = summary.unwrap().warnings;
    opened
}

fn extractor() -> Extractor {
    let names = |columns: &[crate::schema::Column]| columns.iter().map(|one| one.name).collect();
    Extractor::new(Wanted {
        formats: FORMATS,
        activity: names(ACTIVITY.columns),
        of_policy_events: Vec::new(),
        policy: names(ACTIVITY_POLICY.columns),
        others: OthersWanted::everything(),
        filter: Filter::default(),
        strict_policy: false,
        mfa_policies: Vec::new(),
        open_tables,
        raw_of: None,
    })
}

fn chunks_of(text: &[u8], block_bytes: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let bounds = Bounds { block_bytes, record_bytes_max: RECORD_BYTES_MAX };
    frame_within(bounds, &Arc::from("input"), &mut { text }, &mut |chunk: Chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    })
    .unwrap();
    chunks
}

/// Everything a run says of one input.
#[derive(Debug, Clone, Default, PartialEq)]
struct Answer {
    /// Record number and cells.
    rows: Vec<(u64, Vec<String>)>,
    policies: Vec<(u64, Vec<String>)>,
    /// Rows of other tables: table, record number and cells.
    others: BTreeMap<&'static str, Vec<(u64, Vec<String>)>>,
    /// Policies of sign-ins: number of the sign-in, and cells.
    sign_in_policies: Vec<(u64, Vec<String>)>,
    steps: Vec<StepRow>,
    keys: Vec<RowKey>,
    records: u64,
    /// Record number, byte, reason.
    rejects: Vec<(u64, u64, &'static str)>,
    ignored: BTreeMap<String, u64>,
    formats: BTreeMap<usize, u64>,
    with_claims: BTreeMap<usize, u64>,
    users_without_idtyp: u64,
    warnings: usize,
}

fn cells(batch: &RecordBatch, row: usize) -> Vec<String> {
    let cell = |column: &Arc<dyn Array>| {
        let column = plain(column).unwrap();
        if column.is_null(row) {
            return "null".to_owned();
        }
        match column.data_type() {
            DataType::Utf8View => column.as_string_view().value(row).to_owned(),
            DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::Boolean => column.as_boolean().value(row).to_string(),
            DataType::Timestamp(..) => {
                column.as_primitive::<TimestampMicrosecondType>().value(row).to_string()
            }
            other => panic!("a column of type {other}"),
        }
    };
    batch.columns().iter().map(cell).collect()
}

impl Answer {
    fn add(&mut self, part: &Extracted) {
        let first_row = self.rows.len() as u64;
        for row in 0..part.activity.num_rows() {
            let record = self.records + u64::from(part.ordinals[row]);
            self.rows.push((record, cells(&part.activity, row)));
        }
        for (row, event) in part.policy_rows.iter().enumerate() {
            self.policies.push((first_row + u64::from(*event), cells(&part.policy, row)));
        }
        let sign_ins = self.others.get("sign_in").map_or(0, |rows| rows.len() as u64);
        if let Some((policies, of)) = &part.others.policies {
            for (row, sign_in) in of.iter().enumerate() {
                let number = sign_ins + u64::from(*sign_in);
                self.sign_in_policies.push((number, cells(policies, row)));
            }
        }
        for rows in &part.others.rows {
            let all = self.others.entry(rows.table).or_default();
            for (row, ordinal) in rows.ordinals.iter().enumerate() {
                all.push((self.records + u64::from(*ordinal), cells(&rows.rows, row)));
            }
        }
        self.steps.extend(part.others.steps.iter().cloned());
        self.keys.extend_from_slice(&part.keys);
        for reject in &part.rejects {
            let record = self.records + reject.location.record;
            self.rejects.push((record, reject.location.byte, reject.reason.name()));
        }
        self.records += part.records;
        for (word, count) in &part.ignored {
            *self.ignored.entry(word.clone()).or_default() += count;
        }
        for (format, count) in &part.formats {
            *self.formats.entry(*format).or_default() += count;
        }
        for (format, count) in &part.with_claims {
            *self.with_claims.entry(*format).or_default() += count;
        }
        self.users_without_idtyp += part.users_without_idtyp;
        self.warnings += part.warnings.len();
    }
}

/// Cuts `text` into blocks, has `threads` extractors take the chunks as the dice fall, each on a
/// thread of its own, and puts the parts together in input order.
fn answer(text: &[u8], block_bytes: usize, threads: usize, dice: u64) -> Answer {
    let chunks = chunks_of(text, block_bytes);
    let mut parts: Vec<Option<Extracted>> = chunks.iter().map(|_| None).collect();
    let taker = |number: usize| {
        let roll = (number as u64 + 1).wrapping_mul(dice | 1) >> 17;
        roll as usize % threads
    };
    std::thread::scope(|scope| {
        let chunks = &chunks;
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut extractor = extractor();
                    let mine = (0..chunks.len()).filter(|number| taker(*number) == worker);
                    let mut mine: Vec<usize> = mine.collect();
                    if dice % 2 == 1 {
                        mine.reverse();
                    }
                    mine.into_iter()
                        .map(|number| (number, extractor.extract(&chunks[number]).unwrap()))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for worker in workers {
            for (number, part) in worker.join().unwrap() {
                parts[number] = Some(part);
            }
        }
    });
    let mut answer = Answer::default();
    for part in parts.into_iter().flatten() {
        answer.add(&part);
    }
    answer
}

/// Says what differs, shortly.
fn assert_same(name: &str, how: &str, found: &Answer, whole: &Answer) {
    assert_eq!(found.rejects, whole.rejects, "rejects of {name}, {how}");
    assert_eq!(found.records, whole.records, "records of {name}, {how}");
    assert_eq!(found.rows.len(), whole.rows.len(), "rows of {name}, {how}");
    for (found, whole) in found.rows.iter().zip(&whole.rows) {
        assert_eq!(found, whole, "row of {name}, {how}");
    }
    assert!(found == whole, "{name}, {how}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn neither_cuts_nor_threads_change_the_answer(
        block_bytes in 64..30_000_usize, threads in 1..4_usize, dice in any::<u64>(),
    ) {
        for fixture in FIXTURES.iter() {
            let found = answer(&fixture.text, block_bytes, threads, dice);
            let how = format!("blocks of {block_bytes} for {threads} threads");
            assert_same(&fixture.name, &how, &found, &fixture.whole);
        }
    }

    #[test]
    fn records_of_all_formats_in_one_stream_are_read_as_each_alone(
        dice in any::<u64>(), threads in 1..4_usize, block_bytes in 1_000..30_000_usize,
    ) {
        // One extractor meets every format in turn: what it guesses from must not show.
        let sound: Vec<&Fixture> = FIXTURES
            .iter()
            .filter(|fixture| fixture.whole.rejects.is_empty() && fixture.text.len() < 60_000)
            .collect();
        let mut order: Vec<usize> = (0..sound.len()).collect();
        order.sort_by_key(|number| (*number as u64 + 3).wrapping_mul(dice | 1));
        let (mut text, mut formats, mut records) = (Vec::new(), BTreeMap::new(), 0);
        for number in order {
            text.extend_from_slice(&sound[number].text);
            text.push(b'\n');
            records += sound[number].whole.records;
            for (format, count) in &sound[number].whole.formats {
                *formats.entry(*format).or_default() += count;
            }
        }
        let found = answer(&text, block_bytes, threads, dice);
        prop_assert_eq!(found.rejects, Vec::new());
        prop_assert_eq!(found.records, records);
        prop_assert_eq!(found.formats, formats);
    }
}

/// How many events are left, and with claims, when the inputs are read in this order. (Each stands
/// for itself: which copy of it is kept may differ in what its shape can tell.)
fn kept(inputs: &[&[RowKey]]) -> (usize, usize) {
    let mut events = Events::default();
    let mut kept: BTreeMap<Place, RowKey> = BTreeMap::new();
    for (batch, keys) in inputs.iter().enumerate() {
        for (row, key) in keys.iter().enumerate() {
            let place = (batch as u32, row as u32);
            match events.offer(key, place) {
                Fate::Kept => {
                    kept.insert(place, *key);
                }
                Fate::Replaces(earlier) => {
                    kept.remove(&earlier);
                    kept.insert(place, *key);
                }
                Fate::Dropped => {}
            }
        }
    }
    let with_claims = kept.values().filter(|key| key.has_claims).count();
    (kept.len(), with_claims)
}

#[test]
fn two_exports_of_the_same_events_keep_the_same_in_either_order() {
    let told_whole = |fixture: &&Fixture| {
        let is_ok = fixture.name.contains("/ok") || fixture.name.contains("/az.json");
        is_ok && fixture.whole.rows.len() == 176
    };
    let shapes: Vec<&Fixture> = FIXTURES.iter().filter(told_whole).collect();
    assert!(shapes.len() > 6, "{:?}", shapes.iter().map(|one| &one.name).collect::<Vec<_>>());
    for left in &shapes {
        for right in &shapes {
            let (left_keys, right_keys) = (&left.whole.keys, &right.whole.keys);
            let there = kept(&[left_keys, right_keys]);
            let back = kept(&[right_keys, left_keys]);
            assert_eq!(there, back, "{} and {}", left.name, right.name);
            assert_eq!(there.0, 176, "{} and {}", left.name, right.name);
        }
    }
}

mod guesses;
