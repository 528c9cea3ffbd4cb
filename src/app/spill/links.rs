//! Links found with memory that does not grow with the changes nor with the sign-ins: what binds
//! them is written down as it comes, dealt into parts, and looked at part by part. See
//! [`crate::fold::link`] for what is linked.
//!
//! Three times something is dealt: looks and sign-ins by their keys, what was found by its change,
//! and the links by their time, so that part after part they come in order.

use std::io;

use arrow_array::RecordBatch;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::app::error::Error;
use crate::app::spill::parts::Parts;
use crate::fold::duplicate::part_of;
use crate::fold::link::record::{Ask, Found, Ids, Offer, Record};
use crate::fold::link::{Changes, SignIns, best, candidates, table};

/// Into how many parts each is dealt.
const PARTS: usize = 64;

/// Bytes kept in memory of each.
const HELD_MAX: usize = 2 << 20;

/// Bits of [`Sieve`].
const SIEVE_BITS: u64 = 32 << 20;

/// Times by which links are dealt.
const SAMPLE_MAX: usize = 4_096;

/// Changes so far, and what they look for.
#[derive(Debug)]
pub(crate) struct Links {
    asks: Parts,
    offers: Parts,
    told: Parts,
    ids: Ids,
    sieve: Sieve,
    sample: Sample,
    changes: u64,
}

/// Which keys are asked for; some that are not are taken for such.
#[derive(Debug, Default)]
pub(crate) struct Sieve(Vec<u64>);

impl Sieve {
    fn place(key: u128) -> (usize, u64) {
        let bit = u64::try_from(key >> 64).unwrap_or_default() % SIEVE_BITS;
        (usize::try_from(bit / 64).unwrap_or_default(), 1 << (bit % 64))
    }

    fn add(&mut self, key: u128) {
        if self.0.is_empty() {
            self.0 = vec![0; usize::try_from(SIEVE_BITS / 64).unwrap_or_default()];
        }
        let (word, bit) = Self::place(key);
        self.0[word] |= bit;
    }

    pub(crate) fn has(&self, key: u128) -> bool {
        let (word, bit) = Self::place(key);
        self.0.get(word).is_some_and(|word| word & bit > 0)
    }
}

/// Some of the times that came, evenly among all.
#[derive(Debug)]
struct Sample {
    times: Vec<i64>,
    every: u64,
    count: u64,
}

impl Sample {
    fn add(&mut self, time: i64) {
        if self.count.is_multiple_of(self.every) {
            self.times.push(time);
            if self.times.len() > SAMPLE_MAX {
                let mut number = 0_u8;
                self.times.retain(|_| {
                    number ^= 1;
                    number > 0
                });
                self.every *= 2;
            }
        }
        self.count += 1;
    }

    /// The times at which parts begin, but for the first.
    fn borders(mut self) -> Vec<i64> {
        self.times.sort_unstable();
        let of = |part: usize| self.times.get(part * self.times.len() / PARTS).copied();
        (1..PARTS).filter_map(of).collect()
    }
}

impl Default for Links {
    fn default() -> Self {
        Self::new(HELD_MAX)
    }
}

impl Links {
    fn new(held_max: usize) -> Self {
        let parts = || Parts::new(PARTS, held_max);
        Self {
            asks: parts(),
            offers: parts(),
            told: parts(),
            ids: Ids::default(),
            sieve: Sieve::default(),
            sample: Sample { times: Vec::new(), every: 1, count: 0 },
            changes: 0,
        }
    }

    /// Takes changes.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written.
    pub(crate) fn changes(&mut self, batch: &Changes<'_>) -> io::Result<()> {
        for row in batch.rows() {
            let change = self.changes;
            self.changes += 1;
            let told = batch.told(row, change, &mut self.ids);
            self.sample.add(told.time);
            push(&mut self.told, part_of_change(change), &told)?;
            for ask in batch.asks(row, change) {
                self.sieve.add(ask.key);
                push(&mut self.asks, part_of_key(ask.key), &ask)?;
            }
        }
        Ok(())
    }

    /// The keys that changes look for, once all came.
    pub(crate) fn take_sieve(&mut self) -> Sieve {
        std::mem::take(&mut self.sieve)
    }

    /// Takes sign-ins, by what [`SignIns::offered`] says of them.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written.
    pub(crate) fn sign_ins(
        &mut self,
        batch: &SignIns<'_>,
        offered: &[(u128, i64, usize)],
    ) -> io::Result<()> {
        for (key, time, row) in offered.iter().copied() {
            let offer = Offer { key, time, id: self.ids.id(batch.id(row)) };
            push(&mut self.offers, part_of_key(key), &offer)?;
        }
        Ok(())
    }

    /// Hands the links to `take`, in batches of the table `link` in its order.
    ///
    /// # Errors
    /// Those of `take`, and when the temporary files cannot be written or read.
    pub(crate) fn finish(
        mut self,
        mut take: impl FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (asks, offers, ids) = (self.asks, self.offers, &self.ids);
        let candidates = |part| {
            let asks: Vec<Ask> = all_of(&asks, part)?;
            Ok(candidates(&asks, all_of(&offers, part)?, ids))
        };
        each_part(candidates, |found| {
            let mut found = found.iter();
            let told = &mut self.told;
            found.try_for_each(|found| push(told, part_of_change(found.change), found))
        })?;
        drop((asks, offers));
        let borders = self.sample.borders();
        let (told, mut links) = (self.told, Parts::new(PARTS, HELD_MAX));
        each_part(
            |part| Ok(best(all_of(&told, part)?, ids)),
            |found| {
                found.iter().try_for_each(|link: &Found| {
                    let part = borders.partition_point(|border| *border <= link.time);
                    push(&mut links, part, link)
                })
            },
        )?;
        drop(told);
        for part in 0..PARTS {
            let found = all_of(&links, part).map_err(Error::Spill)?;
            let batch = table(found, ids).map_err(Error::Arrow)?;
            if batch.num_rows() > 0 {
                take(batch)?;
            }
        }
        Ok(())
    }
}

fn part_of_key(key: u128) -> usize {
    part_of(u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default(), PARTS)
}

fn part_of_change(change: u64) -> usize {
    usize::try_from(change % PARTS as u64).unwrap_or_default()
}

fn push<R: Record>(parts: &mut Parts, part: usize, record: &R) -> io::Result<()> {
    let mut bytes = [0; 64];
    let bytes = &mut bytes[..R::BYTES];
    record.write(bytes);
    parts.push(part, bytes)
}

fn all_of<R: Record>(parts: &Parts, part: usize) -> io::Result<Vec<R>> {
    Ok(R::all_in(&parts.read(part)?).collect())
}

/// Makes something of every part, several at once, and hands it on in their order.
fn each_part<T: Send>(
    make: impl Fn(usize) -> io::Result<T> + Sync,
    mut take: impl FnMut(T) -> io::Result<()>,
) -> Result<(), Error> {
    let all: Vec<usize> = (0..PARTS).collect();
    for parts in all.chunks(rayon::current_num_threads()) {
        let made: Vec<T> = parts
            .par_iter()
            .map(|part| make(*part))
            .collect::<io::Result<_>>()
            .map_err(Error::Spill)?;
        made.into_iter().try_for_each(&mut take).map_err(Error::Spill)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow_array::RecordBatch;
    use arrow_select::concat::concat_batches;
    use proptest::prelude::{ProptestConfig, Strategy, prop, proptest};

    use super::Links;
    use crate::fold::given_tests::{Given, batch, given};
    use crate::fold::link::tests::link;
    use crate::fold::link::{Changes, SignIns};
    use crate::schema::attempt::TABLE as ATTEMPT;
    use crate::schema::audit::TABLE as AUDIT;
    use crate::schema::link::TABLE as LINK;
    use crate::schema::sign_in::TABLE as SIGN_IN;

    const TOKENS: [&str; 5] = [
        "",
        "9f31d43a-d1ec-4ec8-86d7-1a2b3c4d5e6f",
        "9f31d43a-d1ec-4ec8-86d7-1a2b3c4d5e70",
        "key:00112233445566778899aabbccddeeff",
        "token",
    ];

    /// A row: id, time, token, session, user and address.
    type Row = (String, i64, usize, usize, usize, usize);

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let id = "[0-9a-f]{8}(-0000){3}-[0-9a-f]{12}|key:[0-9a-f]{32}|[a-c]{1,3}";
        let row = (id, -9..9_i64, 0..5_usize, 0..3_usize, 0..3_usize, 0..3_usize);
        let token_ids = (0..5_usize).prop_map(|at| TOKENS[at].to_owned());
        let row = (row, prop::option::weighted(0.3, token_ids)).prop_map(|(row, id)| match id {
            Some(id) => (id, row.1, row.2, row.3, row.4, row.5),
            None => row,
        });
        prop::collection::vec(row, 0..60)
    }

    fn cut(rows: &[Given<'_>], table: &crate::schema::Table, size: usize) -> Vec<RecordBatch> {
        rows.chunks(size).map(|rows| batch(table, rows)).collect()
    }

    const SESSIONS: [&str; 3] = ["", "s1", "s2"];
    const USERS: [&str; 3] = ["", "ada@x", "bob@x"];
    const ADDRESSES: [&str; 3] = ["", "192.0.2.1", "192.0.2.2"];
    const MINUTE: i64 = 60_000_000;

    fn attempt((id, time, token, session, user, ip): &Row) -> Given<'_> {
        given!(
            event_id: id.as_str(), first_time: time * MINUTE, operation_class: "write",
            principal_type: "user", token_id: TOKENS[*token], session_id: SESSIONS[*session],
            caller_upn: USERS[*user], ip: ADDRESSES[*ip],
        )
    }

    fn audit((id, time, token, session, user, ip): &Row) -> Given<'_> {
        given!(
            event_id: id.as_str(), event_time: time * MINUTE, actor_type: "user",
            token_id: TOKENS[*token], session_id: SESSIONS[*session], actor_upn: USERS[*user],
            ip: ADDRESSES[*ip],
        )
    }

    fn sign_in((id, time, token, session, user, ip): &Row) -> Given<'_> {
        given!(
            event_id: id.as_str(), event_time: time * MINUTE, error_code: 0,
            category: if time % 2 == 0 { "interactive" } else { "non_interactive" },
            token_id: TOKENS[*token], session_id: SESSIONS[*session], upn: USERS[*user],
            ip: ADDRESSES[*ip],
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn parts_link_what_is_linked_all_at_once(
            attempts in rows(),
            audits in rows(),
            sign_ins in rows(),
            held_max in 0_usize..3_000,
            size in 1_usize..20,
        ) {
            let attempts: Vec<Given<'_>> = attempts.iter().map(attempt).collect();
            let audits: Vec<Given<'_>> = audits.iter().map(audit).collect();
            let sign_ins: Vec<Given<'_>> = sign_ins.iter().map(sign_in).collect();
            let attempts = cut(&attempts, &ATTEMPT, size);
            let audits = cut(&audits, &AUDIT, size);
            let sign_ins = cut(&sign_ins, &SIGN_IN, size);
            let mut links = Links::new(held_max);
            for batch in &attempts {
                links.changes(&Changes::of_attempts(batch)).unwrap();
            }
            for batch in &audits {
                links.changes(&Changes::of_audits(batch)).unwrap();
            }
            let sieve = links.take_sieve();
            for batch in sign_ins.iter().map(SignIns::of) {
                links.sign_ins(&batch, &batch.offered(|key| sieve.has(key))).unwrap();
            }
            let mut found = Vec::new();
            links.finish(|batch| { found.push(batch); Ok(()) }).unwrap();
            let schema = std::sync::Arc::new(LINK.arrow_schema(|_| true));
            let expected = link(&attempts, &sign_ins, &audits);
            assert_eq!(concat_batches(&schema, &found).unwrap(), expected);
        }
    }
}
