//! `json`: one object with the rows and the balance of the run behind them.

use std::io;
use std::io::{BufWriter, Write};

use crate::schema::SCHEMA_VERSION;

use super::cell::{Column, type_name};
use super::object::{accounting, keys, quoted, window, write_row};
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Json;

struct Json;

impl Renderer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["json"]
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        if let [page] = pages {
            write_page(page, &mut out)?;
        } else {
            out.write_all(b"{\"reports\":[")?;
            for (index, page) in pages.iter().enumerate() {
                out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
                write_page(page, &mut out)?;
            }
            out.write_all(b"\n]}")?;
        }
        out.write_all(b"\n")?;
        out.flush()
    }
}

fn write_page(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let columns: Vec<String> = page
        .schema
        .fields()
        .iter()
        .map(|field| {
            let kind = type_name(field.data_type());
            format!("{{\"name\":{},\"type\":\"{kind}\"}}", quoted(field.name()))
        })
        .collect();
    write!(
        out,
        "{{\"report\":{},\"schema_version\":{SCHEMA_VERSION},\n\"window\":{},\n\
         \"accounting\":{},\n\"columns\":[{}],\n\"rows_left_out\":{},\n\"rows\":[",
        quoted(&page.id),
        window(page.window),
        accounting(&page.accounting),
        columns.join(","),
        page.rows_left_out,
    )?;
    let keys = keys(&page.schema);
    let mut separator = "\n";
    for batch in &page.batches {
        let columns = Column::of(batch)?;
        for row in 0..batch.num_rows() {
            out.write_all(separator.as_bytes())?;
            write_row(&keys, &columns, row, out)?;
            separator = ",\n";
        }
    }
    out.write_all(if separator == "\n" { b"]}" } else { b"\n]}" })
}
