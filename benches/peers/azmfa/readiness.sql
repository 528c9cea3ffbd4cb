SELECT COUNT(*) AS people, SUM(sign_ins) AS sign_ins, SUM(failed_mfa_sign_ins) AS failed
FROM readiness
WHERE sign_ins + failed_mfa_sign_ins > 0
