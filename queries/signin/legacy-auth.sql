-- title:  Sign-ins with clients that cannot do MFA
-- about:  Legacy authentication (any client but a browser or a modern application) and ROPC, which sends user name and password in one request. Clients that the log does not name are left out, and so are excluded sign-ins.
-- grain:  one person, client, protocol and application
-- reads:  sign_in_measure, sign_in_user
-- column: user text | newest UPN, else the object id
-- column: user_id text | object id
-- column: client_app_used text | kind of client as Entra says
-- column: auth_protocol text | authentication protocol; ropc, or what else the log says
-- column: app text | application signed in with
-- column: app_id text | its id
-- column: attempts integer | sign-ins, whatever became of them
-- column: completed integer | of those, completed
-- column: blocked integer | of those, stopped by Conditional Access or security defaults
-- column: failed integer | of those, ended by another error
-- column: first_seen timestamp | first of them
-- column: last_seen timestamp | last of them
-- totals: attempts, completed, blocked, failed
-- worth:  completed ones break when MFA is required, and are what password spraying is after
-- source: https://learn.microsoft.com/entra/identity/conditional-access/policy-block-legacy-authentication (read 2026-11-21)
-- source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes (read 2026-11-21)
with
legacy as (
    select
        user_key,
        client_app_used,
        auth_protocol,
        app_key,
        max(app) as app,
        max(app_id) as app_id,
        cast(count(*) as bigint) as attempts,
        sum(cast(case when error_code = 0 then 1 else 0 end as bigint)) as completed,
        sum(
            cast(
                case
                    when
                        error_code in (
                            50131, 53000, 53001, 53002, 53003, 53011, 530032, 530034, 530035
                        )
                        then 1
                    else 0
                end as bigint
            )
        ) as blocked,
        sum(
            cast(
                case
                    when
                        coalesce(error_code, 0) in (
                            0, 50131, 53000, 53001, 53002, 53003, 53011, 530032, 530034, 530035
                        )
                        then 0
                    else 1
                end as bigint
            )
        ) as failed,
        min(event_time) as first_seen,
        max(event_time) as last_seen
    from sign_in_measure
    where
        is_application = 0
        and is_excluded = 0
        and (
            lower(coalesce(client_app_used, ''))
            not in ('', 'unknown', 'browser', 'mobile apps and desktop clients')
            or coalesce(auth_protocol, '') = 'ropc'
        )
    group by user_key, client_app_used, auth_protocol, app_key
)

select
    person.user_name as user,
    person.user_id,
    legacy.client_app_used,
    legacy.auth_protocol,
    legacy.app,
    legacy.app_id,
    legacy.attempts,
    legacy.completed,
    legacy.blocked,
    legacy.failed,
    legacy.first_seen,
    legacy.last_seen
from legacy
left join sign_in_user as person on legacy.user_key = person.user_key
order by
    legacy.completed desc,
    legacy.attempts desc,
    legacy.user_key nulls last,
    legacy.client_app_used nulls last,
    legacy.auth_protocol nulls last,
    legacy.app_key nulls last
