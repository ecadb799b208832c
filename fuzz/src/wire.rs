//! Targets of bgp-wire.

use bgp_wire::{
    AsPath, AsPathBuilder, AttributeCode, AttributesRef, Context, Disposition, EncodeNlri as _,
    Family, Frame, MAX_LENGTH, Message, MessageType, NextHop, Nlri, PathAttributes, Safi,
    SegmentKind, Update, UpdateWriter, encode_prefix, split_frame,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

/// What was negotiated, from the bits of one octet.
fn context(bits: u8) -> Context {
    let families = |bit: u8| if bits & bit != 0 { &Family::KNOWN[..] } else { &[] };
    Context {
        four_octet_as: bits & 1 != 0,
        extended_message: bits & 2 != 0,
        external: bits & 16 != 0,
        allow_local_pref: bits & 2 != 0,
        allow_aigp: bits & 1 != 0,
        add_path: families(4).iter().copied().collect(),
    }
}

/// Messages as they come from a socket: one octet says what was negotiated, the rest is the stream.
///
/// What is read and written again reads the same, and each error has a NOTIFICATION that can be sent.
pub fn message(data: &[u8]) {
    let Some((bits, stream)) = data.split_first() else { return };
    let context = context(*bits);
    let mut buffer = BytesMut::from(stream);
    loop {
        let before = buffer.len();
        let frame = match split_frame(&mut buffer, &context) {
            Ok(Some(frame)) => frame,
            Ok(None) => break assert_eq!(buffer.len(), before),
            Err(error) => break check_notification(&error.notification()),
        };
        assert_eq!(buffer.len() + frame.body.len() + bgp_wire::HEADER_LENGTH, before);
        match Message::decode(&frame, &context) {
            Ok(message) => {
                assert_eq!(message.kind(), frame.kind);
                check_round_trip(&message, &context);
            }
            Err(error) => check_notification(&error.notification()),
        }
    }
}

fn check_notification(notification: &bgp_wire::Notification) {
    let bytes = Message::Notification(notification.clone()).to_bytes();
    assert!(bytes.len() <= MAX_LENGTH);
    let _ = notification.to_string();
}

fn check_round_trip(message: &Message, context: &Context) {
    let mut bytes = BytesMut::from(&message.to_bytes()[..]);
    let frame = split_frame(&mut bytes, context).expect("framing").expect("a whole message");
    assert!(bytes.is_empty());
    // Data of a NOTIFICATION is cut to 4,096 octets.
    match (Message::decode(&frame, context), message) {
        (Ok(Message::Notification(again)), Message::Notification(message)) => {
            assert!(message.data.starts_with(&again.data));
        }
        (again, message) => assert_eq!(again.as_ref(), Ok(message)),
    }
}

/// The body of an UPDATE, with AS numbers of both widths.
///
/// All views agree; canonical attributes are in order, and survive being written and read.
pub fn update(data: &[u8]) {
    let Some((bits, body)) = data.split_first() else { return };
    for width in 0..2 {
        let context = context(bits & 0xfe | width);
        let update = Update::decode(Bytes::copy_from_slice(body), &context);
        for flaw in update.flaws() {
            check_notification(&flaw.error.notification());
            let _ = flaw.to_string();
            assert!(flaw.error.offset().is_none_or(|offset| offset <= body.len()));
        }
        check_update(&update, &context);
    }
}

fn check_update(update: &Update, context: &Context) {
    let mut canonical = Vec::new();
    let view = update.canonical_attributes(&mut canonical);
    check_canonical(view);
    read_attributes(view);
    read_attributes(update.attributes());
    let disposition = update.disposition();
    if update.end_of_rib().is_some() {
        assert_eq!((update.reach().count(), update.unreach().count()), (0, 0));
        assert_eq!(disposition, None);
    }
    if disposition == Some(Disposition::SessionReset) {
        assert_eq!((update.reach().count(), update.unreach().count()), (0, 0));
    }
    if update.flaws().iter().any(|flaw| flaw.disposition == Disposition::TreatAsWithdraw) {
        assert_eq!(update.reach().count(), 0);
    }
    for unreach in update.unreach() {
        assert_eq!(unreach.family, unreach.nlri.family);
        check_nlri(unreach.nlri, view, None, context);
    }
    for reach in update.reach() {
        assert!(reach.next_hop.is_none_or(|hop| hop.is_host()));
        let announced = matches!(reach.family.safi, Safi::FLOW_SPEC | Safi::VPN_FLOW_SPEC)
            || reach.next_hop.is_some();
        if announced {
            check_nlri(reach.nlri, view, Some(reach.next_hop), context);
        }
    }
}

/// Routes of a message, without labels where they are withdrawn.
fn destinations(nlri: Nlri<'_>) -> Vec<(Option<u32>, String)> {
    nlri.destinations().map(|(id, destination)| (id, destination.to_string())).collect()
}

/// Writes routes, reads them, and sees that they are the same. Without a next hop: those of a message that
/// withdraws.
fn check_nlri(
    nlri: Nlri<'_>,
    view: AttributesRef<'_>,
    next_hop: Option<Option<NextHop>>,
    context: &Context,
) {
    if nlri.prefixes().next().is_some() {
        let nets: Vec<IpNet> = nlri.prefixes().collect();
        assert_eq!(nets.len(), nlri.destinations().count());
    }
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, context);
    let routes: Vec<_> =
        nlri.destinations().map(|(id, destination)| (id.unwrap_or(1), destination)).collect();
    let fits = match next_hop {
        None => {
            writer.withdraw(nlri.family, routes.clone());
            true
        }
        Some(None) => writer.announce_without_next_hop(view, nlri.family, routes.clone()).is_ok(),
        Some(Some(hop)) => writer.announce(view, nlri.family, &hop, routes.clone()).is_ok(),
    };
    let mut again = Vec::new();
    while let Some(frame) = split_frame(&mut out, context).expect("within the limit") {
        assert_eq!(frame.kind, MessageType::UPDATE);
        let update = Update::decode(frame.body, context);
        let flawed = update.disposition() > Some(Disposition::DiscardAttribute);
        // Attributes of a body of its own are not checked with routes of theirs.
        assert!(!flawed, "{:?}", update.flaws());
        again.extend(update.unreach().flat_map(|unreach| destinations(unreach.nlri)));
        for reach in update.reach() {
            assert_eq!(reach.family, nlri.family);
            let mut canonical = Vec::new();
            check_equal(update.canonical_attributes(&mut canonical), view, context.four_octet_as);
            again.extend(destinations(reach.nlri));
        }
    }
    assert!(out.is_empty());
    // A body of its own may be longer than a message, so attributes may really not fit. Labels of
    // withdrawn routes mean nothing.
    if fits && next_hop.is_some() {
        assert_eq!(again, destinations(nlri));
    } else if fits && nlri.family.prefix_bits().is_some() {
        assert_eq!(again.len(), destinations(nlri).len());
    }
}

/// Through AS4_PATH, confederation segments come whole only where they lead (RFC 6793 §4.2.3), and their AS
/// numbers have 2 octets: then the paths are not compared.
fn check_equal(again: AttributesRef<'_>, view: AttributesRef<'_>, four_octet_as: bool) {
    let confederation = view.as_path().segments().any(|segment| {
        matches!(segment.kind, SegmentKind::ConfedSequence | SegmentKind::ConfedSet)
    });
    if four_octet_as || !confederation {
        return assert_eq!(again, view);
    }
    let but_path = |view: AttributesRef<'_>| {
        let mut list = PathAttributes::from_view(view);
        list.remove(AttributeCode::AS_PATH);
        list
    };
    assert_eq!(but_path(again), but_path(view));
    assert_eq!(again.as_path().len(), view.as_path().len());
}

/// Codes ascend, lengths add up, and no spare bit is set.
fn check_canonical(view: AttributesRef<'_>) {
    let mut length = 0;
    let mut last = None;
    for raw in view.iter() {
        assert!(last < Some(raw.code));
        last = Some(raw.code);
        assert_eq!(raw.flags & 0xf, 0);
        assert_eq!(raw.flags & 0x10 != 0, raw.value.len() > 255);
        length += raw.value.len() + if raw.value.len() > 255 { 4 } else { 3 };
        assert_eq!(view.value(raw.code), Some(raw.value));
    }
    assert_eq!(length, view.bytes().len());
}

fn read_attributes(view: AttributesRef<'_>) {
    let path = view.as_path();
    let _ = (view.origin(), view.med(), view.local_pref(), view.atomic_aggregate());
    let _ = (view.aggregator(), view.originator_id(), view.cluster_list().count());
    view.typed().for_each(|attribute| drop((attribute.to_string(), attribute.flags())));
    view.communities().for_each(|community| drop(community.to_string()));
    view.extended_communities().for_each(|community| drop(community.to_string()));
    view.large_communities().for_each(|community| drop(community.to_string()));
    let _ = (path.to_string(), path.len(), path.origin(), path.count(65001), format!("{view:?}"));
    assert_eq!(path.is_empty(), path.asns().next().is_none());
    assert!(path.first().is_none_or(|first| path.asns().any(|asn| asn == first)));
}

/// The body of an OPEN. What is written again reads the same.
pub fn open(data: &[u8]) {
    let frame = Frame { kind: MessageType::OPEN, body: Bytes::copy_from_slice(data) };
    match Message::decode(&frame, &Context::default()) {
        Ok(message) => {
            // Parameters with 2-octet lengths may have said more than fits into an OPEN of ours.
            if data.len() <= MAX_LENGTH - 40 {
                check_round_trip(&message, &Context::default());
            }
            let Message::Open(open) = message else { panic!("{message:?}") };
            let capabilities = &open.capabilities;
            let _ = (capabilities.four_octet_as(), capabilities.graceful_restart());
            for family in capabilities.families() {
                let _ = capabilities.add_path(family);
            }
            assert_ne!(open.asn(), 0);
        }
        Err(error) => check_notification(&error.notification()),
    }
}

/// Prefixes: one octet for family and path identifiers, then the field. They are withdrawn, so that nothing
/// else is in the message.
///
/// Against the obvious reading, and each prefix is written as its minimal form.
pub fn nlri(data: &[u8]) {
    let Some((bits, field)) = data.split_first() else { return };
    let context = context(bits & 0xfe);
    let ipv6 = bits & 1 != 0;
    let family = if ipv6 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
    let mut value = vec![0, if ipv6 { 2 } else { 1 }, 1];
    value.extend_from_slice(field);
    let Ok(length) = u16::try_from(value.len()) else { return };
    // MP_UNREACH_NLRI with an extended length, in a body without classic routes
    let Ok(attributes) = u16::try_from(value.len() + 4) else { return };
    let mut body = vec![0, 0];
    body.extend(attributes.to_be_bytes());
    body.extend([0x90, 15]);
    body.extend(length.to_be_bytes());
    body.extend(value);
    let update = Update::decode(body.into(), &context);
    let expected = naive_prefixes(field, ipv6, context.has_add_path(family));
    assert_eq!(update.flaws().is_empty(), expected.is_some());
    let Some(expected) = expected else { return };
    let nlri = update.mp_unreach().expect("there").nlri;
    let mut prefixes = nlri.prefixes();
    let mut list = Vec::new();
    while let Some((id, net)) = prefixes.next_with_path_id() {
        assert_eq!(net, net.trunc());
        let mut out = BytesMut::new();
        encode_prefix(&net, &mut out);
        list.push((id, out.to_vec()));
    }
    assert_eq!(list, expected);
}

/// NLRI of every family: one octet says what was negotiated and whether they are withdrawn, one which
/// family.
///
/// What is read is written and reads the same; and it can be shown.
pub fn destination(data: &[u8]) {
    let [bits, choice, field @ ..] = data else { return };
    let Some(family) = Family::KNOWN.get(usize::from(*choice) % Family::KNOWN.len()) else {
        return;
    };
    let context = context(*bits);
    let Ok(nlri) = Nlri::decode(*family, field, &context) else { return };
    let mut out = BytesMut::new();
    for (id, destination) in nlri.destinations() {
        assert_eq!(id.is_some(), context.has_add_path(*family));
        id.iter().for_each(|id| out.extend_from_slice(&id.to_be_bytes()));
        assert_eq!(destination.encode_nlri(*family, false, &mut out), Ok(()), "{destination}");
    }
    let again = Nlri::decode(*family, &out, &context).expect("what is written can be read");
    let list: Vec<_> = nlri.destinations().collect();
    assert_eq!(list, again.destinations().collect::<Vec<_>>());
    assert_eq!(destinations(nlri), destinations(again));
    // Written once more nothing changes: the first writing made it canonical.
    let mut twice = BytesMut::new();
    for (id, destination) in again.destinations() {
        id.iter().for_each(|id| twice.extend_from_slice(&id.to_be_bytes()));
        assert_eq!(destination.encode_nlri(*family, false, &mut twice), Ok(()));
        let mut withdrawn = BytesMut::new();
        assert_eq!(destination.encode_nlri(*family, true, &mut withdrawn), Ok(()));
    }
    assert_eq!(twice, out);
}

/// Path identifier and minimal form of each prefix; `None` for a field that is malformed.
fn naive_prefixes(field: &[u8], ipv6: bool, add_path: bool) -> Option<Vec<(Option<u32>, Vec<u8>)>> {
    let mut list = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        let mut id = None;
        if add_path {
            id = Some(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?));
            rest = rest.get(4..)?;
        }
        let length = *rest.first()?;
        if length > if ipv6 { 128 } else { 32 } {
            return None;
        }
        let octets = usize::from(length).div_ceil(8);
        let mut prefix = rest.get(..=octets)?.to_vec();
        rest = rest.get(octets + 1..)?;
        for bit in usize::from(length)..octets * 8 {
            if let Some(octet) = prefix.get_mut(1 + bit / 8) {
                *octet &= !(0x80 >> (bit % 8));
            }
        }
        list.push((id, prefix));
    }
    Some(list)
}

/// Views on bytes that nobody has checked, and changes of a list, step by step: the octets say which.
///
/// A list stays in canonical form whatever is done to it, and holds what was put in last.
pub fn attributes(data: &[u8]) {
    read_attributes(AttributesRef::new(data));
    let path = AsPath::new(data);
    let _ = (path.to_string(), path.len(), path.first(), path.origin());
    let mut list = PathAttributes::default();
    let mut rest = data;
    while let [kind, octet, tail @ ..] = rest {
        let value = tail.get(..usize::from(*octet).min(tail.len())).unwrap_or_default();
        // A path is only changed here as a path: prepending to what does not parse has no meaning.
        let code = match AttributeCode(octet % 40) {
            AttributeCode::AS_PATH => AttributeCode(99),
            code => code,
        };
        let number = u32::from(*octet) * 0x0101_0101;
        rest = match kind % 8 {
            0 => {
                list.set(*kind, code, value);
                assert_eq!(list.view().value(code), Some(value));
                tail.get(value.len()..).unwrap_or_default()
            }
            1 => {
                list.remove(code);
                assert_eq!(list.view().value(code), None);
                tail
            }
            2 => {
                let mut path = AsPathBuilder::from_path(list.view().as_path());
                let before = list.view().as_path().len();
                path.prepend(number);
                list.as_path(&path);
                let after = list.view().as_path();
                assert!(after.len() > before || after.bytes().len() > 60_000);
                tail
            }
            3 => {
                list.med(number).local_pref(number);
                assert_eq!(
                    (list.view().med(), list.view().local_pref()),
                    (Some(number), Some(number))
                );
                tail
            }
            4 => {
                list.communities(value.iter().map(|i| bgp_wire::Community(u32::from(*i))));
                assert_eq!(list.view().communities().len(), value.len());
                tail
            }
            5 => {
                let mut next = PathAttributes::default();
                next.append_prepended_path(number, list.view().as_path());
                list.set(0x40, AttributeCode::AS_PATH, next.view().as_path().bytes());
                tail
            }
            6 => {
                list.cluster_list(value.iter().map(|i| [*i; 4].into()))
                    .originator_id([*octet; 4].into());
                assert_eq!(list.view().cluster_list().len(), value.len());
                tail
            }
            _ => {
                let copy = PathAttributes::from_view(list.view());
                assert_eq!(copy, list);
                tail
            }
        };
        assert!(list.view().iter().is_sorted_by(|a, b| a.code < b.code), "{list:?}");
    }
    read_attributes(list.view());
}
