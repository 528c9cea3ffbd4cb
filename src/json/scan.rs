//! Finding the bytes that matter, sixteen or thirty-two at a time where the processor can.
//!
//! SSE2 is part of every x86-64; what `wider` needs is asked for at run time. [`widest`] compiles
//! whole loops of other files for it. Other processors take the scalar path, which is also the
//! oracle of the tests.

use std::ops::ControlFlow;
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

use super::byte_at;

pub(super) mod known;

#[cfg(target_arch = "x86_64")]
mod wide {
    use core::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    /// Bytes looked at in one step.
    pub(super) const WIDTH: usize = 16;

    /// The bits of the bytes of `block` that equal one of `wanted`, after `or`-ing `fold` in.
    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the mask has sixteen bits, none is a sign")]
    fn equal_to_any<const N: usize>(block: &[u8; WIDTH], fold: u8, wanted: [u8; N]) -> u32 {
        #[expect(unsafe_code, reason = "vector instructions")]
        // SAFETY: `block` is a live reference to exactly the 16 bytes that are loaded, the load
        // is the unaligned one, and SSE2 is part of the x86-64 baseline.
        unsafe {
            let bytes: __m128i = _mm_loadu_si128(block.as_ptr().cast());
            let folded = _mm_or_si128(bytes, _mm_set1_epi8(fold.cast_signed()));
            let mut found = _mm_set1_epi8(0);
            for &one in &wanted {
                let equal = _mm_cmpeq_epi8(folded, _mm_set1_epi8(one.cast_signed()));
                found = _mm_or_si128(found, equal);
            }
            _mm_movemask_epi8(found) as u32
        }
    }

    /// The bits of the bytes that are the same in both blocks. Where thirty-two bytes fit into a
    /// vector, the two halves become one comparison.
    #[inline(always)]
    pub(super) fn same(left: &[u8; 2 * WIDTH], right: &[u8; 2 * WIDTH]) -> u32 {
        let ([low, high], [other_low, other_high]) =
            (left.as_chunks::<WIDTH>().0, right.as_chunks::<WIDTH>().0)
        else {
            return 0;
        };
        same_half(low, other_low) | same_half(high, other_high) << WIDTH
    }

    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the mask has sixteen bits, none is a sign")]
    fn same_half(left: &[u8; WIDTH], right: &[u8; WIDTH]) -> u32 {
        #[expect(unsafe_code, reason = "vector instructions")]
        // SAFETY: both are live references to exactly the 16 bytes that are loaded, the loads are
        // the unaligned ones, and SSE2 is part of the x86-64 baseline.
        unsafe {
            let left: __m128i = _mm_loadu_si128(left.as_ptr().cast());
            let right: __m128i = _mm_loadu_si128(right.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(left, right)) as u32
        }
    }

    /// Quotes, and backslashes, of thirty-two bytes.
    #[inline(always)]
    pub(super) fn quotes_and_backslashes(block: &[u8; 2 * WIDTH]) -> (u32, u32) {
        let [low, high] = block.as_chunks::<WIDTH>().0 else { return (0, 0) };
        let all = |byte| equal_to_any(low, 0, [byte]) | equal_to_any(high, 0, [byte]) << WIDTH;
        (all(b'"'), all(b'\\'))
    }

    /// Where quotes or backslashes stand in thirty-two bytes.
    #[inline(always)]
    pub(super) fn quotes_or_backslashes(block: &[u8; 2 * WIDTH]) -> u32 {
        let [low, high] = block.as_chunks::<WIDTH>().0 else { return 0 };
        let both = |half| equal_to_any(half, 0, [b'"', b'\\']);
        both(low) | both(high) << WIDTH
    }

    /// The places at which a quote stands in the first and the third block, or a backslash in the
    /// first and a `u` in the second.
    #[inline(always)]
    pub(super) fn quoted_or_escaped([here, next, behind]: [&[u8; 2 * WIDTH]; 3]) -> u32 {
        let half = |half: usize| {
            let of = |block: &[u8; 2 * WIDTH]| block.as_chunks::<WIDTH>().0[half];
            quoted_or_escaped_half([of(here), of(next), of(behind)])
        };
        half(0) | half(1) << WIDTH
    }

    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the mask has sixteen bits, none is a sign")]
    fn quoted_or_escaped_half(blocks: [[u8; WIDTH]; 3]) -> u32 {
        #[expect(unsafe_code, reason = "vector instructions")]
        // SAFETY: each block is of exactly the 16 bytes that are loaded, the loads are the unaligned
        // ones, and SSE2 is part of the x86-64 baseline.
        unsafe {
            let [here, next, behind] = blocks
                .each_ref()
                .map(|block| -> __m128i { _mm_loadu_si128(block.as_ptr().cast()) });
            let is =
                |bytes: __m128i, byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()));
            let quoted = _mm_and_si128(is(here, b'"'), is(behind, b'"'));
            let escaped = _mm_and_si128(is(here, b'\\'), is(next, b'u'));
            _mm_movemask_epi8(_mm_or_si128(quoted, escaped)) as u32
        }
    }

    /// Where a byte stands in thirty-two bytes.
    #[inline(always)]
    pub(super) fn places_of(block: &[u8; 2 * WIDTH], byte: u8) -> u32 {
        let [low, high] = block.as_chunks::<WIDTH>().0 else { return 0 };
        equal_to_any(low, 0, [byte]) | equal_to_any(high, 0, [byte]) << WIDTH
    }

    #[inline(always)]
    pub(super) fn newlines(block: &[u8; WIDTH]) -> u32 {
        equal_to_any(block, 0, [b'\n'])
    }

    #[inline(always)]
    pub(super) fn not_whitespace(block: &[u8; WIDTH]) -> u32 {
        equal_to_any(block, 0, [b' ', b'\n', b'\r', b'\t']) ^ 0xffff
    }

    /// Quotes, backslashes, opening and closing brackets of sixteen bytes.
    #[inline(always)]
    pub(super) fn marks(block: &[u8; WIDTH]) -> [u32; 4] {
        // `[` and `{`, `]` and `}` differ in one bit only, which the fold sets; it makes no other
        // byte a brace.
        [
            equal_to_any(block, 0, [b'"']),
            equal_to_any(block, 0, [b'\\']),
            equal_to_any(block, 0x20, [b'{']),
            equal_to_any(block, 0x20, [b'}']),
        ]
    }
}

/// Thirty-two bytes at a time, on processors with AVX2.
#[cfg(target_arch = "x86_64")]
mod wider {
    use core::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8,
    };

    use std::ops::ControlFlow;

    use super::{MARKED_BYTES, Marks, TakeMarks, Work, blocks_until};

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn run<W: Work>(work: W) -> W::Done {
        work.run()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn line_end(bytes: &[u8], mut at: usize) -> usize {
        for block in bytes.get(at..).unwrap_or_default().as_chunks::<MARKED_BYTES>().0 {
            let found = equal(halves(block), b'\n');
            if found != 0 {
                return at + found.trailing_zeros() as usize;
            }
            at += MARKED_BYTES;
        }
        at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| **byte != b'\n').count()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn marks_until(
        bytes: &[u8],
        at: usize,
        taker: &mut impl TakeMarks,
    ) -> ControlFlow<usize, usize> {
        blocks_until(bytes, at, |block| marks(block), taker)
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn halves(block: &[u8; MARKED_BYTES]) -> [__m256i; 2] {
        let (low, high) = block.split_at(32);
        debug_assert_eq!((low.len(), high.len()), (32, 32));
        #[expect(unsafe_code, reason = "vector instructions")]
        // SAFETY: `low` and `high` are live references to 32 bytes each, exactly what is loaded,
        // and the loads are the unaligned ones.
        unsafe {
            [_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast())]
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn marks(block: &[u8; MARKED_BYTES]) -> Marks {
        let halves = halves(block);
        let fold = _mm256_set1_epi8(0x20);
        // As in `wide::marks`: the fold makes a brace of a bracket, and of no other byte.
        let folded = [_mm256_or_si256(halves[0], fold), _mm256_or_si256(halves[1], fold)];
        Marks {
            quotes: equal(halves, b'"'),
            backslashes: equal(halves, b'\\'),
            opening: equal(folded, b'{'),
            closing: equal(folded, b'}'),
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn equal(halves: [__m256i; 2], wanted: u8) -> u64 {
        let wanted = _mm256_set1_epi8(wanted.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(halves[0], wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(halves[1], wanted)).cast_unsigned();
        u64::from(low) | u64::from(high) << 32
    }
}

/// The `N` bytes at `at`, where there are as many. What it compares with does not change in a loop
/// over a text, so that a step of the loop costs one comparison.
#[inline(always)]
pub(super) fn block_at<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    const { assert!(N > 0) };
    let ends = bytes.len().saturating_sub(N - 1);
    #[expect(unsafe_code, reason = "one comparison in place of three in the hottest loops")]
    // SAFETY: `at < ends` makes `ends` more than 0, so it is `bytes.len() - (N - 1)`, hence
    // `at + N <= bytes.len()`: the `N` bytes at `at` are in the live slice. A byte array has no
    // alignment and no invalid values.
    (at < ends).then(|| unsafe { &*bytes.as_ptr().add(at).cast::<[u8; N]>() })
}

macro_rules! first_where {
    ($bytes:expr, $at:expr, $width:expr, $wide:path, $scalar:expr) => {{
        let bytes: &[u8] = $bytes;
        let mut at: usize = $at;
        #[cfg(target_arch = "x86_64")]
        while let Some(block) = block_at::<{ $width }>(bytes, at) {
            let mask = $wide(block);
            if mask != 0 {
                return at + mask.trailing_zeros() as usize;
            }
            at += $width;
        }
        while at < bytes.len() && !$scalar(bytes[at]) {
            at += 1;
        }
        at.min(bytes.len())
    }};
}

/// Position of the first `"` or `\` at or after `at`, and whether it is a quote; the length of
/// `bytes` when there is none.
#[inline(always)]
pub fn string_stop(bytes: &[u8], at: usize) -> (usize, bool) {
    match string_stop_inside(bytes, at) {
        Ok(stop) => stop,
        Err(at) => last_string_stop(bytes, at),
    }
}

/// As [`string_stop`], as long as there are whole blocks; else gives the position behind them.
#[inline(always)]
pub(super) fn string_stop_inside(bytes: &[u8], mut at: usize) -> Result<(usize, bool), usize> {
    #[cfg(target_arch = "x86_64")]
    while let Some(block) = block_at::<{ 2 * wide::WIDTH }>(bytes, at) {
        let (quotes, backslashes) = wide::quotes_and_backslashes(block);
        let stops = quotes | backslashes;
        if stops != 0 {
            let place = stops.trailing_zeros();
            return Ok((at + place as usize, quotes >> place & 1 == 1));
        }
        at += 2 * wide::WIDTH;
    }
    Err(at)
}

/// As [`string_stop_inside`], in longer steps: fewer surprises where lengths are as good as random.
#[inline(always)]
pub(super) fn string_stop_far(bytes: &[u8], mut at: usize) -> Result<(usize, bool), usize> {
    while let Some(block) = block_at::<MARKED_BYTES>(bytes, at) {
        let (quotes, backslashes) = quotes_and_backslashes(block);
        let stops = quotes | backslashes;
        if stops != 0 {
            let place = stops.trailing_zeros();
            return Ok((at + place as usize, quotes >> place & 1 == 1));
        }
        at += MARKED_BYTES;
    }
    Err(at)
}

/// As [`string_stop`], byte by byte: near the end of a text.
#[cold]
#[inline(never)]
fn last_string_stop(bytes: &[u8], at: usize) -> (usize, bool) {
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    found.map_or((bytes.len(), false), |place| (at + place, rest[place] == b'"'))
}

/// Position of the first line feed at or after `at`; the length of `bytes` when there is none.
#[inline]
pub fn line_end(bytes: &[u8], at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "vector instructions")]
    if has_wider() {
        // SAFETY: the processor has just said that it has these instructions.
        return unsafe { wider::line_end(bytes, at) };
    }
    first_where!(bytes, at, wide::WIDTH, wide::newlines, |byte| byte == b'\n')
}

/// Whether a JSON text can hold the string `word`, of ASCII letters, in any case: it is there as it
/// stands, a letter of some string is escaped, or the text is itself a string, whose quotes are
/// escaped.
pub fn may_hold_string(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    let is_string = byte_at(bytes, skip_whitespace(bytes, 0)) == b'"';
    is_string || widest(Search { bytes, word: word.as_bytes() })
}

/// Tells every position at which a byte stands, in order.
pub fn each_place(bytes: &[u8], byte: u8, tell: impl FnMut(usize)) {
    widest(EachPlace { bytes, byte, tell });
}

struct EachPlace<'a, F> {
    bytes: &'a [u8],
    byte: u8,
    tell: F,
}

impl<F: FnMut(usize)> Work for EachPlace<'_, F> {
    type Done = ();

    #[inline(always)]
    fn run(mut self) {
        let mut at = 0;
        #[cfg(target_arch = "x86_64")]
        while let Some(block) = block_at::<{ 2 * wide::WIDTH }>(self.bytes, at) {
            let mut places = wide::places_of(block, self.byte);
            while places != 0 {
                (self.tell)(at + places.trailing_zeros() as usize);
                places &= places - 1;
            }
            at += 2 * wide::WIDTH;
        }
        for (place, byte) in self.bytes.iter().enumerate().skip(at) {
            if *byte == self.byte {
                (self.tell)(place);
            }
        }
    }
}

/// Puts ASCII letters in lower case; says whether all of the text is ASCII.
pub fn make_ascii_lowercase(text: &mut str) -> bool {
    widest(Lowercase(text))
}

struct Lowercase<'a>(&'a mut str);

impl Work for Lowercase<'_> {
    type Done = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let all_bits = self.0.bytes().fold(0, |bits, byte| bits | byte);
        self.0.make_ascii_lowercase();
        all_bits.is_ascii()
    }
}

/// Looking for a string, as work for the widest instructions.
struct Search<'a> {
    bytes: &'a [u8],
    word: &'a [u8],
}

impl Search<'_> {
    /// Whether the string begins with the quote at `at`, or an escape there may be one of its letters.
    #[inline(always)]
    fn may_begin_at(&self, at: usize) -> bool {
        let here = self.bytes.get(at..).unwrap_or_default();
        match here {
            [b'"', rest @ ..] => {
                rest.get(self.word.len()) == Some(&b'"')
                    && rest
                        .get(..self.word.len())
                        .is_some_and(|it| it.eq_ignore_ascii_case(self.word))
            }
            // ASCII letters are `\u0041` to `\u007a`.
            [b'\\', b'u', b'0', b'0', digit, ..] => *digit < b'8',
            _ => false,
        }
    }
}

impl Work for Search<'_> {
    type Done = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut at = 0;
        #[cfg(target_arch = "x86_64")]
        while let (Some(here), Some(next), Some(behind)) = (
            block_at::<{ 2 * wide::WIDTH }>(self.bytes, at),
            block_at(self.bytes, at + 1),
            block_at(self.bytes, at + 1 + self.word.len()),
        ) {
            let mut found = wide::quoted_or_escaped([here, next, behind]);
            while found != 0 {
                if self.may_begin_at(at + found.trailing_zeros() as usize) {
                    return true;
                }
                found &= found - 1;
            }
            at += 2 * wide::WIDTH;
        }
        (at..self.bytes.len()).any(|at| self.may_begin_at(at))
    }
}

/// Whether the processor has what [`wider`] is compiled for.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn has_wider() -> bool {
    // Asked once: the answer of the standard library takes a load for each of the five.
    static HAS_WIDER: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    });
    *HAS_WIDER
}

/// Something to do with the widest instructions of the processor. [`Work::run`] and what it calls
/// have to be `#[inline(always)]`: only what is inlined is compiled for them.
pub(super) trait Work {
    type Done;

    fn run(self) -> Self::Done;
}

/// Does `work` with the widest instructions of the processor.
#[inline(always)]
pub(super) fn widest<W: Work>(work: W) -> W::Done {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "vector instructions")]
    if has_wider() {
        // SAFETY: the processor has just said that it has these instructions.
        return unsafe { wider::run(work) };
    }
    work.run()
}

/// Position of the first byte at or after `at` that is no JSON whitespace.
#[inline(always)]
pub fn skip_whitespace(bytes: &[u8], at: usize) -> usize {
    if at < bytes.len() && bytes[at] > b' ' {
        return at;
    }
    // Compact JSON has one blank at most: look once more before the wide loop.
    if at + 1 < bytes.len() && bytes[at] == b' ' && bytes[at + 1] > b' ' {
        return at + 1;
    }
    skip_long_whitespace(bytes, at)
}

#[inline]
fn skip_long_whitespace(bytes: &[u8], at: usize) -> usize {
    first_where!(bytes, at, wide::WIDTH, wide::not_whitespace, |byte| !matches!(
        byte,
        b' ' | b'\n' | b'\r' | b'\t'
    ))
}

/// Bytes of one [`Marks`].
pub const MARKED_BYTES: usize = 64;

/// Where quotes, backslashes and brackets stand in 64 bytes: one bit per byte, the first lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// `"`.
    pub quotes: u64,
    /// `\`.
    pub backslashes: u64,
    /// `{` and `[`.
    pub opening: u64,
    /// `}` and `]`.
    pub closing: u64,
}

impl Marks {
    /// The marks of a block.
    #[inline(always)]
    pub fn of(block: &[u8; MARKED_BYTES]) -> Self {
        let mut marks = Self::default();
        #[cfg(target_arch = "x86_64")]
        for (quarter, part) in block.as_chunks::<{ wide::WIDTH }>().0.iter().enumerate() {
            let [quotes, backslashes, opening, closing] = wide::marks(part);
            let shift = quarter * wide::WIDTH;
            marks.quotes |= u64::from(quotes) << shift;
            marks.backslashes |= u64::from(backslashes) << shift;
            marks.opening |= u64::from(opening) << shift;
            marks.closing |= u64::from(closing) << shift;
        }
        #[cfg(not(target_arch = "x86_64"))]
        for (place, byte) in block.iter().enumerate() {
            marks.add(*byte, place);
        }
        marks
    }

    /// The marks of fewer than 64 bytes; what is beyond them has none.
    pub fn of_rest(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        for (place, byte) in bytes.iter().take(MARKED_BYTES).enumerate() {
            marks.add(*byte, place);
        }
        marks
    }

    fn add(&mut self, byte: u8, place: usize) {
        let bit = 1 << place;
        match byte {
            b'"' => self.quotes |= bit,
            b'\\' => self.backslashes |= bit,
            b'{' | b'[' => self.opening |= bit,
            b'}' | b']' => self.closing |= bit,
            _ => {}
        }
    }
}

/// Takes the marks of block after block.
pub trait TakeMarks {
    /// Takes the marks of the next block; gives a place in it to stop at. Has to be
    /// `#[inline(always)]`, to be compiled for the widest vectors.
    fn take(&mut self, marks: Marks) -> Option<usize>;
}

/// Shows `taker` the marks of block after block from `at` on, until it gives a place in the block
/// (`Break` with the position) or less than a block is left (`Continue` with the position of the
/// rest). Uses the widest vectors that the processor has.
#[inline]
pub fn marks_until(
    bytes: &[u8],
    at: usize,
    taker: &mut impl TakeMarks,
) -> ControlFlow<usize, usize> {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "vector instructions")]
    if has_wider() {
        // SAFETY: the processor has just said that it has these instructions.
        return unsafe { wider::marks_until(bytes, at, taker) };
    }
    blocks_until(bytes, at, Marks::of, taker)
}

#[inline(always)]
fn blocks_until(
    bytes: &[u8],
    mut at: usize,
    marks_of: impl Fn(&[u8; MARKED_BYTES]) -> Marks,
    taker: &mut impl TakeMarks,
) -> ControlFlow<usize, usize> {
    for block in bytes.get(at..).unwrap_or_default().as_chunks::<MARKED_BYTES>().0 {
        if let Some(place) = taker.take(marks_of(block)) {
            return ControlFlow::Break(at + place);
        }
        at += MARKED_BYTES;
    }
    ControlFlow::Continue(at)
}

/// Where quotes and backslashes stand in 64 bytes: one bit per byte, the first lowest.
#[inline(always)]
pub(super) fn quotes_and_backslashes(block: &[u8; MARKED_BYTES]) -> (u64, u64) {
    let mut found = (0, 0);
    #[cfg(target_arch = "x86_64")]
    for (half, part) in block.as_chunks::<{ 2 * wide::WIDTH }>().0.iter().enumerate() {
        let (quotes, backslashes) = wide::quotes_and_backslashes(part);
        found.0 |= u64::from(quotes) << (half * 2 * wide::WIDTH);
        found.1 |= u64::from(backslashes) << (half * 2 * wide::WIDTH);
    }
    #[cfg(not(target_arch = "x86_64"))]
    for (place, byte) in block.iter().enumerate() {
        found.0 |= u64::from(*byte == b'"') << place;
        found.1 |= u64::from(*byte == b'\\') << place;
    }
    found
}

/// Which bytes are escaped by a backslash before them, block after block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Escapes {
    /// 1 where the last block ended in a backslash that escapes.
    open: u64,
}

impl Escapes {
    /// Where the next byte is escaped, or is not.
    #[inline(always)]
    pub fn after(is_open: bool) -> Self {
        Self { open: u64::from(is_open) }
    }

    /// The escaped bytes of the next 64, by where its backslashes stand. In a run of backslashes
    /// every second byte is escaped, and the byte behind it where the run's length is odd: adding
    /// the first bits of runs that begin at odd places to the runs carries to their ends.
    #[inline(always)]
    pub fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = backslashes & !self.open;
        let behind = backslashes << 1 | self.open;
        let odd_starts = backslashes & !EVEN & !behind;
        let (carried, overflows) = odd_starts.overflowing_add(backslashes);
        self.open = u64::from(overflows);
        (EVEN ^ carried << 1) & behind
    }

    /// Whether the byte behind the last block is escaped.
    #[inline(always)]
    pub fn is_open(self) -> bool {
        self.open != 0
    }
}

/// Every bit is the exclusive or of itself and those below it: what lies between quotes.
#[inline(always)]
pub fn between(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{
        Escapes, MARKED_BYTES, Marks, TakeMarks, block_at, each_place, line_end, marks_until,
        may_hold_string, quotes_and_backslashes, skip_whitespace, string_stop, string_stop_far,
        string_stop_inside,
    };

    struct Shown(Option<Marks>);

    impl TakeMarks for Shown {
        fn take(&mut self, marks: Marks) -> Option<usize> {
            self.0 = Some(marks);
            None
        }
    }

    fn naive(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
        (at..bytes.len()).find(|place| wanted(bytes[*place])).unwrap_or(bytes.len())
    }

    #[test]
    fn strings_are_found_in_any_case_and_where_their_letters_may_be_escaped() {
        for blanks in 0..70 {
            let around =
                |text: &str| format!("{}[{text}]{}", " ".repeat(blanks), "x".repeat(blanks));
            for text in [
                r#"{"result":"success"}"#,
                r#"{"result":"SUCCESS"}"#,
                r#""\u0073uccess""#,
                r#""a","b","Success""#,
            ] {
                assert!(may_hold_string(&around(text), "success"), "{text} {blanks}");
            }
            for text in [
                r#"{"result":"reportOnlySuccess"}"#,
                r#"{"name":"r\u00e9gion","b":"successes","c":"succes"}"#,
                "",
            ] {
                assert!(!may_hold_string(&around(text), "success"), "{text} {blanks}");
            }
        }
        assert!(may_hold_string(r#" "[\"success\"]""#, "success"));
    }

    proptest! {
        #[test]
        fn wide_and_naive_scans_stop_at_the_same_byte(
            bytes in prop::collection::vec(prop::sample::select(&b"aaaaaaaaaaaaaaab \t\r\n\"\\[]{}\x00\xff\x1b;=\x5d"[..]), 0..200),
            at in any::<prop::sample::Index>(),
        ) {
            let at = at.index(bytes.len() + 1);
            let stop = naive(&bytes, at, |byte| b"\"\\".contains(&byte));
            let expected = (stop, bytes.get(stop) == Some(&b'"'));
            prop_assert_eq!(string_stop(&bytes, at), expected);
            let (mut places, rest) = (Vec::new(), &bytes[at..]);
            each_place(rest, b'"', |place| places.push(place));
            let naive_places: Vec<_> = (0..rest.len()).filter(|place| rest[*place] == b'"').collect();
            prop_assert_eq!(places, naive_places);
            for found in [string_stop_inside(&bytes, at), string_stop_far(&bytes, at)] {
                prop_assert!(found == Ok(expected) || found.is_err_and(|end| end <= stop));
            }
            prop_assert_eq!(line_end(&bytes, at), naive(&bytes, at, |byte| byte == b'\n'));
            prop_assert_eq!(skip_whitespace(&bytes, at), naive(&bytes, at, |byte| !b" \n\r\t".contains(&byte)));
        }

        #[cfg(target_arch = "x86_64")]
        #[test]
        fn blocks_are_those_of_the_standard_library(length in 0_usize..80, at in 0_usize..90) {
            let bytes: Vec<u8> = (0..).take(length).collect();
            let rest = bytes.get(at..);
            prop_assert_eq!(block_at::<32>(&bytes, at), rest.and_then(|rest| rest.first_chunk()));
            prop_assert_eq!(block_at::<1>(&bytes, at), rest.and_then(|rest| rest.first_chunk()));
        }

        #[test]
        fn escaped_bytes_are_those_behind_a_backslash_that_is_not_escaped(
            bytes in prop::collection::vec(prop::sample::select(&b"a\\\\\\"[..]), 3 * MARKED_BYTES),
        ) {
            let mut escapes = Escapes::default();
            let mut is_escaped = false;
            for block in bytes.as_chunks::<MARKED_BYTES>().0 {
                let found = escapes.escaped(quotes_and_backslashes(block).1);
                for (place, byte) in block.iter().enumerate() {
                    prop_assert_eq!(found >> place & 1 == 1, is_escaped);
                    is_escaped = !is_escaped && *byte == b'\\';
                }
                prop_assert_eq!(escapes.is_open(), is_escaped);
            }
        }

        #[test]
        fn wide_and_naive_marks_are_the_same(
            bytes in prop::collection::vec(prop::sample::select(&b"ab\"\\[]{}\x00\xff;=\x02\xdb"[..]), MARKED_BYTES),
        ) {
            let block: &[u8; MARKED_BYTES] = bytes.as_slice().try_into().unwrap();
            let marks = Marks::of_rest(&bytes);
            prop_assert_eq!(Marks::of(block), marks);
            let mut shown = Shown(None);
            let end = marks_until(&bytes, 0, &mut shown);
            prop_assert_eq!((end, shown.0), (ControlFlow::Continue(MARKED_BYTES), Some(marks)));
            prop_assert_eq!(quotes_and_backslashes(block), (marks.quotes, marks.backslashes));
        }
    }
}
