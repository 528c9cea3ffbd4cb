//! Header and blocks of an Avro object container file.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use std::io;
use std::io::Read;
use std::panic;

use apache_avro::Codec as LibraryCodec;
use flate2::read::DeflateDecoder;

use crate::container::ContainerError;
use crate::container::avro::AVRO;
use crate::container::avro::value::Cursor;
use crate::container::avro::value::ValueTrouble;
use crate::error::RejectReason;
use crate::limits::RECORD_BYTES_MAX;

/// Largest block, packed or unpacked: twice the largest record.
const BLOCK_BYTES_MAX: usize = 2 * RECORD_BYTES_MAX;
/// Largest text of the header: a schema and a codec's name.
const HEADER_TEXT_BYTES_MAX: usize = 4 << 20;
/// Most texts in the header.
const HEADER_ENTRIES_MAX: u64 = 1_000;

/// One block, unpacked.
#[derive(Debug)]
pub(super) struct Block {
    /// First byte of its payload in the file.
    pub(super) offset: u64,
    /// Values it claims to hold.
    pub(super) row_count: u64,
    /// Their bytes.
    pub(super) payload: Vec<u8>,
    /// Whether the payload stands in the file as it is here.
    pub(super) is_plain: bool,
}

/// Why there is no next block, or not this one.
#[derive(Debug)]
pub(super) enum BlockTrouble {
    /// This one is damaged inside; the next can be read.
    Payload { offset: u64, reason: RejectReason },
    /// The next cannot be found.
    Framing { offset: u64, reason: RejectReason },
    /// The stream broke.
    Read(io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
    Snappy,
}

/// The blocks of a file, one after the other.
pub(super) struct Blocks<'r> {
    stream: Stream<'r>,
    codec: Codec,
    marker: [u8; 16],
}

struct Stream<'r> {
    reader: &'r mut dyn Read,
    offset: u64,
}

/// What reading stopped at.
enum Stop {
    AtEnd,
    Nonsense,
    Broken(io::Error),
}

impl Stream<'_> {
    /// Reads up to `size` bytes; fewer only at the end of the file.
    ///
    /// Memory grows with what is there, not with what a length claims.
    fn take(&mut self, size: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        (&mut *self.reader).take(size as u64).read_to_end(&mut bytes).map_err(Stop::Broken)?;
        self.offset += bytes.len() as u64;
        Ok(bytes)
    }

    fn exactly(&mut self, size: usize) -> Result<Vec<u8>, Stop> {
        let bytes = self.take(size)?;
        if bytes.len() == size { Ok(bytes) } else { Err(Stop::AtEnd) }
    }

    fn long(&mut self) -> Result<i64, Stop> {
        let mut bytes = Vec::with_capacity(10);
        loop {
            bytes.extend(self.exactly(1)?);
            match Cursor::new(&bytes).long() {
                Ok(number) => return Ok(number),
                Err(ValueTrouble::Cut) => {}
                Err(_) => return Err(Stop::Nonsense),
            }
        }
    }

    fn text(&mut self) -> Result<Vec<u8>, Stop> {
        let size = usize::try_from(self.long()?).map_err(|_| Stop::Nonsense)?;
        if size > HEADER_TEXT_BYTES_MAX { Err(Stop::Nonsense) } else { self.exactly(size) }
    }
}

impl<'r> Blocks<'r> {
    /// Reads the header of a file; returns its schema's text too.
    pub(super) fn open(reader: &'r mut dyn Read) -> Result<(Self, Vec<u8>), ContainerError> {
        let mut stream = Stream { reader, offset: 0 };
        let header = read_header(&mut stream).map_err(|stop| match stop {
            Stop::AtEnd => damaged("it ends inside its header"),
            Stop::Nonsense => damaged("its header cannot be read"),
            Stop::Broken(error) => ContainerError::Read(error),
        })?;
        let schema = header.schema.ok_or_else(|| damaged("it has no schema"))?;
        let codec = match header.codec.as_deref() {
            None | Some(b"null") => Codec::Null,
            Some(b"deflate") => Codec::Deflate,
            Some(b"snappy") => Codec::Snappy,
            Some(other) => {
                let feature = format!("the codec `{}`", String::from_utf8_lossy(other));
                return Err(ContainerError::Unsupported { container: AVRO, feature });
            }
        };
        Ok((Self { stream, codec, marker: header.marker }, schema))
    }

    /// Reads the next block; `None` at the end of the file.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, BlockTrouble> {
        let start = self.stream.offset;
        let framing = |reason| BlockTrouble::Framing { offset: start, reason };
        let stopped = |stop| match stop {
            Stop::AtEnd => framing(RejectReason::CutShort),
            Stop::Nonsense => framing(RejectReason::Syntax),
            Stop::Broken(error) => BlockTrouble::Read(error),
        };
        let row_count = match self.stream.long() {
            Ok(number) => u64::try_from(number).map_err(|_| framing(RejectReason::Syntax))?,
            Err(Stop::AtEnd) if self.stream.offset == start => return Ok(None),
            Err(stop) => return Err(stopped(stop)),
        };
        let size = usize::try_from(self.stream.long().map_err(stopped)?)
            .map_err(|_| framing(RejectReason::Syntax))?;
        if size > BLOCK_BYTES_MAX {
            return Err(framing(RejectReason::TooLarge));
        }
        let offset = self.stream.offset;
        let packed = self.stream.exactly(size).map_err(stopped)?;
        if self.stream.exactly(self.marker.len()).map_err(stopped)? != self.marker {
            return Err(framing(RejectReason::Syntax));
        }
        let payload = unpack(self.codec, packed)
            .map_err(|reason| BlockTrouble::Payload { offset, reason })?;
        Ok(Some(Block { offset, row_count, payload, is_plain: self.codec == Codec::Null }))
    }
}

fn damaged(detail: &str) -> ContainerError {
    ContainerError::Damaged { container: AVRO, detail: detail.to_owned() }
}

struct Header {
    schema: Option<Vec<u8>>,
    codec: Option<Vec<u8>>,
    marker: [u8; 16],
}

fn read_header(stream: &mut Stream<'_>) -> Result<Header, Stop> {
    if stream.exactly(4)? != b"Obj\x01" {
        return Err(Stop::Nonsense);
    }
    let mut header = Header { schema: None, codec: None, marker: [0; 16] };
    loop {
        let count = stream.long()?;
        if count < 0 {
            // A negative count is followed by the size of the entries in bytes.
            stream.long()?;
        }
        if count.unsigned_abs() > HEADER_ENTRIES_MAX {
            return Err(Stop::Nonsense);
        }
        if count == 0 {
            break;
        }
        for _ in 0..count.unsigned_abs() {
            let key = stream.text()?;
            let text = stream.text()?;
            match key.as_slice() {
                b"avro.schema" => header.schema = Some(text),
                b"avro.codec" => header.codec = Some(text),
                _ => {}
            }
        }
    }
    let marker = stream.exactly(header.marker.len())?;
    header.marker.copy_from_slice(&marker);
    Ok(header)
}

fn unpack(codec: Codec, packed: Vec<u8>) -> Result<Vec<u8>, RejectReason> {
    match codec {
        Codec::Null => Ok(packed),
        Codec::Deflate => {
            let mut plain = Vec::new();
            DeflateDecoder::new(packed.as_slice())
                .take(BLOCK_BYTES_MAX as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|_| RejectReason::Compression)?;
            if plain.len() > BLOCK_BYTES_MAX { Err(RejectReason::Compression) } else { Ok(plain) }
        }
        Codec::Snappy => {
            // The library takes the four bytes of the checksum and the stated size on trust.
            let is_sane = packed.len() > 4
                && snappy_size(&packed).is_some_and(|size| size <= BLOCK_BYTES_MAX as u64);
            if !is_sane {
                return Err(RejectReason::Compression);
            }
            let unpacked = panic::catch_unwind(move || {
                let mut bytes = packed;
                LibraryCodec::Snappy.decompress(&mut bytes).map(|()| bytes)
            });
            unpacked.ok().and_then(Result::ok).ok_or(RejectReason::Compression)
        }
    }
}

/// The unpacked size at the start of a snappy block: seven bits a byte, the low ones first.
fn snappy_size(packed: &[u8]) -> Option<u64> {
    let mut size = 0;
    for (place, byte) in packed.iter().take(5).enumerate() {
        size |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}
