//! One function per command: options in, outcome to where it belongs, and an ending.

use std::io;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use clap::CommandFactory;

use crate::app::catalog;
use crate::app::convert;
use crate::app::explain;
use crate::app::options::ConvertTarget;
use crate::app::outcome::Outcome;
use crate::app::progress::Progress;
use crate::app::query;
use crate::app::report;
use crate::cli::args::Args;
use crate::cli::args::Command;
use crate::cli::args::ConvertArgs;
use crate::cli::args::ExplainArgs;
use crate::cli::args::MessageArgs;
use crate::cli::args::OutputArgs;
use crate::cli::args::QueryArgs;
use crate::cli::args::ReadArgs;
use crate::cli::args::ReportArgs;
use crate::cli::args::ReportsArgs;
use crate::cli::args::SchemaArgs;
use crate::cli::completions;
use crate::cli::exit::ExitKind;
use crate::cli::failure::Failure;
use crate::cli::man;
use crate::cli::options;
use crate::cli::output::Choice;
use crate::cli::output::renderers;
use crate::cli::progress::ProgressShow;
use crate::cli::show::Ending;
use crate::cli::show::Manner;
use crate::cli::terminal::Terminal;
use crate::render::Page;
use crate::text::count;
use crate::text::sanitised;

/// The surroundings of a command.
struct Context<'a> {
    messages: &'a MessageArgs,
    terminal: Terminal,
}

/// Does what `args` ask for, and tells on standard error what has to be told.
pub(crate) fn run(args: &Args, terminal: Terminal) -> ExitKind {
    let context = Context { messages: &args.messages, terminal };
    let ended = match &args.command {
        Command::Report(args) => context.report(args, &options::report_names(args), "azmfa report"),
        Command::Readiness(args) => {
            context.report(&args.report, &options::readiness_names(args), "azmfa readiness")
        }
        Command::Query(args) => context.query(args),
        Command::Explain(args) => context.explain(args),
        Command::Convert(args) => context.convert(args),
        Command::Reports(args) => context.reports(args),
        Command::Formats(args) => {
            context.list(&args.output, || catalog::formats().map_err(Failure::from))
        }
        Command::Schema(args) => context.schema(args),
        Command::Completions(args) => print(&completions::script(args.shell, Args::command())),
        Command::Man => man::page(Args::command())
            .map_err(|error| Failure::stdout(&error))
            .and_then(|page| print(&page)),
    };
    match ended {
        Ok(kind) => kind,
        Err(Failure::BrokenPipe) => ExitKind::Done,
        Err(Failure::Told(message)) => {
            // With standard error gone there is nobody left to tell.
            let _ = message.write(&mut io::stderr().lock(), context.color());
            ExitKind::CouldNotRun
        }
    }
}

impl Context<'_> {
    /// Prints the reports called `names`; `before` is the command as it would be typed.
    fn report(
        &self,
        args: &ReportArgs,
        names: &[String],
        before: &str,
    ) -> Result<ExitKind, Failure> {
        let choice = self.choice(&args.output, names.len())?.by_threads(args.read.threads);
        let options = options::report(args, names, before, &choice, &self.terminal)?;
        choice.check(names.iter().map(String::as_str))?;
        let (started, progress) = (Instant::now(), Arc::new(Progress::new()));
        let bar = self.bar(&progress);
        let outcome = report::run(&options, &progress);
        drop(bar);
        self.tell(&outcome?, &choice, &args.read, started)
    }

    fn query(&self, args: &QueryArgs) -> Result<ExitKind, Failure> {
        let choice = self.choice(&args.output, 1)?.by_threads(args.read.threads);
        let options = options::query(args, &choice, &self.terminal)?;
        choice.check(["query"])?;
        let (started, progress) = (Instant::now(), Arc::new(Progress::new()));
        let bar = self.bar(&progress);
        let outcome = query::run(&options, &progress);
        drop(bar);
        self.tell(&outcome?, &choice, &args.read, started)
    }

    fn explain(&self, args: &ExplainArgs) -> Result<ExitKind, Failure> {
        let options = options::explain(args, &self.terminal)?;
        let progress = Arc::new(Progress::new());
        let bar = self.bar(&progress);
        let explanation = explain::run(&options, &progress);
        drop(bar);
        self.print_text(&explanation?.text)
    }

    fn convert(&self, args: &ConvertArgs) -> Result<ExitKind, Failure> {
        let options = options::convert(args, &self.terminal)?;
        let choice = match options.target {
            ConvertTarget::Folder(_) => None,
            ConvertTarget::Table(_) => {
                let format = Some(options.format.name().to_owned());
                let output = OutputArgs { format, ..OutputArgs::default() };
                Some(self.choice(&output, 1)?.by_threads(args.read.threads))
            }
        };
        let (started, progress) = (Instant::now(), Arc::new(Progress::new()));
        let bar = self.bar(&progress);
        let outcome = convert::run(&options, &progress);
        drop(bar);
        let outcome = outcome?;
        if let Some(choice) = choice {
            choice.write(&outcome.pages)?;
        }
        let written = outcome.files.iter();
        let written: Vec<String> = written
            .map(|file| format!("{} ({})", file.path.display(), count(file.rows, "row")))
            .collect();
        let ending = Ending {
            accounting: &outcome.accounting,
            rejects_sample: &outcome.rejects_sample,
            is_truncated: outcome.is_truncated,
            failed_checks: &[],
            window: outcome.window,
            elapsed: started.elapsed(),
            written: &written,
        };
        Ok(self.end(&ending, &args.read))
    }

    fn reports(&self, args: &ReportsArgs) -> Result<ExitKind, Failure> {
        let folder = args.queries_dir.as_deref();
        if let Some(name) = &args.explain {
            return self.print_text(&catalog::report_help(name, folder)?);
        }
        let list = |folder: Option<&Path>| catalog::reports(folder).map_err(Failure::from);
        self.list(&args.output, || list(folder))
    }

    fn schema(&self, args: &SchemaArgs) -> Result<ExitKind, Failure> {
        let format = if args.json { Some("json".to_owned()) } else { args.output.format.clone() };
        let output =
            OutputArgs { format, output: args.output.output.clone(), force: args.output.force };
        self.list(&output, || catalog::schema().map_err(Failure::from))
    }

    /// Shows what the program knows; there is no input, so nothing is to be balanced.
    fn list(
        &self,
        output: &OutputArgs,
        page: impl FnOnce() -> Result<Page, Failure>,
    ) -> Result<ExitKind, Failure> {
        let choice = self.choice(output, 1)?;
        let page = page()?;
        choice.check([&*page.id])?;
        choice.write(&[page])?;
        Ok(ExitKind::Done)
    }

    fn choice(&self, output: &OutputArgs, pages_count: usize) -> Result<Choice, Failure> {
        Choice::new(output, pages_count, renderers(), self.messages.color, &self.terminal)
    }

    fn bar(&self, progress: &Arc<Progress>) -> ProgressShow {
        let is_wanted =
            self.terminal.stderr && !self.messages.no_progress && self.messages.quiet == 0;
        ProgressShow::start(progress, is_wanted)
    }

    /// Data first, then the word about it.
    fn tell(
        &self,
        outcome: &Outcome,
        choice: &Choice,
        read: &ReadArgs,
        started: Instant,
    ) -> Result<ExitKind, Failure> {
        let elapsed: Duration = started.elapsed();
        let written = choice.write(&outcome.pages)?;
        let ending = Ending {
            accounting: &outcome.accounting,
            rejects_sample: &outcome.rejects_sample,
            is_truncated: outcome.is_truncated,
            failed_checks: &outcome.failed_checks,
            window: outcome.window,
            elapsed,
            written: &written,
        };
        Ok(self.end(&ending, read))
    }

    fn end(&self, ending: &Ending<'_>, read: &ReadArgs) -> ExitKind {
        let manner = Manner {
            quiet: self.messages.quiet,
            verbose: self.messages.verbose,
            color: self.color(),
            strict: read.strict,
            has_rejects_file: read.rejects.is_some(),
        };
        // With standard error gone there is nobody left to tell; the exit code still says it.
        let _ = ending.write(&mut io::stderr().lock(), &manner);
        ending.exit(&manner)
    }

    /// Prints text that may quote a log, harmless on a terminal and untouched elsewhere.
    fn print_text(&self, text: &str) -> Result<ExitKind, Failure> {
        if !self.terminal.stdout {
            return print(text.as_bytes());
        }
        let mut shown = String::with_capacity(text.len());
        for line in text.lines() {
            shown.push_str(&sanitised(&line.replace('\t', "    ")));
            shown.push('\n');
        }
        print(shown.as_bytes())
    }

    fn color(&self) -> bool {
        self.terminal.colors(self.messages.color, self.terminal.stderr)
    }
}

fn print(bytes: &[u8]) -> Result<ExitKind, Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))?;
    Ok(ExitKind::Done)
}
