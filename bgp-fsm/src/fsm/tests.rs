//! The table against RFC 4271 §8.2.2, RFC 9687 §4.3 and RFC 4724 §5, for all states and events.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::State::*;
use super::*;

const STATES: [State; 6] = [Idle, Connect, Active, OpenSent, OpenConfirm, Established];

/// By number (RFC 4271 §8.1, RFC 9687 §4.2). The last has none of its own: RFC 4724 §5 changes what events 16 and
/// 17 do in Established, for a neighbour that may be restarting. Only there it occurs.
const EVENTS: [FsmEvent; 30] = [
    FsmEvent::ManualStart,
    FsmEvent::ManualStop,
    FsmEvent::AutomaticStart,
    FsmEvent::ManualStartWithPassiveTcpEstablishment,
    FsmEvent::AutomaticStartWithPassiveTcpEstablishment,
    FsmEvent::AutomaticStartWithDampPeerOscillations,
    FsmEvent::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment,
    FsmEvent::AutomaticStop,
    FsmEvent::ConnectRetryTimerExpires,
    FsmEvent::HoldTimerExpires,
    FsmEvent::KeepaliveTimerExpires,
    FsmEvent::DelayOpenTimerExpires,
    FsmEvent::IdleHoldTimerExpires,
    FsmEvent::TcpConnectionValid,
    FsmEvent::TcpCrInvalid,
    FsmEvent::TcpCrAcked,
    FsmEvent::TcpConnectionConfirmed,
    FsmEvent::TcpConnectionFails,
    FsmEvent::BgpOpen,
    FsmEvent::BgpOpenWithDelayOpenTimerRunning,
    FsmEvent::BgpHeaderErr,
    FsmEvent::BgpOpenMsgErr,
    FsmEvent::OpenCollisionDump,
    FsmEvent::NotifMsgVerErr,
    FsmEvent::NotifMsg,
    FsmEvent::KeepAliveMsg,
    FsmEvent::UpdateMsg,
    FsmEvent::UpdateMsgErr,
    FsmEvent::SendHoldTimerExpires,
    FsmEvent::NeighborRestarted,
];

/// When a row holds: always, or as the last argument of [`transition`] says.
#[derive(PartialEq)]
enum When {
    Always,
    Delay,
    NoDelay,
}
use When::*;

/// What the RFC says: in this state, upon these events, do this (a word an action, by the verbs of the text)
/// and go to that state. Optional NOTIFICATIONs are sent, damping is part of counting.
type Row = (State, &'static [u8], When, &'static str, State);

const RFC4271_8_2_2: &[Row] = &[
    // Idle state
    (Idle, &[1, 3], Always, "zero start-retry dial", Connect),
    (Idle, &[4, 5], Always, "zero start-retry", Active),
    (Idle, &[2, 8], Always, "", Idle),
    // "The method is outside the scope of this document."
    (Idle, &[6, 13], Always, "start-retry dial", Connect),
    (Idle, &[7], Always, "start-retry", Active),
    (Idle, &[9, 10, 11, 12, 14], Always, "", Idle),
    (Idle, &[15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30], Always, "", Idle),
    // Connect state
    (Connect, &[1, 3, 4, 5, 6, 7], Always, "", Connect),
    (Connect, &[2], Always, "drop zero stop-retry", Idle),
    (Connect, &[9], Always, "drop start-retry stop-delay dial", Connect),
    (Connect, &[12], Always, "open large-hold", OpenSent),
    (Connect, &[14, 15], Always, "", Connect),
    (Connect, &[16, 17], Delay, "stop-retry start-delay", Connect),
    (Connect, &[16, 17], NoDelay, "stop-retry open large-hold", OpenSent),
    (Connect, &[18], Delay, "start-retry stop-delay", Active),
    (Connect, &[18], NoDelay, "stop-retry drop", Idle),
    (Connect, &[20], Always, "stop-retry stop-delay open keepalive hold", OpenConfirm),
    (Connect, &[21, 22], Always, "notify stop-retry drop count", Idle),
    (Connect, &[24], Delay, "stop-retry stop-delay drop", Idle),
    (Connect, &[24], NoDelay, "stop-retry drop count", Idle),
    (Connect, &[8, 10, 11, 13, 19], Always, "stop-retry stop-delay drop count", Idle),
    (Connect, &[23, 25, 26, 27, 28, 29, 30], Always, "stop-retry stop-delay drop count", Idle),
    // Active state
    (Active, &[1, 3, 4, 5, 6, 7], Always, "", Active),
    (Active, &[2], Delay, "notify stop-delay drop zero stop-retry", Idle),
    (Active, &[2], NoDelay, "stop-delay drop zero stop-retry", Idle),
    (Active, &[9], Always, "start-retry dial", Connect),
    (Active, &[12], Always, "stop-retry stop-delay open large-hold", OpenSent),
    (Active, &[14, 15], Always, "", Active),
    (Active, &[16, 17], Delay, "stop-retry start-delay", Active),
    (Active, &[16, 17], NoDelay, "stop-retry open large-hold", OpenSent),
    (Active, &[18], Always, "start-retry stop-delay count", Idle),
    (Active, &[20], Always, "stop-retry stop-delay open keepalive hold", OpenConfirm),
    (Active, &[21, 22], Always, "notify stop-retry drop count", Idle),
    (Active, &[24], Delay, "stop-retry stop-delay drop", Idle),
    (Active, &[24], NoDelay, "stop-retry drop count", Idle),
    (Active, &[8, 10, 11, 13, 19, 23, 25, 26, 27, 28], Always, "stop-retry drop count", Idle),
    (Active, &[29, 30], Always, "stop-retry drop count", Idle),
    // OpenSent
    (OpenSent, &[1, 3, 4, 5, 6, 7], Always, "", OpenSent),
    (OpenSent, &[2], Always, "notify stop-retry drop zero", Idle),
    (OpenSent, &[8, 10], Always, "notify stop-retry drop count", Idle),
    (OpenSent, &[14, 15, 16, 17], Always, "", OpenSent),
    (OpenSent, &[18], Always, "drop start-retry", Active),
    (OpenSent, &[19], Always, "stop-delay stop-retry keepalive hold", OpenConfirm),
    (OpenSent, &[21, 22, 23], Always, "notify stop-retry drop count", Idle),
    (OpenSent, &[24], Always, "stop-retry drop", Idle),
    (OpenSent, &[9, 11, 12, 13, 20], Always, "fsm-error stop-retry drop count", Idle),
    (OpenSent, &[25, 26, 27, 28, 29, 30], Always, "fsm-error stop-retry drop count", Idle),
    // OpenConfirm state
    (OpenConfirm, &[1, 3, 4, 5, 6, 7], Always, "", OpenConfirm),
    (OpenConfirm, &[2], Always, "notify drop zero stop-retry", Idle),
    (OpenConfirm, &[8, 10], Always, "notify stop-retry drop count", Idle),
    (OpenConfirm, &[11], Always, "keepalive", OpenConfirm),
    (OpenConfirm, &[14, 15, 16, 17], Always, "", OpenConfirm),
    (OpenConfirm, &[18, 25], Always, "stop-retry drop count", Idle),
    (OpenConfirm, &[24], Always, "stop-retry drop", Idle),
    // On the same connection nothing collides: RFC 6608 §4 names it as unexpected.
    (OpenConfirm, &[19], Always, "fsm-error stop-retry drop count", Idle),
    (OpenConfirm, &[21, 22, 23], Always, "notify stop-retry drop count", Idle),
    (OpenConfirm, &[26], Always, "hold establish", Established),
    (OpenConfirm, &[9, 12, 13, 20, 27, 28], Always, "fsm-error stop-retry drop count", Idle),
    (OpenConfirm, &[29, 30], Always, "fsm-error stop-retry drop count", Idle),
    // Established state
    (Established, &[1, 3, 4, 5, 6, 7], Always, "", Established),
    (Established, &[2], Always, "notify stop-retry drop zero", Idle),
    (Established, &[8, 10, 23, 28], Always, "notify stop-retry drop count", Idle),
    (Established, &[11], Always, "keepalive", Established),
    (Established, &[14, 15, 16, 17], Always, "", Established),
    // RFC 6608 §4, as above
    (Established, &[19], Always, "fsm-error stop-retry drop count", Idle),
    (Established, &[18, 24, 25], Always, "stop-retry drop count", Idle),
    (Established, &[26], Always, "hold", Established),
    (Established, &[27], Always, "deliver hold", Established),
    (Established, &[9, 12, 13, 20, 21, 22], Always, "fsm-error stop-retry drop count", Idle),
    // RFC 9687 §4.3, which has it in this state alone; RFC 4724 §5
    (Established, &[29], Always, "notify stop-retry drop count", Idle),
    (Established, &[30], Always, "drop zero start-retry", Connect),
];

/// Where [`transition`] knows better, and why.
const DEPARTURES: &[(State, u8, &str, State, &str)] = &[
    (OpenSent, 25, "drop count", Idle, "§6.4: a NOTIFICATION is never answered"),
    (Established, 21, "notify drop count", Idle, "§6.1: header errors have codes of their own"),
    (
        OpenConfirm,
        29,
        "notify drop count",
        Idle,
        "the host may be blocked as early, and 8 says what it was",
    ),
    (
        Established,
        30,
        "drop zero",
        Idle,
        "the session leaves Idle at once, with the new connection",
    ),
];

/// The words that say the same about every transition: a dropped connection has no timers, and one that has
/// failed is dropped. ConnectRetryTimer does not run in Idle.
fn normalized(event: u8, text: &str, next: State) -> BTreeSet<&str> {
    let mut words: BTreeSet<&str> = text.split_whitespace().collect();
    if event == 18 && !words.is_empty() {
        words.insert("drop");
    }
    // Stopped in every row for the state that is left: when it cannot run any more, or with the connection.
    words.remove("stop-retry");
    words.remove("stop-delay");
    if next == Idle {
        words.remove("start-retry");
    }
    words
}

fn words(steps: &[Step]) -> BTreeSet<&'static str> {
    let word = |step: &Step| match step {
        Step::ClearCounter => "zero",
        Step::Count => "count",
        Step::StartConnectRetry | Step::StartConnectDelay => "start-retry",
        Step::StopConnectRetry => "stop-retry",
        Step::StartDelayOpen => "start-delay",
        Step::StopDelayOpen => "stop-delay",
        Step::Dial => "dial",
        Step::SendOpen => "open",
        Step::SendKeepalive => "keepalive",
        Step::StartLargeHold => "large-hold",
        Step::StartHold => "hold",
        Step::Notify => "notify",
        Step::NotifyFsmError => "fsm-error",
        Step::Drop => "drop",
        Step::Establish => "establish",
        Step::Deliver => "deliver",
    };
    steps.iter().map(word).filter(|word| !["stop-retry", "stop-delay"].contains(word)).collect()
}

#[test]
fn events_have_the_numbers_of_the_rfcs() {
    for (number, event) in (1..).zip(EVENTS) {
        assert_eq!(event as u8, number, "{event:?}");
    }
}

/// Each of the 6 × 30 × 2 cases stands in the transcription exactly once, and comes out as it says.
#[test]
fn rfc4271_8_2_2() {
    for (state, event, delay) in STATES
        .iter()
        .flat_map(|state| EVENTS.iter().map(move |event| (*state, *event)))
        .flat_map(|(state, event)| [(state, event, false), (state, event, true)])
    {
        let number = event as u8;
        let when = if delay { Delay } else { NoDelay };
        let rows: Vec<_> = RFC4271_8_2_2
            .iter()
            .filter(|row| row.0 == state && row.1.contains(&number))
            .filter(|row| row.2 == Always || row.2 == when)
            .collect();
        let [(.., text, next)] = rows[..] else {
            panic!("{} rows for {state} and {event:?}", rows.len());
        };
        let departure = DEPARTURES.iter().find(|row| row.0 == state && row.1 == number);
        let (text, next) = departure.map_or((*text, *next), |row| (row.2, row.3));
        let (to, steps) = transition(state, event, delay);
        assert_eq!(to, next, "{state}, {event:?}, {delay}");
        assert_eq!(words(steps), normalized(number, text, next), "{state}, {event:?}, {delay}");
    }
}

/// The departures depart, so that none of them outlives its reason.
#[test]
fn departures_are_needed() {
    for (state, number, text, next, why) in DEPARTURES {
        let row = RFC4271_8_2_2.iter().find(|row| row.0 == *state && row.1.contains(number));
        let (.., rfc, to) = row.expect("in the transcription");
        let rfc = (normalized(*number, rfc, *to), *to);
        assert_ne!(rfc, (normalized(*number, text, *next), *next), "{why}");
    }
}

/// Timers are stopped where the text says so: on the way to OpenSent and further, and with the connection.
#[test]
fn timers_do_not_outlive_their_state() {
    for state in [Connect, Active] {
        for event in EVENTS {
            for delay in [false, true] {
                let (next, steps) = transition(state, event, delay);
                let stops = |step| steps.contains(&step) || steps.contains(&Step::Drop);
                if next > Active {
                    assert!(stops(Step::StopConnectRetry), "{state}, {event:?}");
                }
                if next == OpenConfirm {
                    assert!(stops(Step::StopDelayOpen), "{state}, {event:?}");
                }
                if next == Idle {
                    assert!(stops(Step::Drop), "{state}, {event:?}");
                }
            }
        }
    }
}

/// RFC 2918 and RFC 6608 §4: only in Established is it expected.
#[test]
fn route_refresh() {
    for state in STATES {
        let expected = match state {
            Idle => (Idle, &[][..]),
            Connect | Active => (Idle, FAIL),
            OpenSent | OpenConfirm => (Idle, FSM_ERROR),
            Established => (Established, &[Step::Deliver][..]),
        };
        assert_eq!(transition(state, FsmEvent::RouteRefreshMsg, false), expected);
    }
}
