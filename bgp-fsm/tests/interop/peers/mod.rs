//! The peers, and what the checks ask of them.

mod bird;
mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;

use std::net::IpAddr;

use testbed::{Lab, Node, Release};

use crate::addresses::{OUR_AS, OUR_LARGE_AS, PEER, PEER_AS, PEER_LARGE_AS, PEER6, US, US6};
use crate::feature::Feature;

/// The rows of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bird20,
    Bird217,
    Bird31,
    Frr8,
    Frr10,
    GoBgp,
    OpenBgpd,
    ExaBgp,
}

/// A route that the peer has from us.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) next_hop: String,
    pub(crate) as_path: String,
    pub(crate) large_communities: usize,
    /// The peer keeps it for a session that has ended.
    pub(crate) stale: bool,
    /// … beyond the restart time (RFC 9494)
    pub(crate) long_lived: bool,
}

/// A running peer with one neighbour: us.
pub(crate) trait Peer {
    /// The routes to a prefix that it has from us.
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String>;
    /// Whether it has a route to a prefix with so many large communities.
    fn has_large_communities(&mut self, prefix: &str, count: usize) -> Result<bool, String> {
        Ok(self.paths(prefix)?.iter().any(|seen| seen.large_communities == count))
    }
    /// Has it ask for our routes again.
    fn ask_refresh(&mut self);
    /// Has it end the session, and say why.
    fn shut_down(&mut self, why: &str);
    /// What it tells of its sessions, and has logged.
    fn tells(&mut self) -> String;
    /// SIGKILL
    fn kill(&mut self);
    /// Starts it again, as one that has restarted.
    fn recover(&mut self);
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Bird20,
        Self::Bird217,
        Self::Bird31,
        Self::Frr8,
        Self::Frr10,
        Self::GoBgp,
        Self::OpenBgpd,
        Self::ExaBgp,
    ];

    /// The head of its row.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Bird20 => "BIRD 2.0.12",
            Self::Bird217 => "BIRD 2.17.5",
            Self::Bird31 => "BIRD 3.1.7",
            Self::Frr8 => "FRR 8.4.4",
            Self::Frr10 => "FRR 10.3",
            Self::GoBgp => "GoBGP 3.10.0",
            Self::OpenBgpd => "OpenBGPD 7.7",
            Self::ExaBgp => "ExaBGP 4.2.21",
        }
    }

    /// Starts it on `node`, configured for one feature.
    #[track_caller]
    pub(crate) fn start(self, lab: &Lab, node: &Node, feature: Feature) -> Box<dyn Peer> {
        let ends = Ends::of(self, feature);
        match self {
            Self::Bird20 | Self::Bird217 | Self::Bird31 => {
                Box::new(bird::start(self, lab, node, feature, &ends))
            }
            Self::Frr8 => Box::new(frr::start(Release::Debian, lab, node, feature, &ends)),
            Self::Frr10 => Box::new(frr::start(Release::Newer, lab, node, feature, &ends)),
            Self::GoBgp => Box::new(gobgp::start(lab, node, feature, &ends)),
            Self::OpenBgpd => Box::new(openbgpd::start(lab, node, feature, &ends)),
            Self::ExaBgp => Box::new(exabgp::start(lab, node, feature, &ends)),
        }
    }

    /// Whether it calls us. ExaBGP has a TTL only for connections that it makes.
    pub(crate) const fn dials(self, feature: Feature) -> bool {
        matches!((self, feature), (_, Feature::OurRange) | (Self::ExaBgp, Feature::Gtsm))
    }

    /// Asserts that its parser does not take the configuration of a feature.
    pub(crate) fn refuses(self, feature: Feature) {
        assert_eq!(self, Self::Bird20, "other parsers are not asked");
        bird::refuses(feature, &Ends::of(self, feature));
    }

    /// Whether it passes on to one neighbour what another has told.
    pub(crate) const fn is_router(self) -> bool {
        !matches!(self, Self::ExaBgp)
    }

    /// What it says of a neighbour that it has given up because nothing more could be sent.
    pub(crate) const fn gives_up(self) -> &'static str {
        match self {
            Self::Bird20 | Self::Bird217 | Self::Bird31 => "Send hold timer expired",
            Self::Frr8 | Self::Frr10 => "has not made any SendQ progress for 2 holdtimes",
            _ => "SendHoldTimer",
        }
    }
}

/// Addresses and AS numbers of a session, as the peer sees them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) local: IpAddr,
    pub(crate) local_as: u32,
    pub(crate) remote: IpAddr,
    pub(crate) remote_as: u32,
    /// It waits for us to connect.
    pub(crate) passive: bool,
}

impl Ends {
    const fn of(kind: Kind, feature: Feature) -> Self {
        let (local_as, remote_as) = match feature {
            Feature::FourOctetAs => (PEER_LARGE_AS, OUR_LARGE_AS),
            _ => (PEER_AS, OUR_AS),
        };
        let (local, remote) = match feature {
            Feature::ExtendedNextHop => (PEER6, US6),
            _ => (PEER, US),
        };
        Self { local, local_as, remote, remote_as, passive: !kind.dials(feature) }
    }
}
