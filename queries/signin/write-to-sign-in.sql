-- title:  Writes without MFA, and the sign-ins behind them
-- about:  For every request to write or delete by a user without MFA, the sign-in that issued its token: when, from where, with which client and method. A heuristic link is a guess by user, address and time; without any link the columns of the sign-in are empty.
-- grain:  one attempt
-- reads:  attempt, link, sign_in
-- column: event_time timestamp | time of the attempt's first row
-- column: user text | UPN, else who the log says it was
-- column: user_id text | object id
-- column: operation text | what was asked for
-- column: resource_id text | on which resource
-- column: resource_name text | last name in the resource id
-- column: client_app text | client application of the token, else its id
-- column: ip text | address the attempt came from
-- column: link text | token, session or heuristic; empty without a sign-in
-- column: sign_in_time timestamp | when the sign-in happened
-- column: sign_in_ip text | address the sign-in came from
-- column: sign_in_country text | country or region of that address
-- column: sign_in_app text | application signed in with
-- column: sign_in_client text | kind of client as Entra says
-- column: sign_in_mfa text | verdict of the sign-in
-- column: mfa_reason text | what that verdict rests on
-- column: mfa_methods text | methods of the steps that succeeded
-- column: requirement text | single_factor or multi_factor: what the resource asked for
-- column: attempt_id text | the attempt
-- column: event_id text | its first row, see `azmfa explain`
-- column: sign_in_id text | the sign-in, see `azmfa explain`
-- worth:  says which sign-in to change: its client, its method, or the account behind it
-- source: https://learn.microsoft.com/entra/identity/authentication/how-to-track-linkable-identifiers (read 2026-11-21)
with
graded as (
    select
        activity_event_id,
        sign_in_id,
        kind,
        case kind when 'token' then 1 when 'session' then 2 else 3 end as grade
    from link
    where activity_event_id is not null
),

ranked as (
    select
        activity_event_id,
        sign_in_id,
        kind,
        row_number() over (
            partition by activity_event_id order by grade, sign_in_id
        ) as place
    from graded
),

nearest as (
    select activity_event_id, sign_in_id, kind from ranked where place = 1
)

select
    attempt.first_time as event_time,
    coalesce(attempt.caller_upn, attempt.caller) as user,
    attempt.caller_oid as user_id,
    attempt.operation,
    attempt.resource_id,
    attempt.resource_name,
    coalesce(attempt.client_app, attempt.client_app_id) as client_app,
    attempt.ip,
    nearest.kind as link,
    sign_in.event_time as sign_in_time,
    sign_in.ip as sign_in_ip,
    sign_in.country as sign_in_country,
    coalesce(sign_in.app, sign_in.app_id) as sign_in_app,
    sign_in.client_app_used as sign_in_client,
    sign_in.mfa as sign_in_mfa,
    sign_in.mfa_reason,
    sign_in.mfa_methods,
    sign_in.requirement,
    attempt.attempt_id,
    attempt.event_id,
    nearest.sign_in_id
from attempt
left join nearest on attempt.event_id = nearest.activity_event_id
left join sign_in on nearest.sign_in_id = sign_in.event_id
where attempt.mfa = 'non_mfa' and (attempt.operation_class = 'write' or attempt.operation_class = 'delete')
order by event_time, attempt.attempt_id
