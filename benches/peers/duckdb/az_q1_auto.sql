-- Q1: policy audit rows per resource and policy; columns found by DuckDB itself.
WITH named AS (
    SELECT
        lower(resourceId) AS resource_id,
        unnest(from_json(properties.policies, '["JSON"]')) AS policy
    FROM read_json(getvariable('input'), format = 'array')
    WHERE lower(operationName.value) = 'microsoft.authorization/policies/audit/action'
      AND properties.isComplianceCheck <> 'True'
)
SELECT resource_id, policy ->> 'policyDefinitionDisplayName' AS policy_display_name, count(*) AS events
FROM named
GROUP BY ALL;
