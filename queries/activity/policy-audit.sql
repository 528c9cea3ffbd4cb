-- title:  What Azure Policy said
-- about:  Every policy of every policy event: which resource, which policy, who asked, with or without MFA.
-- grain:  one row per policy of a policy event
-- reads:  policy_event
-- column: event_time timestamp | when the policy was evaluated
-- column: resource_name text | last name in the resource id
-- column: resource_id text | full resource id
-- column: policy_display_name text | display name of the policy definition
-- column: policy_definition_id text | policy definition
-- column: policy_effect text | audit, deny, auditaction, denyaction, …
-- column: mfa_policy text | which MFA policy it is; empty for any other policy
-- column: assignment_name text | name of the assignment
-- column: caller text | who asked
-- column: principal_type text | user, service_principal, managed_identity, azure_service, unknown or none
-- column: mfa text | mfa, non_mfa, not_user or unknown
-- column: operation text | request that triggered the policy
-- column: region text | where the resource is
-- column: correlation_id text | shared by the events of one request or deployment
-- column: event_id text | the policy event, see `azmfa explain`
-- worth:  a superset of the tutorial's list of resource name, resource id and policy name
-- source: https://learn.microsoft.com/azure/governance/policy/tutorials/mfa-enforcement (read 2026-11-20)
select
    event_time,
    resource_name,
    resource_id,
    policy_display_name,
    policy_definition_id,
    policy_effect,
    mfa_policy,
    assignment_name,
    caller,
    principal_type,
    mfa,
    operation,
    region,
    correlation_id,
    event_id
from policy_event
order by
    cast(case when mfa = 'non_mfa' then 0 else 1 end as bigint),
    event_time,
    event_id,
    policy_definition_id nulls last,
    policy_effect nulls last,
    assignment_id nulls last,
    assignment_name nulls last,
    policy_display_name nulls last,
    mfa_policy nulls last
