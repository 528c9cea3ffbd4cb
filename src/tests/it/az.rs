//! End to end with the real Azure CLI, against a stand-in for Azure on loopback.

use std::env;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::json::file;
use crate::run::{BINARY, text_of};
use crate::second_engine::python;

/// Makes 518 events: three pages of at most 200 as the service gives them.
const EVENTS_BYTES: &str = "2500000";

#[test]
fn the_azure_cli_pipes_every_page_and_its_default_of_fifty_is_noticed() {
    let az =
        env::var("AZMFA_AZ").expect("AZMFA_AZ names no Azure CLI; run `bash src/tests/run.sh`");
    let folder = TempDir::new().unwrap();
    run(Command::new(python())
        .args(["benches/peers/generate.py", "--shape", "az", "--bytes", EVENTS_BYTES])
        .arg(folder.path()));
    let events = folder.path().join("az.json");
    let expected = file(&text_of(&folder.path().join("expected.json")));
    let told = run(Command::new(python())
        .arg("src/tests/az/drive.py")
        .args([&text_of(&events), BINARY, "--az", &az, "--"])
        .args(["-r", "summary", "--format", "json"]));
    let told: Value = serde_json::from_slice(&told).unwrap();
    for pipe in ["all", "default"] {
        assert_eq!(told[pipe]["az_exit"], 0, "{}", told[pipe]);
        assert_eq!(told[pipe]["azmfa_exit"], 0, "{}", told[pipe]);
    }
    let records = expected["az"]["records"].as_u64().unwrap();
    assert!(records > 400, "{records} events do not fill three pages");
    assert_eq!(events_of(&told["all"]), records.to_string());
    assert_eq!(events_of(&told["default"]), "50");
    let said = |pipe: &str| told[pipe]["stderr"].as_str().unwrap().to_owned();
    assert!(said("default").contains("may be cut short"), "{}", said("default"));
    assert!(!said("all").contains("cut short"), "{}", said("all"));
}

/// What the command says, if it succeeds.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn events_of(pipe: &Value) -> String {
    let page: Value = serde_json::from_str(pipe["stdout"].as_str().unwrap()).unwrap();
    let rows = page["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["metric"] == "events").unwrap();
    row["value"].as_str().unwrap().to_owned()
}
