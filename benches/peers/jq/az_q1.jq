# Q1 on one array: policy audit rows per resource and policy.
reduce (.[]
  | select((.operationName.value | ascii_downcase) == "microsoft.authorization/policies/audit/action"
      and .properties.isComplianceCheck != "True")
  | (.resourceId | ascii_downcase) as $resource
  | .properties.policies | fromjson[]
  | [$resource, .policyDefinitionDisplayName] | tojson) as $key ({}; .[$key] += 1)
| to_entries[] | (.key | fromjson) + [.value] | @csv
