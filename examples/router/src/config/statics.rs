//! `protocol static`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use policy::Diagnostic;
use policy::span::Span;
use policy::value::Value;

use super::model::{
    AddressFamily, Gateway, ProtocolConfig, ProtocolKind, RouteTarget, StaticRoute,
};
use super::parser::{ConfigParser, Parsed};

impl ConfigParser {
    pub(super) fn statics(&mut self, protocol: &mut ProtocolConfig, span: Span) -> Parsed<()> {
        let (mut channel, mut igp_tables) = (None, BTreeMap::new());
        let mut routes: Vec<(StaticRoute, Span)> = Vec::new();
        self.block(|this| {
            if this.common_option(&mut protocol.disabled, &mut protocol.description)? {
            } else if matches!(this.parser.peek_symbol(), Some("ipv4" | "ipv6")) {
                let span = this.parser.span();
                if channel.is_some() {
                    return Err(Diagnostic::new(span, "a static protocol has one channel only"));
                }
                channel = Some(this.channel(200)?);
            } else if this.parser.eat_symbols(&["igp", "table"]) {
                this.igp_table(&mut igp_tables)?;
            } else if this.parser.eat_symbol("route") {
                let span = this.parser.span();
                let route = this.static_route()?;
                routes.push((route, span));
            } else {
                return Err(this.parser.unexpected(
                    "`ipv4`, `ipv6`, `route`, `igp table`, `disabled` or `description`",
                ));
            }
            Ok(())
        })?;
        let channel = channel.ok_or_else(|| {
            Diagnostic::new(span, "a static protocol needs a channel: `ipv4;` or `ipv6;`")
        })?;
        let mut channel = channel.finish_internal();
        channel.igp_tables.extend(igp_tables);
        for (route, span) in &routes {
            let fits = matches!(
                (&route.net, channel.family),
                (IpNet::V4(_), AddressFamily::Ipv4) | (IpNet::V6(_), AddressFamily::Ipv6)
            );
            if !fits {
                return Err(Diagnostic::new(
                    *span,
                    "this route is of another family than the channel",
                ));
            }
        }
        let routes = routes.into_iter().map(|(route, _)| route).collect();
        protocol.kind = ProtocolKind::Static { channel, routes };
        Ok(())
    }

    fn static_route(&mut self) -> Parsed<StaticRoute> {
        let span = self.parser.span();
        let net = match self.constant()? {
            Value::Prefix(net) => net,
            other => {
                let message = format!("expected a prefix, found a value of type {}", other.ty());
                return Err(Diagnostic::new(span, message));
            }
        };
        let target = if self.parser.eat_symbol("blackhole") || self.parser.eat_symbol("drop") {
            RouteTarget::Blackhole
        } else if self.parser.eat_symbol("unreachable") || self.parser.eat_symbol("reject") {
            RouteTarget::Unreachable
        } else if self.parser.eat_symbol("prohibit") {
            RouteTarget::Prohibit
        } else if self.parser.eat_symbol("recursive") {
            RouteTarget::Recursive(self.address()?)
        } else {
            self.gateways()?
        };
        Ok(StaticRoute { net, target })
    }

    fn gateways(&mut self) -> Parsed<RouteTarget> {
        let mut gateways = Vec::new();
        while self.parser.eat_symbol("via") {
            if gateways.is_empty() && self.parser.is_next_text() {
                return Ok(RouteTarget::Device(self.parser.text()?));
            }
            let address = self.address()?;
            let mut gateway = Gateway { address, interface: None, onlink: false, weight: 1 };
            loop {
                if self.parser.eat("%") {
                    gateway.interface = Some(self.interface_name()?);
                } else if self.parser.eat_symbol("dev") {
                    gateway.interface = Some(self.parser.text()?);
                } else if self.parser.eat_symbol("onlink") {
                    gateway.onlink = self.switch_or_next()?;
                } else if self.parser.eat_symbol("weight") {
                    gateway.weight = self.bounded(1, 256, "a weight")?;
                } else {
                    break;
                }
            }
            gateways.push(gateway);
        }
        if gateways.is_empty() {
            return Err(self
                .parser
                .unexpected("`via`, `recursive`, `blackhole`, `unreachable` or `prohibit`"));
        }
        Ok(RouteTarget::Via(gateways))
    }

    /// A switch that may be left out before another word.
    fn switch_or_next(&mut self) -> Parsed<bool> {
        match self.parser.peek_symbol() {
            Some("via" | "weight" | "dev") => Ok(true),
            _ => self.switch(),
        }
    }

    /// The interface behind `%`.
    pub(super) fn interface_name(&mut self) -> Parsed<String> {
        if self.parser.is_next_text() {
            self.parser.text()
        } else {
            self.parser.name().map(|name| name.text)
        }
    }
}
