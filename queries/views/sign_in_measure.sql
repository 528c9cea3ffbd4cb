-- title:  Sign-ins with their measures
-- about:  What every report on sign-ins counts, said once: each flag is 0 or 1. Of is_application, is_excluded, is_mfa, is_non_mfa, is_exempt, is_unknown and is_not_completed exactly one is 1.
-- grain:  one sign-in
-- reads:  sign_in
-- column: event_id text | see sign_in
-- column: event_time timestamp | see sign_in
-- column: user_key text | see sign_in
-- column: user_id text | see sign_in
-- column: upn text | see sign_in
-- column: display_name text | see sign_in
-- column: category text | see sign_in
-- column: app_key text | application id, else its name
-- column: app_id text | see sign_in
-- column: app text | see sign_in
-- column: client_app_used text | see sign_in
-- column: auth_protocol text | see sign_in
-- column: ip text | see sign_in
-- column: mfa text | see sign_in; never null
-- column: mfa_reason text | see sign_in
-- column: mfa_methods text | see sign_in
-- column: mfa_strength text | see sign_in
-- column: phase text | see sign_in
-- column: error_code integer | see sign_in
-- column: is_application integer | 1 for sign-ins of applications: MFA does not concern them
-- column: is_excluded integer | 1 for sign-ins of people that are left out of figures, see sign_in.excluded
-- column: is_completed integer | 1 for completed sign-ins of people that count
-- column: is_in_scope integer | 1 for those of them that mandatory MFA covers
-- column: is_mfa integer | 1 for completed sign-ins with MFA
-- column: is_non_mfa integer | 1 for completed sign-ins with one factor
-- column: is_exempt integer | 1 for completed sign-ins where MFA was skipped
-- column: is_unknown integer | 1 for sign-ins of which the log does not tell
-- column: is_not_completed integer | 1 for sign-ins that did not come to an end
select
    event_id,
    event_time,
    user_key,
    user_id,
    upn,
    display_name,
    category,
    coalesce(app_id, app) as app_key,
    app_id,
    app,
    client_app_used,
    auth_protocol,
    ip,
    coalesce(mfa, 'unknown') as mfa,
    mfa_reason,
    mfa_methods,
    mfa_strength,
    phase,
    error_code,
    cast(case when coalesce(mfa, '') = 'not_user' then 1 else 0 end as bigint) as is_application,
    cast(
        case when coalesce(mfa, '') <> 'not_user' and excluded is not null then 1 else 0 end
        as bigint
    ) as is_excluded,
    cast(
        case
            when excluded is not null then 0
            when coalesce(mfa, '') in ('not_user', 'not_completed') then 0
            else 1
        end as bigint
    ) as is_completed,
    cast(
        case
            when excluded is not null or phase is null then 0
            when coalesce(mfa, '') in ('not_user', 'not_completed') then 0
            else 1
        end as bigint
    ) as is_in_scope,
    cast(
        case when excluded is null and coalesce(mfa, '') = 'mfa' then 1 else 0 end as bigint
    ) as is_mfa,
    cast(
        case when excluded is null and coalesce(mfa, '') = 'non_mfa' then 1 else 0 end as bigint
    ) as is_non_mfa,
    cast(
        case when excluded is null and coalesce(mfa, '') = 'exempt' then 1 else 0 end as bigint
    ) as is_exempt,
    cast(
        case
            when excluded is not null then 0
            when coalesce(mfa, '') in ('not_user', 'not_completed', 'mfa', 'non_mfa', 'exempt')
                then 0
            else 1
        end as bigint
    ) as is_unknown,
    cast(
        case when excluded is null and coalesce(mfa, '') = 'not_completed' then 1 else 0 end
        as bigint
    ) as is_not_completed
from sign_in
