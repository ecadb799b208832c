use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::attribute::EXTENDED_LENGTH;
use crate::{
    AS_TRANS, Afi, Aggregator, AsPathBuilder, AttributeCode, Context, Origin, PathAttributes, Safi,
    SegmentKind,
};

mod rfc7606;

const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
/// AS_PATH 64512 with 4-octet and 2-octet numbers
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0xfc, 0];
const AS_PATH_2: &[u8] = &[0x40, 2, 4, 2, 1, 0xfc, 0];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 192, 0, 2, 1];
/// 10.0.0.0/8
const PREFIX: &[u8] = &[8, 10];
const GLOBAL: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const LINK_LOCAL: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn wide() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

fn body(withdrawn: &[u8], attributes: &[&[u8]], announced: &[u8]) -> Vec<u8> {
    let attributes = attributes.concat();
    let length = |part: &[u8]| u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut body = length(withdrawn).to_vec();
    body.extend_from_slice(withdrawn);
    body.extend(length(&attributes));
    body.extend(attributes);
    body.extend_from_slice(announced);
    body
}

fn decode(body: Vec<u8>) -> Result<Update, UpdateError> {
    strict(body, &wide())
}

/// The first flaw is an error; what it leads to, the module `rfc7606` tests.
fn strict(body: impl Into<Bytes>, context: &Context) -> Result<Update, UpdateError> {
    let update = Update::decode(body.into(), context);
    match update.flaws().first() {
        None => Ok(update),
        Some(flaw) => Err(flaw.error.clone()),
    }
}

/// Whatever is wrong with it.
fn lenient(body: Vec<u8>) -> Update {
    Update::decode(body.into(), &wide())
}

/// An UPDATE that announces 10.0.0.0/8 with the mandatory attributes and one more.
fn with(attribute: &[u8]) -> Result<Update, UpdateError> {
    decode(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, attribute], PREFIX))
}

/// The same with one attribute in the place of the mandatory one with its code.
fn instead(attribute: &[u8]) -> Result<Update, UpdateError> {
    let mandatory = [ORIGIN, AS_PATH, NEXT_HOP];
    let list = mandatory.map(|old| if old.get(1) == attribute.get(1) { attribute } else { old });
    decode(body(&[], &list, PREFIX))
}

/// Code, subcode and data of the NOTIFICATION.
fn refusal(result: Result<Update, UpdateError>) -> Option<(u8, u8, Vec<u8>)> {
    let notification = crate::MessageError::from(result.err()?).notification();
    Some((notification.code.0, notification.subcode, notification.data.to_vec()))
}

fn refused(subcode: u8, data: &[u8]) -> Option<(u8, u8, Vec<u8>)> {
    Some((3, subcode, data.to_vec()))
}

fn canonical(update: &Update) -> Vec<u8> {
    let mut out = Vec::new();
    update.canonical_attributes(&mut out);
    out
}

/// What all decoders of `update` see, to compare two of them.
fn routes(update: &Update) -> (Vec<String>, Vec<String>) {
    let announced = update.reach().flat_map(|reach| {
        let next_hop = reach.next_hop.map(|hop| hop.to_string()).unwrap_or_default();
        reach.nlri.prefixes().map(move |net| alloc::format!("{net} via {next_hop}"))
    });
    let withdrawn = update.unreach().flat_map(|unreach| unreach.nlri.prefixes());
    (announced.collect(), withdrawn.map(|net| net.to_string()).collect())
}

// ---- RFC 4271 §6.3, clause by clause ----

/// "If the Withdrawn Routes Length or Total Attribute Length is too large"
#[test]
fn rfc4271_6_3_lengths_too_large() {
    for bytes in [
        &[][..],
        &[0],
        &[0, 0, 0],
        &[0, 1, 0, 0],                       // one withdrawn octet, then half a length
        &[0xff, 0xff, 0, 0],                 // withdrawn
        &[0, 0, 0, 1],                       // attributes
        &[0, 0, 0xff, 0xff],                 //
        &[0, 2, 8, 10, 0, 5, 0x40, 1, 1, 0], // one too many
    ] {
        assert_eq!(refusal(decode(bytes.to_vec())), refused(1, &[]), "{bytes:?}");
    }
}

/// The same, of an attribute (RFC 7606 §4 names the two ways)
#[test]
fn rfc4271_6_3_attribute_exceeds_the_list() {
    for attribute in
        [&[0x40][..], &[0x40, 5], &[0x40, 5, 4, 0, 0, 0], &[0x50, 5, 0], &[0x50, 5, 0, 4, 0, 0, 0]]
    {
        assert_eq!(refusal(with(attribute)), refused(1, &[]), "{attribute:?}");
    }
}

/// "Attribute Flags that conflict with the Attribute Type Code": each known code, each wrong pair of the bits
/// Optional and Transitive (RFC 7606 §3 c).
#[test]
fn rfc4271_6_3_attribute_flags_error() {
    let well_known: &[&[u8]] =
        &[ORIGIN, AS_PATH, NEXT_HOP, &[0x40, 5, 4, 0, 0, 0, 100], &[0x40, 6, 0]];
    let mut mp_reach = vec![0x80, 14, 21, 0, 2, 1, 16];
    mp_reach.extend([&GLOBAL[..], &[0]].concat());
    let non_transitive: &[&[u8]] = &[
        &[0x80, 4, 4, 0, 0, 0, 1],
        &[0x80, 9, 4, 1, 1, 1, 1],
        &[0x80, 10, 4, 1, 1, 1, 1],
        &mp_reach,
        &[0x80, 15, 3, 0, 2, 1],
    ];
    let transitive: &[&[u8]] = &[
        &[0xc0, 7, 8, 0, 0, 0, 1, 1, 1, 1, 1],
        &[0xc0, 8, 4, 0, 1, 0, 1],
        &[0xc0, 16, 8, 0, 2, 0, 1, 0, 0, 0, 1],
        &[0xc0, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
    ];
    for attribute in [well_known, non_transitive, transitive].concat() {
        let mandatory = attribute.get(1).is_some_and(|code| *code <= 3);
        for bits in [0, 0x40, 0x80, 0xc0] {
            let mut changed = attribute.to_vec();
            let Some(flags) = changed.first_mut() else { continue };
            let right = *flags == bits;
            *flags = bits;
            let result = if mandatory { instead(&changed) } else { with(&changed) };
            let expected = if right { None } else { refused(4, &changed) };
            assert_eq!(refusal(result), expected, "{changed:?}");
        }
    }
}

/// RFC 7606 §3 c leaves out the partial bit; RFC 4271 §4.3 says of the lower four: "MUST be ignored".
#[test]
fn bits_that_mean_nothing_are_no_error() {
    let plain = instead(ORIGIN).map(|update| canonical(&update));
    for bits in 0..16 {
        let origin = [0x40 | bits & 0x8, 1, 1, 0];
        assert_eq!(instead(&origin).map(|update| canonical(&update)), plain);
        let partial = [0x60 | bits, 1, 1, 0];
        if bits & 0x10 == 0 {
            assert_eq!(instead(&partial).map(|update| canonical(&update)), plain);
        }
    }
    let med = |flags: u8| with(&[flags, 4, 4, 0, 0, 0, 9]).map(|update| canonical(&update));
    assert_eq!(med(0xa0), med(0x80));
}

/// "an Attribute Length that conflicts with the expected length"
#[test]
fn rfc4271_6_3_attribute_length_error() {
    let check = |flags: u8, code: u8, lengths: &[usize]| {
        for length in lengths {
            let mut attribute = vec![flags, code, u8::try_from(*length).unwrap_or(u8::MAX)];
            attribute.extend(vec![1; *length]);
            let result = if code <= 3 { instead(&attribute) } else { with(&attribute) };
            assert_eq!(refusal(result), refused(5, &attribute), "code {code}");
        }
    };
    check(0x40, 1, &[0, 2]); // ORIGIN
    check(0x40, 3, &[0, 3, 5, 16]); // NEXT_HOP
    check(0x80, 4, &[0, 3, 5]); // MULTI_EXIT_DISC
    check(0x40, 5, &[0, 3, 5]); // LOCAL_PREF
    check(0x40, 6, &[1]); // ATOMIC_AGGREGATE
    check(0xc0, 7, &[0, 6, 7, 9]); // AGGREGATOR with 4-octet AS numbers
    check(0xc0, 8, &[0, 1, 5, 7]); // COMMUNITIES (RFC 7606 §7.8)
    check(0x80, 9, &[0, 3, 5]); // ORIGINATOR_ID
    check(0x80, 10, &[0, 3, 5]); // CLUSTER_LIST
    check(0xc0, 16, &[0, 4, 9]); // EXTENDED_COMMUNITIES
    check(0xc0, 32, &[0, 8, 13]); // LARGE_COMMUNITIES (RFC 8092 §5)
    // AGGREGATOR with 2-octet AS numbers
    for length in [0, 5, 7, 8] {
        let mut attribute = vec![0xc0, 7, length];
        attribute.extend(vec![1; usize::from(length)]);
        let bytes = body(&[], &[ORIGIN, AS_PATH_2, NEXT_HOP, &attribute], PREFIX);
        let result = strict(bytes, &Context::default());
        assert_eq!(refusal(result), refused(5, &attribute));
    }
}

/// "any of the well-known mandatory attributes are not present"
#[test]
fn rfc4271_6_3_missing_well_known_attribute() {
    let missing = |list: &[&[u8]], prefix: &[u8]| refusal(decode(body(&[], list, prefix)));
    assert_eq!(missing(&[AS_PATH, NEXT_HOP], PREFIX), refused(3, &[1]));
    assert_eq!(missing(&[ORIGIN, NEXT_HOP], PREFIX), refused(3, &[2]));
    assert_eq!(missing(&[ORIGIN, AS_PATH], PREFIX), refused(3, &[3]));
    assert_eq!(missing(&[], PREFIX), refused(3, &[1]));
    // RFC 4760 §3: with MP_REACH_NLRI, NEXT_HOP need not be there, the others do.
    let mp_reach = [&[0x80, 14, 21, 0, 2, 1, 16][..], &GLOBAL, &[0]].concat();
    assert_eq!(missing(&[ORIGIN, AS_PATH, &mp_reach], &[]), None);
    assert_eq!(missing(&[AS_PATH, &mp_reach], &[]), refused(3, &[1]));
    assert_eq!(missing(&[ORIGIN, &mp_reach], &[]), refused(3, &[2]));
    assert_eq!(missing(&[ORIGIN, AS_PATH, &mp_reach], PREFIX), refused(3, &[3]));
    // "correct path attributes, but no NLRI, SHALL be treated as a valid UPDATE message"
    assert_eq!(missing(&[ORIGIN], &[]), None);
}

/// "any of the well-known mandatory attributes are not recognized"
#[test]
fn rfc4271_6_3_unrecognized_well_known_attribute() {
    for attribute in [&[0x40, 99, 2, 1, 2][..], &[0, 99, 0], &[0x50, 200, 0, 1, 7], &[0x40, 0, 0]] {
        assert_eq!(refusal(with(attribute)), refused(2, attribute));
    }
}

/// "the ORIGIN attribute has an undefined value"
#[test]
fn rfc4271_6_3_invalid_origin_attribute() {
    for value in 0..=255 {
        let origin = [0x40, 1, 1, value];
        let expected = if value <= 2 { None } else { refused(6, &origin) };
        assert_eq!(refusal(instead(&origin)), expected);
    }
}

/// "the NEXT_HOP attribute field is syntactically incorrect"
#[test]
fn rfc4271_6_3_invalid_next_hop_attribute() {
    for address in
        [[0, 0, 0, 0], [0, 1, 2, 3], [127, 0, 0, 1], [224, 0, 0, 1], [240, 0, 0, 1], [255; 4]]
    {
        let next_hop = [&[0x40, 3, 4][..], &address].concat();
        assert_eq!(refusal(instead(&next_hop)), refused(8, &next_hop));
    }
    for address in [[1, 0, 0, 0], [10, 0, 0, 0], [192, 0, 2, 255], [223, 255, 255, 255]] {
        assert_eq!(refusal(instead(&[&[0x40, 3, 4][..], &address].concat())), None);
    }
}

/// RFC 4760 §3: in a message without classic routes NEXT_HOP SHOULD be ignored.
#[test]
fn rfc4760_3_next_hop_beside_mp_reach_is_ignored() {
    let mp_reach = [&[0x80, 14, 25, 0, 2, 1, 16][..], &GLOBAL, &[0, 24, 0x20, 1, 0xd]].concat();
    for next_hop in [
        &[0x40, 3, 4, 0, 0, 0, 0][..],
        &[0x40, 3, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let update = decode(body(&[], &[&mp_reach, ORIGIN, AS_PATH, next_hop], &[]));
        let update = update.expect("well formed");
        assert_eq!(update.next_hop(), None);
        assert_eq!(routes(&update).0, ["2001:d00::/24 via 2001:db8::1"]);
    }
}

/// "The AS_PATH attribute is checked for syntactic correctness"
#[test]
fn rfc4271_6_3_malformed_as_path() {
    for value in [
        &[2][..],               // half a segment header
        &[2, 0],                // an empty segment
        &[2, 1, 0, 0, 0],       // cut off
        &[2, 2, 0, 0, 0, 1],    //
        &[2, 1, 0, 0, 0, 1, 1], // something behind
        &[0, 1, 0, 0, 0, 1],    // unknown kinds
        &[5, 1, 0, 0, 0, 1],    //
        &[2, 1, 0, 0, 0, 0],    // AS 0 (RFC 7607)
        &[2, 1, 0xfc, 0],       // 2-octet numbers where 4-octet ones were agreed
    ] {
        let mut attribute = vec![0x40, 2, u8::try_from(value.len()).unwrap_or(0)];
        attribute.extend_from_slice(value);
        assert_eq!(refusal(instead(&attribute)), refused(11, &[]), "{value:?}");
    }
    assert_eq!(refusal(instead(&[0x40, 2, 0])), None);
    let narrow = body(&[], &[ORIGIN, AS_PATH, NEXT_HOP], PREFIX);
    let result = strict(narrow, &Context::default());
    assert_eq!(refusal(result), refused(11, &[]));
}

/// "If an optional attribute is recognized, then the value of this attribute MUST be checked"; RFC 4760 §7
#[test]
fn rfc4271_6_3_optional_attribute_error() {
    let reach =
        |value: &[u8]| [&[0x80, 14, u8::try_from(value.len()).unwrap_or(0)][..], value].concat();
    let unreach =
        |value: &[u8]| [&[0x80, 15, u8::try_from(value.len()).unwrap_or(0)][..], value].concat();
    let hop = |field: &[u8]| {
        let length = u8::try_from(field.len()).unwrap_or(0);
        reach(&[&[0, 2, 1, length][..], field, &[0]].concat())
    };
    let mut multicast = GLOBAL;
    multicast[0] = 0xff;
    for attribute in [
        reach(&[]),
        reach(&[0, 1, 1, 0]),     // RFC 7606 §5.3: less than 5
        reach(&[0, 2, 1, 16, 0]), // the next hop is cut off
        reach(&[&[0, 2, 1, 16][..], &GLOBAL].concat()), // no reserved octet
        hop(&[]),
        hop(&[192, 0, 2, 1]), // IPv4 next hop of IPv6 routes
        hop(&GLOBAL[..15]),
        hop(&[GLOBAL, GLOBAL, GLOBAL].concat()),
        hop(&[0; 16]), // not a host
        hop(&[0; 32]),
        hop(&multicast),
        reach(&[0, 1, 1, 4, 127, 0, 0, 1, 0]),
        reach(&[&[0, 2, 1, 16][..], &GLOBAL, &[0, 129]].concat()), // a prefix too long
        reach(&[&[0, 2, 1, 16][..], &GLOBAL, &[0, 64, 1]].concat()), // and one cut off
        reach(&[&[0, 1, 1, 16][..], &GLOBAL, &[0, 33, 1, 2, 3, 4, 5]].concat()),
        unreach(&[]),
        unreach(&[0, 2]),
        unreach(&[0, 2, 1, 129]),
        unreach(&[0, 1, 1, 33, 1, 2, 3, 4, 5]),
        unreach(&[0, 1, 1, 24, 1, 2]),
    ] {
        assert_eq!(refusal(with(&attribute)), refused(9, &attribute), "{attribute:?}");
    }
}

/// "If any attribute appears more than once in the UPDATE message"
#[test]
fn rfc4271_6_3_attribute_more_than_once() {
    for attribute in [
        ORIGIN,
        AS_PATH,
        &[0x80, 4, 4, 0, 0, 0, 1],
        &[0xc0, 8, 4, 0, 1, 0, 1],
        &[0x80, 15, 3, 0, 2, 1],
        &[0x80, 99, 0],
        &[0xc0, 99, 0],
        &[0xc0, 255, 0],
    ] {
        let twice = body(&[], &[attribute, attribute], &[]);
        assert_eq!(refusal(decode(twice)), refused(1, &[]), "{attribute:?}");
        assert_eq!(refusal(decode(body(&[], &[attribute], &[]))), None, "{attribute:?}");
    }
}

/// "The NLRI field in the UPDATE message is checked for syntactic validity"; RFC 7606 §3 i: the withdrawn too
#[test]
fn rfc4271_6_3_invalid_network_field() {
    for field in [&[33, 1, 2, 3, 4, 5][..], &[8], &[8, 10, 24, 10, 0], &[255], &[25, 10, 0, 0]] {
        let announced = decode(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP], field));
        assert_eq!(refusal(announced), refused(10, &[]), "{field:?}");
        assert_eq!(refusal(decode(body(field, &[], &[]))), refused(10, &[]), "{field:?}");
    }
    let context = Context { add_path: smallvec::smallvec![Family::IPV4_UNICAST], ..wide() };
    for field in [&[8, 10][..], &[0, 0, 0, 1], &[0, 0, 0, 1, 8], &[0, 0, 0, 1, 33, 1, 2, 3, 4, 5]] {
        let result = strict(body(field, &[], &[]), &context);
        assert_eq!(refusal(result), refused(10, &[]), "{field:?}");
    }
}

/// "Error checking of an UPDATE message begins by examining the path attributes."
#[test]
fn attributes_are_checked_before_prefixes() {
    let both = body(&[99], &[&[0x40, 1, 1, 9]], &[99]);
    assert_eq!(refusal(decode(both)), refused(6, &[0x40, 1, 1, 9]));
}

/// The place of a flaw is counted from the start of the body.
#[test]
fn errors_say_where() {
    let place = |result: Result<Update, UpdateError>| match result {
        Err(
            UpdateError::InvalidOrigin { offset, .. }
            | UpdateError::MalformedAsPath { offset }
            | UpdateError::InvalidNetworkField { offset },
        ) => Some(offset),
        _ => None,
    };
    assert_eq!(place(decode(body(&[8, 10], &[&[0x40, 1, 1, 9]], &[]))), Some(6));
    assert_eq!(place(decode(body(&[], &[ORIGIN, &[0x40, 2, 1, 2]], &[]))), Some(8));
    assert_eq!(place(decode(body(&[8, 10, 77], &[], &[]))), Some(4));
    assert_eq!(place(decode(body(&[8, 10], &[ORIGIN, AS_PATH, NEXT_HOP], &[8, 1, 77]))), Some(28));
}

// ---- attributes that are not known (RFC 4271 §5) ----

#[test]
fn an_unknown_transitive_attribute_gets_the_partial_bit() {
    for flags in [0xc0, 0xe0, 0xd0, 0xcf] {
        let mut attribute = vec![flags, 99];
        attribute.extend_from_slice(if flags & 0x10 != 0 { &[0, 2, 7, 8] } else { &[2, 7, 8] });
        let update = with(&attribute).expect("well formed");
        let mut out = Vec::new();
        let view = update.canonical_attributes(&mut out);
        let raw = view.iter().last().expect("there");
        assert_eq!((raw.flags, raw.code.0, raw.value), (0xe0, 99, &[7, 8][..]));
    }
}

#[test]
fn an_unknown_non_transitive_attribute_is_dropped() {
    let update = with(&[0x80, 99, 2, 7, 8]).expect("well formed");
    assert_eq!(canonical(&update), canonical(&instead(ORIGIN).expect("well formed")));
}

/// RFC 4271 §5: "it MUST NOT be set back to 0 by the current AS"
#[test]
fn the_partial_bit_of_a_known_attribute_stays() {
    let mut out = Vec::new();
    let update = with(&[0xe0, 8, 4, 0, 1, 0, 2]).expect("well formed");
    let view = update.canonical_attributes(&mut out);
    assert_eq!(view.iter().last().map(|raw| raw.flags), Some(0xe0));
}

/// RFC 7607 §2 with RFC 7606 §7.7
#[test]
fn an_aggregator_of_as_0_is_discarded() {
    let aggregator = &[0xc0, 7, 8, 0, 0, 0, 0, 1, 1, 1, 1];
    let update = lenient(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, aggregator], PREFIX));
    assert_eq!(update.disposition(), Some(Disposition::DiscardAttribute));
    assert_eq!(update.canonical_attributes(&mut Vec::new()).aggregator(), None);
}

// ---- AS numbers (RFC 6793) ----

fn path_of(segments: &[(SegmentKind, &[u32])], width: usize) -> Vec<u8> {
    let mut value = Vec::new();
    for (kind, asns) in segments {
        let code = match kind {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => 2,
            SegmentKind::ConfedSequence => 3,
            SegmentKind::ConfedSet => 4,
        };
        value.extend([code, u8::try_from(asns.len()).unwrap_or(0)]);
        for asn in *asns {
            value.extend(asn.to_be_bytes().iter().skip(4 - width));
        }
    }
    value
}

fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![flags, code, u8::try_from(value.len()).unwrap_or(u8::MAX)];
    out.extend_from_slice(value);
    out
}

/// What an UPDATE from an OLD speaker means: path and aggregator.
fn from_old(
    as_path: &[u32],
    as4_path: Option<&[u32]>,
    aggregator: Option<&[u8]>,
    as4_aggregator: Option<&[u8]>,
) -> (String, Option<Aggregator>) {
    let sequence = |asns, width| path_of(&[(SegmentKind::Sequence, asns)], width);
    let mut list = ORIGIN.to_vec();
    list.extend(attribute(0x40, 2, &sequence(as_path, 2)));
    list.extend(NEXT_HOP);
    list.extend(aggregator.map(|value| attribute(0xc0, 7, value)).unwrap_or_default());
    list.extend(as4_path.map(|asns| attribute(0xc0, 17, &sequence(asns, 4))).unwrap_or_default());
    list.extend(as4_aggregator.map(|value| attribute(0xc0, 18, value)).unwrap_or_default());
    let bytes = body(&[], &[&list], PREFIX);
    let update = Update::decode(bytes.into(), &Context::default());
    assert!(update.disposition() <= Some(Disposition::DiscardAttribute));
    let mut out = Vec::new();
    let view = update.canonical_attributes(&mut out);
    assert!(view.value(AttributeCode::AS4_PATH).is_none());
    assert!(view.value(AttributeCode::AS4_AGGREGATOR).is_none());
    (view.as_path().to_string(), view.aggregator())
}

const TRANS: u32 = AS_TRANS as u32;

#[test]
fn rfc6793_4_2_3_as4_path_takes_the_place_of_the_tail() {
    let path = |as_path: &[u32], as4_path: &[u32]| from_old(as_path, Some(as4_path), None, None).0;
    assert_eq!(path(&[TRANS, 3], &[200_000, 3]), "200000 3");
    assert_eq!(path(&[1, 2, TRANS, 3], &[200_000, 3]), "1 2 200000 3");
    // "less than the number of AS numbers in the AS4_PATH": ignored
    assert_eq!(path(&[TRANS, 3], &[1, 200_000, 3]), "23456 3");
    assert_eq!(from_old(&[TRANS, 3], None, None, None).0, "23456 3");
}

#[test]
fn rfc6793_4_2_3_aggregator_decides_about_as4_path() {
    let real = [0xfd, 0xe9, 192, 0, 2, 9];
    let trans = [0x5b, 0xa0, 192, 0, 2, 9];
    let as4 = [0, 3, 0xd, 0x40, 198, 51, 100, 1];
    let router = Ipv4Addr::new(192, 0, 2, 9);
    let merge = |aggregator: Option<&[u8]>, as4_aggregator: Option<&[u8]>| {
        from_old(&[1, TRANS], Some(&[200_000]), aggregator, as4_aggregator)
    };
    // A real AS number in AGGREGATOR: both AS4 attributes are ignored.
    let taken = Some(Aggregator { asn: 65001, router });
    assert_eq!(merge(Some(&real), Some(&as4)), ("1 23456".into(), taken));
    // AS_TRANS: they count.
    let taken = Some(Aggregator { asn: 200_000, router: Ipv4Addr::new(198, 51, 100, 1) });
    assert_eq!(merge(Some(&trans), Some(&as4)), ("1 200000".into(), taken));
    // Only one of the two: nothing decides.
    assert_eq!(merge(Some(&real), None).0, "1 200000");
    assert_eq!(merge(Some(&trans), None).1, Some(Aggregator { asn: TRANS, router }));
    assert_eq!(merge(None, Some(&as4)), ("1 200000".into(), None));
    // RFC 6793 §6, RFC 7607 §2: a malformed one is discarded.
    let short = as4.get(..7);
    assert_eq!(merge(Some(&real), short).0, "1 200000");
    let zero = [0, 0, 0, 0, 198, 51, 100, 1];
    assert_eq!(merge(Some(&trans), Some(&zero)).1, Some(Aggregator { asn: TRANS, router }));
}

/// RFC 6793 §6
#[test]
fn rfc6793_6_a_malformed_as4_path_is_discarded() {
    for value in [
        &[][..],
        &[2],
        &[2, 0],
        &[2, 1, 0, 3],
        &[2, 2, 0, 3, 0xd, 0x40],
        &[7, 1, 0, 3, 0xd, 0x40],
        &[2, 1, 0, 0, 0, 0],
    ] {
        let as4_path = attribute(0xc0, 17, value);
        let bytes = body(&[], &[ORIGIN, AS_PATH_2, NEXT_HOP, &as4_path], PREFIX);
        let update = Update::decode(bytes.into(), &Context::default());
        assert_eq!(update.disposition(), Some(Disposition::DiscardAttribute));
        assert_eq!(update.canonical_attributes(&mut Vec::new()).as_path().to_string(), "64512");
    }
}

/// RFC 6793 §4.1: whatever is in them, and whatever their flags
#[test]
fn rfc6793_4_1_as4_attributes_between_new_speakers_are_discarded() {
    let plain = instead(ORIGIN).map(|update| canonical(&update));
    for attribute in [
        &[0xc0, 17, 6, 2, 1, 0, 3, 0xd, 0x40][..],
        &[0xc0, 17, 1, 9],
        &[0x40, 17, 1, 9],
        &[0xc0, 18, 8, 0, 3, 0xd, 0x40, 1, 1, 1, 1],
        &[0x80, 18, 0],
    ] {
        let update = lenient(body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, attribute], PREFIX));
        assert_eq!(update.disposition(), Some(Disposition::DiscardAttribute), "{attribute:?}");
        assert_eq!(Ok(canonical(&update)), plain, "{attribute:?}");
    }
}

// ---- canonical form ----

/// One list of attributes: by order, spare flags, extended lengths and width of AS numbers.
#[test]
fn equal_attributes_give_equal_canonical_bytes() {
    let list = |width: usize| {
        let path = [(SegmentKind::Sequence, &[64512, 65001, 7][..]), (SegmentKind::Set, &[9, 8])];
        let aggregator: &[u8] =
            if width == 4 { &[0, 0, 0xfd, 0xe9, 1, 2, 3, 4] } else { &[0xfd, 0xe9, 1, 2, 3, 4] };
        vec![
            (0x40, 1, vec![2]),
            (0x40, 2, path_of(&path, width)),
            (0x40, 3, vec![192, 0, 2, 1]),
            (0x80, 4, vec![0, 0, 0, 50]),
            (0x40, 5, vec![0, 0, 0, 100]),
            (0x40, 6, vec![]),
            (0xc0, 7, aggregator.to_vec()),
            (0xc0, 8, vec![0xfd, 0xe9, 0, 1, 0xfd, 0xe9, 0, 2]),
            (0x80, 9, vec![1, 1, 1, 1]),
            (0x80, 10, vec![2, 2, 2, 2]),
            (0xc0, 16, vec![0, 2, 0, 1, 0, 0, 0, 1]),
            (0xc0, 32, vec![1; 12]),
            (0xc0, 99, vec![5; 300]),
        ]
    };
    let encode = |list: &[(u8, u8, Vec<u8>)], extended: bool, spare: u8| {
        let mut out = Vec::new();
        for (flags, code, value) in list {
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            match u8::try_from(length) {
                Ok(short) if !extended => out.extend([flags | spare, *code, short]),
                _ => {
                    out.extend([flags | 0x10 | spare, *code]);
                    out.extend(length.to_be_bytes());
                }
            }
            out.extend_from_slice(value);
        }
        body(&[], &[&out], PREFIX)
    };
    let mut seen = Vec::new();
    for width in [2, 4] {
        let context = Context { four_octet_as: width == 4, ..Context::default() };
        let mut list = list(width);
        for turn in 0..list.len() {
            for (extended, spare) in [(false, 0), (true, 0), (false, 0xf), (true, 5)] {
                let bytes = encode(&list, extended, spare);
                let update = strict(bytes, &context).expect("well formed");
                seen.push(canonical(&update));
            }
            list.rotate_left(1);
            if turn % 3 == 0 {
                list.reverse();
            }
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    let codes: Vec<u8> = crate::AttributesRef::new(seen.first().map_or(&[], |bytes| bytes))
        .iter()
        .map(|raw| raw.code.0)
        .collect();
    assert_eq!(codes, [1, 2, 4, 5, 6, 7, 8, 9, 10, 16, 32, 99]);
}

/// A path that went through AS4_PATH is the same as one that did not.
#[test]
fn two_and_four_octet_sessions_give_equal_canonical_bytes() {
    let asns = &[64512, 200_000, 4_200_000_000, 7];
    let path = |asns: &[u32], width| path_of(&[(SegmentKind::Sequence, asns)], width);
    let wide_path = attribute(0x40, 2, &path(asns, 4));
    let narrow_path = attribute(0x40, 2, &path(&[64512, TRANS, TRANS, 7], 2));
    for from in 0..2 {
        let as4_path = attribute(0xc0, 17, &path(asns.get(from..).unwrap_or_default(), 4));
        let old = body(&[], &[ORIGIN, &narrow_path, NEXT_HOP, &as4_path], PREFIX);
        let old = strict(old, &Context::default()).expect("well formed");
        let new = decode(body(&[], &[ORIGIN, &wide_path, NEXT_HOP], PREFIX)).expect("well formed");
        assert_eq!(canonical(&old), canonical(&new));
    }
}

/// What the builder makes is canonical already.
#[test]
fn canonical_form_of_canonical_attributes_is_the_same() {
    let mut attributes = PathAttributes::default();
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [1, 200_000]);
    attributes.med(7).as_path(&path).origin(Origin::Egp).local_pref(3);
    let list = attributes.view().bytes();
    let update = decode(body(&[], &[list, NEXT_HOP], PREFIX)).expect("well formed");
    assert_eq!(canonical(&update), list);
}

// ---- multiprotocol (RFC 4760, RFC 8950, RFC 2545) ----

#[test]
fn mp_reach_next_hops_in_all_forms() {
    let reach = |afi: u8, field: &[u8], prefix: &[u8]| {
        let length = u8::try_from(field.len()).unwrap_or(0);
        let value = [&[0, afi, 1, length][..], field, &[0], prefix].concat();
        let mp_reach = attribute(0x80, 14, &value);
        let update = decode(body(&[], &[&mp_reach, ORIGIN, AS_PATH], &[])).expect("well formed");
        routes(&update).0.concat()
    };
    let v6 = &[32, 0x20, 1, 0xd, 0xb8];
    let both = [GLOBAL, LINK_LOCAL].concat();
    let twice = [LINK_LOCAL, LINK_LOCAL].concat();
    let unspecified = [[0; 16], LINK_LOCAL].concat();
    for (afi, prefix, text) in [(2, &v6[..], "2001:db8::/32"), (1, PREFIX, "10.0.0.0/8")] {
        let expect = |next_hop: &str| alloc::format!("{text} via {next_hop}");
        assert_eq!(reach(afi, &GLOBAL, prefix), expect("2001:db8::1"));
        assert_eq!(reach(afi, &both, prefix), expect("2001:db8::1 fe80::1"));
        assert_eq!(reach(afi, &LINK_LOCAL, prefix), expect("fe80::1"));
        assert_eq!(reach(afi, &twice, prefix), expect("fe80::1"));
        assert_eq!(reach(afi, &unspecified, prefix), expect("fe80::1"));
    }
    assert_eq!(reach(1, &[192, 0, 2, 1], PREFIX), "10.0.0.0/8 via 192.0.2.1");
}

#[test]
fn all_four_places_of_routes_are_read() {
    let mp_reach = attribute(0x80, 14, &[&[0, 2, 1, 16][..], &GLOBAL, &[0, 16, 0x20, 1]].concat());
    let mp_unreach = attribute(0x80, 15, &[0, 2, 1, 16, 0x20, 2, 0]);
    let list = [&mp_reach[..], &mp_unreach, ORIGIN, AS_PATH, NEXT_HOP];
    let update = decode(body(&[16, 172, 16], &list, PREFIX)).expect("well formed");
    let (announced, withdrawn) = routes(&update);
    assert_eq!(announced, ["2001::/16 via 2001:db8::1", "10.0.0.0/8 via 192.0.2.1"]);
    assert_eq!(withdrawn, ["172.16.0.0/16", "2002::/16", "::/0"]);
    assert_eq!(update.end_of_rib(), None);
}

/// Kept, but without prefixes and next hop
#[test]
fn families_that_are_not_known_are_kept_apart() {
    let mp_reach = attribute(0x80, 14, &[0, 25, 65, 4, 1, 2, 3, 4, 0, 9, 9, 9]);
    let update = decode(body(&[], &[&mp_reach, ORIGIN, AS_PATH], &[])).expect("well formed");
    let reach = update.mp_reach().expect("there");
    assert_eq!((reach.next_hop, reach.nlri.bytes()), (None, &[9, 9, 9][..]));
    assert_eq!((reach.nlri.prefixes().count(), reach.nlri.destinations().count()), (0, 0));
    assert_eq!(update.reach().count(), 1);
}

#[test]
fn path_identifiers_by_family() {
    let context = Context { add_path: smallvec::smallvec![Family::IPV6_UNICAST], ..wide() };
    let value =
        [&[0, 2, 1, 16][..], &GLOBAL, &[0, 0, 0, 0, 7, 16, 0x20, 1, 0, 0, 0, 8, 0]].concat();
    let mp_reach = attribute(0x80, 14, &value);
    let bytes = body(&[], &[&mp_reach, ORIGIN, AS_PATH, NEXT_HOP], PREFIX);
    let update = strict(bytes, &context).expect("well formed");
    let mut ids = Vec::new();
    for reach in update.reach() {
        let mut prefixes = reach.nlri.prefixes();
        while let Some((id, net)) = prefixes.next_with_path_id() {
            ids.push((id, net.to_string()));
        }
    }
    let expected = [(Some(7), "2001::/16"), (Some(8), "::/0"), (None, "10.0.0.0/8")];
    assert_eq!(ids, expected.map(|(id, net)| (id, net.to_string())));
}

/// RFC 4724 §2
#[test]
fn end_of_rib() {
    let marker = |bytes: Vec<u8>| decode(bytes).map(|update| update.end_of_rib());
    assert_eq!(marker(body(&[], &[], &[])), Ok(Some(Family::IPV4_UNICAST)));
    let unreach = |afi: u8, rest: &[u8]| attribute(0x80, 15, &[&[0, afi, 1][..], rest].concat());
    assert_eq!(marker(body(&[], &[&unreach(2, &[])], &[])), Ok(Some(Family::IPV6_UNICAST)));
    assert_eq!(marker(body(&[], &[&unreach(1, &[])], &[])), Ok(Some(Family::IPV4_UNICAST)));
    let evpn = Family { afi: Afi::L2VPN, safi: Safi(70) };
    assert_eq!(marker(body(&[], &[&[0x80, 15, 3, 0, 25, 70]], &[])), Ok(Some(evpn)));
    for (withdrawn, list, announced) in [
        (PREFIX, &[][..], &[][..]),
        (&[], &[&unreach(2, &[8, 0x20])[..]], &[]),
        (&[], &[&unreach(2, &[])[..], ORIGIN], &[]),
        (PREFIX, &[&unreach(2, &[])[..]], &[]),
        (&[], &[ORIGIN, AS_PATH, NEXT_HOP], PREFIX),
        // Without routes but with attributes, though all are ignored
        (&[], &[ORIGIN, AS_PATH], &[]),
        (&[], &[NEXT_HOP], &[]),
        (&[], &[&[0x80, 99, 0]], &[]),
    ] {
        assert_eq!(marker(body(withdrawn, list, announced)), Ok(None));
    }
}

// ---- robustness ----

fn sample(width: usize) -> Vec<u8> {
    let path =
        path_of(&[(SegmentKind::Sequence, &[64512, 65001]), (SegmentKind::Set, &[9])], width);
    let mp_reach = [&[0, 2, 1, 32][..], &GLOBAL, &LINK_LOCAL, &[0, 16, 0x20, 1]].concat();
    let list = [
        attribute(0x80, 14, &mp_reach),
        attribute(0x80, 15, &[0, 2, 1, 16, 0x20, 2]),
        ORIGIN.to_vec(),
        attribute(0x40, 2, &path),
        NEXT_HOP.to_vec(),
        attribute(0xc0, 8, &[0, 1, 0, 2]),
        vec![0xd0, 99, 0, 1, 7],
        attribute(0xc0, 17, &path_of(&[(SegmentKind::Sequence, &[200_000])], 4)),
    ];
    body(&[16, 172, 16], &[&list.concat()], &[8, 10, 24, 192, 0, 2])
}

/// Reads everything there is to read, and writes it again as it was.
fn visit(update: &Update) {
    let _ = (routes(update), update.end_of_rib(), update.next_hop());
    let mut out = Vec::new();
    let view = update.canonical_attributes(&mut out);
    let _ = (view.origin(), view.as_path().to_string(), view.med(), view.local_pref());
    let _ = (view.aggregator(), view.communities().count(), view.originator_id());
    let _ = (view.extended_communities().count(), view.large_communities().count());
    let _ = view.cluster_list().count();
    // Canonical form is a fixed point of reading and writing.
    let codes: Vec<_> = view.iter().map(|raw| raw.code).collect();
    assert!(codes.is_sorted());
    let whole: usize = view
        .iter()
        .map(|raw| raw.value.len() + if raw.flags & EXTENDED_LENGTH != 0 { 4 } else { 3 })
        .sum();
    assert_eq!(whole, view.bytes().len());
    let message = crate::Message::Update(update.clone()).to_bytes();
    assert_eq!(message.get(19..), Some(&update.body()[..]));
}

fn contexts() -> impl Iterator<Item = Context> {
    (0..8).map(|bits| Context {
        four_octet_as: bits & 1 != 0,
        extended_message: bits & 2 != 0,
        add_path: if bits & 4 != 0 {
            smallvec::smallvec![Family::IPV4_UNICAST, Family::IPV6_UNICAST]
        } else {
            smallvec::SmallVec::new()
        },
        external: bits & 4 != 0,
        ..Context::default()
    })
}

#[test]
fn cut_off_at_each_offset() {
    for width in [2, 4] {
        let whole = sample(width);
        let context = Context { four_octet_as: width == 4, ..Context::default() };
        visit(&Update::decode(whole.clone().into(), &context));
        for length in 0..whole.len() {
            let cut = Bytes::copy_from_slice(whole.get(..length).unwrap_or_default());
            for context in contexts() {
                visit(&Update::decode(cut.clone(), &context));
            }
        }
    }
}

#[test]
fn each_octet_changed_to_anything() {
    for width in [2, 4] {
        let mut bytes = sample(width);
        for at in 0..bytes.len() {
            let old = bytes.get(at).copied();
            for value in 0..=255 {
                if let Some(octet) = bytes.get_mut(at) {
                    *octet = value;
                }
                let context = Context { four_octet_as: width == 4, ..Context::default() };
                visit(&Update::decode(Bytes::copy_from_slice(&bytes), &context));
            }
            if let (Some(octet), Some(old)) = (bytes.get_mut(at), old) {
                *octet = old;
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), withdrawn in 0u8..4) {
        let mut body = vec![0, withdrawn];
        body.extend(bytes);
        for context in contexts() {
            visit(&Update::decode(body.clone().into(), &context));
        }
    }

    #[test]
    fn mutated_bytes(
        wide: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sample(if wide { 4 } else { 2 });
        for (at, value) in changes {
            let at = at.index(bytes.len());
            if let Some(octet) = bytes.get_mut(at) {
                *octet = value;
            }
        }
        bytes.truncate(cut.index(bytes.len() * 2));
        for context in contexts() {
            visit(&Update::decode(bytes.clone().into(), &context));
        }
    }
}
