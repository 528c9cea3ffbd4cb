//! Charts as the template draws them: every place and length is worked out here.

use minijinja::value::Value;

use crate::render::cell::grouped;
use crate::render::chart::{Bar, Chart, Line, Shape};
use crate::time::format_day;

/// Width of every chart, in the units that its places are in.
const WIDTH: f64 = 720.0;
/// Where bars begin; labels end a little before.
const BARS_LEFT: f64 = 250.0;
/// Where the longest bar ends; its figure stands behind it.
const BARS_RIGHT: f64 = 640.0;
const BAR_STEP: f64 = 26.0;
const BAR_HEIGHT: f64 = 16.0;
/// The field that lines are drawn in.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 708.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 204.0;
const LINES_HEIGHT: f64 = 232.0;
/// Baseline of a text below the middle of what it belongs to.
const TEXT_DROP: f64 = 4.0;

/// What the template draws.
pub(super) fn of(chart: &Chart) -> Value {
    let none = || Value::from(Vec::<Value>::new());
    let (height, words, bars, marks, days, lines) = match &chart.shape {
        Shape::Bars(all) => {
            let height = BAR_STEP * real(all.len() as u64) + 4.0;
            (height, in_words(all), bars(all), none(), none(), none())
        }
        Shape::Lines { days, lines } => {
            let scale = Scale::of(days, lines);
            let words = over_days_in_words(days, lines);
            let marks = scale.marks();
            (LINES_HEIGHT, words, none(), marks, scale.days(), scale.lines(days, lines))
        }
    };
    Value::from_pairs([
        ("title", Value::from(&*chart.title)),
        ("words", Value::from(words)),
        ("width", place(WIDTH)),
        ("height", place(height)),
        ("bars", bars),
        ("marks", marks),
        ("days", days),
        ("lines", lines),
    ])
}

/// A place or a length.
fn place(value: f64) -> Value {
    Value::from(format!("{value:.1}"))
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a unit is all that can be seen")]
fn real(number: u64) -> f64 {
    number as f64
}

fn height_of(value: i64) -> f64 {
    real(u64::try_from(value).unwrap_or_default())
}

fn in_words(bars: &[Bar]) -> String {
    let each: Vec<String> = bars
        .iter()
        .map(|bar| format!("{}: {}", bar.label, grouped(&bar.value.to_string())))
        .collect();
    each.join("; ")
}

fn bars(bars: &[Bar]) -> Value {
    let longest = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    (0_u32..)
        .zip(bars)
        .map(|(index, bar)| {
            let y = BAR_STEP * f64::from(index) + (BAR_STEP - BAR_HEIGHT) / 2.0;
            let share = height_of(bar.value) / height_of(longest);
            // What there is is never invisible.
            let width = (share * (BARS_RIGHT - BARS_LEFT)).max(1.5);
            Value::from_pairs([
                ("label", Value::from(&*bar.label)),
                ("label_x", place(BARS_LEFT - 10.0)),
                ("x", place(BARS_LEFT)),
                ("y", place(y)),
                ("text_y", place(y + BAR_HEIGHT / 2.0 + TEXT_DROP)),
                ("width", place(width)),
                ("height", place(BAR_HEIGHT)),
                ("tone", Value::from(bar.tone.name())),
                ("figure", Value::from(grouped(&bar.value.to_string()))),
                ("figure_x", place(BARS_LEFT + width + 8.0)),
            ])
        })
        .collect()
}

/// How days and values become places.
struct Scale {
    first: i32,
    last: i32,
    top: i64,
}

impl Scale {
    fn of(days: &[i32], lines: &[Line]) -> Self {
        let highest = lines.iter().flat_map(|line| line.values.iter().flatten()).max();
        Self {
            first: days.iter().copied().min().unwrap_or_default(),
            last: days.iter().copied().max().unwrap_or_default(),
            top: round_up(highest.copied().unwrap_or_default().max(2)),
        }
    }

    fn x(&self, day: i32) -> f64 {
        let span = f64::from(self.last) - f64::from(self.first);
        LEFT + (f64::from(day) - f64::from(self.first)) / span.max(1.0) * (RIGHT - LEFT)
    }

    fn y(&self, value: i64) -> f64 {
        BOTTOM - height_of(value) / height_of(self.top) * (BOTTOM - TOP)
    }

    fn marks(&self) -> Value {
        [0, self.top / 2, self.top]
            .into_iter()
            .map(|value| {
                let y = self.y(value);
                Value::from_pairs([
                    ("x1", place(LEFT)),
                    ("x2", place(RIGHT)),
                    ("y", place(y)),
                    ("label_x", place(LEFT - 8.0)),
                    ("text_y", place(y + TEXT_DROP)),
                    ("label", Value::from(grouped(&value.to_string()))),
                ])
            })
            .collect()
    }

    fn days(&self) -> Value {
        [(self.first, LEFT, "start"), (self.last, RIGHT, "end")]
            .into_iter()
            .map(|(day, x, anchor)| {
                Value::from_pairs([
                    ("x", place(x)),
                    ("y", place(BOTTOM + 20.0)),
                    ("anchor", Value::from(anchor)),
                    ("label", Value::from(format_day(day))),
                ])
            })
            .collect()
    }

    fn lines(&self, days: &[i32], lines: &[Line]) -> Value {
        lines
            .iter()
            .map(|line| {
                let (mut runs, mut dots) = (Vec::new(), Vec::new());
                for run in runs_of(days, &line.values) {
                    if let [(day, value)] = run[..] {
                        let (x, y) = (place(self.x(day)), place(self.y(value)));
                        dots.push(Value::from_pairs([("x", x), ("y", y)]));
                    } else {
                        let points: Vec<String> = run
                            .iter()
                            .map(|(day, value)| {
                                format!("{:.1},{:.1}", self.x(*day), self.y(*value))
                            })
                            .collect();
                        runs.push(Value::from(points.join(" ")));
                    }
                }
                Value::from_pairs([
                    ("name", Value::from(&*line.name)),
                    ("tone", Value::from(line.tone.name())),
                    ("runs", Value::from(runs)),
                    ("dots", Value::from(dots)),
                ])
            })
            .collect()
    }
}

/// The stretches without a hole: a line over a hole would say what nobody knows.
fn runs_of(days: &[i32], values: &[Option<i64>]) -> Vec<Vec<(i32, i64)>> {
    let mut runs: Vec<Vec<(i32, i64)>> = Vec::new();
    for (day, value) in days.iter().zip(values) {
        let Some(value) = value else { continue };
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(before, _)| before + 1 == *day) => {
                run.push((*day, *value));
            }
            _ => runs.push(vec![(*day, *value)]),
        }
    }
    runs
}

/// The next number of an even digit, or one, and zeros: its half is round too.
fn round_up(value: i64) -> i64 {
    let mut unit = 1_i64;
    while unit < i64::MAX / 100 && unit * 10 < value {
        unit *= 10;
    }
    [1, 2, 4, 6, 8, 10]
        .into_iter()
        .map(|step| unit * step)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

fn over_days_in_words(days: &[i32], lines: &[Line]) -> String {
    let ends = days.first().zip(days.last()).map_or_else(String::new, |(first, last)| {
        format!("From {} to {}. ", format_day(*first), format_day(*last))
    });
    let each: Vec<String> = lines
        .iter()
        .map(|line| {
            let sum: i128 = line.values.iter().flatten().map(|value| i128::from(*value)).sum();
            let most = line.values.iter().flatten().max().copied().unwrap_or_default();
            let (sum, most) = (grouped(&sum.to_string()), grouped(&most.to_string()));
            format!("{}: {sum} in all, {most} on the highest day", line.name)
        })
        .collect();
    format!("{ends}{}", each.join("; "))
}

#[cfg(test)]
mod tests {
    use super::{round_up, runs_of};

    #[test]
    fn a_hole_parts_a_line() {
        let runs = runs_of(&[1, 2, 3, 4, 9], &[Some(1), Some(2), None, Some(4), Some(5)]);
        assert_eq!(runs, [vec![(1, 1), (2, 2)], vec![(4, 4)], vec![(9, 5)]]);
    }

    #[test]
    fn the_top_of_a_scale_is_round_and_so_is_its_half() {
        for (value, expect) in [(2, 2), (3, 4), (7, 8), (9, 10), (11, 20), (65, 80), (1_001, 2_000)]
        {
            assert_eq!(round_up(value), expect, "{value}");
        }
        assert!(round_up(i64::MAX) >= i64::MAX / 2);
    }
}
