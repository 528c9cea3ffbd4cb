//! Side inputs: inputs of which a person says what they hold, so that it can be checked.
//!
//! They are recognised by content as all inputs are; a flag such as `--registrations` only promises
//! that records of a kind are among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::error::Error;
use crate::source::plan::plan;
use crate::text::count;

/// What a side input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideKind {
    /// Registered authentication methods.
    Registrations,
    /// Azure resources.
    Resources,
    /// Entra or Azure roles.
    Roles,
    /// Accounts of the directory.
    Users,
}

impl SideKind {
    /// The flag that promises it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Registrations => "--registrations",
            Self::Resources => "--resources",
            Self::Roles => "--roles",
            Self::Users => "--users",
        }
    }

    /// One record of it.
    fn what(self) -> &'static str {
        match self {
            Self::Registrations => "registration",
            Self::Resources => "resource",
            Self::Roles => "role assignment",
            Self::Users => "account",
        }
    }

    /// Ids of the formats it comes in, and the table that `convert` writes.
    fn formats(self) -> &'static [&'static str] {
        match self {
            Self::Registrations => &["entra_registration", "registration"],
            Self::Resources => &["azure_resource", "resource"],
            Self::Roles => &["entra_role_assignment", "azure_role_assignment", "role_assignment"],
            Self::Users => &["entra_user", "directory_user"],
        }
    }

    /// The command that writes it.
    ///
    /// Sources: <https://learn.microsoft.com/graph/api/authenticationmethodsroot-list-userregistrationdetails>,
    /// <https://learn.microsoft.com/cli/azure/resource#az-resource-list>,
    /// <https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-list>,
    /// <https://learn.microsoft.com/cli/azure/ad/user#az-ad-user-list>.
    pub fn command(self) -> &'static str {
        match self {
            Self::Registrations => {
                "az rest --method get --url https://graph.microsoft.com/v1.0/reports/authenticationMethods/userRegistrationDetails"
            }
            Self::Resources => "az resource list",
            Self::Roles => "az role assignment list --all",
            Self::Users => "az ad user list",
        }
    }
}

/// An input that a flag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideInput {
    /// What it has to hold.
    pub kind: SideKind,
    /// File, folder or pattern, one of the inputs too.
    pub input: String,
}

/// What the side inputs of a run turn out to hold.
#[derive(Debug, Default)]
pub(crate) struct SideCheck {
    sides: Vec<Side>,
}

#[derive(Debug)]
struct Side {
    promised: SideInput,
    /// Names of the files behind it.
    names: BTreeSet<String>,
    /// Records by id of their format, rows by name of their table.
    found: BTreeMap<&'static str, u64>,
}

impl SideCheck {
    /// # Errors
    /// A side input that does not exist.
    pub(crate) fn new(sides: &[SideInput]) -> Result<Self, Error> {
        let side = |promised: &SideInput| {
            let files = plan(std::slice::from_ref(&promised.input))?;
            let names = files.iter().map(|file| file.name.to_string()).collect();
            Ok(Side { promised: promised.clone(), names, found: BTreeMap::new() })
        };
        Ok(Self { sides: sides.iter().map(side).collect::<Result<_, Error>>()? })
    }

    /// Notes the records of a stream by id of their format.
    pub(crate) fn stream(&mut self, name: &str, formats: &BTreeMap<&'static str, u64>) {
        // Members of an archive are called `archive!member`.
        let file = name.split('!').next().unwrap_or(name);
        for side in &mut self.sides {
            if side.names.contains(name) || side.names.contains(file) {
                for (format, records) in formats {
                    *side.found.entry(format).or_default() += records;
                }
            }
        }
    }

    /// # Errors
    /// [`Error::SideInput`] for the first one that holds no record of what was promised.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let is_kept =
            |side: &Side| side.promised.kind.formats().iter().any(|it| side.found.contains_key(it));
        self.sides.iter().find(|side| !is_kept(side)).map_or(Ok(()), |side| Err(side.broken()))
    }
}

impl Side {
    fn broken(&self) -> Error {
        let holds: Vec<String> = self
            .found
            .iter()
            .map(|(format, records)| format!("{} of `{format}`", count(*records, "record")))
            .collect();
        Error::SideInput {
            input: self.promised.input.clone(),
            kind: self.promised.kind,
            what: self.promised.kind.what(),
            holds: if holds.is_empty() { "nothing that is read".into() } else { holds.join(", ") },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{SideCheck, SideInput, SideKind};

    #[test]
    fn a_side_input_has_to_hold_what_its_flag_promises() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        std::fs::write(&path, "[]").unwrap();
        let input = path.to_string_lossy().into_owned();
        let sides = [SideInput { kind: SideKind::Registrations, input: input.clone() }];
        let told = |name: &str, formats: &[(&'static str, u64)]| {
            let mut check = SideCheck::new(&sides).unwrap();
            check.stream(name, &formats.iter().copied().collect::<BTreeMap<_, _>>());
            let error = check.finish().err()?;
            let hint = error.hint().unwrap_or_default();
            Some(format!("{error}; {hint}").replace(&input, "r.json"))
        };
        assert_eq!(told(&input, &[("entra_registration", 2), ("entra_user", 1)]), None);
        assert_eq!(told(&format!("{input}!inside.json"), &[("entra_registration", 1)]), None);
        let az = "`--registrations` takes what this writes: az rest --method get --url \
            https://graph.microsoft.com/v1.0/reports/authenticationMethods/userRegistrationDetails";
        assert_eq!(
            told(&input, &[("entra_user", 2)]).unwrap(),
            format!("`r.json` holds no registration: it holds 2 records of `entra_user`; {az}")
        );
        assert_eq!(
            told("other.json", &[("entra_registration", 2)]).unwrap(),
            format!("`r.json` holds no registration: it holds nothing that is read; {az}")
        );
        let missing = [SideInput { kind: SideKind::Users, input: "no-such-file".into() }];
        assert!(SideCheck::new(&missing).is_err());
    }
}
