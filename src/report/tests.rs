//! Contract of every report file, the roster, the lint and the planner.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::report::Library;
use crate::report::ReportColumn;
use crate::report::ReportError;
use crate::report::adhoc;
use crate::report::front::parse;
use crate::report::lint;
use crate::report::parse::query;
use crate::report::plan;
use crate::schema::TABLES;

const ROSTER: &str = "src/report/roster.rs";
const HEADER: &str = "-- title: T\n-- about: A\n-- grain: G\n-- reads: attempt\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sql_files() -> Vec<String> {
    let mut files = Vec::new();
    let queries = root().join("queries");
    for folder in std::fs::read_dir(&queries).unwrap() {
        let folder = folder.unwrap().path();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "sql") {
                files.push(relative(&file));
            }
        }
    }
    files.sort();
    files
}

fn relative(file: &Path) -> String {
    let relative = file.strip_prefix(root()).unwrap();
    relative.to_str().unwrap().replace('\\', "/")
}

fn block(name: &str, files: &[&String]) -> String {
    let entries: Vec<String> = files
        .iter()
        .map(|file| format!("    (\"{file}\", include_str!(\"../../{file}\")),\n"))
        .collect();
    let entries = entries.concat();
    format!("#[rustfmt::skip]\npub(crate) const {name}: &[(&str, &str)] = &[\n{entries}];\n")
}

#[test]
fn the_roster_lists_every_file_in_queries() {
    let files = sql_files();
    let (views, reports): (Vec<&String>, Vec<&String>) =
        files.iter().partition(|file| file.starts_with("queries/views/"));
    let wanted = format!("\n{}\n{}", block("REPORTS", &reports), block("VIEWS", &views));
    let path = root().join(ROSTER);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("// roster: begin").unwrap();
    let (found, after) = rest.split_once("// roster: end").unwrap();
    if found == wanted {
        return;
    }
    if std::env::var_os("CI").is_none() {
        let text = format!("{before}// roster: begin{wanted}// roster: end{after}");
        std::fs::write(&path, text).unwrap();
        panic!("{ROSTER} was out of date and has been rewritten; run the tests again");
    }
    panic!("{ROSTER} does not list what is in queries/; run the tests once without CI set");
}

#[test]
fn every_report_and_view_keeps_the_rules() {
    let library = Library::embedded();
    assert!(library.reports().count() >= 12, "{}", library.reports().count());
    for report in library.reports() {
        lint::check(report, false, &library).unwrap_or_else(|error| panic!("{error}"));
    }
    for view in library.views() {
        lint::check(view, true, &library).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn reports_have_the_columns_the_contract_promises() {
    let library = Library::embedded();
    let pivot = "write_attempts mfa_writes non_mfa_writes unknown_writes non_mfa_users non_mfa_actions policy_audits policy_denies first_seen last_seen";
    let verdicts = "sign_ins in_scope mfa_sign_ins non_mfa_sign_ins exempt_sign_ins unknown_sign_ins not_completed excluded";
    for (id, columns) in [
        ("summary", "metric value note".to_owned()),
        ("policy-audit", "event_time resource_name resource_id policy_display_name policy_definition_id policy_effect mfa_policy assignment_name caller principal_type mfa operation region correlation_id event_id".to_owned()),
        ("non-mfa-writes", "event_time user user_id client_app operation resource_id resource_name outcome ip amr acrs policy_audited policy_denied correlation_id attempt_id event_id".to_owned()),
        ("by-resource", "resource_id resource_name resource_type subscription_id resource_group region write_attempts non_mfa_writes unknown_writes non_mfa_users non_mfa_actions policy_audits policy_denies first_seen last_seen".to_owned()),
        ("by-user", "user user_id display_name write_attempts mfa_writes non_mfa_writes unknown_writes non_mfa_deletes non_mfa_actions resources subscriptions client_apps policy_audits policy_denies first_seen last_seen".to_owned()),
        ("by-policy", "policy_definition_id policy_display_name mfa_policy policy_effect assignment_id assignment_name assignment_scope events resources users first_seen last_seen".to_owned()),
        ("by-application", format!("application_id application principal_type {pivot}")),
        ("by-client", format!("client_app_id client_app {pivot}")),
        ("by-operation", format!("operation {pivot}")),
        ("by-subscription", format!("subscription_id {pivot}")),
        ("by-region", format!("region {pivot}")),
        ("timeline", format!("day {pivot}")),
        ("readiness", "user user_id display_name verdict rule reasons phase enforced_from write_attempts mfa_writes non_mfa_writes unknown_writes non_mfa_deletes sign_ins mfa_sign_ins non_mfa_sign_ins exempt_sign_ins unknown_sign_ins failed_mfa_sign_ins clients old_clients methods_seen methods_registered mfa_strength roles is_break_glass service_score policy_denies first_seen last_seen last_non_mfa next_step".to_owned()),
        ("readiness-summary", "metric value note".to_owned()),
        ("blockers", "user verdict non_mfa_writes reasons next_step".to_owned()),
        ("service-accounts", "user user_id display_name service_score is_service service_evidence verdict non_mfa_writes non_mfa_deletes write_attempts sign_ins non_mfa_sign_ins ropc_sign_ins legacy_sign_ins clients is_mfa_capable roles first_seen last_seen next_step".to_owned()),
        ("sign-in-gaps", "user user_id app app_id phase mfa mfa_reason sign_ins ips first_seen last_seen".to_owned()),
        ("sign-ins-by-app", format!("app app_id {verdicts} application_sign_ins users first_seen last_seen")),
        ("sign-ins-by-user", format!("user user_id display_name {verdicts} apps ips first_seen last_seen")),
        ("legacy-auth", "user user_id client_app_used auth_protocol app app_id attempts completed blocked failed first_seen last_seen".to_owned()),
        ("write-to-sign-in", "event_time user user_id operation resource_id resource_name client_app ip link sign_in_time sign_in_ip sign_in_country sign_in_app sign_in_client sign_in_mfa mfa_reason mfa_methods requirement attempt_id event_id sign_in_id".to_owned()),
        ("mfa-methods", "source methods mfa_strength users sign_ins mfa_capable_users first_seen last_seen".to_owned()),
        ("protected-actions", "event_time actor actor_id actor_type permission activity target result ip link sign_in_time sign_in_app sign_in_mfa mfa_reason mfa_methods mfa_strength correlation_id event_id sign_in_id".to_owned()),
        ("msid-mfa-report", "name user_principal_name icon mfa_status az_portal az_cli az_powershell az_mobile_app m365_admin_portal authentication_methods user_id notes verdict rule difference".to_owned()),
    ] {
        let report = library.find(id).unwrap();
        let found: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(found.join(" "), columns, "{id}");
        assert!(report.columns.iter().all(|column| !column.note.is_empty()), "{id}");
    }
}

#[test]
fn the_msid_report_begins_with_the_headings_of_the_tool() {
    let library = Library::embedded();
    let report = library.find("msid-mfa-report").unwrap();
    let shown: Vec<&str> = report.columns.iter().map(ReportColumn::shown).collect();
    let tool = "Name|UserPrincipalName| |MFA Status|Az Portal|Az CLI|Az PowerShell|\
        Az Mobile App|M365 Admin Portal|Authentication Methods|UserId|Notes";
    assert_eq!(shown.join("|"), format!("{tool}|verdict|rule|difference"));
}

#[test]
fn an_unknown_report_names_the_nearest() {
    let library = Library::embedded();
    let error = library.find("by-usr").unwrap_err();
    assert_eq!(error.to_string(), "there is no report `by-usr`");
    assert_eq!(error.hint().as_deref(), Some("did you mean `by-user`?"));
    assert_eq!(library.find("BY-USER").unwrap().id, "by-user");
}

#[test]
fn reports_of_the_users_own_are_added_and_checked() {
    let mut library = Library::embedded();
    let view = "-- title: V\n-- about: A\n-- grain: G\n-- reads: attempt\n-- column: ip text\nselect ip from attempt";
    let report = "-- title: R\n-- about: A\n-- grain: G\n-- reads: ips\n-- column: ip text\nselect ip from ips order by ip";
    library.load_dir(&[("mine/z.sql", report), ("mine/views/ips.sql", view)]).unwrap();
    assert_eq!(library.find("z").unwrap().title, "R");
    let plan = plan::plan(&[&library.find("z").unwrap().sql], &library).unwrap();
    assert_eq!(plan.views, [("ips".to_owned(), "SELECT ip FROM attempt".to_owned())]);
    let error = library.load_dir(&[("mine/by-user.sql", report)]).unwrap_err();
    assert!(matches!(error, ReportError::Duplicate { .. }), "{error}");
    let error = library.load_dir(&[("mine/bad.sql", &report.replace("order by ip", ""))]);
    assert!(matches!(error, Err(ReportError::Lint(_))), "{error:?}");
}

#[test]
fn a_plan_keeps_what_was_read_as_it_would_be_read_again() {
    let library = Library::embedded();
    for report in library.reports() {
        let plan = plan::plan(&[&report.sql], &library).unwrap();
        assert_eq!(plan.trees.queries, [query(&report.sql).unwrap()], "{}", report.id);
        let views = plan.views.iter().map(|(_, sql)| query(sql).unwrap());
        assert_eq!(plan.trees.views, views.collect::<Vec<_>>(), "views of {}", report.id);
    }
}

#[test]
fn sql_that_answers_differently_elsewhere_is_refused() {
    let library = Library::embedded();
    let refused: Vec<String> = [
        "select mfa from attempt where mfa_denied is not true order by mfa",
        "select mfa from attempt where mfa_denied is false order by mfa",
        "select \"mfa\" from attempt order by mfa",
        "select mfa from attempt where operation like '%/write' order by mfa",
        "select mfa from attempt",
        "select * from attempt order by mfa",
        "select date_trunc('day', first_time) as mfa from attempt order by mfa",
        "select position('a' in mfa) as mfa from attempt order by mfa",
        "select caller from attempt order by caller",
        "select mfa from activity order by mfa",
        "select mfa from attemp order by mfa",
        "select row_number() over (order by ip desc, mfa) as mfa from attempt order by mfa",
        "select mfa from attempt order by mfa; drop table attempt",
        "drop table attempt",
        "selec mfa",
        "select mfa from read_csv('/etc/passwd') order by mfa",
    ]
    .into_iter()
    .map(|sql| {
        let text = format!("{HEADER}-- column: mfa text\n{sql}");
        let report = parse("queries/x/y.sql", &text).unwrap();
        let error = lint::check(&report, false, &library).unwrap_err();
        format!("## {sql}\n{error}\n")
    })
    .collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn a_report_may_opt_out_of_other_engines_with_a_reason() {
    let library = Library::embedded();
    let text = format!(
        "{HEADER}-- column: mfa text\n-- engines: polars | needs LIKE\nselect mfa from attempt where ip like '10.%' order by mfa"
    );
    let report = parse("queries/x/y.sql", &text).unwrap();
    lint::check(&report, false, &library).unwrap();
}

#[test]
fn a_query_that_is_typed_has_to_be_one_query() {
    let library = Library::embedded();
    adhoc::check("with a as (select ip from attempt) select * from a", &library).unwrap();
    for (sql, message) in [
        ("  ", "the SQL is empty"),
        ("-- nothing", "the SQL is empty"),
        ("select 1; select 2", "one query at a time: found 2 statements"),
        ("delete from attempt", "only queries are run: found `DELETE`"),
        ("select ip from atempt", "there is no table `atempt`"),
        (
            "select * from read_parquet('x')",
            "`read_parquet('x')` is a table function; only tables are read",
        ),
    ] {
        let error = adhoc::check(sql, &library).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some(), "{sql}");
    }
}

fn columns(sql: &str, table: &str) -> String {
    let library = Library::embedded();
    let found = plan::columns_read(&[sql], &library).unwrap();
    let found: Vec<&str> = found.get(table).into_iter().flatten().map(String::as_str).collect();
    found.join(" ")
}

#[test]
fn the_plan_names_the_columns_that_are_needed_and_few_others() {
    assert_eq!(columns("select ip from attempt where mfa = 'x'", "attempt"), "ip mfa");
    assert_eq!(columns("select count(*) as n from attempt", "attempt"), "");
    assert_eq!(
        columns("select sum(is_write) as n from attempt_measure", "attempt"),
        "operation_class"
    );
    let all: BTreeSet<&str> = TABLES
        .iter()
        .find(|table| table.name == "run")
        .unwrap()
        .columns
        .iter()
        .map(|c| c.name)
        .collect();
    let all: Vec<&str> = all.into_iter().collect();
    assert_eq!(columns("select r.* from run as r", "run"), all.join(" "));
    assert_eq!(columns("with a as (select ip from attempt) select a.ip from a", "attempt"), "ip");
}

#[test]
fn a_column_that_is_said_to_be_of_one_table_is_not_needed_of_another() {
    let joined = "select a.resource_id, policy . policy_effect, mfa from activity_policy as policy \
        join \"activity\" A on A.event_id = policy.event_id where a.caller is null";
    assert_eq!(columns(joined, "activity"), "caller event_id mfa resource_id");
    assert_eq!(columns(joined, "activity_policy"), "event_id mfa policy_effect");
    // A name that calls two tables calls both, and one that calls none may call any.
    let twice = "with t as (select a.ip from attempt a) \
        select a.caller, t.mfa, j.region from activity a cross join t cross join (select 1 as n) as x \
        cross join (activity b cross join run) as j where x.operation = 'x' and main.activity.level = 'y'";
    assert_eq!(columns(twice, "attempt"), "caller ip region");
    assert_eq!(columns(twice, "activity"), "caller ip level region");
    assert_eq!(columns("select x.ip from attempt as t", "attempt"), "ip");
}

#[test]
fn a_plan_for_by_region_leaves_claims_out() {
    let library = Library::embedded();
    let report = library.find("by-region").unwrap();
    let plan = plan::plan(&[&report.sql], &library).unwrap();
    assert!(plan.needs("attempt", "region"));
    assert!(plan.needs("attempt", "user_key"));
    for unneeded in ["amr", "error_message", "caller_name", "resource_id"] {
        assert!(!plan.needs("attempt", unneeded), "{unneeded}");
    }
    assert!(!plan.columns.contains_key("activity"));
}

#[test]
fn columns_that_only_policy_events_are_asked_for_are_told_apart() {
    let library = Library::embedded();
    let of_policy_events = |sqls: &[&str]| -> Vec<String> {
        plan::plan(sqls, &library).unwrap().of_policy_events.into_iter().collect()
    };
    let narrow = "select event_id, mfa from activity as a where caller is null and (a.is_policy_event and mfa is null)";
    let all = "select mfa, count(*) as n from activity group by mfa";
    assert_eq!(of_policy_events(&[narrow]), ["caller", "event_id", "mfa"]);
    assert_eq!(of_policy_events(&[narrow, all]), ["caller", "event_id"]);
    for everything in [
        "select event_id from activity as a where a.is_policy_event or caller is null",
        "select event_id from activity as a where not a.is_policy_event",
        "select event_id from activity where caller is null",
        "select a.event_id from activity as a join activity as b on a.caller = b.caller where a.is_policy_event",
        "select event_id from (select event_id, is_policy_event from activity) as a where a.is_policy_event",
        "select a.event_id from (attempt as t join activity as a on a.caller = t.caller) where a.is_policy_event",
    ] {
        assert_eq!(of_policy_events(&[everything]), Vec::<String>::new(), "{everything}");
    }
}
