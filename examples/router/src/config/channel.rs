//! Channels: what a protocol and a table exchange.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use policy::Diagnostic;
use policy::ast::Name;
use policy::span::Span;

use rib::{Limit, LimitAction};

use super::model::{AddressFamily, ChannelConfig, FilterRef, NextHopMode};
use super::parser::{ConfigParser, Parsed};

/// A channel while it is read; what is `None` was not said.
#[derive(Debug, Clone)]
pub(super) struct ChannelDraft {
    pub(super) family: AddressFamily,
    pub(super) span: Span,
    table: Option<String>,
    preference: u32,
    import: Option<FilterRef>,
    export: Option<FilterRef>,
    receive_limit: Option<Limit>,
    import_limit: Option<Limit>,
    export_limit: Option<Limit>,
    import_keep_filtered: bool,
    import_table: bool,
    graceful_restart: Option<bool>,
    long_lived: Option<bool>,
    long_lived_stale_time: Option<Duration>,
    add_paths_tx: bool,
    add_paths_rx: bool,
    next_hop_self: NextHopMode,
    next_hop_keep: NextHopMode,
    next_hop_address: Option<IpAddr>,
    extended_next_hop: bool,
    gateway_recursive: Option<bool>,
    igp_tables: BTreeMap<AddressFamily, String>,
}

impl ChannelDraft {
    pub(super) const fn new(family: AddressFamily, preference: u32, span: Span) -> Self {
        Self {
            family,
            span,
            table: None,
            preference,
            import: None,
            export: None,
            receive_limit: None,
            import_limit: None,
            export_limit: None,
            import_keep_filtered: false,
            import_table: false,
            graceful_restart: None,
            long_lived: None,
            long_lived_stale_time: None,
            add_paths_tx: false,
            add_paths_rx: false,
            next_hop_self: NextHopMode::No,
            next_hop_keep: NextHopMode::No,
            next_hop_address: None,
            extended_next_hop: false,
            gateway_recursive: None,
            igp_tables: BTreeMap::new(),
        }
    }

    fn finish(self, import: FilterRef, export: FilterRef) -> ChannelConfig {
        let default = match self.family {
            AddressFamily::Ipv4 => "master4",
            AddressFamily::Ipv6 => "master6",
        };
        ChannelConfig {
            family: self.family,
            table: self.table.unwrap_or_else(|| default.into()),
            preference: self.preference,
            import: self.import.unwrap_or(import),
            export: self.export.unwrap_or(export),
            receive_limit: self.receive_limit,
            import_limit: self.import_limit,
            export_limit: self.export_limit,
            import_keep_filtered: self.import_keep_filtered,
            import_table: self.import_table,
            graceful_restart: self.graceful_restart,
            long_lived: self.long_lived,
            long_lived_stale_time: self.long_lived_stale_time,
            add_paths_tx: self.add_paths_tx,
            add_paths_rx: self.add_paths_rx,
            next_hop_self: self.next_hop_self,
            next_hop_keep: self.next_hop_keep,
            next_hop_address: self.next_hop_address,
            extended_next_hop: self.extended_next_hop,
            gateway_recursive: self.gateway_recursive,
            igp_tables: self.igp_tables,
        }
    }

    /// Of a protocol of the host itself: it imports all and exports nothing.
    pub(super) fn finish_internal(self) -> ChannelConfig {
        self.finish(FilterRef::All, FilterRef::None)
    }

    /// Of a BGP session. Between ASes both policies have to be given (RFC 8212).
    pub(super) fn finish_bgp(self, internal: bool) -> Parsed<ChannelConfig> {
        if !internal && (self.import.is_none() || self.export.is_none()) {
            let missing = if self.import.is_none() { "import" } else { "export" };
            return Err(Diagnostic::new(
                self.span,
                format!("an eBGP channel needs an {missing} policy (RFC 8212)"),
            )
            .hint(format!("`{missing} all;` lets everything pass")));
        }
        Ok(self.finish(FilterRef::All, FilterRef::None))
    }
}

impl ConfigParser {
    /// `ipv4 { … }`, `ipv6;`
    pub(super) fn channel(&mut self, preference: u32) -> Parsed<ChannelDraft> {
        let span = self.parser.span();
        let family = self.family()?;
        let mut draft = ChannelDraft::new(family, preference, span);
        self.channel_body(&mut draft)?;
        Ok(draft)
    }

    /// The block of a channel, if it has one.
    pub(super) fn channel_body(&mut self, draft: &mut ChannelDraft) -> Parsed<()> {
        if !self.parser.is_next("{") {
            return Ok(());
        }
        self.block(|this| this.channel_option(draft))
    }

    fn channel_option(&mut self, draft: &mut ChannelDraft) -> Parsed<()> {
        if self.parser.eat_symbol("table") {
            draft.table = Some(self.table_name(draft.family)?);
        } else if self.parser.eat_symbol("preference") {
            draft.preference = self.bounded(0, 65535, "a preference")?;
        } else if self.parser.eat_symbols(&["receive", "limit"]) {
            draft.receive_limit = self.limit()?;
        } else if self.parser.eat_symbols(&["import", "limit"]) {
            draft.import_limit = self.limit()?;
        } else if self.parser.eat_symbols(&["export", "limit"]) {
            draft.export_limit = self.limit()?;
        } else if self.parser.eat_symbols(&["import", "keep", "filtered"]) {
            draft.import_keep_filtered = self.switch()?;
        } else if self.parser.eat_symbols(&["import", "table"]) {
            draft.import_table = self.switch()?;
        } else if self.parser.eat_symbols(&["graceful", "restart"]) {
            draft.graceful_restart = Some(self.switch()?);
        } else if self.parser.eat_symbols(&["long", "lived", "graceful", "restart"]) {
            draft.long_lived = Some(self.switch()?);
        } else if self.parser.eat_symbols(&["long", "lived", "stale", "time"]) {
            draft.long_lived_stale_time = Some(self.time()?);
        } else if self.parser.eat_symbols(&["add", "paths"]) {
            self.add_paths(draft)?;
        } else if self.parser.eat_symbol("import") {
            draft.import = Some(self.filter_ref()?);
        } else if self.parser.eat_symbol("export") {
            draft.export = Some(self.filter_ref()?);
        } else if self.parser.eat_symbols(&["next", "hop", "self"]) {
            draft.next_hop_self = self.next_hop_mode()?;
        } else if self.parser.eat_symbols(&["next", "hop", "keep"]) {
            draft.next_hop_keep = self.next_hop_mode()?;
        } else if self.parser.eat_symbols(&["next", "hop", "address"]) {
            draft.next_hop_address = Some(self.address()?);
        } else if self.parser.eat_symbols(&["extended", "next", "hop"]) {
            draft.extended_next_hop = self.switch()?;
        } else if self.parser.eat_symbols(&["gateway", "direct"]) {
            draft.gateway_recursive = Some(false);
        } else if self.parser.eat_symbols(&["gateway", "recursive"]) {
            draft.gateway_recursive = Some(true);
        } else if self.parser.eat_symbols(&["igp", "table"]) {
            self.igp_table(&mut draft.igp_tables)?;
        } else {
            return Err(self.parser.unexpected(
                "an option of a channel: table, preference, import, export, receive limit, import limit, export limit, \
                 import keep filtered, import table, add paths, graceful restart, long lived graceful restart, next hop, \
                 extended next hop, gateway or igp table",
            ));
        }
        Ok(())
    }

    /// The name behind `igp table`. It may be given once for each family.
    pub(super) fn igp_table(&mut self, into: &mut BTreeMap<AddressFamily, String>) -> Parsed<()> {
        let Name { text: name, span } = self.parser.name()?;
        let table = self.tables.iter().find(|table| table.name == name);
        let no_table = || Diagnostic::new(span, format!("there is no table `{name}`"));
        into.insert(table.ok_or_else(no_table)?.family, name);
        Ok(())
    }

    fn table_name(&mut self, family: AddressFamily) -> Parsed<String> {
        let Name { text: name, span } = self.parser.name()?;
        match self.tables.iter().find(|table| table.name == name) {
            Some(table) if table.family == family => Ok(name),
            Some(_) => {
                Err(Diagnostic::new(span, format!("table `{name}` is of the other address family")))
            }
            None => Err(Diagnostic::new(span, format!("there is no table `{name}`"))),
        }
    }

    /// `N [action warn|block|restart|disable]` or `off`.
    fn limit(&mut self) -> Parsed<Option<Limit>> {
        if self.parser.eat_symbol("off") {
            return Ok(None);
        }
        let most = self.int()?;
        let mut action = LimitAction::Disable;
        if self.parser.eat_symbol("action") {
            action = if self.parser.eat_symbol("warn") {
                LimitAction::Warn
            } else if self.parser.eat_symbol("block") {
                LimitAction::Block
            } else if self.parser.eat_symbol("restart") {
                LimitAction::Restart
            } else if self.parser.eat_symbol("disable") {
                LimitAction::Disable
            } else {
                return Err(self.parser.unexpected("`warn`, `block`, `restart` or `disable`"));
            };
        }
        Ok(Some(Limit { most, action }))
    }

    /// `on`, `off`, `tx` or `rx`
    fn add_paths(&mut self, draft: &mut ChannelDraft) -> Parsed<()> {
        (draft.add_paths_tx, draft.add_paths_rx) = if self.parser.eat_symbol("tx") {
            (true, false)
        } else if self.parser.eat_symbol("rx") {
            (false, true)
        } else {
            let both = self.switch()?;
            (both, both)
        };
        Ok(())
    }

    fn next_hop_mode(&mut self) -> Parsed<NextHopMode> {
        if self.parser.eat_symbol("ibgp") {
            return Ok(NextHopMode::Ibgp);
        }
        if self.parser.eat_symbol("ebgp") {
            return Ok(NextHopMode::Ebgp);
        }
        Ok(if self.switch()? { NextHopMode::All } else { NextHopMode::No })
    }
}
