-- title:  Changes without MFA, by resource
-- about:  Which resources are changed, by how many people without MFA.
-- grain:  one row per resource that somebody tried to change
-- reads:  attempt_measure
-- column: resource_id text | full resource id; null where the log does not tell
-- column: resource_name text | last name in the resource id
-- column: resource_type text | provider and type
-- column: subscription_id text | subscription
-- column: resource_group text | resource group
-- column: region text | where the resource is
-- column: write_attempts integer | requests to write or delete, whatever became of them
-- column: non_mfa_writes integer | of those, by users who had not passed MFA
-- column: unknown_writes integer | of those, where the log does not tell
-- column: non_mfa_users integer | different users behind non_mfa_writes
-- column: non_mfa_actions integer | requests of kind action by users who had not passed MFA; not enforced
-- column: policy_audits integer | MFA-policy events that only noted it
-- column: policy_denies integer | MFA-policy events that stopped it
-- column: first_seen timestamp | first row of the first attempt
-- column: last_seen timestamp | last row of the last attempt
-- totals: write_attempts, non_mfa_writes, unknown_writes, non_mfa_actions, policy_audits, policy_denies
-- worth:  resources on top are where enforcement is felt first
select
    resource_id,
    max(resource_name) as resource_name,
    max(resource_type) as resource_type,
    max(subscription_id) as subscription_id,
    max(resource_group) as resource_group,
    max(region) as region,
    sum(is_write) as write_attempts,
    sum(is_non_mfa_write) as non_mfa_writes,
    sum(is_unknown_write) as unknown_writes,
    cast(count(distinct non_mfa_user_key) as bigint) as non_mfa_users,
    sum(is_non_mfa_action) as non_mfa_actions,
    sum(policy_audits) as policy_audits,
    sum(policy_denies) as policy_denies,
    min(first_time) as first_seen,
    max(last_time) as last_seen
from attempt_measure
group by resource_id
order by non_mfa_writes desc, resource_id nulls last
