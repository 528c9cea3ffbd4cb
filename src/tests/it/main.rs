//! Black-box tests: they run the binary as a user would and look only at its exit code, its output
//! and the files it writes. One module per topic; inputs and what is expected of them are in
//! `testdata/`. Tests that need DuckDB or the Azure CLI are run by `bash src/tests/run.sh`.

mod accounting;
mod az;
mod bad_input;
mod cli;
mod determinism;
mod figures;
mod json;
mod mutation;
mod readme;
mod run;
mod second_engine;
mod size;
