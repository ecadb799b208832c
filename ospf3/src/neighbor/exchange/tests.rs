//! What becomes of Database Description packets, clause by clause of RFC 2328 §10.6.

use super::*;
use crate::lsa::{LinkStateId, LsType, SequenceNumber};

const OPTIONS: Options = Options::R;
/// In each test the other router's ID is lower or higher than ours.
const LOWER: (RouterId, RouterId) = (RouterId(5), RouterId(4));
const HIGHER: (RouterId, RouterId) = (RouterId(5), RouterId(6));
const FIRST: Flags = Flags(0x07);

fn packet(flags: Flags, sequence_number: u32) -> DatabaseDescription {
    DatabaseDescription {
        options: OPTIONS,
        interface_mtu: 1500,
        flags,
        sequence_number,
        headers: Vec::new(),
    }
}

fn header(id: u32) -> LsaHeader {
    let key = LsaKey {
        ls_type: LsType::ROUTER,
        advertising_router: RouterId(1),
        link_state_id: LinkStateId(id),
    };
    LsaHeader { age: 0, key, sequence: SequenceNumber(1), checksum: 7, length: 24 }
}

/// One that has begun with sequence number 10, and lists so many LSAs.
fn begun(lsas: u32) -> Exchange {
    let mut exchange = Exchange { sequence: 9, ..Exchange::default() };
    exchange.begin(OPTIONS, 1500);
    exchange.summary.extend((0..lsas).map(|id| header(id).key));
    exchange
}

fn accept(exchange: &mut Exchange, packet: &DatabaseDescription, most: usize) -> Accepted {
    exchange.accept(packet, most, (OPTIONS, 1500), |key| Some(header(key.link_state_id.0)))
}

fn last(exchange: &Exchange) -> (Flags, u32, usize) {
    let packet = exchange.last_sent.as_ref().expect("something was sent");
    (packet.flags, packet.sequence_number, packet.headers.len())
}

#[test]
fn who_leads_is_negotiated_in_exstart() {
    use NeighborState::ExStart;
    let exchange = begun(0);
    assert_eq!(last(&exchange), (FIRST, 10, 0));
    // "I, M and MS set, the contents empty, and the neighbor's Router ID is larger than the router's own."
    assert_eq!(
        exchange.judge(ExStart, &packet(FIRST, 77), HIGHER),
        Verdict::Negotiated { master: false }
    );
    assert_eq!(exchange.judge(ExStart, &packet(FIRST, 77), LOWER), Verdict::Ignore);
    let full = DatabaseDescription { headers: alloc::vec![header(1)], ..packet(FIRST, 77) };
    assert_eq!(exchange.judge(ExStart, &full, HIGHER), Verdict::Ignore);
    // "I and MS off, the packet's DD sequence number equals our own, and the neighbor's Router ID is smaller."
    for flags in [Flags::NONE, Flags::M] {
        assert_eq!(
            exchange.judge(ExStart, &packet(flags, 10), LOWER),
            Verdict::Negotiated { master: true }
        );
        assert_eq!(exchange.judge(ExStart, &packet(flags, 10), HIGHER), Verdict::Ignore);
        assert_eq!(exchange.judge(ExStart, &packet(flags, 11), LOWER), Verdict::Ignore);
    }
    assert_eq!(exchange.judge(ExStart, &packet(Flags::MS, 10), LOWER), Verdict::Ignore);
    for state in [NeighborState::Down, NeighborState::Init, NeighborState::TwoWay] {
        assert_eq!(exchange.judge(state, &packet(FIRST, 77), HIGHER), Verdict::Ignore);
    }
}

/// A slave that has accepted a packet with sequence number 77 and has LSAs for two more.
fn slave() -> Exchange {
    let mut exchange = begun(5);
    let first = packet(FIRST, 77);
    exchange.negotiated(false, &first);
    assert_eq!(accept(&mut exchange, &first, 2), Accepted { done: false, send: true });
    assert_eq!(last(&exchange), (Flags::M, 77, 2));
    exchange
}

#[test]
fn a_slave_follows() {
    use NeighborState::{Exchange, Full, Loading};
    let mut exchange = slave();
    let next = packet(Flags::MS | Flags::M, 78);
    assert_eq!(exchange.judge(Exchange, &next, HIGHER), Verdict::Accept);
    assert_eq!(accept(&mut exchange, &next, 2), Accepted { done: false, send: true });
    assert_eq!(last(&exchange), (Flags::M, 78, 2));
    assert_eq!(exchange.judge(Exchange, &next, HIGHER), Verdict::Repeat);
    let end = packet(Flags::MS, 79);
    assert_eq!(accept(&mut exchange, &end, 2), Accepted { done: true, send: true });
    assert_eq!(last(&exchange), (Flags::NONE, 79, 1));
    for state in [Loading, Full] {
        assert_eq!(exchange.judge(state, &end, HIGHER), Verdict::Repeat);
        assert!(matches!(exchange.judge(state, &next, HIGHER), Verdict::Mismatch(_)));
        assert!(matches!(exchange.judge(state, &packet(FIRST, 90), HIGHER), Verdict::Mismatch(_)));
    }
    // RouterDeadInterval later the last packet is no longer there (RFC 2328 §10.8).
    exchange.last_sent = None;
    assert!(matches!(exchange.judge(Full, &end, HIGHER), Verdict::Mismatch(_)));
}

#[test]
fn a_slave_is_done_only_when_both_are() {
    let mut exchange = begun(0);
    exchange.negotiated(false, &packet(FIRST, 77));
    // It has nothing to tell, but the master has.
    assert_eq!(accept(&mut exchange, &packet(FIRST, 77), 2), Accepted { done: false, send: true });
    assert_eq!(last(&exchange), (Flags::NONE, 77, 0));
    let end = accept(&mut exchange, &packet(Flags::MS, 78), 2);
    assert_eq!(end, Accepted { done: true, send: true });
}

#[test]
fn a_master_leads() {
    use NeighborState::{Exchange, Full};
    let mut exchange = begun(3);
    let answer = packet(Flags::M, 10);
    exchange.negotiated(true, &answer);
    assert_eq!(accept(&mut exchange, &answer, 2), Accepted { done: false, send: true });
    assert_eq!(last(&exchange), (Flags::MS | Flags::M, 11, 2));
    // "Duplicate Database Description packets are discarded by the master."
    assert_eq!(exchange.judge(Exchange, &answer, LOWER), Verdict::Ignore);
    let next = packet(Flags::NONE, 11);
    assert_eq!(exchange.judge(Exchange, &next, LOWER), Verdict::Accept);
    assert_eq!(accept(&mut exchange, &next, 2), Accepted { done: false, send: true });
    assert_eq!(last(&exchange), (Flags::MS, 12, 1));
    let end = packet(Flags::NONE, 12);
    assert_eq!(accept(&mut exchange, &end, 2), Accepted { done: true, send: false });
    assert_eq!(exchange.judge(Full, &end, LOWER), Verdict::Ignore);
}

#[test]
fn a_master_goes_on_until_the_slave_has_told_all() {
    let mut exchange = begun(0);
    exchange.negotiated(true, &packet(Flags::M, 10));
    assert_eq!(
        accept(&mut exchange, &packet(Flags::M, 10), 2),
        Accepted { done: false, send: true }
    );
    assert_eq!(last(&exchange), (Flags::MS, 11, 0));
    assert_eq!(
        accept(&mut exchange, &packet(Flags::M, 11), 2),
        Accepted { done: false, send: true }
    );
    assert_eq!(
        accept(&mut exchange, &packet(Flags::NONE, 12), 2),
        Accepted { done: true, send: false }
    );
}

#[test]
fn what_is_out_of_step_in_exchange() {
    use NeighborState::Exchange;
    let exchange = slave();
    let good = packet(Flags::MS | Flags::M, 78);
    let bad = [
        packet(Flags::M, 78),
        packet(FIRST, 78),
        DatabaseDescription { options: Options::NONE, ..good.clone() },
        packet(Flags::MS | Flags::M, 77),
        packet(Flags::MS | Flags::M, 79),
    ];
    for packet in bad {
        let verdict = exchange.judge(Exchange, &packet, HIGHER);
        assert!(matches!(verdict, Verdict::Mismatch(_)), "{packet:?}");
    }
    assert_eq!(exchange.judge(Exchange, &good, HIGHER), Verdict::Accept);
}

#[test]
fn lsas_that_are_gone_are_not_described() {
    let mut exchange = begun(5);
    exchange.negotiated(true, &packet(Flags::NONE, 10));
    exchange.accept(&packet(Flags::NONE, 10), 2, (OPTIONS, 1500), |key| {
        (key.link_state_id.0 % 2 == 1).then(|| header(key.link_state_id.0))
    });
    // 0, 2 and 4 are gone; what is described is as much as fits.
    assert_eq!(last(&exchange), (Flags::MS | Flags::M, 11, 2));
    assert_eq!(exchange.summary.len(), 1);
    exchange.clear();
    assert!(exchange.summary.is_empty() && exchange.last_sent.is_none());
}
