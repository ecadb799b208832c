//! Router Information LSAs: what a router can do (RFC 7770).

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use crate::bits::bits;
use crate::codec::Reader;
use crate::error::LsaError;
use crate::tlv::{self, Tlv};

/// A Router Information LSA's body (RFC 7770 §2.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouterInformationLsa {
    /// Its TLVs, in their order. That of Informational Capabilities must be the first of instance 0 (RFC 7770 §2.4).
    pub tlvs: Vec<Tlv>,
}

/// The first 32 Informational Capabilities, bit 0 being the highest (RFC 7770 §2.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InformationalCapabilities(
    /// The bits.
    pub u32,
);

impl InformationalCapabilities {
    /// Bit 0: can restart gracefully (RFC 3623).
    pub const GRACEFUL_RESTART: Self = Self(1 << 31);
    /// Bit 1: helps others that do (RFC 3623).
    pub const GRACEFUL_RESTART_HELPER: Self = Self(1 << 30);
    /// Bit 2: can be a stub router (RFC 6987).
    pub const STUB_ROUTER: Self = Self(1 << 29);

    const NAMES: &[(Self, &'static str)] = &[
        (Self::GRACEFUL_RESTART, "GracefulRestart"),
        (Self::GRACEFUL_RESTART_HELPER, "GracefulRestartHelper"),
        (Self::STUB_ROUTER, "StubRouter"),
    ];
}

bits!(InformationalCapabilities);

impl RouterInformationLsa {
    /// The type of the Informational Capabilities TLV (RFC 7770 §2.4).
    pub const INFORMATIONAL_CAPABILITIES: u16 = 1;
    /// The type of the Functional Capabilities TLV (RFC 7770 §2.6).
    pub const FUNCTIONAL_CAPABILITIES: u16 = 2;

    /// One that says only what is informational.
    pub fn new(capabilities: InformationalCapabilities) -> Self {
        let value = Bytes::copy_from_slice(&capabilities.0.to_be_bytes());
        Self { tlvs: Vec::from([Tlv { tlv_type: Self::INFORMATIONAL_CAPABILITIES, value }]) }
    }

    /// The first four octets of the first Informational Capabilities TLV; none where it is shorter or missing.
    pub fn informational_capabilities(&self) -> InformationalCapabilities {
        InformationalCapabilities(self.capabilities(Self::INFORMATIONAL_CAPABILITIES))
    }

    /// The first four octets of the first Functional Capabilities TLV, bit 0 being the highest; none where it is shorter or
    /// missing. No bit has a meaning yet.
    pub fn functional_capabilities(&self) -> u32 {
        self.capabilities(Self::FUNCTIONAL_CAPABILITIES)
    }

    fn capabilities(&self, tlv_type: u16) -> u32 {
        let tlv = self.tlvs.iter().find(|tlv| tlv.tlv_type == tlv_type);
        let octets = tlv.and_then(|tlv| tlv.value.first_chunk());
        octets.map_or(0, |octets| u32::from_be_bytes(*octets))
    }

    pub(super) fn read(reader: Reader<'_>) -> Result<Self, LsaError> {
        Ok(Self { tlvs: tlv::read_all(reader)? })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        tlv::put_all(&self.tlvs, out);
    }
}
