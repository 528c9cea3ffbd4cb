//! The roster of formats, and that each can be told from the others by what it says of itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::extract::format::{Format, Kind};
use crate::extract::others::SHAPES;
use crate::format::{ALL, by_name};
use crate::schema::TABLES;

const BEGIN: &str = "// roster:begin\n";
const END: &str = "// roster:end";

#[test]
fn the_roster_lists_every_file_with_a_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format");
    let mut stems: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| {
            fs::read_to_string(path).unwrap().contains("\npub(super) static FORMAT: Format")
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    stems.sort();
    let mods: Vec<String> = stems.iter().map(|stem| format!("mod {stem};\n")).collect();
    let all: Vec<String> = stems.iter().map(|stem| format!("    &{stem}::FORMAT,\n")).collect();
    let block = format!(
        "{BEGIN}{}\n/// Every format, by name.\n#[rustfmt::skip]\npub const ALL: &[&Format] = &[\n{}];\n",
        mods.concat(),
        all.concat()
    );
    let path = folder.join("mod.rs");
    let source = fs::read_to_string(&path).unwrap();
    let (before, rest) = source.split_once(BEGIN).unwrap();
    let (present, after) = rest.split_once(END).unwrap();
    if format!("{BEGIN}{present}") == block {
        return;
    }
    if std::env::var_os("CI").is_none() {
        fs::write(&path, format!("{before}{block}{END}{after}")).unwrap();
        panic!("the roster in src/format/mod.rs was out of date and has been rewritten: run again");
    }
    panic!("the roster in src/format/mod.rs is out of date: run this test without CI set");
}

#[test]
fn every_format_is_called_like_its_file_and_is_found_by_name() {
    let mut names = BTreeSet::new();
    for format in ALL {
        assert!(names.insert(format.name), "`{}` stands twice", format.name);
        assert_eq!(by_name(format.name).map(|found| found.name), Some(format.name));
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/format")
            .join(format!("{}.rs", format.name));
        assert!(file.is_file(), "`{}` is no file of src/format", format.name);
        assert!(!format.title.is_empty() && !format.claims.is_empty(), "{}", format.name);
    }
    assert!(by_name("no_such_format").is_none());
}

#[test]
fn every_format_of_a_log_has_paths_and_a_word_on_missing_claims() {
    for format in ALL {
        let is_activity = format.kind == Kind::Activity;
        assert_eq!(is_activity, !format.paths.is_empty(), "{}", format.name);
        let judges = matches!(format.kind, Kind::Row(shape, _) if shape.table == "sign_in");
        assert_eq!(is_activity || judges, !format.claims_hint.is_empty(), "{}", format.name);
    }
}

#[test]
fn the_raw_fields_of_a_format_are_those_of_its_shape() {
    for format in ALL {
        let Kind::Row(shape, fields) = format.kind else { continue };
        assert!(!fields.is_empty(), "{}", format.name);
        let mut seen = BTreeSet::new();
        for (field, paths) in fields {
            assert!(shape.fields.contains(field), "{}: {field}", format.name);
            assert!(seen.insert(*field) && !paths.is_empty(), "{}: {field}", format.name);
        }
        let has_time = seen.contains("time");
        assert_eq!(has_time, shape.needs_time, "{}: time", format.name);
    }
}

#[test]
fn every_column_of_a_shape_is_one_of_its_table_and_made_of_its_fields() {
    for shape in SHAPES {
        let table = TABLES.iter().find(|table| table.name == shape.table).unwrap();
        let direct = shape.direct.iter().map(|direct| (direct.column, direct.fields));
        let made = direct.chain(shape.derived.iter().copied());
        for (column, fields) in
            made.chain([("event_id", shape.identity), ("event_id", shape.structured)])
        {
            assert!(
                column == "event_id" || table.position(column).is_some(),
                "{}.{column}",
                shape.table
            );
            for field in fields {
                assert!(shape.fields.contains(field), "{}.{column}: {field}", shape.table);
            }
        }
        for column in table.columns {
            let is_made = ["event_id", "event_time", "event_key", "format", "source_file"]
                .contains(&column.name)
                || ["source_offset", "source_record"].contains(&column.name)
                || shape.direct.iter().any(|direct| direct.column == column.name)
                || shape.derived.iter().any(|derived| derived.0 == column.name);
            assert!(is_made, "{}.{} is never filled", shape.table, column.name);
        }
    }
}

#[test]
fn no_format_names_a_field_twice() {
    let repeated = |format: &Format| {
        let mut seen = Vec::new();
        format.paths.iter().find_map(|(field, paths)| {
            let fresh = !seen.contains(field) && !paths.is_empty();
            seen.push(*field);
            (!fresh).then_some(*field)
        })
    };
    for format in ALL {
        assert_eq!(repeated(format), None, "{}", format.name);
    }
}

#[test]
fn no_two_formats_claim_the_same() {
    for (index, format) in ALL.iter().enumerate() {
        for other in &ALL[index + 1..] {
            assert_ne!(format.claims, other.claims, "{} and {}", format.name, other.name);
        }
    }
}
