use alloc::vec;

use super::*;

fn error(data: &[u8]) -> Option<(usize, BytesErrorKind)> {
    match Program::from_bytes(data) {
        Err(BytesError::Format { at, kind }) => Some((at, kind)),
        _ => None,
    }
}

fn bytes(rest: &[u8]) -> Vec<u8> {
    [&MAGIC, rest].concat()
}

#[test]
fn an_empty_program() {
    assert_eq!(Program::from_bytes(&bytes(&[0, 0, 0])), Ok(Program::default()));
    assert_eq!(Program::default().to_bytes(), bytes(&[0, 0, 0]));
}

#[test]
fn damage_has_its_place() {
    use BytesErrorKind::{Magic, Trailing, Truncated, Value};
    assert_eq!(error(b"CW"), Some((0, Magic)));
    assert_eq!(error(b"CWP\x02\0\0\0"), Some((0, Magic)));
    assert_eq!(error(&bytes(&[0, 0])), Some((6, Truncated)));
    assert_eq!(error(&bytes(&[0, 0, 0, 0])), Some((7, Trailing)));
    // More constants than there are octets
    assert_eq!(error(&bytes(&[0xff, 0xff, 0xff, 0x7f, 0])), Some((4, Truncated)));
    // A number in a longer form than it needs, and one of more than 64 bits
    assert_eq!(error(&bytes(&[0x80, 0, 0, 0])), Some((4, Value)));
    assert_eq!(error(&bytes(&[0xff; 12])), Some((4, Value)));
    // Kinds of constant that there are not; a path that is none; an enumeration without that value
    assert_eq!(error(&bytes(&[1, 16, 0, 0])), Some((5, Value)));
    assert_eq!(error(&bytes(&[1, 13, 0, 1, 2, 0, 0])), Some((6, Value)));
    assert_eq!(error(&bytes(&[1, 12, 1, 9, 0, 0])), Some((6, Value)));
    // Bits behind the length of a prefix
    assert_eq!(error(&bytes(&[1, 5, 4, 10, 0, 0, 1, 8, 0, 0])), Some((6, Value)));
    // A filter of the unknown instruction 99
    assert_eq!(error(&bytes(&[0, 0, 1, 0, 1, 0, 1, 99])), Some((11, Value)));
}

#[test]
fn code_is_verified() {
    // A filter without a name, no registers, the instruction `FellOff`, its span
    let good = bytes(&[0, 0, 1, 0, 0, 0, 1, 31, 0, 0, 0]);
    assert!(Program::from_bytes(&good).is_ok());
    // `Void` of register 0, which is not there
    let bad = bytes(&[0, 0, 1, 0, 0, 0, 2, 1, 0, 31, 0, 0, 0, 0, 0, 0]);
    assert!(matches!(Program::from_bytes(&bad), Err(BytesError::Verify(_))));
}

#[test]
fn numbers() {
    let numbers: Vec<u64> = vec![0, 1, 127, 128, 16383, 16384, u64::from(u32::MAX), u64::MAX];
    let mut data = Vec::new();
    numbers.write(&mut data);
    assert_eq!(Item::read(&mut Reader { data: &data, at: 0 }), Ok(numbers));
}
