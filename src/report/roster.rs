//! The reports and views built into the program. The block below is rewritten by a test.

// roster: begin
#[rustfmt::skip]
pub(crate) const REPORTS: &[(&str, &str)] = &[
    ("queries/activity/by-application.sql", include_str!("../../queries/activity/by-application.sql")),
    ("queries/activity/by-client.sql", include_str!("../../queries/activity/by-client.sql")),
    ("queries/activity/by-operation.sql", include_str!("../../queries/activity/by-operation.sql")),
    ("queries/activity/by-policy.sql", include_str!("../../queries/activity/by-policy.sql")),
    ("queries/activity/by-region.sql", include_str!("../../queries/activity/by-region.sql")),
    ("queries/activity/by-resource.sql", include_str!("../../queries/activity/by-resource.sql")),
    ("queries/activity/by-subscription.sql", include_str!("../../queries/activity/by-subscription.sql")),
    ("queries/activity/by-user.sql", include_str!("../../queries/activity/by-user.sql")),
    ("queries/activity/non-mfa-writes.sql", include_str!("../../queries/activity/non-mfa-writes.sql")),
    ("queries/activity/policy-audit.sql", include_str!("../../queries/activity/policy-audit.sql")),
    ("queries/activity/summary.sql", include_str!("../../queries/activity/summary.sql")),
    ("queries/activity/timeline.sql", include_str!("../../queries/activity/timeline.sql")),
    ("queries/signin/blockers.sql", include_str!("../../queries/signin/blockers.sql")),
    ("queries/signin/legacy-auth.sql", include_str!("../../queries/signin/legacy-auth.sql")),
    ("queries/signin/mfa-methods.sql", include_str!("../../queries/signin/mfa-methods.sql")),
    ("queries/signin/msid-mfa-report.sql", include_str!("../../queries/signin/msid-mfa-report.sql")),
    ("queries/signin/protected-actions.sql", include_str!("../../queries/signin/protected-actions.sql")),
    ("queries/signin/readiness-summary.sql", include_str!("../../queries/signin/readiness-summary.sql")),
    ("queries/signin/readiness.sql", include_str!("../../queries/signin/readiness.sql")),
    ("queries/signin/service-accounts.sql", include_str!("../../queries/signin/service-accounts.sql")),
    ("queries/signin/sign-in-gaps.sql", include_str!("../../queries/signin/sign-in-gaps.sql")),
    ("queries/signin/sign-ins-by-app.sql", include_str!("../../queries/signin/sign-ins-by-app.sql")),
    ("queries/signin/sign-ins-by-user.sql", include_str!("../../queries/signin/sign-ins-by-user.sql")),
    ("queries/signin/write-to-sign-in.sql", include_str!("../../queries/signin/write-to-sign-in.sql")),
];

#[rustfmt::skip]
pub(crate) const VIEWS: &[(&str, &str)] = &[
    ("queries/views/attempt_measure.sql", include_str!("../../queries/views/attempt_measure.sql")),
    ("queries/views/policy_event.sql", include_str!("../../queries/views/policy_event.sql")),
    ("queries/views/readiness_rank.sql", include_str!("../../queries/views/readiness_rank.sql")),
    ("queries/views/sign_in_measure.sql", include_str!("../../queries/views/sign_in_measure.sql")),
    ("queries/views/sign_in_user.sql", include_str!("../../queries/views/sign_in_user.sql")),
];
// roster: end
