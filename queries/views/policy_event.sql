-- title:  Policies that spoke, with the request that made them speak
-- about:  Every policy of every policy event, with what its event and the attempt that caused it tell.
-- grain:  one policy of one policy event
-- reads:  activity_policy
-- column: event_id text | see activity_policy
-- column: event_time timestamp | see activity_policy
-- column: policy_definition_id text | see activity_policy
-- column: policy_display_name text | see activity_policy
-- column: policy_effect text | see activity_policy
-- column: mfa_policy text | see activity_policy
-- column: assignment_id text | see activity_policy
-- column: assignment_name text | see activity_policy
-- column: assignment_scope text | see activity_policy
-- column: resource_name text | see activity_policy
-- column: resource_id text | see activity_policy
-- column: region text | see activity_policy
-- column: caller text | see activity_policy
-- column: principal_type text | see activity_policy
-- column: mfa text | see activity_policy
-- column: operation text | see activity_policy
-- column: correlation_id text | see activity_policy
-- column: human_key text | see activity_policy
select
    event_id,
    event_time,
    policy_definition_id,
    policy_display_name,
    policy_effect,
    mfa_policy,
    assignment_id,
    assignment_name,
    assignment_scope,
    resource_name,
    resource_id,
    region,
    caller,
    principal_type,
    mfa,
    operation,
    correlation_id,
    human_key
from activity_policy
