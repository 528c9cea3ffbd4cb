//! SQL text to syntax tree: one query, nothing else. The only room that knows sqlparser's parser.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, SetExpr, Statement, Visit, visit_relations};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use crate::text::nearest;

/// Why SQL is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// It does not parse.
    #[error("cannot read SQL: {0}")]
    Syntax(String),
    /// There is nothing in it.
    #[error("the SQL is empty")]
    Empty,
    /// More than one statement.
    #[error("one query at a time: found {0} statements")]
    Several(usize),
    /// A statement that would change something.
    #[error("only queries are run: found `{0}`")]
    NotAQuery(String),
    /// A function where a table is due: it could read files.
    #[error("`{0}` is a table function; only tables are read")]
    TableFunction(String),
    /// A table that is not there.
    #[error("there is no table `{name}`")]
    UnknownTable {
        /// What was asked for.
        name: String,
        /// The nearest table there is.
        nearest: Option<String>,
    },
}

impl SqlError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax(_) => {
                Some("`azmfa reports --explain NAME` shows SQL that runs".to_owned())
            }
            Self::Empty => Some("write `azmfa query 'SELECT … FROM attempt'`".to_owned()),
            Self::Several(_) => Some("run them one after the other".to_owned()),
            Self::NotAQuery(_) => Some("begin with SELECT or WITH".to_owned()),
            Self::TableFunction(_) => {
                Some("name the files behind the query: `azmfa query 'SELECT …' FILE…`".to_owned())
            }
            Self::UnknownTable { nearest: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::UnknownTable { .. } => Some("`azmfa schema` lists the tables".to_owned()),
        }
    }

    /// The error for a table `name` that is none of `known`.
    pub fn unknown_table<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let nearest = nearest(&name.to_lowercase(), known).map(str::to_owned);
        Self::UnknownTable { name: name.to_owned(), nearest }
    }
}

/// Reads one query in the generic dialect, which is the one that polars reads.
///
/// # Errors
/// [`SqlError::Syntax`], or what else it is instead of one query.
pub fn query(sql: &str) -> Result<Query, SqlError> {
    query_in(&GenericDialect {}, sql)
}

/// Reads one query in a dialect.
///
/// # Errors
/// As [`query`].
pub fn query_in(dialect: &dyn Dialect, sql: &str) -> Result<Query, SqlError> {
    query_of(dialect, tokens(dialect, sql)?, sql)
}

/// The words of a query that is known to read.
///
/// # Errors
/// [`SqlError::Syntax`].
pub fn words_of(sql: &str) -> Result<Words, SqlError> {
    let tokens = tokens(&GenericDialect {}, sql)?;
    Ok(Words::of(tokens.iter().map(|token| &token.token)))
}

/// Reads one query, and its words.
///
/// # Errors
/// As [`query`].
pub fn query_and_words(sql: &str) -> Result<(Query, Words), SqlError> {
    let dialect = GenericDialect {};
    let tokens = tokens(&dialect, sql)?;
    let words = Words::of(tokens.iter().map(|token| &token.token));
    Ok((query_of(&dialect, tokens, sql)?, words))
}

/// The words of a query, lower case: keywords, names and aliases, comments and texts left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    bare: BTreeSet<String>,
    /// Those that follow another and a dot, with that one before them.
    qualified: BTreeSet<(String, String)>,
}

impl Words {
    fn of<'a>(tokens: impl Iterator<Item = &'a Token>) -> Self {
        let mut words = Self::default();
        let (mut before, mut is_dotted) = (None, false);
        for token in tokens.filter(|token| !matches!(token, Token::Whitespace(_))) {
            if let Token::Word(word) = token {
                let word = word.value.to_lowercase();
                match before.take().filter(|_| is_dotted) {
                    Some(other) => {
                        words.qualified.insert((other, word.clone()));
                    }
                    None => {
                        words.bare.insert(word.clone());
                    }
                }
                before = Some(word);
            } else if *token != Token::Period {
                before = None;
            }
            is_dotted = *token == Token::Period;
        }
        words
    }

    /// Those that do not follow a word that `is_of_others`, and a dot.
    pub fn but_of(&self, is_of_others: impl Fn(&str) -> bool) -> impl Iterator<Item = &String> {
        let qualified = self.qualified.iter().filter(move |(of, _)| !is_of_others(of));
        self.bare.iter().chain(qualified.map(|(_, word)| word))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.but_of(|_| false)
    }
}

fn tokens(dialect: &dyn Dialect, sql: &str) -> Result<Vec<TokenWithSpan>, SqlError> {
    let tokens = Tokenizer::new(dialect, sql).tokenize_with_location();
    tokens.map_err(|error| SqlError::Syntax(error.to_string()))
}

fn query_of(
    dialect: &dyn Dialect,
    tokens: Vec<TokenWithSpan>,
    sql: &str,
) -> Result<Query, SqlError> {
    let mut parser = Parser::new(dialect).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| {
        SqlError::Syntax(error.to_string().trim_start_matches("sql parser error: ").to_owned())
    })?;
    let count = statements.len();
    match (statements.pop(), count) {
        (None, _) => Err(SqlError::Empty),
        (Some(Statement::Query(query)), 1) => {
            if reads_only(&query.body) {
                Ok(*query)
            } else {
                Err(SqlError::NotAQuery(first_word(sql)))
            }
        }
        (Some(_), 1) => Err(SqlError::NotAQuery(first_word(sql))),
        (Some(_), count) => Err(SqlError::Several(count)),
    }
}

/// Whether a body is made of selects alone: `WITH … INSERT` is a query to the parser.
fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => reads_only(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        SetExpr::Values(_) => true,
        _ => false,
    }
}

fn first_word(sql: &str) -> String {
    words(sql).next().map_or_else(|| sql.trim().to_owned(), |word| word.value.to_uppercase())
}

/// Every word of the SQL as it stands.
pub fn words(sql: &str) -> impl Iterator<Item = Word> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
    tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    })
}

/// Last part of a name, lower case: the table in `main.attempt`.
pub fn table_name(name: &ObjectName) -> String {
    name.0
        .last()
        .and_then(|part| part.as_ident())
        .map(|ident| ident.value.to_lowercase())
        .unwrap_or_default()
}

/// Tables, views and common table expressions that are read from, lower case.
pub fn relations(query: &impl Visit) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let _: ControlFlow<()> = visit_relations(query, |name| {
        found.insert(table_name(name));
        ControlFlow::Continue(())
    });
    found
}
