//! Reading numbers from a file that may end anywhere.

use super::Rejection;

/// The `len` bytes at `at`, or the file is damaged.
pub(super) fn slice(bytes: &[u8], at: usize, len: usize) -> Result<&[u8], Rejection> {
    let end = at.checked_add(len).ok_or(Rejection::Damaged)?;
    bytes.get(at..end).ok_or(Rejection::Damaged)
}

/// The `N` bytes at `at`, or the file is damaged.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Rejection> {
    slice(bytes, at, N)?.try_into().map_err(|_| Rejection::Damaged)
}

/// The big-endian 16-bit number at `at`.
pub(super) fn be16(bytes: &[u8], at: usize) -> Result<u16, Rejection> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// The big-endian 32-bit number at `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> Result<u32, Rejection> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// The little-endian 16-bit number at `at`.
pub(super) fn le16(bytes: &[u8], at: usize) -> Result<u16, Rejection> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// The little-endian 24-bit number at `at`.
pub(super) fn le24(bytes: &[u8], at: usize) -> Result<u32, Rejection> {
    let [a, b, c] = array(bytes, at)?;
    Ok(u32::from_le_bytes([a, b, c, 0]))
}

/// The little-endian 32-bit number at `at`.
pub(super) fn le32(bytes: &[u8], at: usize) -> Result<u32, Rejection> {
    array(bytes, at).map(u32::from_le_bytes)
}
