//! What an export shape is: a table of claims and paths, so that every shape shares one loop.

use crate::extract::field::Field;
use crate::extract::shape::Shape;
use crate::json::walk::Texts;

/// What the records of a format are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Events of the Azure Activity Log.
    Activity,
    /// Rows of another table: what they are made of, and where its raw fields are found, best first.
    Row(&'static Shape, &'static [(&'static str, &'static [&'static str])]),
    /// Another log in the same stream; the path tells its category.
    OtherLog(&'static str),
    /// Not a record: an array of them under this path.
    Envelope(&'static str),
    /// Not a record: tables of columns and rows.
    Tables,
}

/// Something that has to hold for a record to be of a format. Paths as in
/// [`crate::json::tree`]; values compare without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The member is there, whatever it holds.
    Has(&'static str),
    /// At least one of the members is there.
    HasAny(&'static [&'static str]),
    /// The member is not there.
    Lacks(&'static str),
    /// The member is an object.
    Object(&'static str),
    /// The member is an array.
    Array(&'static str),
    /// The member is a string.
    Text(&'static str),
    /// The member is one of these strings.
    OneOf(&'static str, &'static [&'static str]),
    /// The member is none of these strings (or is not there).
    NoneOf(&'static str, &'static [&'static str]),
    /// The member is a string that begins so.
    Begins(&'static str, &'static str),
    /// The member is not a string that begins so.
    BeginsNot(&'static str, &'static str),
}

/// One export shape.
#[derive(Debug)]
pub struct Format {
    /// Id in column `format` and in `azmfa formats`.
    pub name: &'static str,
    /// What it is, for a person.
    pub title: &'static str,
    /// What it cannot tell; empty when it tells everything.
    pub cannot_tell: &'static str,
    /// What to export in its place, or how, when its events turn out to have no claims.
    pub claims_hint: &'static str,
    /// What its records are.
    pub kind: Kind,
    /// All must hold. Among several formats whose claims hold, the one with most claims wins.
    pub claims: &'static [Claim],
    /// Where fields are found, best first.
    pub paths: &'static [(Field, &'static [&'static str])],
    /// Where the claims of the token are found, best first.
    pub claims_at: &'static [&'static str],
    /// How it writes values into strings.
    pub texts: Texts,
}

/// Everything the extraction has to know about formats.
#[derive(Debug, Clone, Copy)]
pub struct Formats {
    /// The formats, in the order of their ids.
    pub all: &'static [&'static Format],
    /// Names of claims inside a token, best first, for every field that is a claim.
    pub claim_names: &'static [(Field, &'static [&'static str])],
    /// Paths inside one element of `policies`, in the order of [`crate::extract::policy::Part`].
    pub policy_paths: &'static [&'static [&'static str]],
}
