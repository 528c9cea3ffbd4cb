//! What the claims of tokens and the other sign-ins of a session prove of a sign-in that does not
//! tell itself. See [`crate::fold::sign_in`] for what follows from it.
//!
//! Rows that ask and rows that show meet by a hash: each says what it has to say in a [`Proof`], and
//! [`answers`] looks at those of equal hashes together. So they can be dealt by their hashes and
//! looked at part by part, and of a row no more than a byte has to stay in memory.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use foldhash::fast::FixedState;

use crate::extract::identity::hash;
use crate::fold::events::Text;
use crate::fold::sign_in::SignIns;

/// Bytes of a [`Proof`] at rest.
pub(crate) const PROOF_BYTES: usize = 32;

/// What a row asks or shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A sign-in asks of its own id.
    AsksId,
    /// A sign-in asks of the token it issued.
    AsksToken,
    /// A sign-in asks of its session.
    AsksSession,
    /// A row of `activity` shows whether its token has MFA.
    Token(bool),
    /// A sign-in shows whether its session has MFA.
    Session(bool),
}

impl What {
    const ALL: [Self; 7] = [
        Self::AsksId,
        Self::AsksToken,
        Self::AsksSession,
        Self::Token(false),
        Self::Token(true),
        Self::Session(false),
        Self::Session(true),
    ];
}

/// What one row has to say of a token or a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    hash: u128,
    time: i64,
    what: What,
    /// The row that asks.
    row: u64,
}

impl Proof {
    /// The hash by which proofs are dealt.
    pub(crate) fn part_hash(&self) -> u64 {
        u64::try_from(self.hash & u128::from(u64::MAX)).unwrap_or_default()
    }

    /// Whether a sign-in asks what a row of `activity` may show.
    pub(crate) fn asks_of_token(&self) -> bool {
        matches!(self.what, What::AsksId | What::AsksToken)
    }

    /// The proof at rest.
    pub(crate) fn to_bytes(self) -> [u8; PROOF_BYTES] {
        let what = What::ALL.iter().position(|what| *what == self.what).unwrap_or_default() as u64;
        let mut bytes = [0; PROOF_BYTES];
        bytes[..16].copy_from_slice(&self.hash.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.time.to_le_bytes());
        bytes[24..].copy_from_slice(&((self.row << 3) | what).to_le_bytes());
        bytes
    }

    fn all_in(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<PROOF_BYTES>().0.iter().filter_map(|bytes| {
            let tail = u64::from_le_bytes(*bytes[24..].first_chunk()?);
            Some(Self {
                hash: u128::from_le_bytes(*bytes.first_chunk()?),
                time: i64::from_le_bytes(*bytes[16..].first_chunk()?),
                what: *What::ALL.get(usize::try_from(tail & 7).ok()?)?,
                row: tail >> 3,
            })
        })
    }
}

/// What sign-ins ask and show; of their tokens only where there is a log that may tell.
pub(crate) fn of_sign_ins(batch: &RecordBatch, numbers: &[u64], has_log: bool) -> Vec<Proof> {
    let rows = SignIns::of(batch);
    let mut proofs = Vec::new();
    for (at, row) in numbers.iter().copied().enumerate() {
        let mut add = |hash, time, what| proofs.push(Proof { hash, time, what, row });
        if let Some((session, shows, time)) = rows.shown(at) {
            add(session, time, What::Session(shows));
        }
        if !rows.is_open(at) {
            continue;
        }
        if has_log {
            let ids = [(rows.ids.get(at), What::AsksId), (rows.tokens.get(at), What::AsksToken)];
            for (id, what) in ids {
                if let Some(id) = id {
                    add(hash(id.as_bytes()), 0, what);
                }
            }
        }
        if let Some((session, time)) = rows.asked(at) {
            add(session, time, What::AsksSession);
        }
    }
    proofs
}

/// What rows of `activity` show of their tokens.
pub(crate) fn of_activity(batch: &RecordBatch) -> Vec<Proof> {
    let (tokens, verdicts) = (Text::of(batch, "token_id"), Text::of(batch, "mfa"));
    let of = |row: usize| {
        let shows = shown(verdicts.get(row))?;
        let hash = hash(tokens.get(row)?.as_bytes());
        Some(Proof { hash, time: 0, what: What::Token(shows), row: 0 })
    };
    (0..batch.num_rows()).filter_map(of).collect()
}

/// Whether a verdict shows MFA, if it tells.
pub(crate) fn shown(verdict: Option<&str>) -> Option<bool> {
    match verdict {
        Some("mfa") => Some(true),
        Some("non_mfa") => Some(false),
        _ => None,
    }
}

/// What is proven of a row, in a byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Proven(u8);

impl Proven {
    /// Two bits each: that of its id, of its token and of its session.
    const IDS: u8 = 0;
    const TOKENS: u8 = 2;
    const SESSIONS: u8 = 4;

    fn new(at: u8, shows: bool) -> Self {
        Self((1 + u8::from(shows)) << at)
    }

    fn at(self, at: u8) -> Option<bool> {
        match (self.0 >> at) & 3 {
            0 => None,
            bits => Some(bits > 1),
        }
    }

    /// Both of what is proven of a row.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the token shows MFA; that which has the id of the sign-in, else the one it issued.
    pub(crate) fn by_token(self) -> Option<bool> {
        self.at(Self::IDS).or(self.at(Self::TOKENS))
    }

    /// Whether the session showed MFA until then.
    pub(crate) fn by_session(self) -> Option<bool> {
        self.at(Self::SESSIONS)
    }
}

/// What is shown under one hash.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    /// Whether some row shows MFA of a token.
    token: Option<bool>,
    /// When a session first showed MFA, and first one factor only.
    mfa: Option<i64>,
    non_mfa: Option<i64>,
}

/// What the proofs in `bytes` prove of the rows that ask, by their numbers. All that have a hash in
/// common have to be there.
pub(crate) fn answers(bytes: &[u8]) -> Vec<(u64, Proven)> {
    let mut shown: HashMap<u128, Shown, FixedState> = HashMap::default();
    for proof in Proof::all_in(bytes) {
        let first =
            |known: Option<i64>| Some(known.map_or(proof.time, |known| known.min(proof.time)));
        match proof.what {
            What::AsksId | What::AsksToken | What::AsksSession => {}
            What::Token(shows) => {
                let known = &mut shown.entry(proof.hash).or_default().token;
                *known = Some(known.unwrap_or(false) || shows);
            }
            What::Session(true) => {
                let known = &mut shown.entry(proof.hash).or_default().mfa;
                *known = first(*known);
            }
            What::Session(false) => {
                let known = &mut shown.entry(proof.hash).or_default().non_mfa;
                *known = first(*known);
            }
        }
    }
    let answer = |proof: Proof| {
        let known = shown.get(&proof.hash)?;
        let is_before = |first: Option<i64>| first.is_some_and(|first| first <= proof.time);
        let proven = match proof.what {
            What::AsksId => Proven::new(Proven::IDS, known.token?),
            What::AsksToken => Proven::new(Proven::TOKENS, known.token?),
            What::AsksSession if is_before(known.mfa) => Proven::new(Proven::SESSIONS, true),
            What::AsksSession if is_before(known.non_mfa) => Proven::new(Proven::SESSIONS, false),
            What::AsksSession | What::Token(_) | What::Session(_) => return None,
        };
        Some((proof.row, proven))
    };
    Proof::all_in(bytes).filter_map(answer).collect()
}
