-- title:  Readiness, with how bad it is
-- about:  The verdicts in the order in which they want somebody's attention.
-- grain:  one person who changes or may change Azure
-- reads:  readiness
-- column: user_key text | see readiness
-- column: user_name text | see readiness
-- column: user_id text | see readiness
-- column: display_name text | see readiness
-- column: verdict text | see readiness; never null
-- column: severity integer | 0 for will_break, 1 for at_risk, 2 for cannot_tell, 3 for ready_not_exercised, 4 for ready, 5 for not_in_scope
-- column: rule text | see readiness
-- column: reasons text | see readiness
-- column: phase text | see readiness
-- column: enforced_from text | see readiness
-- column: write_attempts integer | see readiness; never null, nor are the other counts
-- column: mfa_writes integer | see readiness
-- column: non_mfa_writes integer | see readiness
-- column: unknown_writes integer | see readiness
-- column: non_mfa_deletes integer | see readiness
-- column: policy_denies integer | see readiness
-- column: sign_ins integer | see readiness
-- column: mfa_sign_ins integer | see readiness
-- column: non_mfa_sign_ins integer | see readiness
-- column: exempt_sign_ins integer | see readiness
-- column: unknown_sign_ins integer | see readiness
-- column: failed_mfa_sign_ins integer | see readiness
-- column: ropc_sign_ins integer | see readiness
-- column: legacy_sign_ins integer | see readiness
-- column: clients text | see readiness
-- column: old_clients text | see readiness
-- column: methods_seen text | see readiness
-- column: methods_registered text | see readiness
-- column: is_mfa_capable boolean | see readiness
-- column: mfa_strength text | see readiness
-- column: roles text | see readiness
-- column: is_break_glass boolean | see readiness
-- column: service_score integer | see readiness
-- column: service_evidence text | see readiness
-- column: first_seen timestamp | see readiness
-- column: last_seen timestamp | see readiness
-- column: last_non_mfa timestamp | see readiness
-- column: next_step text | see readiness
select
    user_key,
    user_name,
    user_id,
    display_name,
    coalesce(verdict, 'cannot_tell') as verdict,
    cast(
        case coalesce(verdict, 'cannot_tell')
            when 'will_break' then 0
            when 'at_risk' then 1
            when 'ready_not_exercised' then 3
            when 'ready' then 4
            when 'not_in_scope' then 5
            else 2
        end as bigint
    ) as severity,
    rule,
    reasons,
    phase,
    enforced_from,
    coalesce(write_attempts, 0) as write_attempts,
    coalesce(mfa_writes, 0) as mfa_writes,
    coalesce(non_mfa_writes, 0) as non_mfa_writes,
    coalesce(unknown_writes, 0) as unknown_writes,
    coalesce(non_mfa_deletes, 0) as non_mfa_deletes,
    coalesce(policy_denies, 0) as policy_denies,
    coalesce(sign_ins, 0) as sign_ins,
    coalesce(mfa_sign_ins, 0) as mfa_sign_ins,
    coalesce(non_mfa_sign_ins, 0) as non_mfa_sign_ins,
    coalesce(exempt_sign_ins, 0) as exempt_sign_ins,
    coalesce(unknown_sign_ins, 0) as unknown_sign_ins,
    coalesce(failed_mfa_sign_ins, 0) as failed_mfa_sign_ins,
    coalesce(ropc_sign_ins, 0) as ropc_sign_ins,
    coalesce(legacy_sign_ins, 0) as legacy_sign_ins,
    clients,
    old_clients,
    methods_seen,
    methods_registered,
    is_mfa_capable,
    mfa_strength,
    roles,
    is_break_glass,
    coalesce(service_score, 0) as service_score,
    service_evidence,
    first_seen,
    last_seen,
    last_non_mfa,
    next_step
from readiness
