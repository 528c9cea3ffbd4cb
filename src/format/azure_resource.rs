//! Azure resources and where they are.
//!
//! Source: <https://learn.microsoft.com/cli/azure/resource#az-resource-list>; the members of
//! `Get-AzResource | ConvertTo-Json` are those of `PSResource` in
//! <https://github.com/Azure/azure-powershell>.
//! Fixtures: `testdata/formats/azure_resource/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::side::RESOURCE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "azure_resource",
    title: "Azure resources from `az resource list`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&RESOURCE, FIELDS),
    claims: &[
        Claim::Begins("id", "/subscriptions/"),
        Claim::Text("type"),
        Claim::Text("location"),
        Claim::Text("name"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("resource_id", &["id"]),
    ("resource_name", &["name"]),
    ("resource_type", &["type"]),
    ("resource_group", &["resourceGroup", "ResourceGroupName"]),
    ("region", &["location"]),
    ("tags", &["tags"]),
];
