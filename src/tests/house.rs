//! Rules of the house that no compiler checks: who may import whom, which library is known where,
//! how long a file may be, what stands at the top level, and that nothing is left undocumented.
//!
//! Each test names file and line of what it minds. What the lists below let through has its
//! reason beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::extract::format::Kind;
use crate::format::ALL as FORMATS;
use crate::render::ALL as RENDERERS;
use crate::schema::TABLES;

/// The rooms from the ground up: a room imports itself and what is below its floor.
const FLOORS: &[&[&str]] = &[
    &["limits", "text", "time"],
    &["error"],
    &["json", "schema"],
    &["mfa"],
    &["extract"],
    &["fold", "format", "render", "report"],
    &["container", "source"],
    &["engine"],
    &["app"],
    &["cli"],
];

/// Where each library is known. A library in two places has the reason on its line.
const LIBRARIES: &[(&str, &[&str])] = &[
    // Only the schema of a file is read with it; a block may be packed with deflate.
    ("apache_avro", &["src/container/avro"]),
    // A renderer, and rows that wait on disk.
    ("arrow_ipc", &["src/render/arrow.rs", "src/app/spill/blocks.rs"]),
    ("arrow_json", &["src/container/parquet.rs"]),
    ("blake3", &["src/app/redact/key.rs"]),
    ("chrono", &["src/time.rs"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/args.rs", "src/cli/completions.rs"]),
    ("clap_mangen", &["src/cli/man.rs"]),
    // How wide the terminal is, is asked where the terminal is looked at.
    ("comfy_table", &["src/render/table.rs", "src/cli/terminal.rs"]),
    // One reads, the other writes.
    ("csv", &["src/container/csv.rs", "src/render/"]),
    ("encoding_rs", &["src/source/utf16.rs"]),
    // Blocks of an Avro file are packed one by one, inside the container.
    ("flate2", &["src/source/open.rs", "src/container/avro/block.rs"]),
    ("getrandom", &["src/app/redact/key.rs"]),
    ("glob", &["src/source/plan.rs"]),
    ("hashbrown", &["src/app/groups.rs"]),
    ("indicatif", &["src/cli/progress.rs"]),
    ("minijinja", &["src/render/html"]),
    // One reads, the other writes; tables that do not fit into memory are files for the engine.
    ("parquet", &["src/container/parquet", "src/render/", "src/app/spill/table.rs"]),
    ("polars", &["src/engine/"]),
    ("polars_arrow", &["src/engine/bridge.rs"]),
    ("polars_async", &["src/engine/polars.rs"]),
    // Chunks are extracted on the pool that `--threads` makes; so are the parts folded that rows are
    // dealt into.
    ("rayon", &["src/app/", "src/fold/"]),
    ("rust_xlsxwriter", &["src/render/xlsx"]),
    // Responses of the query API are read field by field.
    ("serde", &["src/container/tables.rs"]),
    // Never in the hot path: whole documents in containers, writing, small lists, and the rare list
    // of texts inside an element.
    (
        "serde_json",
        &[
            "src/app/lists.rs",
            "src/app/rejects.rs",
            "src/container/",
            "src/extract/elements.rs",
            "src/render/object.rs",
        ],
    ),
    ("simdutf8", &["src/extract/mod.rs", "src/extract/take.rs"]),
    // One reads what is asked for, the other answers it.
    ("sqlparser", &["src/report/", "src/engine/tally"]),
    ("tikv_jemallocator", &["src/main.rs"]),
    ("twox_hash", &["src/extract/identity.rs"]),
    ("unicode_width", &["src/render/fit.rs"]),
    ("walkdir", &["src/source/plan.rs"]),
    ("zip", &["src/source/open.rs"]),
    ("zstd", &["src/source/open.rs"]),
];

/// Libraries that are a common language rather than one room's tool.
const COMMON: &[&str] = &[
    "arrow_array",
    "arrow_buffer",
    "arrow_cast",
    "arrow_data",
    "arrow_schema",
    "arrow_select",
    "foldhash",
    "memchr",
    "thiserror",
];

const LINES_MAX: usize = 800;
const ARCHITECTURE_LINES_MAX: usize = 150;

/// A line of product code; comments and tests are left out.
struct Line {
    file: String,
    number: usize,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder`, relative to the repository, in order.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(root()).unwrap();
                found.push(relative.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn rust_files() -> Vec<String> {
    let is_rust = |file: &String| Path::new(file).extension().is_some_and(|end| end == "rs");
    files("src").into_iter().filter(is_rust).collect()
}

fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("tests.rs")
}

/// What cargo runs before it builds the program; no part of it.
const BUILD_SCRIPT: &str = "src/build.rs";

/// The product code, without comments and without the tests at the end of a file.
fn code() -> Vec<Line> {
    let mut lines = Vec::new();
    for file in rust_files().into_iter().filter(|file| !is_test(file) && file != BUILD_SCRIPT) {
        let text = read(&file);
        let tests_at = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        for (index, line) in text[..tests_at].lines().enumerate() {
            let (line, _) = line.split_once("//").unwrap_or((line, ""));
            if !line.trim().is_empty() {
                lines.push(Line { file: file.clone(), number: index + 1, text: line.to_owned() });
            }
        }
    }
    lines
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The word after each `prefix` that begins a path of its own.
fn paths_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let begins_path = |at: usize| {
        let before = line[..at].bytes().next_back();
        before.is_none_or(|byte| !is_word(byte) && byte != b':' && byte != b'$')
    };
    line.match_indices(prefix)
        .filter(|(at, _)| begins_path(*at))
        .map(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

/// The room of a file: its folder in `src`, or its stem.
fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap();
    inside.split_once('/').map_or_else(|| inside.trim_end_matches(".rs"), |(room, _)| room)
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_room_stands_on_a_floor() {
    let declared: BTreeSet<String> = read("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect();
    let known: BTreeSet<String> =
        FLOORS.iter().copied().flatten().map(|room| (*room).to_owned()).collect();
    assert_eq!(declared, known);
}

#[test]
fn a_room_imports_only_what_is_below_it() {
    let mut found = Vec::new();
    for line in code() {
        let room = room_of(&line.file);
        let Some(floor) = floor_of(room) else { continue };
        for target in paths_after(&line.text, "crate::") {
            if target != room && floor_of(target).is_none_or(|target| target >= floor) {
                found.push(format!("{}:{}: `{room}` uses `{target}`", line.file, line.number));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn imports_are_written_so_that_they_can_be_read_by_line() {
    let found: Vec<String> = code()
        .iter()
        .filter(|line| line.text.contains("crate::{") || line.text.contains("super::super"))
        .map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim()))
        .collect();
    assert_none(&found);
}

#[test]
fn export_shapes_do_not_know_each_other_and_neither_do_renderers() {
    let formats = FORMATS.iter().map(|format| ("format", format.name));
    let renderers = RENDERERS.iter().map(|renderer| ("render", renderer.name()));
    let members: Vec<(&str, &str)> = formats.chain(renderers).collect();
    let lines = code();
    let mut found = Vec::new();
    for (room, name) in &members {
        let own = format!("src/{room}/{name}.rs");
        for line in lines.iter().filter(|line| line.file == own) {
            for prefix in ["super::".to_owned(), format!("crate::{room}::")] {
                for target in paths_after(&line.text, &prefix) {
                    if target != *name && members.contains(&(*room, target)) {
                        found.push(format!("{own}:{}: knows `{target}`", line.number));
                    }
                }
            }
        }
    }
    assert_none(&found);
}

#[test]
fn a_library_is_known_where_the_list_says() {
    let mut found = Vec::new();
    for line in code() {
        for (library, places) in LIBRARIES {
            let is_named = !paths_after(&line.text, &format!("{library}::")).is_empty();
            if is_named && !places.iter().any(|place| line.file.starts_with(place)) {
                found.push(format!("{}:{}: knows `{library}`", line.file, line.number));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn every_dependency_is_on_one_of_the_lists() {
    let manifest = read("Cargo.toml");
    let sections = manifest.split("\n[").filter_map(|section| section.split_once("]\n"));
    let declared: BTreeSet<String> = sections
        .filter(|(name, _)| *name == "dependencies" || name.ends_with(".dependencies"))
        .flat_map(|(_, dependencies)| dependencies.lines())
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .collect();
    let listed: BTreeSet<String> = LIBRARIES
        .iter()
        .map(|(name, _)| *name)
        .chain(COMMON.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(declared, listed);
}

#[test]
fn unsafe_code_is_in_two_files() {
    let found: Vec<String> = code()
        .iter()
        .filter(|line| !["src/json/scan.rs", "src/engine/bridge.rs"].contains(&line.file.as_str()))
        .filter(|line| {
            ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|word| line.text.contains(word))
        })
        .map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim()))
        .collect();
    assert_none(&found);
}

#[test]
fn only_the_command_line_looks_at_the_clock_and_the_environment() {
    let found: Vec<String> = code()
        .iter()
        .filter(|line| room_of(&line.file) != "cli")
        .filter(|line| {
            ["Instant::now", "SystemTime", "env::var", "stdout()", "stderr()"]
                .iter()
                .any(|word| line.text.contains(word))
        })
        .map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim()))
        .collect();
    assert_none(&found);
}

#[test]
fn the_disk_is_touched_by_source_and_app_and_cli_only() {
    let found: Vec<String> = code()
        .iter()
        .filter(|line| !["source", "app", "cli"].contains(&room_of(&line.file)))
        .filter(|line| {
            [
                "std::fs;",
                "fs::read",
                "fs::write",
                "fs::create",
                "fs::rename",
                "File::open",
                "File::create",
            ]
            .iter()
            .any(|word| line.text.contains(word))
        })
        .map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim()))
        .collect();
    assert_none(&found);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> =
        rust_files().into_iter().filter(|file| !read(file).starts_with("//!")).collect();
    // The crate's own page is a file beside it.
    assert_eq!(silent, ["src/lib.rs"]);
}

#[test]
fn no_file_of_the_product_is_longer_than_a_person_reads() {
    let found: Vec<String> = rust_files()
        .into_iter()
        .filter(|file| !is_test(file))
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, file)| format!("{file}: {lines} lines"))
        .collect();
    assert_none(&found);
}

#[test]
fn the_page_on_architecture_is_short_and_names_every_room() {
    let page = read("src/ARCHITECTURE.md");
    assert!(page.lines().count() <= ARCHITECTURE_LINES_MAX, "{} lines", page.lines().count());
    for room in FLOORS.iter().copied().flatten() {
        assert!(page.contains(&format!("`{room}`")), "`{room}` is not on the page");
    }
}

#[test]
fn the_readme_tells_of_every_shape_of_the_activity_log() {
    let page = read("README.md");
    for format in FORMATS.iter().filter(|format| format.kind == Kind::Activity) {
        assert!(page.contains(&format!("`{}`", format.name)), "`{}`", format.name);
    }
}

#[test]
fn every_column_has_a_meaning_and_a_name_of_its_own() {
    let mut tables = BTreeSet::new();
    for table in TABLES {
        assert!(tables.insert(table.name), "table `{}` stands twice", table.name);
        assert!(!table.grain.is_empty(), "{}", table.name);
        let mut columns = BTreeSet::new();
        for column in table.columns {
            let name = format!("{}.{}", table.name, column.name);
            assert!(columns.insert(column.name), "`{name}` stands twice");
            assert!(!column.meaning.trim().is_empty(), "`{name}` has no meaning");
            assert!(!column.meaning.contains('\n'), "`{name}` has more than one line");
        }
    }
}

/// Lists that are given by name and are no exports, so that no run counts their records.
const LISTS: &[&str] = &["testdata/demo/apps.csv", "testdata/demo/break-glass.txt"];

#[test]
fn every_fixture_is_accounted_for() {
    let expected: serde_json::Value =
        serde_json::from_str(&read("testdata/expected/accounting.json")).unwrap();
    let listed = expected.as_object().unwrap();
    let fixtures = ["formats", "broken", "demo"].map(|folder| files(&format!("testdata/{folder}")));
    let missing: Vec<String> = fixtures
        .concat()
        .into_iter()
        .filter(|file| !listed.contains_key(file.strip_prefix("testdata/").unwrap()))
        .filter(|file| !LISTS.contains(&file.as_str()))
        .collect();
    assert_none(&missing);
    let stale: Vec<String> = listed
        .keys()
        .flat_map(|name| name.split(" + "))
        .filter(|name| !root().join("testdata").join(name).exists())
        .map(str::to_owned)
        .collect();
    assert_none(&stale);
}

#[test]
fn every_shape_of_the_activity_log_names_fixtures_that_exist() {
    let mark = "testdata/formats/";
    for format in FORMATS {
        let text = read(&format!("src/format/{}.rs", format.name));
        let folders = paths_after(&text, mark);
        let is_activity = format.kind == Kind::Activity;
        assert!(!is_activity || !folders.is_empty(), "`{}` names no fixtures", format.name);
        for folder in folders {
            assert!(root().join(mark).join(folder).is_dir(), "{mark}{folder}");
        }
    }
}

#[test]
fn the_top_level_holds_what_the_design_says() {
    let allowed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "queries",
        "src",
        "target",
        "testdata",
    ];
    let found: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !allowed.contains(&name.as_str()))
        .collect();
    assert_none(&found);
}

#[test]
fn nothing_names_a_machine() {
    // Put together here, so that this file does not name them.
    let homes = [["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], [r"\Us", r"ers\"]]
        .map(|parts| parts.concat());
    let top = ["Cargo.toml", "README.md", "LICENSE", ".gitignore", ".clippy.toml", ".rustfmt.toml"];
    let folders = ["src", "queries", "benches", "testdata", ".ci"].map(files);
    let mut found = Vec::new();
    for file in folders.concat().into_iter().chain(top.map(str::to_owned)) {
        // What is not text holds no path that anybody wrote.
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        let Some(home) = homes.iter().find(|home| text.contains(home.as_str())) else { continue };
        found.push(format!("{file}: names `{home}…`"));
    }
    assert_none(&found);
}

#[test]
fn packages_come_from_the_public_registries() {
    let index = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    let lock = read("Cargo.lock");
    let elsewhere: Vec<String> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("source = "))
        .filter(|source| *source != index)
        .map(str::to_owned)
        .collect();
    assert_none(&elsewhere);
    for file in files("src/tests").iter().filter(|file| is_requirements(file)) {
        assert!(!read(file).contains("://"), "{file} names a host");
    }
}

fn is_requirements(file: &str) -> bool {
    Path::new(file)
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with("requirements"))
}

#[test]
fn paths_are_found_where_they_begin() {
    for (line, prefix, expect) in [
        ("use crate::json::walk;", "crate::", &["json"][..]),
        ("let x: crate::mfa::A = crate::text::B;", "crate::", &["mfa", "text"]),
        ("$crate::mfa", "crate::", &[]),
        ("use crate::engine::polars::Polars;", "polars::", &[]),
        ("(polars::prelude::x)", "polars::", &["prelude"]),
        ("my_csv::x", "csv::", &[]),
    ] {
        assert_eq!(paths_after(line, prefix), expect, "{line}");
    }
}
