//! What is reckoned on numbers of texts, against polars: every report, and SQL of every kind that is known.

use super::{Dice, Row, Tables, array, rows, schema_of, tables};
use crate::engine::Engine;
use crate::engine::Query;
use crate::engine::Rows;
use crate::engine::TableInput;
use crate::engine::polars::Polars;
use crate::engine::tally::Tally;
use crate::report::Library;
use crate::report::plan;
use crate::schema::TABLES;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::calendar::TABLE as CALENDAR;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions, StringViewArray, UInt16Array,
};
use arrow_schema::{Field, Schema};
use arrow_select::concat::concat_batches;
use serde_json::Value;

/// Reports that are left to polars: they number rows, list them under each other or look into texts.
const LEFT: &[&str] = &[
    "legacy-auth",
    "mfa-methods",
    "msid-mfa-report",
    "protected-actions",
    "readiness-summary",
    "sign-in-gaps",
    "sign-ins-by-user",
    "write-to-sign-in",
];

#[test]
fn reports_are_known_but_for_a_few() {
    let library = Library::embedded();
    let sqls: Vec<&str> = library.reports().map(|report| report.sql.as_str()).collect();
    let plan = plan::plan(&sqls, &library).unwrap();
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let inputs = names
        .iter()
        .filter(|name| plan.columns.contains_key(**name))
        .map(|name| TableInput { name, schema: schema_of(name, &plan), rows: Rows::Batches(&[]) });
    let inputs: Vec<TableInput<'_>> = inputs.collect();
    let queries: Vec<Query<'_>> = library
        .reports()
        .map(|report| Query { name: &report.id, sql: &report.sql, columns: report.declared() })
        .collect();
    let known = Tally::of(&plan.views, &queries).known(&inputs);
    let left = queries.iter().zip(known).filter(|(_, is_known)| !is_known);
    let left: Vec<&str> = left.map(|(query, _)| query.name).collect();
    assert_eq!(left, LEFT);
}

/// SQL over `attempt` and `calendar`; where it has no order, rows are compared whatever theirs.
const KNOWN: &[&str] = &[
    "select caller from attempt",
    "select count(*) as n from attempt",
    "select count(caller) as n, count(distinct caller) as d, sum(event_count) as s from attempt",
    "select count(*) as n, sum(event_count) as s, max(caller) as c, min(first_time) as f from attempt where caller = 'nobody'",
    "select caller, caller_upn, count(*) as n from attempt group by caller, caller_upn",
    "select is_application, event_count, min(caller) as least, max(caller) as most, min(event_count) as few, max(last_time) as late from attempt group by is_application, event_count",
    "select cast(first_time as date) as day, count(*) as n from attempt group by day order by day",
    "select caller as who, count(*) as n from attempt group by who having count(*) > 2 order by n desc, who nulls first",
    "select coalesce(caller, caller_upn, 'none') as who, sum(event_count) as n from attempt group by coalesce(caller, caller_upn, 'none') order by who",
    "select coalesce(client_app, client_app_id) as app, count(distinct user_key) as users from attempt group by app order by users desc, app nulls last",
    "select attempt_id, case when mfa = 'mfa' then 1 when mfa is null then 0 end as c from attempt",
    "select attempt_id, case mfa when 'mfa' then caller when 'non_mfa' then 'x' else caller_upn end as c from attempt",
    "select attempt_id, case when event_count > 1 and not is_application then first_time else last_time end as c from attempt",
    "select attempt_id, case when caller = 'spn' then is_application else mfa_denied end as c from attempt",
    "select attempt_id from attempt where mfa = 'mfa' or caller = 'spn'",
    "select attempt_id from attempt where not (mfa = 'mfa' and caller <> 'spn')",
    "select attempt_id from attempt where not (mfa = 'mfa' or caller = 'spn') or is_application",
    "select attempt_id from attempt where caller in ('spn', 'o-2', 'nobody')",
    "select attempt_id from attempt where caller < 'b' or caller >= 'o' or caller_upn > 'b' or region <= 'eastus'",
    "select attempt_id from attempt where caller = caller_upn or caller_oid < user_key",
    "select attempt_id from attempt where first_time = last_time or first_time < last_time",
    "select attempt_id from attempt where event_count = 1 or event_count > 2",
    "select attempt_id from attempt where event_count is not null and caller is null",
    "select attempt_id from attempt where null or mfa = null or true",
    "select attempt_id, cast(event_count as string) as n, cast(case when is_application then -1 else 0 end as bigint) as b from attempt",
    "select a.caller, b.n from attempt as a inner join (select caller, count(*) as n from attempt group by caller) as b on a.caller = b.caller",
    "select a.attempt_id, b.attempt_id as other from attempt as a left join attempt as b on a.caller_oid = b.user_key and a.event_count = b.event_count",
    "select calendar.day, a.n from calendar left join (select cast(first_time as date) as day, count(*) as n from attempt group by day) as a on a.day = calendar.day order by calendar.day",
    "with t as (select caller, max(last_time) as used from attempt where caller is not null group by caller), u as (select max(used) as used from t) select t.caller from t inner join u on t.used = u.used order by caller",
    "with w as (select place, word from (values (1, 'one'), (2, null), (3, 'one')) as v (place, word)) select place, word, n from w cross join (select count(*) as n from attempt) as c order by place",
    "select caller, mfa, is_application, event_count from attempt order by is_application desc nulls last, mfa nulls first, caller desc nulls first, event_count nulls last, attempt_id",
    "select attempt_id, caller from attempt order by case when caller is null then 1 else 0 end, caller nulls last, attempt_id limit 7",
    "select resource_id from attempt order by resource_id nulls last",
    "select resource_id, max(subscription_id) as s from attempt group by resource_id order by resource_id desc nulls first",
];

/// SQL that is left to polars, and SQL that nobody runs.
const UNKNOWN: &[&str] = &[
    "select distinct caller from attempt",
    "select caller from attempt order by caller",
    "select lower(caller) as c from attempt",
    "select event_count + 1 as c from attempt",
    "select caller from attempt where caller like 'a%'",
    "select attempt_id, row_number() over (order by attempt_id) as n from attempt",
    "select caller from attempt union all select user_key from attempt",
    "select * from attempt",
    "select a.caller from attempt as a full join attempt as b on a.caller = b.caller",
    "select a.caller from attempt as a inner join attempt as b on a.event_count < b.event_count",
    "select caller from attempt as a inner join attempt as b on a.caller = b.caller",
    "select caller, caller from attempt",
    "select nothing from attempt",
    "select caller from nowhere",
    "select caller, count(*) as n from attempt",
    "select max(mfa_denied) as m from attempt",
    "select case when is_application then 1 else 'x' end as c from attempt",
    "select cast(caller as bigint) as c from attempt",
    "select caller from attempt where first_time > '2026-01-01'",
    "select count(distinct event_count) as n from attempt",
    "select sum(event_count) filter (where is_application) as n from attempt",
    "select caller from attempt limit 1 offset 1",
    "select",
];

/// How batches have their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Texts,
    /// Numbered in each batch by itself.
    Numbers,
    /// Numbered alike in all batches, as in rows that waited.
    SharedNumbers,
    /// The same, with numbers of its own for each row, as they should not be.
    RepeatedNumbers,
}

/// Batches of each table.
fn batches(tables: &Tables, parts: usize, texts: As) -> Vec<(&'static str, Vec<RecordBatch>)> {
    let of = |table: &'static crate::schema::Table| {
        let all: &[Row] = &tables[table.name];
        let size = all.len().div_ceil(parts).max(1);
        let columns = |rows: &[Row]| -> Vec<ArrayRef> {
            let columns = table.columns.iter();
            columns.map(|column| array(column.kind, column.name, rows)).collect()
        };
        let is_each_new = texts == As::RepeatedNumbers;
        let numbered = |columns: Vec<ArrayRef>| {
            columns.iter().map(|column| numbered(column, is_each_new)).collect()
        };
        let whole: Vec<ArrayRef> = numbered(columns(all));
        let batch = |(part, rows): (usize, &[Row])| {
            let columns: Vec<ArrayRef> = match texts {
                As::Texts => columns(rows),
                As::Numbers => numbered(columns(rows)),
                As::SharedNumbers | As::RepeatedNumbers => {
                    whole.iter().map(|column| column.slice(part * size, rows.len())).collect()
                }
            };
            let fields = table.columns.iter().zip(&columns);
            let fields: Vec<Field> = fields
                .map(|(column, array)| Field::new(column.name, array.data_type().clone(), true))
                .collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
        };
        (table.name, all.chunks(size).enumerate().map(|part| batch(part).unwrap()).collect())
    };
    vec![of(&ATTEMPT), of(&CALENDAR)]
}

/// Texts as numbers of texts, the first of which is none at all.
fn numbered(plain: &ArrayRef, is_each_new: bool) -> ArrayRef {
    let Some(texts) = plain.as_string_view_opt() else { return Arc::clone(plain) };
    let mut words: Vec<Option<&str>> = vec![None];
    let keys: UInt16Array = texts
        .iter()
        .map(|text| {
            let known = words.iter().position(|word| *word == text && !is_each_new);
            let key = known.unwrap_or_else(|| {
                words.push(text);
                words.len() - 1
            });
            Some(u16::try_from(key).unwrap())
        })
        .collect();
    let words: StringViewArray = words.into_iter().collect();
    Arc::new(DictionaryArray::new(keys, Arc::new(words)))
}

fn inputs<'a>(batches: &'a [(&'static str, Vec<RecordBatch>)]) -> Vec<TableInput<'a>> {
    let input = |(name, batches): &'a (&'static str, Vec<RecordBatch>)| {
        let table = TABLES.iter().find(|table| table.name == *name).unwrap();
        let schema = Arc::new(table.arrow_schema(|_| true));
        TableInput { name, schema, rows: Rows::Batches(batches) }
    };
    batches.iter().map(input).collect()
}

fn in_some_order(mut rows: Vec<Vec<Value>>, sql: &str) -> Vec<Vec<Value>> {
    if !sql.contains("order by") {
        rows.sort_by_cached_key(|row| serde_json::to_string(row).unwrap());
    }
    rows
}

/// The tables of the reports, with counts of events.
fn counted(seed: u64, count: u64) -> Tables {
    let (mut tables, mut dice) = (tables(seed, count), Dice(seed));
    for attempt in tables.get_mut("attempt").unwrap() {
        attempt.insert("event_count", dice.number(4));
    }
    tables
}

#[test]
fn sql_of_every_kind_that_is_known_gives_what_polars_gives() {
    for (seed, count) in [(11, 300), (12, 9), (13, 0)] {
        let tables = counted(seed, count);
        let plain = batches(&tables, 3, As::Texts);
        for sql in KNOWN {
            let query = [Query { name: "q", sql, columns: Vec::new() }];
            let other = Polars::default().run(&inputs(&plain), &[], &query).unwrap();
            let other = in_some_order(rows(&other[0]), sql);
            let shapes = [
                (3, As::Texts, 1),
                (1, As::Texts, 2),
                (4, As::Numbers, 3),
                (1, As::Numbers, 1),
                (3, As::SharedNumbers, 2),
                (2, As::RepeatedNumbers, 2),
            ];
            for (parts, texts, threads) in shapes {
                let own = batches(&tables, parts, texts);
                let own = Tally::of(&[], &query).answers(&inputs(&own), threads);
                let own = own[0].as_ref().unwrap_or_else(|| panic!("not known: {sql}"));
                assert_eq!(in_some_order(rows(own), sql), other, "{sql}, {count} rows, {texts:?}");
            }
            let numbers = batches(&tables, 2, As::SharedNumbers);
            let again = Polars::default().run(&inputs(&numbers), &[], &query).unwrap();
            assert_eq!(in_some_order(rows(&again[0]), sql), other, "{sql}, polars on numbers");
        }
    }
}

#[test]
fn sql_that_is_not_known_is_left_alone() {
    let tables = tables(14, 40);
    let batches = batches(&tables, 1, As::Texts);
    for sql in UNKNOWN {
        let query = [Query { name: "q", sql, columns: Vec::new() }];
        let answers = Tally::of(&[], &query).answers(&inputs(&batches), 2);
        assert!(answers[0].is_none(), "{sql}");
    }
}

#[test]
fn texts_with_much_in_common_are_sorted_as_bytes() {
    let mut dice = Dice(5);
    let pieces = ["/a", "/aaaaaaaa", "/b\u{0}", "\u{0}", "", "/é", "/subscriptions/0000"];
    let mut attempts: Vec<Row> = Vec::new();
    for number in 0..2_000 {
        let count = dice.roll(12);
        let text: String =
            (0..count).map(|_| pieces[usize::try_from(dice.roll(7)).unwrap()]).collect();
        let text = if number % 50 == 0 { Value::Null } else { Value::from(text) };
        attempts.push(Row::from([("resource_id", text)]));
    }
    let mut expected: Vec<Option<String>> =
        attempts.iter().map(|row| row["resource_id"].as_str().map(str::to_owned)).collect();
    expected.sort();
    let tables = Tables::from([("attempt", attempts), ("calendar", Vec::new())]);
    let batches = batches(&tables, 2, As::Texts);
    for (order, is_reverse) in [("nulls first", false), ("desc nulls last", true)] {
        let sql = format!("select resource_id from attempt order by resource_id {order}");
        let query = [Query { name: "q", sql: &sql, columns: Vec::new() }];
        let answer = Tally::of(&[], &query).answers(&inputs(&batches), 1).remove(0).unwrap();
        let batch = concat_batches(&answer.schema, &answer.batches).unwrap();
        let found = batch.column(0).as_string_view().iter().map(|text| text.map(str::to_owned));
        let mut found: Vec<Option<String>> = found.collect();
        if is_reverse {
            found.reverse();
        }
        assert_eq!(found, expected, "{order}");
    }
}
