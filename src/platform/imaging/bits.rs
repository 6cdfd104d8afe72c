//! Reads the bits of a coded picture, in which 0xFF is followed by a zero, or by a marker at which the bits end
//! (ITU-T T.81, B.1.1.5 and F.2.2.5).

use super::Rejection;

/// The bits of a scan.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the highest on.
    next: u64,
    /// How many of them there are.
    count: u32,
    /// How many of those are not in the file: zeros behind its end.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Bits { bytes, at: 0, next: 0, count: 0, missing: 0 }
    }

    /// Sees to it that there are at least 48 bits, as many as a code, its value and a second code can have.
    #[inline]
    pub fn fill(&mut self) {
        if self.count >= 48 {
            return;
        }
        if let Some(bytes) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*bytes);
            if !has_ff(word) {
                let whole = (64 - self.count) / 8;
                // Bits of the next byte are set as well, to what they will be set to again.
                self.next |= word >> self.count;
                self.at += whole as usize;
                self.count += whole * 8;
                return;
            }
        }
        self.fill_slowly();
    }

    #[cold]
    fn fill_slowly(&mut self) {
        // Whatever was set beyond the count is set again.
        self.next &= u64::MAX.checked_shl(64 - self.count).unwrap_or(0);
        while self.count <= 56 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (None | Some(0xFF), _) => {
                    self.missing += 8;
                    0
                }
                (Some(byte), _) => {
                    self.at += 1;
                    *byte
                }
            };
            self.next |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next so many bits, 1 to 16, without going on.
    #[inline]
    pub fn peek(&self, length: u32) -> usize {
        usize::try_from(self.next >> (64 - length)).unwrap_or(0)
    }

    /// Goes on by so many bits.
    #[inline]
    pub fn skip(&mut self, length: u32) {
        self.next <<= length;
        self.count = self.count.saturating_sub(length);
    }

    /// A number of so many bits, 0 to 15: the first bit says its sign (F.2.2.1).
    #[inline]
    pub fn signed(&mut self, length: u32) -> i32 {
        if length == 0 {
            return 0;
        }
        let value = i32::try_from(self.peek(length)).unwrap_or(0);
        self.skip(length);
        if value >> (length - 1) == 0 { value + 1 - (1 << length) } else { value }
    }

    /// Passes over a restart marker, which must come next.
    pub fn restart(&mut self) -> Result<(), Rejection> {
        self.finish()?;
        // What was read ahead and is not needed would be a second picture.
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let marker = rest.windows(2).position(|it| it[0] == 0xFF && (0xD0..=0xD7).contains(&it[1]));
        let at = self.at + marker.ok_or(Rejection::Damaged)? + 2;
        *self = Bits { at, ..Bits::of(self.bytes) };
        Ok(())
    }

    /// Whether the bits sufficed.
    pub fn finish(&self) -> Result<(), Rejection> {
        if self.count < self.missing { Err(Rejection::Damaged) } else { Ok(()) }
    }
}

/// Whether one of eight bytes is 0xFF: whether one of their complements is zero.
fn has_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    (!word).wrapping_sub(ONES) & word & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_over_stuffed_bytes() {
        let bytes = [0xA5, 0xFF, 0, 0x0F, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0, 0xC3];
        let real = [0xA5, 0xFF, 0x0F, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xC3_u8];
        for length in [1, 3, 4, 7, 8, 11, 16] {
            let mut bits = Bits::of(&bytes);
            for number in 0..104 / length as usize {
                bits.fill();
                let expected = (0..length as usize).fold(0, |value, bit| {
                    let at = number * length as usize + bit;
                    value << 1 | usize::from(real[at / 8] >> (7 - at % 8) & 1)
                });
                assert_eq!(bits.peek(length), expected, "{length}, {number}");
                bits.skip(length);
            }
            assert!(bits.finish().is_ok());
            bits.fill();
            bits.skip(16);
            bits.fill();
            assert!(bits.finish().is_err());
        }
    }

    #[test]
    fn a_restart_begins_anew() {
        let bytes = [0x12, 0xFF, 0xD0, 0x34, 0xFF, 0xD1, 0x56];
        let mut bits = Bits::of(&bytes);
        for expected in [0x12, 0x34] {
            bits.fill();
            assert_eq!(bits.peek(8), expected);
            bits.skip(8);
            bits.restart().unwrap();
        }
        bits.fill();
        assert_eq!(bits.peek(8), 0x56);
        assert!(bits.restart().is_err());
    }

    #[test]
    fn numbers_have_a_sign() {
        let bytes = [0b0110_1000; 8];
        let mut bits = Bits::of(&bytes);
        bits.fill();
        // 01, 1, 010 and 00: what begins with 0 is negative.
        let found = [bits.signed(2), bits.signed(1), bits.signed(3), bits.signed(2), bits.signed(0)];
        assert_eq!(found, [-2, 1, -5, -3, 0]);
    }
}
