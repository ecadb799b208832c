//! How a record is written: numbers in groups of seven bits, the lowest first.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use core::time::Duration;

use bgp_wire::{Afi, Family, Safi};
use bytes::Bytes;

use super::ReplayError;
use crate::event::{ConnectionId, Endpoints};

#[derive(Debug, Clone, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }

    pub(super) fn octet(&mut self, octet: u8) {
        self.0.push(octet);
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.octet(flag.into());
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let mut number = number.into();
        while number >= 0x80 {
            self.octet(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.octet(number.to_le_bytes()[0]);
    }

    pub(super) fn duration(&mut self, time: Duration) {
        self.number(time.as_secs());
        self.number(time.subsec_nanos());
    }

    /// With its length.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.octets(bytes);
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(super) fn id(&mut self, id: ConnectionId) {
        self.number(id.0);
    }

    pub(super) fn family(&mut self, family: Family) {
        self.number(family.afi.0);
        self.octet(family.safi.0);
    }

    pub(super) fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.octet(4);
                self.octets(&address.octets());
            }
            IpAddr::V6(address) => {
                self.octet(6);
                self.octets(&address.octets());
            }
        }
    }

    pub(super) fn ends(&mut self, ends: &Endpoints) {
        for end in [ends.local, ends.remote] {
            self.address(end.ip());
            self.number(end.port());
            if let SocketAddr::V6(end) = end {
                self.number(end.flowinfo());
                self.number(end.scope_id());
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Reader {
    rest: Bytes,
    whole: usize,
}

impl Reader {
    pub(super) const fn new(record: Bytes) -> Self {
        let whole = record.len();
        Self { rest: record, whole }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn damaged(&self) -> ReplayError {
        ReplayError::Damaged { offset: self.whole - self.rest.len() }
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.octets(1)?.first().copied()
    }

    pub(super) fn octets(&mut self, count: usize) -> Option<Bytes> {
        (count <= self.rest.len()).then(|| self.rest.split_to(count))
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let group = u64::from(octet & 0x7f);
            // The tenth group has one bit left.
            if shift == 63 && group > 1 {
                return None;
            }
            number |= group << shift;
            if octet & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    pub(super) fn duration(&mut self) -> Option<Duration> {
        let (seconds, nanos) = (self.number()?, self.small::<u32>()?);
        (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
    }

    pub(super) fn bytes(&mut self) -> Option<Bytes> {
        let length = self.small()?;
        self.octets(length)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        Some(if self.flag()? { Some(read(self)?) } else { None })
    }

    pub(super) fn id(&mut self) -> Option<ConnectionId> {
        Some(ConnectionId(self.number()?))
    }

    pub(super) fn family(&mut self) -> Option<Family> {
        Some(Family { afi: Afi(self.small()?), safi: Safi(self.octet()?) })
    }

    pub(super) fn address(&mut self) -> Option<IpAddr> {
        match self.octet()? {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(&*self.octets(4)?).ok()?).into()),
            6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(&*self.octets(16)?).ok()?).into()),
            _ => None,
        }
    }

    pub(super) fn ends(&mut self) -> Option<Endpoints> {
        Some(Endpoints { local: self.end()?, remote: self.end()? })
    }

    fn end(&mut self) -> Option<SocketAddr> {
        let (address, port) = (self.address()?, self.small()?);
        Some(match address {
            IpAddr::V4(address) => (address, port).into(),
            IpAddr::V6(address) => {
                SocketAddrV6::new(address, port, self.small()?, self.small()?).into()
            }
        })
    }
}
