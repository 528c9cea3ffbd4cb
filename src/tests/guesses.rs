//! Framing that guesses tells the same as framing that does not, whatever the input and whenever
//! it turns out that a guess was wrong.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Answer, FIXTURES, assert_same, extractor};
use crate::error::Reject;
use crate::extract::chunk::{Chunk, ChunkSink};
use crate::extract::frame::drafts::{Drafts, Redo};
use crate::extract::frame::{Bounds, Framed, frame_within};
use crate::extract::{Extracted, Extractor};

/// Extracts chunks out of their order, some of them long after they were handed over.
struct Late {
    extractor: Extractor,
    may_guess: bool,
    waiting: BTreeMap<usize, Chunk>,
    drafts: Drafts,
    handed_over: usize,
    parts: BTreeMap<usize, Extracted>,
    dice: u64,
    guesses: usize,
    derailed: usize,
}

impl Late {
    fn new(may_guess: bool, dice: u64) -> Self {
        Self {
            extractor: extractor(),
            may_guess,
            waiting: BTreeMap::new(),
            drafts: Drafts::default(),
            handed_over: 0,
            parts: BTreeMap::new(),
            dice,
            guesses: 0,
            derailed: 0,
        }
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.dice >> 33) as usize % sides
    }

    fn extract_one(&mut self) {
        let place = self.roll(self.waiting.len());
        let number = *self.waiting.keys().nth(place).unwrap();
        let chunk = self.waiting.remove(&number).unwrap();
        let part = self.extractor.extract(&chunk).unwrap();
        let derailed = part.derailed;
        if !self.drafts.is_void(number) {
            self.parts.insert(number, part);
        }
        self.drafts.done(number, chunk.bytes, derailed, |_| {});
        if derailed.is_some() {
            self.parts.retain(|other, _| *other <= number);
            for (other, chunk) in self.waiting.split_off(&(number + 1)) {
                self.drafts.done(other, chunk.bytes, None, |_| {});
            }
        }
    }
}

impl ChunkSink for Late {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        self.guesses += usize::from(chunk.run.is_some());
        self.drafts.hand_over(self.handed_over, &chunk);
        self.waiting.insert(self.handed_over, chunk);
        self.handed_over += 1;
        while !self.waiting.is_empty() && self.roll(4) > 0 {
            self.extract_one();
        }
        ControlFlow::Continue(())
    }

    fn may_guess(&self) -> bool {
        self.may_guess
    }

    fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        while is_at_end && !self.waiting.is_empty() {
            self.extract_one();
        }
        let (number, redo) = self.drafts.redo()?;
        self.derailed += 1;
        self.handed_over = number + 1;
        Some(redo)
    }
}

/// What comes of a text.
struct Told {
    answer: Answer,
    rejects: Vec<Reject>,
    framed: Framed,
    guesses: usize,
    derailed: usize,
}

fn told(text: &[u8], bounds: Bounds, may_guess: bool, dice: u64) -> Told {
    let mut late = Late::new(may_guess, dice);
    let framed = frame_within(bounds, &Arc::from("input"), &mut { text }, &mut late).unwrap();
    while !late.waiting.is_empty() {
        late.extract_one();
    }
    let (mut answer, mut rejects) = (Answer::default(), Vec::new());
    for part in late.parts.into_values() {
        answer.add(&part);
        rejects.extend(part.rejects);
    }
    Told { answer, rejects, framed, guesses: late.guesses, derailed: late.derailed }
}

fn event(id: usize, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        "{{\"id\":\"{id}\",\"time\":\"2026-03-02T08:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/0\",\
         \"operationName\":\"A/B/WRITE\",\"category\":\"Administrative\",\"resultType\":\"Start\",\
         \"correlationId\":\"{id}\",\"properties\":{{\"list\":[{{\"id\":\"{id}\",\"x\":[]}},\
         {{\"id\":\"2\",\"message\":{text}}}]}}}}"
    )
}

/// Damage, and what only looks like it.
fn oddity() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        // Raw line breaks are let pass in strings, and so are whole separators.
        "{\"id\":\"x},\n{\"id\":\"y\"}",
        "{\"id\":\"x\",\"text\":\"},\n{\"}",
        "{\"id\":\"x\",\"text\":\"a\\\"},{\\\"id\\\":\\\"\"}",
        "{\"id\":\"open}",
        "{\"id\":\"x\",\"properties\":{\"list\":[{\"id\":\"1\"}",
        "{\"id\":\"x\"}}",
        "]",
        "]}",
        "],[",
        "]}{\"value\":[",
        "],\"nextLink\":\"https://x\"}{\"value\":[",
        "]}\n{\"records\": [",
        "[[{\"id\":\"x\"}]]",
        "\"text\"",
        "17",
        "",
        "{}",
        "{\"id\":1 \"a\":2}",
        "\u{fffd}",
        "{\"value\":[{\"id\":\"x\"},{\"id\":\"y\"}]}",
        "{\"a\":\"\\",
        "{",
        "}",
    ]);
    // An inner array that is longer than what is looked at to guess.
    let long = (5..60_usize, any::<bool>()).prop_map(|(count, is_array)| {
        let inner: Vec<String> = (0..count).map(|id| event(id, "inner")).collect();
        let inner = inner.join(",\n");
        if is_array { format!("[{inner}]") } else { format!("{{\"id\":\"x\",\"all\":[{inner}]}}") }
    });
    prop_oneof![2 => odd.prop_map(str::to_owned), 1 => long]
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    let element = prop_oneof![
        30 => Just(None),
        1 => oddity().prop_map(Some),
    ];
    let elements = prop::collection::vec(element, 60..250);
    let separator = prop::sample::select(vec![",", ",\n", " ,\r\n  "]);
    let around = prop::sample::select(vec![
        ("[", "]"),
        ("[\n", "\n]\n"),
        ("{\"value\":[", "],\"nextLink\":\"https://x\"}"),
        ("{\"nextLink\":\"https://x\",\"value\":[", "]}"),
        ("{\"records\": [", "]}"),
        ("[", ""),
        ("\n[{\"id\":\"x\"}]\n{\"value\":[", "]}\n[{\"id\":\"x\"}]"),
    ]);
    // A byte of UTF-8 that stands alone, and a cut.
    let bad_byte = prop::option::weighted(0.2, any::<prop::sample::Index>());
    let cut = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (elements, separator, around, bad_byte, cut).prop_map(
        |(elements, separator, (before, behind), bad_byte, cut)| {
            let all: Vec<String> = elements
                .into_iter()
                .enumerate()
                .map(|(id, odd)| odd.unwrap_or_else(|| event(id, &"é".repeat(id % 40))))
                .collect();
            let mut text = format!("{before}{}{behind}", all.join(separator)).into_bytes();
            if let Some(place) = bad_byte {
                let place = place.index(text.len());
                text[place] = 0xff;
            }
            if let Some(cut) = cut {
                let cut = cut.index(text.len());
                text.truncate(cut);
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn guesses_never_change_the_answer(
        text in input(), block_bytes in 300..40_000_usize, dice in any::<u64>(),
        record_bytes_max in prop::sample::select(vec![1_000, 5_000, 32 << 20]),
    ) {
        let bounds = Bounds { block_bytes, record_bytes_max };
        let exact = told(&text, bounds, false, dice);
        let guessed = told(&text, bounds, true, dice);
        prop_assert_eq!(exact.guesses, 0);
        prop_assert_eq!(&guessed.rejects.len(), &exact.rejects.len());
        for (guessed, exact) in guessed.rejects.iter().zip(&exact.rejects) {
            prop_assert_eq!(guessed.location.byte, exact.location.byte);
            prop_assert_eq!(guessed.reason, exact.reason);
            prop_assert_eq!(&guessed.detail, &exact.detail);
            prop_assert_eq!(&guessed.raw, &exact.raw);
        }
        prop_assert!(guessed.answer == exact.answer, "{:?}", String::from_utf8_lossy(&text));
        prop_assert_eq!(guessed.framed, exact.framed);
    }
}

#[test]
fn guesses_never_change_what_is_told_of_a_fixture() {
    let mut guesses = 0;
    for fixture in FIXTURES.iter() {
        for (block_bytes, dice) in [(20_000, 1), (60_000, 2), (150_000, 3)] {
            let bounds = Bounds { block_bytes, ..Bounds::default() };
            let found = told(&fixture.text, bounds, true, dice);
            let how = format!("guessed in blocks of {block_bytes}");
            assert_same(&fixture.name, &how, &found.answer, &fixture.whole);
            guesses += found.guesses;
        }
    }
    assert!(guesses > 20, "only {guesses} guesses");
}

#[test]
fn pages_are_left_to_extraction_as_one_array_is() {
    let events: Vec<String> = (0..2_000).map(|id| event(id, "sound")).collect();
    let bounds = Bounds { block_bytes: 30_000, ..Bounds::default() };
    for (page_of, between) in [(7, "\n"), (40, ""), (150, "\r\n")] {
        let page =
            |events: &[String]| format!("{{\"value\":[{}],\"nextLink\":\"x\"}}", events.join(","));
        let pages: Vec<String> = events.chunks(page_of).map(page).collect();
        let guessed = told(pages.join(between).as_bytes(), bounds, true, 5);
        assert_eq!((guessed.answer.records, guessed.answer.rejects.len()), (2_000, 0));
        assert!(guessed.guesses > 5, "{} of {page_of} each", guessed.guesses);
        assert_eq!(guessed.derailed, 0, "of {page_of} each");
        assert!(guessed.framed.next_link);
    }
}

#[test]
fn a_sound_array_is_guessed_right_and_an_odd_one_framed_again() {
    let events: Vec<String> = (0..2_000).map(|id| event(id, "sound")).collect();
    let bounds = Bounds { block_bytes: 30_000, ..Bounds::default() };
    let sound = told(format!("[{}]", events.join(",")).as_bytes(), bounds, true, 5);
    assert_eq!((sound.answer.records, sound.answer.rejects.len()), (2_000, 0));
    assert!(sound.guesses > 10 && sound.derailed == 0, "{} {}", sound.guesses, sound.derailed);
    // An event that holds so many that the last of a block is taken for an element of the outer
    // array.
    let mut odd = events.clone();
    odd[1_000] = format!("{{\"id\":\"x\",\"all\":[{}]}}", events[..500].join(","));
    let text = format!("[{}]", odd.join(","));
    let guessed = told(text.as_bytes(), bounds, true, 5);
    let exact = told(text.as_bytes(), bounds, false, 5);
    assert_eq!((guessed.derailed, exact.derailed), (1, 0));
    assert!(guessed.answer == exact.answer);
    assert_eq!((exact.answer.records, exact.answer.rejects.len()), (2_000, 1));
}
