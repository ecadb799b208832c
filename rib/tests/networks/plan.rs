//! What a network is: who is there, what joins them, who speaks with whom and how.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use bgp_wire::{AsPathBuilder, Family, Origin, PathAttributes, Role, SegmentKind};
use ipnet::IpNet;
use rib::{AddPath, AigpSession, Filter, NextHopMode, Origination, Rules};

use crate::address::net4;
use crate::policy::Rule;

/// A network and the state that it is to be in. A network that was changed has to look like one that is started
/// with the plan as it is in the end.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) families: Vec<Family>,
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) links: Vec<Link>,
    pub(crate) sessions: Vec<SessionPlan>,
    /// What is announced now
    pub(crate) routes: BTreeMap<(usize, IpNet), Announced>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) reach: Reach,
    /// How routers decide
    pub(crate) decision: Rules,
    /// Graceful restart (RFC 4724, 8538), and for longer (RFC 9494)
    pub(crate) restart: bool,
    pub(crate) long_lived: bool,
    /// What a fault may make of filters and of paths that are told
    pub(crate) choices: Vec<Choice>,
    /// What may be announced
    pub(crate) candidates: Vec<(usize, IpNet, Vec<Announced>)>,
}

/// Which node has to reach a network of which other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Whoever is joined with it by links, without coming back into a domain
    Connected,
    /// The same while all nodes and links are up; else nothing is asked
    ConnectedWhenWhole,
    /// Along sessions up to providers, over at most one between peers, and down to customers
    ValleyFree,
    /// Along sessions, by a path of different ASes
    AsPath,
    /// Nothing is asked but that there are no loops.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct NodePlan {
    /// In a confederation that of the member
    pub(crate) asn: u32,
    /// Identifier of the confederation
    pub(crate) confederation: Option<u32>,
    /// Nodes of one domain share an IGP.
    pub(crate) domain: u32,
    pub(crate) up: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Attachment {
    pub(crate) node: usize,
    pub(crate) metric: u32,
    pub(crate) up: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) attached: Vec<Attachment>,
    /// Least and highest metric
    pub(crate) metrics: (u32, u32),
}

impl Link {
    pub(crate) fn of(&self, node: usize) -> Option<&Attachment> {
        self.attached.iter().find(|one| one.node == node)
    }

    pub(crate) fn joins(&self, a: usize, b: usize) -> bool {
        [a, b].iter().all(|node| self.of(*node).is_some_and(|one| one.up))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Between the addresses on a link
    Link(usize),
    /// Between link-local addresses
    Unnumbered(usize),
    /// Between loopbacks
    Loopback,
}

impl Transport {
    pub(crate) const fn link(self) -> Option<usize> {
        match self {
            Self::Link(link) | Self::Unnumbered(link) => Some(link),
            Self::Loopback => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SessionPlan {
    pub(crate) transport: Transport,
    pub(crate) ends: [End; 2],
}

/// How one end of a session treats the other.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) node: usize,
    pub(crate) passive: bool,
    /// The other is our client as a route reflector, in this cluster.
    pub(crate) cluster: Option<Ipv4Addr>,
    /// The other is our client as a route server.
    pub(crate) route_server_client: bool,
    pub(crate) next_hop_self: NextHopMode,
    pub(crate) import: Filter,
    pub(crate) export: Filter,
    pub(crate) keep_received: bool,
    pub(crate) add_path: AddPath,
    pub(crate) takes_paths: bool,
    pub(crate) role: Option<Role>,
    pub(crate) default_originate: bool,
    pub(crate) aigp: AigpSession,
    pub(crate) interval: Duration,
    /// The end takes what comes with long pauses.
    pub(crate) slow: bool,
}

/// With what a network is announced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) as_path: Vec<u32>,
    pub(crate) med: Option<u32>,
    pub(crate) local_pref: Option<u32>,
    pub(crate) incomplete: bool,
}

impl Announced {
    pub(crate) fn origination(&self) -> Origination {
        let mut attributes = PathAttributes::default();
        attributes.origin(if self.incomplete { Origin::Incomplete } else { Origin::Igp });
        let mut path = AsPathBuilder::default();
        if !self.as_path.is_empty() {
            path.segment(SegmentKind::Sequence, self.as_path.iter().copied());
        }
        attributes.as_path(&path);
        if let Some(med) = self.med {
            attributes.med(med);
        }
        if let Some(local_pref) = self.local_pref {
            attributes.local_pref(local_pref);
        }
        Origination { attributes, ..Origination::default() }
    }
}

/// What a fault may change at an end of a session.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    Import(usize, usize, Vec<Filter>),
    Export(usize, usize, Vec<Filter>),
    AddPath(usize, usize, Vec<AddPath>),
}

impl Plan {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            families: vec![Family::IPV4_UNICAST],
            nodes: Vec::new(),
            links: Vec::new(),
            sessions: Vec::new(),
            routes: BTreeMap::new(),
            rules: Vec::new(),
            reach: Reach::Connected,
            decision: Rules::default(),
            restart: false,
            long_lived: false,
            choices: Vec::new(),
            candidates: Vec::new(),
        }
    }

    pub(crate) fn node(&mut self, asn: u32, domain: u32) -> usize {
        self.nodes.push(NodePlan { asn, confederation: None, domain, up: true });
        self.nodes.len() - 1
    }

    pub(crate) fn link(&mut self, nodes: &[usize], metrics: (u32, u32)) -> usize {
        // Sums of metrics are different in all likelihood: where they are equal, others decide.
        let number = self.links.len() as u32;
        let metric = metrics.0 + (metrics.1 - metrics.0) / 97 * (number % 89);
        let attached = nodes.iter().map(|node| Attachment { node: *node, metric, up: true });
        self.links.push(Link { attached: attached.collect(), metrics });
        self.links.len() - 1
    }

    fn session(&mut self, a: usize, b: usize, transport: Transport) -> usize {
        let number = self.sessions.len();
        let end = |node, passive| End {
            node,
            passive,
            cluster: None,
            route_server_client: false,
            next_hop_self: NextHopMode::Never,
            import: Filter::All,
            export: Filter::All,
            keep_received: number.is_multiple_of(3),
            add_path: AddPath::Off,
            takes_paths: false,
            role: None,
            default_originate: false,
            aigp: AigpSession::Usual,
            interval: Duration::ZERO,
            slow: false,
        };
        self.sessions.push(SessionPlan {
            transport,
            ends: [end(a, number % 4 == 1), end(b, number % 4 == 2)],
        });
        number
    }

    /// Between loopbacks.
    pub(crate) fn loopbacks(&mut self, a: usize, b: usize) -> usize {
        self.session(a, b, Transport::Loopback)
    }

    pub(crate) fn mesh(&mut self, nodes: &[usize]) {
        for (place, a) in nodes.iter().enumerate() {
            for b in &nodes[place + 1..] {
                self.loopbacks(*a, *b);
            }
        }
    }

    pub(crate) fn over(&mut self, link: usize, a: usize, b: usize) -> usize {
        self.session(a, b, Transport::Link(link))
    }

    pub(crate) fn unnumbered(&mut self, link: usize, a: usize, b: usize) -> usize {
        self.session(a, b, Transport::Unnumbered(link))
    }

    /// `client` is a client of the reflector `of`.
    pub(crate) fn client(&mut self, of: usize, client: usize, cluster: Ipv4Addr) -> usize {
        let session = self.loopbacks(of, client);
        self.sessions[session].ends[0].cluster = Some(cluster);
        session
    }

    pub(crate) fn rule(&mut self, rule: Rule) -> Filter {
        let known = self.rules.iter().position(|one| *one == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        });
        Filter::Run(u32::try_from(known).expect("few"))
    }

    /// The node announces the network, and may announce it otherwise.
    pub(crate) fn announce(&mut self, node: usize, net: IpNet, variants: &[Announced]) {
        self.routes.insert((node, net), variants[0].clone());
        self.candidates.push((node, net, variants.to_vec()));
    }

    /// Each of the nodes announces a network of its own.
    pub(crate) fn announce_all(&mut self, nodes: impl IntoIterator<Item = usize>) {
        for node in nodes {
            self.announce(node, net4(node, 0), &[Announced::default()]);
        }
    }

    /// A network that several nodes announce as routes of others, equal up to the distance.
    pub(crate) fn announce_exits(&mut self, nodes: &[usize], net: IpNet) {
        for (number, node) in nodes.iter().enumerate() {
            let path = |first: u32, more: usize| Announced {
                as_path: std::iter::repeat_n(first, 2 + more).collect(),
                ..Announced::default()
            };
            let first = 64_900 + number as u32;
            let better = Announced { local_pref: Some(120), ..path(first, 0) };
            self.announce(*node, net, &[path(first, 0), path(first, 0), path(first, 1), better]);
        }
    }

    pub(crate) fn for_ends(&mut self, change: impl Fn(&mut End)) {
        for session in &mut self.sessions {
            session.ends.iter_mut().for_each(&change);
        }
    }

    /// Whether all nodes and links are up.
    pub(crate) fn is_whole(&self) -> bool {
        let mut attached = self.links.iter().flat_map(|link| &link.attached);
        self.nodes.iter().all(|node| node.up) && attached.all(|one| one.up)
    }

    /// Links and nodes as they were in the beginning.
    pub(crate) fn heal(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.up = true);
        self.links.iter_mut().flat_map(|link| &mut link.attached).for_each(|one| one.up = true);
    }
}
