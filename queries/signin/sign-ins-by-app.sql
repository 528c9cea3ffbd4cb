-- title:  Sign-ins, by application
-- about:  Every sign-in of the input, by the application signed in with: sign_ins, not_completed, excluded and application_sign_ins add up to all of them.
-- grain:  one application
-- reads:  sign_in_measure
-- column: app text | application signed in with
-- column: app_id text | its id
-- column: sign_ins integer | completed sign-ins of people
-- column: in_scope integer | of those, the ones that mandatory MFA covers
-- column: mfa_sign_ins integer | of sign_ins, with MFA
-- column: non_mfa_sign_ins integer | of sign_ins, with one factor
-- column: exempt_sign_ins integer | of sign_ins, where MFA was skipped
-- column: unknown_sign_ins integer | of sign_ins, where the log does not tell
-- column: not_completed integer | sign-ins of people that did not come to an end
-- column: excluded integer | sign-ins of people that are left out of the other figures, such as sign-ins to Windows; see --include
-- column: application_sign_ins integer | sign-ins of service principals and managed identities
-- column: users integer | different people, excluded sign-ins included
-- column: first_seen timestamp | first sign-in of any kind
-- column: last_seen timestamp | last sign-in of any kind
-- totals: sign_ins, in_scope, mfa_sign_ins, non_mfa_sign_ins, exempt_sign_ins, unknown_sign_ins, not_completed, excluded, application_sign_ins
-- worth:  non_mfa_sign_ins of an application in scope end when MFA is enforced
select
    max(app) as app,
    max(app_id) as app_id,
    coalesce(sum(is_completed), 0) as sign_ins,
    coalesce(sum(is_in_scope), 0) as in_scope,
    coalesce(sum(is_mfa), 0) as mfa_sign_ins,
    coalesce(sum(is_non_mfa), 0) as non_mfa_sign_ins,
    coalesce(sum(is_exempt), 0) as exempt_sign_ins,
    coalesce(sum(is_unknown), 0) as unknown_sign_ins,
    coalesce(sum(is_not_completed), 0) as not_completed,
    coalesce(sum(is_excluded), 0) as excluded,
    coalesce(sum(is_application), 0) as application_sign_ins,
    cast(count(distinct case when is_application = 0 then user_key end) as bigint) as users,
    min(event_time) as first_seen,
    max(event_time) as last_seen
from sign_in_measure
group by app_key
order by non_mfa_sign_ins desc, sign_ins desc, app_id nulls last, app nulls last
