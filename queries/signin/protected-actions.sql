-- title:  Protected actions, and the sign-ins behind them
-- about:  Changes to Conditional Access, named locations and cross-tenant access, and hard deletes, which Entra lets you protect by step-up authentication. `Add policy`, `Update policy` and `Delete policy` are twins of Conditional Access changes, or other policies, and are not listed; nor are hard deletes by an application, such as the purge after 30 days. Without a link the columns of the sign-in are empty: an audit itself does not tell of MFA.
-- grain:  one directory audit
-- reads:  audit, link, sign_in
-- column: event_time timestamp | when it happened
-- column: actor text | UPN, else name, else id of who did it
-- column: actor_id text | object id
-- column: actor_type text | user or application
-- column: permission text | what can be protected, below microsoft.directory; empty for changes beside it that cannot
-- column: activity text | what was done, as Entra names it
-- column: target text | name of the first target, else its id
-- column: result text | success, failure, timeout or other
-- column: ip text | address of the actor
-- column: link text | token, session or heuristic; empty without a sign-in
-- column: sign_in_time timestamp | when the sign-in happened
-- column: sign_in_app text | application signed in with
-- column: sign_in_mfa text | verdict of the sign-in
-- column: mfa_reason text | what that verdict rests on
-- column: mfa_methods text | methods of the steps that succeeded
-- column: mfa_strength text | phishing_resistant, phishable or none
-- column: correlation_id text | correlation id
-- column: event_id text | the audit
-- column: sign_in_id text | the sign-in, see `azmfa explain`
-- worth:  whoever did these without MFA will fail once the actions are protected
-- source: https://learn.microsoft.com/entra/identity/role-based-access-control/protected-actions-overview (read 2026-11-21)
-- source: https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities (read 2026-11-21)
with
known as (
    select name, permission
    from (
        values
        ('add conditional access policy', 'conditionalAccessPolicies/create'),
        ('update conditional access policy', 'conditionalAccessPolicies/basic/update'),
        ('delete conditional access policy', 'conditionalAccessPolicies/delete'),
        ('add named location', 'namedLocations/create'),
        ('update named location', 'namedLocations/basic/update'),
        ('delete named location', 'namedLocations/delete'),
        ('update the company default cross-tenant access setting', 'crossTenantAccessPolicy/default/*/update'),
        ('reset the cross-tenant access default setting', 'crossTenantAccessPolicy/default/*/update'),
        ('add a partner to cross-tenant access setting', 'crossTenantAccessPolicy/partners/create'),
        ('update a partner cross-tenant access setting', 'crossTenantAccessPolicy/partners/*/update'),
        ('delete partner specific cross-tenant access setting', 'crossTenantAccessPolicy/partners/delete'),
        ('hard delete user', 'deletedItems/delete'),
        ('hard delete group', 'deletedItems/delete'),
        ('hard delete application', 'deletedItems/delete'),
        ('hard delete service principal', 'deletedItems/delete'),
        ('add authenticationcontextclassreference', ''),
        ('update authenticationcontextclassreference', ''),
        ('delete authenticationcontextclassreference', ''),
        ('update security defaults', ''),
        ('update continuous access evaluation', '')
    ) as word (name, permission)
),

graded as (
    select
        audit_event_id,
        sign_in_id,
        kind,
        case kind when 'token' then 1 when 'session' then 2 else 3 end as grade
    from link
    where audit_event_id is not null
),

ranked as (
    select
        audit_event_id,
        sign_in_id,
        kind,
        row_number() over (partition by audit_event_id order by grade, sign_in_id) as place
    from graded
),

nearest as (
    select audit_event_id, sign_in_id, kind from ranked where place = 1
),

named as (
    select
        event_id,
        event_time,
        coalesce(actor_upn, actor_name, actor_id) as actor,
        actor_id,
        actor_type,
        lower(trim(activity)) as name,
        activity,
        coalesce(target_name, target_id) as target,
        result,
        ip,
        correlation_id
    from audit
)

select
    named.event_time,
    named.actor,
    named.actor_id,
    named.actor_type,
    nullif(known.permission, '') as permission,
    named.activity,
    named.target,
    named.result,
    named.ip,
    nearest.kind as link,
    sign_in.event_time as sign_in_time,
    coalesce(sign_in.app, sign_in.app_id) as sign_in_app,
    sign_in.mfa as sign_in_mfa,
    sign_in.mfa_reason,
    sign_in.mfa_methods,
    sign_in.mfa_strength,
    named.correlation_id,
    named.event_id,
    nearest.sign_in_id
from named
inner join known on named.name = known.name
left join nearest on named.event_id = nearest.audit_event_id
left join sign_in on nearest.sign_in_id = sign_in.event_id
where known.permission <> 'deletedItems/delete' or coalesce(named.actor_type, '') <> 'application'
order by named.event_time, named.event_id
