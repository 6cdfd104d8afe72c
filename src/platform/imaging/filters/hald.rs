//! Writes a table as a PNG. The same colours are the same bytes for ever: no library that may pack better tomorrow is asked.
//!
//! Of what PNG and Deflate offer it needs one filter and one block of Huffman codes: neighbours in a table differ by
//! nearly the same, so each byte is written as what it is more than the one on its left, and the few usual differences
//! get the short codes. RFC 2083 and RFC 1951.

use super::super::lut::ENTRIES;

/// Pixels along each side of a table: 512 × 512 are 64 × 64 × 64.
const SIDE: usize = 512;
const SIDE_BYTES: [u8; 4] = [0, 0, 2, 0];

/// Bits in the longest code (RFC 1951, 3.2.7).
const LONGEST: u8 = 15;

/// The symbol that ends a block.
const END: usize = 256;

/// Symbols that are used: bytes and the end.
const SYMBOLS: usize = 257;

/// The table as a PNG; colours that are missing are black.
#[must_use]
pub fn encode(colours: &[[u8; 3]]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    // 8 bits, red, green and blue, not interlaced.
    chunk(&mut file, *b"IHDR", &[&SIDE_BYTES[..], &SIDE_BYTES, &[8, 2, 0, 0, 0]].concat());
    chunk(&mut file, *b"sRGB", &[0]);
    chunk(&mut file, *b"IDAT", &deflate(&differences(colours)));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let sum = crc(&file[start..]);
    file.extend(sum.to_be_bytes());
}

/// Each row as its differences to the left, after the number of that filter (RFC 2083, 6.3: `Sub`).
fn differences(colours: &[[u8; 3]]) -> Vec<u8> {
    let mut colours = colours.iter().copied().chain(std::iter::repeat([0; 3])).take(ENTRIES);
    let mut data = Vec::with_capacity(ENTRIES * 3 + SIDE);
    for _ in 0..SIDE {
        data.extend([1]);
        let mut left = [0_u8; 3];
        for colour in colours.by_ref().take(SIDE) {
            data.extend(std::array::from_fn::<u8, 3, _>(|i| colour[i].wrapping_sub(left[i])));
            left = colour;
        }
    }
    data
}

/// One block with codes of its own (RFC 1951, 3.2.7) in the wrapping of RFC 1950.
fn deflate(data: &[u8]) -> Vec<u8> {
    let lengths = lengths(data);
    let codes = codes(&lengths);
    let mut bits = Bits { bytes: vec![0x78, 1], waiting: 0, count: 0 };
    // The last block, codes of its own, 257 symbols, one distance (unused), 19 lengths of code lengths.
    bits.put(0b101, 3);
    bits.put(0, 5);
    bits.put(0, 5);
    bits.put(15, 4);
    // In the order 16, 17, 18, 0, 8, 7, …: lengths 0 to 15 are written with 4 bits each, nothing is repeated.
    for symbol in 0..19 {
        bits.put(if symbol < 3 { 0 } else { 4 }, 3);
    }
    for length in lengths.iter().chain(&[0]) {
        bits.put(reversed(u32::from(*length), 4), 4);
    }
    for symbol in data.iter().map(|byte| usize::from(*byte)).chain([END]) {
        bits.put(codes[symbol], lengths[symbol]);
    }
    let mut bytes = bits.finish();
    bytes.extend(adler(data).to_be_bytes());
    bytes
}

/// How long the code of each symbol is, by Huffman's way; where that is too long, the rare count as less rare.
fn lengths(data: &[u8]) -> [u8; SYMBOLS] {
    let mut counts = [0_u32; SYMBOLS];
    for byte in data {
        counts[usize::from(*byte)] += 1;
    }
    counts[END] = 1;
    loop {
        let lengths = huffman(&counts);
        if lengths.iter().all(|length| *length <= LONGEST) {
            return lengths;
        }
        counts.iter_mut().filter(|count| **count > 0).for_each(|count| *count = *count / 2 + 1);
    }
}

/// Joins the two rarest groups of symbols until one is left; each time, their codes get a bit longer.
fn huffman(counts: &[u32; SYMBOLS]) -> [u8; SYMBOLS] {
    let mut lengths = [0; SYMBOLS];
    let mut groups: Vec<(u32, Vec<usize>)> =
        (0..SYMBOLS).filter(|symbol| counts[*symbol] > 0).map(|symbol| (counts[symbol], vec![symbol])).collect();
    while groups.len() > 1 {
        // The rarest last; of equals, the one with the lower symbol.
        groups.sort_by(|one, other| (other.0, other.1[0]).cmp(&(one.0, one.1[0])));
        let Some(((a, mut joined), (b, others))) = groups.pop().zip(groups.pop()) else { break };
        joined.extend(others);
        for symbol in &joined {
            lengths[*symbol] += 1;
        }
        groups.push((a + b, joined));
    }
    lengths
}

/// The codes that follow from their lengths (RFC 1951, 3.2.2), turned round as they are written.
fn codes(lengths: &[u8; SYMBOLS]) -> [u32; SYMBOLS] {
    let mut codes = [0; SYMBOLS];
    let mut next = 0;
    for length in 1..=LONGEST {
        for symbol in (0..SYMBOLS).filter(|symbol| lengths[*symbol] == length) {
            codes[symbol] = reversed(next, length);
            next += 1;
        }
        next <<= 1;
    }
    codes
}

fn reversed(code: u32, bits: u8) -> u32 {
    code.reverse_bits() >> (32 - u32::from(bits))
}

/// Bits on their way into bytes, the lowest first.
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    count: u8,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u8) {
        self.waiting |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.waiting.to_le_bytes()[0]);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}

/// RFC 2083, 15.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

/// RFC 1950, 8.2.
fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::super::read_hald;
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut seed = 5_u32;
        let wild: Vec<[u8; 3]> = (0..ENTRIES)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                [seed.to_be_bytes()[0], seed.to_be_bytes()[1], seed.to_be_bytes()[0] & 3]
            })
            .collect();
        for colours in [wild, vec![[0; 3]; ENTRIES], vec![[1, 2, 3]; ENTRIES]] {
            assert!(read_hald(&encode(&colours)).unwrap().colours() == colours);
        }
    }

    /// Counts like Fibonacci's numbers make the longest codes.
    #[test]
    fn codes_are_never_too_long() {
        let (mut a, mut b, mut data) = (1_usize, 1, Vec::new());
        for symbol in 0..26_u8 {
            data.extend(std::iter::repeat_n(symbol, a));
            (a, b) = (b, a + b);
        }
        let lengths = lengths(&data);
        assert!(lengths.iter().all(|length| *length <= LONGEST));
        let used: f64 = lengths.iter().filter(|length| **length > 0).map(|length| 0.5_f64.powi((*length).into())).sum();
        assert!((used - 1.0).abs() < 1e-9, "{used}");
    }
}
