//! Route refresh both ways (RFC 2918, RFC 7313), and the filters that come with it (RFC 5291).

use alloc::sync::Arc;
use core::time::Duration;

use bgp_wire::{
    Capability, Family, Message, Notification, NotificationCode, OrfUpdate, RefreshSubtype,
    RouteRefresh, WhenToRefresh, subcode,
};

use super::Session;
use crate::event::{Event, Stale};
use crate::fsm::FsmEvent;
use crate::orf::{PrefixFilters, TooMany};
use crate::session::machine::Detail;

impl Session {
    /// Asks the neighbour for all routes of a family again (RFC 2918). False when it does not know how, or
    /// not the family, or the session is not established.
    ///
    /// With enhanced refresh [`Stale::Mark`] and [`Stale::Sweep`] tell where what follows begins and ends.
    pub fn request_refresh(&mut self, _now: Duration, family: Family) -> bool {
        let Some((id, negotiated)) = self.established() else { return false };
        if !negotiated.route_refresh || !negotiated.families.contains(&family) {
            return false;
        }
        self.send(id, &Message::RouteRefresh(RouteRefresh::request(family)));
        true
    }

    /// Changes the filters that the neighbour keeps for us (RFC 5291 §6). False when it takes none of the
    /// family, or the session is not established.
    ///
    /// With [`WhenToRefresh::DEFER`] a later [`Session::request_refresh`] is needed.
    pub fn change_filters(&mut self, _now: Duration, family: Family, update: OrfUpdate) -> bool {
        let Some((id, negotiated)) = self.established() else { return false };
        if !negotiated.filters_sent.contains(&family) {
            return false;
        }
        let length = negotiated.send.max_length();
        for refresh in RouteRefresh::change_filters(family, update, length) {
            self.send(id, &Message::RouteRefresh(refresh));
        }
        true
    }

    /// The filters that the neighbour has put up for a family on this session.
    pub fn filters(&self, family: Family) -> Option<&PrefixFilters> {
        self.filters.iter().find(|one| one.0 == family).map(|one| &one.1)
    }

    /// A ROUTE-REFRESH came on the established session.
    pub(super) fn refresh(&mut self, now: Duration, refresh: RouteRefresh) {
        let family = refresh.family;
        let Some(negotiated) = self.negotiated() else { return };
        // RFC 2918 §4: others are ignored.
        if !negotiated.families.contains(&family) {
            return;
        }
        let enhanced = negotiated.enhanced_refresh;
        // RFC 2918 §4: who asks need not offer to be asked.
        let knows = negotiated.local.capabilities.contains(&Capability::RouteRefresh);
        let filtered = negotiated.filters_received.contains(&family);
        // RFC 7313 §4: the neighbour is still telling its routes for the first time.
        let early = negotiated.remote.capabilities.graceful_restart().is_some()
            && !self.end_of_rib_received(family);
        match refresh.subtype {
            RefreshSubtype::BEGIN if enhanced && !early => {
                let until = now.saturating_add(self.config.refresh_time);
                self.retention.refresh_begins(family, until);
                self.events.push_back(Event::Stale(family, Stale::Mark));
            }
            RefreshSubtype::END if enhanced && self.retention.refresh_ends(family) => {
                self.events.push_back(Event::Stale(family, Stale::Sweep));
            }
            RefreshSubtype::REQUEST => {
                // Filters that were not agreed on are ignored, but a request that comes with them is one
                // unless it defers (RFC 5291 §6).
                let orf = refresh.orf.as_ref();
                let deferred = orf.is_some_and(|orf| orf.when == WhenToRefresh::DEFER);
                if let Some(update) = orf.filter(|_| filtered)
                    && self.change_own_filters(now, family, update).is_none()
                {
                    return;
                }
                // A speaker that offers filters need not offer route refresh (RFC 5291 §6).
                if !deferred && (knows || filtered) {
                    self.events.push_back(Event::RouteRefresh(refresh));
                }
            }
            // Others are ignored (RFC 7313 §5).
            _ => {}
        }
    }

    /// `None`: there are too many, and the session is over.
    fn change_own_filters(
        &mut self,
        now: Duration,
        family: Family,
        update: &OrfUpdate,
    ) -> Option<()> {
        if !self.filters.iter().any(|one| one.0 == family) {
            self.filters.push((family, PrefixFilters::default()));
        }
        let (_, filters) = self.filters.iter_mut().find(|one| one.0 == family)?;
        match filters.update(update, self.config.filter_limit) {
            Ok(false) => {}
            Ok(true) => {
                let filters = Arc::new(filters.clone());
                // Those that were not polled yet share the memory: there may be many.
                for event in &mut self.events {
                    match event {
                        Event::Filters(of, old) if *of == family => *old = filters.clone(),
                        _ => {}
                    }
                }
                self.events.push_back(Event::Filters(family, filters));
            }
            Err(TooMany) => {
                let (code, subcode) = (NotificationCode::CEASE, subcode::cease::OUT_OF_RESOURCES);
                let detail = Detail::answer(Notification::new(code, subcode));
                let index = self.established_index()?;
                self.step(now, index, FsmEvent::AutomaticStop, detail);
                return None;
            }
        }
        Some(())
    }
}
