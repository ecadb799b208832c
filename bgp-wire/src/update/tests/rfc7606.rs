//! RFC 7606 and the error handling of later RFCs, clause by clause.

use super::*;
use crate::error::Disposition::{DisableFamily, DiscardAttribute, SessionReset, TreatAsWithdraw};

/// The flaws of an UPDATE that announces 10.0.0.0/8: what they lead to, and where.
fn flaws(list: &[&[u8]], context: &Context) -> Vec<(Option<u8>, Option<usize>, Disposition)> {
    let update = Update::decode(body(&[], list, PREFIX).into(), context);
    let one =
        |flaw: &Flaw| (flaw.error.code().map(|code| code.0), flaw.error.offset(), flaw.disposition);
    update.flaws().iter().map(one).collect()
}

/// What one attribute beside the mandatory ones leads to; it is at offset 24 of the body.
fn beside(attribute: &[u8]) -> Option<Disposition> {
    beside_in(attribute, &wide())
}

fn beside_in(attribute: &[u8], context: &Context) -> Option<Disposition> {
    let path = if context.four_octet_as { AS_PATH } else { AS_PATH_2 };
    let offset = 4 + ORIGIN.len() + path.len() + NEXT_HOP.len();
    let code = attribute.get(1).copied();
    match flaws(&[ORIGIN, path, NEXT_HOP, attribute], context)[..] {
        [] => None,
        [(found, Some(at), disposition)] => {
            assert_eq!((found, at), (code, offset), "{attribute:?}");
            Some(disposition)
        }
        ref other => panic!("{attribute:?}: {other:?}"),
    }
}

/// What one attribute in the place of the mandatory one leads to.
fn in_place(attribute: &[u8]) -> Option<Disposition> {
    let list = [ORIGIN, AS_PATH, NEXT_HOP];
    let list = list.map(|old| if old.get(1) == attribute.get(1) { attribute } else { old });
    match flaws(&list, &wide())[..] {
        [] => None,
        [(code, _, disposition)] => {
            assert_eq!(code, attribute.get(1).copied());
            Some(disposition)
        }
        ref other => panic!("{attribute:?}: {other:?}"),
    }
}

fn external() -> Context {
    Context { external: true, ..wide() }
}

const UNICAST_V6: Disposition = DisableFamily(Family::IPV6_UNICAST);

/// Withdrawn, then announced routes that are left.
fn left(update: &Update) -> (usize, usize) {
    let withdrawn = update.unreach().map(|unreach| unreach.nlri.destinations().count()).sum();
    (withdrawn, update.reach().map(|reach| reach.nlri.destinations().count()).sum())
}

/// §2: "as though all contained routes had been withdrawn", those of both places
#[test]
fn rfc7606_2_treat_as_withdraw() {
    let mp_reach = [&[0x80, 14, 24, 0, 2, 1, 16][..], &GLOBAL, &[0, 16, 0x20, 1]].concat();
    let mp_unreach = [0x80, 15, 5, 0, 2, 1, 8, 0x30];
    let list = [&mp_reach[..], &mp_unreach, &[0x40, 1, 1, 9], AS_PATH, NEXT_HOP];
    let update = lenient(body(&[16, 172, 16], &list, PREFIX));
    assert_eq!(update.disposition(), Some(TreatAsWithdraw));
    let (announced, withdrawn) = routes(&update);
    assert!(announced.is_empty());
    assert_eq!(withdrawn, ["172.16.0.0/16", "3000::/8", "10.0.0.0/8", "2001::/16"]);
}

/// §2: "the malformed attribute MUST be discarded and the UPDATE message continues to be processed"
#[test]
fn rfc7606_2_attribute_discard() {
    let aggregator = [0xc0, 7, 3, 1, 2, 3];
    let med = [0x80, 4, 4, 0, 0, 0, 7];
    let update = lenient(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, &aggregator, &med], PREFIX));
    assert_eq!(update.disposition(), Some(DiscardAttribute));
    assert_eq!(left(&update), (0, 1));
    assert_eq!(update.attributes().aggregator(), None);
    assert_eq!(update.attributes().med(), Some(7));
    assert_eq!(update.attributes().iter().count(), 4);
    let expected = [ORIGIN, AS_PATH, &med].concat();
    assert_eq!(canonical(&update), expected);
    // What came is there still, for those who log it (§6).
    assert!(update.body().windows(6).any(|window| window == aggregator));
}

/// §3 b: unchanged from RFC 4271
#[test]
fn rfc7606_3_b_lengths_too_large() {
    // With the place of the length that is wrong
    for (bytes, offset) in
        [(&[][..], 0), (&[0, 2, 0], 0), (&[0, 1, 0, 0], 3), (&[0, 0, 0, 1], 2), (&[0, 0], 2)]
    {
        let update = lenient(bytes.to_vec());
        assert_eq!(update.disposition(), Some(SessionReset));
        assert_eq!(update.flaws()[0].error.offset(), Some(offset));
        let notification = update.session_reset().expect("one").notification();
        assert_eq!((notification.code.0, notification.subcode, notification.data.len()), (3, 1, 0));
        assert_eq!(left(&update), (0, 0));
    }
}

/// §3 c
#[test]
fn rfc7606_3_c_attribute_flags() {
    for origin in [[0x80, 1, 1, 0], [0xc0, 1, 1, 0], [0, 1, 1, 0]] {
        assert_eq!(in_place(&origin), Some(TreatAsWithdraw));
    }
    for attribute in [
        &[0x40, 4, 4, 0, 0, 0, 1][..],
        &[0x80, 5, 4, 0, 0, 0, 1],
        &[0x80, 8, 4, 0, 1, 0, 1],
        &[0xc0, 9, 4, 1, 1, 1, 1],
        &[0x80, 16, 8, 0, 2, 0, 1, 0, 0, 0, 1],
        &[0x80, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
        &[0x80, 35, 4, 0, 0, 0, 1],
        // RFC 9012 §13: "does not have the transitive bit set"
        &[0x80, 23, 4, 0, 8, 0, 0],
    ] {
        assert_eq!(beside(attribute), Some(TreatAsWithdraw), "{attribute:?}");
    }
    let old = Context::default();
    let as4_path = [0x80, 17, 6, 2, 1, 0, 3, 0xd, 0x40];
    assert_eq!(beside_in(&as4_path, &old), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0x80, 40, 10, 1, 0, 7, 0, 0, 0, 0, 0, 0, 1]), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0x80, 22, 9, 0, 6, 0, 0, 1, 1, 1, 1, 1]), Some(TreatAsWithdraw));
    assert_eq!(beside(&attribute(0x80, 25, &[1; 20])), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0x80, 128, 4, 0, 0, 0, 1]), Some(TreatAsWithdraw));
    // "unless the specification for the attribute mandates different handling": §3 f, RFC 7311 §3.2
    assert_eq!(beside(&[0x80, 6, 0]), Some(DiscardAttribute));
    assert_eq!(beside(&[0x40, 7, 8, 0, 0, 0, 1, 1, 1, 1, 1]), Some(DiscardAttribute));
    assert_eq!(beside(&[0xc0, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9]), Some(DiscardAttribute));
}

/// §3 d
#[test]
fn rfc7606_3_d_missing_well_known_attributes() {
    let missing = |list: &[&[u8]]| flaws(list, &wide());
    assert_eq!(missing(&[AS_PATH, NEXT_HOP]), [(Some(1), None, TreatAsWithdraw)]);
    assert_eq!(missing(&[ORIGIN, NEXT_HOP]), [(Some(2), None, TreatAsWithdraw)]);
    assert_eq!(missing(&[ORIGIN, AS_PATH]), [(Some(3), None, TreatAsWithdraw)]);
    assert_eq!(missing(&[]).len(), 3);
    // One that stands there, but malformed, is not missing too.
    assert_eq!(missing(&[&[0x40, 1, 0], AS_PATH, NEXT_HOP]).len(), 1);
}

/// §3 e: ORIGIN, AS_PATH, NEXT_HOP, MULTI_EXIT_DISC, LOCAL_PREF
#[test]
fn rfc7606_3_e_treat_as_withdraw_instead_of_reset() {
    assert_eq!(in_place(&[0x40, 1, 1, 9]), Some(TreatAsWithdraw));
    assert_eq!(in_place(&[0x40, 2, 1, 2]), Some(TreatAsWithdraw));
    assert_eq!(in_place(&[0x40, 3, 4, 0, 0, 0, 0]), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0x80, 4, 3, 0, 0, 0]), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0x40, 5, 3, 0, 0, 0]), Some(TreatAsWithdraw));
}

/// §3 f: ATOMIC_AGGREGATE, AGGREGATOR
#[test]
fn rfc7606_3_f_attribute_discard_instead_of_reset() {
    assert_eq!(beside(&[0x40, 6, 1, 0]), Some(DiscardAttribute));
    assert_eq!(beside(&[0xc0, 7, 6, 0, 1, 1, 1, 1, 1]), Some(DiscardAttribute));
}

/// §3 g
#[test]
fn rfc7606_3_g_attributes_that_stand_twice() {
    let mp_reach = [&[0x80, 14, 24, 0, 2, 1, 16][..], &GLOBAL, &[0, 16, 0x20, 1]].concat();
    for attribute in [&mp_reach[..], &[0x80, 15, 3, 0, 2, 1]] {
        let list = [attribute, ORIGIN, AS_PATH, NEXT_HOP, attribute];
        let update = lenient(body(&[], &list, PREFIX));
        assert_eq!(update.disposition(), Some(SessionReset));
        let notification = update.session_reset().expect("one").notification();
        assert_eq!((notification.code.0, notification.subcode), (3, 1));
    }
    // "all the occurrences of the attribute other than the first one SHALL be discarded", known or not
    let again = [0x80, 4, 4, 0, 0, 0, 2];
    let list =
        [ORIGIN, AS_PATH, NEXT_HOP, &[0x80, 4, 4, 0, 0, 0, 1], &again, &again, &[0xc0, 99, 1, 1]];
    let list = [&list[..], &[&[0xc0, 99, 1, 2]]].concat();
    let update = lenient(body(&[], &list, PREFIX));
    let found: Vec<_> =
        update.flaws().iter().map(|flaw| (flaw.error.code(), flaw.disposition)).collect();
    let med = (Some(AttributeCode::MULTI_EXIT_DISC), DiscardAttribute);
    assert_eq!(found, [med, (Some(AttributeCode(99)), DiscardAttribute)], "one flaw a code");
    assert_eq!(update.attributes().med(), Some(1));
    assert_eq!(update.attributes().value(AttributeCode(99)), Some(&[1][..]));
    assert_eq!(left(&update), (0, 1));
}

/// §3 h
#[test]
fn rfc7606_3_h_the_strongest_action_counts() {
    let strongest = |list: &[&[u8]]| {
        let update = lenient(body(&[], list, PREFIX));
        (update.flaws().len(), update.disposition())
    };
    let atomic: &[u8] = &[0x40, 6, 1, 0];
    let med: &[u8] = &[0x80, 4, 0];
    let mp: &[u8] = &[0x80, 15, 4, 0, 2, 1, 129];
    let unknown: &[u8] = &[0x40, 99, 0];
    let list = [ORIGIN, AS_PATH, NEXT_HOP, atomic, med, mp, unknown];
    assert_eq!(strongest(&list[..4]), (1, Some(DiscardAttribute)));
    assert_eq!(strongest(&list[..5]), (2, Some(TreatAsWithdraw)));
    assert_eq!(strongest(&list[..6]), (3, Some(UNICAST_V6)));
    assert_eq!(strongest(&list), (4, Some(SessionReset)));
}

/// §3 i, j: routes that do not parse
#[test]
fn rfc7606_3_j_routes_must_be_parsed() {
    for field in [&[33, 1, 2, 3, 4, 5][..], &[8], &[24, 10, 0]] {
        for bytes in [body(&[], &[ORIGIN, AS_PATH, NEXT_HOP], field), body(field, &[], &[])] {
            let update = lenient(bytes);
            assert_eq!(update.disposition(), Some(SessionReset));
            let notification = update.session_reset().expect("one").notification();
            assert_eq!((notification.code.0, notification.subcode), (3, 10));
            assert_eq!(left(&update), (0, 0));
        }
    }
}

/// §4: both cases; the routes are found by the Total Attribute Length
#[test]
fn rfc7606_4_attribute_length_fields() {
    for attribute in
        [&[0x40][..], &[0x40, 5], &[0x40, 5, 4, 0, 0, 0], &[0x50, 5, 0], &[0x50, 5, 0, 4, 0, 0, 0]]
    {
        let update = lenient(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, attribute], PREFIX));
        assert_eq!(update.disposition(), Some(TreatAsWithdraw), "{attribute:?}");
        assert_eq!(left(&update), (1, 0));
        assert_eq!(update.flaws()[0].error.offset(), Some(24));
        assert_eq!(update.attributes().iter().count(), 3);
    }
}

/// §4: "it SHALL be considered a syntax error for the attribute to have a length of zero"
#[test]
fn rfc7606_4_a_length_of_zero() {
    let discarded = [7, 26, 40];
    for (flags, code) in [
        (0x80, 4),
        (0x40, 5),
        (0xc0, 7),
        (0xc0, 8),
        (0x80, 9),
        (0x80, 10),
        (0xc0, 16),
        (0xc0, 22),
        (0xc0, 23),
        (0xc0, 25),
        (0x80, 26),
        (0xc0, 32),
        (0xc0, 35),
        (0xc0, 40),
        (0xc0, 128),
    ] {
        let expected = if discarded.contains(&code) { DiscardAttribute } else { TreatAsWithdraw };
        assert_eq!(beside(&[flags, code, 0]), Some(expected), "{code}");
    }
    assert_eq!(in_place(&[0x40, 1, 0]), Some(TreatAsWithdraw));
    assert_eq!(in_place(&[0x40, 3, 0]), Some(TreatAsWithdraw));
    // "only AS_PATH and ATOMIC_AGGREGATE may validly have an attribute length of zero"
    assert_eq!(in_place(&[0x40, 2, 0]), None);
    assert_eq!(beside(&[0x40, 6, 0]), None);
}

/// §5.1: "MUST still be prepared to receive these fields in any position or combination"
#[test]
fn rfc7606_5_1_fields_in_any_position() {
    let mp_reach = [&[0x80, 14, 24, 0, 2, 1, 16][..], &GLOBAL, &[0, 16, 0x20, 1]].concat();
    let mp_unreach: &[u8] = &[0x80, 15, 5, 0, 2, 1, 8, 0x30];
    let mut list = [ORIGIN, AS_PATH, NEXT_HOP, &mp_reach, mp_unreach];
    for _ in 0..list.len() {
        list.rotate_left(1);
        let update = lenient(body(&[16, 172, 16], &list, PREFIX));
        assert_eq!((update.disposition(), left(&update)), (None, (2, 2)));
    }
}

/// §5.2: no reachable routes, and a flaw that asks for more than attribute discard
#[test]
fn rfc7606_5_2_missing_nlri() {
    let without =
        |withdrawn: &[u8], list: &[&[u8]]| lenient(body(withdrawn, list, &[])).disposition();
    assert_eq!(without(&[], &[&[0x40, 1, 1, 9]]), Some(SessionReset));
    assert_eq!(without(PREFIX, &[ORIGIN, &[0x80, 4, 0]]), Some(SessionReset));
    assert_eq!(without(&[], &[&[0x80, 15, 3, 0, 2, 1], &[0x80, 4, 0]]), Some(SessionReset));
    assert_eq!(without(&[], &[&[0x40]]), Some(SessionReset));
    // The attribute that is cut off may have been MP_REACH_NLRI.
    let unreach: &[u8] = &[0x80, 15, 5, 0, 2, 1, 8, 0x20];
    assert_eq!(without(&[], &[unreach, &[0x80, 14, 60, 0, 2, 1]]), Some(SessionReset));
    assert_eq!(without(&[], &[&[0x40, 6, 1, 0]]), Some(DiscardAttribute));
    // MP_REACH_NLRI with no routes in it
    let mp_reach = [&[0x80, 14, 21, 0, 2, 1, 16][..], &GLOBAL, &[0]].concat();
    assert_eq!(without(&[], &[&mp_reach, AS_PATH]), Some(SessionReset));
    // The flaw keeps its own code.
    let update = lenient(body(&[], &[&[0x40, 1, 1, 9]], &[]));
    let notification = update.session_reset().expect("one").notification();
    assert_eq!((notification.subcode, &notification.data[..]), (6, &[0x40, 1, 1, 9][..]));
}

/// §5.3: MP_REACH_NLRI and MP_UNREACH_NLRI
#[test]
fn rfc7606_5_3_syntactic_correctness_of_nlri() {
    let reach = |rest: &[u8]| {
        [&[0x80, 14, 21 + rest.len() as u8, 0, 2, 1, 16][..], &GLOBAL, &[0], rest].concat()
    };
    let list = |attribute: &[u8]| beside(attribute);
    assert_eq!(list(&reach(&[129])), Some(UNICAST_V6));
    assert_eq!(list(&reach(&[64, 1])), Some(UNICAST_V6));
    assert_eq!(list(&[0x80, 15, 4, 0, 2, 1, 129]), Some(UNICAST_V6));
    assert_eq!(list(&[0x80, 15, 5, 0, 2, 1, 64, 1]), Some(UNICAST_V6));
    let v4 = DisableFamily(Family::IPV4_UNICAST);
    assert_eq!(list(&[0x80, 15, 9, 0, 1, 1, 33, 1, 2, 3, 4, 5]), Some(v4));
    // "The attribute flags of the attribute are inconsistent with those specified"
    let mut flags = reach(&[]);
    flags[0] = 0xc0;
    assert_eq!(list(&flags), Some(UNICAST_V6));
    assert_eq!(list(&[0x40, 15, 3, 0, 2, 1]), Some(UNICAST_V6));
    // "less than 3, or … less than 5": not even the family is known.
    for short in
        [&[0x80, 15, 2, 0, 2][..], &[0x80, 15, 0], &[0x80, 14, 4, 0, 2, 1, 0], &[0x80, 14, 0]]
    {
        assert_eq!(list(short), Some(SessionReset), "{short:?}");
    }
    // Other families go on.
    let update = lenient(body(&[], &[&reach(&[129]), ORIGIN, AS_PATH, NEXT_HOP], PREFIX));
    assert_eq!((update.disposition(), left(&update)), (Some(UNICAST_V6), (0, 1)));
}

/// §5.4: NLRI of types that are not known are no error
#[test]
fn rfc7606_5_4_typed_nlri() {
    let value = [0, 25, 70, 4, 192, 0, 2, 1, 0, 99, 2, 7, 8];
    let mp_reach = attribute(0x80, 14, &value);
    let update = lenient(body(&[], &[&mp_reach, ORIGIN, AS_PATH], &[]));
    assert_eq!((update.disposition(), left(&update)), (None, (0, 1)));
}

/// §7.1
#[test]
fn rfc7606_7_1_origin() {
    for origin in [&[0x40, 1, 0][..], &[0x40, 1, 2, 0, 0], &[0x40, 1, 1, 3], &[0x40, 1, 1, 255]] {
        assert_eq!(in_place(origin), Some(TreatAsWithdraw));
    }
}

/// §7.2
#[test]
fn rfc7606_7_2_as_path() {
    for value in [
        &[2, 2, 0, 0, 0, 1][..], // overrun
        &[2, 1, 0, 0, 0, 1, 2],  // underrun
        &[2, 0],                 // a segment length of zero
        &[5, 1, 0, 0, 0, 1],     // an unrecognized segment type
        &[2, 1, 0, 0, 0, 0],     // RFC 7607 §2
    ] {
        assert_eq!(in_place(&attribute(0x40, 2, value)), Some(TreatAsWithdraw), "{value:?}");
    }
}

/// RFC 5065 §5
#[test]
fn rfc5065_5_confederation_segments_from_outside() {
    for kind in [3, 4] {
        let path = attribute(0x40, 2, &[kind, 1, 0, 0, 0xfc, 0, 2, 1, 0, 0, 0xfc, 1]);
        let list = [ORIGIN, &path, NEXT_HOP];
        assert_eq!(flaws(&list, &wide()), []);
        assert_eq!(flaws(&list, &external()), [(Some(2), Some(8), TreatAsWithdraw)]);
    }
}

/// §7.3
#[test]
fn rfc7606_7_3_next_hop() {
    for value in [&[][..], &[192, 0, 2], &[192, 0, 2, 1, 1], &[224, 0, 0, 1], &[0; 16]] {
        assert_eq!(in_place(&attribute(0x40, 3, value)), Some(TreatAsWithdraw), "{value:?}");
    }
}

/// §7.4
#[test]
fn rfc7606_7_4_multi_exit_disc() {
    for length in [0, 3, 5, 8] {
        assert_eq!(beside(&attribute(0x80, 4, &vec![0; length])), Some(TreatAsWithdraw));
    }
}

/// §7.5
#[test]
fn rfc7606_7_5_local_pref() {
    for length in [0, 3, 4, 5] {
        let attribute = attribute(0x40, 5, &vec![0; length]);
        assert_eq!(beside_in(&attribute, &external()), Some(DiscardAttribute));
        assert_eq!(beside(&attribute), (length != 4).then_some(TreatAsWithdraw));
        // One network of many ASes (RFC 7938): checked as from inside.
        let allowed = Context { allow_local_pref: true, ..external() };
        assert_eq!(beside_in(&attribute, &allowed), (length != 4).then_some(TreatAsWithdraw));
    }
}

/// §7.6
#[test]
fn rfc7606_7_6_atomic_aggregate() {
    assert_eq!(beside(&[0x40, 6, 1, 0]), Some(DiscardAttribute));
}

/// §7.7
#[test]
fn rfc7606_7_7_aggregator() {
    let old = Context::default();
    for length in 0..10 {
        let attribute = attribute(0xc0, 7, &vec![1; length]);
        assert_eq!(beside(&attribute), (length != 8).then_some(DiscardAttribute));
        assert_eq!(beside_in(&attribute, &old), (length != 6).then_some(DiscardAttribute));
    }
}

/// Lists of items of one size
fn check_items(flags: u8, code: u8, size: usize, context: &Context) {
    for length in 0..=2 * size {
        let attribute = attribute(flags, code, &vec![1; length]);
        let fine = length != 0 && length.is_multiple_of(size);
        let expected = (!fine).then_some(TreatAsWithdraw);
        assert_eq!(beside_in(&attribute, context), expected, "{code}: {length}");
    }
}

/// §7.8
#[test]
fn rfc7606_7_8_community() {
    check_items(0xc0, 8, 4, &external());
}

/// §7.9
#[test]
fn rfc7606_7_9_originator_id() {
    for length in [0, 3, 4, 5] {
        let attribute = attribute(0x80, 9, &vec![1; length]);
        assert_eq!(beside_in(&attribute, &external()), Some(DiscardAttribute));
        assert_eq!(beside(&attribute), (length != 4).then_some(TreatAsWithdraw));
    }
}

/// §7.10
#[test]
fn rfc7606_7_10_cluster_list() {
    check_items(0x80, 10, 4, &wide());
    for length in [0, 3, 4, 8] {
        let attribute = attribute(0x80, 10, &vec![1; length]);
        assert_eq!(beside_in(&attribute, &external()), Some(DiscardAttribute));
    }
}

/// §7.11: lengths that each family has, and all others
#[test]
fn rfc7606_7_11_mp_reach_nlri() {
    for (family, fine) in [
        (Family::IPV4_UNICAST, &[4, 16, 32][..]),
        (Family::IPV6_UNICAST, &[16, 32]),
        (Family::IPV4_MULTICAST, &[4, 16, 32]),
        (Family::IPV4_LABELLED, &[4, 16, 32]),
        (Family::IPV6_LABELLED, &[16, 32]),
        (Family::IPV4_VPN, &[12, 24, 48]),
        (Family::IPV6_VPN, &[24, 48]),
        (Family::IPV4_VPN_MULTICAST, &[12, 24, 48]),
        (Family::EVPN, &[4, 16, 32]),
        (Family::ROUTE_TARGET, &[4, 16, 32]),
    ] {
        for length in 0..=50 {
            let mut field = vec![0; length];
            // Addresses of hosts, with distinguishers of zero before them
            for (at, octet) in field.iter_mut().enumerate() {
                let offset = at % if matches!(length, 12 | 24 | 48) { 24 } else { 16 };
                let start = if matches!(length, 12 | 24 | 48) { 8 } else { 0 };
                *octet = if offset == start { 0x20 } else { 0 };
            }
            let [high, low] = family.afi.0.to_be_bytes();
            let head = [high, low, family.safi.0, u8::try_from(length).unwrap_or(0)];
            let mp_reach = attribute(0x80, 14, &[&head[..], &field, &[0]].concat());
            let expected = (!fine.contains(&length)).then_some(DisableFamily(family));
            assert_eq!(beside(&mp_reach), expected, "{family} {length}");
        }
    }
}

/// §7.12: see §5.3
#[test]
fn rfc7606_7_12_mp_unreach_nlri() {
    assert_eq!(beside(&[0x80, 15, 4, 0, 2, 1, 129]), Some(UNICAST_V6));
    assert_eq!(beside(&[0x80, 15, 4, 0, 2, 1, 0]), None);
}

/// §7.13: nothing says what is malformed, so nothing is
#[test]
fn rfc7606_7_13_traffic_engineering() {
    assert_eq!(beside(&[0x80, 24, 3, 1, 2, 3]), None);
}

/// §7.14
#[test]
fn rfc7606_7_14_extended_community() {
    check_items(0xc0, 16, 8, &wide());
    // "MUST NOT treat an unrecognized Extended Community Type or Sub-Type as an error"
    assert_eq!(beside(&attribute(0xc0, 16, &[0x99, 0x99, 1, 2, 3, 4, 5, 6])), None);
}

/// §7.15
#[test]
fn rfc7606_7_15_ipv6_extended_community() {
    check_items(0xc0, 25, 20, &wide());
}

/// §7.16
#[test]
fn rfc7606_7_16_attr_set() {
    let set =
        |rest: &[u8]| beside(&attribute(0xc0, 128, &[&[0, 0, 0xfd, 0xe8][..], rest].concat()));
    assert_eq!(set(&[]), None);
    assert_eq!(set(ORIGIN), None);
    assert_eq!(set(&[0x40, 1, 2, 0]), Some(TreatAsWithdraw));
    // RFC 6368 §5: these MUST NOT be in it.
    assert_eq!(set(&[0x80, 15, 3, 0, 2, 1]), Some(TreatAsWithdraw));
    assert_eq!(beside(&[0xc0, 128, 3, 0, 0, 1]), Some(TreatAsWithdraw));
}

/// RFC 6793 §6
#[test]
fn rfc6793_6_as4_attributes() {
    let old = Context::default();
    for value in [&[][..], &[2, 0], &[2, 1, 0, 3], &[7, 1, 0, 3, 0xd, 0x40]] {
        assert_eq!(beside_in(&attribute(0xc0, 17, value), &old), Some(DiscardAttribute));
    }
    assert_eq!(beside_in(&attribute(0xc0, 17, &[2, 1, 0, 3, 0xd, 0x40]), &old), None);
    assert_eq!(beside_in(&attribute(0xc0, 18, &[1; 7]), &old), Some(DiscardAttribute));
    assert_eq!(beside_in(&attribute(0xc0, 18, &[1; 8]), &old), None);
    // From a speaker of 4-octet AS numbers
    assert_eq!(beside(&attribute(0xc0, 17, &[2, 1, 0, 3, 0xd, 0x40])), Some(DiscardAttribute));
    assert_eq!(beside(&attribute(0xc0, 18, &[1; 8])), Some(DiscardAttribute));
}

/// RFC 6514 §5: "cannot parse the Tunnel Identifier field"
#[test]
fn rfc6514_5_pmsi_tunnel() {
    let tunnel = |kind: u8, identifier: usize| {
        beside(&attribute(0xc0, 22, &[&[0, kind, 0, 0, 1][..], &vec![1; identifier]].concat()))
    };
    let flaw = Some(TreatAsWithdraw);
    assert_eq!([tunnel(0, 0), tunnel(0, 4)], [None, flaw]);
    assert_eq!([tunnel(1, 12), tunnel(1, 11)], [None, flaw]);
    assert_eq!([tunnel(2, 9), tunnel(2, 0)], [None, flaw]);
    assert_eq!([tunnel(3, 8), tunnel(4, 32), tunnel(5, 9)], [None, None, flaw]);
    assert_eq!([tunnel(6, 4), tunnel(6, 16), tunnel(6, 5)], [None, None, flaw]);
    assert_eq!(tunnel(11, 3), None);
    assert_eq!(beside(&attribute(0xc0, 22, &[0, 6, 0, 0])), flaw);
}

/// RFC 7311 §3.2, §3.3
#[test]
fn rfc7311_3_2_aigp() {
    let aigp = |value: &[u8]| beside(&attribute(0x80, 26, value));
    let fine = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9];
    assert_eq!(aigp(&fine), None);
    // "more than one TLV of a given type", "TLVs of unknown types"
    assert_eq!(aigp(&[&fine[..], &fine, &[9, 0, 3]].concat()), None);
    for value in [
        &[1, 0, 11, 0][..],
        &[1, 0, 2],
        &[1, 0],
        &[1, 0, 7, 0, 0, 0, 9],
        &[1, 0, 11, 255, 255, 255, 255, 255, 255, 255, 255],
    ] {
        assert_eq!(aigp(value), Some(DiscardAttribute), "{value:?}");
    }
    assert_eq!(beside_in(&attribute(0x80, 26, &fine), &external()), Some(DiscardAttribute));
    // §3.3: AIGP_SESSION
    let enabled = Context { allow_aigp: true, ..external() };
    assert_eq!(beside_in(&attribute(0x80, 26, &fine), &enabled), None);
}

/// RFC 8955 §4: "The Network Address of the Next-Hop field MUST be ignored."
#[test]
fn rfc8955_4_next_hops_of_flow_specifications() {
    let flow = attribute(0x80, 14, &[0, 1, 133, 4, 0, 0, 0, 0, 0, 3, 1, 8, 10]);
    assert_eq!(beside(&flow), None);
}

/// RFC 9136 §3.2: a gateway and an Ethernet segment
#[test]
fn rfc9136_3_2_two_overlay_indexes() {
    for (esi, gateway, expected) in
        [(1, 0, None), (0, 1, None), (0, 0, None), (1, 1, Some(TreatAsWithdraw))]
    {
        let mut value = vec![0, 25, 70, 4, 192, 0, 2, 1, 0, 5, 34];
        value.extend([0; 8]);
        value.extend([esi; 10]);
        value.extend([0, 0, 0, 7, 8, 10, 0, 0, 0]);
        value.extend([gateway; 4]);
        value.extend([0, 0, 0x11]);
        assert_eq!(beside(&attribute(0x80, 14, &value)), expected, "{esi} {gateway}");
    }
}

/// A message has room for very many attributes that stand again: they are not all told.
#[test]
fn the_list_of_flaws_is_bounded() {
    let list = [0xc0, 99, 0].repeat(21_000);
    let context = Context { extended_message: true, ..wide() };
    let update = Update::decode(body(&[], &[&list], &[]).into(), &context);
    assert_eq!((update.flaws().len(), update.attributes().iter().count()), (1, 1));
}

/// Labels are no part of what a withdrawal names (RFC 8277 §2.4).
#[test]
fn routes_that_count_as_withdrawn_have_no_labels() {
    let reach =
        attribute(0x80, 14, &[0, 1, 4, 4, 192, 0, 2, 1, 0, 56, 0, 6, 0x40, 0, 0xc, 0x81, 10]);
    let update = lenient(body(&[], &[&reach, &[0x40, 1, 1, 9], AS_PATH], &[]));
    let routes = |nlri: crate::Nlri<'_>| -> Vec<String> {
        nlri.destinations().map(|(_, destination)| destination.to_string()).collect()
    };
    let unreach = update.unreach().next().expect("withdrawn");
    assert_eq!(routes(unreach.nlri), ["10.0.0.0/8"]);
    let reach = update.mp_reach().expect("as it came");
    assert_eq!(routes(reach.nlri), ["10.0.0.0/8 label 100/200"]);
}

/// RFC 8092 §6
#[test]
fn rfc8092_6_large_communities() {
    check_items(0xc0, 32, 12, &external());
    let twice = [[1; 12], [1; 12]].concat();
    assert_eq!(beside(&attribute(0xc0, 32, &twice)), None);
}

/// RFC 8669 §6
#[test]
fn rfc8669_6_prefix_sid() {
    let sid = |value: &[u8]| beside(&attribute(0xc0, 40, value));
    let index = [1, 0, 7, 0, 0, 0, 0, 0, 0, 42];
    assert_eq!(sid(&index), None);
    assert_eq!(sid(&[&index[..], &index, &[99, 0, 1, 7]].concat()), None);
    assert_eq!(sid(&[3, 0, 8, 0, 0, 0, 0, 1, 0, 0, 2]), None);
    for value in [
        &[1, 0, 6, 0, 0, 0, 0, 0, 0][..],
        &[3, 0, 2, 0, 0],
        &[3, 0, 7, 0, 0, 0, 0, 1, 0, 0],
        &[1, 0, 7, 0],
    ] {
        assert_eq!(sid(value), Some(DiscardAttribute), "{value:?}");
    }
}

/// RFC 9012 §13
#[test]
fn rfc9012_13_tunnel_encapsulation() {
    let tunnel = |value: &[u8]| beside(&attribute(0xc0, 23, value));
    assert_eq!(tunnel(&[0, 8, 0, 0]), None);
    assert_eq!(tunnel(&[0, 8, 0, 3, 4, 1, 9]), None);
    assert_eq!(tunnel(&[0xff, 8, 0, 4, 200, 0, 1, 9]), None);
    for value in
        [&[0, 8, 0][..], &[0, 8, 0, 3, 4, 2, 9], &[0, 8, 0, 1, 4], &[0, 8, 0, 3, 200, 0, 1]]
    {
        assert_eq!(tunnel(value), Some(TreatAsWithdraw), "{value:?}");
    }
}

/// RFC 9234 §5
#[test]
fn rfc9234_5_only_to_customer() {
    for length in [0, 3, 4, 5] {
        let attribute = attribute(0xc0, 35, &vec![1; length]);
        assert_eq!(beside_in(&attribute, &external()), (length != 4).then_some(TreatAsWithdraw));
    }
}

/// Every disposition that resets the session has the NOTIFICATION of RFC 4271 §6.3.
#[test]
fn notifications_of_session_resets() {
    let reset = |bytes: Vec<u8>| {
        let frame = crate::Frame { kind: crate::MessageType::UPDATE, body: bytes.into() };
        let error = crate::Message::decode(&frame, &wide()).err()?;
        let notification = error.notification();
        Some((notification.code.0, notification.subcode, notification.data.to_vec()))
    };
    let unknown = [0x40, 99, 2, 1, 2];
    let announce = |attribute: &[u8]| body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, attribute], PREFIX);
    assert_eq!(reset(announce(&unknown)), Some((3, 2, unknown.to_vec())));
    assert_eq!(reset(announce(&[0x80, 15, 1, 0])), Some((3, 9, vec![0x80, 15, 1, 0])));
    assert_eq!(reset(body(&[99], &[], &[])), Some((3, 10, vec![])));
    assert_eq!(reset(vec![0, 9]), Some((3, 1, vec![])));
    // What does not reset it is a message, with its flaws.
    assert_eq!(reset(announce(&[0x80, 4, 0])), None);
}
