//! The state machine of an interface as one table (RFC 2328 §9.1 to §9.3; RFC 5340 §4.9.1).

use core::fmt;

/// State of an interface (RFC 2328 §9.1), in the order of the RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum InterfaceState {
    /// Out of work; nothing is sent or received.
    #[default]
    Down,
    /// Looped back, or passive: its prefixes are told, no packet is sent.
    Loopback,
    /// Another interface of ours on the same link speaks for this one (RFC 5340 §4.9.1).
    Standby,
    /// Listens who the Designated Router is, before it takes part in the election.
    Waiting,
    /// In work, on a kind of network without Designated Router.
    PointToPoint,
    /// Neither Designated Router nor Backup.
    DrOther,
    /// Backup Designated Router.
    Backup,
    /// Designated Router.
    Dr,
}

impl InterfaceState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Down,
        Self::Loopback,
        Self::Standby,
        Self::Waiting,
        Self::PointToPoint,
        Self::DrOther,
        Self::Backup,
        Self::Dr,
    ];

    /// Whether packets are sent and received.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Waiting | Self::PointToPoint | Self::DrOther | Self::Backup | Self::Dr)
    }
}

impl fmt::Display for InterfaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Down => "Down",
            Self::Loopback => "Loopback",
            Self::Standby => "Standby",
            Self::Waiting => "Waiting",
            Self::PointToPoint => "PtP",
            Self::DrOther => "DROther",
            Self::Backup => "Backup",
            Self::Dr => "DR",
        })
    }
}

/// Events, named as in RFC 2328 §9.2 and RFC 5340 §4.9.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum InterfaceInput {
    InterfaceUp,
    WaitTimer,
    BackupSeen,
    NeighborChange,
    LoopInd,
    UnloopInd,
    InterfaceDown,
    MultipleInterfacesToLink,
    ActiveInterfaceDead,
}

/// What a transition does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Start the Hello Timer.
    StartHello,
    /// Start the Wait Timer.
    StartWait,
    /// Event Start for each configured neighbour that may become Designated Router (networks without broadcast).
    StartEligible,
    /// Calculate the Designated Router and its Backup (§9.4); the new state comes of that.
    Elect,
    /// Reset the interface's variables, stop its timers, KillNbr for all neighbours.
    Reset,
    /// Start the Active Interface Timer.
    StartActiveInterface,
    /// Stop the Active Interface Timer, and invoke InterfaceUp.
    Up,
}

/// What of an interface its transitions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Broadcast or NBMA: there is a Designated Router.
    pub(crate) multi_access: bool,
    /// NBMA: neighbours are configured.
    pub(crate) nbma: bool,
    /// The Router Priority is above 0.
    pub(crate) eligible: bool,
}

/// The next state, and what to do on the way. An event that the RFC does not define for a state changes nothing.
pub(crate) const fn transition(
    state: InterfaceState,
    event: InterfaceInput,
    facts: Facts,
) -> (InterfaceState, &'static [Step]) {
    use InterfaceInput as Event;
    use InterfaceState::{Backup, Down, Dr, DrOther, Loopback, PointToPoint, Standby, Waiting};
    match (state, event) {
        (Down, Event::InterfaceUp) => match facts {
            Facts { multi_access: false, .. } => (PointToPoint, &[Step::StartHello]),
            Facts { eligible: false, .. } => (DrOther, &[Step::StartHello]),
            Facts { nbma: false, .. } => (Waiting, &[Step::StartHello, Step::StartWait]),
            Facts { nbma: true, .. } => {
                (Waiting, &[Step::StartHello, Step::StartWait, Step::StartEligible])
            }
        },
        (Waiting, Event::BackupSeen | Event::WaitTimer) => (Waiting, &[Step::Elect]),
        (DrOther | Backup | Dr, Event::NeighborChange) => (state, &[Step::Elect]),
        (_, Event::InterfaceDown) => (Down, &[Step::Reset]),
        (_, Event::LoopInd) => (Loopback, &[Step::Reset]),
        (Loopback, Event::UnloopInd) => (Down, &[]),
        (Waiting | DrOther | Backup | Dr, Event::MultipleInterfacesToLink) => {
            (Standby, &[Step::Reset, Step::StartActiveInterface])
        }
        (Standby, Event::ActiveInterfaceDead) => (Down, &[Step::Up]),
        _ => (state, &[]),
    }
}

#[cfg(test)]
mod tests;
