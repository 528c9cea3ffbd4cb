//! `--redact`: of generated tenants, no value that was to be hidden is in any output.

use std::fs;
use std::io::Read;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::json::{accounting, expect_balance, file, metric};
use crate::run::{Ran, Run, fixture, text_of};

const REPORTS: &str = "summary,by-user,by-resource,by-policy,by-client,by-operation,timeline,\
    non-mfa-writes,policy-audit,by-subscription,by-application";
const FORMATS: [&str; 7] = ["table", "csv", "tsv", "json", "md", "html", "xlsx"];

/// Somebody who changes something, and all that must not be told of it.
#[derive(Debug, Clone)]
struct Person {
    name: String,
    first: String,
    ip: String,
    resource: String,
    group: String,
    number: u32,
}

impl Person {
    fn upn(&self) -> String {
        format!("{}.{:x}@tailwind.example", self.first, self.number)
    }

    fn guid(&self, kind: u8) -> String {
        format!("{:08x}-0000-4000-8000-{kind:012x}", self.number)
    }

    fn resource_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}",
            self.guid(1),
            self.group,
            self.resource
        )
    }

    /// Every value that is to be hidden, in lower case.
    fn secrets(&self) -> Vec<String> {
        let secrets = [
            self.upn(),
            self.name.clone(),
            self.guid(0),
            self.guid(1),
            self.ip.clone(),
            self.resource.clone(),
            self.group.clone(),
        ];
        secrets.iter().map(|secret| secret.to_lowercase()).collect()
    }

    /// An event that failed with an error that quotes everything.
    fn event(&self, like: &Value, at: usize) -> Value {
        let mut event = like.clone();
        let upn = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
        let oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";
        let message = format!(
            "The client '{}' ({}, object id {}) from {}:443 cannot delete {} over scope '{}', see \
             https://{}.vault.azure.net/ or {}.",
            self.upn().to_uppercase(),
            self.name.to_uppercase(),
            self.guid(0),
            self.ip,
            self.resource,
            self.resource_id(),
            self.resource,
            self.group
        );
        event["caller"] = json!(self.upn());
        event["claims"][upn] = json!(self.upn());
        event["claims"][oid] = json!(self.guid(0));
        event["claims"]["name"] = json!(self.name);
        event["claims"]["ipaddr"] = json!(self.ip);
        event["claims"]["http://schemas.microsoft.com/claims/authnmethodsreferences"] =
            json!("pwd");
        event["httpRequest"]["clientIpAddress"] = json!(self.ip);
        event["resourceId"] = json!(self.resource_id());
        event["authorization"]["scope"] = json!(self.resource_id());
        event["resourceGroup"] = json!(self.group);
        event["resourceGroupName"] = json!(self.group);
        event["subscriptionId"] = json!(self.guid(1));
        event["properties"]["statusMessage"] =
            json!(json!({"error": {"code": "Forbidden", "message": message}}).to_string());
        for (place, name) in [("eventDataId", 2), ("correlationId", 3), ("operationId", 3)] {
            event[place] = json!(format!("{at:08x}-1111-4111-8111-{name:012x}"));
        }
        event["id"] = json!(format!("{}/events/{}", self.resource_id(), event["eventDataId"]));
        event
    }
}

fn person() -> impl Strategy<Value = Person> {
    let name = "[A-ZÁŽ][a-zéäř]{4,8} [A-Z][a-zöñ]{5,9}";
    let ip = prop_oneof![
        (1_u8..9, any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| format!("203.{a}.{b}.{c}")),
        (0x1000_u16..0xffff, 0x1000_u16..0xffff)
            .prop_map(|(a, b)| format!("2001:db8:{a:x}::{b:x}")),
    ];
    (name, "[b-df-hj-np-tv-z]{6,9}", ip, "kv-[a-z]{7}[0-9]{2}", "rg-[a-z]{8}", 0x1000_0000_u32..)
        .prop_map(|(name, first, ip, resource, group, number)| Person {
            name,
            first,
            ip,
            resource,
            group,
            number,
        })
}

/// The input: events, one that is cut short, and a next page that is missing, in a file whose name
/// is somebody's.
fn input(folder: &Path, people: &[Person]) -> String {
    let like = file(&fixture("formats/activity_rest/az.json"));
    let is_failed = |event: &&Value| event["status"]["value"] == "Failed";
    let like = like.as_array().unwrap().iter().find(is_failed).unwrap();
    let events: Vec<Value> =
        people.iter().enumerate().map(|(at, person)| person.event(like, at)).collect();
    let mut wrong = events[0].clone();
    wrong["eventTimestamp"] = json!(format!("no time, says {}", people[0].upn()));
    let events = [events, vec![wrong]].concat();
    let page = json!({"value": events, "nextLink": "https://x"});
    let path = folder.join(format!("{}.json", people[0].upn()));
    fs::write(&path, page.to_string()).unwrap();
    text_of(&path)
}

/// Everything that a file says, unpacked.
fn unpacked(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    match path.extension().and_then(|end| end.to_str()) {
        Some("xlsx") => {
            let mut archive = ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
            for index in 0..archive.len() {
                archive.by_index(index).unwrap().read_to_string(&mut text).unwrap();
            }
        }
        Some("parquet") => {
            let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
            for row in reader.get_row_iter(None).unwrap() {
                text.push_str(&row.unwrap().to_string());
            }
        }
        _ => {}
    }
    text
}

fn expect_hidden(secrets: &[String], text: &str, what: &str) {
    let text = text.to_lowercase();
    for secret in secrets {
        let at = text.find(secret.as_str());
        let start = at.map(|at| text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at));
        assert!(at.is_none(), "{what}: `{secret}` in …{}", &text[start.unwrap()..at.unwrap() + 40]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_redacted_value_survives_anywhere(people in proptest::collection::vec(person(), 2..6)) {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| text_of(&folder.path().join(name));
        let input = input(folder.path(), &people);
        let secrets: Vec<String> = people.iter().flat_map(Person::secrets).collect();
        let key = path("a.key");
        let hide = ["--redact", "users,ips,resources", "--redact-key", &key, "-v"];
        let check = |ran: &Ran, name: &str| {
            assert_eq!(ran.code, 3, "{name}: {}", ran.stderr);
            expect_hidden(&secrets, ran.text(), name);
            // The command line is whoever typed it: the name of the file is theirs.
            expect_hidden(&secrets, &ran.stderr, name);
        };
        for format in FORMATS {
            let out = path(&format!("out.{format}"));
            let args = ["report", "-r", REPORTS, "--format", format, "-o", &out, &input];
            check(&Run::new().args(args).args(hide).run(), format);
            expect_hidden(&secrets, &unpacked(Path::new(&out)), format);
        }
        for sql in [
            "select * from activity order by event_id",
            "select caller as operation, error_message as mfa, ip as x from attempt order by 1, 2, 3",
            "select 'by ' || caller || ' at ' || resource_name as who, source_file from activity order by 1",
            "select error_message from activity order by 1",
        ] {
            for format in ["csv", "ndjson", "arrow"] {
                let args = ["query", sql, "--format", format, &input];
                let ran = Run::new().args(args).args(hide).run();
                assert_eq!(ran.code, 3, "{}", ran.stderr);
                let text = String::from_utf8_lossy(&ran.stdout);
                expect_hidden(&secrets, &text, sql);
                expect_hidden(&secrets, &ran.stderr, sql);
            }
        }
        for format in ["parquet", "ndjson", "arrow"] {
            let tables = path(format);
            let args = ["convert", "-o", &tables, "--format", format, &input];
            check(&Run::new().args(args).args(hide).run(), "convert");
            for entry in fs::read_dir(&tables).unwrap() {
                let path = entry.unwrap().path();
                expect_hidden(&secrets, &unpacked(&path), &path.display().to_string());
            }
        }
    }
}

#[test]
fn nobody_of_the_demo_is_known_from_redacted_readiness() {
    const READINESS: &str = "readiness-summary,blockers,readiness,service-accounts,sign-in-gaps,\
        sign-ins-by-app,sign-ins-by-user,legacy-auth,write-to-sign-in,mfa-methods,\
        protected-actions,msid-mfa-report";
    let folder = TempDir::new().unwrap();
    let path = |name: &str| text_of(&folder.path().join(name));
    let inputs =
        ["signin", "activity", "audit", "registrations.json", "users.json", "entra-roles.json"]
            .map(|name| fixture(&format!("demo/{name}")));
    let ask = |sql: &str| -> Vec<String> {
        let ran =
            Run::new().args(["query", "-q", "--format", "ndjson", sql]).args(inputs.clone()).run();
        let value = |line: &str| -> Option<String> {
            let row: Value = serde_json::from_str(line).unwrap();
            Some(row["x"].as_str()?.to_lowercase())
        };
        ran.expect_code(0).text().lines().filter_map(value).collect()
    };
    let mut secrets = Vec::new();
    for column in ["upn", "user_id", "display_name", "ip"] {
        secrets.extend(ask(&format!(
            "select distinct {column} as x from sign_in where {column} is not null and mfa <> 'not_user'"
        )));
    }
    secrets.extend(ask("select distinct ip as x from attempt where ip is not null"));
    assert!(secrets.len() > 100, "{}", secrets.len());
    let key = path("a.key");
    let hide = ["--redact", "users,ips,resources", "--redact-key", &key, "-v"];
    for format in FORMATS {
        let out = path(&format!("out.{format}"));
        let args = ["readiness", "-r", READINESS, "--format", format, "-o", &out];
        let ran = Run::new().args(args).args(hide).args(inputs.clone()).run().expect_code(0);
        expect_hidden(&secrets, &ran.stderr, format);
        if Path::new(&out).is_dir() {
            for entry in fs::read_dir(&out).unwrap() {
                let path = entry.unwrap().path();
                expect_hidden(&secrets, &unpacked(&path), &path.display().to_string());
            }
        } else {
            expect_hidden(&secrets, &unpacked(Path::new(&out)), format);
        }
    }
    let tables = path("tables");
    let args = ["convert", "-o", &tables, "--format", "ndjson"];
    Run::new().args(args).args(hide).args(inputs.clone()).run().expect_code(0);
    for entry in fs::read_dir(&tables).unwrap() {
        let path = entry.unwrap().path();
        expect_hidden(&secrets, &unpacked(&path), &path.display().to_string());
    }
}

fn demo(args: &[&str]) -> Ran {
    Run::new().args(args).arg(fixture("demo/activity")).run()
}

#[test]
fn figures_stay_and_pseudonyms_are_the_same_in_every_report_and_run() {
    let folder = TempDir::new().unwrap();
    let [key, other] = ["a.key", "b.key"].map(|name| text_of(&folder.path().join(name)));
    let hidden = |key: &str, reports: &str| {
        let args = ["report", "--format", "json", "--redact", "users,ips,resources"];
        demo(&[&args[..], &["--redact-key", key, "-r", reports]].concat()).expect_code(0)
    };
    let first = hidden(&key, "summary,by-user");
    assert!(first.stderr.contains("made a new key for `--redact`"), "{}", first.stderr);
    let bytes = fs::read(&key).unwrap();
    let again = hidden(&key, "by-user");
    assert!(!again.stderr.contains("made a new key"), "{}", again.stderr);
    assert_eq!(fs::read(&key).unwrap(), bytes);
    let plain = demo(&["report", "--format", "json", "-r", "summary,by-user"]).expect_code(0);
    expect_balance(&accounting(&first), "redacted");
    assert_eq!(metric(&first, "non_mfa_users"), metric(&plain, "non_mfa_users"));
    let users = |ran: &Ran, column: &str| -> Vec<Value> {
        let rows = &crate::json::figures(ran)["by-user"];
        rows.iter().map(|row| row[column].clone()).collect()
    };
    assert_eq!(users(&first, "user"), users(&again, "user"));
    assert_eq!(users(&first, "non_mfa_writes"), users(&plain, "non_mfa_writes"));
    let name = users(&first, "user")[0].as_str().unwrap().to_owned();
    assert!(name.starts_with("user-"), "{name}");
    assert!(hidden(&key, "non-mfa-writes").text().contains(&name));
    assert!(!hidden(&other, "non-mfa-writes").text().contains(&name));
}

#[test]
fn what_would_show_records_as_they_were_is_refused() {
    let folder = TempDir::new().unwrap();
    let [key, rejects] = ["a.key", "rejects.ndjson"].map(|name| text_of(&folder.path().join(name)));
    let hide = ["--redact", "users", "--redact-key", &key];
    let ran = demo(&[&["report", "--rejects", &rejects][..], &hide].concat()).expect_code(2);
    assert!(ran.stderr.contains("`--redact` forbids it"), "{}", ran.stderr);
    let ran = demo(&[&["explain", "some-id"][..], &hide].concat()).expect_code(2);
    assert!(ran.stderr.contains("`explain` cannot hide anything"), "{}", ran.stderr);
    assert!(!Path::new(&key).exists() && !Path::new(&rejects).exists());
    fs::write(&key, "not a key").unwrap();
    let ran = demo(&[&["report"][..], &hide].concat()).expect_code(2);
    assert!(ran.stderr.contains("is no key"), "{}", ran.stderr);
    let ran = demo(&["report", "--redact", "names"]).expect_code(2);
    assert!(ran.stderr.contains("[possible values: users, ips, resources]"), "{}", ran.stderr);
}
