-- title:  Sign-ins without MFA to what mandatory MFA covers
-- about:  Completed sign-ins with one factor, or where MFA was skipped: who, to which application, and why it counts so.
-- grain:  one person, application, phase, verdict and reason
-- reads:  sign_in_measure, sign_in_user
-- column: user text | newest UPN, else the object id
-- column: user_id text | object id
-- column: app text | application signed in with
-- column: app_id text | its id
-- column: phase text | phase of mandatory MFA: phase_1 or phase_2
-- column: mfa text | non_mfa or exempt
-- column: mfa_reason text | what the verdict rests on
-- column: sign_ins integer | completed sign-ins
-- column: ips integer | different addresses
-- column: first_seen timestamp | first of them
-- column: last_seen timestamp | last of them
-- totals: sign_ins
-- worth:  each line is a habit that ends when MFA is enforced
with
gap as (
    select
        user_key,
        app_key,
        max(app) as app,
        max(app_id) as app_id,
        phase,
        mfa,
        mfa_reason,
        cast(count(*) as bigint) as sign_ins,
        cast(count(distinct ip) as bigint) as ips,
        min(event_time) as first_seen,
        max(event_time) as last_seen
    from sign_in_measure
    where is_in_scope = 1 and (is_non_mfa = 1 or is_exempt = 1)
    group by user_key, app_key, phase, mfa, mfa_reason
)

select
    person.user_name as user,
    person.user_id,
    gap.app,
    gap.app_id,
    gap.phase,
    gap.mfa,
    gap.mfa_reason,
    gap.sign_ins,
    gap.ips,
    gap.first_seen,
    gap.last_seen
from gap
left join sign_in_user as person on gap.user_key = person.user_key
order by
    gap.sign_ins desc,
    gap.user_key nulls last,
    gap.app_key nulls last,
    gap.phase,
    gap.mfa,
    gap.mfa_reason nulls last
