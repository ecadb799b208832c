//! `protocol bgp` and `template bgp`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bgp_wire::Role;
use policy::Diagnostic;
use policy::span::Span;

use super::channel::ChannelDraft;
use super::model::{BgpConfig, RestartMode};
use super::parser::{ConfigParser, Parsed};

/// Seconds of a Long-lived Stale Time, which has 24 bits (RFC 9494 §3)
const LONGEST_STALE_TIME: u64 = (1 << 24) - 1;

/// AS of the neighbour, as said.
#[derive(Debug, Clone, Copy)]
enum RemoteAs {
    Number(u32),
    Internal,
    External,
}

/// A BGP instance while it is read; templates stay in this form.
#[derive(Debug, Clone)]
pub(super) struct BgpDraft {
    pub(super) disabled: bool,
    pub(super) description: Option<String>,
    local_as: Option<u32>,
    neighbor: Option<IpAddr>,
    remote_as: Option<RemoteAs>,
    /// `Some(None)`: `direct` was said.
    multihop: Option<Option<u8>>,
    channels: Vec<ChannelDraft>,
    config: BgpConfig,
}

impl Default for BgpDraft {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            disabled: false,
            description: None,
            local_as: None,
            neighbor: None,
            remote_as: None,
            multihop: None,
            channels: Vec::new(),
            config: BgpConfig {
                local_address: None,
                local_as: 0,
                local_port: 179,
                neighbor_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                neighbor_as: None,
                neighbor_port: 179,
                interface: None,
                multihop: None,
                passive: false,
                strict_bind: false,
                rr_client: false,
                cluster_id: None,
                rs_client: false,
                hold_time: seconds(240),
                startup_hold_time: seconds(240),
                keepalive_time: None,
                connect_retry_time: seconds(120),
                connect_delay_time: seconds(5),
                error_wait_time: (seconds(60), seconds(300)),
                error_forget_time: seconds(300),
                disable_after_error: false,
                enable_route_refresh: true,
                enable_as4: true,
                enable_extended_messages: false,
                capabilities: true,
                graceful_restart: RestartMode::Aware,
                graceful_restart_time: seconds(120),
                long_lived: RestartMode::Aware,
                long_lived_stale_time: seconds(3600),
                long_lived_bounds: (Duration::ZERO, seconds(LONGEST_STALE_TIME)),
                local_role: None,
                require_roles: false,
                confederation: None,
                confederation_member: false,
                interpret_communities: true,
                allow_as_sets: true,
                allow_local_pref: false,
                allow_med: false,
                enforce_first_as: false,
                prefer_older: false,
                allow_local_as: 0,
                default_local_pref: 100,
                default_med: None,
                path_metric: true,
                med_metric: false,
                igp_metric: true,
                channels: Vec::new(),
            },
        }
    }
}

impl BgpDraft {
    /// Checks that all is there and fits together. `span` is the place of the protocol.
    pub(super) fn finish(self, span: Span) -> Parsed<BgpConfig> {
        let error = |message: &str| Diagnostic::new(span, message);
        let local_as =
            self.local_as.ok_or_else(|| error("the local AS is missing: `local as N;`"))?;
        let address = self
            .neighbor
            .ok_or_else(|| error("the neighbor is missing: `neighbor ADDRESS as N;`"))?;
        let remote_as = match self.remote_as {
            Some(RemoteAs::Number(number)) => Some(number),
            Some(RemoteAs::Internal) => Some(local_as),
            Some(RemoteAs::External) => None,
            None => return Err(error("the neighbor's AS is missing: `neighbor ADDRESS as N;`")),
        };
        let internal = remote_as == Some(local_as);
        let multihop = self.multihop.unwrap_or(internal.then_some(64));
        let link_local = matches!(address, IpAddr::V6(address) if is_link_local(address));
        if link_local && self.config.interface.is_none() {
            return Err(error(
                "a link-local neighbor needs an interface: `neighbor ADDRESS%IFACE as N;`",
            ));
        }
        if link_local && self.multihop.flatten().is_some() {
            return Err(error("a link-local neighbor cannot be reached over several hops"));
        }
        if self.config.rr_client && !internal {
            return Err(error("only an internal neighbor can be a route reflector client"));
        }
        if self.config.rs_client && internal {
            return Err(error("only an external neighbor can be a route server client"));
        }
        if self.config.local_role.is_some() && internal {
            return Err(error("roles are between ASes: an internal neighbor has none (RFC 9234)"));
        }
        if self.config.require_roles && self.config.local_role.is_none() {
            return Err(error("`require roles` needs a `local role`"));
        }
        if self.config.confederation_member && self.config.confederation.is_none() {
            return Err(error("a `confederation member` needs the `confederation` that it is in"));
        }
        if self.channels.is_empty() {
            return Err(error("there is no channel: `ipv4 { … };` or `ipv6 { … };`"));
        }
        let channels = self.channels.into_iter().map(|channel| channel.finish_bgp(internal));
        Ok(BgpConfig {
            local_as,
            neighbor_address: address,
            neighbor_as: remote_as,
            multihop: if link_local { None } else { multihop },
            channels: channels.collect::<Result<_, _>>()?,
            ..self.config
        })
    }
}

const fn is_link_local(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local()
}

impl ConfigParser {
    pub(super) fn bgp_body(&mut self, draft: &mut BgpDraft) -> Parsed<()> {
        if !self.parser.is_next("{") {
            self.parser.eat(";");
            return Ok(());
        }
        // A channel said here changes that of the template, but only once.
        let mut said = Vec::new();
        self.block(|this| {
            if this.common_option(&mut draft.disabled, &mut draft.description)? {
                return Ok(());
            }
            if matches!(this.parser.peek_symbol(), Some("ipv4" | "ipv6")) {
                let span = this.parser.span();
                let family = this.family()?;
                if said.contains(&family) {
                    return Err(Diagnostic::new(span, "this channel stands here twice"));
                }
                said.push(family);
                let place = draft.channels.iter().position(|channel| channel.family == family);
                let mut channel = match place {
                    Some(place) => draft.channels.remove(place),
                    None => ChannelDraft::new(family, 100, span),
                };
                channel.span = span;
                this.channel_body(&mut channel)?;
                draft.channels.push(channel);
                draft.channels.sort_by_key(|channel| channel.family);
                return Ok(());
            }
            if !this.restart_option(&mut draft.config)? && !this.rule_option(&mut draft.config)? {
                this.bgp_endpoint(draft)?;
            }
            Ok(())
        })
    }

    /// Who we are and who the neighbour is.
    fn bgp_endpoint(&mut self, draft: &mut BgpDraft) -> Parsed<()> {
        if self.parser.eat_symbol("local") {
            self.local(draft)
        } else if self.parser.eat_symbol("neighbor") {
            self.neighbor(draft)
        } else if self.parser.eat_symbols(&["source", "address"]) {
            draft.config.local_address = Some(self.address()?);
            Ok(())
        } else if self.parser.eat_symbol("interface") {
            draft.config.interface = Some(self.parser.text()?);
            Ok(())
        } else if self.parser.eat_symbol("multihop") {
            let bare = self.parser.is_next(";") || self.parser.is_next("}");
            draft.multihop =
                Some(Some(if bare { 64 } else { self.bounded(1, 255, "the number of hops")? }));
            Ok(())
        } else if self.parser.eat_symbol("direct") {
            draft.multihop = Some(None);
            Ok(())
        } else {
            self.bgp_option(&mut draft.config)
        }
    }

    /// Graceful restart; false when it is something else.
    fn restart_option(&mut self, config: &mut BgpConfig) -> Parsed<bool> {
        let parser = &mut self.parser;
        if parser.eat_symbols(&["graceful", "restart", "time"]) {
            config.graceful_restart_time = self.time()?;
        } else if parser.eat_symbols(&["graceful", "restart"]) {
            config.graceful_restart = self.restart_mode()?;
        } else if parser.eat_symbols(&["long", "lived", "graceful", "restart"]) {
            config.long_lived = self.restart_mode()?;
        } else if parser.eat_symbols(&["long", "lived", "stale", "time"]) {
            config.long_lived_stale_time = self.time()?;
        } else if parser.eat_symbols(&["min", "long", "lived", "stale", "time"]) {
            config.long_lived_bounds.0 = self.time()?;
        } else if parser.eat_symbols(&["max", "long", "lived", "stale", "time"]) {
            config.long_lived_bounds.1 = self.time()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn restart_mode(&mut self) -> Parsed<RestartMode> {
        if self.parser.eat_symbol("aware") {
            return Ok(RestartMode::Aware);
        }
        Ok(if self.switch()? { RestartMode::On } else { RestartMode::Off })
    }

    /// What is taken from the neighbour, and what it is told; false when it is something else.
    fn rule_option(&mut self, config: &mut BgpConfig) -> Parsed<bool> {
        let parser = &mut self.parser;
        if parser.eat_symbols(&["local", "role"]) {
            config.local_role = Some(self.role()?);
        } else if parser.eat_symbols(&["require", "roles"]) {
            config.require_roles = self.switch()?;
        } else if parser.eat_symbols(&["confederation", "member"]) {
            config.confederation_member = self.switch()?;
        } else if parser.eat_symbol("confederation") {
            config.confederation = Some(self.asn()?);
        } else if parser.eat_symbols(&["interpret", "communities"]) {
            config.interpret_communities = self.switch()?;
        } else if parser.eat_symbols(&["allow", "as", "sets"]) {
            config.allow_as_sets = self.switch()?;
        } else if parser.eat_symbols(&["allow", "bgp_local_pref"]) {
            config.allow_local_pref = self.switch()?;
        } else if parser.eat_symbols(&["allow", "bgp_med"]) {
            config.allow_med = self.switch()?;
        } else if parser.eat_symbols(&["enforce", "first", "as"]) {
            config.enforce_first_as = self.switch()?;
        } else if parser.eat_symbols(&["prefer", "older"]) {
            config.prefer_older = self.switch()?;
        } else if parser.eat_symbols(&["deterministic", "med"]) {
            // It always is: the order of routes has no influence here.
            self.switch()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn role(&mut self) -> Parsed<Role> {
        let roles = [
            ("peer", Role::PEER),
            ("provider", Role::PROVIDER),
            ("customer", Role::CUSTOMER),
            ("rs_server", Role::ROUTE_SERVER),
            ("rs_client", Role::ROUTE_SERVER_CLIENT),
        ];
        let found = roles.into_iter().find(|(name, _)| self.parser.eat_symbol(name));
        let found = found.map(|(_, role)| role);
        found.ok_or_else(|| {
            self.parser.unexpected("`peer`, `provider`, `customer`, `rs_server` or `rs_client`")
        })
    }

    /// `local [ADDRESS] [port N] [as N]`
    fn local(&mut self, draft: &mut BgpDraft) -> Parsed<()> {
        loop {
            if self.parser.eat_symbol("as") {
                draft.local_as = Some(self.asn()?);
            } else if self.parser.eat_symbol("port") {
                draft.config.local_port = self.bounded(1, 65535, "a port")?;
            } else if self.parser.is_next(";") {
                return Ok(());
            } else {
                draft.config.local_address = Some(self.address()?);
                if self.parser.eat("%") {
                    draft.config.interface = Some(self.interface_name()?);
                }
            }
        }
    }

    /// `neighbor [ADDRESS[%IFACE]] [port N] [as N | internal | external]`
    fn neighbor(&mut self, draft: &mut BgpDraft) -> Parsed<()> {
        loop {
            if self.parser.eat_symbol("as") {
                draft.remote_as = Some(RemoteAs::Number(self.asn()?));
            } else if self.parser.eat_symbol("internal") {
                draft.remote_as = Some(RemoteAs::Internal);
            } else if self.parser.eat_symbol("external") {
                draft.remote_as = Some(RemoteAs::External);
            } else if self.parser.eat_symbol("port") {
                draft.config.neighbor_port = self.bounded(1, 65535, "a port")?;
            } else if self.parser.peek_symbol() == Some("range") {
                return Err(Diagnostic::new(
                    self.parser.span(),
                    "dynamic neighbors are not supported yet",
                ));
            } else if self.parser.is_next(";") {
                return Ok(());
            } else {
                draft.neighbor = Some(self.address()?);
                if self.parser.eat("%") {
                    draft.config.interface = Some(self.interface_name()?);
                }
            }
        }
    }

    fn asn(&mut self) -> Parsed<u32> {
        self.bounded(1, u32::MAX, "an AS number")
    }

    fn bgp_option(&mut self, config: &mut BgpConfig) -> Parsed<()> {
        let parser = &mut self.parser;
        if parser.eat_symbol("passive") {
            config.passive = self.switch()?;
        } else if parser.eat_symbols(&["strict", "bind"]) {
            config.strict_bind = self.switch()?;
        } else if parser.eat_symbols(&["rr", "client"]) {
            config.rr_client = self.switch()?;
        } else if parser.eat_symbols(&["rr", "cluster", "id"]) {
            config.cluster_id = Some(self.router_id_value()?);
        } else if parser.eat_symbols(&["rs", "client"]) {
            config.rs_client = self.switch()?;
        } else if parser.eat_symbols(&["hold", "time"]) {
            config.hold_time = self.hold_time()?;
        } else if parser.eat_symbols(&["startup", "hold", "time"]) {
            config.startup_hold_time = self.time()?;
        } else if parser.eat_symbols(&["keepalive", "time"]) {
            config.keepalive_time = Some(self.time()?);
        } else if parser.eat_symbols(&["connect", "retry", "time"]) {
            config.connect_retry_time = self.time()?;
        } else if parser.eat_symbols(&["connect", "delay", "time"])
            || parser.eat_symbols(&["start", "delay", "time"])
        {
            config.connect_delay_time = self.time()?;
        } else if parser.eat_symbols(&["error", "wait", "time"]) {
            let least = self.time()?;
            self.parser.expect(",")?;
            config.error_wait_time = (least, self.time()?);
        } else if parser.eat_symbols(&["error", "forget", "time"]) {
            config.error_forget_time = self.time()?;
        } else if parser.eat_symbols(&["disable", "after", "error"]) {
            config.disable_after_error = self.switch()?;
        } else if parser.eat_symbols(&["enable", "route", "refresh"]) {
            config.enable_route_refresh = self.switch()?;
        } else if parser.eat_symbols(&["enable", "as4"]) {
            config.enable_as4 = self.switch()?;
        } else if parser.eat_symbols(&["enable", "extended", "messages"]) {
            config.enable_extended_messages = self.switch()?;
        } else if parser.eat_symbol("capabilities") {
            config.capabilities = self.switch()?;
        } else if parser.eat_symbols(&["allow", "local", "as"]) {
            let bare = parser.is_next(";");
            config.allow_local_as =
                if bare { u8::MAX } else { self.bounded(0, 255, "allow local as")? };
        } else if parser.eat_symbols(&["default", "bgp_local_pref"]) {
            config.default_local_pref = self.int()?;
        } else if parser.eat_symbols(&["default", "bgp_med"]) {
            config.default_med = Some(self.int()?);
        } else if parser.eat_symbols(&["path", "metric"]) {
            config.path_metric = self.switch()?;
        } else if parser.eat_symbols(&["med", "metric"]) {
            config.med_metric = self.switch()?;
        } else if parser.eat_symbols(&["igp", "metric"]) {
            config.igp_metric = self.switch()?;
        } else {
            let word = parser.peek_symbol().unwrap_or_default();
            return Err(if word.is_empty() {
                parser.unexpected("an option of BGP")
            } else {
                Diagnostic::new(
                    parser.span(),
                    format!("`{word}` is not known in BGP, or not supported yet"),
                )
            });
        }
        Ok(())
    }

    fn hold_time(&mut self) -> Parsed<Duration> {
        let span = self.parser.span();
        let time = self.time()?;
        let seconds = time.as_secs();
        if seconds == 1 || seconds == 2 || seconds > 65535 {
            return Err(Diagnostic::new(
                span,
                "the hold time has to be 0 or from 3 to 65535 s (RFC 4271 §4.2)",
            ));
        }
        Ok(time)
    }
}
