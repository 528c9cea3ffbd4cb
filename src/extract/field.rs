//! The raw fields that export shapes give, before any rule is applied.

/// One raw field. A format says by which paths it is found; the first path that holds a value
/// wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
#[expect(
    missing_docs,
    reason = "the names are the field's own; the schema says what becomes of them"
)]
pub enum Field {
    EventId,
    /// An id that holds `/events/{event id}/`.
    EventPath,
    Time,
    TenantId,
    TokenTenantId,
    /// Slash-joined management groups, tenant or subscription first.
    Hierarchy,
    SubscriptionId,
    ResourceGroup,
    ResourceId,
    ResourceType,
    ResourceLocation,
    Operation,
    Status,
    /// `Succeeded.Created`: status, dot, sub-status.
    ResultSignature,
    SubStatus,
    StatusCode,
    Level,
    EventCategory,
    Category,
    CorrelationId,
    OperationId,
    Caller,
    /// The claims as a whole: whether there are any.
    Claims,
    Upn,
    UniqueName,
    ObjectId,
    DisplayName,
    Idtyp,
    Scope,
    Puid,
    Spn,
    AppId,
    AppName,
    AppCredential,
    IdentityResource,
    ClientIp,
    TokenIp,
    Amr,
    Acr,
    Acrs,
    TokenId,
    SessionId,
    ErrorCode,
    ErrorMessage,
    Description,
    HttpMethod,
    Role,
    IsComplianceCheck,
    Policies,
    AuthorizationAction,
}

/// How many fields there are.
pub const FIELD_COUNT: usize = Field::AuthorizationAction as usize + 1;

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u64);

impl FieldSet {
    /// Every field.
    pub const ALL: Self = Self((1 << FIELD_COUNT) - 1);

    /// The set of `fields`.
    pub const fn of(fields: &[Field]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < fields.len() {
            bits |= 1 << fields[index] as u64;
            index += 1;
        }
        Self(bits)
    }

    /// The set with the field at `place`, which is below 64.
    #[must_use]
    pub const fn with(self, place: usize) -> Self {
        Self(self.0 | 1 << place)
    }

    /// Whether the field at `place` is in the set.
    pub const fn has_place(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// The places of the fields in the set, in order.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `field` is in the set.
    pub const fn has(self, field: Field) -> bool {
        self.0 >> field as u64 & 1 == 1
    }
}
