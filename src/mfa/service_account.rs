//! How much a person's account behaves like a service: a score of 0 to 100 that says what it
//! rests on.
//!
//! Mandatory MFA covers user accounts that are used as service accounts; Microsoft asks to find
//! them and to move them to workload identities, and names no way to find them
//! (<https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>,
//! <https://learn.microsoft.com/cli/azure/authenticate-azure-cli-mfa>). The signs below are
//! judgement, not documentation, which is why each is named with its points wherever the score is
//! shown. A sign gives all of its points or none; what the log does not tell gives none.
//!
//! | sign | points | holds when |
//! |---|---|---|
//! | ROPC | 25 | at least 1 completed sign-in by ROPC to what mandatory MFA covers |
//! | no interactive sign-in | 20 | the inputs have interactive sign-ins of somebody, this account has at least 5 completed non-interactive ones, no completed interactive one and none of unknown category |
//! | same minute | 15 | at least 12 beats on at least 3 days, and 3 neighbouring minutes of the hour (59 and 0 are neighbours) hold at least 60 % of the beats |
//! | automation | 10 | of at least 5 sign-ins that tell the program, at least half were by `iac` or `sdk` |
//! | round the clock | 10 | beats in at least 18 of the 24 hours of the day, on at least 3 days |
//! | weekends | 5 | beats on at least 4 Saturdays and Sundays, and these are at least 20 % of the days with beats |
//! | one address | 5 | at least 20 requests that tell the address, all from the same one, and beats on at least 3 days |
//! | no method | 5 | the registrations say that the account cannot do MFA, and neither a method that resists phishing nor MFA itself was seen |
//! | name | 5 | the name reads like a service's, see [`is_service_name`] |
//!
//! A *beat* is an hour (UTC) with at least one request, and stands at the minute of its first
//! one; so a thousand changes of one deployment are one beat. Days and hours of the day are UTC.

/// From this many points on, an account counts as used by a service.
pub const THRESHOLD: u32 = 40;

const ROPC: u32 = 25;
const NO_INTERACTIVE: u32 = 20;
const SAME_MINUTE: u32 = 15;
const AUTOMATION: u32 = 10;
const ROUND_THE_CLOCK: u32 = 10;
const WEEKENDS: u32 = 5;
const ONE_ADDRESS: u32 = 5;
const NO_METHOD: u32 = 5;
const NAME: u32 = 5;

const NON_INTERACTIVE_MIN: u64 = 5;
const BEATS_MIN: usize = 12;
const DAYS_MIN: usize = 3;
const SAME_MINUTE_PERCENT: usize = 60;
const CLIENTS_TOLD_MIN: u64 = 5;
const HOURS_MIN: usize = 18;
const WEEKEND_DAYS_MIN: usize = 4;
const WEEKEND_PERCENT: usize = 20;
const REQUESTS_MIN: u64 = 20;

const MINUTES_OF_HOUR: i64 = 60;
const HOURS_OF_DAY: i64 = 24;

/// What an account does, as far as the score looks at it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits<'a> {
    /// User principal name.
    pub upn: Option<&'a str>,
    /// Completed sign-ins by ROPC to what mandatory MFA covers.
    pub ropc_sign_ins: u64,
    /// Completed interactive sign-ins, to whatever.
    pub interactive_sign_ins: u64,
    /// Completed non-interactive sign-ins, to whatever.
    pub non_interactive_sign_ins: u64,
    /// Completed sign-ins that do not tell which of the two they are.
    pub uncategorised_sign_ins: u64,
    /// Whether the inputs have an interactive sign-in of anybody: without one, that this account
    /// has none says nothing.
    pub has_interactive_log: bool,
    /// The beats in ascending order: minutes since 1970-01-01 UTC, one for each hour with
    /// requests, of its first request.
    pub beats: &'a [i64],
    /// Completed sign-ins to what mandatory MFA covers that tell the kind of program.
    pub clients_told: u64,
    /// Of those, the ones by infrastructure as code or an SDK.
    pub automation_clients: u64,
    /// Requests that tell the address they came from.
    pub requests_with_address: u64,
    /// The address, if all of them came from one.
    pub only_address: Option<&'a str>,
    /// Whether the registrations say that the account cannot do MFA and nothing else says it can.
    pub is_known_incapable: bool,
}

/// The score of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score {
    /// 0 to 100.
    pub points: u32,
    /// The signs that hold, in words, each with its points; in the order of the module's table.
    pub reasons: Vec<String>,
}

impl Score {
    /// Whether it reaches [`THRESHOLD`].
    pub fn is_service(&self) -> bool {
        self.points >= THRESHOLD
    }

    fn add(&mut self, points: u32, reason: Option<String>) {
        if let Some(reason) = reason {
            self.points += points;
            self.reasons.push(format!("{reason} (+{points})"));
        }
    }
}

/// The score, by the table of the module.
pub fn score(habits: &Habits<'_>) -> Score {
    let beats = Beats::of(habits.beats);
    let mut score = Score::default();
    score.add(
        ROPC,
        (habits.ropc_sign_ins > 0).then(|| format!("ROPC sign-ins: {}", habits.ropc_sign_ins)),
    );
    let is_never_interactive = habits.has_interactive_log
        && habits.interactive_sign_ins == 0
        && habits.uncategorised_sign_ins == 0
        && habits.non_interactive_sign_ins >= NON_INTERACTIVE_MIN;
    score.add(
        NO_INTERACTIVE,
        is_never_interactive.then(|| {
            format!("no interactive sign-in, {} non-interactive", habits.non_interactive_sign_ins)
        }),
    );
    score.add(SAME_MINUTE, beats.same_minute());
    let is_automation = habits.clients_told >= CLIENTS_TOLD_MIN
        && habits.automation_clients.saturating_mul(2) >= habits.clients_told;
    score.add(
        AUTOMATION,
        is_automation.then(|| {
            let (told, automation) = (habits.clients_told, habits.automation_clients);
            format!("{automation} of {told} sign-ins by an IaC tool or an SDK")
        }),
    );
    score.add(ROUND_THE_CLOCK, beats.round_the_clock());
    score.add(WEEKENDS, beats.weekends());
    let address = habits
        .only_address
        .filter(|_| habits.requests_with_address >= REQUESTS_MIN && beats.days.len() >= DAYS_MIN);
    score.add(
        ONE_ADDRESS,
        address.map(|ip| format!("all {} requests from {ip}", habits.requests_with_address)),
    );
    score.add(
        NO_METHOD,
        habits.is_known_incapable.then(|| "no method registered that can do MFA".to_owned()),
    );
    score.add(
        NAME,
        habits
            .upn
            .filter(|upn| is_service_name(upn))
            .map(|_| "the name reads like a service's".to_owned()),
    );
    score
}

/// When an account is active.
struct Beats<'a> {
    beats: &'a [i64],
    /// Days with beats, ascending.
    days: Vec<i64>,
}

impl<'a> Beats<'a> {
    fn of(beats: &'a [i64]) -> Self {
        let day = |beat: &i64| beat.div_euclid(MINUTES_OF_HOUR * HOURS_OF_DAY);
        let mut days: Vec<i64> = beats.iter().map(day).collect();
        days.dedup();
        Self { beats, days }
    }

    fn same_minute(&self) -> Option<String> {
        if self.beats.len() < BEATS_MIN || self.days.len() < DAYS_MIN {
            return None;
        }
        let mut counts = [0_usize; 60];
        for beat in self.beats {
            counts[usize::try_from(beat.rem_euclid(MINUTES_OF_HOUR)).unwrap_or_default()] += 1;
        }
        let in_window =
            |minute: usize| (0..3).map(|next| counts[(minute + next) % counts.len()]).sum();
        // Of windows that are equally full, the one that begins first.
        let (fullest, minute): (usize, usize) = (0..counts.len())
            .rev()
            .map(|minute| (in_window(minute), minute))
            .max_by_key(|(count, _)| *count)?;
        (fullest * 100 >= SAME_MINUTE_PERCENT * self.beats.len()).then(|| {
            let (beats, last) = (self.beats.len(), (minute + 2) % counts.len());
            format!("{fullest} of {beats} active hours begin at minute {minute} to {last}")
        })
    }

    fn round_the_clock(&self) -> Option<String> {
        let mut hours: Vec<i64> = self
            .beats
            .iter()
            .map(|beat| beat.div_euclid(MINUTES_OF_HOUR).rem_euclid(HOURS_OF_DAY))
            .collect();
        hours.sort_unstable();
        hours.dedup();
        (hours.len() >= HOURS_MIN && self.days.len() >= DAYS_MIN)
            .then(|| format!("active in {} of the 24 hours of the day", hours.len()))
    }

    fn weekends(&self) -> Option<String> {
        // Day 0 was a Thursday.
        let is_weekend = |day: &&i64| matches!((**day + 3).rem_euclid(7), 5 | 6);
        let (weekend, all) = (self.days.iter().filter(is_weekend).count(), self.days.len());
        (weekend >= WEEKEND_DAYS_MIN && weekend * 100 >= WEEKEND_PERCENT * all)
            .then(|| format!("active on {weekend} days of weekends, of {all} days"))
    }
}

/// Words that services are called by.
const WORDS: &[&str] = &[
    "ansible",
    "batch",
    "bot",
    "cicd",
    "daemon",
    "deploy",
    "deployer",
    "deployment",
    "devops",
    "jenkins",
    "pipeline",
    "robot",
    "runner",
    "script",
    "service",
    "srv",
    "terraform",
];

/// Whether a UPN reads like a service's. What is before the first `@` is put in lower case and
/// cut into words at every character that is no ASCII letter; it reads like a service's if a word
/// begins with `svc` or `automation`, or is one of ansible, batch, bot, cicd, daemon, deploy,
/// deployer, deployment, devops, jenkins, pipeline, robot, runner, script, service, srv and
/// terraform, or if it begins with `sa-` or `sa_`.
pub fn is_service_name(upn: &str) -> bool {
    let name = upn.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let is_service = |word: &str| {
        word.starts_with("svc") || word.starts_with("automation") || WORDS.contains(&word)
    };
    name.starts_with("sa-")
        || name.starts_with("sa_")
        || name.split(|character: char| !character.is_ascii_lowercase()).any(is_service)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Habits, Score, THRESHOLD, is_service_name, score};

    const MINUTES_OF_DAY: i64 = 24 * 60;
    /// 2026-05-04, a Monday.
    const MONDAY: i64 = 20_577 * MINUTES_OF_DAY;

    fn points(habits: &Habits<'_>) -> u32 {
        score(habits).points
    }

    /// Beats at a minute of some hours of some days after that Monday.
    fn beats(
        days: impl IntoIterator<Item = i64>,
        hours: &[i64],
        minute: impl Fn(i64) -> i64,
    ) -> Vec<i64> {
        let mut beats: Vec<i64> = days
            .into_iter()
            .flat_map(|day| hours.iter().map(move |hour| (day, *hour)))
            .map(|(day, hour)| MONDAY + day * MINUTES_OF_DAY + hour * 60 + minute(day * 24 + hour))
            .collect();
        beats.sort_unstable();
        beats
    }

    #[test]
    fn nothing_known_is_no_point() {
        assert_eq!(score(&Habits::default()), Score::default());
    }

    #[test]
    fn each_sign_gives_its_points_at_its_threshold_and_none_below() {
        let nothing = Habits::default();
        assert_eq!(points(&Habits { ropc_sign_ins: 1, ..nothing }), 25);

        let quiet = Habits { has_interactive_log: true, non_interactive_sign_ins: 5, ..nothing };
        assert_eq!(points(&quiet), 20);
        for other in [
            Habits { has_interactive_log: false, ..quiet },
            Habits { non_interactive_sign_ins: 4, ..quiet },
            Habits { interactive_sign_ins: 1, ..quiet },
            Habits { uncategorised_sign_ins: 1, ..quiet },
        ] {
            assert_eq!(points(&other), 0, "{other:?}");
        }

        let automated = Habits { clients_told: 6, automation_clients: 3, ..nothing };
        assert_eq!(points(&automated), 10);
        assert_eq!(points(&Habits { automation_clients: 2, ..automated }), 0);
        assert_eq!(points(&Habits { clients_told: 4, ..automated }), 0);

        assert_eq!(points(&Habits { is_known_incapable: true, ..nothing }), 5);
        assert_eq!(points(&Habits { upn: Some("svc-backup@tw.example"), ..nothing }), 5);
        assert_eq!(points(&Habits { upn: Some("ada@tw.example"), ..nothing }), 0);
    }

    #[test]
    fn the_same_minute_counts_from_twelve_hours_on_three_days() {
        let at = |beats: &[i64]| points(&Habits { beats, ..Habits::default() });
        let jitter = |hour: i64| 58 + hour % 3;
        assert_eq!(at(&beats(0..3, &[8, 9, 10, 11], jitter)), 15, "58, 59 and 0 are neighbours");
        assert_eq!(at(&beats(0..3, &[8, 9, 10], jitter)), 0, "nine hours");
        assert_eq!(at(&beats(0..2, &[8, 9, 10, 11, 12, 13], jitter)), 0, "two days");
        assert_eq!(at(&beats(0..3, &[8, 9, 10, 11], |hour| hour * 7 % 60)), 0, "anyhow");
        // 15 of 25 is 60 %, 14 of 25 is not.
        let share = |same: i64| {
            beats(0..5, &[6, 7, 8, 9, 10], move |hour| {
                let index = (hour / 24) * 5 + hour % 24 - 6;
                if index < same { 30 } else { (index - same) * 5 % 25 }
            })
        };
        assert_eq!(at(&share(15)), 15);
        assert_eq!(at(&share(14)), 0);
    }

    #[test]
    fn hours_and_weekends_count_from_their_thresholds() {
        let at = |beats: &[i64]| points(&Habits { beats, ..Habits::default() });
        let anyhow = |hour: i64| hour * 23 % 60;
        let hours: Vec<i64> = (0..18).collect();
        assert_eq!(at(&beats(0..3, &hours, anyhow)), 10);
        assert_eq!(at(&beats(0..3, &hours[1..], anyhow)), 0);
        assert_eq!(at(&beats(0..2, &hours, anyhow)), 0);
        // Days 5, 6, 12 and 13 are of weekends.
        assert_eq!(at(&beats([5, 6, 12, 13], &[9], anyhow)), 5);
        assert_eq!(at(&beats([5, 6, 12], &[9], anyhow)), 0);
        assert_eq!(at(&beats(0..14, &[9], anyhow)), 5, "4 of 14 are more than 20 %");
        assert_eq!(at(&beats((0..14).chain(14..19).chain(21..23), &[9], anyhow)), 0, "4 of 21");
    }

    #[test]
    fn one_address_counts_from_twenty_requests_on_three_days() {
        let days = beats(0..3, &[9], |hour| hour * 23 % 60);
        let habits = Habits {
            beats: &days,
            requests_with_address: 20,
            only_address: Some("203.0.113.7"),
            ..Habits::default()
        };
        assert_eq!(points(&habits), 5);
        assert_eq!(points(&Habits { requests_with_address: 19, ..habits }), 0);
        assert_eq!(points(&Habits { beats: &days[..2], ..habits }), 0);
        assert_eq!(points(&Habits { only_address: None, ..habits }), 0);
    }

    #[test]
    fn all_signs_together_are_a_hundred_and_say_so() {
        let hours: Vec<i64> = (0..24).collect();
        let beats = beats(0..14, &hours, |_| 7);
        let habits = Habits {
            upn: Some("sa-deploy@tw.example"),
            ropc_sign_ins: 12,
            non_interactive_sign_ins: 50,
            has_interactive_log: true,
            beats: &beats,
            clients_told: 50,
            automation_clients: 50,
            requests_with_address: 336,
            only_address: Some("203.0.113.7"),
            is_known_incapable: true,
            ..Habits::default()
        };
        let score = score(&habits);
        assert_eq!(score.points, 100);
        assert!(score.is_service());
        assert_eq!(
            score.reasons,
            [
                "ROPC sign-ins: 12 (+25)",
                "no interactive sign-in, 50 non-interactive (+20)",
                "336 of 336 active hours begin at minute 5 to 7 (+15)",
                "50 of 50 sign-ins by an IaC tool or an SDK (+10)",
                "active in 24 of the 24 hours of the day (+10)",
                "active on 4 days of weekends, of 14 days (+5)",
                "all 336 requests from 203.0.113.7 (+5)",
                "no method registered that can do MFA (+5)",
                "the name reads like a service's (+5)",
            ]
        );
    }

    #[test]
    fn reports_mean_the_same_score_by_a_service() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries/signin");
        let mut found = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for before in ["service_score >= ", "whether the score reaches ", "From "] {
                for (_, rest) in text.match_indices(before).map(|(at, _)| text.split_at(at)) {
                    let rest = rest.strip_prefix(before).unwrap_or_default();
                    let number = rest.split(|it: char| !it.is_ascii_digit()).next();
                    let Ok(number) = number.unwrap_or_default().parse::<u32>() else { continue };
                    assert_eq!(number, THRESHOLD, "{}: `{before}{number}`", path.display());
                    found += 1;
                }
            }
        }
        assert!(found >= 4, "only {found} places say what a service is");
    }

    #[test]
    fn names_of_services_are_told_from_those_of_people() {
        for upn in [
            "svc-backup@x.example",
            "SVCdeploy@x.example",
            "sa-sql@x.example",
            "sa_sql@x.example",
            "azure.automation@x.example",
            "build.runner3@x.example",
            "the-bot@x.example",
            "automation01@x.example",
            "service@x.example",
        ] {
            assert!(is_service_name(upn), "{upn}");
        }
        for upn in [
            "ada@x.example",
            "sa.miller@x.example",
            "sandra@x.example",
            "abbot@x.example",
            "serviceman@x.example",
            "ada@svc.example",
            "",
            "botan.ist@x.example",
        ] {
            assert!(!is_service_name(upn), "{upn}");
        }
    }
}
