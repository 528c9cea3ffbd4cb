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
const HELD_MAX: usize = 8 << 20;

/// The proofs that came so far.
#[derive(Debug)]
pub(crate) struct Proofs {
    parts: Parts,
}

impl Default for Proofs {
    fn default() -> Self {
        Self { parts: Parts::new(PARTS, HELD_MAX) }
    }
}

impl Proofs {
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
