//! Report of a history: faults, and bytes in hexadecimal digits.

/// Tells what broke.
pub(crate) fn complain(seed: u64, fault: &str) {
    eprintln!("BROKEN seed {seed}: {fault}");
}

/// Bytes in hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}
