//! `ndjson`: one row a line, rows only.

use std::io;
use std::io::{BufWriter, Write};

use super::cell::Column;
use super::object::{keys, write_row};
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Ndjson;

struct Ndjson;

impl Renderer for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ndjson", "jsonl"]
    }

    fn takes_several(&self) -> bool {
        false
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for page in pages {
            let keys = keys(&page.schema);
            for batch in &page.batches {
                let columns = Column::of(batch)?;
                for row in 0..batch.num_rows() {
                    write_row(&keys, &columns, row, &mut out)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        out.flush()
    }
}
