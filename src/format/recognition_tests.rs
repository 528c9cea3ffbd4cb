//! Every fixture record is of its own format, told by its content alone.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, Strategy};
use proptest::{prop_assert_eq, proptest};

use super::{ALL, FORMATS, by_name};
use crate::extract::field::FieldSet;
use crate::extract::format::Kind;
use crate::extract::frame::frame_text;
use crate::extract::others::OthersWanted;
use crate::extract::recognise::{Recogniser, reader_of};
use crate::json::check::value_end;
use crate::json::slot::SlotSet;

#[test]
fn the_slots_of_every_reader_can_be_told_apart() {
    for format in ALL {
        let (walker, _) = reader_of(format, &FORMATS, FieldSet::ALL, &OthersWanted::everything());
        assert!(walker.slots().len() <= SlotSet::CAPACITY, "{}", format.name);
    }
}

/// Formats that the records of a fixture folder may be of. Containers (event hub messages, older
/// pages) hold records of a format that has a folder of its own.
fn formats_of(folder: &str) -> &[&str] {
    match folder {
        "activity_eventhub" => &["activity_diagnostic", "other_resource_log"],
        "activity_diagnostic" => &[
            "activity_diagnostic",
            "other_resource_log",
            "entra_signin_diagnostic",
            "entra_audit_diagnostic",
        ],
        "activity_rest_old" => &["activity_rest"],
        // Without detail, PowerShell writes the members of the API by another letter case.
        "activity_powershell" => {
            &["activity_powershell", "activity_powershell_flat", "activity_rest"]
        }
        "activity_common_alert" => &["activity_common_alert"],
        "activity_event_grid" => &["activity_event_grid"],
        "activity_log_analytics" => &["activity_log_analytics", "other_log_analytics"],
        "activity_portal_csv" => &["activity_portal_csv"],
        "activity_python_sdk" => &["activity_python_sdk"],
        "activity_rest" => &["activity_rest"],
        // Changes, sign-ins and audits of one hub in one stream.
        "entra_signin_diagnostic" => {
            &["entra_signin_diagnostic", "entra_audit_diagnostic", "activity_diagnostic"]
        }
        "azure_resource" => &["azure_resource"],
        "azure_role_assignment" => &["azure_role_assignment"],
        "entra_audit_diagnostic" => &["entra_audit_diagnostic"],
        "entra_audit_graph" => &["entra_audit_graph"],
        "entra_audit_log_analytics" => &["entra_audit_log_analytics"],
        "entra_audit_portal_csv" => &["entra_audit_portal_csv"],
        "entra_registration" => &["entra_registration"],
        "entra_role_assignment" => &["entra_role_assignment"],
        "entra_signin_defender" => &["entra_signin_defender"],
        "entra_signin_graph" => &["entra_signin_graph"],
        "entra_signin_log_analytics" => &["entra_signin_log_analytics"],
        "entra_signin_portal_csv" => &["entra_signin_portal_csv", "entra_signin_portal_steps"],
        "entra_user" => &["entra_user"],
        other => panic!("the folder `{other}` is not known here"),
    }
}

struct Sample {
    folder: String,
    file: PathBuf,
    text: String,
}

/// The text of a fixture, unpacked, without its mark; `None` for what is no JSON text.
fn text_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let is_json =
        [".json", ".ndjson", ".json.gz", ".ndjson.gz"].iter().any(|end| name.ends_with(end));
    if !is_json || name.starts_with("broken") {
        return None;
    }
    let mut bytes = fs::read(path).unwrap();
    if name.ends_with(".gz") {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    }
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Every record of every fixture that is JSON and sound, out of its containers.
fn samples() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats");
    let mut samples = Vec::new();
    for folder in sorted(&root) {
        for file in sorted(&folder) {
            let Some(text) = text_of(&file) else { continue };
            for span in frame_text(&Arc::from("fixture"), text.clone().into_bytes()) {
                let record = &text[span.start as usize..span.end as usize];
                add(&mut samples, &folder, &file, record.trim());
            }
        }
    }
    samples
}

fn add(samples: &mut Vec<Sample>, folder: &Path, file: &Path, text: &str) {
    if let Some(mut rest) = text.strip_prefix('[') {
        loop {
            rest = rest.trim_start_matches([',', ' ', '\r', '\n', '\t']);
            if rest.starts_with(']') {
                return;
            }
            let end = value_end(rest.as_bytes(), 0, 0).unwrap();
            add(samples, folder, file, &rest[..end]);
            rest = &rest[end..];
        }
    }
    samples.push(Sample {
        folder: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        file: file.to_owned(),
        text: text.to_owned(),
    });
}

#[test]
fn every_fixture_record_is_claimed_by_its_own_format_and_by_no_other_as_strongly() {
    let mut recogniser = Recogniser::new(&FORMATS);
    let mut met: Vec<&str> = Vec::new();
    let samples = samples();
    for sample in &samples {
        let shown = &sample.text[..sample.text.floor_char_boundary(300)];
        let told = format!("{}: {shown}", sample.file.display());
        let claiming = recogniser.all_that_claim(&sample.text, 0);
        let strength = |index: &usize| ALL[*index].claims.len();
        let strongest = claiming.iter().map(strength).max();
        let Some(strongest) = strongest else { panic!("nothing claims {told}") };
        let winners: Vec<&str> = claiming
            .iter()
            .filter(|index| strength(index) == strongest)
            .map(|index| ALL[*index].name)
            .collect();
        assert_eq!(winners.len(), 1, "{winners:?} claim {told}");
        let format = by_name(winners[0]).unwrap();
        // A table or a page inside a page is a container, whatever the folder.
        let is_container = matches!(format.kind, Kind::Envelope(_) | Kind::Tables);
        let is_own = formats_of(&sample.folder).contains(&format.name);
        assert!(is_own || is_container, "{} claims {told}", format.name);
        let recognised = recogniser.recognise(&sample.text, 0).map(|index| ALL[index].name);
        assert_eq!(recognised, Some(format.name), "{told}");
        met.push(format.name);
    }
    for kind in
        ["activity_rest", "activity_diagnostic", "activity_log_analytics", "container_tables"]
    {
        assert!(met.contains(&kind), "no fixture record is of {kind}");
    }
    assert!(samples.len() > 1_000, "only {} records", samples.len());
}

#[test]
fn what_is_claimed_is_told_apart_in_any_letter_case_and_order() {
    let mut recogniser = Recogniser::new(&FORMATS);
    for sample in samples().iter().step_by(7) {
        let Ok(serde_json::Value::Object(members)) = serde_json::from_str(&sample.text) else {
            continue;
        };
        let before = recogniser.recognise(&sample.text, 0);
        let turned: Vec<String> = members
            .iter()
            .rev()
            .map(|(name, value)| format!("{} : {value}", serde_json::json!(name.to_uppercase())))
            .collect();
        // Two members that differ in case only would be one here.
        let mut names: Vec<String> = members.keys().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        if names.len() == members.len() {
            let turned = format!("{{{}}}", turned.join(",\n"));
            let after = recogniser.recognise(&turned, 0);
            assert_eq!(after, before, "{}: {turned}", sample.file.display());
        }
    }
}

fn some_samples() -> impl Strategy<Value = Vec<(String, Option<usize>)>> {
    let mut recogniser = Recogniser::new(&FORMATS);
    let all: Vec<(String, Option<usize>)> = samples()
        .into_iter()
        .step_by(11)
        .map(|sample| {
            let format = recogniser.recognise(&sample.text, 0);
            (sample.text, format)
        })
        .collect();
    Just(all).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_format_of_a_record_does_not_depend_on_what_was_read_before(shuffled in some_samples()) {
        let mut recogniser = Recogniser::new(&FORMATS);
        for (text, format) in &shuffled {
            prop_assert_eq!(recogniser.recognise(text, 0), *format, "{}", text);
        }
    }
}
