//! What follows an LSA's header, by its type.

use bytes::{Bytes, BytesMut};

use super::extended::ExtendedLsa;
use super::external::ExternalLsa;
use super::grace::GraceLsa;
use super::header::LsaHeader;
use super::inter_area::{InterAreaPrefixLsa, InterAreaRouterLsa};
use super::intra_area_prefix::IntraAreaPrefixLsa;
use super::link::LinkLsa;
use super::ls_type::LsType;
use super::network::NetworkLsa;
use super::router::RouterLsa;
use super::router_information::RouterInformationLsa;
use crate::codec::Reader;
use crate::error::LsaError;

/// What follows an LSA's header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LsaBody {
    /// Of [`LsType::ROUTER`].
    Router(RouterLsa),
    /// Of [`LsType::NETWORK`].
    Network(NetworkLsa),
    /// Of [`LsType::INTER_AREA_PREFIX`].
    InterAreaPrefix(InterAreaPrefixLsa),
    /// Of [`LsType::INTER_AREA_ROUTER`].
    InterAreaRouter(InterAreaRouterLsa),
    /// Of [`LsType::AS_EXTERNAL`].
    AsExternal(ExternalLsa),
    /// Of [`LsType::NSSA`].
    Nssa(ExternalLsa),
    /// Of [`LsType::LINK`].
    Link(LinkLsa),
    /// Of [`LsType::INTRA_AREA_PREFIX`].
    IntraAreaPrefix(IntraAreaPrefixLsa),
    /// Of the three types of Router Information.
    RouterInformation(RouterInformationLsa),
    /// Of [`LsType::GRACE`].
    Grace(GraceLsa),
    /// Of the types of RFC 8362.
    Extended(ExtendedLsa),
    /// Of a type that is not known, as it is.
    Unknown(Bytes),
}

impl LsaBody {
    /// Reads what follows the header of an LSA of this type. Fields that are to be ignored are.
    ///
    /// # Errors
    /// If a field is cut off, one too many is there, or one cannot be. Offsets count from the LSA's header.
    pub fn decode(ls_type: LsType, body: &[u8]) -> Result<Self, LsaError> {
        let mut reader = Reader::at(body, LsaHeader::LENGTH);
        Ok(match ls_type {
            LsType::ROUTER => Self::Router(RouterLsa::read(reader)?),
            LsType::NETWORK => Self::Network(NetworkLsa::read(reader)?),
            LsType::INTER_AREA_PREFIX => {
                let body = InterAreaPrefixLsa::read(&mut reader)?;
                reader.finish("Inter-Area-Prefix-LSA")?;
                Self::InterAreaPrefix(body)
            }
            LsType::INTER_AREA_ROUTER => {
                let body = InterAreaRouterLsa::read(&mut reader)?;
                reader.finish("Inter-Area-Router-LSA")?;
                Self::InterAreaRouter(body)
            }
            LsType::AS_EXTERNAL => Self::AsExternal(read_external(reader)?),
            LsType::NSSA => Self::Nssa(read_external(reader)?),
            LsType::LINK => Self::Link(LinkLsa::read(reader)?),
            LsType::INTRA_AREA_PREFIX => Self::IntraAreaPrefix(IntraAreaPrefixLsa::read(reader)?),
            LsType::ROUTER_INFORMATION_LINK
            | LsType::ROUTER_INFORMATION_AREA
            | LsType::ROUTER_INFORMATION_AS => {
                Self::RouterInformation(RouterInformationLsa::read(reader)?)
            }
            LsType::GRACE => Self::Grace(GraceLsa::read(reader)?),
            extended if extended.is_extended() => {
                Self::Extended(ExtendedLsa::read(extended, reader)?)
            }
            _ => Self::Unknown(Bytes::copy_from_slice(body)),
        })
    }

    /// Appends the body: the same value always as the same octets.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Router(body) => body.put(out),
            Self::Network(body) => body.put(out),
            Self::InterAreaPrefix(body) => body.put(out),
            Self::InterAreaRouter(body) => body.put(out),
            Self::AsExternal(body) | Self::Nssa(body) => body.put(out),
            Self::Link(body) => body.put(out),
            Self::IntraAreaPrefix(body) => body.put(out),
            Self::RouterInformation(body) => body.put(out),
            Self::Grace(body) => body.put(out),
            Self::Extended(body) => body.put(out),
            Self::Unknown(body) => out.extend_from_slice(body),
        }
    }
}

fn read_external(mut reader: Reader<'_>) -> Result<ExternalLsa, LsaError> {
    let body = ExternalLsa::read(&mut reader)?;
    reader.finish("AS-External-LSA")?;
    Ok(body)
}
