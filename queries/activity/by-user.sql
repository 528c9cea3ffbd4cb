-- title:  Changes without MFA, by user
-- about:  Who changes Azure, with and without MFA. Applications are in by-application.
-- grain:  one row per person, or per caller the log tells too little about; attempts without any identity share one
-- reads:  attempt_measure
-- column: user text | newest UPN, else who the log says it was
-- column: user_id text | object id
-- column: display_name text | newest name in the token
-- column: write_attempts integer | requests to write or delete, whatever became of them
-- column: mfa_writes integer | of those, with MFA
-- column: non_mfa_writes integer | of those, without MFA
-- column: unknown_writes integer | of those, where the log does not tell
-- column: non_mfa_deletes integer | of non_mfa_writes, deletes
-- column: non_mfa_actions integer | requests of kind action without MFA; not enforced
-- column: resources integer | different resources the user tried to change or act on
-- column: subscriptions integer | different subscriptions
-- column: client_apps integer | different client applications
-- column: policy_audits integer | MFA-policy events that only noted it
-- column: policy_denies integer | MFA-policy events that stopped it
-- column: first_seen timestamp | first row of the first attempt
-- column: last_seen timestamp | last row of the last attempt
-- totals: write_attempts, mfa_writes, non_mfa_writes, unknown_writes, non_mfa_deletes, non_mfa_actions, policy_audits, policy_denies
-- worth:  everyone with non_mfa_writes above 0 has to register MFA before enforcement
with
measure as (
    select
        user_key,
        max(caller) as caller,
        max(caller_oid) as user_id,
        sum(is_write) as write_attempts,
        sum(is_mfa_write) as mfa_writes,
        sum(is_non_mfa_write) as non_mfa_writes,
        sum(is_unknown_write) as unknown_writes,
        sum(is_non_mfa_delete) as non_mfa_deletes,
        sum(is_non_mfa_action) as non_mfa_actions,
        cast(count(distinct resource_id) as bigint) as resources,
        cast(count(distinct subscription_id) as bigint) as subscriptions,
        cast(count(distinct client_key) as bigint) as client_apps,
        sum(policy_audits) as policy_audits,
        sum(policy_denies) as policy_denies,
        min(first_time) as first_seen,
        max(last_time) as last_seen
    from attempt_measure
    where not is_application
    group by user_key
),

upn_use as (
    select user_key, caller_upn, max(last_time) as used
    from attempt_measure
    where not is_application and caller_upn is not null
    group by user_key, caller_upn
),

upn_last as (
    select user_key, max(used) as used
    from upn_use
    group by user_key
),

upn as (
    select upn_use.user_key, max(upn_use.caller_upn) as caller_upn
    from upn_use
    inner join upn_last on upn_use.user_key = upn_last.user_key and upn_use.used = upn_last.used
    group by upn_use.user_key
),

name_use as (
    select user_key, caller_name, max(last_time) as used
    from attempt_measure
    where not is_application and caller_name is not null
    group by user_key, caller_name
),

name_last as (
    select user_key, max(used) as used
    from name_use
    group by user_key
),

name as (
    select name_use.user_key, max(name_use.caller_name) as caller_name
    from name_use
    inner join name_last
        on name_use.user_key = name_last.user_key and name_use.used = name_last.used
    group by name_use.user_key
)

select
    coalesce(upn.caller_upn, measure.caller) as user,
    measure.user_id,
    name.caller_name as display_name,
    measure.write_attempts,
    measure.mfa_writes,
    measure.non_mfa_writes,
    measure.unknown_writes,
    measure.non_mfa_deletes,
    measure.non_mfa_actions,
    measure.resources,
    measure.subscriptions,
    measure.client_apps,
    measure.policy_audits,
    measure.policy_denies,
    measure.first_seen,
    measure.last_seen
from measure
left join upn on measure.user_key = upn.user_key
left join name on measure.user_key = name.user_key
order by measure.non_mfa_writes desc, measure.user_key nulls last
