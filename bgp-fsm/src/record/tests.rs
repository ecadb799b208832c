//! Records of configurations and inputs, whole and damaged. `session/tests/network.rs` replays whole runs.

use bgp_wire::{
    AddPathDirection, AddressPrefixChange, AddressPrefixFilter, Capabilities, Capability,
    CapabilityCode, Orf, OrfDirection, OrfMatch, OrfType, Role, WhenToRefresh,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{FamilyConfig, Forwarding, RemoteAs, RestartConfig};

fn every_input() -> Vec<Input> {
    let (id, text) = (ConnectionId(300), String::from("why"));
    let ends = Endpoints {
        local: "192.0.2.1:179".parse().expect("an address"),
        remote: "[fe80::1%7]:40000".parse().expect("an address"),
    };
    let limit = Some((Family::IPV6_UNICAST, 70_000));
    let update = OrfUpdate {
        when: WhenToRefresh::DEFER,
        filters: [Orf::AddressPrefix([AddressPrefixChange::RemoveAll].into())].into(),
    };
    [
        Input::Start,
        Input::Stop(Shutdown::Restart, String::new()),
        Input::Stop(Shutdown::MaximumPrefixes(limit), text.clone()),
        Input::Reset(Shutdown::MaximumPrefixes(None), text.clone()),
        Input::SetRestarted(true),
        Input::Connected(id, ends),
        Input::ConnectFailed(id, text),
        Input::Accepted(ends),
        Input::Disconnected(id),
        Input::Neighbor(None),
        Input::Neighbor(Some(ends.remote.ip())),
        Input::Blocked(id),
        Input::Written(id),
        Input::Backlog(id),
        Input::Bytes(id, Bytes::from_static(b"octets")),
        Input::Timeout,
        Input::UpdateSent(u32::MAX),
        Input::RequestRefresh(Family::IPV4_FLOW_SPEC),
        Input::ChangeFilters(Family::IPV4_UNICAST, update),
    ]
    .into()
}

#[test]
fn inputs_are_read_as_they_are_written() {
    for input in every_input() {
        let mut log = Writer::default();
        input.write(&mut log);
        let mut reader = Reader::new(Bytes::copy_from_slice(log.as_bytes()));
        assert_eq!(Input::read(input.code(), &mut reader), Some(input));
        assert!(reader.is_empty());
    }
}

fn full() -> SessionConfig {
    let mut config = SessionConfig::new(65001, RemoteAs::Is(4_200_000_000), [192, 0, 2, 1].into());
    config.families.push(FamilyConfig {
        family: Family::IPV6_UNICAST,
        extended_next_hop: true,
        add_path: Some(AddPathDirection::BOTH),
        paths_limit: Some(9),
        filters: Some(OrfDirection::SEND),
        forwarding: Some(Forwarding::Lost),
        long_lived_stale_time: Some(Duration::from_secs(77)),
        required: true,
    });
    config.send_hold_time = Some(Duration::from_millis(1_500));
    config.role = Some(Role::PEER);
    config.graceful_restart = Some(RestartConfig::default());
    config.long_lived = Some((Duration::ZERO, Duration::from_secs(9)));
    config.required.push(CapabilityCode::ROUTE_REFRESH);
    let fqdn = Capability::Fqdn { host: "a".into(), domain: "b".into() };
    config.other_capabilities = Capabilities::from_iter([fqdn]);
    config
}

#[test]
fn configurations_are_read_as_they_are_written() {
    for config in [full(), SessionConfig::new(1, RemoteAs::Any, [192, 0, 2, 1].into())] {
        let recorder = Recorder::new(config.clone(), u64::MAX);
        let replay = Replay::new(recorder.record().to_vec()).expect("a record");
        assert_eq!(replay.session().config(), &config);
        assert!(replay.log.is_empty());
    }
}

/// A run with an input of each kind, of which not everything was polled at once.
fn record() -> Vec<u8> {
    let ends = Endpoints {
        local: "192.0.2.1:179".parse().expect("an address"),
        remote: "192.0.2.2:40000".parse().expect("an address"),
    };
    let (seconds, mut recorder) = (Duration::from_secs, Recorder::new(full(), 5));
    recorder.start(seconds(1));
    let id = recorder.handle_accepted(seconds(2), ends).expect("accepted");
    recorder.handle_input(seconds(3), id, &mut BytesMut::from(&[0xff; 10][..]));
    let _ = recorder.poll_transmit();
    recorder.handle_input(seconds(4), id, &mut BytesMut::from(&[0xff; 40][..]));
    recorder.handle_timeout(seconds(5));
    recorder.stop_saying(seconds(6), Shutdown::AdministrativeShutdown, "bye");
    recorder.record().to_vec()
}

/// More filters than a message has room for, of both address families, and such as make no sense.
#[test]
fn changes_of_filters_come_back_whole() {
    let filter = |sequence, prefix: &str, min_length| AddressPrefixFilter {
        sequence,
        action: OrfMatch::Deny,
        prefix: prefix.parse().expect("a prefix"),
        min_length,
        max_length: 0,
    };
    let many = (0..4000).map(|number| filter(number, "2001:db8::1/128", 0));
    let odd = [filter(1, "192.0.2.0/24", 0), filter(2, "2001:db8::/32", 8)];
    let odd = odd.into_iter().map(AddressPrefixChange::Remove);
    let entries = Bytes::from_static(&[0x80]);
    let update = OrfUpdate {
        when: WhenToRefresh(9),
        filters: Vec::from([
            Orf::AddressPrefix(many.map(AddressPrefixChange::Add).chain(odd).collect()),
            Orf::AddressPrefix(Vec::new()),
            Orf::Other { kind: OrfType::ADDRESS_PREFIX, entries },
        ]),
    };
    let input = Input::ChangeFilters(Family::IPV6_UNICAST, update);
    let mut log = Writer::default();
    input.write(&mut log);
    let mut reader = Reader::new(Bytes::copy_from_slice(log.as_bytes()));
    assert!(Input::read(input.code(), &mut reader) == Some(input));
    assert!(reader.is_empty());
}

/// The host may poll in any order: a Close that waits for the last words comes in the same place.
#[test]
fn actions_are_replayed_in_their_order() {
    let mut config = full();
    config.connect_delay_time = Duration::ZERO;
    let (seconds, mut recorder) = (Duration::from_secs, Recorder::new(config, 5));
    recorder.start(seconds(1));
    while recorder.poll_action().is_some() {}
    let ends = Endpoints {
        local: "192.0.2.1:179".parse().expect("an address"),
        remote: "192.0.2.2:40000".parse().expect("an address"),
    };
    let _ = recorder.handle_accepted(seconds(2), ends).expect("accepted");
    while recorder.poll_transmit().is_some() {}
    recorder.stop(seconds(3), Shutdown::AdministrativeShutdown);
    recorder.start(seconds(4));
    let mut actions = Vec::new();
    for _ in 0..2 {
        actions.extend(core::iter::from_fn(|| recorder.poll_action()));
        while recorder.poll_transmit().is_some() {}
    }
    while recorder.poll_event().is_some() {}
    assert_eq!(actions.len(), 3, "{actions:?}");
    let mut replay = Replay::new(recorder.record().to_vec()).expect("a record");
    let mut again = Vec::new();
    while let Some(step) = replay.step().expect("whole") {
        again = step.actions;
    }
    assert_eq!(actions, again);
}

/// What is taken bit by bit is the same record.
#[test]
fn a_record_can_be_taken_in_parts() {
    let (mut whole, mut parts) = (Recorder::new(full(), 5), Recorder::new(full(), 5));
    let mut taken = parts.take_record();
    for second in 1..5 {
        let now = Duration::from_secs(second);
        for recorder in [&mut whole, &mut parts] {
            recorder.start(now);
            let _ = recorder.poll_action();
            recorder.stop(now, Shutdown::DeConfigured);
        }
        taken.extend(parts.take_record());
        assert_eq!(parts.record(), []);
    }
    assert_eq!(taken, whole.record());
}

fn run(record: Vec<u8>) -> Result<usize, ReplayError> {
    let mut replay = Replay::new(record)?;
    let mut steps = 0;
    while replay.step()?.is_some() {
        steps += 1;
    }
    Ok(steps)
}

#[test]
fn a_record_that_ends_early_is_damaged() {
    let record = record();
    assert_eq!(run(record.clone()), Ok(6));
    assert_eq!(run(b"something else".to_vec()), Err(ReplayError::NotARecord));
    let whole = (0..record.len()).filter(|length| run(record[..*length].to_vec()).is_ok()).count();
    assert_eq!(whole, 6, "between inputs it may end");
}

proptest! {
    #[test]
    fn damaged_records_never_panic(
        at in any::<prop::sample::Index>(),
        octets in vec(any::<u8>(), 1..20),
    ) {
        let mut record = record();
        let at = at.index(record.len());
        let end = (at + octets.len()).min(record.len());
        record.splice(at..end, octets);
        let _ = run(record);
    }
}
