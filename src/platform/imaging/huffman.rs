//! The codes of a JPEG, looked up many bits at once (ITU-T T.81, annex C).

use super::Rejection;
use super::bits::Bits;

/// Bits that are looked up at once. Nearly all codes of photos are shorter; the tables stay in the nearest cache.
const AHEAD: u32 = 10;
/// The longest code.
const LONGEST: usize = 16;

/// A table of codes.
pub(super) struct Table {
    /// For each row of bits the length of the code it begins with, and what that stands for; 0 when it is longer.
    codes: [(u8, u8); 1 << AHEAD],
    /// The same together with the number that follows the code, where both fit.
    shorts: [Short; 1 << AHEAD],
    /// For each length the end of its codes, as if all were 16 bits long.
    ends: [u32; LONGEST + 1],
    /// For each length what must be added to a code to find its symbol.
    offsets: [i32; LONGEST + 1],
    symbols: Vec<u8>,
}

/// A code with its number: how many zeros come before, the number, and the bits of both; 0 bits when it is none.
#[derive(Clone, Copy, Default)]
struct Short {
    value: i16,
    run: u8,
    bits: u8,
}

impl Table {
    /// Reads 16 numbers of codes and their symbols. Returns what follows.
    pub fn read(bytes: &[u8]) -> Result<(Table, &[u8]), Rejection> {
        let (counts, rest) = bytes.split_first_chunk::<LONGEST>().ok_or(Rejection::Damaged)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(total).filter(|_| total <= 256).ok_or(Rejection::Damaged)?;
        let mut table = Table {
            codes: [(0, 0); 1 << AHEAD],
            shorts: [Short::default(); 1 << AHEAD],
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
            symbols: symbols.to_vec(),
        };
        table.number(counts)?;
        table.shorten();
        Ok((table, rest))
    }

    /// Codes of each length follow each other; each length begins where twice the one before ended.
    fn number(&mut self, counts: &[u8; LONGEST]) -> Result<(), Rejection> {
        let (mut code, mut symbol) = (0_u32, 0_u32);
        for (length, count) in (1..).zip(counts) {
            let (count, bits) = (u32::from(*count), u32::try_from(length).unwrap_or(16));
            self.offsets[length] = i32::try_from(symbol).unwrap_or(0) - i32::try_from(code).unwrap_or(0);
            if bits <= AHEAD {
                self.list((code, bits), symbol as usize..(symbol + count) as usize)?;
            }
            code += count;
            symbol += count;
            if code > 1 << bits {
                return Err(Rejection::Damaged);
            }
            self.ends[length] = code << (16 - bits);
            code <<= 1;
        }
        Ok(())
    }

    /// Notes short codes for all rows of bits that begin with them.
    fn list(&mut self, (first, bits): (u32, u32), symbols: std::ops::Range<usize>) -> Result<(), Rejection> {
        let length = u8::try_from(bits).unwrap_or(0);
        for (code, symbol) in (first as usize..).zip(symbols) {
            let rows = code << (AHEAD - bits)..(code + 1) << (AHEAD - bits);
            let entries = self.codes.get_mut(rows).ok_or(Rejection::Damaged)?;
            entries.fill((length, self.symbols[symbol]));
        }
        Ok(())
    }

    fn shorten(&mut self) {
        for (row, short) in self.shorts.iter_mut().enumerate() {
            let (length, symbol) = self.codes[row];
            let (length, more) = (u32::from(length), u32::from(symbol & 15));
            if length == 0 || more == 0 || length + more > AHEAD {
                continue;
            }
            let value = (row >> (AHEAD - length - more)) & ((1 << more) - 1);
            let value = i16::try_from(value).unwrap_or(0);
            let value = if value >> (more - 1) == 0 { value + 1 - (1 << more) } else { value };
            *short = Short { value, run: symbol >> 4, bits: u8::try_from(length + more).unwrap_or(0) };
        }
    }

    /// A code and its number in one go, if both are short.
    #[inline]
    pub fn short(&self, bits: &mut Bits) -> Option<(usize, i32)> {
        let short = self.shorts[bits.peek(AHEAD) % (1 << AHEAD)];
        if short.bits == 0 {
            return None;
        }
        bits.skip(short.bits.into());
        Some((short.run.into(), short.value.into()))
    }

    /// What the next code stands for.
    #[inline]
    pub fn decode(&self, bits: &mut Bits) -> Result<u8, Rejection> {
        let (length, symbol) = self.codes[bits.peek(AHEAD) % (1 << AHEAD)];
        if length == 0 {
            return self.decode_long(bits);
        }
        bits.skip(length.into());
        Ok(symbol)
    }

    #[cold]
    fn decode_long(&self, bits: &mut Bits) -> Result<u8, Rejection> {
        let row = u32::try_from(bits.peek(16)).unwrap_or(0);
        let length = (1..=LONGEST).find(|length| row < self.ends[*length]).ok_or(Rejection::Damaged)?;
        let code = i32::try_from(row >> (LONGEST - length)).unwrap_or(0);
        let symbol = usize::try_from(code + self.offsets[length]).map_err(|_| Rejection::Damaged)?;
        bits.skip(u32::try_from(length).unwrap_or(16));
        self.symbols.get(symbol).copied().ok_or(Rejection::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two codes of two bits, one of three, one of twelve.
    fn table() -> Table {
        let mut bytes = vec![0; 16];
        (bytes[1], bytes[2], bytes[11]) = (2, 1, 1);
        bytes.extend([0x01, 0x00, 0x23, 0x7F, 99]);
        let (table, rest) = Table::read(&bytes).unwrap();
        assert_eq!(rest, [99]);
        table
    }

    #[test]
    fn codes_stand_for_symbols() {
        let cases = [
            (0b00_u16 << 14, 0x01, 2),
            (0b01 << 14, 0x00, 2),
            (0b100 << 13, 0x23, 3),
            (0b1010_0000_0000 << 4, 0x7F, 12),
        ];
        for (row, symbol, length) in cases {
            let bytes = [row.to_be_bytes(), [0x55; 2]].concat();
            let (mut bits, mut expected) = (Bits::of(&bytes), Bits::of(&bytes));
            bits.fill();
            assert_eq!(table().decode(&mut bits), Ok(symbol));
            expected.fill();
            expected.skip(length);
            assert_eq!(bits.peek(16), expected.peek(16));
        }
        let mut bits = Bits::of(&[0xFE, 0xFE, 0xFE]);
        bits.fill();
        assert_eq!(table().decode(&mut bits), Err(Rejection::Damaged));
    }

    #[test]
    fn short_numbers_come_with_their_codes() {
        // 100, then three bits: 2 zeros before, and 101 is 5, 010 is -5.
        for (row, expected) in [(0b1001_0100_u8, Some((2, 5))), (0b1000_1000, Some((2, -5))), (0b0100_0000, None)] {
            let bytes = [row; 4];
            let mut bits = Bits::of(&bytes);
            bits.fill();
            assert_eq!(table().short(&mut bits), expected);
        }
    }

    #[test]
    fn a_table_with_too_many_codes_is_refused() {
        let mut bytes = vec![0; 16];
        bytes[0] = 3;
        bytes.extend([1, 2, 3]);
        assert!(Table::read(&bytes).is_err());
        assert!(Table::read(&bytes[..10]).is_err());
        assert!(Table::read(&[255; 300]).is_err());
    }
}
