SELECT app_id, mfa, COUNT(*) AS sign_ins
FROM sign_in
GROUP BY app_id, mfa
