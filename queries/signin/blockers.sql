-- title:  The ten worst blockers
-- about:  Who stands in the way of enforcing MFA: the people that will break or are at risk, most writes without MFA first.
-- grain:  one person who will break or is at risk, ten at most
-- reads:  readiness_rank
-- column: user text | UPN, else what the log says
-- column: verdict text | will_break or at_risk
-- column: non_mfa_writes integer | requests to write or delete without MFA: these would stop working
-- column: reasons text | why, with figures and dates
-- column: next_step text | what to do
-- worth:  begin here; the report readiness lists everyone
select
    user_name as user,
    verdict,
    non_mfa_writes,
    reasons,
    next_step
from readiness_rank
where severity <= 1
order by severity, non_mfa_writes desc, non_mfa_sign_ins desc, user_key nulls last
limit 10
