//! Conditions on the figures of the summaries that make a run fail: `--fail-on`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error as ThisError;

/// How a figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Every comparison; one whose sign begins with another's comes first.
    const ALL: [Self; 6] = [
        Self::GreaterOrEqual,
        Self::LessOrEqual,
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::Less,
    ];

    /// The sign, as it is typed.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

/// A condition on one figure: the run fails when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Metric of `summary` or `readiness-summary`, `non_mfa_write_attempts`.
    pub metric: String,
    /// How its value is compared.
    pub comparison: Comparison,
    /// What it is compared with.
    pub number: i64,
}

impl Check {
    /// Whether the condition holds for the metric's value, which makes the run fail.
    pub fn is_met(&self, value: i64) -> bool {
        match self.comparison {
            Comparison::Greater => value > self.number,
            Comparison::GreaterOrEqual => value >= self.number,
            Comparison::Less => value < self.number,
            Comparison::LessOrEqual => value <= self.number,
            Comparison::Equal => value == self.number,
            Comparison::NotEqual => value != self.number,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.metric, self.comparison.sign(), self.number)
    }
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum CheckError {
    /// No comparison in it.
    #[error("no comparison in it; write METRIC OP NUMBER with one of > >= < <= == !=")]
    NoComparison,
    /// A single `=`.
    #[error("`=` is no comparison; write `==`")]
    SingleEquals,
    /// Nothing, or no metric's name, before the comparison.
    #[error("`{text}` is no name of a metric; names are like `non_mfa_write_attempts`")]
    BadMetric {
        /// What stands there.
        text: String,
    },
    /// No whole number after the comparison.
    #[error("`{text}` is no whole number")]
    BadNumber {
        /// What stands there.
        text: String,
    },
}

impl FromStr for Check {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Self, CheckError> {
        let at = text.find(['<', '>', '=', '!']).ok_or(CheckError::NoComparison)?;
        let (metric, rest) = text.split_at(at);
        let (comparison, number) = Comparison::ALL
            .into_iter()
            .find_map(|each| rest.strip_prefix(each.sign()).map(|number| (each, number.trim())))
            .ok_or(if rest.starts_with('=') {
                CheckError::SingleEquals
            } else {
                CheckError::NoComparison
            })?;
        let metric = metric.trim();
        let is_name = !metric.is_empty()
            && metric.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err(CheckError::BadMetric { text: metric.to_owned() });
        }
        let number =
            number.parse().map_err(|_| CheckError::BadNumber { text: number.to_owned() })?;
        Ok(Self { metric: metric.to_ascii_lowercase(), comparison, number })
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, CheckError};

    #[test]
    fn every_comparison_is_read_and_compares() {
        for (text, shown, met, unmet) in [
            ("non_mfa_write_attempts>0", "non_mfa_write_attempts > 0", 1, 0),
            ("users >= 3", "users >= 3", 3, 2),
            ("events<10", "events < 10", 9, 10),
            ("events <= 10", "events <= 10", 10, 11),
            (" Events==0 ", "events == 0", 0, 1),
            ("users!=-1", "users != -1", 0, -1),
        ] {
            let check: Check = text.parse().unwrap();
            assert_eq!(check.to_string(), shown);
            assert!(check.is_met(met), "{text} with {met}");
            assert!(!check.is_met(unmet), "{text} with {unmet}");
        }
    }

    #[test]
    fn what_is_no_condition_says_what_is_missing() {
        let failed = |text: &str| text.parse::<Check>().unwrap_err();
        assert_eq!(failed("users"), CheckError::NoComparison);
        assert_eq!(failed("users=3"), CheckError::SingleEquals);
        assert_eq!(failed("users!3"), CheckError::NoComparison);
        assert_eq!(failed(">3"), CheckError::BadMetric { text: String::new() });
        assert_eq!(failed("a b>3"), CheckError::BadMetric { text: "a b".to_owned() });
        assert_eq!(failed("users>"), CheckError::BadNumber { text: String::new() });
        assert_eq!(failed("users>1.5"), CheckError::BadNumber { text: "1.5".to_owned() });
        assert_eq!(failed("users=>1"), CheckError::SingleEquals);
    }
}
