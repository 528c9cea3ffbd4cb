-- title:  Changes without MFA, by subscription
-- about:  Where the work is, subscription by subscription.
-- grain:  one row per subscription
-- reads:  attempt_measure
-- column: subscription_id text | subscription; null above subscriptions
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
-- worth:  start the rollout where nothing would break
with
-- By person first: what is different is then counted among groups, not among rows.
person as (
    select
        subscription_id,
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
    group by subscription_id, non_mfa_user_key
)

select
    subscription_id,
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
group by subscription_id
order by non_mfa_writes desc, subscription_id nulls last
