//! Every bound of the program, named with its unit.

/// Deepest nesting of objects and arrays in a record, and of JSON texts inside JSON texts.
pub const DEPTH_MAX: usize = 128;
/// How often JSON may be encoded as text inside JSON before it is left alone.
pub const TEXT_NESTING_MAX: usize = 4;
/// Largest single record, in bytes; larger ones are rejected, not buffered.
pub const RECORD_BYTES_MAX: usize = 32 << 20;
/// Bytes of a rejected record that are kept.
pub const REJECT_BYTES_MAX: usize = 64 << 10;
/// Bytes read from an input at a time.
pub const BLOCK_BYTES: usize = 1 << 20;
/// Memory for what was extracted of inputs before their turn came, in bytes; past it their reading
/// waits.
pub const READ_AHEAD_BYTES: u64 = 16 << 20;
/// Zero bytes after the text of a chunk, so that vector loads never leave it.
pub const PADDING_BYTES: usize = 64;
/// Most bytes that one byte of a compressed input may unpack to, past [`UNPACKED_FREE_BYTES`].
pub const UNPACK_RATIO_MAX: u64 = 1_000;
/// Bytes an input may unpack to whatever its ratio.
pub const UNPACKED_FREE_BYTES: u64 = 64 << 20;
/// Members read from one archive.
pub const ARCHIVE_MEMBERS_MAX: usize = 100_000;
/// Containers inside containers (zip in gzip, array in an Avro body) that are followed.
pub const CONTAINER_DEPTH_MAX: usize = 4;
/// Largest list of break-glass accounts or application names, in bytes.
pub const LIST_BYTES_MAX: u64 = 16 << 20;
/// Rejected records that are kept for being shown at the end of a run.
pub const REJECTS_SAMPLED_MAX: usize = 10;
/// Bytes of rows that are kept in memory unless `--memory` says otherwise; past them, rows wait on
/// disk. Rows that will be folded count as they are kept, about 180 bytes each: those of a gigabyte of
/// diagnostic records fit. Others count as the engine gets them.
pub const ROWS_HELD_BYTES: u64 = 54 << 20;
/// The same of a query that is asked part by part and folds nothing. A gigabyte of records takes less
/// where the query reads a few columns; past that, writing rows down and reading them back costs a
/// sixth more time.
pub const ROWS_IN_PARTS_HELD_BYTES: u64 = 24 << 20;
/// The same where all columns of all tables are written: a gigabyte of records fits.
pub const WHOLE_ROWS_HELD_BYTES: u64 = 128 << 20;
/// Inputs of no more bytes than this are read by one thread: to begin others takes longer.
pub const FEW_BYTES: u64 = 64 << 10;
/// The same of so many records, to answer what is asked of them.
pub const FEW_RECORDS: u64 = 4 << 10;
/// Memory of normalised tables that are read whole, columns as numbers. Reports on ten million events
/// took 158 to 636 MB; more are read where they lie, which takes up to five times as long.
pub const WHOLE_NUMBERED_BYTES: u64 = 1 << 30;
