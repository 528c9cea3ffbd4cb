//! Every shipped report against a second engine, against shuffled input and against brute force,
//! over seeded random tables with every mix of missing identity, verdict and resource.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
    new_null_array,
};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::Query;
use crate::engine::Rows;
use crate::engine::TableInput;
use crate::engine::polars::Polars;
use crate::engine::shipped::Shipped;
use crate::report::Library;
use crate::report::plan;
use crate::schema::Kind;
use crate::schema::TABLES;
use crate::schema::Table;
use crate::time::format_day;
use crate::time::format_micros;

mod signin;
mod tally;

const SETUP: &str = "python3 -m venv ~/.cache/azmfa/venv && ~/.cache/azmfa/venv/bin/pip install -r src/tests/requirements.txt && export AZMFA_PYTHON=~/.cache/azmfa/venv/bin/python";
const DAY: i64 = 86_400_000_000;
const START: i64 = 20_454 * DAY;

type Row = BTreeMap<&'static str, Value>;
type Tables = BTreeMap<&'static str, Vec<Row>>;

/// A small generator: the same seed, the same tables, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick(&mut self, faces: &[&str]) -> Value {
        let at = usize::try_from(self.roll(faces.len() as u64)).unwrap();
        if faces[at].is_empty() { Value::Null } else { json!(faces[at]) }
    }

    fn number(&mut self, sides: u64) -> Value {
        let rolled = self.roll(sides + 1);
        if rolled == sides { Value::Null } else { json!(rolled) }
    }

    fn shuffle<T>(&mut self, rows: &mut [T]) {
        for last in (1..rows.len()).rev() {
            rows.swap(last, usize::try_from(self.roll(last as u64 + 1)).unwrap());
        }
    }
}

fn identity(dice: &mut Dice, row: &mut Row) {
    let kind = dice.pick(&[
        "user",
        "user",
        "user",
        "user",
        "service_principal",
        "managed_identity",
        "azure_service",
        "unknown",
        "none",
        "",
    ]);
    let upn = dice.pick(&["ann@x.test", "böb@x.test", "cy@x.test", ""]);
    let caller =
        if kind == "none" { Value::Null } else { dice.pick(&["ann@x.test", "o-2", "spn", ""]) };
    let (mut oid, mut known_upn) = (Value::Null, Value::Null);
    let verdict = match kind.as_str() {
        Some("user") => {
            oid = dice.pick(&["o-1", "o-2", "o-3", "", ""]);
            known_upn = upn;
            dice.pick(&["mfa", "non_mfa", "non_mfa", "unknown"])
        }
        Some("service_principal" | "managed_identity" | "azure_service") => json!("not_user"),
        _ => dice.pick(&["unknown", ""]),
    };
    let key = [&oid, &known_upn, &caller].into_iter().find(|part| !part.is_null());
    row.insert("user_key", key.cloned().unwrap_or_default());
    row.insert("principal_type", kind);
    row.insert("caller", caller);
    row.insert("caller_upn", known_upn);
    row.insert("caller_oid", oid);
    row.insert("caller_name", dice.pick(&["Ann", "Böb", ""]));
    row.insert("mfa", verdict);
    row.insert("idtyp", dice.pick(&["user", "app", ""]));
    row.insert("client_app_id", dice.pick(&["c-1", "c-2", ""]));
    row.insert("client_app", dice.pick(&["Azure CLI", ""]));
}

fn resource(dice: &mut Dice, row: &mut Row) {
    let number = dice.roll(8);
    if number > 0 {
        row.insert("resource_id", json!(format!("/subscriptions/s-{}/r-{number}", number % 3)));
        row.insert("resource_name", json!(format!("r-{number}")));
        row.insert("resource_type", json!("a/b"));
        row.insert("resource_group", dice.pick(&["g", ""]));
    }
    row.insert(
        "subscription_id",
        if number == 1 { Value::Null } else { json!(format!("s-{}", number % 3)) },
    );
    row.insert("region", dice.pick(&["westeurope", "eastus", ""]));
}

fn instant(dice: &mut Dice) -> i64 {
    START
        + i64::try_from(dice.roll(10)).unwrap() * DAY
        + i64::try_from(dice.roll(1_000_000)).unwrap() * 86_400
}

fn policy(dice: &mut Dice, others: &mut Dice, count: u64) -> Row {
    let mut row = Row::new();
    row.insert("event_id", json!(format!("e-{}", dice.roll(count))));
    row.insert("event_time", json!(instant(dice)));
    row.insert("policy_definition_id", dice.pick(&["d-1", "d-2", "d-3", ""]));
    row.insert("policy_display_name", dice.pick(&["Old name", "New name", ""]));
    row.insert("policy_effect", dice.pick(&["audit", "deny", ""]));
    row.insert("assignment_id", dice.pick(&["as-1", "as-2", ""]));
    row.insert("assignment_name", dice.pick(&["one", "two", ""]));
    row.insert("mfa_policy", dice.pick(&["custom", "microsoft_write", ""]));
    row.insert("operation", others.pick(&["a/b/write", ""]));
    row.insert("correlation_id", others.pick(&["k", ""]));
    identity(others, &mut row);
    let key = row.remove("user_key").filter(|_| row["principal_type"] == "user");
    row.insert("human_key", key.unwrap_or_default());
    resource(others, &mut row);
    row
}

fn tables(seed: u64, count: u64) -> Tables {
    let (mut dice, mut others) = (Dice(seed), Dice(!seed));
    let mut tables = Tables::new();
    let (mut attempts, mut events, mut policies) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..count {
        let mut row = Row::new();
        let first = instant(&mut dice);
        row.insert("attempt_id", json!(format!("a-{number}")));
        row.insert("event_id", json!(format!("e-{number}")));
        row.insert("first_time", json!(first));
        row.insert("last_time", json!(first + i64::try_from(dice.roll(5)).unwrap()));
        row.insert("operation_class", dice.pick(&["write", "delete", "action"]));
        row.insert("operation", dice.pick(&["a/b/write", "a/b/delete", "a/b/go/action", ""]));
        row.insert("outcome", dice.pick(&["succeeded", "failed", "open"]));
        row.insert("policy_audits", dice.number(3));
        row.insert("policy_denies", dice.number(2));
        row.insert(
            "mfa_audited",
            [json!(true), json!(false), Value::Null][usize::try_from(dice.roll(3)).unwrap()]
                .clone(),
        );
        row.insert("mfa_denied", json!(dice.roll(2) == 0));
        row.insert("amr", dice.pick(&["pwd", "pwd,rsa", ""]));
        identity(&mut dice, &mut row);
        row.insert("is_application", json!(is_application(&row)));
        resource(&mut dice, &mut row);
        attempts.push(row);

        let mut row = Row::new();
        row.insert("event_id", json!(format!("e-{number}")));
        row.insert("event_time", json!(instant(&mut dice)));
        row.insert(
            "is_policy_event",
            [json!(true), json!(false), Value::Null][usize::try_from(dice.roll(3)).unwrap()]
                .clone(),
        );
        row.insert(
            "attempt_id",
            dice.number(count).as_u64().map_or(Value::Null, |it| json!(format!("a-{it}"))),
        );
        row.insert("authorization_action", dice.pick(&["a/b/write", ""]));
        row.insert("correlation_id", dice.pick(&["k", ""]));
        identity(&mut dice, &mut row);
        row.remove("user_key");
        resource(&mut dice, &mut row);
        events.push(row);

        policies.push(policy(&mut dice, &mut others, count));
    }
    let calendar = (0..10).map(|day| {
        Row::from([("day", json!(20_454 + day)), ("events", json!(if day == 4 { 0 } else { 3 }))])
    });
    let calendar = calendar.collect();
    let window = Row::from([
        ("window_start", json!("2026-01-01T00:00:00.000000Z")),
        ("window_end", json!("2026-01-10T23:59:59.999999Z")),
    ]);
    tables.insert("activity", events);
    tables.insert("activity_policy", policies);
    tables.insert("attempt", attempts);
    tables.insert("calendar", calendar);
    tables.insert("run", vec![window]);
    signin::add(&mut tables, &mut dice, count);
    tables
}

fn array(kind: Kind, name: &str, rows: &[Row]) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(name));
    match kind {
        Kind::Text => {
            let mut texts = StringViewBuilder::new();
            for cell in cells {
                texts.append_option(cell.and_then(Value::as_str));
            }
            Arc::new(texts.finish())
        }
        Kind::Integer => {
            Arc::new(cells.map(|it| it.and_then(Value::as_i64)).collect::<Int64Array>())
        }
        Kind::Boolean => {
            Arc::new(cells.map(|it| it.and_then(Value::as_bool)).collect::<BooleanArray>())
        }
        Kind::Timestamp => {
            let times: TimestampMicrosecondArray =
                cells.map(|it| it.and_then(Value::as_i64)).collect();
            Arc::new(times.with_timezone("UTC"))
        }
        Kind::Date => Arc::new(
            cells.map(|it| Some(i32::try_from(it?.as_i64()?).unwrap())).collect::<Date32Array>(),
        ),
    }
}

fn batch(table: &Table, rows: &[Row], keep: impl Fn(&str) -> bool) -> RecordBatch {
    let schema = Arc::new(table.arrow_schema(&keep));
    let kept = table.columns.iter().filter(|column| keep(column.name));
    let arrays = kept.map(|column| array(column.kind, column.name, rows)).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(schema, arrays, &options).unwrap()
}

fn cell(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        arrow_schema::DataType::Utf8View => json!(array.as_string_view().value(row)),
        arrow_schema::DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(row)),
        arrow_schema::DataType::Boolean => json!(array.as_boolean().value(row)),
        arrow_schema::DataType::Date32 => {
            json!(format_day(array.as_primitive::<Date32Type>().value(row)))
        }
        arrow_schema::DataType::Timestamp(..) => {
            json!(format_micros(array.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        other => panic!("a report gives {other}"),
    }
}

fn rows(answer: &Answer) -> Vec<Vec<Value>> {
    answer
        .batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows())
                .map(|row| batch.columns().iter().map(|column| cell(column, row)).collect())
        })
        .collect()
}

/// Runs every report over only the columns that the plan asks for, `parts` batches a table.
fn ours(tables: &Tables, parts: usize) -> BTreeMap<String, Vec<Vec<Value>>> {
    ours_with(tables, parts, 2)
}

fn ours_with(tables: &Tables, parts: usize, threads: usize) -> BTreeMap<String, Vec<Vec<Value>>> {
    let library = Library::embedded();
    let sqls: Vec<&str> = library.reports().map(|report| report.sql.as_str()).collect();
    let plan = plan::plan(&sqls, &library).unwrap();
    let batches: Vec<(&Table, Vec<RecordBatch>)> = TABLES
        .iter()
        .filter(|table| plan.columns.contains_key(table.name))
        .map(|table| {
            let rows = &tables[table.name];
            let size = rows.len().div_ceil(parts).max(1);
            let keep = |name: &str| plan.needs(table.name, name);
            (*table, rows.chunks(size).map(|rows| batch(table, rows, keep)).collect())
        })
        .collect();
    let inputs: Vec<TableInput<'_>> = batches
        .iter()
        .map(|(table, batches)| TableInput {
            name: table.name,
            schema: schema_of(table.name, &plan),
            rows: Rows::Batches(batches),
        })
        .collect();
    answers(&library, &plan, &inputs, threads)
}

/// As [`ours`], from Parquet files with every column, as many files a table as `folders`.
fn ours_on_disk(folders: &[&Path]) -> BTreeMap<String, Vec<Vec<Value>>> {
    let library = Library::embedded();
    let sqls: Vec<&str> = library.reports().map(|report| report.sql.as_str()).collect();
    let plan = plan::plan(&sqls, &library).unwrap();
    let files: Vec<(&String, Vec<File>)> = plan
        .columns
        .keys()
        .map(|name| {
            let open = |folder: &&Path| File::open(folder.join(format!("{name}.parquet"))).unwrap();
            (name, folders.iter().map(open).collect())
        })
        .collect();
    let inputs: Vec<TableInput<'_>> = files
        .iter()
        .map(|(name, files)| TableInput {
            name,
            schema: schema_of(name, &plan),
            rows: Rows::Parquet(files),
        })
        .collect();
    answers(&library, &plan, &inputs, 2)
}

fn schema_of(name: &str, plan: &plan::Plan) -> SchemaRef {
    let table = TABLES.iter().find(|table| table.name == name).unwrap();
    Arc::new(table.arrow_schema(|column| plan.needs(name, column)))
}

fn answers(
    library: &Library,
    plan: &plan::Plan,
    inputs: &[TableInput<'_>],
    threads: usize,
) -> BTreeMap<String, Vec<Vec<Value>>> {
    let queries: Vec<Query<'_>> = library
        .reports()
        .map(|report| Query { name: &report.id, sql: &report.sql, columns: report.declared() })
        .collect();
    let engine = Polars::default().with_threads(threads);
    let answers = engine.run(inputs, &plan.views, &queries).unwrap();
    // Tables on disk count as more than any number.
    let any = usize::MAX - 1;
    for (small_rows, few_rows) in [(0, 0), (any, 0), (any, any)] {
        let keeps_what_comes_twice = small_rows > 0;
        let other = Polars { small_rows, few_rows, keeps_what_comes_twice, ..engine };
        let other = other.run(inputs, &plan.views, &queries).unwrap();
        for ((query, answer), other) in queries.iter().zip(&answers).zip(&other) {
            let name = query.name;
            assert_eq!(rows(answer), rows(other), "{name}, {small_rows} and {few_rows} rows");
        }
    }
    let shipped = Shipped { polars: engine }.run(inputs, &plan.views, &queries).unwrap();
    for ((query, answer), other) in queries.iter().zip(&answers).zip(&shipped) {
        assert_eq!(rows(answer), rows(other), "{}", query.name);
        assert_eq!(answer.schema.fields(), other.schema.fields(), "{}", query.name);
    }
    for (report, answer) in library.reports().zip(&answers) {
        for (column, field) in report.columns.iter().zip(answer.schema.fields()) {
            assert_eq!(
                *field.data_type(),
                column.kind.data_type(),
                "{} {}",
                report.id,
                column.name
            );
        }
    }
    library
        .reports()
        .zip(&answers)
        .map(|(report, answer)| (report.id.clone(), rows(answer)))
        .collect()
}

fn write_parquet(tables: &Tables, folder: &Path) {
    for table in TABLES {
        let batch = batch(table, &tables[table.name], |_| true);
        let file = File::create(folder.join(format!("{}.parquet", table.name))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

fn second_engine(tables: &Tables) -> BTreeMap<String, Vec<Vec<Value>>> {
    let python = std::env::var("AZMFA_PYTHON").unwrap_or_else(|_| {
        panic!("AZMFA_PYTHON has to name a Python with DuckDB to check reports on a second engine; set it up with:\n{SETUP}")
    });
    let folder = tempfile::tempdir().unwrap();
    write_parquet(tables, folder.path());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::embedded();
    let output = Command::new(python)
        .arg(root.join("src/tests/second_engine.py"))
        .arg(folder.path())
        .arg(root.join("queries"))
        .args(library.reports().map(|report| report.id.as_str()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    let answers = answers.as_object().unwrap().iter();
    answers
        .map(|(id, answer)| {
            let declared: Vec<&str> =
                library.find(id).unwrap().columns.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(answer["columns"], json!(declared), "{id}");
            (id.clone(), serde_json::from_value(answer["rows"].clone()).unwrap())
        })
        .collect()
}

fn assert_same(
    left: &BTreeMap<String, Vec<Vec<Value>>>,
    right: &BTreeMap<String, Vec<Vec<Value>>>,
) {
    assert_eq!(left.len(), right.len());
    for (id, rows) in left {
        assert_eq!(rows.len(), right[id].len(), "rows of {id}");
        for (number, (row, other)) in rows.iter().zip(&right[id]).enumerate() {
            assert_eq!(row, other, "row {number} of {id}");
        }
    }
}

#[test]
fn every_report_gives_the_same_on_a_second_engine() {
    for (seed, count) in [(1, 600), (2, 7), (3, 0)] {
        let tables = tables(seed, count);
        assert_same(&ours(&tables, 3), &second_engine(&tables));
    }
}

#[test]
fn the_order_of_the_input_changes_no_report() {
    let mut shuffled = tables(4, 500);
    let before = ours(&shuffled, 1);
    let mut dice = Dice(99);
    for rows in shuffled.values_mut() {
        dice.shuffle(rows);
    }
    for parts in [1, 7] {
        assert_same(&before, &ours(&shuffled, parts));
    }
}

#[test]
fn the_number_of_threads_changes_no_report() {
    let tables = tables(4, 500);
    let before = ours(&tables, 2);
    for threads in [1, 2, 5] {
        assert_same(&before, &ours_with(&tables, 2, threads));
    }
}

/// Rows of a report as maps from column to value.
fn named(id: &str, answers: &BTreeMap<String, Vec<Vec<Value>>>) -> Vec<BTreeMap<String, Value>> {
    let library = Library::embedded();
    let names: Vec<String> =
        library.find(id).unwrap().columns.iter().map(|column| column.name.clone()).collect();
    answers[id].iter().map(|row| names.iter().cloned().zip(row.iter().cloned()).collect()).collect()
}

fn is_write(row: &Row) -> bool {
    row["operation_class"] == "write" || row["operation_class"] == "delete"
}

fn is_application(row: &Row) -> bool {
    matches!(
        row["principal_type"].as_str(),
        Some("service_principal" | "managed_identity" | "azure_service")
    )
}

fn number_of(rows: &[&Row], is_counted: impl Fn(&Row) -> bool) -> Value {
    json!(rows.iter().filter(|row| is_counted(row)).count())
}

fn distinct(rows: &[&Row], value: impl Fn(&Row) -> Value) -> Value {
    let found: BTreeSet<String> = rows
        .iter()
        .map(|row| value(row))
        .filter(|it| !it.is_null())
        .map(|it| it.to_string())
        .collect();
    json!(found.len())
}

fn total(rows: &[&Row], name: &str) -> Value {
    json!(rows.iter().filter_map(|row| row[name].as_i64()).sum::<i64>())
}

fn get(row: &Row, name: &str) -> Value {
    row.get(name).cloned().unwrap_or_default()
}

fn newest(rows: &[&Row], name: &str) -> Value {
    let used = rows.iter().filter(|row| !get(row, name).is_null());
    let newest = used
        .max_by_key(|row| (row["last_time"].as_i64(), get(row, name).as_str().map(str::to_owned)));
    newest.map(|row| get(row, name)).unwrap_or_default()
}

fn measures(rows: &[&Row]) -> BTreeMap<String, Value> {
    let times = |name: &str| rows.iter().filter_map(|row| row[name].as_i64()).collect::<Vec<_>>();
    let non_mfa_write = |row: &Row| is_write(row) && row["mfa"] == "non_mfa";
    let wanted = [
        ("write_attempts", number_of(rows, is_write)),
        ("mfa_writes", number_of(rows, |row| is_write(row) && row["mfa"] == "mfa")),
        ("non_mfa_writes", number_of(rows, non_mfa_write)),
        (
            "unknown_writes",
            number_of(rows, |row| {
                is_write(row) && (row["mfa"] == "unknown" || row["mfa"].is_null())
            }),
        ),
        (
            "non_mfa_deletes",
            number_of(rows, |row| row["operation_class"] == "delete" && row["mfa"] == "non_mfa"),
        ),
        (
            "non_mfa_actions",
            number_of(rows, |row| row["operation_class"] == "action" && row["mfa"] == "non_mfa"),
        ),
        (
            "non_mfa_users",
            distinct(
                rows,
                |row| if non_mfa_write(row) { get(row, "user_key") } else { Value::Null },
            ),
        ),
        ("resources", distinct(rows, |row| get(row, "resource_id"))),
        ("subscriptions", distinct(rows, |row| get(row, "subscription_id"))),
        (
            "client_apps",
            distinct(rows, |row| {
                let id = get(row, "client_app_id");
                if id.is_null() { get(row, "client_app") } else { id }
            }),
        ),
        ("policy_audits", total(rows, "policy_audits")),
        ("policy_denies", total(rows, "policy_denies")),
        ("first_seen", json!(format_micros(*times("first_time").iter().min().unwrap()))),
        ("last_seen", json!(format_micros(*times("last_time").iter().max().unwrap()))),
    ];
    wanted.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn groups<'a>(rows: impl Iterator<Item = &'a Row>, key: &str) -> Vec<(Value, Vec<&'a Row>)> {
    let mut groups: BTreeMap<(bool, String), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let value = get(row, key);
        groups
            .entry((value.is_null(), value.as_str().unwrap_or_default().to_owned()))
            .or_default()
            .push(row);
    }
    let named = groups.into_iter();
    let mut groups: Vec<_> = named
        .map(|((is_null, text), rows)| (if is_null { Value::Null } else { json!(text) }, rows))
        .collect();
    groups.sort_by_key(|(_, rows)| {
        std::cmp::Reverse(
            rows.iter().filter(|row| is_write(row) && row["mfa"] == "non_mfa").count(),
        )
    });
    groups
}

#[test]
fn by_user_is_what_counting_by_hand_gives() {
    let tables = tables(5, 700);
    let found = named("by-user", &ours(&tables, 2));
    let wanted = groups(tables["attempt"].iter().filter(|row| !is_application(row)), "user_key");
    assert_eq!(found.len(), wanted.len());
    for (found, (key, rows)) in found.iter().zip(wanted) {
        for (name, value) in measures(&rows) {
            if let Some(given) = found.get(&name) {
                assert_eq!(*given, value, "{name} of {key}");
            }
        }
        if key.is_null() {
            assert_eq!(found["user"], Value::Null);
            continue;
        }
        let upn = newest(&rows, "caller_upn");
        if !upn.is_null() {
            assert_eq!(found["user"], upn, "{key}");
        }
        assert!(!found["user"].is_null() || rows.iter().all(|row| get(row, "caller").is_null()));
        assert_eq!(found["display_name"], newest(&rows, "caller_name"), "{key}");
    }
}

#[test]
fn by_resource_is_what_counting_by_hand_gives() {
    let tables = tables(6, 700);
    let found = named("by-resource", &ours(&tables, 2));
    let wanted = groups(tables["attempt"].iter(), "resource_id");
    assert_eq!(found.len(), wanted.len());
    for (found, (key, rows)) in found.iter().zip(wanted) {
        assert_eq!(found["resource_id"], key);
        for (name, value) in measures(&rows) {
            if let Some(given) = found.get(&name) {
                assert_eq!(*given, value, "{name} of {key}");
            }
        }
    }
}

#[test]
fn totals_agree_across_pivots() {
    let answers = ours(&tables(7, 700), 3);
    let sum = |id: &str, column: &str| -> i64 {
        named(id, &answers).iter().filter_map(|row| row[column].as_i64()).sum()
    };
    let summary = |metric: &str| -> i64 {
        let rows = named("summary", &answers);
        let row = rows.iter().find(|row| row["metric"] == metric).unwrap();
        row["value"].as_str().unwrap().parse().unwrap()
    };
    let writes = summary("write_attempts");
    assert_eq!(sum("by-user", "write_attempts") + sum("by-application", "write_attempts"), writes);
    for id in
        ["by-resource", "by-user", "by-client", "by-operation", "by-subscription", "by-region"]
    {
        assert_eq!(sum(id, "non_mfa_writes"), summary("non_mfa_write_attempts"), "{id}");
        assert_eq!(sum(id, "non_mfa_actions"), summary("non_mfa_actions"), "{id}");
    }
    for id in ["by-resource", "by-client", "by-operation", "by-subscription", "by-region"] {
        assert_eq!(sum(id, "write_attempts"), writes, "{id}");
        assert_eq!(sum(id, "policy_audits"), summary("mfa_policy_audits"), "{id}");
        assert_eq!(sum(id, "policy_denies"), summary("mfa_policy_denies"), "{id}");
    }
    let parts = ["mfa", "non_mfa", "unknown", "not_user"]
        .map(|it| summary(&format!("{it}_write_attempts")));
    assert_eq!(parts.iter().sum::<i64>(), writes);
    let listed = i64::try_from(named("non-mfa-writes", &answers).len()).unwrap();
    assert_eq!(listed, summary("non_mfa_write_attempts"));
}

#[test]
fn a_day_without_events_is_a_hole_and_one_without_attempts_is_zero() {
    let mut tables = tables(8, 300);
    let quiet = 20_456 * DAY..20_457 * DAY;
    let hole = 20_458 * DAY..20_459 * DAY;
    tables.get_mut("attempt").unwrap().retain(|row| {
        let time = row["first_time"].as_i64().unwrap();
        !quiet.contains(&time) && !hole.contains(&time)
    });
    let answers = ours(&tables, 1);
    let days = named("timeline", &answers);
    assert_eq!(days.len(), 10);
    assert_eq!(days[2]["write_attempts"], json!(0));
    assert_eq!(days[2]["first_seen"], Value::Null);
    assert_eq!(days[4]["write_attempts"], Value::Null);
    let sum: i64 = days.iter().filter_map(|day| day["non_mfa_writes"].as_i64()).sum();
    assert_eq!(sum, i64::try_from(named("non-mfa-writes", &answers).len()).unwrap());
}

#[test]
fn tables_on_disk_give_the_answers_of_tables_in_memory() {
    for (seed, rows) in [(1, 0), (2, 3), (3, 400)] {
        let tables = tables(seed, rows);
        let folder = tempfile::tempdir().unwrap();
        write_parquet(&tables, folder.path());
        assert_eq!(ours_on_disk(&[folder.path()]), ours(&tables, 1), "{rows} rows");
    }
}

/// One query over all columns of twenty attempts.
fn typed(sql: &str) -> Result<Vec<Answer>, EngineError> {
    let table = TABLES.iter().find(|table| table.name == "attempt").unwrap();
    let batch = batch(table, &tables(9, 20)["attempt"], |_| true);
    let input =
        TableInput { name: "attempt", schema: batch.schema(), rows: Rows::Batches(&[batch]) };
    Polars::default().run(&[input], &[], &[Query { name: "typed", sql, columns: Vec::new() }])
}

#[test]
fn undeclared_columns_come_in_the_nearest_kind() {
    let answers = typed(
        "select count(*) as n, avg(policy_audits) as a, max(first_time) as t, max(mfa) as m, \
         cast(max(first_time) as date) as d, null as nothing from attempt",
    )
    .unwrap();
    let kinds: Vec<String> =
        answers[0].schema.fields().iter().map(|field| field.data_type().to_string()).collect();
    assert_eq!(
        kinds,
        ["Int64", "Float64", "Timestamp(µs, \"UTC\")", "Utf8View", "Date32", "Utf8View"]
    );
}

#[test]
fn sql_that_does_not_run_is_an_error_with_its_name() {
    let error = typed("select nothing_like_it from attempt").unwrap_err().to_string();
    assert!(error.starts_with("cannot run `typed`: "), "{error}");
    assert!(!error.contains('\n'), "{error}");
    let query = Query { name: "q", sql: "select 1 as one", columns: vec![("two", Kind::Integer)] };
    let error = Polars::default().run(&[], &[], &[query]).unwrap_err();
    assert_eq!(error.to_string(), "`q` gives columns `one` where `two` is declared");
}

#[test]
fn a_table_without_rows_or_without_batches_is_empty() {
    let table = TABLES.iter().find(|table| table.name == "calendar").unwrap();
    let schema = Arc::new(table.arrow_schema(|_| true));
    let nulls = schema.fields().iter().map(|field| new_null_array(field.data_type(), 0)).collect();
    let empty = RecordBatch::try_new(Arc::clone(&schema), nulls).unwrap();
    for batches in [&[][..], &[empty][..]] {
        let input = TableInput {
            name: "calendar",
            schema: Arc::clone(&schema),
            rows: Rows::Batches(batches),
        };
        let query = Query {
            name: "q",
            sql: "select count(*) as n, max(day) as d from calendar",
            columns: vec![("n", Kind::Integer), ("d", Kind::Date)],
        };
        let answers = Polars::default().run(&[input], &[], &[query]).unwrap();
        assert_eq!(rows(&answers[0]), [[json!(0), Value::Null]]);
    }
}

#[test]
fn bound_parameters_mean_the_same_to_the_engine() {
    let text = "-- title: T\n-- about: A\n-- grain: G\n-- reads: attempt\n-- param: since timestamp\n\
        -- param: day date\n-- param: who text\n-- param: top integer = 3\n-- param: sure boolean = true\n\
        -- column: attempt_id text\nselect attempt_id from attempt where first_time >= :since and \
        cast(first_time as date) <= :day and coalesce(caller, 'it''s \\') <> :who and :sure \
        order by attempt_id limit :top";
    let report = crate::report::front::parse("queries/x/y.sql", text).unwrap();
    let given = [("since", "2026-01-05"), ("day", "2026-01-07"), ("who", "it's \\")];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let sql = crate::report::param::bind(&report, &given, 0).unwrap();
    let found: Vec<Value> = rows(&typed(&sql).unwrap()[0]).concat();
    let attempts = tables(9, 20);
    let mut wanted: Vec<Value> = attempts["attempt"]
        .iter()
        .filter(|row| {
            let day = row["first_time"].as_i64().unwrap() / DAY;
            (20_458..=20_460).contains(&day) && !row["caller"].is_null()
        })
        .map(|row| row["attempt_id"].clone())
        .collect();
    wanted.sort_by_key(Value::to_string);
    wanted.truncate(3);
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
}
