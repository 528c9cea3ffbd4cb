SELECT a.resource_id, p.policy_display_name, COUNT(*) AS events
FROM activity_policy p
JOIN activity a ON a.event_id = p.event_id
WHERE a.operation = 'microsoft.authorization/policies/audit/action' AND a.is_policy_event
GROUP BY a.resource_id, p.policy_display_name
