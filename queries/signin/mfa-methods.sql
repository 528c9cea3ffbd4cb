-- title:  Methods people sign in with, and have registered
-- about:  Methods come in combinations, as one sign-in shows them or one person has registered them: a row is one combination, not one method. Completed sign-ins of people only.
-- grain:  one combination of methods, seen in sign-ins or registered
-- reads:  registration, sign_in_measure
-- column: source text | sign_in for methods that were used, registration for methods that could be
-- column: methods text | the combination, comma-joined; empty where the log names none
-- column: mfa_strength text | phishing_resistant, phishable or none; empty for registrations and where the log names none
-- column: users integer | different people
-- column: sign_ins integer | completed sign-ins with it; empty for registrations
-- column: mfa_capable_users integer | of users, those that Graph calls capable of MFA; empty for sign-ins
-- column: first_seen timestamp | first sign-in with it; for registrations, when Graph first looked
-- column: last_seen timestamp | last sign-in with it; for registrations, when Graph last looked
-- worth:  text messages and calls are phishable; break-glass accounts want a passkey or a certificate
with
combination as (
    select
        'sign_in' as source,
        mfa_methods as methods,
        mfa_strength,
        cast(count(distinct user_key) as bigint) as users,
        cast(count(*) as bigint) as sign_ins,
        cast(null as bigint) as mfa_capable_users,
        min(event_time) as first_seen,
        max(event_time) as last_seen
    from sign_in_measure
    where is_completed = 1
    group by mfa_methods, mfa_strength
    union all
    select
        'registration' as source,
        methods,
        cast(null as string) as mfa_strength,
        cast(count(*) as bigint) as users,
        cast(null as bigint) as sign_ins,
        coalesce(
            sum(cast(case when coalesce(is_mfa_capable, false) then 1 else 0 end as bigint)), 0
        ) as mfa_capable_users,
        min(last_updated) as first_seen,
        max(last_updated) as last_seen
    from registration
    group by methods
)

select
    source,
    methods,
    mfa_strength,
    users,
    sign_ins,
    mfa_capable_users,
    first_seen,
    last_seen
from combination
order by source desc, users desc, methods nulls last, mfa_strength nulls last
