//! Workbooks, looked at part by part; whole ones are read back by `openpyxl` and, where it is there,
//! `LibreOffice` in `src/tests/it/documents.rs`.

use std::io::{Cursor, Read};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch};
use proptest::proptest;
use zip::ZipArchive;

use crate::render::cell::{Cell, typed};
use crate::render::xlsx::{Book, Limits, fitted, parts, write_book};

use super::{PLAIN, bytes, figures, hostile, page, resources, texts, without_rows};

/// One file of a workbook, a line per element so that it can be read.
fn part(book: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(book)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text.replace("><", ">\n<")
}

fn sheet_names(book: &[u8]) -> Vec<String> {
    part(book, "xl/workbook.xml")
        .lines()
        .filter_map(|line| line.strip_prefix("<sheet name=\"")?.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// The cells of a sheet as they stand in its file, without the numbers of shared texts.
fn cells(book: &[u8], sheet: usize) -> Vec<String> {
    let shared = part(book, "xl/sharedStrings.xml");
    let shared: Vec<&str> = shared
        .split("<si>\n<t")
        .skip(1)
        .map(|item| item.split_once('>').unwrap().1.split("</t>").next().unwrap())
        .collect();
    let file = part(book, &format!("xl/worksheets/sheet{sheet}.xml"));
    file.split("<c ")
        .skip(1)
        .map(|cell| {
            let place = cell.split('"').nth(1).unwrap();
            let value = |open, close| cell.split(open).nth(1)?.split(close).next();
            let text = if cell.contains("t=\"s\"") {
                let index: usize = value("<v>", "</v>").unwrap().parse().unwrap();
                shared[index]
            } else {
                value("<v>", "</v>")
                    .or_else(|| value("<t>", "</t>"))
                    .or_else(|| value("<t xml:space=\"preserve\">", "</t>"))
                    .unwrap_or_default()
            };
            format!("{place} {text}")
        })
        .collect()
}

fn hostile_book() -> Vec<u8> {
    bytes("xlsx", &[hostile()], &PLAIN)
}

#[test]
fn hostile_text_is_text_in_a_workbook() {
    let book = hostile_book();
    let sheet = part(&book, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
    insta::assert_snapshot!("hostile_xlsx", cells(&book, 1).join("\n"));
    insta::assert_snapshot!("about_xlsx", cells(&book, 2).join("\n"));
}

#[test]
fn a_workbook_has_a_sheet_per_page_then_charts_then_what_it_is_about() {
    let pages = [figures(), resources(), without_rows(resources())];
    let book = bytes("xlsx", &pages, &PLAIN);
    let names = sheet_names(&book);
    assert_eq!(names, ["summary", "by-resource", "by-resource (2)", "Charts", "About"]);
    insta::assert_snapshot!("charts_xlsx", cells(&book, 4).join("\n"));
    insta::assert_snapshot!("empty_xlsx", cells(&book, 3).join("\n"));
    let sheet = part(&book, "xl/worksheets/sheet2.xml");
    for expected in ["<autoFilter ref=\"A1:O5\"/>", "state=\"frozen\"", "<conditionalFormatting"] {
        assert!(sheet.contains(expected), "{expected}\n{sheet}");
    }
    let chart = part(&book, "xl/charts/chart1.xml");
    assert!(chart.contains("<c:barChart>") && chart.contains("Charts!$B$2:$B$3"), "{chart}");
}

#[test]
fn days_are_drawn_as_lines_and_verdicts_as_bars() {
    let days: ArrayRef = Arc::new(Date32Array::from(vec![20_000, 20_001, 20_002]));
    let writes: ArrayRef = Arc::new(Int64Array::from(vec![Some(3), None, Some(5)]));
    let timeline = page("timeline", vec![("day", days), ("non_mfa_writes", writes)]);
    let verdicts = texts(&[Some("ready"), Some("will_break"), Some("ready"), None]);
    let readiness = page("readiness", vec![("verdict", verdicts)]);
    let book = bytes("xlsx", &[timeline, readiness], &PLAIN);
    assert!(part(&book, "xl/charts/chart1.xml").contains("<c:lineChart>"));
    assert!(part(&book, "xl/charts/chart2.xml").contains("<c:barChart>"));
    let figures = cells(&book, 3).join("\n");
    assert!(figures.contains("\nA22 will_break\nB22 1\nA23 ready\nB23 2\n"), "{figures}");
}

#[test]
fn a_workbook_is_the_same_whenever_it_is_made() {
    let book = hostile_book();
    assert!(book == hostile_book());
    let core = part(&book, "docProps/core.xml");
    assert!(core.contains(">2025-01-01T00:00:00Z</dcterms:created>"), "{core}");
    assert!(core.contains("<dc:creator>azmfa</dc:creator>"), "{core}");
}

#[test]
fn a_page_longer_than_a_sheet_goes_on_in_the_next() {
    let numbers: ArrayRef = Arc::new((0..7).collect::<Int64Array>());
    let long = page("long", vec![("n", numbers)]);
    for cells_in_memory in [0, 1_000] {
        let limits = Limits { sheet_rows: 4, cells_in_memory };
        let book = write_book(std::slice::from_ref(&long), &limits).unwrap();
        assert_eq!(sheet_names(&book), ["long", "long (2)", "long (3)", "About"]);
        assert_eq!(cells(&book, 1), ["A1 n", "A2 0", "A3 1", "A4 2"]);
        assert_eq!(cells(&book, 2), ["A1 n", "A2 3", "A3 4", "A4 5"]);
        assert_eq!(cells(&book, 3), ["A1 n", "A2 6"]);
    }
}

#[test]
fn a_page_too_large_for_memory_holds_the_same_cells() {
    let pages = [hostile(), resources()];
    let small = write_book(&pages, &Limits::default()).unwrap();
    let large = write_book(&pages, &Limits { cells_in_memory: 0, ..Limits::default() }).unwrap();
    for sheet in [1, 2] {
        assert_eq!(cells(&small, sheet), cells(&large, sheet));
    }
}

#[test]
fn a_text_longer_than_a_cell_is_cut_marked_and_counted() {
    let long = "𝄞".repeat(20_000);
    let (text, was_cut) = fitted(&long);
    let units: usize = text.chars().map(char::len_utf16).sum();
    assert!(was_cut && (32_760..=32_767).contains(&units), "{units}");
    assert!(text.ends_with("𝄞 … [cut, 20000 characters in all]"));
    let just_fits = "é".repeat(32_767);
    assert_eq!(fitted(&just_fits), (just_fits.as_str().into(), false));
    let book = bytes("xlsx", &[page("long", vec![("t", texts(&[Some(&long)]))])], &PLAIN);
    let about = cells(&book, 2);
    assert!(about.contains(&"G2 1".to_owned()), "{about:?}");
    assert!(about.iter().any(|cell| cell.contains("longer than a cell can hold")), "{about:?}");
}

#[test]
fn figures_that_came_as_text_are_numbers_and_instants() {
    for (text, expect) in [
        ("1222883", Cell::Integer(1_222_883)),
        ("-5", Cell::Integer(-5)),
        ("2026-01-01T00:00:00.123456Z", Cell::Time(1_767_225_600_123_456)),
        ("2026-01-01", Cell::Text("2026-01-01")),
        ("-", Cell::Text("-")),
        ("", Cell::Text("")),
    ] {
        assert_eq!(typed(Cell::Text(text)), expect, "{text}");
    }
}

#[test]
fn a_sheet_has_a_name_that_excel_takes() {
    let mut book = Book::new(&[]);
    for (wish, name) in [
        ("by-user", "by-user"),
        ("By-User", "By-User (2)"),
        ("a[b]:c*d?e/f\\g", "a_b__c_d_e_f_g"),
        ("'quoted'", "quoted"),
        ("history", "history_"),
        ("", "_"),
        ("a-name-that-is-longer-than-thirty-one", "a-name-that-is-longer-than-thir"),
        ("a-name-that-is-longer-than-thirty-two", "a-name-that-is-longer-than- (2)"),
    ] {
        assert_eq!(book.name(wish), name);
    }
}

proptest! {
    #[test]
    fn rows_are_dealt_to_sheets_in_order(sizes in proptest::collection::vec(0_i64..9, 0..6), room in 1_usize..5) {
        let mut next = 0;
        let batches: Vec<RecordBatch> = sizes
            .iter()
            .map(|size| {
                let numbers: ArrayRef = Arc::new((next..next + size).collect::<Int64Array>());
                next += size;
                RecordBatch::try_from_iter([("n", numbers)]).unwrap()
            })
            .collect();
        let dealt = parts(&batches, room);
        let rows = |part: &Vec<RecordBatch>| part.iter().map(RecordBatch::num_rows).sum::<usize>();
        let full = dealt.len() - 1;
        assert!(dealt[..full].iter().all(|part| rows(part) == room));
        assert!(rows(&dealt[full]) <= room && (full == 0 || rows(&dealt[full]) > 0));
        let seen: Vec<i64> = dealt
            .iter()
            .flatten()
            .flat_map(|batch| {
                let numbers = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
                numbers.values().to_vec()
            })
            .collect();
        assert_eq!(seen, (0..next).collect::<Vec<_>>());
    }
}
