-- title:  Are we ready for mandatory MFA?
-- about:  The figures behind it, and what this input cannot show.
-- lead:   answer
-- grain:  one row per figure
-- reads:  attempt, attempt_measure, link, readiness_rank, registration, role_assignment, run, sign_in, sign_in_measure
-- column: metric text | name of the figure
-- column: value text | a whole number, or an instant in ISO 8601 UTC
-- column: note text | what it counts, for answer the sentence; begins with `cannot see:` where the input lacks something
-- worth:  will_break and at_risk have to fall to 0; what cannot be seen is not thereby safe
-- source: https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication (read 2026-11-21)
with
person_total as (
    select
        coalesce(sum(cast(case when severity <= 4 then 1 else 0 end as bigint)), 0) as people,
        coalesce(sum(cast(case when severity = 0 then 1 else 0 end as bigint)), 0) as will_break,
        coalesce(sum(cast(case when severity = 1 then 1 else 0 end as bigint)), 0) as at_risk,
        coalesce(sum(cast(case when severity = 2 then 1 else 0 end as bigint)), 0) as cannot_tell,
        coalesce(sum(cast(case when severity = 3 then 1 else 0 end as bigint)), 0)
            as ready_not_exercised,
        coalesce(sum(cast(case when severity = 4 then 1 else 0 end as bigint)), 0) as ready,
        coalesce(sum(cast(case when severity = 5 then 1 else 0 end as bigint)), 0) as not_in_scope,
        coalesce(sum(non_mfa_writes), 0) as writes_at_risk,
        coalesce(sum(non_mfa_deletes), 0) as deletes_at_risk,
        coalesce(sum(non_mfa_sign_ins), 0) as non_mfa_sign_ins,
        coalesce(sum(exempt_sign_ins), 0) as exempt_sign_ins,
        coalesce(sum(unknown_sign_ins), 0) as unknown_sign_ins,
        coalesce(
            sum(cast(case when service_score >= 40 then 1 else 0 end as bigint)), 0
        ) as service_accounts,
        coalesce(
            sum(cast(case when coalesce(is_break_glass, false) then 1 else 0 end as bigint)), 0
        ) as break_glass_accounts
    from readiness_rank
),

attempt_total as (
    select
        coalesce(sum(is_write), 0) as writes,
        coalesce(sum(is_unknown_write), 0) as unknown_writes,
        coalesce(sum(is_not_user_write), 0) as application_writes
    from attempt_measure
),

sign_in_total as (
    select
        coalesce(
            sum(
                cast(
                    case when coalesce(category, 'interactive') = 'interactive' then 1 else 0 end
                    as bigint
                )
            ),
            0
        ) as interactive,
        coalesce(
            sum(cast(case when category = 'non_interactive' then 1 else 0 end as bigint)), 0
        ) as non_interactive,
        coalesce(sum(is_excluded), 0) as excluded,
        coalesce(sum(is_application), 0) as application_sign_ins
    from sign_in_measure
),

without_fields as (
    select cast(count(*) as bigint) as without_mfa_fields
    from sign_in
    where
        requirement is null
        and mfa_result is null
        and step_count is null
        and coalesce(mfa, '') <> 'not_user'
),

registration_total as (
    select cast(count(*) as bigint) as registrations from registration
),

role_total as (
    select cast(count(*) as bigint) as roles from role_assignment
),

guess_total as (
    select coalesce(sum(cast(case when kind = 'heuristic' then 1 else 0 end as bigint)), 0) as guesses
    from link
),

tenant_seen as (
    select tenant_id from sign_in where tenant_id is not null and excluded is null
    union
    select tenant_id from attempt where tenant_id is not null
),

tenant_total as (
    select cast(count(*) as bigint) as tenants from tenant_seen
),

span as (
    select max(window_start) as window_start, max(window_end) as window_end from run
),

metric as (
    select place, metric, note, blind_when, blind
    from (
        values
        (1, 'answer', '', '', ''),
        (2, 'people', 'people who change or may change Azure, those not in scope left out', '', ''),
        (3, 'will_break', 'of those, people whose work stops when MFA is enforced', '', ''),
        (4, 'at_risk', 'of those, people of whose work a part may stop', '', ''),
        (5, 'cannot_tell', 'of those, people of whom the input does not tell', 'some', 'the log has no evidence for them'),
        (6, 'ready_not_exercised', 'of those, people who can do MFA and were not seen doing it', '', ''),
        (7, 'ready', 'of those, people who work with MFA already', '', ''),
        (8, 'not_in_scope', 'people whom mandatory MFA does not concern', '', ''),
        (9, 'writes_at_risk', 'requests to write or delete without MFA: these would stop working', '', ''),
        (10, 'deletes_at_risk', 'of those, deletes', '', ''),
        (11, 'non_mfa_sign_ins', 'completed sign-ins with one factor to what mandatory MFA covers', '', ''),
        (12, 'exempt_sign_ins', 'completed sign-ins where MFA was skipped: enforcement knows no exemptions', '', ''),
        (13, 'service_accounts', 'user accounts that behave like services, see the report service-accounts', '', ''),
        (14, 'break_glass_accounts', 'accounts on the list given with --exempt', 'none', 'no break-glass account is named; --exempt FILE names them'),
        (15, 'window_start', 'first event, or the start you asked for', '', ''),
        (16, 'window_end', 'last event, or the end you asked for; who works less often is not in it', '', ''),
        (17, 'interactive_sign_ins', 'interactive sign-ins in the input', 'none', 'no interactive sign-ins are given, so portal use and step-up are unseen'),
        (18, 'non_interactive_sign_ins', 'non-interactive sign-ins in the input', 'none', 'no non-interactive sign-ins are given; CLI, PowerShell and SDK tokens come mostly from there'),
        (19, 'writes', 'requests to write or delete in the activity log', 'none', 'no change is in the input; without an activity log nobody knows who writes'),
        (20, 'registrations', 'people whose registered methods are given', 'none', 'no registrations are given, so who could do MFA is unknown; --registrations FILE adds them'),
        (21, 'role_assignments', 'role assignments that are given', 'none', 'no roles are given, so privileged accounts are known from the logs only; --roles FILE adds them'),
        (22, 'unknown_sign_ins', 'completed sign-ins to what mandatory MFA covers, without evidence', 'some', 'these sign-ins show neither one factor nor two'),
        (23, 'unknown_writes', 'requests to write or delete without evidence', 'some', 'the export of these changes has no claims'),
        (24, 'sign_ins_without_mfa_fields', 'sign-ins of people without any field on MFA', 'some', 'the export has no such fields, as Graph v1.0 has none; export from Graph beta or the portal'),
        (25, 'excluded_sign_ins', 'sign-ins left out, such as sign-ins to Windows', 'some', 'these are left out of the figures; --include KIND counts them'),
        (26, 'guessed_links', 'changes and audits bound to a sign-in by user, address and time', 'some', 'which sign-in issued these tokens is a guess'),
        (27, 'application_writes', 'requests to write or delete by applications: mandatory MFA does not concern them', '', ''),
        (28, 'application_sign_ins', 'sign-ins of applications, which are not people', '', ''),
        (29, 'tenants', 'Entra tenants whose logs are in the input', 'several', 'the logs of several tenants are mixed in these figures; give those of one at a time')
    ) as word (place, metric, note, blind_when, blind)
),

figure as (
    select
        metric.place,
        metric.metric,
        metric.note,
        metric.blind_when,
        metric.blind,
        case metric.metric
            when 'answer' then will_break + at_risk
            when 'people' then people
            when 'will_break' then will_break
            when 'at_risk' then at_risk
            when 'cannot_tell' then cannot_tell
            when 'ready_not_exercised' then ready_not_exercised
            when 'ready' then ready
            when 'not_in_scope' then not_in_scope
            when 'writes_at_risk' then writes_at_risk
            when 'deletes_at_risk' then deletes_at_risk
            when 'non_mfa_sign_ins' then non_mfa_sign_ins
            when 'exempt_sign_ins' then exempt_sign_ins
            when 'service_accounts' then service_accounts
            when 'break_glass_accounts' then break_glass_accounts
            when 'interactive_sign_ins' then interactive
            when 'non_interactive_sign_ins' then non_interactive
            when 'writes' then writes
            when 'registrations' then registrations
            when 'role_assignments' then roles
            when 'unknown_sign_ins' then unknown_sign_ins
            when 'unknown_writes' then unknown_writes
            when 'sign_ins_without_mfa_fields' then without_mfa_fields
            when 'excluded_sign_ins' then excluded
            when 'guessed_links' then guesses
            when 'application_writes' then application_writes
            when 'application_sign_ins' then application_sign_ins
            when 'tenants' then tenants
        end as number,
        case metric.metric
            when 'window_start' then window_start
            when 'window_end' then window_end
        end as instant,
        case
            when people = 0
                then 'The input shows nobody who manages Azure and is in scope of mandatory MFA.'
            else
                concat(
                    case
                        when will_break + at_risk = 0 then 'None'
                        else cast(will_break + at_risk as string)
                    end,
                    ' of ',
                    cast(people as string),
                    case
                        when people = 1 then ' person who manages Azure'
                        else ' people who manage Azure'
                    end,
                    case
                        when will_break + at_risk = 0 and cannot_tell > 0
                            then ' is known to break when MFA is enforced'
                        when will_break + at_risk <= 1
                            then ' will break or is at risk when MFA is enforced'
                        else ' will break or are at risk when MFA is enforced'
                    end,
                    case
                        when cannot_tell = 0 then '.'
                        else concat('; ', cast(cannot_tell as string), ' cannot be told.')
                    end
                )
        end as sentence
    from metric
    cross join person_total
    cross join attempt_total
    cross join sign_in_total
    cross join without_fields
    cross join registration_total
    cross join role_total
    cross join guess_total
    cross join tenant_total
    cross join span
)

select
    metric,
    coalesce(instant, cast(number as string)) as value,
    case
        when metric = 'answer' then sentence
        when blind_when = 'none' and number = 0 then concat('cannot see: ', blind)
        when blind_when = 'some' and number > 0 then concat('cannot see: ', blind)
        when blind_when = 'several' and number > 1 then concat('cannot see: ', blind)
        else note
    end as note
from figure
order by place
