//! Side inputs: inputs of which a person says what they hold, so that it can be checked.
//!
//! They are recognised by content as all inputs are; a flag such as `--registrations` only promises
//! that records of a kind are among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::error::Error;
use crate::source::plan::{Input, plan};
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
    /// The files behind it, and their names.
    files: Vec<Input>,
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
            Ok(Side { promised: promised.clone(), files, names, found: BTreeMap::new() })
        };
        Ok(Self { sides: sides.iter().map(side).collect::<Result<_, Error>>()? })
    }

    /// Whether the first records of every side input that is one file are of what was promised,
    /// so that a file given to the wrong flag is named before anything large is read. `peek` gives
    /// the first records of a file by id of their format, and whether there are more. What has none
    /// that is known is not judged here, nor what is a folder or can be read only once.
    ///
    /// # Errors
    /// [`Error::SideInput`] for the first one whose beginning is something else.
    pub(crate) fn begin(
        &self,
        peek: impl Fn(&Input) -> Option<(BTreeMap<&'static str, u64>, bool)>,
    ) -> Result<(), Error> {
        for side in &self.sides {
            let [file] = side.files.as_slice() else { continue };
            // What a pipe has given once is gone.
            let Some((found, has_more)) = file.bytes_len.and_then(|_| peek(file)) else {
                continue;
            };
            if !found.is_empty() && !side.is_kept_by(&found) {
                return Err(side.broken(&found, has_more));
            }
        }
        Ok(())
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
        let broken = self.sides.iter().find(|side| !side.is_kept_by(&side.found));
        broken.map_or(Ok(()), |side| Err(side.broken(&side.found, false)))
    }
}

impl Side {
    fn is_kept_by(&self, found: &BTreeMap<&'static str, u64>) -> bool {
        self.promised.kind.formats().iter().any(|format| found.contains_key(format))
    }

    fn broken(&self, found: &BTreeMap<&'static str, u64>, has_more: bool) -> Error {
        let and_more = if has_more { " and more" } else { "" };
        let holds: Vec<String> = found
            .iter()
            .map(|(format, records)| {
                format!("{}{and_more} of `{format}`", count(*records, "record"))
            })
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
            let formats: BTreeMap<_, _> = formats.iter().copied().collect();
            check.stream(name, &formats);
            let error = check.finish().err()?;
            // The beginning of the file says the same.
            let begun = check.begin(|_| Some((formats.clone(), false)));
            if formats.is_empty() || name != input {
                assert!(check.begin(|_| None).is_ok());
            } else {
                assert_eq!(begun.unwrap_err().to_string(), error.to_string());
            }
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
        let check = SideCheck::new(&sides).unwrap();
        let begun = |formats: &[(&'static str, u64)]| {
            check.begin(|_| Some((formats.iter().copied().collect(), true)))
        };
        let error = begun(&[("azure_resource", 700)]).unwrap_err().to_string();
        assert!(error.ends_with("it holds 700 records and more of `azure_resource`"), "{error}");
        assert!(begun(&[]).is_ok(), "what is not known may become so");
        assert!(begun(&[("azure_resource", 7), ("entra_registration", 1)]).is_ok());
        let missing = [SideInput { kind: SideKind::Users, input: "no-such-file".into() }];
        assert!(SideCheck::new(&missing).is_err());
    }
}
