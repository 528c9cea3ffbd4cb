SELECT caller_upn, COUNT(*) AS events
FROM activity
WHERE mfa = 'non_mfa' AND operation_class IN ('write', 'delete')
GROUP BY caller_upn
