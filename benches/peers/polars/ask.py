"""Asks Polars one question and prints the answer as CSV: ask.py START|Q1|Q2 az|nd INPUT.

JSON lines are scanned lazily with a schema that names only what the question reads. An array has
no lazy reader in Polars, so `read_json` takes it whole, with the same schema. The number of threads
comes from POLARS_MAX_THREADS.
"""

import sys

import polars as pl

AMR = "http://schemas.microsoft.com/claims/authnmethodsreferences"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
CLAIMS = pl.Struct({"idtyp": pl.String, "acrs": pl.String, AMR: pl.String, UPN: pl.String})
POLICIES = pl.List(pl.Struct({"policyDefinitionDisplayName": pl.String}))


def open_input(shape, path, schema):
    """The input as a lazy frame."""
    if shape == "nd":
        return pl.scan_ndjson(path, schema=schema)
    return pl.read_json(path, schema=schema).lazy()


def operation(shape):
    """The operation name, lower case, with its type in the schema."""
    if shape == "nd":
        return pl.String, pl.col("operationName").str.to_lowercase()
    kind = pl.Struct({"value": pl.String})
    return kind, pl.col("operationName").struct.field("value").str.to_lowercase()


def q1(shape, path):
    """Policy audit rows per resource and policy."""
    kind, name = operation(shape)
    properties = pl.Struct({"isComplianceCheck": pl.String, "policies": pl.String})
    schema = {"resourceId": pl.String, "operationName": kind, "properties": properties}
    field = pl.col("properties").struct.field
    return (
        open_input(shape, path, schema)
        .filter(name == "microsoft.authorization/policies/audit/action", field("isComplianceCheck") != "True")
        .select(
            pl.col("resourceId").str.to_lowercase().alias("resource_id"),
            field("policies").str.json_decode(POLICIES).alias("policy"),
        )
        .explode("policy")
        .group_by("resource_id", pl.col("policy").struct.field("policyDefinitionDisplayName"))
        .agg(pl.len().alias("events"))
    )


def q2(shape, path):
    """Write and delete rows without MFA per user."""
    kind, name = operation(shape)
    if shape == "nd":
        claims_schema = {"identity": pl.Struct({"claims": CLAIMS})}
        claims = pl.col("identity").struct.field("claims").struct.field
    else:
        claims_schema = {"claims": CLAIMS}
        claims = pl.col("claims").struct.field
    return (
        open_input(shape, path, {"operationName": kind} | claims_schema)
        .select(
            name.alias("operation"),
            claims("idtyp").alias("idtyp"),
            claims(AMR).alias("amr"),
            claims("acrs").alias("acrs"),
            claims(UPN).str.to_lowercase().alias("upn"),
        )
        .filter(
            pl.col("operation").str.ends_with("/write") | pl.col("operation").str.ends_with("/delete"),
            pl.col("idtyp") == "user",
            pl.coalesce("amr", "acrs").is_not_null(),
            ~pl.col("amr").fill_null("").str.split(",").list.contains("mfa"),
            ~pl.col("acrs").fill_null("").str.split(",").list.contains("p1"),
        )
        .group_by("upn")
        .agg(pl.len().alias("events"))
    )


question, *source = sys.argv[1:]
if question == "START":
    frame = pl.LazyFrame({"one": [1]})
else:
    frame = {"Q1": q1, "Q2": q2}[question](*source)
print(frame.collect(engine="streaming").write_csv(), end="")
