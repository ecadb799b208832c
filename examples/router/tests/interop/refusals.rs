//! What the router says to a peer that is wrong, seen on the wire.

use testbed::bird::{Bird, SOON, header as config_header};
use testbed::{Lab, Node};

use crate::ours::{bird_stands_in, start_router};
use crate::speaker::{
    Heard, KEEPALIVE, Message, NOTIFICATION, OPEN, Speaker, header, message, open,
};

/// AS and identifier that the router expects of its neighbour.
const ASN: u16 = 65002;
const ID: [u8; 4] = [10, 0, 0, 2];
const ROUTER: &str = "10.0.0.1:179";

/// The router with one neighbour, 10.0.0.2; its machine, and that of the neighbour.
fn router_with(lab: &Lab, options: &str) -> (Bird, Node, Node) {
    let (r, p) = (lab.node("r"), lab.node("p"));
    lab.link(&r, &p);
    r.addresses(&p, &["10.0.0.1/24"]);
    p.addresses(&r, &["10.0.0.2/24"]);
    let config = config_header("10.0.0.1")
        + &format!(
            "protocol static s4 {{ ipv4; route 10.1.0.0/24 blackhole; }}
             protocol bgp p {{
                 local 10.0.0.1 as 65001;
                 neighbor 10.0.0.2 as {ASN};
                 {SOON} {options}
                 ipv4 {{ import all; export all; }};
             }}"
        );
    let router = start_router(lab, &r, &config);
    (router, r, p)
}

/// Dials, hears the router's OPEN, says `bytes`, and gives the data of the NOTIFICATION that has to
/// follow.
#[track_caller]
fn refused(peer: &Node, bytes: &[u8], code: u8, subcode: u8) -> Vec<u8> {
    let (mut speaker, _) = Speaker::dial_until_open(peer, ROUTER);
    speaker.say(bytes);
    speaker.expect_notification(code, subcode)
}

/// Ends the handshake from our side, and asserts that the router takes the session.
#[track_caller]
fn accepted(router: &Bird, peer: &Node) {
    let (mut speaker, theirs) = Speaker::dial_until_open(peer, ROUTER);
    assert_eq!(theirs.first(), Some(&4), "the version in the router's OPEN");
    assert_eq!(theirs.get(1..3), Some(65001_u16.to_be_bytes().as_slice()), "its AS");
    assert_eq!(theirs.get(5..9), Some([10, 0, 0, 1].as_slice()), "its identifier");
    speaker.say(&open(4, ASN, 90, ID));
    speaker.expect(KEEPALIVE);
    speaker.say(&message(KEEPALIVE, &[]));
    router.wait_established("p");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_wrong_open_is_refused_with_the_notification_of_the_rfc() {
    let lab = Lab::new();
    let (router, _, peer) = router_with(&lab, "passive;");

    // RFC 4271 §6.2: Bad Peer AS; Unsupported Version Number, with ours as data; Unacceptable Hold
    // Time; Bad BGP Identifier.
    refused(&peer, &open(4, 65099, 90, ID), 2, 2);
    let supported = refused(&peer, &open(3, ASN, 90, ID), 2, 1);
    // BIRD 2.0.12 turns the two bytes round.
    assert_eq!(supported, if bird_stands_in() { [4, 0] } else { [0, 4] });
    refused(&peer, &open(4, ASN, 1, ID), 2, 6);
    refused(&peer, &open(4, ASN, 90, [0; 4]), 2, 3);

    // And nothing of that stands in the way of a right one.
    accepted(&router, &peer);
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_wrong_header_is_refused_with_the_notification_of_the_rfc() {
    let lab = Lab::new();
    let (router, _, peer) = router_with(&lab, "passive;");

    // RFC 4271 §6.1: Connection Not Synchronized.
    refused(&peer, &header(0xfe, 19, KEEPALIVE), 1, 1);
    // Bad Message Length, with the length as data: shorter than a header, longer than a message may
    // be, a KEEPALIVE with a body, an OPEN without one.
    for (length, kind) in [(18, OPEN), (4097, OPEN), (28, OPEN), (20, KEEPALIVE)] {
        if kind == KEEPALIVE && bird_stands_in() {
            continue; // It asks first whether a KEEPALIVE may come now.
        }
        let mut bytes = header(0xff, length, kind);
        bytes.resize(usize::from(length).clamp(19, 64), 0);
        let data = refused(&peer, &bytes, 1, 2);
        assert_eq!(data, length.to_be_bytes(), "length {length} of a message of type {kind}");
    }
    // Bad Message Type, with the type as data.
    assert_eq!(refused(&peer, &header(0xff, 19, 9), 1, 3), [9]);

    accepted(&router, &peer);
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_connection_from_an_address_that_is_not_configured_is_dropped() {
    let lab = Lab::new();
    let (router, r, peer) = router_with(&lab, "passive;");
    let stranger = lab.node("s");
    lab.link(&r, &stranger);
    r.addresses(&stranger, &["10.0.9.1/24"]);
    stranger.addresses(&r, &["10.0.9.2/24"]);
    stranger.ip("route add 10.0.0.0/24 via 10.0.9.1");
    // The router listens, and answers its neighbour.
    accepted(&router, &peer);

    let mut speaker = Speaker::dial(&stranger, ROUTER);
    speaker.say(&open(4, ASN, 90, ID));
    match speaker.hear() {
        Heard::Closed => {}
        // RFC 4486: Connection Rejected. Just as good.
        Heard::Message(Message { kind: NOTIFICATION, body }) if body.starts_with(&[6, 5]) => {}
        heard => panic!("the stranger got {heard:?}"),
    }
}
