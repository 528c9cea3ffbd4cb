//! Where pages go: standard output, one file, or a folder with a file per page.

use std::fs;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::app::ingest::thread_count;
use crate::app::output::OutputError;
use crate::app::output::OutputFile;
use crate::app::output::check;
use crate::cli::args::ColorWhen;
use crate::cli::args::OutputArgs;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::render::ALL;
use crate::render::Page;
use crate::render::Renderer;
use crate::render::Style;

/// Format of a terminal.
const ON_TERMINAL: &str = "table";
/// Format of a pipe, and of the files in a folder.
const ELSEWHERE: &str = "csv";

/// Bytes that standard output is given at a time.
const STDOUT_BYTES: usize = 64 << 10;

/// Standard output past the buffer of the standard library, which looks for the last end of a line
/// in all that goes through it, be it text or not.
#[cfg(unix)]
fn stdout() -> io::Result<impl Write> {
    use std::os::fd::AsFd;
    io::stdout().flush()?;
    io::stdout().as_fd().try_clone_to_owned().map(fs::File::from)
}

#[cfg(not(unix))]
fn stdout() -> io::Result<impl Write> {
    Ok(io::stdout().lock())
}

/// A way of showing pages.
pub(crate) type Shown = &'static dyn Renderer;

/// Every way of showing pages, in the order of the help.
pub(crate) fn renderers() -> &'static [Shown] {
    ALL
}

/// Where pages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard output.
    Stdout,
    /// One file for all pages.
    File(PathBuf),
    /// One file per page.
    Folder(PathBuf),
}

/// Where pages go and how they are shown.
pub(crate) struct Choice {
    pub(crate) renderer: Shown,
    pub(crate) target: Target,
    pub(crate) style: Style,
    force: bool,
    is_terminal: bool,
}

impl Choice {
    /// Decides for `pages_count` pages, by what was asked for and, failing that, the terminal.
    pub(crate) fn new(
        args: &OutputArgs,
        pages_count: usize,
        renderers: &[Shown],
        color: ColorWhen,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let target = target_of(args.output.as_deref(), pages_count);
        let is_terminal = target == Target::Stdout && terminal.stdout;
        let renderer = renderer_of(args.format.as_deref(), &target, renderers, is_terminal)?;
        let name = renderer.name();
        if is_terminal && renderer.is_binary() {
            return Err(Failure::usage(
                format!("`{name}` is no text, and standard output is a terminal"),
                format!("write a file, `-o FILE.{}`, or pipe it on", extension_of(renderer)),
            ));
        }
        if pages_count > 1 && !renderer.takes_several() && !matches!(target, Target::Folder(_)) {
            return Err(Failure::usage(
                format!("{pages_count} reports do not fit into one `{name}` output"),
                "choose one with `-r NAME`, write a folder with `-o DIR/`, or use `--format json`",
            ));
        }
        let width = if is_terminal { terminal.width } else { None };
        let style = Style { width, color: terminal.colors(color, is_terminal), threads: 1 };
        Ok(Self { renderer, target, style, force: args.force, is_terminal })
    }

    /// The same, for long pages, which the threads of the run write together.
    pub(crate) fn by_threads(mut self, asked: Option<usize>) -> Self {
        self.style.threads = thread_count(asked);
        self
    }

    /// Whether a person is about to read a table.
    pub(crate) fn is_table_on_terminal(&self) -> bool {
        self.is_terminal && self.renderer.name() == ON_TERMINAL
    }

    /// Refuses what could not be written later, before any work is done.
    pub(crate) fn check<'a>(
        &self,
        page_ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Failure> {
        match &self.target {
            Target::File(path) => Ok(check(path, self.force)?),
            Target::Folder(folder) if folder.is_dir() => {
                for id in page_ids {
                    check(&self.path_in(folder, id), self.force)?;
                }
                Ok(())
            }
            Target::Folder(folder) if folder.exists() => Err(Failure::usage(
                format!("`{}` is no folder", folder.display()),
                "several reports go to a folder; name another",
            )),
            Target::Stdout | Target::Folder(_) => Ok(()),
        }
    }

    /// Writes the pages; gives the paths of the files written.
    pub(crate) fn write(&self, pages: &[Page]) -> Result<Vec<String>, Failure> {
        match &self.target {
            Target::Stdout => {
                let render = |out| {
                    let mut out = BufWriter::with_capacity(STDOUT_BYTES, out);
                    self.renderer.render(pages, &self.style, &mut out)?;
                    out.flush()
                };
                stdout().and_then(render).map_err(|error| Failure::stdout(&error))?;
                Ok(Vec::new())
            }
            Target::File(path) => {
                let mut file = OutputFile::create(path, self.force)?;
                self.render(pages, &mut file)?;
                file.commit()?;
                Ok(vec![path.display().to_string()])
            }
            Target::Folder(folder) => self.write_folder(pages, folder),
        }
    }

    fn write_folder(&self, pages: &[Page], folder: &Path) -> Result<Vec<String>, Failure> {
        fs::create_dir_all(folder)
            .map_err(|source| OutputError::Write { path: folder.to_owned(), source })?;
        let mut files = Vec::with_capacity(pages.len());
        for page in pages {
            let mut file = OutputFile::create(&self.path_in(folder, &page.id), self.force)?;
            self.render(std::slice::from_ref(page), &mut file)?;
            files.push(file);
        }
        // All of them have their bytes before the first gets its name.
        let mut written = Vec::with_capacity(files.len());
        for file in files {
            written.push(file.path().display().to_string());
            file.commit()?;
        }
        Ok(written)
    }

    fn render(&self, pages: &[Page], file: &mut OutputFile) -> Result<(), OutputError> {
        self.renderer.render(pages, &self.style, file).map_err(|error| file.error(error))
    }

    fn path_in(&self, folder: &Path, page_id: &str) -> PathBuf {
        folder.join(format!("{page_id}.{}", extension_of(self.renderer)))
    }
}

fn target_of(path: Option<&Path>, pages_count: usize) -> Target {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else { return Target::Stdout };
    let ends_as_folder = path.to_string_lossy().ends_with(std::path::is_separator);
    let is_folder = ends_as_folder
        || path.is_dir()
        || (pages_count > 1 && path.extension().is_none() && !path.exists());
    if is_folder { Target::Folder(path.to_owned()) } else { Target::File(path.to_owned()) }
}

fn renderer_of(
    format: Option<&str>,
    target: &Target,
    renderers: &[Shown],
    is_terminal: bool,
) -> Result<Shown, Failure> {
    let named = |name: &str| {
        renderers.iter().find(|each| each.name() == name).copied().ok_or_else(|| {
            Failure::usage(format!("there is no format `{name}`"), formats_hint(renderers))
        })
    };
    match (format, target) {
        (Some(name), _) => named(name),
        (None, Target::Stdout) if is_terminal => named(ON_TERMINAL),
        (None, Target::Stdout | Target::Folder(_)) => named(ELSEWHERE),
        // A device or a named pipe has no extension to go by.
        (None, Target::File(path)) if path.exists() && !path.is_file() => named(ELSEWHERE),
        (None, Target::File(path)) => {
            let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase());
            let extension = extension.unwrap_or_default();
            let found = renderers.iter().find(|each| each.extensions().contains(&&*extension));
            found.copied().ok_or_else(|| {
                Failure::usage(
                    format!("cannot tell the format from the name `{}`", path.display()),
                    formats_hint(renderers),
                )
            })
        }
    }
}

fn formats_hint(renderers: &[Shown]) -> String {
    let names: Vec<&str> = renderers.iter().map(|each| each.name()).collect();
    format!("say it with `--format`: {}", names.join(", "))
}

fn extension_of(renderer: Shown) -> &'static str {
    renderer.extensions().first().copied().unwrap_or_else(|| renderer.name())
}

#[cfg(test)]
mod tests;
