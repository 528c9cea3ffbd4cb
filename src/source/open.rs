//! From an input to its streams: compression, archives and encodings peeled off by content.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use crate::limits::ARCHIVE_MEMBERS_MAX;
use crate::limits::CONTAINER_DEPTH_MAX;
use crate::source::magic::HEAD_BYTES;
use crate::source::magic::Magic;
use crate::source::magic::magic_of;
use crate::source::peek::Peeked;
use crate::source::plan::Input;
use crate::source::plan::Place;
use crate::source::spool::SpoolError;
use crate::source::spool::spool;
use crate::source::trouble::Marked;
use crate::source::trouble::OpenError;
use crate::source::trouble::ReadTrouble;
use crate::source::unpack::Ledger;
use crate::source::unpack::Raw;
use crate::source::unpack::Unpacked;
use crate::source::utf16::Utf16;
use crate::text;

/// Compressed bytes asked for at a time.
const PACKED_BLOCK_BYTES: usize = 256 << 10;

/// One stream of an input: the input itself, or a member of an archive.
#[derive(Debug)]
pub struct Stream<'a> {
    /// Name of the input; a member of an archive is `archive.zip!member`.
    pub name: Arc<str>,
    /// What it is, unpacked.
    pub content: Content<'a>,
}

/// What a stream is.
///
/// Readers return errors that [`crate::source::trouble::trouble_of`] tells apart, always after
/// everything that could be read.
pub enum Content<'a> {
    /// Not one byte (a byte order mark alone is none).
    Empty,
    /// Text in UTF-8, mark removed. Damaged UTF-16 shows as bytes that are no UTF-8.
    Text(Text<'a>),
    /// An Avro object container file.
    Avro(Box<dyn Read + 'a>),
    /// A Parquet file, at its first byte; one that came in a stream or an archive stands in a file
    /// without a name that goes away when it is closed.
    Parquet(File),
    /// Something that holds no records: a word or two for a person, such as `PNG image`.
    Binary(&'static str),
    /// A member or an inner archive that cannot be unpacked at all; the others still come.
    Refused(OpenError),
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("Empty"),
            Self::Text(_) => out.write_str("Text"),
            Self::Avro(_) => out.write_str("Avro"),
            Self::Parquet(_) => out.write_str("Parquet"),
            Self::Binary(what) => write!(out, "Binary({what})"),
            Self::Refused(error) => write!(out, "Refused({error})"),
        }
    }
}

/// The reader of a text.
pub enum Text<'a> {
    /// One that stays where it is.
    Lent(Box<dyn Read + 'a>),
    /// One that any thread may go on with: of a file that is neither packed nor in UTF-16.
    Own(Box<dyn Read + Send>),
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Lent(_) => "Lent",
            Self::Own(_) => "Own",
        })
    }
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Lent(reader) => reader.read(buffer),
            Self::Own(reader) => reader.read(buffer),
        }
    }
}

type Visit<'v> = dyn for<'s> FnMut(Stream<'s>) -> ControlFlow<()> + 'v;

/// Opens an input and hands each of its streams to `visit`, in order, until that says `Break`.
///
/// `progress` grows by the bytes read from outside, that is by compressed ones.
/// Memory: a few blocks; nothing is mapped, so a file that shrinks is an error of its reader.
///
/// # Errors
/// [`OpenError`] when the input itself cannot be opened. What is wrong further in comes as
/// [`Content::Refused`] or as an error of a stream's reader.
pub fn each_stream(
    input: &Input,
    progress: &Arc<AtomicU64>,
    visit: &mut dyn for<'s> FnMut(Stream<'s>) -> ControlFlow<()>,
) -> Result<(), OpenError> {
    // Break or not, there is nothing left to do for this input.
    let _ = match &input.place {
        Place::Stdin => {
            let opener = Opener::new(None, visit);
            let reader = Raw::new(io::stdin().lock(), &opener.ledger, progress, 0);
            opener.descend(Arc::clone(&input.name), Box::new(reader), 0)
        }
        Place::Path(path) => open_path(&input.name, path, progress, visit).map_err(|source| {
            OpenError::Unreadable { name: input.name.as_ref().to_owned(), source }
        })?,
    };
    Ok(())
}

fn open_path(
    name: &Arc<str>,
    path: &Path,
    progress: &Arc<AtomicU64>,
    visit: &mut Visit<'_>,
) -> io::Result<ControlFlow<()>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let name = Arc::clone(name);
    if !metadata.is_file() {
        let opener = Opener::new(None, visit);
        let reader = Raw::new(file, &opener.ledger, progress, 0);
        return Ok(opener.descend(name, Box::new(reader), 0));
    }
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    let opener = Opener::new(Some(metadata.len()), visit);
    Ok(match magic_of(&head) {
        Magic::Parquet => {
            progress.fetch_add(metadata.len(), Ordering::Relaxed);
            opener.visit(name, Content::Parquet(file))
        }
        Magic::Zip => {
            let reader = Raw::new(file, &opener.ledger, progress, 0);
            opener.members(&name, reader, 0)
        }
        _ => {
            let reader = Raw::new(file, &opener.ledger, progress, metadata.len());
            opener.file(name, reader)
        }
    })
}

/// The opening of one input.
struct Opener<'v> {
    ledger: Arc<Ledger>,
    visit: RefCell<&'v mut Visit<'v>>,
}

impl<'v> Opener<'v> {
    fn new(file_bytes: Option<u64>, visit: &'v mut Visit<'v>) -> Self {
        Self { ledger: Arc::new(Ledger::new(file_bytes)), visit: RefCell::new(visit) }
    }

    fn visit(&self, name: Arc<str>, content: Content<'_>) -> ControlFlow<()> {
        (self.visit.borrow_mut())(Stream { name, content })
    }

    fn refuse(&self, name: &Arc<str>, detail: String) -> ControlFlow<()> {
        let error = OpenError::Damaged { name: name.as_ref().to_owned(), detail };
        self.visit(Arc::clone(name), Content::Refused(error))
    }

    /// Goes on with a file: text as it stands needs nothing from here, so that any thread may read it.
    /// (So could they what is piped in, but a pipe is emptied soonest by one that does nothing else.)
    fn file(&self, name: Arc<str>, reader: Raw<File>) -> ControlFlow<()> {
        let mut peeked = Peeked::new(reader, HEAD_BYTES);
        match magic_of(peeked.head()) {
            Magic::Utf8 { mark_bytes } => {
                peeked.skip(mark_bytes);
                self.visit_text(name, peeked, mark_bytes, |text| Text::Own(Box::new(text)))
            }
            _ => self.descend(name, Box::new(peeked), 0),
        }
    }

    /// Looks at the first bytes of a stream and goes on with what they say.
    fn descend(&self, name: Arc<str>, reader: Box<dyn Read + '_>, depth: usize) -> ControlFlow<()> {
        let mut peeked = Peeked::new(reader, HEAD_BYTES);
        let magic = magic_of(peeked.head());
        if matches!(magic, Magic::Gzip | Magic::Zstd | Magic::Zip) && depth >= CONTAINER_DEPTH_MAX {
            let (name_text, depth_max) = (name.as_ref().to_owned(), CONTAINER_DEPTH_MAX);
            let error = OpenError::TooDeep { name: name_text, depth_max };
            return self.visit(name, Content::Refused(error));
        }
        match magic {
            Magic::Gzip => {
                let packed = BufReader::with_capacity(PACKED_BLOCK_BYTES, peeked);
                let plain = MultiGzDecoder::new(packed);
                let plain = Unpacked::new(plain, "gzip stream", &self.ledger, depth + 1);
                self.descend(name, Box::new(plain), depth + 1)
            }
            Magic::Zstd => match zstd::stream::read::Decoder::new(peeked) {
                Ok(plain) => {
                    let plain = Unpacked::new(plain, "zstd stream", &self.ledger, depth + 1);
                    self.descend(name, Box::new(plain), depth + 1)
                }
                Err(error) => self.refuse(&name, error.to_string()),
            },
            Magic::Zip => match spool(&mut peeked) {
                Ok(file) => self.members(&name, file, depth),
                Err(error) => self.refuse_spooled(name, error),
            },
            Magic::Parquet => match spool(&mut peeked) {
                Ok(file) => self.visit(name, Content::Parquet(file)),
                Err(error) => self.refuse_spooled(name, error),
            },
            Magic::Avro => self.visit(name, Content::Avro(Box::new(peeked))),
            Magic::Binary(what) => self.visit(name, Content::Binary(what)),
            Magic::Utf16 { is_little, mark_bytes } => {
                peeked.skip(mark_bytes);
                self.visit_text(name, peeked, mark_bytes, |text| {
                    Text::Lent(Box::new(Utf16::new(text, is_little)))
                })
            }
            Magic::Utf8 { mark_bytes } => {
                peeked.skip(mark_bytes);
                self.visit_text(name, peeked, mark_bytes, |text| Text::Lent(Box::new(text)))
            }
            Magic::Empty => self.visit_text(name, peeked, 0, |text| Text::Lent(Box::new(text))),
        }
    }

    /// Text, unless there is none after the mark; a stream that breaks at once is no empty one.
    fn visit_text<'r, R: Read>(
        &self,
        name: Arc<str>,
        text: Peeked<R>,
        mark_bytes: usize,
        decoded: impl FnOnce(Peeked<R>) -> Text<'r>,
    ) -> ControlFlow<()> {
        if text.head().len() == mark_bytes && !text.is_broken() {
            self.visit(name, Content::Empty)
        } else {
            self.visit(name, Content::Text(decoded(text)))
        }
    }

    fn refuse_spooled(&self, name: Arc<str>, error: SpoolError) -> ControlFlow<()> {
        let source = match error {
            SpoolError::Read(source) => source,
            SpoolError::Write(source) => {
                let detail = format!("cannot keep it in the temporary folder: {source}");
                Marked::new(ReadTrouble::Io, source.kind(), detail).to_error()
            }
        };
        let error = OpenError::Unreadable { name: name.as_ref().to_owned(), source };
        self.visit(name, Content::Refused(error))
    }

    /// Goes through the members of a zip, in the order of its directory.
    fn members<R: Read + Seek>(&self, name: &Arc<str>, file: R, depth: usize) -> ControlFlow<()> {
        let mut archive = match ZipArchive::new(BufReader::with_capacity(PACKED_BLOCK_BYTES, file))
        {
            Ok(archive) => archive,
            Err(error) => {
                return self.refuse(name, format!("the zip archive is cut or damaged: {error}"));
            }
        };
        if archive.index_for_name("[Content_Types].xml").is_some() {
            return self.visit(Arc::clone(name), Content::Binary("Office document"));
        }
        if archive.is_empty() {
            return self.visit(Arc::clone(name), Content::Empty);
        }
        for index in 0..archive.len().min(ARCHIVE_MEMBERS_MAX) {
            self.member(name, &mut archive, index, depth)?;
        }
        if archive.len() > ARCHIVE_MEMBERS_MAX {
            let most = text::thousands(ARCHIVE_MEMBERS_MAX as u64);
            return self.refuse(name, format!("more than {most} members, the rest is not read"));
        }
        ControlFlow::Continue(())
    }

    fn member<R: Read + Seek>(
        &self,
        name: &Arc<str>,
        archive: &mut ZipArchive<R>,
        index: usize,
        depth: usize,
    ) -> ControlFlow<()> {
        let member_name = match archive.by_index_data(index) {
            Ok(entry) if entry.is_dir() || entry.is_symlink() => {
                return ControlFlow::Continue(());
            }
            Ok(entry) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
            Err(_) => format!("member {}", index + 1),
        };
        let is_hidden = member_name.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        if is_hidden || member_name.starts_with("__MACOSX/") {
            return ControlFlow::Continue(());
        }
        let name = Arc::from(format!("{name}!{member_name}"));
        match archive.by_index(index) {
            Ok(member) => {
                let plain = Unpacked::new(member, "zip member", &self.ledger, depth + 1);
                self.descend(name, Box::new(plain), depth + 1)
            }
            Err(error) => self.refuse(&name, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
