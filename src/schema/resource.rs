//! `resource`: Azure resources and where they are (`az resource list`).
//!
//! Source: <https://learn.microsoft.com/cli/azure/resource#az-resource-list>.

use super::{Column, Table, text};

/// The table.
pub const TABLE: Table = Table { name: "resource", grain: "one Azure resource", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text("resource_id", "full resource id, lower case, no trailing slash"),
    text("resource_name", "name"),
    text("resource_type", "provider and type, lower case"),
    text("resource_group", "resource group, lower case"),
    text("region", "location, lower case"),
    text("tags", "tags as JSON"),
];
