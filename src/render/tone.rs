//! What a value says, for renderers that have colours: decided once, by the names of the columns.

use super::cell::Cell;

/// What a value says to whoever has to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A value like any other.
    Plain,
    /// No value, or nobody's concern.
    Faint,
    /// Will stop working.
    Alarm,
    /// Cannot be told, or may stop working.
    Doubt,
    /// In order.
    Good,
}

impl Tone {
    /// Its word in a class of a page: `alarm`; empty for a plain value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Faint => "faint",
            Self::Alarm => "alarm",
            Self::Doubt => "doubt",
            Self::Good => "good",
        }
    }
}

/// The verdicts of the column `verdict`, the worst first.
pub(crate) const VERDICTS: &[(&str, Tone)] = &[
    ("will_break", Tone::Alarm),
    ("at_risk", Tone::Doubt),
    ("cannot_tell", Tone::Faint),
    ("ready_not_exercised", Tone::Good),
    ("ready", Tone::Good),
    ("not_in_scope", Tone::Faint),
];

/// The verdicts of the column `mfa`.
pub(crate) const MFA: &[(&str, Tone)] = &[
    ("non_mfa", Tone::Alarm),
    ("unknown", Tone::Doubt),
    ("exempt", Tone::Doubt),
    ("mfa", Tone::Good),
    ("not_completed", Tone::Faint),
    ("not_user", Tone::Faint),
];

/// The tones of the texts of a column that holds verdicts.
pub(crate) fn verdicts_of(column: &str) -> Option<&'static [(&'static str, Tone)]> {
    match column {
        "verdict" => Some(VERDICTS),
        "mfa" => Some(MFA),
        _ => None,
    }
}

/// The tone of every count above zero in a column, or of a metric: `non_mfa_writes`,
/// `unknown_writes`.
pub(crate) fn of_count(name: &str) -> Tone {
    if name.starts_with("non_mfa") {
        Tone::Alarm
    } else if name.starts_with("unknown") {
        Tone::Doubt
    } else {
        Tone::Plain
    }
}

/// The tone of one value.
pub(crate) fn of(column: &str, cell: &Cell<'_>) -> Tone {
    match cell {
        Cell::Null => Tone::Faint,
        Cell::Integer(number) if *number != 0 => of_count(column),
        Cell::Text(text) => verdicts_of(column)
            .and_then(|known| known.iter().find(|(verdict, _)| verdict == text))
            .map_or(Tone::Plain, |(_, tone)| *tone),
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Tone, of};

    #[test]
    fn a_tone_comes_from_the_name_of_the_column_and_the_value() {
        for (column, cell, expect) in [
            ("non_mfa_writes", Cell::Integer(1), Tone::Alarm),
            ("non_mfa_writes", Cell::Integer(0), Tone::Plain),
            ("unknown_writes", Cell::Integer(9), Tone::Doubt),
            ("write_attempts", Cell::Integer(9), Tone::Plain),
            ("verdict", Cell::Text("will_break"), Tone::Alarm),
            ("verdict", Cell::Text("something"), Tone::Plain),
            ("mfa", Cell::Text("mfa"), Tone::Good),
            ("caller", Cell::Text("will_break"), Tone::Plain),
            ("caller", Cell::Null, Tone::Faint),
        ] {
            assert_eq!(of(column, &cell), expect, "{column} {cell:?}");
        }
    }
}
