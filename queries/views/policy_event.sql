-- title:  Policies that spoke, with the request that made them speak
-- about:  Joins every policy of every policy event to its event and to the attempt that caused it.
-- grain:  one policy of one policy event
-- reads:  activity, activity_policy, attempt
-- column: event_id text | the policy event
-- column: event_time timestamp | when the policy was evaluated
-- column: policy_definition_id text | see activity_policy
-- column: policy_display_name text | see activity_policy
-- column: policy_effect text | see activity_policy
-- column: mfa_policy text | see activity_policy
-- column: assignment_id text | see activity_policy
-- column: assignment_name text | see activity_policy
-- column: assignment_scope text | see activity_policy
-- column: resource_name text | of the event, else of its attempt
-- column: resource_id text | of the event, else of its attempt
-- column: region text | of the event, else of its attempt
-- column: caller text | of the event, else of its attempt
-- column: principal_type text | of the event where it tells, else of its attempt
-- column: mfa text | verdict of the event where it tells, else of its attempt
-- column: operation text | the request that triggered the policy
-- column: correlation_id text | see activity
-- column: human_key text | user_key of the attempt where a user made it, else null
select
    policy.event_id,
    event.event_time,
    policy.policy_definition_id,
    policy.policy_display_name,
    policy.policy_effect,
    policy.mfa_policy,
    policy.assignment_id,
    policy.assignment_name,
    policy.assignment_scope,
    coalesce(event.resource_name, attempt.resource_name) as resource_name,
    coalesce(event.resource_id, attempt.resource_id) as resource_id,
    coalesce(event.region, attempt.region) as region,
    coalesce(event.caller, attempt.caller) as caller,
    case
        when coalesce(event.principal_type, 'none') in ('unknown', 'none')
            then coalesce(attempt.principal_type, event.principal_type, 'none')
        else event.principal_type
    end as principal_type,
    case
        when coalesce(event.mfa, 'unknown') = 'unknown' then coalesce(attempt.mfa, 'unknown')
        else event.mfa
    end as mfa,
    coalesce(event.authorization_action, attempt.operation) as operation,
    event.correlation_id,
    case when attempt.principal_type = 'user' then attempt.user_key end as human_key
from activity_policy as policy
inner join activity as event on policy.event_id = event.event_id
left join attempt on event.attempt_id = attempt.attempt_id
where event.is_policy_event
