-- title:  Changes without MFA, day by day
-- about:  How it develops; days without any event in the input are holes, their counts are empty.
-- grain:  one row per UTC day between the first and the last event
-- reads:  calendar, attempt_measure
-- column: day date | UTC day of the first row of the attempt
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
-- worth:  a hole is a gap in the export or a quiet day; the log keeps 90 days
with
daily as (
    select
        day,
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
    group by day
)

select
    calendar.day,
    case when calendar.events > 0 then coalesce(daily.write_attempts, 0) end as write_attempts,
    case when calendar.events > 0 then coalesce(daily.mfa_writes, 0) end as mfa_writes,
    case when calendar.events > 0 then coalesce(daily.non_mfa_writes, 0) end as non_mfa_writes,
    case when calendar.events > 0 then coalesce(daily.unknown_writes, 0) end as unknown_writes,
    case when calendar.events > 0 then coalesce(daily.non_mfa_users, 0) end as non_mfa_users,
    case when calendar.events > 0 then coalesce(daily.non_mfa_actions, 0) end as non_mfa_actions,
    case when calendar.events > 0 then coalesce(daily.policy_audits, 0) end as policy_audits,
    case when calendar.events > 0 then coalesce(daily.policy_denies, 0) end as policy_denies,
    daily.first_seen,
    daily.last_seen
from calendar
left join daily on calendar.day = daily.day
order by calendar.day
