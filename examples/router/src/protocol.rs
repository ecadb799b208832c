//! Protocol instances.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use rib::{SourceId, TableId};

use crate::bgp::Bgp;
use crate::config::{InterfacePattern, ProtocolConfig, RouteTarget};

/// State of an instance, as `show protocols` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProtocolState {
    Down,
    Start,
    Up,
}

impl ProtocolState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Start => "start",
            Self::Up => "up",
        }
    }
}

/// A protocol instance.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) config: ProtocolConfig,
    pub(crate) state: ProtocolState,
    /// When the state was last changed.
    pub(crate) since: Duration,
    /// Turned off by configuration or command.
    pub(crate) disabled: bool,
    pub(crate) source: SourceId,
    pub(crate) running: Running,
}

/// What an instance holds.
#[derive(Debug, Clone)]
pub(crate) enum Running {
    Device,
    /// The interface of each route.
    Direct(BTreeMap<(TableId, IpNet), String>),
    /// Routes whose targets can be used at present.
    Static(BTreeMap<IpNet, RouteTarget>),
    Bgp(Box<Bgp>),
}

impl Protocol {
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn set_state(&mut self, now: Duration, state: ProtocolState) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
    }

    pub(crate) const fn bgp(&self) -> Option<&Bgp> {
        match &self.running {
            Running::Bgp(bgp) => Some(bgp),
            _ => None,
        }
    }

    pub(crate) const fn bgp_mut(&mut self) -> Option<&mut Bgp> {
        match &mut self.running {
            Running::Bgp(bgp) => Some(bgp),
            _ => None,
        }
    }
}

/// Whether patterns take in an interface: the first that matches decides; no patterns take in all.
pub(crate) fn takes_in(patterns: &[InterfacePattern], name: &str) -> bool {
    let matches = |pattern: &&InterfacePattern| {
        glob::Pattern::new(&pattern.pattern).is_ok_and(|glob| glob.matches(name))
    };
    patterns.is_empty() || patterns.iter().find(matches).is_some_and(|pattern| !pattern.exclude)
}
