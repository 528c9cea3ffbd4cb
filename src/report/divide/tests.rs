//! What is divided, what is left whole, and what becomes of either.

use super::{Combine, Divided, divide};
use crate::report::Library;
use crate::report::plan::plan;

fn divided(sql: &str) -> Option<Divided> {
    let library = Library::embedded();
    let plan = plan(&[sql], &library).unwrap();
    divide(&[sql], &plan.views)
}

#[test]
fn figures_are_put_together_from_those_of_the_parts() {
    let sql = "SELECT a.resource_id, COUNT(*) AS n, CAST(COUNT(DISTINCT p.mfa_policy) AS BIGINT) AS d \
        FROM activity_policy p JOIN activity a ON a.event_id = p.event_id \
        WHERE a.is_policy_event GROUP BY a.resource_id ORDER BY n DESC";
    let Divided { asked, rest } = divided(sql).unwrap();
    let by = "azmfa_key_0, azmfa_key_1";
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].sql,
        format!(
            "SELECT {by}, COUNT(*) AS azmfa_figure_0 FROM (SELECT a.resource_id AS azmfa_key_0, \
             p.mfa_policy AS azmfa_key_1 FROM activity_policy p JOIN activity a ON \
             a.event_id = p.event_id WHERE a.is_policy_event) AS azmfa_rows GROUP BY {by}"
        ),
    );
    assert_eq!((asked[0].keys, asked[0].figures.as_slice()), (2, [Combine::Sum].as_slice()));
    assert_eq!((rest.len(), rest[0].reads), (1, 1));
    assert_eq!(
        rest[0].sql,
        "SELECT azmfa_key_0 AS resource_id, COALESCE(SUM(azmfa_figure_0), 0) AS n, \
         CAST(COUNT(DISTINCT azmfa_key_1) AS BIGINT) AS d FROM azmfa_part_0 \
         GROUP BY azmfa_key_0 ORDER BY n DESC"
    );
}

#[test]
fn ids_are_counted_where_they_are_and_nowhere_else() {
    let sql = "SELECT caller, COUNT(DISTINCT event_id) AS n FROM activity GROUP BY caller";
    let Divided { asked, rest } = divided(sql).unwrap();
    assert_eq!(asked[0].figures, [Combine::Sum]);
    assert_eq!(
        asked[0].sql,
        "SELECT azmfa_key_0, COUNT(DISTINCT azmfa_figure_0) AS azmfa_figure_0 FROM \
         (SELECT caller AS azmfa_key_0, event_id AS azmfa_figure_0 FROM activity) AS azmfa_rows \
         GROUP BY azmfa_key_0"
    );
    assert_eq!(
        rest[0].sql,
        "SELECT azmfa_key_0 AS caller, COALESCE(SUM(azmfa_figure_0), 0) AS n FROM azmfa_part_0 \
         GROUP BY azmfa_key_0"
    );
    let views = |sql: &str| [("mine".to_owned(), sql.to_owned())];
    let sql = "SELECT COUNT(DISTINCT event_id) AS n FROM mine";
    let kept = divide(&[sql], &views("SELECT event_id FROM activity")).unwrap();
    assert!(kept.rest[0].sql.contains("SUM"), "{kept:?}");
    let other = divide(&[sql], &views("SELECT caller AS event_id FROM activity")).unwrap();
    assert!(other.rest[0].sql.contains("COUNT(DISTINCT"), "{other:?}");
}

#[test]
fn every_report_that_only_adds_up_is_divided() {
    let library = Library::embedded();
    for id in [
        "summary",
        "by-resource",
        "by-user",
        "by-policy",
        "by-operation",
        "by-subscription",
        "by-region",
        "by-client",
        "by-application",
        "timeline",
    ] {
        assert!(divided(&library.find(id).unwrap().sql).is_some(), "{id}");
    }
    for id in ["non-mfa-writes", "policy-audit"] {
        assert!(divided(&library.find(id).unwrap().sql).is_none(), "{id}");
    }
}

#[test]
fn what_has_to_see_all_rows_is_left_whole() {
    for sql in [
        "SELECT caller FROM activity",
        "SELECT 1 AS one FROM activity",
        "SELECT DISTINCT caller FROM activity",
        "SELECT COUNT(*) FROM activity",
        "SELECT AVG(event_count) AS a FROM attempt",
        "SELECT SUM(event_count / 2) AS a FROM attempt",
        "SELECT SUM(event_count * 0.5) AS a FROM attempt",
        "SELECT SUM(CAST(event_count AS DOUBLE)) AS a FROM attempt",
        "SELECT SUM(DISTINCT event_count) AS a FROM attempt",
        "SELECT caller, mfa, COUNT(*) AS n FROM attempt GROUP BY caller",
        "SELECT caller, COUNT(*) AS n FROM attempt GROUP BY ALL",
        "SELECT caller, COUNT(*) AS n FROM attempt GROUP BY 1",
        "SELECT lower(caller) AS caller, COUNT(*) AS n FROM attempt GROUP BY caller",
        "SELECT caller, COUNT(*) AS n FROM attempt GROUP BY caller HAVING COUNT(*) > 1",
        "SELECT caller, COUNT(*) AS n FROM attempt GROUP BY caller ORDER BY COUNT(*)",
        "SELECT caller, COUNT(*) AS n FROM attempt GROUP BY caller ORDER BY max(first_time)",
        "SELECT caller, ROW_NUMBER() OVER (ORDER BY caller) AS n FROM attempt GROUP BY caller",
        "SELECT COUNT(*) AS n FROM attempt WHERE caller IN (SELECT max(caller) AS c FROM activity)",
        "SELECT COUNT(*) AS n FROM activity a, attempt b WHERE a.attempt_id = b.attempt_id",
        "SELECT COUNT(*) AS n FROM activity a CROSS JOIN attempt b",
        "SELECT COUNT(*) AS n FROM activity a JOIN attempt b ON a.caller = b.caller",
        "SELECT COUNT(*) AS n FROM activity a JOIN attempt b ON a.event_id = b.event_id",
        "SELECT COUNT(*) AS n FROM activity a JOIN attempt b ON a.attempt_id = b.attempt_id OR TRUE",
        "SELECT COUNT(*) AS n FROM activity a RIGHT JOIN attempt b ON a.attempt_id = b.attempt_id",
        "SELECT COUNT(*) AS n FROM activity a JOIN activity b ON a.caller = b.caller",
        "SELECT COUNT(*) AS n FROM attempt a JOIN attempt_measure b ON a.attempt_id = b.attempt_id",
        "WITH t AS (SELECT caller FROM attempt) SELECT COUNT(*) AS n FROM t",
        "SELECT COUNT(*) AS azmfa_n FROM activity",
        "SELECT COUNT(*) AS n FROM run",
    ] {
        assert_eq!(divided(sql), None, "{sql}");
    }
}
