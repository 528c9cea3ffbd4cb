//! `tsv`: a header row, then rows, a tab between cells, quoted where a cell needs it.
//!
//! Several pages come out with an empty line between them: good for a pager, not for a program,
//! which is why the format does not claim to take several.

use std::io;
use std::io::Write;

use super::delimited::write_pages;
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Tsv;

struct Tsv;

impl Renderer for Tsv {
    fn name(&self) -> &'static str {
        "tsv"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["tsv", "tab"]
    }

    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        write_pages(pages, b'\t', style, out)
    }
}
