//! Seeded events for the benches: the same bytes for the same numbers, on every machine.

/// Users, resources and policies repeat as they do in a real tenant.
const USERS: u64 = 500;
const RESOURCES: u64 = 5_000;

/// A small generator (`SplitMix64`), so that the data needs no package.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}

/// What one event says, however it is written.
struct Told {
    number: u64,
    time: String,
    user: u64,
    resource: String,
    operation: &'static str,
    amr: &'static str,
    policies: String,
}

fn told(seeded: &mut Seeded, number: u64) -> Told {
    const OPERATIONS: [&str; 4] = [
        "Microsoft.Storage/storageAccounts/write",
        "Microsoft.Compute/virtualMachines/delete",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Authorization/policies/audit/action",
    ];
    const AMRS: [&str; 3] = ["pwd", "pwd,mfa", "pwd,rsa,mfa"];
    let operation = OPERATIONS[usize::try_from(seeded.below(4)).unwrap_or(0)];
    let second = number % 86_400;
    let policies = if operation.contains("policies") {
        r#"[{\"policyDefinitionId\":\"/providers/Microsoft.Authorization/policyDefinitions/4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b/\",\"policyDefinitionEffect\":\"audit\",\"policyDefinitionDisplayName\":\"Users must authenticate with multi-factor authentication\",\"policyAssignmentId\":\"/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/mfa\"}]"#.to_owned()
    } else {
        "[]".to_owned()
    };
    Told {
        number,
        time: format!(
            "2026-03-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            1 + number / 86_400 % 28,
            second / 3_600,
            second / 60 % 60,
            second % 60,
            number % 10_000_000
        ),
        user: seeded.below(USERS),
        resource: format!(
            "/subscriptions/52d43d14-0a10-4dd4-b4ad-ec1612d67f11/resourceGroups/rg-{}/providers/Microsoft.Storage/storageAccounts/account{}",
            seeded.below(40),
            seeded.below(RESOURCES)
        ),
        operation,
        amr: AMRS[usize::try_from(seeded.below(3)).unwrap_or(0)],
        policies,
    }
}

fn claims(told: &Told, gap: &str) -> String {
    let Told { user, amr, number, .. } = told;
    [
        r#""aud": "https://management.core.windows.net/""#.to_owned(),
        r#""iss": "https://sts.windows.net/91d8ea65-3770-435b-a8bd-efd51475ba50/""#.to_owned(),
        r#""http://schemas.microsoft.com/claims/authnclassreference": "1""#.to_owned(),
        format!(r#""http://schemas.microsoft.com/claims/authnmethodsreferences": "{amr}""#),
        r#""appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46""#.to_owned(),
        r#""idtyp": "user""#.to_owned(),
        r#""ipaddr": "198.51.100.7""#.to_owned(),
        format!(r#""http://schemas.microsoft.com/identity/claims/objectidentifier": "00000000-0000-4000-8000-{user:012}""#),
        r#""http://schemas.microsoft.com/identity/claims/scope": "user_impersonation""#.to_owned(),
        format!(r#""http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "user{user}@tailwind.example""#),
        format!(r#""uti": "{number:022}""#),
        r#""wids": "62e90394-69f5-4237-9190-012177145e10,b79fbf4d-3ef9-4689-8143-76b194e85509""#.to_owned(),
    ]
    .join(&format!(",{gap}"))
}

/// Events as a diagnostic setting writes them: one JSON object a line, about 2 kB each.
pub(crate) fn diagnostic_lines(events: u64) -> Vec<u8> {
    let mut seeded = Seeded(1);
    let mut out = String::new();
    for number in 0..events {
        let told = told(&mut seeded, number);
        let line = format!(
            r#"{{"time":"{}","resourceId":"{}","operationName":"{}","category":"Administrative","resultType":"Success","resultSignature":"Succeeded.","durationMs":"0","callerIpAddress":"198.51.100.7","correlationId":"00000000-0000-4000-9000-{:012}","identity":{{"authorization":{{"scope":"{}","action":"{}","evidence":{{"role":"Owner","principalType":"User"}}}},"claims":{{{}}}}},"level":"Information","properties":{{"eventCategory":"Administrative","isComplianceCheck":"False","policies":"{}","message":"braces {{ and \"quotes\"","hierarchy":"91d8ea65-3770-435b-a8bd-efd51475ba50/52d43d14"}}}}"#,
            told.time,
            told.resource.to_uppercase(),
            told.operation.to_uppercase(),
            told.number / 2,
            told.resource,
            told.operation,
            claims(&told, ""),
            told.policies,
        );
        out.push_str(&line);
        out.push('\n');
    }
    out.into_bytes()
}

/// Events as the Azure CLI prints them: an array, indented by two, keys sorted.
pub(crate) fn az_array(events: u64) -> Vec<u8> {
    let mut seeded = Seeded(2);
    let mut out = String::from("[\n");
    for number in 0..events {
        let told = told(&mut seeded, number);
        let event = format!(
            "  {{\n    \"authorization\": {{\n      \"action\": \"{}\",\n      \"scope\": \"{}\"\n    }},\n    \"caller\": \"user{}@tailwind.example\",\n    \"category\": {{\n      \"localizedValue\": \"Administrative\",\n      \"value\": \"Administrative\"\n    }},\n    \"claims\": {{\n      {}\n    }},\n    \"correlationId\": \"00000000-0000-4000-9000-{:012}\",\n    \"eventDataId\": \"00000000-0000-4000-a000-{:012}\",\n    \"eventTimestamp\": \"{}\",\n    \"httpRequest\": {{\n      \"clientIpAddress\": \"198.51.100.7\",\n      \"method\": \"PUT\"\n    }},\n    \"level\": \"Informational\",\n    \"operationId\": \"00000000-0000-4000-9000-{:012}\",\n    \"operationName\": {{\n      \"localizedValue\": \"{}\",\n      \"value\": \"{}\"\n    }},\n    \"properties\": {{\n      \"isComplianceCheck\": \"False\",\n      \"policies\": \"{}\"\n    }},\n    \"resourceGroupName\": \"rg\",\n    \"resourceId\": \"{}\",\n    \"status\": {{\n      \"localizedValue\": \"Succeeded\",\n      \"value\": \"Succeeded\"\n    }},\n    \"subStatus\": {{\n      \"localizedValue\": \"\",\n      \"value\": \"\"\n    }},\n    \"subscriptionId\": \"52d43d14-0a10-4dd4-b4ad-ec1612d67f11\",\n    \"tenantId\": \"91d8ea65-3770-435b-a8bd-efd51475ba50\"\n  }}",
            told.operation,
            told.resource,
            told.user,
            claims(&told, "\n      "),
            told.number / 2,
            told.number,
            told.time,
            told.number / 2,
            told.operation,
            told.operation,
            told.policies,
            told.resource,
        );
        out.push_str(&event);
        out.push_str(if number + 1 < events { ",\n" } else { "\n]\n" });
    }
    out.into_bytes()
}
