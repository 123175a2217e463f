//! Numbers in few bytes, for the tables that have millions of them.

/// A small number in few bytes; see `put64`.
pub fn put(out: &mut Vec<u8>, value: u32) {
    put64(out, u64::from(value));
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
pub fn put64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What `put` wrote. None at the end, and where the bytes are cut off.
pub fn take(bytes: &mut &[u8]) -> Option<u32> {
    if let Some((byte, rest)) = bytes.split_first()
        && byte & 0x80 == 0
    {
        *bytes = rest;
        return Some(u32::from(*byte));
    }
    take64(bytes).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

pub fn take64(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
