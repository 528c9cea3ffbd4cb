//! The rooms of `azmfa`, in reading order.

pub mod error;
pub mod limits;
pub mod text;
pub mod time;

pub mod schema;

pub mod extract;

pub mod render;
pub mod report;
pub mod source;

pub mod app;

pub mod cli;
