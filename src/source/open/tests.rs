//! Files of every wrapping, whole, cut and hostile, made in temporary folders.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::{Content, each_stream};
use crate::source::plan::Input;
use crate::source::plan::Place;
use crate::source::trouble::OpenError;
use crate::source::trouble::ReadTrouble;
use crate::source::trouble::trouble_of;

const TEXT: &str = "[{\"caller\":\"zoë@contoso.com\"}]\n";

/// What one stream turned out to be: kind, bytes, and how its reading ended.
#[derive(Debug, PartialEq)]
struct Seen {
    name: String,
    kind: &'static str,
    bytes: Vec<u8>,
    trouble: Option<(ReadTrouble, String)>,
}

fn input(path: &Path) -> Input {
    Input {
        name: Arc::from("x"),
        place: Place::Path(path.to_owned()),
        bytes_len: None,
        found_in_folder: false,
    }
}

fn drained(reader: &mut dyn Read) -> (Vec<u8>, Option<(ReadTrouble, String)>) {
    let (mut bytes, mut block) = (Vec::new(), vec![0; 7_001]);
    loop {
        match reader.read(&mut block) {
            Ok(0) => return (bytes, None),
            Ok(count) => bytes.extend_from_slice(&block[..count]),
            Err(error) => return (bytes, Some((trouble_of(&error), error.to_string()))),
        }
    }
}

fn open_path(path: &Path) -> Result<Vec<Seen>, OpenError> {
    let mut streams = Vec::new();
    each_stream(&input(path), &Arc::default(), &mut |stream| {
        let (kind, (bytes, trouble)) = match stream.content {
            Content::Empty => ("empty", (Vec::new(), None)),
            Content::Text(mut reader) => ("text", drained(&mut reader)),
            Content::Avro(mut reader) => ("avro", drained(&mut reader)),
            Content::Parquet(mut file) => ("parquet", drained(&mut file)),
            Content::Binary(what) => (what, (Vec::new(), None)),
            Content::Refused(error) => {
                ("refused", (Vec::new(), Some((error.trouble(), error.to_string()))))
            }
        };
        streams.push(Seen { name: stream.name.as_ref().to_owned(), kind, bytes, trouble });
        ControlFlow::Continue(())
    })?;
    Ok(streams)
}

fn open_bytes(bytes: &[u8]) -> Vec<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    open_path(&path).unwrap()
}

fn only(bytes: &[u8]) -> Seen {
    let mut streams = open_bytes(bytes);
    assert_eq!(streams.len(), 1, "{streams:?}");
    streams.remove(0)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_wrapping_gives_the_same_text() {
    let text = TEXT.as_bytes();
    let zstd = zstd::encode_all(text, 1).unwrap();
    let utf16: Vec<u8> =
        format!("\u{feff}{TEXT}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bare: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let cases: [(&str, Vec<u8>); 8] = [
        ("plain", text.to_vec()),
        ("utf-8 mark", [b"\xef\xbb\xbf", text].concat()),
        ("gzip", gzip(text)),
        ("zstd", zstd.clone()),
        ("utf-16le mark", utf16.clone()),
        ("utf-16be bare", bare),
        ("gzip of utf-16", gzip(&utf16)),
        ("zstd in gzip", gzip(&zstd)),
    ];
    for (case, bytes) in cases {
        let seen = only(&bytes);
        assert_eq!((seen.kind, seen.trouble), ("text", None), "{case}");
        assert_eq!(seen.bytes, text, "{case}");
    }
}

#[test]
fn members_and_frames_in_a_row_are_one_stream() {
    let twice = [TEXT, TEXT].concat();
    let gzipped = [gzip(TEXT.as_bytes()), gzip(TEXT.as_bytes())].concat();
    assert_eq!(only(&gzipped).bytes, twice.as_bytes());
    let frame = zstd::encode_all(TEXT.as_bytes(), 1).unwrap();
    assert_eq!(only(&[frame.clone(), frame].concat()).bytes, twice.as_bytes());
}

#[test]
fn a_zip_gives_each_member_under_its_own_name() {
    let inner = zip_of(&[("deep.json", TEXT.as_bytes())]);
    let archive = zip_of(&[
        ("a.json", TEXT.as_bytes()),
        ("folder/b.json.gz", &gzip(TEXT.as_bytes())),
        ("c.zip", &inner),
        ("empty", b""),
        ("__MACOSX/a.json", b"junk"),
        ("folder/.DS_Store", b"junk"),
    ]);
    for bytes in [archive.clone(), gzip(&archive)] {
        let streams = open_bytes(&bytes);
        let names: Vec<&str> = streams.iter().map(|seen| seen.name.as_str()).collect();
        assert_eq!(names, ["x!a.json", "x!folder/b.json.gz", "x!c.zip!deep.json", "x!empty"]);
        assert_eq!(streams[3].kind, "empty");
        for seen in &streams[..3] {
            assert_eq!((seen.bytes.as_slice(), &seen.trouble), (TEXT.as_bytes(), &None));
        }
    }
}

#[test]
fn containers_and_binaries_are_named() {
    assert_eq!(only(b"").kind, "empty");
    assert_eq!(only(b"\xef\xbb\xbf").kind, "empty");
    assert_eq!(only(&gzip(b"")).kind, "empty");
    assert_eq!(only(b"Obj\x01rest").bytes, b"Obj\x01rest");
    assert_eq!(only(b"PAR1rest").kind, "parquet");
    let wrapped = only(&gzip(b"PAR1rest"));
    assert_eq!((wrapped.kind, wrapped.bytes.as_slice()), ("parquet", b"PAR1rest".as_slice()));
    assert_eq!(only(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").kind, "PNG image");
    assert_eq!(only(&zip_of(&[("[Content_Types].xml", b"<x/>")])).kind, "Office document");
    assert_eq!(only(&zip_of(&[])).kind, "empty");
}

#[test]
fn a_cut_gzip_delivers_what_it_can_and_then_says_so() {
    let lines: Vec<String> =
        (0..300).map(|number| format!("{{\"id\":{}}}\n", number * 7919)).collect();
    let text = lines.concat();
    let packed = gzip(text.as_bytes());
    assert_eq!((only(&packed[..0]).kind, only(&packed[..1]).kind), ("empty", "text"));
    let mut longest = 0;
    for cut in 2..packed.len() {
        let seen = only(&packed[..cut]);
        assert!(text.as_bytes().starts_with(&seen.bytes), "cut at {cut}");
        let expected = (ReadTrouble::Compression, "gzip stream ends early".to_owned());
        assert_eq!(seen.trouble, Some(expected), "cut at {cut}");
        longest = longest.max(seen.bytes.len());
    }
    assert_eq!(longest, text.len(), "a cut in the trailer loses no text");
}

#[test]
fn a_cut_zstd_or_zip_is_compression_trouble() {
    let packed = zstd::encode_all(TEXT.repeat(99).as_bytes(), 1).unwrap();
    for cut in 4..packed.len() {
        let (trouble, detail) = only(&packed[..cut]).trouble.unwrap();
        assert_eq!(
            (trouble, detail.as_str()),
            (ReadTrouble::Compression, "zstd stream ends early")
        );
    }
    let archive = zip_of(&[("a", TEXT.as_bytes()), ("b", TEXT.as_bytes())]);
    for cut in 4..archive.len() {
        let streams = open_bytes(&archive[..cut]);
        let all_tell = streams
            .iter()
            .all(|seen| seen.trouble.as_ref().is_some_and(|it| it.0 == ReadTrouble::Compression));
        assert!(all_tell, "cut at {cut}: {streams:?}");
    }
}

#[test]
fn flipped_bytes_in_an_archive_never_panic() {
    let archive = zip_of(&[("a.gz", &gzip(TEXT.as_bytes())), ("b", TEXT.as_bytes())]);
    for place in 0..archive.len() {
        let mut damaged = archive.clone();
        damaged[place] ^= 0x55;
        let _ = open_bytes(&damaged);
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![b' '; 8 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..10 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let seen = only(&bomb);
    let (trouble, detail) = seen.trouble.unwrap();
    assert_eq!(trouble, ReadTrouble::Compression);
    assert_eq!(detail, "gzip stream unpacks to more than 1,000 times its size");
    assert!(
        seen.bytes.len() as u64
            <= crate::limits::UNPACKED_FREE_BYTES.max(bomb.len() as u64 * 1_000)
    );
}

#[test]
fn wrapping_without_end_is_refused() {
    let mut bytes = TEXT.as_bytes().to_vec();
    for _ in 0..crate::limits::CONTAINER_DEPTH_MAX {
        bytes = gzip(&bytes);
    }
    assert_eq!(only(&bytes).bytes, TEXT.as_bytes());
    let seen = only(&gzip(&bytes));
    assert_eq!(seen.kind, "refused");
    assert_eq!(
        seen.trouble.unwrap().1,
        "cannot unpack `x`: more than 4 archives inside each other"
    );
}

#[test]
fn a_file_that_shrinks_is_an_error_and_no_short_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, TEXT.repeat(9_999)).unwrap();
    let mut ending = None;
    each_stream(&input(&path), &Arc::default(), &mut |stream| {
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(5_000).unwrap();
        if let Content::Text(mut reader) = stream.content {
            ending = drained(&mut reader).1;
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    let (trouble, detail) = ending.unwrap();
    assert_eq!(trouble, ReadTrouble::Shrunk);
    assert!(detail.starts_with("the file shrank while it was read"), "{detail}");
}

#[test]
fn a_visitor_that_has_enough_ends_the_archive_and_progress_counts_packed_bytes() {
    let archive = zip_of(&[("a", TEXT.as_bytes()), ("b", TEXT.as_bytes())]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, archive).unwrap();
    let mut visits = 0;
    each_stream(&input(&path), &Arc::default(), &mut |_| {
        visits += 1;
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(visits, 1);

    let packed = gzip(TEXT.repeat(500).as_bytes());
    fs::write(&path, &packed).unwrap();
    let progress = Arc::new(AtomicU64::new(0));
    each_stream(&input(&path), &progress, &mut |stream| {
        if let Content::Text(mut reader) = stream.content {
            drained(&mut reader);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(progress.load(Ordering::Relaxed), packed.len() as u64);
}

#[test]
fn what_cannot_be_opened_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = open_path(&folder.path().join("gone")).unwrap_err();
    assert!(error.to_string().starts_with("cannot open `x`: "), "{error}");
    assert_eq!(error.trouble(), ReadTrouble::Io);
    assert!(open_path(folder.path()).is_err());
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, gzip(TEXT.as_bytes())).unwrap()
    });
    let streams = open_path(&path).unwrap();
    writer.join().unwrap();
    assert_eq!(streams[0].bytes, TEXT.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_bytes_are_opened_without_panic(
        head in prop::sample::select(vec![
            b"".as_slice(), b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06",
            b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"Obj\x01", b"PAR1",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let whole = [head, bytes.as_slice()].concat();
        open_bytes(&whole);
        open_bytes(&gzip(&whole));
    }
}
