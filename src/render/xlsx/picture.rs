//! The sheet `Charts`: the figures of each chart, and the chart beside them.

use rust_xlsxwriter::{
    Chart as Drawing, ChartFormat, ChartLine, ChartPoint, ChartSolidFill, ChartType, Color,
    Worksheet, XlsxError,
};

use crate::render::Page;
use crate::render::cell::Cell;
use crate::render::chart::{Bar, Chart, Line, Shape};
use crate::render::tone::Tone;
use crate::text::sanitised;

use super::{Formats, write_cell, write_text};

/// Rows that a chart takes at the height that rows have by default, and one to part two.
const CHART_ROWS: u32 = 20;
/// The column that charts begin in: lines take up to four before it.
const CHART_COLUMN: u16 = 5;

/// Where figures go.
struct Place<'a> {
    sheet: &'a mut Worksheet,
    name: &'a str,
    /// First row free.
    row: u32,
    formats: &'a Formats,
}

/// Writes figures and charts, one pair below the other.
///
/// # Errors
/// Those of the library.
pub(super) fn write(
    sheet: &mut Worksheet,
    name: &str,
    charts: &[(&Page, Chart)],
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 38)?;
    sheet.set_column_range_width(1, CHART_COLUMN - 1, 16)?;
    let mut place = Place { sheet, name, row: 0, formats };
    for (page, chart) in charts {
        let top = place.row;
        place.sheet.write_string_with_format(top, 0, sanitised(&page.title), &formats.header)?;
        place.row += 1;
        let mut drawing = match &chart.shape {
            Shape::Bars(bars) => place.bars(bars, &chart.title)?,
            Shape::Lines { days, lines } => place.lines(days, lines)?,
        };
        drawing.title().set_name(&chart.title);
        drawing.set_width(760).set_height(360);
        place.sheet.insert_chart(top, CHART_COLUMN, &drawing)?;
        place.row = (place.row + 2).max(top + CHART_ROWS);
    }
    Ok(())
}

impl Place<'_> {
    fn bars(&mut self, bars: &[Bar], title: &str) -> Result<Drawing, XlsxError> {
        let top = self.row;
        for bar in bars {
            write_text(self.sheet, self.row, 0, &bar.label, self.formats)?;
            let value = Cell::Integer(bar.value.into());
            write_cell(self.sheet, self.row, 1, &value, self.formats)?;
            self.row += 1;
        }
        let last = self.row - 1;
        let points: Vec<ChartPoint> = bars
            .iter()
            .map(|bar| {
                let fill = ChartSolidFill::new().set_color(color(bar.tone)).clone();
                ChartPoint::new().set_format(ChartFormat::new().set_solid_fill(&fill))
            })
            .collect();
        let mut drawing = Drawing::new(ChartType::Bar);
        drawing
            .add_series()
            .set_name(title)
            .set_categories((self.name, top, 0, last, 0))
            .set_values((self.name, top, 1, last, 1))
            .set_points(&points)
            .set_gap(60);
        drawing.legend().set_hidden();
        // The first row on top, as in the table.
        drawing.y_axis().set_reverse();
        Ok(drawing)
    }

    fn lines(&mut self, days: &[i32], lines: &[Line]) -> Result<Drawing, XlsxError> {
        let top = self.row;
        self.sheet.write_string_with_format(top, 0, "day", &self.formats.header)?;
        for day in days {
            self.row += 1;
            write_cell(self.sheet, self.row, 0, &Cell::Day(*day), self.formats)?;
        }
        let last = self.row;
        self.row += 1;
        let mut drawing = Drawing::new(ChartType::Line);
        for (line, column) in lines.iter().zip(1..) {
            let header = &self.formats.header_number;
            self.sheet.write_string_with_format(top, column, &line.name, header)?;
            for (value, row) in line.values.iter().zip(top + 1..) {
                let cell = value.map_or(Cell::Null, |value| Cell::Integer(value.into()));
                write_cell(self.sheet, row, column, &cell, self.formats)?;
            }
            let ink = ChartLine::new().set_color(color(line.tone)).set_width(2).clone();
            drawing
                .add_series()
                .set_name((self.name, top, column))
                .set_categories((self.name, top + 1, 0, last, 0))
                .set_values((self.name, top + 1, column, last, column))
                .set_format(ChartFormat::new().set_line(&ink));
        }
        Ok(drawing)
    }
}

fn color(tone: Tone) -> Color {
    Color::RGB(match tone {
        Tone::Alarm => 0x00C0_392B,
        Tone::Doubt => 0x00D6_8910,
        Tone::Good => 0x002E_8B57,
        Tone::Plain => 0x0034_6FA8,
        Tone::Faint => 0x008A_94A3,
    })
}
