//! Every entry of the table against the text of RFC 2328 §9.3, written down entry by entry.

use super::*;
use InterfaceInput::*;
use InterfaceState::*;

const EVENTS: [InterfaceInput; 9] = [
    InterfaceUp,
    WaitTimer,
    BackupSeen,
    NeighborChange,
    LoopInd,
    UnloopInd,
    InterfaceDown,
    MultipleInterfacesToLink,
    ActiveInterfaceDead,
];

/// An entry of the RFC: the states it is for, the event, the new state (`None`: depends upon action routine).
struct Entry {
    states: &'static [InterfaceState],
    event: InterfaceInput,
    new: Option<InterfaceState>,
    action: &'static [Step],
}

const fn entry(
    states: &'static [InterfaceState],
    event: InterfaceInput,
    new: Option<InterfaceState>,
    action: &'static [Step],
) -> Entry {
    Entry { states, event, new, action }
}

const ANY: &[InterfaceState] = &InterfaceState::ALL;

/// RFC 2328 §9.3 from "State(s): Waiting, Event: BackupSeen" on, then RFC 5340 §4.9.1. The entry before, Down with
/// InterfaceUp, depends upon the network and has a test of its own.
const TABLE: &[Entry] = &[
    entry(&[Waiting], BackupSeen, None, &[Step::Elect]),
    entry(&[Waiting], WaitTimer, None, &[Step::Elect]),
    entry(&[DrOther, Backup, Dr], NeighborChange, None, &[Step::Elect]),
    entry(ANY, InterfaceDown, Some(Down), &[Step::Reset]),
    entry(ANY, LoopInd, Some(Loopback), &[Step::Reset]),
    entry(&[Loopback], UnloopInd, Some(Down), &[]),
    entry(
        &[Waiting, DrOther, Backup, Dr],
        MultipleInterfacesToLink,
        Some(Standby),
        &[Step::Reset, Step::StartActiveInterface],
    ),
    entry(&[Standby], ActiveInterfaceDead, Some(Down), &[Step::Up]),
];

fn all_facts() -> impl Iterator<Item = Facts> {
    (0..8).map(|bits| Facts {
        multi_access: bits & 1 != 0,
        nbma: bits & 2 != 0,
        eligible: bits & 4 != 0,
    })
}

#[test]
fn rfc2328_9_3_every_entry() {
    for state in InterfaceState::ALL {
        for event in EVENTS {
            if (state, event) == (Down, InterfaceUp) {
                continue;
            }
            let entries: Vec<_> =
                TABLE.iter().filter(|e| e.event == event && e.states.contains(&state)).collect();
            assert!(entries.len() <= 1, "{state} {event:?}");
            let expected = entries
                .first()
                .map_or((state, [].as_slice()), |e| (e.new.unwrap_or(state), e.action));
            for facts in all_facts() {
                assert_eq!(transition(state, event, facts), expected, "{state} {event:?}");
            }
        }
    }
}

#[test]
fn rfc2328_9_3_interface_up() {
    for facts in all_facts() {
        let (state, steps) = transition(Down, InterfaceUp, facts);
        // "Start the interval Hello Timer": always.
        assert!(steps.contains(&Step::StartHello));
        let waits = facts.multi_access && facts.eligible;
        let expected = match (facts.multi_access, facts.eligible) {
            (false, _) => PointToPoint,
            (true, false) => DrOther,
            (true, true) => Waiting,
        };
        assert_eq!(state, expected, "{facts:?}");
        assert_eq!(steps.contains(&Step::StartWait), waits, "{facts:?}");
        assert_eq!(steps.contains(&Step::StartEligible), waits && facts.nbma, "{facts:?}");
        assert_eq!(steps.len(), 1 + usize::from(waits) + usize::from(waits && facts.nbma));
    }
}

#[test]
fn packets_are_for_states_above_standby() {
    for state in InterfaceState::ALL {
        assert_eq!(state.is_active(), state > Standby, "{state}");
    }
}
