//! What an operator is shown.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bgp_wire::{AddPathDirection, Capability, Family, Message, Notification, subcode};

use super::graceful::{ours, theirs_with_n};
use super::scripted::{Scripted, config, ends, neighbor, open, open_of, seconds};
use crate::{Shutdown, State, Timer};

fn lines(scripted: &Scripted) -> Vec<String> {
    let text = scripted.session.status(scripted.now).to_string();
    assert!(!text.ends_with('\n'));
    text.lines().map(String::from).collect()
}

/// The timers that run, in the order of [`Timer::ALL`].
fn running(scripted: &Scripted) -> Vec<Timer> {
    let status = scripted.session.status(scripted.now);
    status.timers.into_iter().flatten().map(|(timer, _)| timer).collect()
}

#[test]
fn rfc4271_8_a_session_that_was_never_started() {
    let session = crate::Session::new(config(), 1);
    let status = session.status(seconds(9));
    assert_eq!((status.state, status.uptime, status.endpoints), (State::Idle, None, None));
    assert!(status.negotiated.is_none() && status.last_error.is_none());
    let none = "0 messages: 0 OPEN, 0 UPDATE, 0 NOTIFICATION, 0 KEEPALIVE, 0 ROUTE-REFRESH";
    let text = alloc::format!(
        "state          Idle, came up 0 times\nreceived       {none}\nsent           {none}"
    );
    assert_eq!(status.to_string(), text);
}

#[test]
fn rfc4271_8_an_established_session() {
    let mut ours = config();
    ours.families[0].add_path = Some(AddPathDirection::RECEIVE);
    ours.families.push(Family::IPV6_UNICAST.into());
    let mut theirs = neighbor(&[Family::IPV4_UNICAST, Family::IPV6_UNICAST]);
    theirs.families[0].add_path = Some(AddPathDirection::SEND);
    let mut scripted = Scripted::established(ours, &open_of(&theirs));
    // One KEEPALIVE of ours goes in between.
    scripted.pass(seconds(81));
    scripted.receive(&Message::Keepalive);
    let status = scripted.session.status(scripted.now);
    assert_eq!(status.uptime, Some(seconds(81)));
    assert_eq!(status.endpoints, Some(ends()));
    let lines = lines(&scripted);
    let expected = [
        "state          Established for 0:01:21, came up 1 times",
        "connection     192.0.2.1:179 - 192.0.2.2:40000",
        "neighbour      AS 65002, external, identifier 192.0.2.2",
        "hold time      240 s, keepalive time 80 s",
        "families       ipv4 (paths received), ipv6",
        "hold timer     240.000 s left",
        "received       3 messages: 1 OPEN, 0 UPDATE, 0 NOTIFICATION, 2 KEEPALIVE, 0 ROUTE-REFRESH",
        "sent           3 messages: 1 OPEN, 0 UPDATE, 0 NOTIFICATION, 2 KEEPALIVE, 0 ROUTE-REFRESH",
    ];
    let found: Vec<_> = lines.iter().filter(|line| expected.contains(&&***line)).collect();
    assert_eq!(found, expected, "{lines:#?}");
    let others = ["ours", "theirs", "keepalive"];
    let others = lines.iter().filter(|line| others.iter().any(|name| line.starts_with(name)));
    assert_eq!(others.count() + expected.len(), lines.len(), "{lines:#?}");
}

/// Each timer is shown while it runs.
#[test]
fn rfc4271_8_timers_that_run() {
    let mut scripted = Scripted::started(config());
    assert_eq!(running(&scripted), [Timer::ConnectRetry]);
    scripted.accept();
    assert_eq!(running(&scripted), [Timer::Hold]);
    scripted.receive(&Message::Open(open()));
    scripted.receive(&Message::Keepalive);
    assert_eq!(running(&scripted), [Timer::Hold, Timer::Keepalive]);
    scripted.session.handle_blocked(scripted.now, scripted.id);
    assert_eq!(running(&scripted), [Timer::Hold, Timer::Keepalive, Timer::SendHold]);
    scripted.receive_bytes(&[0; 19]);
    assert_eq!(running(&scripted), [Timer::IdleHold]);

    let delayed = crate::SessionConfig { delay_open_time: seconds(9), passive: true, ..config() };
    assert_eq!(running(&Scripted::accepted(delayed)), [Timer::DelayOpen]);
}

#[test]
fn rfc4724_4_2_the_time_of_stale_routes_is_shown() {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs_with_n()));
    scripted.lose();
    scripted.pass(seconds(1));
    let status = scripted.session.status(scripted.now);
    let stale = status.timers.into_iter().flatten().find(|one| one.0 == Timer::Stale);
    assert_eq!(stale, Some((Timer::Stale, seconds(99))));
    assert_eq!((status.uptime, status.statistics.since), (None, None));
    let last = lines(&scripted).pop();
    assert_eq!(last.as_deref(), Some("last error     Socket: Connection closed, 0:00:01 ago"));
}

/// RFC 9003: the text is the neighbour's, and may be anything; so is its name in the OPEN. It makes no lines.
#[test]
fn rfc9003_4_the_neighbour_writes_no_lines_of_its_own() {
    let mut open = open();
    let text = "a\nstate          Established\x1b[2J";
    let fqdn = Capability::Fqdn { host: text.into(), domain: text.into() };
    open.capabilities.push(fqdn);
    open.capabilities.push(Capability::SoftwareVersion(text.into()));
    let mut scripted = Scripted::established(config(), &open);
    let before = lines(&scripted);
    assert_eq!(before.iter().filter(|line| line.starts_with("state ")).count(), 1, "{before:#?}");
    let notification = Notification::shutdown(subcode::cease::ADMINISTRATIVE_SHUTDOWN, text);
    scripted.receive(&Message::Notification(notification));
    let after = lines(&scripted);
    assert_eq!(after.iter().filter(|line| line.starts_with("state ")).count(), 1, "{after:#?}");
    for line in before.iter().chain(&after) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    let names = ["last received", "last error"];
    let shown = after.iter().filter(|line| names.iter().any(|name| line.starts_with(name)));
    assert_eq!(shown.count(), 2, "{after:#?}");
}

/// RFC 4486: the last words both ways, and how long ago they were.
#[test]
fn rfc4486_4_the_last_word_that_was_sent() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.pass(seconds(3));
    scripted.session.stop(scripted.now, Shutdown::DeConfigured);
    scripted.poll();
    scripted.pass(seconds(3725));
    let lines = lines(&scripted);
    let expected = "last sent      Peer de-configured, 1:02:05 ago";
    assert_eq!(lines.last().map(String::as_str), Some(expected));
}
