//! Grace-LSAs: a router restarts and asks to be taken for there meanwhile (RFC 5187 §2).

use alloc::vec::Vec;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Reader;
use crate::error::LsaError;
use crate::tlv::{self, Tlv};

/// A Grace-LSA's body (RFC 5187 §2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraceLsa {
    /// For how long neighbours are to take the router for there, in seconds since the LSA was originated.
    pub grace_period: u32,
    /// Why it restarts.
    pub reason: RestartReason,
    /// TLVs of other types, in their order.
    pub others: Vec<Tlv>,
}

/// Why a router restarts (RFC 5187 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestartReason(
    /// The number.
    pub u8,
);

impl RestartReason {
    /// Not known.
    pub const UNKNOWN: Self = Self(0);
    /// The software is restarted.
    pub const SOFTWARE_RESTART: Self = Self(1);
    /// The software is loaded anew or replaced.
    pub const SOFTWARE_UPGRADE: Self = Self(2);
    /// Another control processor takes over.
    pub const SWITCH_TO_REDUNDANT_PROCESSOR: Self = Self(3);
}

const GRACE_PERIOD: u16 = 1;
const REASON: u16 = 2;

impl GraceLsa {
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let (mut grace_period, mut reason) = (None, None);
        let mut others = Vec::new();
        while reader.remaining() > 0 {
            let (tlv_type, mut value) = tlv::read(&mut reader)?;
            // Of several the first counts.
            match tlv_type {
                GRACE_PERIOD => {
                    grace_period = grace_period.or(Some(value.u32("Grace Period")?));
                }
                REASON => {
                    reason = reason.or(Some(RestartReason(value.u8("Graceful restart reason")?)));
                }
                _ => {
                    others.push(Tlv { tlv_type, value: Bytes::copy_from_slice(value.rest()) });
                }
            }
        }
        // RFC 5187 §2.2: both MUST always appear.
        let missing = |what| LsaError::MissingTlv { what };
        Ok(Self {
            grace_period: grace_period.ok_or(missing("Grace Period"))?,
            reason: reason.ok_or(missing("Graceful restart reason"))?,
            others,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        tlv::put(GRACE_PERIOD, out, |out| out.put_u32(self.grace_period));
        tlv::put(REASON, out, |out| out.put_u8(self.reason.0));
        tlv::put_all(&self.others, out);
    }
}
