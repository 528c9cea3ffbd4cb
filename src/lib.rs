#![doc = include_str!("ARCHITECTURE.md")]

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
