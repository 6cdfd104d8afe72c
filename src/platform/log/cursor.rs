//! A position in all logs as clients carry it: opaque, and known again only by the server whose logs they are.

/// The form of cursors; another one gets another number.
pub const VERSION: u8 = 1;

/// One byte of version, the first four bytes of the logs' name hashed, and eight for each position, in base58.
#[must_use]
pub fn encode(identity: &str, positions: &[i64]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(mark(identity));
    for position in positions {
        bytes.extend(position.to_be_bytes());
    }
    bs58::encode(bytes).into_string()
}

/// By what the logs of a server are known again.
#[must_use]
pub fn mark(identity: &str) -> [u8; 4] {
    let digest = ring::digest::digest(&ring::digest::SHA256, identity.as_bytes());
    let bytes = digest.as_ref();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}
