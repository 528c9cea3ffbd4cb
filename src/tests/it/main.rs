//! Black-box tests: they run the binary as a user would and look only at its exit code, its output
//! and the files it writes. One module per topic; inputs and what is expected of them are in
//! `testdata/`. Tests that need Python, the Azure CLI or a browser are run by `bash src/tests/run.sh`.
#![cfg(test)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::get_unwrap,
    clippy::naive_bytecount,
    clippy::needless_pass_by_value,
    clippy::range_plus_one,
    reason = "tests are small, and are read more often than they run"
)]

mod accounting;
mod az;
mod bad_input;
mod cli;
mod determinism;
mod documents;
mod figures;
mod json;
mod mutation;
mod oracle;
mod readme;
mod redact;
mod run;
mod second_engine;
mod sign_ins;
mod size;
