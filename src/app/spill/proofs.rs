//! What rows prove of others, written down as it comes and looked at part by part: a byte a row
//! stays in memory. See [`crate::fold::proof`].

use std::io;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::app::spill::parts::Parts;
use crate::fold::duplicate::part_of;
use crate::fold::proof::{Proof, Proven, answers};

/// Into how many parts proofs are dealt.
const PARTS: usize = 64;

/// Bytes of proofs kept in memory.
const HELD_MAX: usize = 4 << 20;

/// The proofs that came so far.
#[derive(Debug)]
pub(crate) struct Proofs {
    parts: Parts,
}

impl Default for Proofs {
    fn default() -> Self {
        Self::new(HELD_MAX)
    }
}

impl Proofs {
    fn new(held_max: usize) -> Self {
        Self { parts: Parts::new(PARTS, held_max) }
    }

    /// Takes proofs.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written.
    pub(crate) fn push(&mut self, proofs: &[Proof]) -> io::Result<()> {
        proofs.iter().try_for_each(|proof| {
            self.parts.push(part_of(proof.part_hash(), PARTS), &proof.to_bytes())
        })
    }

    /// What is proven of each row, by its number.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn proven(self) -> io::Result<Vec<Proven>> {
        let mut proven: Vec<Proven> = Vec::new();
        let all: Vec<usize> = (0..PARTS).collect();
        for parts in all.chunks(rayon::current_num_threads()) {
            let found: Vec<Vec<(u64, Proven)>> = parts
                .par_iter()
                .map(|part| Ok(answers(&self.parts.read(*part)?)))
                .collect::<io::Result<_>>()?;
            for (row, more) in found.into_iter().flatten() {
                let row = usize::try_from(row).unwrap_or_default();
                if proven.len() <= row {
                    proven.resize(row + 1, Proven::default());
                }
                proven[row] = proven[row].and(more);
            }
        }
        Ok(proven)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, proptest};

    use super::Proofs;
    use crate::fold::given_tests::{Given, batch, given};
    use crate::fold::proof::{Proof, Proven, answers, of_activity, of_sign_ins};
    use crate::schema::activity::TABLE as ACTIVITY;
    use crate::schema::sign_in::TABLE as SIGN_IN;

    const NAMES: [&str; 4] = ["", "a", "b", "c"];
    const VERDICTS: [&str; 3] = ["mfa", "non_mfa", "unknown"];

    fn sign_in() -> impl Strategy<Value = Given<'static>> {
        let name = || 0..4_usize;
        (name(), name(), name(), 1..3_usize, 0..3_usize, 0..9_i64).prop_map(
            |(id, token, session, user, mfa, time)| {
                given!(
                    event_id: NAMES[id], token_id: NAMES[token], session_id: NAMES[session],
                    user_key: NAMES[user], mfa: VERDICTS[mfa], mfa_reason: "claim", error_code: 0,
                    category: if time % 3 == 0 { "interactive" } else { "non_interactive" },
                    event_time: time,
                )
            },
        )
    }

    fn event() -> impl Strategy<Value = Given<'static>> {
        (0..4_usize, 0..3_usize)
            .prop_map(|(token, mfa)| given!(token_id: NAMES[token], mfa: VERDICTS[mfa]))
    }

    proptest! {
        #[test]
        fn parts_prove_what_is_proven_all_at_once(
            sign_ins in prop::collection::vec(sign_in(), 0..60),
            events in prop::collection::vec(event(), 0..20),
            held_max in 0_usize..3_000,
        ) {
            let numbers: Vec<u64> = (0..sign_ins.len() as u64).collect();
            let asked = of_sign_ins(&batch(&SIGN_IN, &sign_ins), &numbers, true);
            let shown = of_activity(&batch(&ACTIVITY, &events));
            let all: Vec<Proof> = asked.iter().chain(&shown).copied().collect();
            let bytes: Vec<u8> = all.iter().flat_map(|proof| proof.to_bytes()).collect();
            let mut expected = vec![Proven::default(); sign_ins.len()];
            for (row, proven) in answers(&bytes) {
                let row = usize::try_from(row).unwrap();
                expected[row] = expected[row].and(proven);
            }
            let mut proofs = Proofs::new(held_max);
            proofs.push(&asked).unwrap();
            proofs.push(&shown).unwrap();
            let mut proven = proofs.proven().unwrap();
            proven.resize(sign_ins.len(), Proven::default());
            assert_eq!(proven, expected);
        }
    }
}
