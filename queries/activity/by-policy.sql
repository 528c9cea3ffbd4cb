-- title:  Policies that spoke
-- about:  Which policies noted or stopped requests, how often and for how many people.
-- grain:  one row per policy definition, effect and assignment
-- reads:  policy_event
-- column: policy_definition_id text | policy definition
-- column: policy_display_name text | its newest display name
-- column: mfa_policy text | which MFA policy it is; empty for any other policy
-- column: policy_effect text | audit, deny, auditaction, denyaction, …
-- column: assignment_id text | assignment of the policy
-- column: assignment_name text | name of the assignment
-- column: assignment_scope text | where it is assigned
-- column: events integer | policy events
-- column: resources integer | different resources they were about
-- column: users integer | different users behind the requests; applications not counted
-- column: first_seen timestamp | first policy event
-- column: last_seen timestamp | last policy event
-- totals: events
-- worth:  MFA policies in audit show what they would stop in deny
with
measure as (
    select
        policy_definition_id,
        policy_effect,
        assignment_id,
        coalesce(policy_definition_id, '') as definition_key,
        max(mfa_policy) as mfa_policy,
        max(assignment_name) as assignment_name,
        max(assignment_scope) as assignment_scope,
        cast(count(distinct event_id) as bigint) as events,
        cast(count(distinct resource_id) as bigint) as resources,
        cast(count(distinct human_key) as bigint) as users,
        min(event_time) as first_seen,
        max(event_time) as last_seen
    from policy_event
    group by policy_definition_id, policy_effect, assignment_id
),

name_use as (
    select
        coalesce(policy_definition_id, '') as definition_key,
        policy_display_name,
        max(event_time) as used
    from policy_event
    where policy_display_name is not null
    group by definition_key, policy_display_name
),

name_last as (
    select definition_key, max(used) as used
    from name_use
    group by definition_key
),

name as (
    select name_use.definition_key, max(name_use.policy_display_name) as policy_display_name
    from name_use
    inner join name_last
        on name_use.definition_key = name_last.definition_key
        and name_use.used = name_last.used
    group by name_use.definition_key
)

select
    measure.policy_definition_id,
    name.policy_display_name,
    measure.mfa_policy,
    measure.policy_effect,
    measure.assignment_id,
    measure.assignment_name,
    measure.assignment_scope,
    measure.events,
    measure.resources,
    measure.users,
    measure.first_seen,
    measure.last_seen
from measure
left join name on measure.definition_key = name.definition_key
order by
    cast(case when measure.mfa_policy is null then 1 else 0 end as bigint),
    measure.policy_definition_id nulls last,
    measure.policy_effect nulls last,
    measure.assignment_id nulls last
