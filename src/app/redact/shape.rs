//! Values known by how they are written: addresses of people and of machines, ids of resources.
//! They may stand in a text although no row of the input has them.

use std::net::IpAddr;
use std::ops::Range;

use super::Kind;

/// What ends a resource id, an address or a name inside a text.
fn is_gap(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '"' | '\''
                | '`'
                | ','
                | ';'
                | '('
                | ')'
                | '<'
                | '>'
                | '['
                | ']'
                | '{'
                | '}'
                | '|'
                | '\\'
        )
}

/// Starts of ids that name a tenant's own: built-in policies and roles are everybody's.
///
/// Source: <https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules>
/// and, for groups, <https://learn.microsoft.com/azure/governance/management-groups/overview>.
const OWN: [&str; 2] = ["/subscriptions/", "/providers/microsoft.management/managementgroups/"];

/// Where such values stand in `text`, apart from each other and in order.
pub(super) fn found(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found = Vec::new();
    let mut start = None;
    let mut word = |range: Range<usize>| {
        look(&text[range.clone()], range.start, &mut found);
    };
    for (at, character) in text.char_indices() {
        match (is_gap(character), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                word(from..at);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        word(from..text.len());
    }
    found
}

/// Looks at a text without gaps that stands at `place`.
fn look(word: &str, place: usize, found: &mut Vec<(Range<usize>, Kind)>) {
    let folded = word.to_ascii_lowercase();
    if let Some(at) = OWN.iter().filter_map(|start| folded.find(start)).min() {
        let end = at + word[at..].trim_end_matches(['.', ':', '!', '?']).len();
        look(&word[..at], place, found);
        found.push((place + at..place + end, Kind::Resources));
        return;
    }
    // An address may stand in a web address, before a port or after a name and a colon.
    let parts = word.split_inclusive(['/', '=', '?', '&']);
    let mut at = 0;
    for part in parts {
        let bare = part.trim_end_matches(['/', '=', '?', '&']);
        piece(bare, place + at, found);
        at += part.len();
    }
}

fn piece(piece: &str, place: usize, found: &mut Vec<(Range<usize>, Kind)>) {
    let trimmed = piece.trim_matches(['.', ':', '!', '*']);
    let start = place + piece.find(trimmed).unwrap_or_default();
    if trimmed.parse::<IpAddr>().is_ok() {
        found.push((start..start + trimmed.len(), Kind::Ips));
        return;
    }
    let mut at = start;
    for part in trimmed.split(':') {
        let is_address = part.bytes().filter(|byte| *byte == b'.').count() == 3
            && part.parse::<IpAddr>().is_ok();
        if is_address {
            found.push((at..at + part.len(), Kind::Ips));
        } else if is_person(part) {
            found.push((at..at + part.len(), Kind::Users));
        }
        at += part.len() + 1;
    }
}

/// Whether a text is written like a user principal name or a mail address.
fn is_person(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::found;
    use crate::app::redact::Kind;

    #[test]
    fn people_machines_and_resources_are_known_by_how_they_are_written() {
        for (text, expect) in [
            ("client 'Ana.Díaz@contoso.com' with", vec![("Ana.Díaz@contoso.com", Kind::Users)]),
            ("mailto:a@b.co, to c@d.", vec![("a@b.co", Kind::Users)]),
            (
                "guest g_x.com#EXT#@y.onmicrosoft.com",
                vec![("g_x.com#EXT#@y.onmicrosoft.com", Kind::Users)],
            ),
            (
                "from 10.1.2.3:443, 2001:db8::1 and http://10.1.2.4/x.",
                vec![("10.1.2.3", Kind::Ips), ("2001:db8::1", Kind::Ips), ("10.1.2.4", Kind::Ips)],
            ),
            ("version 1.2.3 at 08:00:00, 1.2.3.4.5", vec![]),
            (
                "over scope '/subscriptions/x/resourceGroups/y' or /SUBSCRIPTIONS/z.",
                vec![
                    ("/subscriptions/x/resourceGroups/y", Kind::Resources),
                    ("/SUBSCRIPTIONS/z", Kind::Resources),
                ],
            ),
            ("/providers/microsoft.authorization/policydefinitions/4e6c27d5", vec![]),
        ] {
            let found: Vec<(&str, Kind)> =
                found(text).into_iter().map(|(range, kind)| (&text[range], kind)).collect();
            assert_eq!(found, expect, "{text}");
        }
    }
}
