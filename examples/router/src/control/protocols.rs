//! `show protocols`

use std::time::Duration;

use bgp_fsm::{Negotiated, StaleReason, State, Timer};
use bgp_wire::Family;
use rib::{LimitKind, TableId};

use super::{Reply, capabilities, unknown_protocol};
use crate::bgp::{Bgp, wire_family};
use crate::config::{AddressFamily, ChannelConfig, FilterRef, ProtocolKind};
use crate::protocol::{Protocol, ProtocolState};
use crate::router::Router;

const DETAIL: u16 = 1006;

impl Router {
    pub(super) fn show_protocols(&self, now: Duration, all: bool, pattern: Option<&str>) -> String {
        let selected = self.select(pattern.unwrap_or("all"));
        if let Some(pattern) = pattern.filter(|_| selected.is_empty()) {
            return unknown_protocol(pattern);
        }
        let mut reply = Reply::default();
        reply.line(
            2002,
            format!(
                "{:<10} {:<10} {:<10} {:<6} {:<12}  {}",
                "Name", "Proto", "Table", "State", "Since", "Info"
            ),
        );
        for protocol in selected.into_iter().filter_map(|index| self.protocols.get(index)) {
            let (proto, table) = match &protocol.config.kind {
                ProtocolKind::Device { .. } => ("Device", "---"),
                ProtocolKind::Direct { channels, .. } => (
                    "Direct",
                    match channels.as_slice() {
                        [channel] => channel.table.as_str(),
                        _ => "---",
                    },
                ),
                ProtocolKind::Static { channel, .. } => ("Static", channel.table.as_str()),
                ProtocolKind::Bgp(_) => ("BGP", "---"),
            };
            let since = self.clock.short(protocol.since, now);
            let info = protocol.bgp().map(|bgp| info(bgp, protocol.state)).unwrap_or_default();
            let (name, state) = (protocol.name(), protocol.state.name());
            reply.line(
                1002,
                format!("{name:<10} {proto:<10} {table:<10} {state:<6} {since:<12}  {info}"),
            );
            if all {
                self.show_details(&mut reply, now, protocol);
            }
        }
        reply.end(0, "")
    }

    fn show_details(&self, reply: &mut Reply, now: Duration, protocol: &Protocol) {
        if let Some(description) = &protocol.config.description {
            reply.line(DETAIL, format!("  Description:    {description}"));
        }
        if let Some(bgp) = protocol.bgp() {
            show_session(reply, now, bgp, protocol.state);
        }
        for channel in protocol.config.kind.channels() {
            self.show_channel(reply, now, protocol, channel);
        }
        reply.line(DETAIL, "");
    }

    fn show_channel(
        &self,
        reply: &mut Reply,
        now: Duration,
        protocol: &Protocol,
        channel: &ChannelConfig,
    ) {
        let mut line = |text: String| reply.line(DETAIL, text);
        let wire_family = wire_family(channel.family);
        let family = match channel.family {
            AddressFamily::Ipv4 => "ipv4",
            AddressFamily::Ipv6 => "ipv6",
        };
        let established = protocol.bgp().and_then(|bgp| bgp.session.established());
        let negotiated = established.is_none_or(|(_, n)| n.families.contains(&wire_family));
        let up = protocol.state == ProtocolState::Up && negotiated;
        // Routes that wait for the neighbour to come back
        let kept = protocol.bgp().and_then(|bgp| Kept::new(bgp, wire_family, now));
        let state = match (up, &kept) {
            (true, _) => "UP",
            (false, Some(_)) => "START",
            (false, None) => "DOWN",
        };
        line(format!("  Channel {family}"));
        line(format!("    State:          {state}"));
        line(format!("    Table:          {}", channel.table));
        line(format!("    Preference:     {}", channel.preference));
        line(format!("    Input filter:   {}", filter_name(&channel.import)));
        line(format!("    Output filter:  {}", filter_name(&channel.export)));
        let table = self.tables.get(&channel.table).copied();
        for (name, kind, limit) in [
            ("Receive", LimitKind::Receive, channel.receive_limit),
            ("Import", LimitKind::Import, channel.import_limit),
            ("Export", LimitKind::Export, channel.export_limit),
        ] {
            let Some(limit) = limit else { continue };
            let hit = table.is_some_and(|table| self.rib.is_passed(protocol.source, table, kind));
            let hit = if hit { " [HIT]" } else { "" };
            line(format!("    {:<16}{}{hit}", format!("{name} limit:"), limit.most));
            line(format!("      Action:       {}", limit.action.name()));
        }
        let Some(table) = table.filter(|_| up || kept.is_some()) else { return };
        self.show_counters(&mut line, protocol, channel, table);
        if let Some(kept) = kept {
            kept.show(&mut line);
        }
        if protocol.bgp().is_some()
            && let Some(next_hop) = self.own_next_hop(protocol, channel)
        {
            line(format!("    BGP Next hop:   {next_hop}"));
        }
    }

    fn show_counters(
        &self,
        line: &mut impl FnMut(String),
        protocol: &Protocol,
        channel: &ChannelConfig,
        table: TableId,
    ) {
        let (imported, preferred) = self.rib.routes_of(protocol.source, table);
        let filtered = self.rib.filtered_of(protocol.source, table);
        let filtered = match channel.import_keep_filtered {
            true => format!("{filtered} filtered, "),
            false => String::new(),
        };
        let exported = self.rib.told(protocol.source, table);
        line(format!(
            "    Routes:         {imported} imported, {filtered}{exported} exported, {preferred} preferred"
        ));
        line(
            "    Route change stats:     received   rejected   filtered    ignored   accepted"
                .into(),
        );
        let counters = self.rib.statistics(protocol.source, table).unwrap_or_default();
        let mut row = |name: &str, columns: [Option<u64>; 5]| {
            let columns =
                columns.map(|column| column.map_or("---".into(), |number| number.to_string()));
            let [a, b, c, d, e] = columns;
            line(format!("      {name:<18} {a:>11}{b:>11}{c:>11}{d:>11}{e:>11}"));
        };
        let s = counters;
        row(
            "Import updates:",
            [
                Some(s.import_updates),
                Some(s.import_updates_rejected),
                Some(s.import_updates_filtered),
                Some(s.import_updates_ignored),
                Some(s.import_updates_accepted),
            ],
        );
        row(
            "Import withdraws:",
            [
                Some(s.import_withdraws),
                Some(0),
                None,
                Some(s.import_withdraws_ignored),
                Some(s.import_withdraws_accepted),
            ],
        );
        row(
            "Export updates:",
            [Some(s.export_updates), Some(0), Some(0), None, Some(s.export_updates)],
        );
        row(
            "Export withdraws:",
            [Some(s.export_withdraws), None, None, None, Some(s.export_withdraws)],
        );
    }

    fn own_next_hop(
        &self,
        protocol: &Protocol,
        channel: &ChannelConfig,
    ) -> Option<bgp_wire::NextHop> {
        let bgp = protocol.bgp()?;
        let (_, negotiated) = bgp.session.established()?;
        bgp.next_hop(channel, negotiated, &self.interfaces)
    }
}

/// Routes of a family that are kept although the neighbour is not there, or has not told all again.
struct Kept {
    long_lived: bool,
    /// Until they are let go of
    left: Duration,
}

impl Kept {
    fn new(bgp: &Bgp, family: Family, now: Duration) -> Option<Self> {
        let long_lived = match bgp.session.stale_reason(family)? {
            StaleReason::Restart => false,
            StaleReason::LongLived => true,
            StaleReason::Refresh => return None,
        };
        Some(Self { long_lived, left: bgp.session.stale_time_left(family, now)? })
    }

    fn show(&self, line: &mut impl FnMut(String)) {
        let stage = if self.long_lived { "Long-lived" } else { "Regular" };
        line(format!("    Neighbor GR:    {stage}"));
        if self.long_lived {
            line(format!("    LL stale timer: {:.3}/-", self.left.as_secs_f64()));
        }
    }
}

/// `Established   `, or the state and the last error.
fn info(bgp: &Bgp, protocol: ProtocolState) -> String {
    let state = bgp.session.state();
    match last_error(bgp, protocol).filter(|_| state != State::Established) {
        error if protocol == ProtocolState::Down => error.unwrap_or_default(),
        error => format!("{state:<14}{}", error.unwrap_or_default()),
    }
}

/// What ended the last session. What an operator has turned off has no error.
fn last_error(bgp: &Bgp, protocol: ProtocolState) -> Option<String> {
    if bgp.limited {
        return Some("Automatic shutdown: Route limit exceeded".into());
    }
    let error = bgp.session.last_error().filter(|_| protocol != ProtocolState::Down);
    error.map(|error| error.reason.to_string())
}

fn filter_name(filter: &FilterRef) -> &str {
    match filter {
        FilterRef::All => "ACCEPT",
        FilterRef::None => "REJECT",
        FilterRef::Filter { name, .. } => name.as_deref().unwrap_or("(unnamed)"),
    }
}

fn show_session(reply: &mut Reply, now: Duration, bgp: &Bgp, protocol: ProtocolState) {
    let mut line = |text: String| reply.line(DETAIL, text);
    let session = &bgp.session;
    let config = &bgp.config;
    let state = match protocol {
        ProtocolState::Down => "Down".to_owned(),
        ProtocolState::Start | ProtocolState::Up => session.state().to_string(),
    };
    line(format!("  BGP state:          {state}"));
    let interface = config.interface.as_ref().map(|name| format!("%{name}")).unwrap_or_default();
    line(format!("    Neighbor address: {}{interface}", config.neighbor_address));
    let remote_as =
        session.established().map(|(_, negotiated)| negotiated.remote_as).or(config.neighbor_as);
    if let Some(remote_as) = remote_as {
        line(format!("    Neighbor AS:      {remote_as}"));
    }
    line(format!("    Local AS:         {}", config.local_as));
    if let Some((_, negotiated)) = session.established() {
        show_established(&mut line, now, bgp, negotiated);
        return;
    }
    let kept: Vec<Kept> = config
        .channels
        .iter()
        .filter_map(|channel| Kept::new(bgp, wire_family(channel.family), now))
        .collect();
    if !kept.is_empty() {
        line("    Neighbor graceful restart active".into());
    }
    if let Some(left) =
        session.timer_left(Timer::IdleHold, now).or(session.timer_left(Timer::ConnectRetry, now))
    {
        let whole = if session.state() == State::Idle {
            config.error_wait_time.0
        } else {
            config.connect_retry_time
        };
        let what = if session.state() == State::Idle { "Error wait" } else { "Connect delay" };
        line(format!(
            "    {:<18}{:.3}/{}",
            format!("{what}:"),
            left.as_secs_f64(),
            whole.as_secs()
        ));
    }
    // Until the first family's routes go, or turn long-lived stale
    let restart = kept.iter().filter(|kept| !kept.long_lived).map(|kept| kept.left).min();
    if let Some(left) = restart {
        line(format!("    Restart timer:    {:.3}/-", left.as_secs_f64()));
    }
    if let Some(error) = last_error(bgp, protocol) {
        line(format!("    Last error:       {error}"));
    }
}

fn show_established(
    line: &mut impl FnMut(String),
    now: Duration,
    bgp: &Bgp,
    negotiated: &Negotiated,
) {
    line(format!("    Neighbor ID:      {}", negotiated.remote_id));
    line("    Local capabilities".into());
    capabilities::show(line, &negotiated.local.capabilities);
    line("    Neighbor capabilities".into());
    capabilities::show(line, &negotiated.remote.capabilities);
    let mut session = String::from(if negotiated.is_internal() { "internal" } else { "external" });
    for (word, on) in [
        (" multihop", bgp.config.multihop.is_some()),
        (" route-reflector", bgp.config.rr_client),
        (" route-server", bgp.config.rs_client),
        (" AS4", negotiated.send.four_octet_as),
        (" ext-messages", negotiated.send.extended_message),
    ] {
        session.push_str(if on { word } else { "" });
    }
    line(format!("    Session:          {session}"));
    line(format!("    Source address:   {}", negotiated.endpoints.local.ip()));
    let (hold, keepalive) =
        (bgp.session.hold_timer_left(now), bgp.session.keepalive_timer_left(now));
    for (name, left, whole) in [
        ("Hold timer:", hold, negotiated.hold_time),
        ("Keepalive timer:", keepalive, negotiated.keepalive_time),
    ] {
        if let Some(left) = left {
            line(format!("    {name:<18}{:.3}/{}", left.as_secs_f64(), whole.as_secs()));
        }
    }
}
