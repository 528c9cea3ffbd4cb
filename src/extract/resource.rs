//! The parts of a resource id.

use std::ops::Range;

use crate::json::scan::each_place;

/// Where the parts of a resource id in lower case stand in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ResourceParts {
    pub(super) subscription: Option<Range<usize>>,
    pub(super) group: Option<Range<usize>>,
    pub(super) name: Option<Range<usize>>,
    /// Start of what follows the last `/providers/`.
    provider: Option<usize>,
    /// How many segments follow it, and where the second of them ends.
    segments: usize,
    kind_end: usize,
}

/// `provider/type[/type…]` of a resource, or what a group or subscription is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// It stands in the id in one piece.
    Part(Range<usize>),
    Known(&'static str),
    Joined(String),
    /// The id does not tell.
    Untold,
}

impl ResourceParts {
    pub(super) fn of(id: &str) -> Self {
        let mut parts = Self::default();
        if !id.starts_with('/') {
            return parts;
        }
        let (mut at, mut previous) = (0, "");
        let mut ends_at = |end: usize| {
            let range = at..end;
            let segment = id.get(range.clone()).unwrap_or_default();
            if !segment.is_empty() {
                match previous {
                    "subscriptions" if parts.subscription.is_none() => {
                        parts.subscription = Some(range.clone());
                    }
                    "resourcegroups" if parts.group.is_none() => parts.group = Some(range.clone()),
                    "providers" => (parts.provider, parts.segments) = (Some(at), 0),
                    _ => {}
                }
                parts.name = Some(range);
            }
            parts.segments += 1;
            if parts.segments == 2 {
                parts.kind_end = end;
            }
            at = end + 1;
            previous = segment;
        };
        each_place(id.as_bytes(), b'/', &mut ends_at);
        ends_at(id.len());
        parts
    }

    pub(super) fn kind(&self, id: &str) -> Kind {
        let Some(start) = self.provider else {
            return match (&self.group, &self.subscription) {
                (Some(_), _) => Kind::Known("microsoft.resources/subscriptions/resourcegroups"),
                (None, Some(_)) => Kind::Known("microsoft.resources/subscriptions"),
                (None, None) => Kind::Untold,
            };
        };
        match self.segments {
            0 | 1 => Kind::Untold,
            2 | 3 => Kind::Part(start..self.kind_end),
            _ => {
                let mut segments = id.get(start..).unwrap_or_default().split('/');
                let mut kind = segments.next().unwrap_or_default().to_owned();
                for segment in segments.step_by(2) {
                    kind.push('/');
                    kind.push_str(segment);
                }
                Kind::Joined(kind)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, ResourceParts};

    #[test]
    fn resource_ids_fall_into_parts() {
        for (id, subscription, group, name, kind) in [
            (
                "/subscriptions/s1/resourcegroups/g1/providers/microsoft.web/sites/x/config/web",
                "s1",
                "g1",
                "web",
                "microsoft.web/sites/config",
            ),
            (
                "/subscriptions/s1/resourcegroups/g1/providers/microsoft.web/sites/x/providers/microsoft.insights/diagnosticsettings/d",
                "s1",
                "g1",
                "d",
                "microsoft.insights/diagnosticsettings",
            ),
            (
                "/subscriptions/s1/resourcegroups/g1",
                "s1",
                "g1",
                "g1",
                "microsoft.resources/subscriptions/resourcegroups",
            ),
            ("/subscriptions/s1", "s1", "", "s1", "microsoft.resources/subscriptions"),
            (
                "/providers/microsoft.management/managementgroups/root",
                "",
                "",
                "root",
                "microsoft.management/managementgroups",
            ),
            ("/subscriptions/s1/providers/microsoft.web", "s1", "", "microsoft.web", ""),
            ("vm-1", "", "", "", ""),
            ("", "", "", "", ""),
        ] {
            let parts = ResourceParts::of(id);
            let text = |range: Option<std::ops::Range<usize>>| {
                range.map_or("", |range| &id[range]).to_owned()
            };
            let resource_type = match parts.kind(id) {
                Kind::Part(range) => id[range].to_owned(),
                Kind::Known(kind) => kind.to_owned(),
                Kind::Joined(kind) => kind,
                Kind::Untold => String::new(),
            };
            let found =
                (text(parts.subscription), text(parts.group), text(parts.name), resource_type);
            assert_eq!(
                found,
                (subscription.to_owned(), group.to_owned(), name.to_owned(), kind.to_owned()),
                "{id}"
            );
        }
    }
}
