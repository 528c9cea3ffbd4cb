//! UTF-16 to UTF-8, as it is read.
//!
//! A lone surrogate, or an odd byte at the end, becomes the byte `FF`, which no UTF-8 text holds:
//! the record around it is then refused as invalid, where a replacement character would have
//! passed unseen.

use std::io;
use std::io::Read;

use encoding_rs::Decoder;
use encoding_rs::DecoderResult;
use encoding_rs::UTF_16BE;
use encoding_rs::UTF_16LE;

const INPUT_BYTES: usize = 64 << 10;
/// Three bytes of UTF-8 for each two of UTF-16 is the most there can be.
const OUTPUT_BYTES: usize = INPUT_BYTES * 2;

/// A reader of UTF-8 over a reader of UTF-16 without its mark.
pub(super) struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    input_read: usize,
    is_at_end: bool,
    output: Vec<u8>,
    output_read: usize,
    is_done: bool,
}

impl<R: Read> Utf16<R> {
    /// Reads `inner` with the little or the big end of each unit first.
    pub(super) fn new(inner: R, is_little: bool) -> Self {
        let encoding = if is_little { UTF_16LE } else { UTF_16BE };
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: Vec::new(),
            input_read: 0,
            is_at_end: false,
            output: Vec::new(),
            output_read: 0,
            is_done: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.input_read == self.input.len() && !self.is_at_end {
            self.input_read = 0;
            self.input.resize(INPUT_BYTES, 0);
            let outcome = self.inner.read(&mut self.input);
            self.input.truncate(*outcome.as_ref().unwrap_or(&0));
            self.is_at_end = outcome? == 0;
        }
        self.output.resize(OUTPUT_BYTES, 0);
        self.output_read = 0;
        let (outcome, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.input[self.input_read..],
            &mut self.output,
            self.is_at_end,
        );
        self.input_read += read;
        self.output.truncate(written);
        match outcome {
            DecoderResult::InputEmpty => self.is_done = self.is_at_end,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.output.push(0xff),
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.output_read == self.output.len() && !self.is_done {
            self.refill()?;
        }
        let rest = &self.output[self.output_read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.output_read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Utf16;

    /// Hands out `step` bytes at a time, so that units and pairs are cut everywhere.
    struct Steps<'a>(&'a [u8], usize);

    impl Read for Steps<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn decoded(bytes: &[u8], is_little: bool, step: usize) -> Vec<u8> {
        let mut text = Vec::new();
        Utf16::new(Steps(bytes, step), is_little).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn cuts_at_any_byte_change_nothing() {
        let text = "[{\"caller\":\"Zoë 数 🦀\"}]\r\n".repeat(5);
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for step in 1..20 {
            assert_eq!(decoded(&little, true, step), text.as_bytes());
            assert_eq!(decoded(&big, false, step), text.as_bytes());
        }
    }

    #[test]
    fn text_longer_than_the_buffers_comes_out_whole() {
        let text = "数a🦀".repeat(60_000);
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&little, true, usize::MAX), text.as_bytes());
    }

    #[test]
    fn a_lone_surrogate_and_an_odd_end_are_never_valid_utf_8() {
        assert_eq!(decoded(b"a\0\x00\xd8b\0", true, 3), b"a\xffb");
        assert_eq!(decoded(b"a\0b", true, 3), b"a\xff");
    }
}
