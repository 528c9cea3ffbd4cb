//! Small invented tenants: a few people, their sign-ins in the shape of Microsoft Graph and their
//! changes in that of the Activity Log, drawn so that rules meet their edges.

use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value, json};

pub(super) const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
pub(super) const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
pub(super) const POWERSHELL: &str = "1950a258-227b-4e31-a9cf-717495945fc2";
pub(super) const WINDOWS: &str = "38aa3b87-a06d-4817-b275-7a316988d93b";
const CHAT: &str = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346";
pub(super) const ARM: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Who there is. The fourth stands on the list of break-glass accounts if there is one.
pub(super) const PEOPLE: &[&str] = &[
    "ada@t.example",
    "svc-build@t.example",
    "Bob.Noor@t.example",
    "glass@t.example",
    "Sync_SRV1_0a@t.example",
];
pub(super) const GLASS: usize = 3;

/// Steps that a sign-in may show: method, requirement, result, whether it succeeded.
const STEPS: &[(&str, &str, &str, bool)] = &[
    ("Password", "Primary authentication", "Correct password", true),
    ("Password", "Primary authentication", "Invalid username or password", false),
    (
        "Previously satisfied",
        "Primary authentication",
        "First factor requirement satisfied by claim in the token",
        true,
    ),
    ("Mobile app notification", "Multi-factor authentication", "MFA completed in Azure AD", true),
    (
        "Mobile app notification",
        "Multifactor authentication",
        "MFA denied; user declined the authentication",
        false,
    ),
    (
        "Previously satisfied",
        "Multi-factor authentication",
        "MFA requirement satisfied by claim in the token",
        true,
    ),
    (
        "Previously satisfied",
        "Multi-factor authentication",
        "MFA requirement skipped due to location",
        true,
    ),
    (
        "Previously satisfied",
        "Multi-factor authentication",
        "MFA requirement skipped due to remembered device",
        true,
    ),
    ("FIDO2 security key", "Primary authentication", "Success", true),
    ("Windows Hello for Business", "Primary authentication", "Success", true),
];

/// A sign-in, and what it proves.
#[derive(Debug, Clone)]
pub(super) struct SignIn {
    person: usize,
    minute: u32,
    kind: &'static str,
    app: &'static str,
    resource: &'static str,
    code: i64,
    steps: Option<Vec<usize>>,
    words: Option<&'static str>,
    requirement: Option<&'static str>,
    policy: Option<(&'static str, &'static str)>,
    session: Option<u32>,
    ip: u32,
    is_ropc: bool,
    agent: Option<&'static str>,
}

/// One request to Azure.
#[derive(Debug, Clone)]
pub(super) struct Change {
    person: usize,
    minute: u32,
    verb: &'static str,
    amr: Option<&'static str>,
    acrs: Option<&'static str>,
    is_app: bool,
    /// Which sign-in issued the token; past the last: one that is not in the export.
    token: Option<usize>,
    session: Option<u32>,
    ip: Option<u32>,
    app: &'static str,
    has_two_rows: bool,
    policy: Option<&'static str>,
    /// So many minutes after that sign-in, by the same person, address and application.
    after: Option<(usize, u32)>,
}

/// What is known of a person beside the logs.
#[derive(Debug, Clone)]
pub(super) struct Account {
    registered: Option<(bool, Option<&'static str>)>,
    role: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) struct Tenant {
    sign_ins: Vec<SignIn>,
    changes: Vec<Change>,
    accounts: Vec<Account>,
    pub(super) has_break_glass: bool,
}

/// Steps, words, requirement and an MFA policy's result.
type Proof = (
    Option<Vec<usize>>,
    Option<&'static str>,
    Option<&'static str>,
    Option<(&'static str, &'static str)>,
);

fn proof() -> impl Strategy<Value = Proof> {
    (
        prop_oneof![
            1 => Just(None),
            3 => Just(Some(Vec::new())),
            3 => Just(Some(vec![0])),
            2 => proptest::collection::vec(0..STEPS.len(), 1..3).prop_map(Some),
        ],
        select(vec![
            None,
            None,
            None,
            None,
            None,
            None,
            Some("MFA requirement satisfied by claim in the token"),
            Some("MFA requirement skipped due to location"),
            Some("MFA completed in Azure AD"),
        ]),
        select(vec![
            Some("singleFactorAuthentication"),
            Some("singleFactorAuthentication"),
            Some("singleFactorAuthentication"),
            Some("singleFactorAuthentication"),
            Some("multiFactorAuthentication"),
            None,
        ]),
        select(vec![
            None,
            None,
            None,
            None,
            Some(("success", "Mfa")),
            Some(("success", "RequireCompliantDevice")),
            Some(("reportOnlySuccess", "Mfa")),
            Some(("notApplied", "Mfa")),
        ]),
    )
}

fn sign_in() -> impl Strategy<Value = SignIn> {
    let session = option::weighted(0.8, 0_u32..2);
    let who = (0..PEOPLE.len(), 0_u32..5_760, 0_u32..2, session);
    let what = (
        select(vec![
            "interactiveUser",
            "interactiveUser",
            "nonInteractiveUser",
            "nonInteractiveUser",
            "servicePrincipal",
            "managedIdentity",
        ]),
        select(vec![PORTAL, CLI, POWERSHELL, WINDOWS, CHAT]),
        select(vec![ARM, ARM, ARM, GRAPH]),
        prop_oneof![
            9 => Just(0),
            3 => select(vec![50_074, 50_076, 50_140, 50_126, 53_003, 500_121]),
        ],
    );
    let proof = proof();
    let how = (
        proptest::bool::weighted(0.1),
        select(vec![
            None,
            Some("azsdk-python-identity/1.15.0 Python/3.10.12 (Linux)"),
            Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"),
            Some("azsdk-python-core/1.30.0 AZURECLI/2.61.0 (DEB)"),
        ]),
    );
    (who, what, proof, how).prop_map(|(who, what, proof, how)| SignIn {
        person: who.0,
        minute: who.1,
        ip: who.2,
        session: who.3,
        kind: what.0,
        app: what.1,
        resource: what.2,
        code: what.3,
        steps: proof.0,
        words: proof.1,
        requirement: proof.2,
        policy: proof.3,
        is_ropc: how.0,
        agent: how.1,
    })
}

fn change() -> impl Strategy<Value = Change> {
    let who = (0..PEOPLE.len(), 0_u32..5_760, option::weighted(0.9, 0_u32..2));
    let token = (option::of(0_usize..16), option::of(0_u32..3));
    let what = (
        select(vec!["write", "write", "delete", "action", "read"]),
        select(vec![PORTAL, CLI, POWERSHELL]),
        any::<bool>(),
        select(vec![None, None, None, Some("Audit"), Some("Deny")]),
    );
    let after = option::weighted(0.3, (0_usize..16, 0_u32..120));
    let claims = (
        select(vec![None, Some("pwd"), Some("pwd"), Some("pwd,mfa"), Some("wiaormfa")]),
        select(vec![None, None, None, Some("p1"), Some("c1")]),
        proptest::bool::weighted(0.1),
    );
    (who, token, what, claims, after).prop_map(|(who, token, what, claims, after)| Change {
        after,
        person: who.0,
        minute: who.1,
        ip: who.2,
        token: token.0,
        session: token.1,
        verb: what.0,
        app: what.1,
        has_two_rows: what.2,
        policy: what.3,
        amr: claims.0,
        acrs: claims.1,
        is_app: claims.2,
    })
}

fn account() -> impl Strategy<Value = Account> {
    let methods = select(vec![
        None,
        Some("mobilePhone"),
        Some("passKeyDeviceBound"),
        Some("email"),
        Some("windowsHelloForBusiness"),
    ]);
    (option::of((any::<bool>(), methods)), option::weighted(0.3, select(vec!["Owner", "Reader"])))
        .prop_map(|(registered, role)| Account { registered, role })
}

/// Any small tenant; now and then a service that comes back every two hours, or a session.
pub(super) fn tenant() -> impl Strategy<Value = Tenant> {
    let service = (sign_in(), 12_u32..40).prop_map(|(first, times)| {
        (0..times)
            .map(|time| SignIn { minute: (time * 120 + 7) % 5_760, person: 1, ..first.clone() })
            .collect::<Vec<_>>()
    });
    let sign_ins = proptest::collection::vec(sign_in(), 4..24);
    // A password, and half an hour later a client that goes on with the session.
    let session = sign_in().prop_map(|first| {
        let first = SignIn {
            kind: "interactiveUser",
            code: 0,
            steps: Some(vec![0]),
            words: None,
            requirement: Some("singleFactorAuthentication"),
            policy: None,
            session: Some(0),
            ..first
        };
        let later = SignIn {
            kind: "nonInteractiveUser",
            minute: first.minute + 30,
            steps: Some(Vec::new()),
            ..first
        };
        vec![first, later]
    });
    let extra = prop_oneof![1 => Just(Vec::new()), 1 => service, 1 => session];
    let changes = proptest::collection::vec(change(), 0..16);
    let accounts = proptest::collection::vec(account(), PEOPLE.len());
    (sign_ins, extra, changes, accounts, any::<bool>()).prop_map(
        |(mut sign_ins, extra, mut changes, accounts, has_break_glass)| {
            sign_ins.extend(extra);
            for change in &mut changes {
                change.follow(&sign_ins);
            }
            Tenant { sign_ins, changes, accounts, has_break_glass }
        },
    )
}

/// A GUID of a kind of thing and its number.
pub(super) fn guid(kind: u32, number: usize) -> String {
    // Spread over the bytes, so that their order in a token identifier matters.
    format!(
        "{:08x}-{kind:04x}-4{number:03x}-8{:03x}-{:012x}",
        number * 7_919,
        number % 4_096,
        number * 31
    )
}

fn object_id(person: usize) -> String {
    guid(1, person)
}

fn session_id(person: usize, session: u32) -> String {
    guid(2, person * 10 + session as usize)
}

/// The token identifier of a request id: base64url of its bytes in .NET's order.
pub(super) fn token_of(guid: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hexadecimal: String = guid.split('-').collect();
    let byte = |at: usize| u32::from_str_radix(&hexadecimal[at * 2..at * 2 + 2], 16).unwrap();
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let bytes: Vec<u32> = order.iter().map(|at| byte(*at)).collect();
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits = part.iter().fold(0, |bits, byte| bits << 8 | byte) << (8 * (3 - part.len()));
        for digit in 0..=part.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}

/// Monday 2026-06-01 and so many minutes.
fn time(minute: u32, second: u32) -> String {
    let (day, hour) = (1 + minute / 1_440, minute / 60 % 24);
    format!("2026-06-{day:02}T{hour:02}:{:02}:{second:02}.0000000Z", minute % 60)
}

fn ip(number: u32) -> String {
    format!("203.0.113.{}", number + 7)
}

impl Tenant {
    /// The sign-ins as Graph's beta gives them.
    pub(super) fn sign_ins(&self) -> Vec<Value> {
        self.sign_ins.iter().enumerate().map(|(number, told)| told.record(number)).collect()
    }

    /// The events of the Activity Log.
    pub(super) fn events(&self) -> Vec<Value> {
        self.changes.iter().enumerate().flat_map(|(number, told)| told.records(number)).collect()
    }

    /// Rows of Graph's userRegistrationDetails.
    pub(super) fn registrations(&self) -> Vec<Value> {
        let known = self.accounts.iter().enumerate();
        known
            .filter_map(|(person, account)| {
                let (is_capable, method) = account.registered?;
                Some(json!({
                    "id": object_id(person), "userPrincipalName": PEOPLE[person],
                    "userDisplayName": PEOPLE[person], "userType": "member", "isAdmin": false,
                    "isMfaCapable": is_capable, "isMfaRegistered": is_capable,
                    "isPasswordlessCapable": false,
                    "methodsRegistered": method.into_iter().collect::<Vec<_>>(),
                    "lastUpdatedDateTime": "2026-06-04T00:00:00Z",
                }))
            })
            .collect()
    }

    /// Rows of `az role assignment list`.
    pub(super) fn roles(&self) -> Vec<Value> {
        let known = self.accounts.iter().enumerate();
        known
            .filter_map(|(person, account)| {
                let role = account.role?;
                let id = match role {
                    "Owner" => "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
                    _ => "acdd72a7-3385-48ef-bd42-f606fba81ae7",
                };
                let scope = format!("/subscriptions/{}", guid(9, 1));
                let definitions = "providers/Microsoft.Authorization/roleDefinitions";
                Some(json!({
                    "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", guid(8, person)),
                    "name": guid(8, person), "principalId": object_id(person),
                    "principalName": PEOPLE[person], "principalType": "User",
                    "roleDefinitionId": format!("{scope}/{definitions}/{id}"),
                    "roleDefinitionName": role, "scope": scope,
                    "type": "Microsoft.Authorization/roleAssignments",
                }))
            })
            .collect()
    }
}

impl SignIn {
    fn record(&self, number: usize) -> Value {
        let id = guid(3, number);
        let is_user = self.kind.ends_with("User");
        let mut record = json!({
            "id": id, "createdDateTime": time(self.minute, 0), "appId": self.app,
            "appDisplayName": "an application", "ipAddress": ip(self.ip),
            "correlationId": guid(4, number), "isInteractive": self.kind == "interactiveUser",
            "signInEventTypes": [self.kind], "resourceId": self.resource,
            "resourceDisplayName": "a resource", "uniqueTokenIdentifier": token_of(&id),
            "authenticationProtocol": if self.is_ropc { "ropc" } else { "none" },
            "status": {"errorCode": self.code, "failureReason": "Other.", "additionalDetails": self.words},
            "userAgent": self.agent,
            "clientAppUsed": "Mobile Apps and Desktop clients",
        });
        let members = record.as_object_mut().unwrap();
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        if let Some(session) = self.session {
            put("sessionId", json!(session_id(self.person, session)));
        }
        if !is_user {
            put("servicePrincipalId", json!(guid(5, self.person)));
            put("servicePrincipalName", json!("a program"));
            return record;
        }
        put("userId", json!(object_id(self.person)));
        put("userPrincipalName", json!(PEOPLE[self.person]));
        put("userType", json!("member"));
        put("authenticationRequirement", json!(self.requirement));
        if let Some(steps) = &self.steps {
            put("authenticationDetails", steps.iter().map(|step| shown(*step)).collect());
        }
        if let Some((result, control)) = self.policy {
            put(
                "appliedConditionalAccessPolicies",
                json!([{"id": guid(6, 1), "displayName": "a policy", "result": result,
                        "enforcedGrantControls": [control]}]),
            );
        }
        record
    }
}

fn shown(step: usize) -> Value {
    let (method, requirement, result, succeeded) = STEPS[step];
    json!({
        "authenticationMethod": method, "authenticationMethodDetail": "",
        "authenticationStepRequirement": requirement, "authenticationStepResultDetail": result,
        "succeeded": succeeded,
    })
}

impl Change {
    /// Makes it a change after a sign-in that neither token nor session names.
    fn follow(&mut self, sign_ins: &[SignIn]) {
        let Some((index, minutes)) = self.after else { return };
        let sign = &sign_ins[index % sign_ins.len()];
        self.person = sign.person;
        self.minute = sign.minute + minutes;
        self.ip = Some(sign.ip);
        self.app = sign.app;
        self.token = None;
        self.session = None;
    }

    /// The rows of the request, and of the policy that looked at it.
    fn records(&self, number: usize) -> Vec<Value> {
        let operation = format!("Microsoft.Storage/storageAccounts/{}", self.operation());
        let resource = format!(
            "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st{}",
            guid(9, 1),
            number % 3
        );
        let row = |part: usize, status: &str, second: u32| {
            let mut record = json!({
                "eventDataId": guid(16 + u32::try_from(part).unwrap(), number),
                "eventTimestamp": time(self.minute, second),
                "operationName": {"value": operation}, "resourceId": resource,
                "status": {"value": status}, "subStatus": {"value": ""},
                "category": {"value": "Administrative"}, "level": "Informational",
                "correlationId": guid(7, number), "operationId": guid(7, number),
                "caller": self.caller(), "claims": self.claims(),
                "authorization": {"action": operation, "scope": resource},
                "properties": {},
            });
            if let Some(number) = self.ip {
                record["httpRequest"] = json!({"clientIpAddress": ip(number), "method": "PUT"});
            }
            record
        };
        let mut rows = Vec::new();
        if self.has_two_rows {
            rows.push(row(0, "Started", 1));
        }
        rows.push(row(1, "Succeeded", 9));
        if let (Some(effect), "write") = (self.policy, self.verb) {
            let status = if effect == "Deny" { "Failed" } else { "Succeeded" };
            let mut event = row(2, status, 5);
            let name = format!("Microsoft.Authorization/policies/{}/action", effect.to_lowercase());
            event["operationName"] = json!({"value": name});
            event["category"] = json!({"value": "Policy"});
            let policy = json!([{
                "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b",
                "policyDefinitionEffect": effect,
            }]);
            event["properties"] = json!({
                "isComplianceCheck": "False", "resourceLocation": "westeurope",
                "policies": policy.to_string(),
            });
            rows.push(event);
        }
        rows
    }

    fn operation(&self) -> String {
        match self.verb {
            "action" => "listKeys/action".to_owned(),
            verb => verb.to_owned(),
        }
    }

    fn caller(&self) -> String {
        if self.is_app { guid(5, self.person) } else { PEOPLE[self.person].to_owned() }
    }

    fn claims(&self) -> Value {
        let mut claims = Map::new();
        let mut put =
            |name: &str, value: String| drop(claims.insert(name.to_owned(), json!(value)));
        put("appid", self.app.to_owned());
        let object = "http://schemas.microsoft.com/identity/claims/objectidentifier";
        if self.is_app {
            put("idtyp", "app".to_owned());
            put(object, guid(5, self.person));
        } else {
            put("idtyp", "user".to_owned());
            put(object, object_id(self.person));
            put(
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                PEOPLE[self.person].to_owned(),
            );
            if let Some(amr) = self.amr {
                put("http://schemas.microsoft.com/claims/authnmethodsreferences", amr.to_owned());
            }
            if let Some(acrs) = self.acrs {
                put("acrs", acrs.to_owned());
            }
            if let Some(session) = self.session {
                put("sid", session_id(self.person, session));
            }
        }
        if let Some(token) = self.token {
            put("uti", token_of(&guid(3, token)));
        }
        Value::Object(claims)
    }
}
