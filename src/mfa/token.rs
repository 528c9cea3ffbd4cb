//! The GUID inside a token identifier (`uti`).
//!
//! A `uti` is the base64url text of the 16 bytes of the sign-in's request id, in .NET's mixed
//! byte order; exports of 2022 hold the base64 text of the 36 characters instead. Source:
//! `ConvertFrom-MsIdUniqueTokenIdentifier` in <https://github.com/AzureAD/MSIdentityTools>.

use crate::text::HEXADECIMAL;

/// Writes the canonical form of a token identifier to `out`: the GUID in lower case where one can
/// be decoded, else the text as it stands (it is case-sensitive).
pub fn token_guid_into(text: &str, out: &mut String) {
    let trimmed = text.trim_start_matches('\'');
    if is_guid(trimmed) {
        out.extend(trimmed.chars().map(|character| character.to_ascii_lowercase()));
        return;
    }
    let mut decoded = [0_u8; DECODED_BYTES];
    match decode_base64(trimmed.as_bytes(), &mut decoded) {
        Some(16) => push_mixed_endian_guid(&decoded, out),
        Some(GUID_BYTES) => match std::str::from_utf8(&decoded[..GUID_BYTES]) {
            Ok(guid) if is_guid(guid) => out.push_str(&guid.to_ascii_lowercase()),
            _ => out.push_str(trimmed),
        },
        _ => out.push_str(trimmed),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == GUID_BYTES
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Characters of a GUID, the most that an identifier decodes to; and room for them and for what stands
/// behind the last whole group of digits.
const GUID_BYTES: usize = 36;
const DECODED_BYTES: usize = GUID_BYTES + 3;

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
fn decode_base64(text: &[u8], out: &mut [u8; DECODED_BYTES]) -> Option<usize> {
    let unpadded = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (fours, rest) = text.get(..unpadded)?.as_chunks::<4>();
    let length = fours.len() * 3 + rest.len() * 3 / 4;
    if length > GUID_BYTES {
        return None;
    }
    let mut last = [b'A'; 4];
    last[..rest.len()].copy_from_slice(rest);
    let mut all = 0;
    for (digits, bytes) in fours.iter().chain([&last]).zip(out.as_chunks_mut::<3>().0) {
        let values = digits.map(|digit| VALUES[usize::from(digit)]);
        let bits = values.iter().fold(0_u32, |bits, value| bits << 6 | u32::from(*value));
        let [_, decoded @ ..] = bits.to_be_bytes();
        *bytes = decoded;
        all |= values.iter().fold(0, |all, value| all | value);
    }
    (all != NO_DIGIT).then_some(length)
}

fn push_mixed_endian_guid(bytes: &[u8; DECODED_BYTES], out: &mut String) {
    // Where the digits of each byte stand, dashes between.
    const PLACES: [usize; 16] = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut guid = [b'-'; GUID_BYTES];
    for (byte, place) in bytes.iter().zip(PLACES) {
        guid[place..place + 2].copy_from_slice(&HEXADECIMAL[usize::from(*byte)]);
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
        let of_36 = "MDMwMjAxMDAtMDUwNC0wNzA2LTA4MDktMGEwYjBjMGQwZTBm";
        assert_eq!(token_guid(&format!("{of_36}A")), guid, "six bits are no byte");
        for text in [format!("{of_36}!"), format!("{of_36}AA"), "AAECAwQFBgcICQoLDA0OD!".into()] {
            assert_eq!(token_guid(&text), text);
        }
        assert_eq!(token_guid(""), "");
    }
}
