-- title:  Attempts with their measures
-- about:  What every pivot counts, said once: each flag to count is 0 or 1, so that a sum is a count.
-- grain:  one attempt
-- reads:  attempt
-- column: attempt_id text | see attempt
-- column: user_key text | see attempt
-- column: application_id text | id of an application: its client id, else who it is in the log; null for people
-- column: caller text | see attempt
-- column: caller_upn text | see attempt
-- column: caller_oid text | see attempt
-- column: caller_name text | see attempt
-- column: principal_type text | see attempt
-- column: subscription_id text | see attempt
-- column: resource_group text | see attempt
-- column: resource_id text | see attempt
-- column: resource_type text | see attempt
-- column: resource_name text | see attempt
-- column: region text | see attempt
-- column: operation text | see attempt
-- column: client_app_id text | see attempt
-- column: client_app text | see attempt
-- column: client_key text | client id, else the client's name
-- column: day date | UTC day of the first row
-- column: first_time timestamp | see attempt
-- column: last_time timestamp | see attempt
-- column: is_application boolean | see attempt
-- column: is_write integer | 1 for writes and deletes
-- column: is_mfa_write integer | 1 for writes and deletes with MFA
-- column: is_non_mfa_write integer | 1 for writes and deletes without MFA
-- column: is_unknown_write integer | 1 for writes and deletes whose MFA the log does not tell
-- column: is_not_user_write integer | 1 for writes and deletes by applications
-- column: is_non_mfa_delete integer | 1 for deletes without MFA
-- column: is_non_mfa_action integer | 1 for actions without MFA
-- column: non_mfa_user_key text | user_key where is_non_mfa_write, else null
-- column: policy_audits integer | see attempt; never null
-- column: policy_denies integer | see attempt; never null
select
    attempt_id,
    user_key,
    case when is_application then coalesce(client_app_id, user_key) end as application_id,
    caller,
    caller_upn,
    caller_oid,
    caller_name,
    principal_type,
    subscription_id,
    resource_group,
    resource_id,
    resource_type,
    resource_name,
    region,
    operation,
    client_app_id,
    client_app,
    coalesce(client_app_id, client_app) as client_key,
    cast(first_time as date) as day,
    first_time,
    last_time,
    is_application,
    -- `or` rather than `in`: what is spelt alike is worked out once by every engine.
    cast(
        case when operation_class = 'write' or operation_class = 'delete' then 1 else 0 end
        as bigint
    ) as is_write,
    cast(
        case
            when (operation_class = 'write' or operation_class = 'delete') and mfa = 'mfa' then 1
            else 0
        end as bigint
    ) as is_mfa_write,
    cast(
        case
            when (operation_class = 'write' or operation_class = 'delete') and mfa = 'non_mfa'
                then 1
            else 0
        end as bigint
    ) as is_non_mfa_write,
    cast(
        case
            when (operation_class = 'write' or operation_class = 'delete')
                and (mfa is null or mfa = 'unknown')
                then 1
            else 0
        end as bigint
    ) as is_unknown_write,
    cast(
        case
            when (operation_class = 'write' or operation_class = 'delete') and mfa = 'not_user'
                then 1
            else 0
        end as bigint
    ) as is_not_user_write,
    cast(
        case when operation_class = 'delete' and mfa = 'non_mfa' then 1 else 0 end as bigint
    ) as is_non_mfa_delete,
    cast(
        case when operation_class = 'action' and mfa = 'non_mfa' then 1 else 0 end as bigint
    ) as is_non_mfa_action,
    case
        when (operation_class = 'write' or operation_class = 'delete') and mfa = 'non_mfa'
            then user_key
    end as non_mfa_user_key,
    coalesce(policy_audits, 0) as policy_audits,
    coalesce(policy_denies, 0) as policy_denies
from attempt
