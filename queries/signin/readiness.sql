-- title:  Readiness for mandatory MFA
-- about:  Who will break when MFA is enforced on Azure management, who is at risk, and what to do about it. Worst first.
-- grain:  one person who changes or may change Azure
-- reads:  readiness_rank
-- column: user text | UPN, else what the log says
-- column: user_id text | object id
-- column: display_name text | display name
-- column: verdict text | will_break, at_risk, cannot_tell, ready_not_exercised, ready or not_in_scope
-- column: rule text | id of the rule that decided
-- column: reasons text | why, with figures and dates
-- column: phase text | phases of mandatory MFA that concern the person
-- column: enforced_from text | when these are enforced
-- column: write_attempts integer | requests to write or delete
-- column: mfa_writes integer | of those, with MFA
-- column: non_mfa_writes integer | of those, without MFA: these would stop working
-- column: unknown_writes integer | of those, where the log does not tell
-- column: non_mfa_deletes integer | of non_mfa_writes, deletes
-- column: sign_ins integer | completed sign-ins to what mandatory MFA covers
-- column: mfa_sign_ins integer | of those, with MFA
-- column: non_mfa_sign_ins integer | of those, with one factor
-- column: exempt_sign_ins integer | of those, where MFA was skipped
-- column: unknown_sign_ins integer | of those, where the log does not tell
-- column: failed_mfa_sign_ins integer | sign-ins that ended at a demand for MFA
-- column: clients text | programs used, with versions where told
-- column: old_clients text | of those, the ones too old to ask for MFA
-- column: methods_seen text | methods seen in sign-ins
-- column: methods_registered text | methods registered; empty without registrations
-- column: mfa_strength text | strongest method seen or registered: phishing_resistant, phishable or none
-- column: roles text | privileged roles
-- column: is_break_glass boolean | whether the account is on the list given with --exempt
-- column: service_score integer | 0 to 100: how much the account behaves like a service
-- column: policy_denies integer | MFA-policy events that stopped a request
-- column: first_seen timestamp | first sign-in or change
-- column: last_seen timestamp | last sign-in or change
-- column: last_non_mfa timestamp | last one without MFA
-- column: next_step text | what to do
-- totals: write_attempts, mfa_writes, non_mfa_writes, unknown_writes, non_mfa_deletes, sign_ins, mfa_sign_ins, non_mfa_sign_ins, exempt_sign_ins, unknown_sign_ins, failed_mfa_sign_ins, policy_denies
-- worth:  will_break and at_risk have to be empty before the postponement ends; cannot_tell deserves a better export
-- source: https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication (read 2026-11-21)
select
    user_name as user,
    user_id,
    display_name,
    verdict,
    rule,
    reasons,
    phase,
    enforced_from,
    write_attempts,
    mfa_writes,
    non_mfa_writes,
    unknown_writes,
    non_mfa_deletes,
    sign_ins,
    mfa_sign_ins,
    non_mfa_sign_ins,
    exempt_sign_ins,
    unknown_sign_ins,
    failed_mfa_sign_ins,
    clients,
    old_clients,
    methods_seen,
    methods_registered,
    mfa_strength,
    roles,
    is_break_glass,
    service_score,
    policy_denies,
    first_seen,
    last_seen,
    last_non_mfa,
    next_step
from readiness_rank
order by severity, non_mfa_writes desc, non_mfa_sign_ins desc, user_key nulls last
