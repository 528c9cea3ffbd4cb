#![doc = include_str!("ARCHITECTURE.md")]
#![cfg_attr(
    test,
    expect(
        clippy::case_sensitive_file_extension_comparisons,
        clippy::cast_possible_truncation,
        clippy::format_collect,
        clippy::format_push_string,
        clippy::cast_possible_wrap,
        clippy::match_same_arms,
        clippy::type_complexity,
        reason = "tests are small, and are read more often than they run"
    )
)]

pub mod error;
pub mod limits;
pub mod text;
pub mod time;

pub mod json;
pub mod schema;

pub mod mfa;

pub mod extract;

pub mod fold;
pub mod format;
pub mod render;
pub mod report;

pub mod container;
pub mod source;

pub mod engine;

pub mod app;

pub mod cli;

#[cfg(test)]
#[path = "tests/cuts.rs"]
mod cuts;
#[cfg(test)]
#[path = "tests/house.rs"]
mod house;
