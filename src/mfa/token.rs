//! The GUID inside a token identifier (`uti`).
//!
//! A `uti` is the base64url text of the 16 bytes of the sign-in's request id, in .NET's mixed
//! byte order; exports of 2022 hold the base64 text of the 36 characters instead. Source:
//! `ConvertFrom-MsIdUniqueTokenIdentifier` in <https://github.com/AzureAD/MSIdentityTools>.

/// Writes the canonical form of a token identifier to `out`: the GUID in lower case where one can
/// be decoded, else the text as it stands (it is case-sensitive).
pub fn token_guid_into(text: &str, out: &mut String) {
    let trimmed = text.trim_start_matches('\'');
    if is_guid(trimmed) {
        out.extend(trimmed.chars().map(|character| character.to_ascii_lowercase()));
        return;
    }
    let mut decoded = [0_u8; 36];
    match decode_base64(trimmed.as_bytes(), &mut decoded) {
        Some(16) => push_mixed_endian_guid(&decoded, out),
        Some(36) => match std::str::from_utf8(&decoded) {
            Ok(guid) if is_guid(guid) => out.push_str(&guid.to_ascii_lowercase()),
            _ => out.push_str(trimmed),
        },
        _ => out.push_str(trimmed),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

const NO_DIGIT: u8 = 255;

/// What each byte stands for in base64 of either alphabet.
const VALUES: [u8; 256] = {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 64 {
        values[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    values[b'-' as usize] = values[b'+' as usize];
    values[b'_' as usize] = values[b'/' as usize];
    values
};

/// Decodes base64 of either alphabet, padding optional; gives the number of bytes, or `None` when
/// the text is no base64 or does not fit.
fn decode_base64(text: &[u8], out: &mut [u8; 36]) -> Option<usize> {
    let unpadded = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (mut bits, mut bit_count, mut length) = (0_u32, 0_u32, 0_usize);
    for byte in &text[..unpadded] {
        let value = VALUES[usize::from(*byte)];
        if value == NO_DIGIT {
            return None;
        }
        bits = bits << 6 | u32::from(value);
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            *out.get_mut(length)? = u8::try_from(bits >> bit_count & 0xff).unwrap_or(0);
            length += 1;
        }
    }
    Some(length)
}

fn push_mixed_endian_guid(bytes: &[u8; 36], out: &mut String) {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut guid = [b'-'; 36];
    let mut at = 0;
    for (place, index) in ORDER.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            at += 1;
        }
        guid[at] = DIGITS[usize::from(bytes[index] >> 4)];
        guid[at + 1] = DIGITS[usize::from(bytes[index] & 15)];
        at += 2;
    }
    out.push_str(std::str::from_utf8(&guid).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::token_guid_into;

    fn token_guid(text: &str) -> String {
        let mut out = String::new();
        token_guid_into(text, &mut out);
        out
    }

    #[test]
    fn every_written_form_of_a_token_gives_its_guid() {
        // The bytes 00 01 … 0f in .NET order read 03020100-0504-0706-0809-0a0b0c0d0e0f.
        let guid = "03020100-0504-0706-0809-0a0b0c0d0e0f";
        assert_eq!(token_guid("AAECAwQFBgcICQoLDA0ODw"), guid);
        assert_eq!(token_guid("'AAECAwQFBgcICQoLDA0ODw=="), guid);
        assert_eq!(token_guid("MDMwMjAxMDAtMDUwNC0wNzA2LTA4MDktMGEwYjBjMGQwZTBm"), guid);
        assert_eq!(token_guid("03020100-0504-0706-0809-0A0B0C0D0E0F"), guid);
        assert_eq!(token_guid("not a Token"), "not a Token");
        assert_eq!(token_guid(""), "");
    }
}
