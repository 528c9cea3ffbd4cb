//! From raw fields to a normalised row of `activity`.

use std::ops::Range;

use crate::extract::field::{Field, FieldSet};
use crate::extract::raw::Raw;
use crate::extract::resource::{Kind, ResourceParts};
use crate::json::scan::make_ascii_lowercase;
use crate::mfa::client::client_name;
use crate::mfa::operation::{OperationClass, Status};
use crate::mfa::policy::effect_of_operation;
use crate::mfa::principal::{Evidence, Principal, classify, without_guest_prefix};
use crate::mfa::token::token_guid_into;
use crate::mfa::verdict::{Proof, strict_verdict, verdict};
use crate::schema::activity::TABLE;
use crate::text::{is_same_name, split_at_mark, trim_ascii};
use crate::time::Ticks;

macro_rules! positions {
    ($($name:ident = $column:literal,)*) => {
        /// Positions of columns in the table `activity`.
        pub(crate) mod position {
            $(pub(crate) const $name: usize = super::position_of($column);)*
        }
    };
}

const fn position_of(name: &str) -> usize {
    let columns = TABLE.columns;
    let mut index = 0;
    while index < columns.len() {
        if is_same_name(columns[index].name, name) {
            return index;
        }
        index += 1;
    }
    // Evaluated when the crate is compiled: an unknown name does not build.
    unreachable!()
}

positions! {
    EVENT_ID = "event_id", EVENT_TIME = "event_time", TENANT_ID = "tenant_id", FORMAT = "format",
    SOURCE_FILE = "source_file", SOURCE_OFFSET = "source_offset",
    SUBSCRIPTION_ID = "subscription_id", RESOURCE_GROUP = "resource_group",
    RESOURCE_ID = "resource_id", RESOURCE_TYPE = "resource_type", RESOURCE_NAME = "resource_name",
    REGION = "region", OPERATION = "operation", OPERATION_CLASS = "operation_class",
    STATUS = "status", SUB_STATUS = "sub_status", LEVEL = "level", CATEGORY = "category",
    CORRELATION_ID = "correlation_id", OPERATION_ID = "operation_id", CALLER = "caller",
    CALLER_UPN = "caller_upn", CALLER_OID = "caller_oid", CALLER_NAME = "caller_name",
    PRINCIPAL_TYPE = "principal_type", CLIENT_APP_ID = "client_app_id", CLIENT_APP = "client_app",
    IP = "ip", AMR = "amr", ACR = "acr", ACRS = "acrs", IDTYP = "idtyp", MFA = "mfa",
    TOKEN_ID = "token_id", SESSION_ID = "session_id", ERROR_CODE = "error_code",
    ERROR_MESSAGE = "error_message", HTTP_METHOD = "http_method", ROLE = "role",
    IS_POLICY_EVENT = "is_policy_event", IS_COMPLIANCE_CHECK = "is_compliance_check",
    AUTHORIZATION_ACTION = "authorization_action", EVENT_KEY = "event_key",
    ATTEMPT_ID = "attempt_id",
}

/// Number of columns of `activity`.
pub(crate) const COLUMN_COUNT: usize = TABLE.columns.len();

/// A text of a row: borrowed from the record, or made in the scratch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Piece<'a> {
    #[default]
    Absent,
    Borrowed(&'a str),
    Scratch(u32, u32),
}

/// A normalised row; texts by position of their column.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    texts: [Piece<'a>; COLUMN_COUNT],
    /// Bytes of the scratch that tell who the row is, from the first on: the columns in [`FOLDED`] up
    /// to [`IDENTITY_TEXTS`], each behind a zero.
    identity_bytes: usize,
    pub(crate) ticks: Ticks,
    pub(crate) is_policy_event: bool,
    pub(crate) is_compliance_check: Option<bool>,
    pub(crate) has_claims: bool,
    /// Whether "user" had to be decided without `idtyp`.
    pub(crate) user_without_idtyp: bool,
}

/// What a row of the asked-for columns needs: those of identity always.
const IDENTITY: FieldSet = FieldSet::of(&[
    Field::EventId,
    Field::EventPath,
    Field::Time,
    Field::ResourceId,
    Field::Operation,
    Field::Status,
    Field::ResultSignature,
    Field::SubStatus,
    Field::StatusCode,
    Field::CorrelationId,
    Field::Claims,
    Field::IsComplianceCheck,
    Field::Policies,
]);
const CALLER: FieldSet = FieldSet::of(&[
    Field::Caller,
    Field::Upn,
    Field::UniqueName,
    Field::ObjectId,
    Field::AppId,
    Field::Spn,
]);
const PRINCIPAL: FieldSet = CALLER.union(FieldSet::of(&[
    Field::Claims,
    Field::Idtyp,
    Field::Scope,
    Field::Puid,
    Field::Amr,
    Field::AppCredential,
    Field::IdentityResource,
]));

/// Columns of `activity`, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ColumnSet(u64);

impl ColumnSet {
    /// The set of columns at some positions.
    const fn of(positions: &[usize]) -> Self {
        let mut set = Self(0);
        let mut index = 0;
        while index < positions.len() {
            set.0 |= 1 << positions[index];
            index += 1;
        }
        set
    }

    /// The columns that have to be made so that some can be told, by their names: with those that
    /// tell who a row is.
    pub(crate) fn for_columns<'c>(columns: impl Iterator<Item = &'c str>) -> Self {
        Self(Self::named(columns).0 | IDENTITY_COLUMNS.0)
    }

    /// The set of columns by their names.
    pub(crate) fn named<'c>(columns: impl Iterator<Item = &'c str>) -> Self {
        let position = |name: &str| TABLE.columns.iter().position(|column| column.name == name);
        Self(columns.filter_map(position).fold(0, |set, position| set | 1 << position))
    }

    #[inline(always)]
    pub(crate) fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// Columns that tell who a row is, and whether it is a policy event.
const IDENTITY_COLUMNS: ColumnSet = ColumnSet::of(&[
    position::EVENT_ID,
    position::RESOURCE_ID,
    position::OPERATION,
    position::STATUS,
    position::SUB_STATUS,
    position::CORRELATION_ID,
]);

/// Columns in lower case, in the order in which [`Row::fold`] lays their texts: first those that tell
/// who a row is.
const FOLDED: [usize; 20] = [
    position::RESOURCE_ID,
    position::OPERATION,
    position::STATUS,
    position::SUB_STATUS,
    position::CORRELATION_ID,
    position::EVENT_ID,
    position::OPERATION_ID,
    position::CATEGORY,
    position::AUTHORIZATION_ACTION,
    position::LEVEL,
    position::SUBSCRIPTION_ID,
    position::RESOURCE_GROUP,
    position::RESOURCE_TYPE,
    position::REGION,
    position::TENANT_ID,
    position::CALLER_UPN,
    position::CALLER,
    position::CALLER_OID,
    position::CLIENT_APP_ID,
    position::IDTYP,
];

/// How many of [`FOLDED`] tell who a row is, together with its time and policies.
const IDENTITY_TEXTS: usize = 5;

const NAMED_COLUMNS: ColumnSet = ColumnSet::of(&[position::CALLER_UPN, position::CALLER]);
const CLIENT_COLUMNS: ColumnSet = ColumnSet::of(&[position::CLIENT_APP_ID, position::CLIENT_APP]);

/// Columns made from the resource id and what stands around it.
const PLACE_COLUMNS: ColumnSet = ColumnSet::of(&[
    position::TENANT_ID,
    position::SUBSCRIPTION_ID,
    position::RESOURCE_GROUP,
    position::RESOURCE_TYPE,
    position::RESOURCE_NAME,
    position::REGION,
]);

/// The raw fields that a column is made from, besides those of the identity.
fn fields_of(column: &str) -> FieldSet {
    const fn one(field: Field) -> FieldSet {
        FieldSet::of(&[field])
    }
    match column {
        "tenant_id" => FieldSet::of(&[Field::TenantId, Field::TokenTenantId, Field::Hierarchy]),
        "subscription_id" => one(Field::SubscriptionId),
        "resource_group" => one(Field::ResourceGroup),
        "resource_type" => one(Field::ResourceType),
        "region" => one(Field::ResourceLocation),
        "level" => one(Field::Level),
        "category" => FieldSet::of(&[Field::EventCategory, Field::Category]),
        "operation_id" => one(Field::OperationId),
        "caller" | "caller_upn" | "caller_oid" => CALLER,
        "caller_name" => one(Field::DisplayName),
        "principal_type" => PRINCIPAL,
        "client_app_id" => one(Field::AppId),
        "client_app" => FieldSet::of(&[Field::AppId, Field::AppName]),
        "ip" => FieldSet::of(&[Field::ClientIp, Field::TokenIp]),
        "amr" => one(Field::Amr),
        "acr" => one(Field::Acr),
        "acrs" => one(Field::Acrs),
        "idtyp" => one(Field::Idtyp),
        "mfa" => PRINCIPAL.union(one(Field::Acrs)),
        "token_id" => one(Field::TokenId),
        "session_id" => one(Field::SessionId),
        "error_code" => one(Field::ErrorCode),
        "error_message" => FieldSet::of(&[Field::ErrorMessage, Field::Description]),
        "http_method" => one(Field::HttpMethod),
        "role" => one(Field::Role),
        // An operation that an export leaves out can stand in `authorization.action`.
        "authorization_action" | "operation" | "operation_class" => one(Field::AuthorizationAction),
        _ => FieldSet::default(),
    }
}

/// The raw fields that the asked-for columns need.
pub(crate) fn fields_for<'c>(columns: impl Iterator<Item = &'c str>) -> FieldSet {
    columns.fold(IDENTITY, |set, column| set.union(fields_of(column)))
}

impl Piece<'_> {
    /// The piece at `range` of this one.
    fn part(self, range: Range<usize>) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Borrowed(text) => text.get(range).map_or(Self::Absent, Self::Borrowed),
            Self::Scratch(start, _) => {
                let offset = |at: usize| start + u32::try_from(at).unwrap_or(0);
                Self::Scratch(offset(range.start), offset(range.end))
            }
        }
    }
}

impl<'a> Row<'a> {
    /// A row of some time, of which nothing else is known yet.
    #[inline(always)]
    pub(crate) fn at(ticks: Ticks) -> Self {
        Self {
            texts: [Piece::Absent; COLUMN_COUNT],
            identity_bytes: 0,
            ticks,
            is_policy_event: false,
            is_compliance_check: None,
            has_claims: false,
            user_without_idtyp: false,
        }
    }

    /// Normalises the fields of one record, as far as the columns in `needs` are made from them;
    /// what was in `scratch` is lost.
    pub(crate) fn normalise(
        &mut self,
        raw: &Raw<'a>,
        scratch: &mut String,
        strict_policy: bool,
        needs: ColumnSet,
    ) {
        self.has_claims = raw.get(Field::Claims).is_some_and(|text| !matches!(text, "{}" | "null"));
        let outcome = Outcome::of(raw);
        self.fold(raw, &outcome, scratch, needs);
        if needs.has_any(PLACE_COLUMNS) {
            self.place(scratch);
        }
        self.operation(raw, scratch, needs);
        self.outcome(raw, &outcome, scratch);
        self.shown(raw, scratch, needs);
        self.proof(raw, scratch, strict_policy, needs);
    }

    /// Makes the texts that are in lower case, all at once: they lie behind each other in `scratch`,
    /// in the order of [`FOLDED`], each of the identity behind a zero.
    fn fold(
        &mut self,
        raw: &Raw<'a>,
        outcome: &Outcome<'a>,
        scratch: &mut String,
        needs: ColumnSet,
    ) {
        // Export-Csv writes the name of the .NET type where the value should be.
        let operation = raw
            .get(Field::Operation)
            .filter(|name| !name.ends_with(".LocalizableString"))
            .or(raw.get(Field::AuthorizationAction));
        scratch.clear();
        for (position, text) in [
            (position::RESOURCE_ID, raw.get(Field::ResourceId).map(|id| id.trim_end_matches('/'))),
            (position::OPERATION, operation),
            (position::STATUS, outcome.status.map(Status::name)),
            (position::SUB_STATUS, outcome.sub_status),
            (position::CORRELATION_ID, raw.get(Field::CorrelationId).and_then(real_id)),
        ] {
            scratch.push('\0');
            self.lay(position, text, scratch);
        }
        self.identity_bytes = scratch.len();
        let id = raw.get(Field::EventId).or_else(|| event_in_path(raw.get(Field::EventPath)?));
        self.lay(position::EVENT_ID, id, scratch);
        let operation_id = raw.get(Field::OperationId).and_then(real_id);
        self.lay(position::OPERATION_ID, operation_id, scratch);
        let category = raw.get(Field::EventCategory).or(raw.get(Field::Category));
        self.lay(position::CATEGORY, category, scratch);
        self.lay(position::AUTHORIZATION_ACTION, raw.get(Field::AuthorizationAction), scratch);
        self.lay(position::LEVEL, raw.get(Field::Level).map(level), scratch);
        if needs.has_any(PLACE_COLUMNS) {
            self.lay_place(raw, scratch);
        }
        if needs.has_any(NAMED_COLUMNS) {
            let (upn, caller) = names(raw);
            self.lay(position::CALLER_UPN, upn, scratch);
            self.lay(position::CALLER, caller.filter(|_| needs.has(position::CALLER)), scratch);
        }
        for (position, columns, field) in [
            (position::CALLER_OID, ColumnSet::of(&[position::CALLER_OID]), Field::ObjectId),
            (position::CLIENT_APP_ID, CLIENT_COLUMNS, Field::AppId),
            (position::IDTYP, ColumnSet::of(&[position::IDTYP]), Field::Idtyp),
        ] {
            if needs.has_any(columns) {
                self.lay(position, raw.get(field), scratch);
            }
        }
        if !make_ascii_lowercase(scratch) {
            self.fold_foreign(scratch);
        }
    }

    /// What the record itself says of the place of its resource.
    fn lay_place(&mut self, raw: &Raw<'a>, scratch: &mut String) {
        let subscription = raw.get(Field::SubscriptionId);
        let subscription = subscription.map(|path| last_segment(path.trim().trim_matches('/')));
        let tenant = raw
            .get(Field::TenantId)
            .or(raw.get(Field::TokenTenantId))
            .or_else(|| raw.get(Field::Hierarchy)?.split('/').find(|part| !part.is_empty()));
        self.lay(position::SUBSCRIPTION_ID, subscription, scratch);
        self.lay(position::RESOURCE_GROUP, raw.get(Field::ResourceGroup), scratch);
        self.lay(position::RESOURCE_TYPE, raw.get(Field::ResourceType), scratch);
        self.lay(position::REGION, raw.get(Field::ResourceLocation), scratch);
        self.lay(position::TENANT_ID, tenant, scratch);
    }

    /// Lays the text of a column behind those that are there.
    #[inline]
    fn lay(&mut self, position: usize, text: Option<&str>, scratch: &mut String) {
        if let Some(text) = text {
            let start = scratch.len();
            scratch.push_str(trim_ascii(text));
            self.texts[position] = made(start, scratch);
        }
    }

    /// Folds texts some of which have letters beyond ASCII, one by one: they may change in length.
    #[cold]
    fn fold_foreign(&mut self, scratch: &mut String) {
        let laid = std::mem::take(scratch);
        for (place, position) in FOLDED.iter().enumerate() {
            if place < IDENTITY_TEXTS {
                scratch.push('\0');
            }
            let start = scratch.len();
            scratch.push_str(&self.text(*position, &laid).unwrap_or_default().to_lowercase());
            self.texts[*position] = made(start, scratch);
            if place < IDENTITY_TEXTS {
                self.identity_bytes = scratch.len();
            }
        }
    }

    /// The text of a column.
    pub(crate) fn text<'s>(&'s self, position: usize, scratch: &'s str) -> Option<&'s str> {
        match self.texts[position] {
            Piece::Absent => None,
            Piece::Borrowed(text) => Some(text),
            Piece::Scratch(start, end) => scratch.get(start as usize..end as usize),
        }
    }

    /// What tells the row from others, beside its time and policies.
    pub(crate) fn identity<'s>(&self, scratch: &'s str) -> &'s [u8] {
        scratch.as_bytes().get(..self.identity_bytes).unwrap_or_default()
    }

    fn place(&mut self, scratch: &mut String) {
        let whole = self.texts[position::RESOURCE_ID];
        let id = self.text(position::RESOURCE_ID, scratch).unwrap_or_default();
        let parts = ResourceParts::of(id);
        let kind = parts.kind(id);
        let part =
            |range: Option<Range<usize>>| range.map_or(Piece::Absent, |range| whole.part(range));
        self.texts[position::RESOURCE_NAME] = part(parts.name);
        if parts.group.is_some() {
            self.texts[position::RESOURCE_GROUP] = part(parts.group);
        }
        if matches!(self.texts[position::SUBSCRIPTION_ID], Piece::Absent) {
            self.texts[position::SUBSCRIPTION_ID] = part(parts.subscription);
        }
        self.texts[position::RESOURCE_TYPE] = match kind {
            Kind::Part(range) => whole.part(range),
            Kind::Known(kind) => Piece::Borrowed(kind),
            Kind::Joined(kind) => {
                let start = scratch.len();
                scratch.push_str(&kind);
                made(start, scratch)
            }
            Kind::Untold => self.texts[position::RESOURCE_TYPE],
        };
    }

    fn operation(&mut self, raw: &Raw<'a>, scratch: &str, needs: ColumnSet) {
        let operation = self.text(position::OPERATION, scratch).unwrap_or_default();
        let is_policy = effect_of_operation(operation).is_some();
        if needs.has(position::OPERATION_CLASS)
            && !matches!(self.texts[position::OPERATION], Piece::Absent)
        {
            let class = OperationClass::of(operation);
            self.texts[position::OPERATION_CLASS] = Piece::Borrowed(class.name());
        }
        let scan = raw.get(Field::IsComplianceCheck).map(|text| text.eq_ignore_ascii_case("true"));
        self.is_compliance_check = scan.or(is_policy.then_some(false));
        self.is_policy_event = is_policy && scan != Some(true);
        if !is_policy {
            self.texts[position::AUTHORIZATION_ACTION] = Piece::Absent;
        } else if raw.get(Field::EventCategory).is_none() {
            self.texts[position::CATEGORY] = Piece::Borrowed("policy");
        }
    }

    fn outcome(&mut self, raw: &Raw<'a>, outcome: &Outcome<'a>, scratch: &mut String) {
        if outcome.status == Some(Status::Failed) {
            let code = raw.get(Field::ErrorCode).or(raw.get(Field::StatusCode)).or(outcome.after);
            self.texts[position::ERROR_CODE] = trimmed(code);
            let message = raw.get(Field::ErrorMessage).or(raw.get(Field::Description));
            self.texts[position::ERROR_MESSAGE] = trimmed(message);
        }
        let method = raw.get(Field::HttpMethod);
        self.texts[position::HTTP_METHOD] = match method {
            Some(method) if method.bytes().any(|byte| byte.is_ascii_lowercase()) => {
                let start = scratch.len();
                scratch.extend(method.chars().map(|letter| letter.to_ascii_uppercase()));
                made(start, scratch)
            }
            method => trimmed(method),
        };
    }

    /// Texts that are shown as they are.
    fn shown(&mut self, raw: &Raw<'a>, scratch: &str, needs: ColumnSet) {
        if needs.has(position::CLIENT_APP) {
            let name = self.text(position::CLIENT_APP_ID, scratch).and_then(client_name);
            self.texts[position::CLIENT_APP] =
                name.map_or_else(|| trimmed(raw.get(Field::AppName)), Piece::Borrowed);
        }
        self.texts[position::CALLER_NAME] = trimmed(raw.get(Field::DisplayName));
        self.texts[position::IP] = trimmed(raw.get(Field::ClientIp).or(raw.get(Field::TokenIp)));
        self.texts[position::ROLE] = trimmed(raw.get(Field::Role));
    }

    fn proof(
        &mut self,
        raw: &Raw<'a>,
        scratch: &mut String,
        strict_policy: bool,
        needs: ColumnSet,
    ) {
        let (amr, acrs) = (raw.get(Field::Amr), raw.get(Field::Acrs));
        let idtyp = raw.get(Field::Idtyp);
        let (principal, guessed) = classify(&Evidence {
            has_claims: self.has_claims,
            caller: raw.get(Field::Caller),
            idtyp,
            has_identity_resource: raw.get(Field::IdentityResource).is_some(),
            has_scope: raw.get(Field::Scope).is_some(),
            has_upn: raw.get(Field::Upn).is_some(),
            unique_name: raw.get(Field::UniqueName),
            has_puid: raw.get(Field::Puid).is_some(),
            has_amr: amr.is_some(),
            app_credential: raw.get(Field::AppCredential),
            has_app_id: raw.get(Field::AppId).is_some(),
            has_object_id: raw.get(Field::ObjectId).is_some(),
            has_spn: raw.get(Field::Spn).is_some(),
        });
        self.user_without_idtyp = guessed && principal == Principal::User;
        self.texts[position::PRINCIPAL_TYPE] = Piece::Borrowed(principal.name());
        if needs.has(position::MFA) {
            let proof = Proof { idtyp, amr, acrs };
            let found = if strict_policy && self.has_claims {
                strict_verdict(proof)
            } else {
                verdict(principal, proof)
            };
            self.texts[position::MFA] = Piece::Borrowed(found.name());
        }
        for (column, claim) in [(position::AMR, amr), (position::ACRS, acrs)] {
            if needs.has(column) {
                self.texts[column] = list(claim, scratch);
            }
        }
        self.texts[position::ACR] = trimmed(raw.get(Field::Acr));
        self.texts[position::SESSION_ID] = trimmed(raw.get(Field::SessionId));
        if let Some(token) = raw.get(Field::TokenId) {
            let start = scratch.len();
            token_guid_into(token.trim(), scratch);
            self.texts[position::TOKEN_ID] = made(start, scratch);
        }
    }
}

/// What a record says of the state of its operation.
struct Outcome<'a> {
    status: Option<Status>,
    sub_status: Option<&'a str>,
    /// What stands behind the dot of a signature.
    after: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    fn of(raw: &Raw<'a>) -> Self {
        let signature = raw.get(Field::ResultSignature);
        let (before, after) =
            signature.map_or((None, None), |text| match split_at_mark(text, b'.') {
                Some((before, after)) => {
                    (Some(before), Some(after).filter(|after| !after.is_empty()))
                }
                None if Status::of(text) == Status::Other => (None, Some(text)),
                None => (Some(text), None),
            });
        Self {
            status: raw.get(Field::Status).or(before).map(Status::of),
            sub_status: raw.get(Field::SubStatus).or(after).or(raw.get(Field::StatusCode)),
            after,
        }
    }
}

/// The user principal name of the caller, and what names the caller best.
fn names<'a>(raw: &Raw<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let caller = raw.get(Field::Caller);
    let unique_name = || raw.get(Field::UniqueName).map(without_guest_prefix);
    let upn = raw
        .get(Field::Upn)
        .or_else(|| caller.filter(|caller| caller.contains('@')))
        .or_else(|| unique_name().filter(|name| name.contains('@')))
        .map(without_guest_prefix);
    let caller = caller
        .map(without_guest_prefix)
        .or(upn)
        .or_else(unique_name)
        .or(raw.get(Field::ObjectId))
        .or(raw.get(Field::AppId))
        .or(raw.get(Field::Spn));
    (upn, caller)
}

/// The word for a level, which some exports number.
fn level(level: &str) -> &str {
    match level {
        "1" => "critical",
        "2" => "error",
        "3" => "warning",
        "4" => "informational",
        "5" => "verbose",
        level if level.eq_ignore_ascii_case("information") => "informational",
        level => level,
    }
}

fn made<'a>(start: usize, scratch: &str) -> Piece<'a> {
    if start == scratch.len() {
        return Piece::Absent;
    }
    // The scratch holds one record's texts: far below 4 GiB.
    Piece::Scratch(u32::try_from(start).unwrap_or(0), u32::try_from(scratch.len()).unwrap_or(0))
}

fn trimmed(text: Option<&str>) -> Piece<'_> {
    text.map(str::trim_ascii).filter(|text| !text.is_empty()).map_or(Piece::Absent, Piece::Borrowed)
}

/// A comma-joined claim without blanks around its values.
fn list<'a>(text: Option<&'a str>, scratch: &mut String) -> Piece<'a> {
    let Some(text) = text.map(str::trim_ascii).filter(|text| !text.is_empty()) else {
        return Piece::Absent;
    };
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Piece::Borrowed(text);
    }
    let start = scratch.len();
    for (place, value) in text.split(',').enumerate() {
        if place > 0 {
            scratch.push(',');
        }
        scratch.push_str(value.trim_ascii());
    }
    made(start, scratch)
}

/// An id that is not the empty GUID or another way of saying "none".
fn real_id(text: &str) -> Option<&str> {
    let text = text.trim_ascii();
    (!text.eq_ignore_ascii_case("n/a") && text != "00000000-0000-0000-0000-000000000000")
        .then_some(text)
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `…/events/{id}/ticks/{n}` → `{id}`.
fn event_in_path(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once("/events/")?;
    rest.split('/').next().filter(|id| !id.is_empty())
}
