//! What is hidden and what stays, value by value; whole runs are in `src/tests/it/redact.rs`.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringViewArray};

use super::{Key, Kind, Known, Redaction, Redactor, WORDS, plain};
use crate::schema::{Kind as Type, TABLES};

fn redaction(kinds: &[Kind]) -> Redaction {
    Redaction { kinds: kinds.to_vec(), key: Key::of(1), new_key: None }
}

fn values() -> Known<Kind> {
    Known::new([
        ("jana@woodgrove.example".to_owned(), Kind::Users),
        ("Jana Králová".to_owned(), Kind::Users),
        ("write".to_owned(), Kind::Resources),
        ("kv-pay".to_owned(), Kind::Resources),
        ("10.0.0.4".to_owned(), Kind::Ips),
    ])
}

#[test]
fn a_reviewer_sees_what_becomes_of_every_column_of_text() {
    let all = redaction(&Kind::ALL);
    let mut listed = String::new();
    for table in TABLES {
        for column in table.columns.iter().filter(|column| column.kind == Type::Text) {
            let fate = match all.kind_of(column.name) {
                Some(kind) => kind.name(),
                None if WORDS.contains(&plain(column.name).as_str()) => "word",
                None => "text",
            };
            let _ = writeln!(listed, "{}.{} {fate}", table.name, column.name);
        }
    }
    insta::assert_snapshot!(listed);
}

#[test]
fn values_are_hidden_where_they_stand_and_the_words_of_a_vocabulary_are_not() {
    let redaction = redaction(&Kind::ALL);
    let redactor = Redactor { redaction: &redaction, known: values() };
    let user = redactor.pseudonym(Kind::Users, "jana@woodgrove.example");
    let name = redactor.pseudonym(Kind::Users, "jana králová");
    let vault = redactor.pseudonym(Kind::Resources, "kv-pay");
    let address = redactor.pseudonym(Kind::Ips, "10.0.0.4");
    assert!(user.starts_with("user-") && user.len() == "user-".len() + 16, "{user}");
    let text = "JANA KRÁLOVÁ (Jana@Woodgrove.example) from 10.0.0.4 may not write to KV-PAY";
    let write = redactor.pseudonym(Kind::Resources, "write");
    let expect = format!("{name} ({user}) from {address} may not {write} to {vault}");
    assert_eq!(redactor.text(text), expect);
    let texts = ["write", "kv-pay", "jana@woodgrove.example", "", "microsoft.web/sites/write"];
    let array: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
    let schema = |name: &str| {
        let batch = RecordBatch::try_from_iter([(name, Arc::clone(&array))]).unwrap();
        (batch.schema(), batch)
    };
    let column = |name: &str| -> Vec<String> {
        let (schema, batch) = schema(name);
        let hidden = redactor.batches(&schema, &[batch]).unwrap();
        hidden[0].column(0).as_string_view().iter().map(|text| text.unwrap().to_owned()).collect()
    };
    let (word, id) = ("write".to_owned(), "microsoft.web/sites/write".to_owned());
    assert_eq!(column("operation"), [word, vault.clone(), user.clone(), String::new(), id]);
    let free = column("error_message");
    assert_eq!(free[..4], [write, vault, user, String::new()]);
    let caller = column("Caller");
    assert!(caller.iter().filter(|text| text.starts_with("user-")).count() == 4, "{caller:?}");
}

#[test]
fn only_what_was_asked_for_is_hidden() {
    let redaction = redaction(&[Kind::Ips]);
    let redactor = Redactor { redaction: &redaction, known: Known::new([]) };
    let text = "jana@woodgrove.example from 10.0.0.9 at /subscriptions/x";
    let address = redactor.pseudonym(Kind::Ips, "10.0.0.9");
    assert_eq!(redactor.text(text), text.replace("10.0.0.9", &address));
    assert_eq!(redaction.kind_of("caller"), None);
}
