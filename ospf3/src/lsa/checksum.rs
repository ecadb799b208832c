//! The LS checksum: Fletcher's, as ISO 8473 has it (RFC 2328 §12.1.7, RFC 905 annex B).

/// Where the LS age ends, which the checksum leaves out.
const AGE_LENGTH: usize = 2;
/// Where the field stands in an LSA.
pub(super) const OFFSET: usize = 16;

/// The sums c0 and c1 modulo 255.
///
/// Blocks of 16 octets are added without looking at one another; 64 bits hold the sums of any LSA, so that the remainder is
/// taken once.
fn sums(data: &[u8]) -> (u64, u64) {
    const BLOCK: usize = 16;
    let (mut c0, mut c1) = (0u64, 0u64);
    let (blocks, rest) = data.as_chunks::<BLOCK>();
    for block in blocks {
        let (mut sum, mut weighted) = (0u32, 0u32);
        for (octet, weight) in block.iter().zip((1..=BLOCK as u32).rev()) {
            sum += u32::from(*octet);
            weighted += u32::from(*octet) * weight;
        }
        c1 += BLOCK as u64 * c0 + u64::from(weighted);
        c0 += u64::from(sum);
    }
    for octet in rest {
        c0 += u64::from(*octet);
        c1 += c0;
    }
    (c0 % 255, c1 % 255)
}

/// Whether an LSA with its header, whose length field is right, has the right checksum. Zero never is
/// (RFC 2328 §12.1.7).
pub(super) fn verify(lsa: &[u8]) -> bool {
    let zero = lsa.get(OFFSET..OFFSET + 2) == Some(&[0, 0]);
    !zero && lsa.get(AGE_LENGTH..).is_some_and(|data| sums(data) == (0, 0))
}

/// The checksum of an LSA whose checksum field is zero. None of the two octets is.
pub(super) fn compute(lsa: &[u8]) -> u16 {
    let data = lsa.get(AGE_LENGTH..).unwrap_or_default();
    let (c0, c1) = sums(data);
    // How often the first octet of the field is in c1 beyond the second.
    let after = data.len().saturating_sub(OFFSET - AGE_LENGTH + 1) as u64;
    // Both are made to be from 1 to 255, where 255 is zero.
    let x = (after * c0 + 255 - c1 + 254) % 255 + 1;
    let y = (2 * 255 - c0 + 255 - x + 254) % 255 + 1;
    (x * 256 + y) as u16
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// RFC 905 annex B: octet by octet, with a remainder each time.
    fn slow(data: &[u8]) -> (u64, u64) {
        data.iter().fold((0, 0), |(c0, c1), octet| {
            let c0 = (c0 + u64::from(*octet)) % 255;
            (c0, (c1 + c0) % 255)
        })
    }

    /// The checksum as anybody can find it: try both octets.
    fn searched(lsa: &[u8]) -> u16 {
        let mut lsa = lsa.to_vec();
        for x in 1..=255 {
            for y in 1..=255 {
                lsa[OFFSET..OFFSET + 2].copy_from_slice(&[x, y]);
                if slow(&lsa[AGE_LENGTH..]) == (0, 0) {
                    return u16::from_be_bytes([x, y]);
                }
            }
        }
        unreachable!("there is one");
    }

    fn with_checksum(mut lsa: Vec<u8>) -> Vec<u8> {
        lsa[OFFSET..OFFSET + 2].fill(0);
        let checksum = compute(&lsa);
        lsa[OFFSET..OFFSET + 2].copy_from_slice(&checksum.to_be_bytes());
        lsa
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_definition(data: Vec<u8>) {
            prop_assert_eq!(sums(&data), slow(&data));
        }

        #[test]
        fn what_is_computed_is_verified(lsa in prop::collection::vec(any::<u8>(), 20..200)) {
            let lsa = with_checksum(lsa);
            prop_assert!(verify(&lsa));
            prop_assert!(lsa[OFFSET] != 0 && lsa[OFFSET + 1] != 0);
        }

        /// But for 0 in the place of 255, which is the same to this sum.
        #[test]
        fn a_changed_octet_is_found(
            lsa in prop::collection::vec(any::<u8>(), 20..200), at: prop::sample::Index, to: u8,
        ) {
            let mut lsa = with_checksum(lsa);
            let at = AGE_LENGTH + at.index(lsa.len() - AGE_LENGTH);
            let same = u32::from(lsa[at]) % 255 == u32::from(to) % 255;
            lsa[at] = to;
            prop_assert_eq!(verify(&lsa), same);
        }
    }

    #[test]
    fn like_the_one_that_is_searched_for() {
        for length in 20..60 {
            let mut lsa = (0..length).map(|at| (at * at) as u8).collect::<Vec<u8>>();
            lsa[OFFSET..OFFSET + 2].fill(0);
            assert_eq!(compute(&lsa), searched(&lsa), "{length}");
        }
        let zeros = [0; 20];
        assert_eq!(compute(&zeros), searched(&zeros));
    }

    #[test]
    fn the_longest_lsa_of_the_largest_octets() {
        let lsa = with_checksum(alloc::vec![0xff; 65535]);
        assert!(verify(&lsa));
        assert_eq!(sums(&lsa), slow(&lsa));
        let lsa = with_checksum(alloc::vec![0xfe; 65535]);
        assert!(verify(&lsa));
        assert_eq!(sums(&lsa), slow(&lsa));
    }

    /// RFC 2328 §12.1.7, and the age takes no part.
    #[test]
    fn zero_is_a_failure() {
        assert!(!verify(&[0; 20]));
        assert!(!verify(&[]));
        let mut lsa = with_checksum((0..40).collect());
        lsa[..2].copy_from_slice(&[0x12, 0x34]);
        assert!(verify(&lsa));
    }
}
