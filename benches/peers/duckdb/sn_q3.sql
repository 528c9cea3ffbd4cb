-- Q3: verdicts per application; columns named by hand. The rules as far as the file needs them.
SELECT
    appId AS app_id,
    CASE
        WHEN signInEventTypes[1] NOT IN ('interactiveUser', 'nonInteractiveUser') THEN 'not_user'
        WHEN status.errorCode <> 0 THEN 'not_completed'
        WHEN len(list_filter(authenticationDetails, lambda step: step.succeeded
            AND step.authenticationStepRequirement = 'Multi-factor authentication'
            AND NOT starts_with(step.authenticationStepResultDetail, 'MFA requirement skipped'))) > 0 THEN 'mfa'
        WHEN starts_with(status.additionalDetails, 'MFA requirement skipped') THEN 'exempt'
        WHEN starts_with(status.additionalDetails, 'MFA ') THEN 'mfa'
        WHEN authenticationRequirement = 'multiFactorAuthentication' THEN 'mfa'
        WHEN len(list_filter(appliedConditionalAccessPolicies, lambda policy: policy.result = 'success'
            AND list_contains(policy.enforcedGrantControls, 'Mfa'))) > 0 THEN 'mfa'
        WHEN signInEventTypes[1] = 'interactiveUser' AND len(authenticationDetails) > 0 THEN 'non_mfa'
        ELSE 'unknown'
    END AS mfa,
    count(*) AS sign_ins
FROM read_json(
    getvariable('input'),
    format = 'newline_delimited',
    maximum_object_size = 33554432,
    columns = {
        appId: 'VARCHAR',
        signInEventTypes: 'VARCHAR[]',
        authenticationRequirement: 'VARCHAR',
        status: 'STRUCT(errorCode BIGINT, additionalDetails VARCHAR)',
        authenticationDetails: 'STRUCT(
            succeeded BOOLEAN, authenticationStepRequirement VARCHAR, authenticationStepResultDetail VARCHAR)[]',
        appliedConditionalAccessPolicies: 'STRUCT("result" VARCHAR, enforcedGrantControls VARCHAR[])[]'
    }
)
GROUP BY ALL;
