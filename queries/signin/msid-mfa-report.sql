-- title:  MFA Report, as Export-MsIdAzureMfaReport has it
-- about:  The columns of Microsoft's tool as it would compute them from these sign-ins and registrations, then our verdict and why it differs. People whom the tool does not list come last.
-- grain:  one person whom the tool lists or who changes Azure
-- reads:  readiness_rank, registration, sign_in, sign_in_user
-- column: name text as "Name" | display name
-- column: user_principal_name text as "UserPrincipalName" | UPN
-- column: icon text as " " | ✅ or ❌; empty without a status
-- column: mfa_status text as "MFA Status" | the tool's status; empty without registrations
-- column: az_portal text as "Az Portal" | 🔵 for completed interactive sign-ins to the Azure portal
-- column: az_cli text as "Az CLI" | 🔵 for those to the Azure CLI
-- column: az_powershell text as "Az PowerShell" | 🔵 for those to Azure PowerShell
-- column: az_mobile_app text as "Az Mobile App" | 🔵 for those to the Azure mobile app
-- column: m365_admin_portal text as "M365 Admin Portal" | 🔵 for those to the Microsoft 365 admin portal
-- column: authentication_methods text as "Authentication Methods" | methods registered, by the tool's names
-- column: user_id text as "UserId" | object id
-- column: notes text as "Notes" | why there is no status
-- column: verdict text | verdict of the report readiness
-- column: rule text | id of the rule that decided
-- column: difference text | why the verdict differs from the tool's status; empty where both agree
-- worth:  the tool calls people capable who never used MFA, and does not see writes or tokens that scripts renew
-- source: https://github.com/AzureAD/MSIdentityTools/blob/main/src/Export-MsIdAzureMfaReport.ps1 (read 2026-11-21)
-- source: https://learn.microsoft.com/entra/identity/authentication/how-to-mandatory-multifactor-authentication (read 2026-11-21)
with
listed as (
    select
        user_key,
        max(user_id) as user_id,
        cast(1 as bigint) as is_listed,
        max(case when app_id = 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c' then '🔵' end) as az_portal,
        max(case when app_id = '04b07795-8ddb-461a-bbee-02f9e1bf7b46' then '🔵' end) as az_cli,
        max(case when app_id = '1950a258-227b-4e31-a9cf-717495945fc2' then '🔵' end)
            as az_powershell,
        max(case when app_id = '0c1307d4-29d6-4389-a11c-5cbe7f65d7fa' then '🔵' end)
            as az_mobile_app,
        max(case when app_id = '618dd325-23f6-4b6f-8380-4df78026e39b' then '🔵' end)
            as m365_admin_portal,
        max(
            cast(
                case
                    when coalesce(requirement, '') = 'multi_factor' then 1
                    when
                        lower(trim(coalesce(mfa_result, '')))
                        = 'mfa requirement satisfied by claim in the token'
                        then 1
                    else 0
                end as bigint
            )
        ) as has_signed_in_with_mfa
    from sign_in
    where
        user_key is not null
        and error_code = 0
        and coalesce(category, 'interactive') = 'interactive'
        and coalesce(mfa, '') <> 'not_user'
        and app_id in (
            'c44b4083-3bb0-49c1-b47d-974e53cbdf3c',
            '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
            '1950a258-227b-4e31-a9cf-717495945fc2',
            '0c1307d4-29d6-4389-a11c-5cbe7f65d7fa',
            '618dd325-23f6-4b6f-8380-4df78026e39b'
        )
    group by user_key
),

concerned as (
    select user_key from listed
    union all
    select user_key from readiness_rank
    where user_key is not null and severity <= 4
),

person as (
    select user_key from concerned group by user_key
),

registered as (
    select
        coalesce(user_id, upn) as user_key,
        max(upn) as upn,
        max(display_name) as display_name,
        cast(1 as bigint) as is_registered,
        max(cast(case when coalesce(is_mfa_capable, false) then 1 else 0 end as bigint))
            as is_capable,
        max(methods) as methods
    from registration
    group by coalesce(user_id, upn)
),

given as (
    select cast(count(*) as bigint) as registrations from registration
),

joined as (
    select
        person.user_key,
        coalesce(
            signed.display_name, registered.display_name, ready.display_name
        ) as display_name,
        coalesce(signed.user_name, registered.upn, ready.user_name) as upn,
        coalesce(listed.user_id, ready.user_id, signed.user_id) as user_id,
        listed.az_portal,
        listed.az_cli,
        listed.az_powershell,
        listed.az_mobile_app,
        listed.m365_admin_portal,
        coalesce(listed.is_listed, 0) as is_listed,
        case
            when coalesce(listed.is_listed, 0) = 0 then 'none'
            when registered.is_registered is null and ready.is_mfa_capable is null then 'none'
            when listed.has_signed_in_with_mfa = 1 then 'signed_in'
            when coalesce(ready.is_mfa_capable, registered.is_capable = 1) then 'capable'
            else 'not_capable'
        end as status,
        nullif(coalesce(registered.methods, ready.methods_registered), '') as methods,
        given.registrations,
        ready.verdict,
        ready.rule,
        coalesce(ready.non_mfa_writes, 0) as non_mfa_writes,
        coalesce(ready.non_mfa_sign_ins, 0) + coalesce(ready.exempt_sign_ins, 0)
            as non_mfa_sign_ins,
        coalesce(ready.mfa_sign_ins, 0) + coalesce(ready.mfa_writes, 0) as mfa_seen
    from person
    cross join given
    left join listed on person.user_key = listed.user_key
    left join registered on person.user_key = registered.user_key
    left join readiness_rank as ready on person.user_key = ready.user_key
    left join sign_in_user as signed on person.user_key = signed.user_key
)

select
    display_name as name,
    upn as user_principal_name,
    case status when 'signed_in' then '✅' when 'capable' then '✅' when 'not_capable' then '❌' end
        as icon,
    case status
        when 'signed_in' then 'MFA Capable + Signed in with MFA'
        when 'capable' then 'MFA Capable'
        when 'not_capable' then 'Not MFA Capable'
    end as mfa_status,
    az_portal,
    az_cli,
    az_powershell,
    az_mobile_app,
    m365_admin_portal,
    -- Whole words: a method that the tool has no name for is shown as it is.
    case
        when methods is not null
            then replace(
                trim(
                    both ',' from
                    replace(
                        replace(
                            replace(
                                replace(
                                    replace(
                                        replace(
                                            replace(
                                                replace(
                                                    replace(
                                                        replace(
                                                            replace(
                                                                concat(',', methods, ','),
                                                                ',password,',
                                                                ',Password,'
                                                            ),
                                                            ',passKeyDeviceBoundAuthenticator,',
                                                            ',Passkey (Microsoft Authenticator),'
                                                        ),
                                                        ',passKeyDeviceBound,',
                                                        ',Passkey (other device-bound),'
                                                    ),
                                                    ',microsoftAuthenticatorPush,',
                                                    ',Microsoft Authenticator,'
                                                ),
                                                ',microsoftAuthenticatorPasswordless,',
                                                ',Microsoft Authenticator,'
                                            ),
                                            ',mobilePhone,',
                                            ',Phone,'
                                        ),
                                        ',softwareOneTimePasscode,',
                                        ',Authenticator app (TOTP),'
                                    ),
                                    ',windowsHelloForBusiness,',
                                    ',Windows Hello for Business,'
                                ),
                                ',platformCredential,',
                                ',Platform Credential for MacOS,'
                            ),
                            ',temporaryAccessPass,',
                            ',Temporary Access Pass,'
                        ),
                        ',email,',
                        ',Email,'
                    )
                ),
                ',',
                ', '
            )
    end as authentication_methods,
    user_id,
    case
        when is_listed = 0
            then 'Not listed by the tool: no completed interactive sign-in to its five applications.'
        when registrations = 0 then 'No registrations are given: no status.'
        when status = 'none' then 'The registrations do not name this user.'
    end as notes,
    verdict,
    rule,
    case
        when verdict is null
            then 'not among those who change or may change Azure: the tool lists everyone who signs in'
        when is_listed = 0
            then
                concat(
                    'the tool does not see this user: it reads interactive sign-ins only, neither tokens that scripts renew nor writes (without MFA: writes ',
                    cast(non_mfa_writes as string),
                    ', sign-ins ',
                    cast(non_mfa_sign_ins as string),
                    ')'
                )
        when verdict = 'cannot_tell' then 'the evidence does not decide it; the tool goes by registrations and one sign-in'
        when status = 'none' then null
        when status = 'signed_in' and verdict in ('will_break', 'at_risk')
            then
                concat(
                    'one sign-in with MFA is enough for the tool (without MFA: writes ',
                    cast(non_mfa_writes as string),
                    ', sign-ins ',
                    cast(non_mfa_sign_ins as string),
                    ')'
                )
        when status = 'signed_in' and verdict = 'ready_not_exercised'
            then 'the tool counts sign-ins of which MFA was demanded, whether it was passed or not'
        when status = 'capable' and verdict in ('will_break', 'at_risk', 'ready_not_exercised')
            then 'always single factor: not ready though capable'
        when status = 'capable' and verdict = 'ready'
            then 'MFA was seen where the tool does not look: non-interactive sign-ins or writes'
        when status = 'not_capable' and verdict in ('ready', 'ready_not_exercised') and mfa_seen > 0
            then 'MFA was seen though none is registered here: federated or external MFA'
        when status = 'not_capable' and verdict in ('ready', 'ready_not_exercised')
            then 'our verdict does not rest on registrations alone; see its reasons'
    end as difference
from joined
order by is_listed desc, icon desc nulls last, mfa_status, name nulls last, user_key
