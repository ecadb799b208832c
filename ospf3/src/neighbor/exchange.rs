//! The exchange of Database Description packets with a neighbour (RFC 2328 §10.6, §10.8).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::id::RouterId;
use crate::lsa::{LsaHeader, LsaKey};
use crate::neighbor::NeighborState;
use crate::options::Options;
use crate::packet::{DatabaseDescription, DatabaseDescriptionFlags as Flags};

/// Where the exchange with a neighbour stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    /// The DD sequence number.
    pub(crate) sequence: u32,
    /// We lead.
    pub(crate) master: bool,
    /// The Neighbor Options: of its first Database Description packet.
    pub(crate) options: Options,
    /// What identifies the last packet that was accepted.
    last_received: Option<Identity>,
    /// The Database summary list: what is yet to be described.
    pub(crate) summary: BTreeSet<LsaKey>,
    /// The packet that was sent last; it is repeated when it is not answered, or when the neighbour asks again.
    pub(crate) last_sent: Option<DatabaseDescription>,
}

/// What makes two Database Description packets the same (RFC 2328 §10.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    flags: Flags,
    options: Options,
    sequence: u32,
}

impl Identity {
    fn of(packet: &DatabaseDescription) -> Self {
        let DatabaseDescription { flags, options, sequence_number, .. } = packet;
        Self { flags: *flags, options: *options, sequence: *sequence_number }
    }
}

/// What becomes of a received Database Description packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is ignored.
    Ignore,
    /// The last packet is sent once more.
    Repeat,
    /// Event SeqNumberMismatch, and why.
    Mismatch(&'static str),
    /// Event NegotiationDone; then it is accepted. Whether we lead.
    Negotiated {
        /// We are master.
        master: bool,
    },
    /// It is the next in sequence.
    Accept,
}

impl Exchange {
    /// What becomes of a packet from this neighbour in this state (RFC 2328 §10.6). The MTU has been looked at, and the
    /// state is at least ExStart.
    pub(crate) fn judge(
        &self,
        state: NeighborState,
        packet: &DatabaseDescription,
        (our, their): (RouterId, RouterId),
    ) -> Verdict {
        let duplicate = self.last_received == Some(Identity::of(packet));
        match state {
            NeighborState::ExStart => self.negotiate(packet, our, their),
            NeighborState::Exchange if duplicate => self.duplicate(),
            NeighborState::Exchange => self.next(packet),
            NeighborState::Loading | NeighborState::Full if duplicate => match self.last_sent {
                None if !self.master => Verdict::Mismatch("the last packet is no longer kept"),
                _ => self.duplicate(),
            },
            NeighborState::Loading | NeighborState::Full => {
                Verdict::Mismatch("a new packet after the exchange")
            }
            _ => Verdict::Ignore,
        }
    }

    const fn duplicate(&self) -> Verdict {
        if self.master { Verdict::Ignore } else { Verdict::Repeat }
    }

    fn negotiate(&self, packet: &DatabaseDescription, our: RouterId, their: RouterId) -> Verdict {
        let has = |flags| packet.flags.contains(flags);
        let begins = has(Flags::I | Flags::M | Flags::MS) && packet.headers.is_empty();
        let answers = !has(Flags::I) && !has(Flags::MS) && packet.sequence_number == self.sequence;
        if begins && their > our {
            Verdict::Negotiated { master: false }
        } else if answers && their < our {
            Verdict::Negotiated { master: true }
        } else {
            Verdict::Ignore
        }
    }

    fn next(&self, packet: &DatabaseDescription) -> Verdict {
        let expected = if self.master { self.sequence } else { self.sequence.wrapping_add(1) };
        if packet.flags.contains(Flags::MS) == self.master {
            Verdict::Mismatch("the MS-bit")
        } else if packet.flags.contains(Flags::I) {
            Verdict::Mismatch("the I-bit")
        } else if packet.options != self.options {
            Verdict::Mismatch("other options")
        } else if packet.sequence_number != expected {
            Verdict::Mismatch("the DD sequence number")
        } else {
            Verdict::Accept
        }
    }

    /// Begins anew: the next sequence number, and we are master (RFC 2328 §10.3).
    pub(crate) fn begin(&mut self, options: Options, interface_mtu: u16) {
        self.sequence = self.sequence.wrapping_add(1);
        self.master = true;
        self.last_received = None;
        self.summary.clear();
        self.last_sent = Some(DatabaseDescription {
            options,
            interface_mtu,
            flags: Flags::I | Flags::M | Flags::MS,
            sequence_number: self.sequence,
            headers: Vec::new(),
        });
    }

    /// NegotiationDone, with this packet.
    pub(crate) fn negotiated(&mut self, master: bool, packet: &DatabaseDescription) {
        self.master = master;
        self.options = packet.options;
        if !master {
            self.sequence = packet.sequence_number;
        }
    }

    /// The contents of the packet have been looked at. Gives whether the exchange is done; if not, or if we are slave, the
    /// next packet is to be sent: up to `most` of the headers that `describe` finds.
    pub(crate) fn accept(
        &mut self,
        packet: &DatabaseDescription,
        most: usize,
        (options, interface_mtu): (Options, u16),
        describe: impl FnMut(&LsaKey) -> Option<LsaHeader>,
    ) -> Accepted {
        self.last_received = Some(Identity::of(packet));
        let theirs_follow = packet.flags.contains(Flags::M);
        let all_sent = self.last_sent.as_ref().is_some_and(|last| !last.flags.contains(Flags::M));
        if self.master {
            self.sequence = self.sequence.wrapping_add(1);
            if all_sent && !theirs_follow {
                return Accepted { done: true, send: false };
            }
        } else {
            self.sequence = packet.sequence_number;
        }
        let headers = self.next_headers(most, describe);
        let ours_follow = !self.summary.is_empty();
        let master = if self.master { Flags::MS } else { Flags::NONE };
        let more = if ours_follow { Flags::M } else { Flags::NONE };
        self.last_sent = Some(DatabaseDescription {
            options,
            interface_mtu,
            flags: master | more,
            sequence_number: self.sequence,
            headers,
        });
        Accepted { done: !self.master && !ours_follow && !theirs_follow, send: true }
    }

    fn next_headers(
        &mut self,
        most: usize,
        mut describe: impl FnMut(&LsaKey) -> Option<LsaHeader>,
    ) -> Vec<LsaHeader> {
        let mut headers = Vec::new();
        while headers.len() < most.max(1) {
            let Some(key) = self.summary.pop_first() else { break };
            headers.extend(describe(&key));
        }
        headers
    }

    /// The lists are emptied: the adjacency is no more.
    pub(crate) fn clear(&mut self) {
        self.summary.clear();
        self.last_sent = None;
        self.last_received = None;
    }
}

/// What follows from a packet that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Event ExchangeDone.
    pub(crate) done: bool,
    /// The last packet, which is new, is to be sent.
    pub(crate) send: bool,
}

#[cfg(test)]
mod tests;
