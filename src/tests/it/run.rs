//! One run of the binary: what goes in, and what came out.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_azmfa");
/// How often the peak memory of a run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A run to be. Standard input is empty unless given; the folder is the repository's.
#[derive(Debug, Default, Clone)]
pub(crate) struct Run {
    args: Vec<OsString>,
    stdin: Vec<u8>,
    env: Vec<(String, OsString)>,
    measure: bool,
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; -1 when a signal ended the run.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: String,
    /// Most memory held, in bytes; only of a measured run, and only where /proc tells.
    pub(crate) peak: Option<u64>,
}

impl Run {
    /// A run without arguments.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Further arguments.
    pub(crate) fn args<I>(mut self, args: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// One further argument.
    pub(crate) fn arg(self, arg: impl Into<OsString>) -> Self {
        self.args([arg.into()])
    }

    /// What is on standard input.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Also measures the peak memory.
    pub(crate) fn measured(mut self) -> Self {
        self.measure = true;
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        let mut child = self.start();
        let watch = self.measure.then(|| {
            let status = format!("/proc/{}/status", child.id());
            thread::spawn(move || peak(&status))
        });
        let mut pipe = child.stdin.take().unwrap();
        let bytes = self.stdin;
        // The run may end without reading to the end; that is for the test to judge.
        let feeder = thread::spawn(move || drop(pipe.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
            peak: watch.and_then(|watch| watch.join().unwrap()),
        }
    }

    /// Starts it, all three streams piped.
    pub(crate) fn start(&self) -> Child {
        Command::new(BINARY)
            .args(&self.args)
            .env_remove("NO_COLOR")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Ran {
    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.stdout).expect("the output is UTF-8")
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout: {error}\n{}", self.stderr))
    }

    /// The same, if the run ended with this code.
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        self
    }

    /// The same, if it neither crashed nor said anything of a panic.
    pub(crate) fn expect_no_crash(self) -> Self {
        assert!((0..=3).contains(&self.code), "exit {}\n{}", self.code, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// The kernel's high-water mark, as last seen before the process ended.
#[expect(clippy::disallowed_methods, reason = "the kernel offers nothing to wait on but time")]
fn peak(status: &str) -> Option<u64> {
    let mut peak = None;
    loop {
        let seen = fs::read_to_string(status).ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
        // A process that has ended, waited for or not, has no memory to tell of.
        let Some(kilobytes) = seen else { return peak };
        peak = Some(kilobytes << 10);
        thread::sleep(LOOK_EVERY);
    }
}

/// A fixture, from the repository's top.
pub(crate) fn fixture(name: &str) -> String {
    format!("testdata/{name}")
}

/// The bytes of a fixture.
pub(crate) fn bytes_of(name: &str) -> Vec<u8> {
    let path = fixture(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A path as an argument.
pub(crate) fn text_of(path: &Path) -> String {
    path.to_str().expect("temporary paths are UTF-8").to_owned()
}
