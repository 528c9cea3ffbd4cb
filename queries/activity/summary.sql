-- title:  Summary
-- about:  The figures to know before enforcing MFA.
-- grain:  one row per figure
-- reads:  activity, attempt_measure, run
-- column: metric text | name of the figure
-- column: value text | a whole number, or an instant in ISO 8601 UTC
-- column: note text | what it counts
-- worth:  non_mfa_write_attempts has to fall to 0 before deny is switched on; unknown ones deserve a better export
with
event_total as (
    select count(*) as events from activity
),

policy_total as (
    select count(*) as policy_events from activity where is_policy_event
),

idtyp_total as (
    select count(*) as events_user_without_idtyp
    from activity
    where principal_type = 'user' and (idtyp is null or idtyp = '')
),

person as (
    select
        user_key,
        is_application,
        count(*) as attempts,
        sum(is_write) as write_attempts,
        sum(is_mfa_write) as mfa_write_attempts,
        sum(is_non_mfa_write) as non_mfa_write_attempts,
        sum(is_unknown_write) as unknown_write_attempts,
        sum(is_not_user_write) as not_user_write_attempts,
        sum(is_non_mfa_action) as non_mfa_actions,
        sum(policy_audits) as policy_audits,
        sum(policy_denies) as policy_denies
    from attempt_measure
    group by user_key, is_application
),

attempt_total as (
    select
        coalesce(sum(attempts), 0) as attempts,
        coalesce(sum(write_attempts), 0) as write_attempts,
        coalesce(sum(mfa_write_attempts), 0) as mfa_write_attempts,
        coalesce(sum(non_mfa_write_attempts), 0) as non_mfa_write_attempts,
        coalesce(sum(unknown_write_attempts), 0) as unknown_write_attempts,
        coalesce(sum(not_user_write_attempts), 0) as not_user_write_attempts,
        coalesce(sum(non_mfa_actions), 0) as non_mfa_actions,
        count(distinct case when write_attempts > 0 and not is_application then user_key end) as users,
        count(distinct case when non_mfa_write_attempts > 0 then user_key end) as non_mfa_users,
        coalesce(sum(policy_audits), 0) as mfa_policy_audits,
        coalesce(sum(policy_denies), 0) as mfa_policy_denies
    from person
),

span as (
    select max(window_start) as window_start, max(window_end) as window_end from run
),

metric as (
    select place, metric, note
    from (
        values
        (1, 'window_start', 'first event, or the start you asked for'),
        (2, 'window_end', 'last event, or the end you asked for'),
        (3, 'events', 'events in the input, duplicates removed'),
        (4, 'attempts', 'requests to write, delete or act; the events of one request count once'),
        (5, 'write_attempts', 'requests to write or delete: what MFA enforcement covers'),
        (6, 'mfa_write_attempts', 'of those, by users who had passed MFA'),
        (7, 'non_mfa_write_attempts', 'of those, by users who had not: these would stop working'),
        (8, 'unknown_write_attempts', 'of those, where the input does not tell: get an export with claims'),
        (9, 'not_user_write_attempts', 'of those, by applications: MFA does not concern them'),
        (10, 'non_mfa_actions', 'requests of kind action by users without MFA: not enforced today'),
        (11, 'users', 'different people behind write_attempts'),
        (12, 'non_mfa_users', 'different people behind non_mfa_write_attempts'),
        (13, 'policy_events', 'events in which Azure Policy spoke about a real request'),
        (14, 'mfa_policy_audits', 'times an MFA policy noted a request and let it pass'),
        (15, 'mfa_policy_denies', 'times an MFA policy stopped a request'),
        (16, 'events_user_without_idtyp', 'events whose token does not say user or app; taken for a user by its other claims')
    ) as word (place, metric, note)
)

select
    metric,
    case metric
        when 'window_start' then window_start
        when 'window_end' then window_end
        when 'events' then cast(events as string)
        when 'attempts' then cast(attempts as string)
        when 'write_attempts' then cast(write_attempts as string)
        when 'mfa_write_attempts' then cast(mfa_write_attempts as string)
        when 'non_mfa_write_attempts' then cast(non_mfa_write_attempts as string)
        when 'unknown_write_attempts' then cast(unknown_write_attempts as string)
        when 'not_user_write_attempts' then cast(not_user_write_attempts as string)
        when 'non_mfa_actions' then cast(non_mfa_actions as string)
        when 'users' then cast(users as string)
        when 'non_mfa_users' then cast(non_mfa_users as string)
        when 'policy_events' then cast(policy_events as string)
        when 'mfa_policy_audits' then cast(mfa_policy_audits as string)
        when 'mfa_policy_denies' then cast(mfa_policy_denies as string)
        when 'events_user_without_idtyp'
            then cast(events_user_without_idtyp as string)
    end as value,
    note
from metric
cross join event_total
cross join policy_total
cross join idtyp_total
cross join attempt_total
cross join span
order by place
