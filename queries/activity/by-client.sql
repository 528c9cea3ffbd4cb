-- title:  Who would stop working, by client
-- about:  Which programs people use to change Azure, with and without MFA.
-- grain:  one row per client application
-- reads:  attempt_measure
-- column: client_app_id text | application the token was issued to; null where the log does not tell
-- column: client_app text | its name, where it is a known client
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
-- worth:  an old client that cannot ask for MFA has to be replaced before enforcement
with
-- By client and person first: what is different is then counted among groups, not among rows.
person as (
    select
        client_app_id,
        client_app,
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
    group by client_app_id, client_app, non_mfa_user_key
)

select
    max(client_app_id) as client_app_id,
    max(client_app) as client_app,
    sum(write_attempts) as write_attempts,
    sum(mfa_writes) as mfa_writes,
    sum(non_mfa_writes) as non_mfa_writes,
    sum(unknown_writes) as unknown_writes,
    count(distinct non_mfa_user_key) as non_mfa_users,
    sum(non_mfa_actions) as non_mfa_actions,
    sum(policy_audits) as policy_audits,
    sum(policy_denies) as policy_denies,
    min(first_seen) as first_seen,
    max(last_seen) as last_seen
from person
group by coalesce(client_app_id, client_app)
order by non_mfa_writes desc, client_app_id nulls last, client_app nulls last
