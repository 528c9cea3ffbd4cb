-- Q2: write and delete rows without MFA per user; columns named by hand.
WITH token AS (
    SELECT
        lower(operationName) AS operation,
        identity.claims.idtyp AS idtyp,
        identity.claims."http://schemas.microsoft.com/claims/authnmethodsreferences" AS amr,
        identity.claims.acrs AS acrs,
        lower(identity.claims."http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn") AS upn
    FROM read_json(
        getvariable('input'),
        format = 'newline_delimited',
        columns = {
            operationName: 'VARCHAR',
            identity: 'STRUCT(claims STRUCT(
                idtyp VARCHAR,
                acrs VARCHAR,
                "http://schemas.microsoft.com/claims/authnmethodsreferences" VARCHAR,
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn" VARCHAR
            ))'
        }
    )
)
SELECT upn, count(*) AS events
FROM token
WHERE (operation LIKE '%/write' OR operation LIKE '%/delete')
  AND idtyp = 'user'
  AND coalesce(amr, acrs) IS NOT NULL
  AND NOT list_contains(string_split(coalesce(amr, ''), ','), 'mfa')
  AND NOT list_contains(string_split(coalesce(acrs, ''), ','), 'p1')
GROUP BY upn;
