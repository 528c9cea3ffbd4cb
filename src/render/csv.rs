//! `csv`: a header row, then rows, a comma between cells, quoted where a cell needs it.
//!
//! Several pages come out with an empty line between them: good for a pager, not for a program,
//! which is why the format does not claim to take several.

use std::io;
use std::io::Write;

use super::delimited::write_pages;
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Csv;

struct Csv;

impl Renderer for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["csv"]
    }

    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        write_pages(pages, b',', style, out)
    }
}
