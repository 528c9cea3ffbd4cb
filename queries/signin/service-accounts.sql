-- title:  How much people's accounts behave like services
-- about:  From 40 points on a user account counts as a service that scripts sign in with: it falls under mandatory MFA and cannot do it, so move it to a workload identity. These come first, then those with most writes that would fail. Fewer points are a hint, no more.
-- grain:  one account with a service score above 0
-- reads:  readiness_rank
-- column: user text | UPN, else what the log says
-- column: user_id text | object id
-- column: display_name text | display name
-- column: service_score integer | 1 to 100: how much the account behaves like a service
-- column: is_service boolean | whether the score reaches 40
-- column: service_evidence text | what the score rests on
-- column: verdict text | verdict of the report readiness
-- column: non_mfa_writes integer | requests to write or delete without MFA: these would stop working
-- column: non_mfa_deletes integer | of those, deletes
-- column: write_attempts integer | requests to write or delete
-- column: sign_ins integer | completed sign-ins to what mandatory MFA covers
-- column: non_mfa_sign_ins integer | of those, with one factor
-- column: ropc_sign_ins integer | completed sign-ins with user name and password in one request (ROPC)
-- column: legacy_sign_ins integer | completed sign-ins with clients that cannot do MFA
-- column: clients text | programs used, with versions where told
-- column: is_mfa_capable boolean | as Graph says; empty without registrations
-- column: roles text | privileged roles
-- column: first_seen timestamp | first sign-in or change
-- column: last_seen timestamp | last sign-in or change
-- column: next_step text | what to do
-- totals: non_mfa_writes, non_mfa_deletes, write_attempts, sign_ins, non_mfa_sign_ins, ropc_sign_ins, legacy_sign_ins
-- worth:  a high score is a hint, not a proof: the evidence is beside it
-- source: https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication (read 2026-11-21)
-- source: https://learn.microsoft.com/cli/azure/authenticate-azure-cli-mfa (read 2026-11-21)
select
    user_name as user,
    user_id,
    display_name,
    service_score,
    service_score >= 40 as is_service,
    service_evidence,
    verdict,
    non_mfa_writes,
    non_mfa_deletes,
    write_attempts,
    sign_ins,
    non_mfa_sign_ins,
    ropc_sign_ins,
    legacy_sign_ins,
    clients,
    is_mfa_capable,
    roles,
    first_seen,
    last_seen,
    next_step
from readiness_rank
where service_score > 0
order by is_service desc, non_mfa_writes desc, service_score desc, user_key nulls last
