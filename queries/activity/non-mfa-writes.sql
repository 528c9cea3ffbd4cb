-- title:  Every change attempted without MFA
-- about:  The single requests behind the counts of the other reports.
-- grain:  one row per attempt to write or delete by a user who had not passed MFA
-- reads:  attempt
-- column: event_time timestamp | time of the attempt's first row
-- column: user text | UPN, else who the log says it was
-- column: user_id text | object id
-- column: client_app text | client application, by name where it is known
-- column: operation text | operation of the request
-- column: resource_id text | full resource id
-- column: resource_name text | last name in the resource id
-- column: outcome text | succeeded, failed, canceled, accepted or open
-- column: ip text | address the request came from
-- column: amr text | authentication methods in the token
-- column: acrs text | authentication contexts in the token
-- column: policy_audited boolean | whether an MFA policy noted it
-- column: policy_denied boolean | whether an MFA policy stopped it
-- column: correlation_id text | shared by the events of one request or deployment
-- column: attempt_id text | the attempt
-- column: event_id text | event id of its first row, see `azmfa explain`
-- worth:  a row that is policy_denied is what enforcement will look like
select
    first_time as event_time,
    coalesce(caller_upn, caller) as user,
    caller_oid as user_id,
    coalesce(client_app, client_app_id) as client_app,
    operation,
    resource_id,
    resource_name,
    outcome,
    ip,
    amr,
    acrs,
    mfa_audited as policy_audited,
    mfa_denied as policy_denied,
    correlation_id,
    attempt_id,
    event_id
from attempt
where mfa = 'non_mfa' and (operation_class = 'write' or operation_class = 'delete')
order by event_time, attempt_id
