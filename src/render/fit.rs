//! Making columns fit a terminal: which width each gets, and what long text becomes in it.
//!
//! Numbers are never cut. Ids lose their middle, sentences and times go on on the next line, and
//! what still does not fit side by side is shown one block of columns under the other.

use unicode_width::UnicodeWidthChar;

/// Spaces between two columns.
pub(crate) const GAP: usize = 2;
/// Narrower terminals are taken to have this many columns: less has no room for a number.
const WIDTH_MIN: usize = 40;
/// An id keeps this many columns before the table is broken into blocks.
const ID_MIN: usize = 24;
/// A sentence keeps this many.
const PROSE_MIN: usize = 16;
/// What a text gets in a table that is broken into blocks, if it needs as much: a GUID.
const TEXT_IN_BLOCK: usize = 36;
/// A time broken after its `T`.
const TIME_MIN: usize = "00:00:00.000000Z".len();
/// The widest piece of a heading; longer words lose their middle.
const HEADING_MAX: usize = 24;
/// Lines a sentence may take.
const PROSE_LINES: usize = 8;
/// The first column keeps this many when it is repeated in every block.
const KEY_MIN: usize = 12;

/// How a column gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Not at all: numbers, days, truth values.
    Rigid,
    /// By a break between day and time of day.
    Time,
    /// By losing its middle.
    Id,
    /// By breaks between words.
    Prose,
}

/// What a column would like to have.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// How it gives way.
    pub nature: Nature,
    /// Width of its widest cell.
    pub cells: usize,
    /// Its name.
    pub heading: String,
    /// Whether each of its cells is a part of the first column's: then it can wait.
    pub repeats_first: bool,
}

impl Wish {
    fn heading_min(&self) -> usize {
        pieces(&self.heading).map(width).max().unwrap_or(0).min(HEADING_MAX)
    }

    fn full(&self) -> usize {
        self.cells.max(width(&self.heading))
    }

    fn least(&self) -> usize {
        let cells = match self.nature {
            Nature::Rigid => self.cells,
            Nature::Time => self.cells.min(TIME_MIN),
            Nature::Id => self.cells.min(ID_MIN),
            Nature::Prose => self.cells.min(PROSE_MIN),
        };
        cells.max(self.heading_min())
    }

    /// What it gets in a block that has `room` for it beside the first column.
    fn least_in_block(&self, room: usize) -> usize {
        match self.nature {
            Nature::Rigid => self.least(),
            // A block more is better read than rows of two lines.
            Nature::Time => self.cells.min(room).max(self.least()),
            Nature::Id | Nature::Prose => {
                self.cells.min(TEXT_IN_BLOCK).max(self.heading_min()).min(room)
            }
        }
    }
}

/// A column of a block: its position in the page and its width.
pub(crate) type Place = (usize, usize);

/// Deals out the columns of a terminal.
///
/// Shape: one block when everything fits; else several, each beginning with the first column;
/// columns that only repeat a part of it (the name in a resource id) come in the last ones.
/// No block is wider than `terminal` (or [`WIDTH_MIN`]); without a terminal nothing gives way.
pub(crate) fn plan(wishes: &[Wish], terminal: Option<usize>) -> Vec<Vec<Place>> {
    let full = || wishes.iter().map(Wish::full).enumerate().collect::<Vec<Place>>();
    let Some(terminal) = terminal.map(|columns| columns.max(WIDTH_MIN)) else {
        return vec![full()];
    };
    if taken(&full()) <= terminal {
        return vec![full()];
    }
    let least: Vec<Place> = wishes.iter().map(Wish::least).enumerate().collect();
    let mut blocks = if taken(&least) <= terminal { vec![least] } else { broken(wishes, terminal) };
    for block in &mut blocks {
        grow(block, wishes, terminal);
    }
    blocks
}

fn taken(block: &[Place]) -> usize {
    block.iter().map(|(_, width)| width + GAP).sum::<usize>().saturating_sub(GAP)
}

fn broken(wishes: &[Wish], terminal: usize) -> Vec<Vec<Place>> {
    let Some(first) = wishes.first() else { return Vec::new() };
    let rigid = wishes.iter().skip(1).map(|wish| wish.least_in_block(0)).max().unwrap_or(0);
    let key = match first.nature {
        Nature::Rigid | Nature::Time => first.least(),
        Nature::Id | Nature::Prose => first
            .least_in_block(terminal / 3)
            .min(terminal.saturating_sub(GAP + rigid))
            .max(KEY_MIN),
    };
    let room = terminal.saturating_sub(key + GAP);
    let rest = || wishes.iter().enumerate().skip(1);
    let news = rest().filter(|(_, wish)| !wish.repeats_first);
    let repeats = rest().filter(|(_, wish)| wish.repeats_first);
    let mut blocks = Vec::new();
    let mut block = vec![(0, key)];
    for (position, wish) in news.chain(repeats) {
        let needed = wish.least_in_block(room);
        if block.len() > 1 && taken(&block) + GAP + needed > terminal {
            blocks.push(std::mem::replace(&mut block, vec![(0, key)]));
        }
        block.push((position, needed));
    }
    blocks.push(block);
    blocks
}

/// Gives what is left of the terminal to the columns that gave way: times first, for they make
/// every row a line longer, then text, narrowest first, then headings.
fn grow(block: &mut [Place], wishes: &[Wish], terminal: usize) {
    let mut left = terminal.saturating_sub(taken(block));
    for (position, width) in block.iter_mut() {
        let wish = &wishes[*position];
        let missing = wish.cells.saturating_sub(*width);
        if wish.nature == Nature::Time && missing <= left {
            *width += missing;
            left -= missing;
        }
    }
    while left > 0 {
        let narrowest = block
            .iter_mut()
            .filter(|(position, width)| {
                let wish = &wishes[*position];
                matches!(wish.nature, Nature::Id | Nature::Prose) && *width < wish.cells
            })
            .min_by_key(|(_, width)| *width);
        let Some((_, width)) = narrowest else { break };
        *width += 1;
        left -= 1;
    }
    for (position, width) in block.iter_mut() {
        let missing = wishes[*position].full().saturating_sub(*width);
        if wishes[*position].nature != Nature::Time && missing <= left {
            *width += missing;
            left -= missing;
        }
    }
}

/// Columns that a text takes on a terminal; never less than a terminal gives it.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(character: char) -> usize {
    // This selector turns the character before it into a picture, two columns wide.
    if character == '\u{fe0f}' { 1 } else { character.width().unwrap_or(0) }
}

/// A text that gives way as its nature says; lines are parted by a line feed.
pub(crate) fn fitted(text: &str, nature: Nature, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    match nature {
        Nature::Rigid => text.to_owned(),
        Nature::Time => text.replacen('T', "T\n", 1),
        Nature::Id => shortened(text, room),
        Nature::Prose => wrapped(text, room, PROSE_LINES),
    }
}

/// A heading broken after its underscores.
pub(crate) fn heading(name: &str, room: usize) -> String {
    joined(pieces(name), "", room, |piece| vec![shortened(piece, room)]).join("\n")
}

fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.split_inclusive('_')
}

/// The text without its middle: the end of an id says more than its beginning, so it gets more.
fn shortened(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let head = kept * 2 / 5;
    let mut shown = String::with_capacity(room * 4);
    let mut used = 0;
    for character in text.chars() {
        if used + character_width(character) > head {
            break;
        }
        used += character_width(character);
        shown.push(character);
    }
    shown.push('…');
    let mut tail = Vec::new();
    for character in text.chars().rev() {
        if used + character_width(character) > kept {
            break;
        }
        used += character_width(character);
        tail.push(character);
    }
    // A mark that lost the letter it belongs to would sit on the ellipsis.
    shown.extend(tail.into_iter().rev().skip_while(|mark| character_width(*mark) == 0));
    shown
}

/// The text broken between words into at most `lines` lines, the last ending in `…` when cut. A word
/// that is wider than a line goes on on the next one: half an address or a command helps nobody.
pub(crate) fn wrapped(text: &str, room: usize, lines: usize) -> String {
    let words = text.split(' ').filter(|word| !word.is_empty());
    let mut broken = joined(words, " ", room, |word| cut_up(word, room));
    if broken.len() > lines {
        broken.truncate(lines);
        if let Some(last) = broken.last_mut() {
            while width(last) + 1 > room && last.pop().is_some() {}
            last.push('…');
        }
    }
    broken.join("\n")
}

/// The parts of a word that is wider than a line, cut behind a sign where one is not too far back.
fn cut_up(word: &str, room: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = word;
    while width(rest) > room {
        let mut used = 0;
        let fits = |&(_, character): &(usize, char)| {
            used += character_width(character);
            used <= room
        };
        let ends: Vec<(usize, char)> = rest
            .char_indices()
            .take_while(fits)
            .map(|(at, character)| (at + character.len_utf8(), character))
            .collect();
        let is_sign = |end: &&(usize, char)| "/-_.,:@?&=".contains(end.1);
        let behind_sign = ends.iter().skip(ends.len() / 2).rev().find(is_sign);
        let Some((end, _)) = behind_sign.or(ends.last()) else { break };
        let (part, next) = rest.split_at(*end);
        parts.push(part.to_owned());
        rest = next;
    }
    parts.push(rest.to_owned());
    parts
}

/// Words side by side as far as there is room; `give_way` makes lines of one that is too wide.
fn joined<'a>(
    words: impl Iterator<Item = &'a str>,
    glue: &str,
    room: usize,
    give_way: impl Fn(&str) -> Vec<String>,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if width(line) + width(glue) + width(word) <= room => {
                line.push_str(glue);
                line.push_str(word);
            }
            _ if width(word) > room => lines.extend(give_way(word)),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Nature, fitted, heading, shortened, width, wrapped};

    #[test]
    fn an_id_loses_its_middle_and_keeps_both_ends() {
        assert_eq!(shortened("/subscriptions/1/vaults/prod-kv", 16), "/subsc…s/prod-kv");
        assert_eq!(shortened("short", 16), "short");
        assert_eq!(width(&shortened(&"数据库".repeat(20), 15)), 15);
        assert!(width(&shortened(&"e\u{301}数".repeat(20), 12)) <= 12);
    }

    #[test]
    fn a_heading_breaks_after_its_underscores() {
        assert_eq!(heading("non_mfa_writes", 8), "non_mfa_\nwrites");
        assert_eq!(heading("non_mfa_writes", 14), "non_mfa_writes");
    }

    #[test]
    fn a_sentence_breaks_between_words_and_is_cut_only_after_its_last_line() {
        assert_eq!(wrapped("one two three four", 9, 6), "one two\nthree\nfour");
        assert_eq!(wrapped("one two three four", 7, 2), "one two\nthree…");
        assert_eq!(
            wrapped("at https://aka.ms/mfasetup or", 16, 6),
            "at\nhttps://aka.ms/\nmfasetup or"
        );
        assert_eq!(wrapped("`Connect-AzAccount`,", 14, 6), "`Connect-\nAzAccount`,");
        assert_eq!(wrapped("abcdefghijk", 4, 9), "abcd\nefgh\nijk");
        assert!(wrapped(&"数据库".repeat(9), 5, 99).lines().all(|line| width(line) <= 5));
        assert_eq!(wrapped("数", 1, 9), "数", "nothing fits: nothing is lost");
    }

    #[test]
    fn a_number_is_never_cut() {
        assert_eq!(fitted("-9,223,372,036,854,775,808", Nature::Rigid, 5).len(), 26);
    }
}
