//! Random ids, as the outside systems make them.

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8; 10] = b"0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";

fn pick(alphabet: &[u8], length: usize) -> String {
    let mut bytes = vec![0_u8; length * 2];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        tracing::error!("the system's source of randomness failed");
    }
    bytes
        .chunks_exact(2)
        .map(|pair| {
            let number = usize::from(u16::from_be_bytes([pair[0], pair[1]]));
            char::from(alphabet[number % alphabet.len()])
        })
        .collect()
}

/// Letters and digits.
pub(crate) fn alphanumeric(length: usize) -> String {
    pick(ALPHANUMERIC, length)
}

/// Digits only.
pub(crate) fn digits(length: usize) -> String {
    pick(DIGITS, length)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(length: usize) -> String {
    pick(HEX, length)
}

/// A whole number below `end` (which is at least 1).
pub(crate) fn below(end: usize) -> usize {
    let mut bytes = [0_u8; 8];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        return 0;
    }
    usize::from_be_bytes(bytes) % end.max(1)
}

/// Puts the items into a random order.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1));
    }
}
