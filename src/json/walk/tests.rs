//! The walker against a slow evaluator over what `serde_json` reads: the same values in the same
//! slots, whatever was walked before.

use std::fmt;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert_eq, prop_oneof, proptest};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Slot, SlotKind, Texts, Walker};
use crate::json::escape::unescape_into;
use crate::json::tree::{Target, Tree};
use crate::limits::TEXT_NESTING_MAX;

/// JSON with its members in their order and none lost.
#[derive(Debug, Clone, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Json;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Json::Array(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Json::Object(all))
            }
        }
        source.deserialize_any(Ordered)
    }
}

/// The value that `text` begins with, whatever follows it.
fn read(text: &str) -> Option<Json> {
    Json::deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
}

/// The slow evaluator: the value at a path, through texts that hold JSON.
fn value_at(value: &Json, path: &[String], nesting: usize) -> Option<Json> {
    let Some((name, rest)) = path.split_first() else { return Some(value.clone()) };
    match value {
        Json::Object(members) => {
            let same_name = |member: &&(String, Json)| member.0.eq_ignore_ascii_case(name);
            value_at(&members.iter().rev().find(same_name)?.1, rest, nesting)
        }
        Json::Text(text) if nesting < TEXT_NESTING_MAX => match read(text)? {
            inner @ (Json::Object(_) | Json::Text(_)) => value_at(&inner, path, nesting + 1),
            _ => None,
        },
        _ => None,
    }
}

fn holds_something(value: &Json, texts: Texts) -> bool {
    match value {
        Json::Null => false,
        Json::Text(text) => {
            !(text.is_empty() || (texts == Texts::Python && (text == "None" || text == "null")))
        }
        Json::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// What a slot is wanted for: paths, best first.
#[derive(Debug, Clone)]
struct Wish {
    paths: Vec<Vec<String>>,
    keeps_empty: bool,
}

fn expected(record: &Json, wish: &Wish, texts: Texts) -> Option<Json> {
    wish.paths.iter().find_map(|path| {
        value_at(record, path, 0).filter(|value| wish.keeps_empty || holds_something(value, texts))
    })
}

fn walker_for(wishes: &[Wish], texts: Texts) -> Walker {
    let mut tree = Tree::default();
    for (slot, wish) in wishes.iter().enumerate() {
        for (rank, path) in wish.paths.iter().enumerate() {
            let target =
                Target { slot: slot as u16, rank: rank as u8, keeps_empty: wish.keeps_empty };
            tree.add(&path.join(">"), target);
        }
    }
    Walker::new(tree, texts)
}

fn found(walker: &Walker, text: &str, slot: Slot) -> Option<Json> {
    let span = walker.text_of(text, slot);
    match slot.kind {
        SlotKind::Absent => None,
        SlotKind::Null => Some(Json::Null),
        SlotKind::Text => Some(Json::Text(span.to_owned())),
        SlotKind::EscapedText => {
            let mut out = String::new();
            unescape_into(span, &mut out);
            Some(Json::Text(out))
        }
        SlotKind::Scalar | SlotKind::Object | SlotKind::Array => {
            Some(serde_json::from_str(span).unwrap_or_else(|error| panic!("{error}: {span}")))
        }
    }
}

/// Walks `text` and compares every slot.
fn check(walker: &mut Walker, wishes: &[Wish], texts: Texts, text: &str) {
    let record: Json = serde_json::from_str(text).unwrap();
    let end = walker.walk(text, 0).unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
    assert_eq!(end, text.len());
    for (number, wish) in wishes.iter().enumerate() {
        let slot = walker.slots()[number];
        assert_eq!(
            found(walker, text, slot),
            expected(&record, wish, texts),
            "slot {number} for {wish:?} in {text}"
        );
    }
}

/// How a record is written down: a stream of dice.
struct Pen {
    dice: u64,
    style: u8,
    out: String,
}

impl Pen {
    fn write(record: &Json, seed: u64, style: u8) -> String {
        let mut pen = Self { dice: seed | 1, style, out: String::new() };
        pen.value(record);
        pen.out
    }

    /// As [`Self::write`], with no escape that is not needed.
    fn write_plainly(record: &Json, style: u8) -> String {
        let mut pen = Self { dice: 0, style, out: String::new() };
        pen.value(record);
        pen.out
    }

    /// A number below `sides`; of dice without a seed, the highest.
    fn roll(&mut self, sides: u64) -> u64 {
        if self.dice == 0 {
            return sides - 1;
        }
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    fn blank(&mut self) {
        let blank = match self.style {
            0 => "",
            1 => " ",
            2 => "\r\n\t  ",
            _ => ["", "", " ", "\n"][self.roll(4) as usize],
        };
        self.out.push_str(blank);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        // Python, which prints these words for nothing, escapes no letters.
        let is_word = matches!(text, "None" | "null");
        for character in text.chars() {
            let mut units = [0_u16; 2];
            match (character, self.roll(12)) {
                ('"' | '\\', 1..) | ('/', 0) => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                ('\n', _) => self.out.push_str("\\n"),
                ('\t', _) => self.out.push_str("\\t"),
                ('\r', _) => self.out.push_str("\\r"),
                (_, 0) if !is_word => {
                    for unit in character.encode_utf16(&mut units) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn members(&mut self, members: &[(String, Json)]) {
        self.out.push('{');
        for (index, (name, value)) in members.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.blank();
            self.text(name);
            if self.style > 2 {
                self.blank();
            }
            self.out.push(':');
            self.blank();
            self.value(value);
            self.blank();
        }
        self.out.push('}');
    }

    fn value(&mut self, value: &Json) {
        match value {
            Json::Null => self.out.push_str("null"),
            Json::Bool(value) => self.out.push_str(&value.to_string()),
            Json::Number(value) => self.out.push_str(&value.to_string()),
            Json::Text(text) => self.text(text),
            Json::Array(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                        self.blank();
                    }
                    self.value(item);
                }
                self.out.push(']');
            }
            Json::Object(members) => self.members(members),
        }
    }

    /// The same record with its members in another order, some left out or there twice, the first
    /// time with the value of another; with `twice` of 0, none is.
    fn shuffle_twice(&mut self, value: &Json, twice: u64) -> Json {
        let mut value = self.shuffle(value);
        let Json::Object(members) = &mut value else { return value };
        for member in members.iter_mut() {
            member.1 = self.shuffle_twice(&member.1, twice);
        }
        if twice > 0 && members.len() > 1 && self.roll(twice) == 0 {
            let name = members[self.roll(members.len() as u64) as usize].0.clone();
            let other = members[self.roll(members.len() as u64) as usize].1.clone();
            members.insert(self.roll(members.len() as u64) as usize, (name, other));
        }
        value
    }

    /// The same record with its members in another order, some left out.
    fn shuffle(&mut self, value: &Json) -> Json {
        let members = match value {
            Json::Object(members) => members,
            Json::Array(items) => {
                return Json::Array(items.iter().map(|item| self.shuffle(item)).collect());
            }
            _ => return value.clone(),
        };
        let mut all: Vec<(String, Json)> = Vec::new();
        for (name, value) in members {
            if self.roll(8) == 0 {
                continue;
            }
            let place = self.roll(all.len() as u64 + 1) as usize;
            let value = self.shuffle(value);
            all.insert(place, (name.clone(), value));
        }
        Json::Object(all)
    }
}

/// Few names, so that records meet the paths and themselves: case variants, escapes, separators.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "Claims", "claims", "A", "B"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["é", "a/b", "q\"", "http://x/y", "", "a ", "😀"])
            .prop_map(str::to_owned),
        1 => "[a-z]{3}",
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i32>().prop_map(|number| Json::Number(number.into())),
        Just(Json::Text(String::new())),
        prop::sample::select(vec!["None", "null", "{", "\"", "{\"a\":", "not", "[1]", " x"])
            .prop_map(|text| Json::Text(text.to_owned())),
        "[ -~é数😀\\n]{0,12}".prop_map(Json::Text),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            6 => prop::collection::vec((name(), inner.clone()), 0..6).prop_map(Json::Object),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            3 => (inner, any::<u64>(), 0..4_u8, prop::sample::select(vec!["", " ", "\n"]))
                .prop_map(|(value, seed, style, lead)| {
                    Json::Text(format!("{lead}{}", Pen::write(&value, seed, style)))
                }),
        ]
    })
}

fn record() -> impl Strategy<Value = Json> {
    prop::collection::vec((name(), json()), 0..8).prop_map(Json::Object)
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let path = prop::collection::vec(name(), 1..4);
    let wish = (prop::collection::vec(path, 1..4), prop::bool::weighted(0.2))
        .prop_map(|(paths, keeps_empty)| Wish { paths, keeps_empty });
    prop::collection::vec(wish, 1..8)
}

/// A text that is cut inside a member is read up to there, which `serde_json` does not do.
fn is_cut_json(text: &str) -> bool {
    matches!(text.trim_start().bytes().next(), Some(b'{' | b'"')) && read(text).is_none()
}

fn holds_cut_json(value: &Json) -> bool {
    match value {
        Json::Text(text) => {
            is_cut_json(text) && text.len() > 6
                || read(text).is_some_and(|inner| match inner {
                    Json::Object(_) | Json::Text(_) => holds_cut_json(&inner),
                    _ => false,
                })
        }
        Json::Array(items) => items.iter().any(holds_cut_json),
        Json::Object(members) => members.iter().any(|(_, value)| holds_cut_json(value)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_slot_holds_what_a_slow_reader_finds_whatever_was_walked_before(
        records in prop::collection::vec(record(), 1..8),
        wishes in wishes(),
        is_python in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let texts = if is_python { Texts::Python } else { Texts::Plain };
        let mut walker = walker_for(&wishes, texts);
        let mut pen = Pen { dice: seed | 1, style: 0, out: String::new() };
        for _ in 0..3 {
            for record in &records {
                let record = pen.shuffle(record);
                if holds_cut_json(&record) {
                    continue;
                }
                let (seed, style) = (pen.roll(u64::MAX), pen.roll(4) as u8);
                check(&mut walker, &wishes, texts, &Pen::write(&record, seed, style));
            }
        }
    }

    #[test]
    fn a_used_walker_answers_as_a_new_one(
        records in prop::collection::vec(record(), 2..8), wishes in wishes(), seed in any::<u64>(),
    ) {
        let mut used = walker_for(&wishes, Texts::Plain);
        for (number, record) in records.iter().enumerate() {
            let text = Pen::write(record, seed.wrapping_add(number as u64), 0);
            let mut new = walker_for(&wishes, Texts::Plain);
            prop_assert_eq!(used.walk(&text, 0), new.walk(&text, 0));
            prop_assert_eq!(used.slots(), new.slots(), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(
        text in "[ -~]{0,40}|[{}\"a:,\\\\u0-9\\[\\] né]{0,40}", wishes in wishes(),
    ) {
        let mut walker = walker_for(&wishes, Texts::DotNet);
        let _ = walker.walk(&text, 0);
        for slot in walker.slots() {
            walker.text_of(&text, *slot);
        }
    }
}

fn wish(paths: &[&str]) -> Wish {
    let paths = paths.iter().map(|path| path.split('>').map(str::to_owned).collect()).collect();
    Wish { paths, keeps_empty: false }
}

#[test]
fn the_last_of_several_members_counts_whole() {
    let wishes = [wish(&["a"]), wish(&["a>b"]), wish(&["a>c", "d"]), wish(&["d"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    for text in [
        r#"{"a":{"b":1,"c":2},"d":5}"#,
        r#"{"a":{"b":1,"c":2},"a":{"b":3},"d":5}"#,
        r#"{"a":{"b":1,"c":2},"A":{"b":3},"d":5}"#,
        r#"{"a":{"b":1,"c":2},"\u0061":{"B":3,"b":""},"d":5}"#,
        r#"{"a":{"b":1},"d":5,"a":null}"#,
        r#"{"a":"{\"b\":1,\"B\":2,\"c\":7}","d":5,"D":""}"#,
        r#"{"x":{"a":1},"a":{"a":1,"a":2,"b":{"b":1,"b":2}}}"#,
    ] {
        check(&mut walker, &wishes, Texts::Plain, text);
    }
}

#[test]
fn json_in_strings_is_opened_to_the_bound_and_no_deeper() {
    let wishes = [wish(&["p>q"]), wish(&["p"]), wish(&["p>q>r"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    let mut value = r#"{"q":{"r":"deep \u00e9 \ud83d\ude00"}}"#.to_owned();
    for nesting in 0..=TEXT_NESTING_MAX + 1 {
        let text = format!("{{\"p\":{value}}}");
        check(&mut walker, &wishes, Texts::Plain, &text);
        let is_found = walker.slots()[2].kind != SlotKind::Absent;
        assert_eq!(is_found, nesting <= TEXT_NESTING_MAX, "{text}");
        value = serde_json::to_string(&value).unwrap();
    }
}

#[test]
fn json_in_strings_is_opened_however_its_first_byte_is_escaped() {
    let wishes = [wish(&["p>q"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    for text in [
        r#"{"p":"\u007b\u0022q\u0022:1}"}"#,
        r#"{"p":"\u0022{\\u0022q\\u0022:1}\u0022"}"#,
        r#"{"p":"\u000a\u0020{\"q\":1}"}"#,
        r#"{"p":"\n\t {\"q\":1}"}"#,
    ] {
        check(&mut walker, &wishes, Texts::Plain, text);
        assert_eq!(walker.slots()[0].kind, SlotKind::Scalar, "{text}");
    }
}

#[test]
fn a_text_that_stops_being_json_keeps_what_came_before_also_with_a_repeated_member() {
    let wishes = [wish(&["p>q"]), wish(&["x"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    for text in [
        r#"{"p":"{\"q\":\"kept\",\"z\":","x":1}"#,
        r#"{"p":"{\"q\":\"kept\",\"z\":","x":1,"x":2}"#,
        r#"{"p":"{\"q\":\"lost\",\"q\":\"kept\",\"z\":","x":1}"#,
    ] {
        walker.walk(text, 0).unwrap();
        let slot = walker.slots()[0];
        assert_eq!(walker.text_of(text, slot), "kept", "{text}");
    }
}

#[test]
fn more_keys_than_are_learned_and_longer_ones_are_read_in_any_order() {
    let long = "L".repeat(300);
    let names: Vec<String> =
        (0..700).map(|n| format!("key{n}")).chain([long.clone(), "last".to_owned()]).collect();
    let wishes =
        [wish(&["key3"]), wish(&["KEY650", "key1"]), wish(&[&long]), wish(&["last>key699"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    let members: Vec<(String, Json)> = names
        .iter()
        .map(|name| match name.as_str() {
            "last" => (name.clone(), Json::Object(vec![("Key699".to_owned(), Json::Bool(true))])),
            _ => (name.clone(), Json::Text(format!("value of {name}"))),
        })
        .collect();
    let record = Json::Object(members);
    let mut pen = Pen { dice: 7, style: 0, out: String::new() };
    for round in 0..12 {
        let shuffled = if round % 3 == 0 { record.clone() } else { pen.shuffle(&record) };
        check(&mut walker, &wishes, Texts::Plain, &Pen::write(&shuffled, round + 1, 0));
    }
}

#[test]
fn arrays_and_objects_in_no_order_are_read_right_also_when_no_way_through_them_is_learned() {
    let wishes = [wish(&["list"]), wish(&["a>b"]), wish(&["z", "list>x"]), wish(&["a>list"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    let text = |text: &str| Json::Text(text.to_owned());
    let keys = |item: usize| (0..14).map(move |key| (format!("k{key}"), key + item));
    let values = [Json::Null, text("\""), text("plain"), Json::Bool(true), Json::Array(vec![])];
    let item = |item: usize| {
        let members = keys(item).map(|(key, dice)| (key, values[dice % values.len()].clone()));
        let deep = Json::Object(keys(item).map(|(key, _)| (key, Json::Null)).collect());
        Json::Object(members.chain([("deep".to_owned(), Json::Array(vec![deep]))]).collect())
    };
    let list = Json::Array((0..3).map(item).chain([Json::Null, text("end")]).collect());
    let inner = vec![("list".to_owned(), list.clone()), ("b".to_owned(), text("found"))];
    let record = Json::Object(vec![
        ("list".to_owned(), list.clone()),
        ("nobody".to_owned(), list),
        ("a".to_owned(), Json::Object(inner)),
        ("z".to_owned(), Json::Array(vec![])),
    ]);
    let mut pen = Pen { dice: 11, style: 0, out: String::new() };
    for round in 0..700 {
        let shuffled = if round % 50 == 0 { record.clone() } else { pen.shuffle(&record) };
        check(&mut walker, &wishes, Texts::Plain, &Pen::write(&shuffled, round + 1, 0));
    }
}

/// A record with wanted members at several levels, and what is wanted of it.
fn deep_record() -> (Json, Vec<Wish>) {
    let text = |text: &str| Json::Text(text.to_owned());
    let claims =
        (0..14).map(|n| (format!("http://schemas.example/identity/claims/{n}"), text("c")));
    let long = ("l".repeat(70), text("long"));
    let claims: Vec<_> = claims.chain([(String::new(), text("no name")), long]).collect();
    let inner = |n: i32| (0..8).map(move |key| (format!("k{key}"), Json::Number((key * n).into())));
    let scope = Json::Object(inner(3).chain([("tags".to_owned(), text("{\"k1\":2}"))]).collect());
    let identity = vec![
        ("claims".to_owned(), Json::Object(claims)),
        ("scope".to_owned(), scope),
        ("list".to_owned(), Json::Array(vec![Json::Object(inner(2).collect()), text("]")])),
        ("empty".to_owned(), Json::Object(vec![])),
    ];
    let plain = (0..12).map(|n| (format!("key{n}"), text(&"v".repeat(n * 11))));
    let quoted = ("quoted".to_owned(), text("a \"quote\" and a \\ and \u{e9}"));
    let members = plain.chain([
        quoted,
        ("identity".to_owned(), Json::Object(identity)),
        ("nobody".to_owned(), Json::Object(inner(5).collect())),
        ("json".to_owned(), text("{\"q\":\"in json\",\"Q2\":{\"k1\":null}}")),
        ("time".to_owned(), Json::Null),
    ]);
    let wishes = vec![
        wish(&["key3", "KEY7"]),
        wish(&["identity>claims>http://schemas.example/identity/claims/7", "key1"]),
        wish(&[&format!("identity>claims>{}", "L".repeat(70))]),
        wish(&["identity>claims>"]),
        wish(&["identity>scope>k3", "identity>scope>tags>k1"]),
        wish(&["identity>scope"]),
        wish(&["identity>list"]),
        wish(&["identity>empty", "time", "quoted"]),
        wish(&["json>q2>k1", "json>q"]),
        Wish { paths: vec![vec!["time".to_owned()]], keeps_empty: true },
    ];
    (Json::Object(members.collect()), wishes)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn members_in_no_order_are_read_right_by_their_keys(
        seed in any::<u64>(), style in 0..4_u8, twice in prop::sample::select(vec![0_u64, 3, 40]),
    ) {
        let (record, wishes) = deep_record();
        let mut walker = walker_for(&wishes, Texts::Plain);
        let mut pen = Pen { dice: seed | 1, style: 0, out: String::new() };
        for _ in 0..500 {
            let record = pen.shuffle_twice(&record, twice);
            let seed = pen.roll(u64::MAX);
            check(&mut walker, &wishes, Texts::Plain, &Pen::write(&record, seed, style));
        }
        assert!(walker.routes.count_by_keys() > 20, "{}", walker.routes.count_by_keys());
        // What it has learned of them makes no difference to damaged texts.
        for round in 0..300 {
            let text = Pen::write(&pen.shuffle_twice(&record, twice), seed ^ round, style);
            let mut characters: Vec<char> = text.chars().collect();
            let place = pen.roll(characters.len() as u64) as usize;
            characters.splice(place..=place, ["", "}", "\"", ",", " ", "\\", "1"][pen.roll(7) as usize].chars());
            characters.truncate(characters.len() - pen.roll(2) as usize * pen.roll(200) as usize);
            let text: String = characters.into_iter().collect();
            let mut new = walker_for(&wishes, Texts::Plain);
            prop_assert_eq!(walker.walk(&text, 0), new.walk(&text, 0), "{}", text);
            prop_assert_eq!(walker.slots(), new.slots(), "{}", text);
        }
    }

    #[test]
    fn strings_of_usual_and_other_lengths_are_read_right(
        lengths in prop::collection::vec(0_usize..70, 3), seed in any::<u64>(), style in 0..2_u8,
    ) {
        let wishes = [wish(&["a"]), wish(&["b"]), wish(&["c>d"])];
        let mut walker = walker_for(&wishes, Texts::Plain);
        let mut pen = Pen { dice: seed | 1, style: 0, out: String::new() };
        for round in 0..200 {
            let mut texts = lengths.iter().map(|length| {
                let length = if round > 20 { length + pen.roll(3) as usize } else { *length };
                let mut text = "x".repeat(length);
                if round > 20 && length > 0 {
                    let place = pen.roll(length as u64) as usize;
                    let other = ["x", "\"", "\\", "é", "{", ","][pen.roll(6) as usize];
                    text.replace_range(place..=place, other);
                }
                Json::Text(text)
            });
            let mut next = || texts.next().unwrap();
            let record = Json::Object(vec![
                ("a".to_owned(), next()),
                ("nobody".to_owned(), next()),
                ("c".to_owned(), Json::Object(vec![("d".to_owned(), next())])),
                ("b".to_owned(), Json::Text("b".repeat(80))),
            ]);
            check(&mut walker, &wishes, Texts::Plain, &Pen::write_plainly(&record, style));
        }
    }

    #[test]
    fn the_slow_way_and_the_list_of_what_was_passed_come_to_the_same(
        records in prop::collection::vec(record(), 40), wishes in wishes(), seed in any::<u64>(),
    ) {
        let mut walker = walker_for(&wishes, Texts::Plain);
        let mut slow = walker_for(&wishes, Texts::Plain);
        for (number, record) in records.iter().enumerate() {
            let text = Pen::write(record, seed.wrapping_add(number as u64), 3);
            let end = walker.walk(&text, 0);
            slow.exact = true;
            prop_assert_eq!(end, slow.walk_once(&text, 0));
            for (mine, other) in walker.slots().iter().zip(slow.slots()) {
                prop_assert_eq!(found(&walker, &text, *mine), found(&slow, &text, *other));
            }
        }
    }
}

#[test]
fn strings_that_have_to_be_looked_into_are_also_where_their_lengths_are_always_the_same() {
    let wishes = [wish(&["p>q"]), wish(&["x"])];
    for (texts, text) in [
        (Texts::DotNet, r#"{"p":"q : 1","x":"end"}"#),
        (Texts::Plain, r#"{"p":"{\"q\":1}","x":"end"}"#),
    ] {
        let text = &format!("{text}{}", " ".repeat(64));
        let mut walker = walker_for(&wishes, texts);
        for round in 0..60 {
            walker.walk(text, 0).unwrap();
            let found = [0, 1].map(|slot| walker.text_of(text, walker.slots()[slot]));
            assert_eq!(found, ["1", "end"], "{text} in round {round}");
        }
    }
}

#[test]
fn of_more_texts_than_are_opened_the_last_one_counts() {
    let wishes = [wish(&["p>q"]), wish(&["x"])];
    let mut walker = walker_for(&wishes, Texts::Plain);
    for count in [2, 255, 256, 257, 400] {
        let texts: Vec<String> =
            (0..count).map(|number| format!(r#""p":"{{\"q\":{number}}}""#)).collect();
        check(&mut walker, &wishes, Texts::Plain, &format!(r#"{{{},"x":1}}"#, texts.join(",")));
        assert_ne!(walker.slots()[0].kind, SlotKind::Absent, "{count}");
    }
}

#[test]
fn members_that_have_an_order_again_are_learned_again() {
    let (record, wishes) = deep_record();
    let mut walker = walker_for(&wishes, Texts::Plain);
    let mut pen = Pen { dice: 5, style: 0, out: String::new() };
    let text = Pen::write(&record, 5, 0);
    let mut walked = || {
        let text = Pen::write(&pen.shuffle_twice(&record, 0), 5, 0);
        walker.walk(&text, 0).map(|_| text).unwrap()
    };
    let shuffled: Vec<String> = (0..500).map(|_| walked()).collect();
    let by_keys = walker.routes.count_by_keys();
    (0..4_000).for_each(|_| _ = walker.walk(&text, 0).unwrap());
    // But for a few that were about to be given up.
    let left = walker.routes.count_by_keys();
    assert!(by_keys > 20 && left < 5, "{left} of {by_keys}");
    for text in shuffled.iter().chain([&text]) {
        check(&mut walker, &wishes, Texts::Plain, text);
    }
}
