//! `azmfa convert`: the normalised tables, as files for any engine.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::app::error::Error;
use crate::app::ingest::{thread_count, threads_for, with_threads};
use crate::app::options::{ConvertOptions, ConvertTarget, TableFormat};
use crate::app::outcome::{ConvertOutcome, WrittenFile};
use crate::app::output::{self, OutputFile};
use crate::app::progress::Progress;
use crate::app::redact::{Redactor, hide_in_error};
use crate::app::report::{read, window};
use crate::app::tables::{Made, Wishes};
use crate::container::parquet::{MARK_KEY, SCHEMA_VERSION_KEY, TABLE_KEY, mark};
use crate::render::arrow::write_stream;
use crate::render::parquet::write_table;
use crate::render::{Page, Style, by_name};
use crate::schema::run::TABLE as RUN;
use crate::schema::{SCHEMA_VERSION, TABLES};
use crate::text::nearest;

/// Writes the normalised tables.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &ConvertOptions, progress: &Progress) -> Result<ConvertOutcome, Error> {
    converted(options, progress).map_err(|error| hide_in_error(&options.read, error))
}

fn converted(options: &ConvertOptions, progress: &Progress) -> Result<ConvertOutcome, Error> {
    if let ConvertTarget::Table(name) = &options.target
        && !TABLES.iter().any(|table| table.name == name)
    {
        let names = TABLES.iter().map(|table| table.name);
        return Err(Error::UnknownTable {
            name: name.clone(),
            nearest: nearest(name, names).map(str::to_owned),
        });
    }
    if let ConvertTarget::Folder(folder) = &options.target {
        std::fs::create_dir_all(folder)
            .map_err(|source| output::OutputError::Write { path: folder.clone(), source })?;
        for table in TABLES {
            output::check(&path_of(folder, table.name, options.format), options.read.force)?;
        }
    }
    // What is hidden is looked for in every table, and `run` tells of every table.
    let is_hiding = options.read.redact.is_some();
    let wishes = match &options.target {
        ConvertTarget::Folder(_) if !is_hiding => Wishes::all_tables(),
        ConvertTarget::Table(name) if !is_hiding && name != RUN.name => {
            Wishes::everything(Some(name))
        }
        ConvertTarget::Table(_) | ConvertTarget::Folder(_) => Wishes::everything(None),
    };
    let mut ingested = read(&options.read, &wishes, progress)?;
    let window = window(&options.read, &ingested);
    let threads = threads_for(&ingested, options.read.threads);
    let make = || {
        let tables = wishes.make(&mut ingested, window, &options.read)?;
        let redactor = Redactor::of(&options.read, &tables)?;
        Ok::<_, Error>((tables, redactor))
    };
    let (mut tables, redactor) = with_threads(threads, |pool| pool.install(make))??;
    if let Some(redactor) = redactor {
        for made in &mut tables {
            let hidden = redactor.batches(&made.schema, &made.all_rows()?)?;
            *made = Made::new(made.table, Arc::clone(&made.schema), hidden);
        }
        redactor.told(&mut ingested.accounting, &mut ingested.rejects_sample);
    }
    let mut outcome = ConvertOutcome {
        pages: Vec::new(),
        files: Vec::new(),
        accounting: ingested.accounting,
        rejects_sample: ingested.rejects_sample,
        is_truncated: ingested.is_truncated,
        window,
    };
    match &options.target {
        ConvertTarget::Folder(folder) => write_all(&tables, folder, options, &mut outcome)?,
        ConvertTarget::Table(name) => {
            let made = tables.iter().filter(|made| made.table.name == name);
            let page_of = |made: &Made| {
                let rows = made.rows_as_held().collect::<Result<_, Error>>()?;
                Ok(page(made, rows, &outcome))
            };
            outcome.pages = made.map(page_of).collect::<Result<Vec<Page>, Error>>()?;
        }
    }
    Ok(outcome)
}

/// Writes every table into a folder.
fn write_all(
    tables: &[Made],
    folder: &Path,
    options: &ConvertOptions,
    outcome: &mut ConvertOutcome,
) -> Result<(), Error> {
    // Of each table that is written, for the last of them to keep.
    let mut marks = Vec::new();
    for made in tables {
        let path = path_of(folder, made.table.name, options.format);
        let mut file = OutputFile::create(&path, options.read.force)?;
        let rows = write(made, options, outcome, &marks, &mut file)?;
        file.commit()?;
        if options.format == TableFormat::Parquet {
            let failed = |source| output::OutputError::Write { path: path.clone(), source };
            let mark = File::open(&path).and_then(|file| mark(&file)).map_err(failed)?;
            marks.push((format!("{MARK_KEY}{}", made.table.name), mark));
        }
        outcome.files.push(WrittenFile { path, rows });
    }
    Ok(())
}

fn path_of(folder: &Path, table: &str, format: TableFormat) -> std::path::PathBuf {
    folder.join(format!("{table}.{}", format.name()))
}

/// Writes a table to its file; gives the number of its rows.
fn write(
    made: &Made,
    options: &ConvertOptions,
    outcome: &ConvertOutcome,
    marks: &[(String, String)],
    file: &mut OutputFile,
) -> Result<u64, Error> {
    let mut metadata = vec![
        (TABLE_KEY.to_owned(), made.table.name.to_owned()),
        (SCHEMA_VERSION_KEY.to_owned(), SCHEMA_VERSION.to_string()),
    ];
    if made.table.name == RUN.name {
        metadata.extend_from_slice(marks);
    }
    let threads = thread_count(options.read.threads);
    let (mut count, mut failure) = (0, None);
    let mut rows = made.rows_as_held().map_while(|batch| match batch {
        Ok(batch) => {
            count += batch.num_rows() as u64;
            Some(batch)
        }
        Err(error) => {
            failure = Some(error);
            None
        }
    });
    let written = match options.format {
        TableFormat::Parquet => write_table(&mut rows, &made.schema, &metadata, threads, file),
        TableFormat::Arrow => write_stream(&mut rows, &made.schema, &metadata, threads, file),
        TableFormat::Ndjson => write_lines(&mut rows, made, outcome, file),
    };
    drop(rows);
    match failure {
        Some(error) => Err(error),
        None => written.map(|()| count).map_err(|error| file.error(error).into()),
    }
}

fn write_lines(
    batches: &mut dyn Iterator<Item = RecordBatch>,
    made: &Made,
    outcome: &ConvertOutcome,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let Some(renderer) = by_name(TableFormat::Ndjson.name()) else {
        return Err(std::io::Error::from(std::io::ErrorKind::Unsupported));
    };
    let mut out = BufWriter::new(out);
    let style = Style { width: None, color: false, threads: 1 };
    for batch in batches {
        renderer.render(&[page(made, vec![batch], outcome)], &style, &mut out)?;
    }
    out.flush()
}

fn page(made: &Made, batches: Vec<RecordBatch>, outcome: &ConvertOutcome) -> Page {
    Page {
        id: made.table.name.to_owned(),
        title: format!("Table {}", made.table.name),
        about: String::new(),
        grain: made.table.grain.to_owned(),
        column_notes: made.table.columns.iter().map(|column| column.meaning.to_owned()).collect(),
        totals: Vec::new(),
        schema: Arc::clone(&made.schema),
        batches,
        rows_left_out: 0,
        window: outcome.window,
        accounting: outcome.accounting.clone(),
    }
}
