-- title:  Changes without MFA, by region
-- about:  Where the work is, region by region.
-- grain:  one row per region of the resource
-- reads:  attempt_measure
-- column: region text | region of the resource; null where the log does not tell
-- column: write_attempts integer | requests to write or delete, whatever became of them
-- column: mfa_writes integer | of those, by users who had passed MFA
-- column: non_mfa_writes integer | of those, by users who had not passed MFA
-- column: unknown_writes integer | of those, where the log does not tell
-- column: non_mfa_users integer | different users behind non_mfa_writes
-- column: non_mfa_actions integer | requests of kind action by users who had not passed MFA; not enforced
-- column: policy_audits integer | MFA-policy events that only noted it
-- column: policy_denies integer | MFA-policy events that stopped it
-- column: first_seen timestamp | first row of the first attempt
-- column: last_seen timestamp | last row of the last attempt
-- totals: write_attempts, mfa_writes, non_mfa_writes, unknown_writes, non_mfa_actions, policy_audits, policy_denies
-- worth:  enforcement by Azure Policy can be rolled out region by region
with
-- By person first: what is different is then counted among groups, not among rows.
person as (
    select
        region,
        non_mfa_user_key,
        sum(is_write) as write_attempts,
        sum(is_mfa_write) as mfa_writes,
        sum(is_non_mfa_write) as non_mfa_writes,
        sum(is_unknown_write) as unknown_writes,
        sum(is_non_mfa_action) as non_mfa_actions,
        sum(policy_audits) as policy_audits,
        sum(policy_denies) as policy_denies,
        min(first_time) as first_seen,
        max(last_time) as last_seen
    from attempt_measure
    group by region, non_mfa_user_key
)

select
    region,
    sum(write_attempts) as write_attempts,
    sum(mfa_writes) as mfa_writes,
    sum(non_mfa_writes) as non_mfa_writes,
    sum(unknown_writes) as unknown_writes,
    count(non_mfa_user_key) as non_mfa_users,
    sum(non_mfa_actions) as non_mfa_actions,
    sum(policy_audits) as policy_audits,
    sum(policy_denies) as policy_denies,
    min(first_seen) as first_seen,
    max(last_seen) as last_seen
from person
group by region
order by non_mfa_writes desc, region nulls last
