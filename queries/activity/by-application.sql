-- title:  Changes by applications
-- about:  Service principals, managed identities and services that change Azure; MFA does not concern them.
-- grain:  one row per application and type
-- reads:  attempt_measure
-- column: application_id text | client id, else who it is in the log
-- column: application text | its name, where the log tells
-- column: principal_type text | service_principal, managed_identity or azure_service
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
-- worth:  a user account that a script uses belongs here; see by-user for those still to be moved
select
    application_id,
    coalesce(max(client_app), max(caller_name)) as application,
    principal_type,
    sum(is_write) as write_attempts,
    sum(is_mfa_write) as mfa_writes,
    sum(is_non_mfa_write) as non_mfa_writes,
    sum(is_unknown_write) as unknown_writes,
    cast(count(distinct non_mfa_user_key) as bigint) as non_mfa_users,
    sum(is_non_mfa_action) as non_mfa_actions,
    sum(policy_audits) as policy_audits,
    sum(policy_denies) as policy_denies,
    min(first_time) as first_seen,
    max(last_time) as last_seen
from attempt_measure
where is_application
group by application_id, principal_type
order by non_mfa_writes desc, application_id nulls last, principal_type
