-- title:  Sign-ins, by user
-- about:  Every sign-in of a person: sign_ins, not_completed and excluded add up to all of them. Applications are in sign-ins-by-app.
-- grain:  one person; sign-ins without any identity share one
-- reads:  sign_in_measure, sign_in_user
-- column: user text | newest UPN, else the object id
-- column: user_id text | object id
-- column: display_name text | newest display name
-- column: sign_ins integer | completed sign-ins
-- column: in_scope integer | of those, the ones that mandatory MFA covers
-- column: mfa_sign_ins integer | of sign_ins, with MFA
-- column: non_mfa_sign_ins integer | of sign_ins, with one factor
-- column: exempt_sign_ins integer | of sign_ins, where MFA was skipped
-- column: unknown_sign_ins integer | of sign_ins, where the log does not tell
-- column: not_completed integer | sign-ins that did not come to an end
-- column: excluded integer | sign-ins that are left out of the other figures, such as sign-ins to Windows; see --include
-- column: apps integer | different applications
-- column: ips integer | different addresses
-- column: first_seen timestamp | first sign-in of any kind
-- column: last_seen timestamp | last sign-in of any kind
-- totals: sign_ins, in_scope, mfa_sign_ins, non_mfa_sign_ins, exempt_sign_ins, unknown_sign_ins, not_completed, excluded
-- worth:  who signs in with one factor has to register MFA, or is a script
with
measure as (
    select
        user_key,
        sum(is_completed) as sign_ins,
        sum(is_in_scope) as in_scope,
        sum(is_mfa) as mfa_sign_ins,
        sum(is_non_mfa) as non_mfa_sign_ins,
        sum(is_exempt) as exempt_sign_ins,
        sum(is_unknown) as unknown_sign_ins,
        sum(is_not_completed) as not_completed,
        sum(is_excluded) as excluded,
        cast(count(distinct app_key) as bigint) as apps,
        cast(count(distinct ip) as bigint) as ips,
        min(event_time) as first_seen,
        max(event_time) as last_seen
    from sign_in_measure
    where is_application = 0
    group by user_key
)

select
    person.user_name as user,
    person.user_id,
    person.display_name,
    measure.sign_ins,
    measure.in_scope,
    measure.mfa_sign_ins,
    measure.non_mfa_sign_ins,
    measure.exempt_sign_ins,
    measure.unknown_sign_ins,
    measure.not_completed,
    measure.excluded,
    measure.apps,
    measure.ips,
    measure.first_seen,
    measure.last_seen
from measure
left join sign_in_user as person on measure.user_key = person.user_key
order by measure.non_mfa_sign_ins desc, measure.sign_ins desc, measure.user_key nulls last
