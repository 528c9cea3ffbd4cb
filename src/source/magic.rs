//! What the first bytes of a stream say it is.
//!
//! Byte-level facts: RFC 1952 (gzip), RFC 8878 (zstd), the ZIP application note, the Apache Avro
//! and Parquet specifications, and the Unicode standard for byte order marks. Windows PowerShell
//! 5.1 writes redirected output as UTF-16LE with a mark:
//! <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding>.

/// Bytes looked at; enough for every signature and for the pattern of UTF-16 without a mark.
pub(super) const HEAD_BYTES: usize = 1024;

/// What a stream is, before its content is looked at any closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Magic {
    Empty,
    Gzip,
    Zstd,
    Zip,
    Avro,
    Parquet,
    /// Text in UTF-8 after this many bytes of mark.
    Utf8 {
        mark_bytes: usize,
    },
    /// Text in UTF-16, little or big end first, after this many bytes of mark.
    Utf16 {
        is_little: bool,
        mark_bytes: usize,
    },
    /// No text and no container; the words describe it to a person.
    Binary(&'static str),
}

const SIGNATURES: &[(&[u8], Magic)] = &[
    (b"\x1f\x8b", Magic::Gzip),
    (b"\x28\xb5\x2f\xfd", Magic::Zstd),
    (b"PK\x03\x04", Magic::Zip),
    (b"PK\x05\x06", Magic::Zip),
    (b"PK\x07\x08", Magic::Zip),
    (b"Obj\x01", Magic::Avro),
    (b"PAR1", Magic::Parquet),
    (b"PARE", Magic::Binary("encrypted Parquet file")),
    (b"\x89PNG\r\n\x1a\n", Magic::Binary("PNG image")),
    (b"\xff\xd8\xff", Magic::Binary("JPEG image")),
    (b"GIF8", Magic::Binary("GIF image")),
    (b"%PDF-", Magic::Binary("PDF document")),
    (b"\x7fELF", Magic::Binary("ELF program")),
    (b"SQLite format 3\0", Magic::Binary("SQLite database")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Magic::Binary("old Office document")),
    (b"ElfFile\0", Magic::Binary("Windows event log")),
    (b"ARROW1\0\0", Magic::Binary("Arrow file")),
    (b"7z\xbc\xaf\x27\x1c", Magic::Binary("7z archive")),
    (b"Rar!\x1a\x07", Magic::Binary("RAR archive")),
    (b"\xfd7zXZ\0", Magic::Binary("xz stream")),
    (b"BZh91AY&SY", Magic::Binary("bzip2 stream")),
    (b"\x04\x22\x4d\x18", Magic::Binary("lz4 stream")),
    (b"\xff\xfe\0\0", Magic::Binary("UTF-32 text")),
    (b"\0\0\xfe\xff", Magic::Binary("UTF-32 text")),
    (b"\xef\xbb\xbf", Magic::Utf8 { mark_bytes: 3 }),
    (b"\xff\xfe", Magic::Utf16 { is_little: true, mark_bytes: 2 }),
    (b"\xfe\xff", Magic::Utf16 { is_little: false, mark_bytes: 2 }),
];

/// Names what a stream is from its first bytes ([`HEAD_BYTES`] of them, or all there are).
pub(super) fn magic_of(head: &[u8]) -> Magic {
    if head.is_empty() {
        return Magic::Empty;
    }
    if let Some((_, magic)) = SIGNATURES.iter().find(|(bytes, _)| head.starts_with(bytes)) {
        return *magic;
    }
    if let Some(is_little) = utf16_order(head) {
        return Magic::Utf16 { is_little, mark_bytes: 0 };
    }
    if memchr::memchr(0, head).is_some() && !opens_json(head) {
        return Magic::Binary(if head.get(257..262) == Some(b"ustar") {
            "tar archive"
        } else if head.starts_with(b"MZ") {
            "Windows program"
        } else {
            "binary data"
        });
    }
    Magic::Utf8 { mark_bytes: 0 }
}

/// A stray zero byte inside JSON damages one record, not the file.
fn opens_json(head: &[u8]) -> bool {
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether a head without a mark is UTF-16, and if so whether the little end comes first.
///
/// Logs are mostly ASCII, of which every other byte is zero; only a clear majority on one side
/// with next to none on the other counts.
fn utf16_order(head: &[u8]) -> Option<bool> {
    let pairs = head.chunks_exact(2);
    let pair_count = pairs.len();
    let (mut first_zeros, mut second_zeros) = (0_usize, 0_usize);
    for pair in pairs {
        first_zeros += usize::from(pair[0] == 0);
        second_zeros += usize::from(pair[1] == 0);
    }
    let is_plain = |many: usize, few: usize| {
        pair_count >= 2 && many * 10 >= pair_count * 7 && few * 20 <= pair_count
    };
    if is_plain(second_zeros, first_zeros) {
        Some(true)
    } else if is_plain(first_zeros, second_zeros) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Magic, magic_of};

    fn little(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn first_bytes_name_the_stream() {
        let cases: &[(&[u8], Magic)] = &[
            (b"", Magic::Empty),
            (b"\x1f\x8b\x08", Magic::Gzip),
            (b"PK\x05\x06", Magic::Zip),
            (b"Obj\x01", Magic::Avro),
            (b"PAR1", Magic::Parquet),
            (b"\xef\xbb\xbf[]", Magic::Utf8 { mark_bytes: 3 }),
            (b"[]", Magic::Utf8 { mark_bytes: 0 }),
            (b"\xff\xfe[\0", Magic::Utf16 { is_little: true, mark_bytes: 2 }),
            (b"\x89PNG\r\n\x1a\n\0\0", Magic::Binary("PNG image")),
            (b"\x01\x02\0\x04\x05\x06", Magic::Binary("binary data")),
            (b"\0\0\0\0\0\0", Magic::Binary("binary data")),
        ];
        for (head, expected) in cases {
            assert_eq!(magic_of(head), *expected, "{head:?}");
        }
    }

    #[test]
    fn utf_16_without_a_mark_is_told_from_its_zeros() {
        let text = "[{\"caller\":\"zoë@contoso.com\"}]";
        let expected = Magic::Utf16 { is_little: true, mark_bytes: 0 };
        assert_eq!(magic_of(&little(text)), expected);
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(magic_of(&big), Magic::Utf16 { is_little: false, mark_bytes: 0 });
    }

    #[test]
    fn a_stray_zero_byte_in_json_leaves_it_text() {
        assert_eq!(magic_of(b" {\"a\":\"\0\"}"), Magic::Utf8 { mark_bytes: 0 });
    }
}
