//! What holds for every renderer: the roster, hostile text, empty pages, reading back.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array,
    RecordBatch, StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_schema::{Field, Schema};

use crate::error::{Accounting, Warning};
use crate::schema::numbered::of_columns;

use super::{ALL, Page, Renderer, Style, by_extension, by_name};
use read_back::read_arrow;

mod read_back;
mod workbook;

const PLAIN: Style = Style { width: None, color: false, threads: 1 };

fn times(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<StringViewArray>())
}

fn accounting() -> Accounting {
    Accounting {
        files: 2,
        bytes: 9_437_184,
        records: 18_233,
        rows: [("activity".to_owned(), 18_000)].into(),
        duplicates: 200,
        rejects: [("cut_short".to_owned(), 1)].into(),
        ignored: [("storage\"read".to_owned(), 32)].into(),
        formats: [("az_cli".to_owned(), 18_233)].into(),
        warnings: vec![
            Warning {
                message: "`jan.json` looks cut: 50 events in 6 hours".to_owned(),
                hint: Some("run `az monitor activity-log list --max-events 100000`".to_owned()),
            },
            Warning { message: "no claims".to_owned(), hint: None },
        ],
    }
}

fn page(id: &str, columns: Vec<(&str, ArrayRef)>) -> Page {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Page {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        about: "What the page answers.".to_owned(),
        grain: "one row per thing".to_owned(),
        column_notes: vec![String::new(); schema.fields().len()],
        totals: Vec::new(),
        batches: vec![RecordBatch::try_new(schema.clone(), arrays).unwrap()],
        schema,
        rows_left_out: 0,
        window: (Some(1_735_689_600_000_000), None),
        accounting: accounting(),
    }
}

fn hostile() -> Page {
    let text = [
        Some("=cmd|' /C calc'!A0"),
        Some("+1"),
        Some("-1"),
        Some("@SUM(1)"),
        Some("\ttab\tinside"),
        Some("\rreturn"),
        Some("two\nlines\r\nthree"),
        Some("\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m"),
        Some("user\u{202e}gpj.exe\u{200b}\u{2066}"),
        Some("nul\0 del\u{7f}"),
        Some("say \"hi\", it's; `code`"),
        Some("a|b \\ <script>alert(1)</script> [x](http://y) ![z](u) *b* _i_ &amp;"),
        Some("数据库 Zoë e\u{301} 👩‍💻 ✔️"),
        Some("\u{ff1d}1+1"),
        Some(""),
        None,
    ];
    let rows = text.len();
    let cycle = |values: [Option<i64>; 4]| (0..rows).map(|row| values[row % 4]).collect::<Vec<_>>();
    let numbers = cycle([Some(i64::MIN), Some(i64::MAX), None, Some(0)]);
    let instants = cycle([Some(-1), Some(0), None, Some(1_769_854_592_987_344)]);
    let floats = [Some(0.1), Some(-1_234_567.5), Some(f64::NAN), Some(1e300)];
    let days = [Some(-1), Some(20_000), None, Some(0)];
    let truths = [Some(true), Some(false), None, Some(true)];
    page(
        "hostile",
        vec![
            ("text", texts(&text)),
            ("=non_mfa|\u{1b}[1m", Arc::new(Int64Array::from(numbers))),
            ("time", times(instants)),
            ("float", Arc::new((0..rows).map(|row| floats[row % 4]).collect::<Float64Array>())),
            ("day", Arc::new((0..rows).map(|row| days[row % 4]).collect::<Date32Array>())),
            ("truth", Arc::new((0..rows).map(|row| truths[row % 4]).collect::<BooleanArray>())),
        ],
    )
}

/// A page like `by-resource`, with the long ids that real tenants have.
fn resources() -> Page {
    let subscription = "6f1c0d3e-58a1-4c2b-9d77-0a4be1c9f2d3";
    let kinds = [
        ("microsoft.keyvault/vaults", "kv-payments-prod-westeurope"),
        ("microsoft.storage/storageaccounts", "stpaymentsprod001"),
        (
            "microsoft.compute/virtualmachinescalesets/virtualmachines",
            "vmss-orders-frontend-blue_17",
        ),
        ("microsoft.network/networksecuritygroups", "nsg-数据库-生产"),
    ];
    let group = "rg-payments-production-westeurope";
    let ids: Vec<String> = kinds
        .iter()
        .map(|(kind, name)| {
            format!("/subscriptions/{subscription}/resourcegroups/{group}/providers/{kind}/{name}")
        })
        .collect();
    let text = |values: Vec<&str>| texts(&values.into_iter().map(Some).collect::<Vec<_>>());
    let numbers = |values: [i64; 4]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let first = 1_767_225_600_123_456;
    let mut page = page(
        "by-resource",
        vec![
            ("resource_id", text(ids.iter().map(String::as_str).collect())),
            ("resource_name", text(kinds.iter().map(|kind| kind.1).collect())),
            ("resource_type", text(kinds.iter().map(|kind| kind.0).collect())),
            ("subscription_id", text(vec![subscription; 4])),
            ("resource_group", text(vec![group; 4])),
            ("region", texts(&[Some("westeurope"), Some("northeurope"), None, Some("westeurope")])),
            ("write_attempts", numbers([1_204_551, 18_233, 96, 3])),
            ("non_mfa_writes", numbers([14_002, 311, 0, 0])),
            ("unknown_writes", numbers([0, 12, 0, 1])),
            ("non_mfa_users", numbers([7, 2, 0, 0])),
            ("non_mfa_actions", numbers([1_022, 0, 0, 0])),
            ("policy_audits", numbers([13_870, 298, 0, 0])),
            ("policy_denies", numbers([0, 0, 0, 0])),
            (
                "first_seen",
                times([0, 1, 2, 3].map(|hour| Some(first + hour * 3_600_000_000)).into()),
            ),
            ("last_seen", times([9, 8, 7, 6].map(|day| Some(first + day * 86_400_000_000)).into())),
        ],
    );
    page.title = "Changes without MFA, by resource".to_owned();
    page.about = "Which resources are changed, by how many people without MFA.".to_owned();
    page.totals = vec![6, 7, 8, 10, 11, 12];
    page.rows_left_out = 18;
    page
}

fn figures() -> Page {
    let mut page = page(
        "summary",
        vec![
            (
                "metric",
                texts(&[
                    Some("window_start"),
                    Some("write_attempts"),
                    Some("non_mfa_write_attempts"),
                    Some("unknown_write_attempts"),
                ]),
            ),
            (
                "value",
                texts(&[
                    Some("2026-01-01T00:00:00.123456Z"),
                    Some("1222883"),
                    Some("14313"),
                    Some("0"),
                ]),
            ),
            (
                "note",
                texts(&[
                    Some("first event, or the start you asked for"),
                    Some("requests to write or delete: what MFA enforcement covers"),
                    Some("of those, by users who had not: these would stop working"),
                    Some("of those, where the input does not tell: get an export with claims"),
                ]),
            ),
        ],
    );
    page.title = "Summary".to_owned();
    page.about = "The figures to know before enforcing MFA.".to_owned();
    page
}

fn without_rows(mut page: Page) -> Page {
    page.batches.clear();
    page
}

fn bytes(name: &str, pages: &[Page], style: &Style) -> Vec<u8> {
    let mut out = Vec::new();
    by_name(name).unwrap().render(pages, style, &mut out).unwrap();
    out
}

fn text(name: &str, pages: &[Page], style: &Style) -> String {
    String::from_utf8(bytes(name, pages, style)).unwrap()
}

/// Characters that a reviewer could not see are spelled out.
fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' => "\n".to_owned(),
            _ if crate::text::is_unsafe_on_a_terminal(character) => {
                format!("{{{:x}}}", u32::from(character))
            }
            _ => character.to_string(),
        })
        .collect()
}

/// A page without the style and the script that every page has; other formats as they are.
fn brief(name: &str, text: String) -> String {
    if name != "html" {
        return text;
    }
    let mut brief = text;
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let (before, rest) = brief.split_once(open).unwrap();
        let (_, after) = rest.split_once(close).unwrap();
        brief = format!("{before}{open}…{close}{after}");
    }
    brief
}

#[test]
fn hostile_text_comes_out_of_every_text_renderer_as_text() {
    let pages = [hostile()];
    for renderer in ALL.iter().filter(|renderer| !renderer.is_binary()) {
        let shown = brief(renderer.name(), text(renderer.name(), &pages, &PLAIN));
        insta::assert_snapshot!(format!("hostile_{}", renderer.name()), visible(&shown));
    }
}

#[test]
fn long_pages_are_the_same_bytes_whatever_the_number_of_threads() {
    // Two batches: some blocks of rows and a part of one, and a single row.
    let many: Vec<i64> = (0..20_000).collect();
    let said: Vec<String> = many.iter().map(|number| format!("={number},\"x\"\n")).collect();
    let said: Vec<Option<&str>> = said.iter().map(|text| Some(text.as_str())).collect();
    let mut long = page("long", vec![("n", Arc::new(Int64Array::from(many))), ("t", texts(&said))]);
    long.batches.push(long.batches[0].slice(7, 1));
    let pages = [long.clone(), long];
    for name in ["csv", "tsv"] {
        let plain = text(name, &pages, &PLAIN);
        assert_eq!(plain.matches('x').count(), 2 * 20_001, "{name}");
        for threads in [0, 2, 3, 64] {
            let style = Style { threads, ..PLAIN };
            assert!(text(name, &pages, &style) == plain, "{name} with {threads} threads");
        }
    }
}

/// The page with numbers in place of its texts: of each text one, after that of none at all.
fn numbered(mut page: Page) -> Page {
    let numbered = |column: &ArrayRef| -> ArrayRef {
        let Some(texts) = column.as_string_view_opt() else { return Arc::clone(column) };
        let different: BTreeSet<&str> = texts.iter().flatten().collect();
        let different: Vec<&str> = different.into_iter().collect();
        let own: StringViewArray =
            std::iter::once(None).chain(different.iter().copied().map(Some)).collect();
        let number = |text: Option<&str>| {
            text.map_or(0, |text| {
                u32::try_from(1 + different.binary_search(&text).unwrap()).unwrap()
            })
        };
        let numbers: UInt32Array = texts.iter().map(number).collect::<Vec<u32>>().into();
        Arc::new(DictionaryArray::<UInt32Type>::try_new(numbers, Arc::new(own)).unwrap())
    };
    for batch in &mut page.batches {
        let columns = batch.columns().iter().map(numbered).collect();
        *batch = of_columns(&page.schema, columns, batch.num_rows()).unwrap();
    }
    page
}

#[test]
fn numbered_texts_are_written_as_texts() {
    // More different texts than are kept in mind, in turns that come upon each other's places.
    let many: Vec<String> = (0..30_000)
        .map(|row| format!("text number {} of a row", row % 7 + (row % 3) * 4_096 + row / 5_000))
        .collect();
    let many: Vec<Option<&str>> = many
        .iter()
        .enumerate()
        .map(|(row, text)| (row % 11 != 0).then_some(text.as_str()))
        .collect();
    let mut long = page("long", vec![("t", texts(&many))]);
    long.batches.push(long.batches[0].slice(7, 9_000));
    for page in [hostile(), resources(), long] {
        for renderer in ALL {
            let (name, style) = (renderer.name(), Style { threads: 2, ..PLAIN });
            let plain = bytes(name, std::slice::from_ref(&page), &style);
            let of_numbers = bytes(name, &[numbered(page.clone())], &style);
            if name == "arrow" {
                let (plain, of_numbers) = (read_arrow(&plain), read_arrow(&of_numbers));
                assert_eq!(plain, of_numbers, "{}", page.id);
            } else {
                assert!(plain == of_numbers, "{name} of {}", page.id);
            }
        }
    }
}

#[test]
fn no_renderer_hands_a_terminal_what_would_steer_it() {
    let terminal = Style { width: Some(100), color: false, threads: 1 };
    for renderer in ALL.iter().filter(|renderer| !renderer.is_binary()) {
        let shown = text(renderer.name(), &[hostile()], &terminal);
        let steering = shown.chars().find(|character| {
            !matches!(character, '\n' | '\t') && crate::text::is_unsafe_on_a_terminal(*character)
        });
        assert_eq!(steering, None, "{}", renderer.name());
    }
}

#[test]
fn an_empty_page_is_valid_in_every_format() {
    let pages = [without_rows(resources())];
    for renderer in ALL.iter().filter(|renderer| !renderer.is_binary()) {
        let shown = brief(renderer.name(), text(renderer.name(), &pages, &PLAIN));
        insta::assert_snapshot!(format!("empty_{}", renderer.name()), shown);
    }
}

#[test]
fn no_line_of_a_table_is_wider_than_the_terminal() {
    for page in [resources(), hostile(), figures()] {
        for width in [40, 60, 80, 100, 120, 160, 200, 400] {
            let style = Style { width: Some(width), color: false, threads: 1 };
            let shown = text("table", std::slice::from_ref(&page), &style);
            for line in shown.lines() {
                let used = unicode_width::UnicodeWidthStr::width(line);
                assert!(used <= width, "{width}: {used} columns in `{line}`\n{shown}");
            }
        }
    }
}

#[test]
fn a_table_never_cuts_a_number_and_cuts_nothing_without_a_terminal() {
    let numbers = ["1,204,551", "14,002", "13,870", "1,222,883", "-9,223,372,036,854,775,808"];
    for width in [40, 80, 200] {
        let style = Style { width: Some(width), color: false, threads: 1 };
        let shown = text("table", &[resources(), hostile()], &style);
        for number in numbers {
            assert!(shown.contains(number), "{width}: {number}\n{shown}");
        }
    }
    let shown = text("table", &[resources()], &PLAIN);
    assert_eq!(shown.matches('…').count(), 1, "only that of the rows left out\n{shown}");
    assert!(
        shown.contains("/virtualmachinescalesets/virtualmachines/vmss-orders-frontend-blue_17")
    );
}

#[test]
fn tables_read_well_at_every_width() {
    for width in [60, 80, 120, 200] {
        let style = Style { width: Some(width), color: false, threads: 1 };
        let shown = text("table", &[figures(), resources()], &style);
        insta::assert_snapshot!(format!("table_{width}"), shown);
    }
}

#[test]
fn colour_says_what_was_done_without_mfa_and_what_is_not_known() {
    // The terminal library leaves colours out by itself then.
    if std::env::var_os("NO_COLOR").is_some() {
        return;
    }
    let style = Style { width: Some(120), color: true, threads: 1 };
    insta::assert_snapshot!(
        "table_color",
        visible(&text("table", &[figures(), resources()], &style))
    );
}

#[test]
fn several_pages_share_an_output_where_the_format_allows_it() {
    let pages = [figures(), without_rows(figures())];
    for renderer in ALL.iter().filter(|renderer| !renderer.is_binary()) {
        let shown = brief(renderer.name(), text(renderer.name(), &pages, &PLAIN));
        insta::assert_snapshot!(format!("several_{}", renderer.name()), shown);
    }
    for renderer in ALL.iter().filter(|renderer| renderer.is_binary() && !renderer.takes_several())
    {
        let error = renderer.render(&pages, &PLAIN, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the format holds one report, not 2", "{}", renderer.name());
    }
}

#[test]
fn markdown_has_totals_and_says_what_was_left_out() {
    insta::assert_snapshot!(text("md", &[resources()], &PLAIN));
}

/// An output that breaks after some bytes, like a pipe whose reader went away.
struct Breaking(usize);

impl io::Write for Breaking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_told_as_one_by_every_renderer() {
    for renderer in ALL {
        for room in [0, 10, 200] {
            let error = renderer.render(&[resources()], &PLAIN, &mut Breaking(room)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{} {room}", renderer.name());
        }
    }
    // More than any buffer on the way holds.
    let page = resources();
    let many = page.batches.iter().cycle().take(2_000).cloned().collect();
    let long = Page { batches: many, ..page.clone() };
    for name in ["csv", "tsv", "ndjson"] {
        let renderer = ALL.iter().find(|renderer| renderer.name() == name).unwrap();
        for threads in [1, 3] {
            let style = Style { threads, ..PLAIN };
            let done = renderer.render(std::slice::from_ref(&long), &style, &mut Breaking(10));
            assert_eq!(done.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{name} {threads}");
        }
    }
    let mut batches = page.batches.iter().cloned();
    let error =
        super::write_table(&mut batches, &page.schema, &[], 1, &mut Breaking(10)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn names_and_extensions_lead_to_one_renderer_each() {
    for renderer in ALL {
        assert_eq!(by_name(renderer.name()).map(Renderer::name), Some(renderer.name()));
        for extension in renderer.extensions() {
            let found = by_extension(&extension.to_uppercase());
            assert_eq!(found.map(Renderer::name), Some(renderer.name()), "{extension}");
        }
    }
    assert!(by_name("yaml").is_none() && by_extension("").is_none());
}

const BEGIN: &str = "// roster:begin\n";
const END: &str = "// roster:end\n";

#[test]
fn roster_lists_every_file_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render");
    let mut stems: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| fs::read_to_string(path).unwrap().contains("\npub const RENDERER:"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    stems.sort();
    let mut block = BEGIN.to_owned();
    for stem in &stems {
        block = format!("{block}pub mod {stem};\n");
    }
    block.push_str("/// Every renderer, by file name.\n#[rustfmt::skip]\n");
    block.push_str("pub static ALL: &[&dyn Renderer] = &[\n");
    for stem in &stems {
        block = format!("{block}    {stem}::RENDERER,\n");
    }
    block.push_str("];\n");
    let path = folder.join("mod.rs");
    let source = fs::read_to_string(&path).unwrap();
    let (before, rest) = source.split_once(BEGIN).unwrap();
    let (present, after) = rest.split_once(END).unwrap();
    if format!("{BEGIN}{present}") == block {
        return;
    }
    if std::env::var_os("CI").is_none() {
        fs::write(&path, format!("{before}{block}{END}{after}")).unwrap();
        panic!("the roster in src/render/mod.rs was out of date and has been rewritten: run again");
    }
    panic!("the roster in src/render/mod.rs is out of date: run this test without CI set");
}
