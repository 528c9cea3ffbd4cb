-- Q1: policy audit rows per resource and policy; columns named by hand.
WITH named AS (
    SELECT
        lower(resourceId) AS resource_id,
        unnest(from_json(properties.policies, '[{"policyDefinitionDisplayName": "VARCHAR"}]')) AS policy
    FROM read_json(
        getvariable('input'),
        format = 'newline_delimited',
        columns = {
            resourceId: 'VARCHAR',
            operationName: 'VARCHAR',
            properties: 'STRUCT(isComplianceCheck VARCHAR, policies VARCHAR)'
        }
    )
    WHERE lower(operationName) = 'microsoft.authorization/policies/audit/action'
      AND properties.isComplianceCheck <> 'True'
)
SELECT resource_id, policy.policyDefinitionDisplayName AS policy_display_name, count(*) AS events
FROM named
GROUP BY ALL;
