//! Any message.

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use crate::error::{HeaderError, MessageError};
use crate::header::{self, Frame, MAX_EXTENDED_LENGTH, MAX_LENGTH};
use crate::iana::{Family, MessageType};
use crate::notification::Notification;
use crate::open::Open;
use crate::route_refresh::RouteRefresh;
use crate::update::Update;

/// What was negotiated on a session and changes the format of its messages, for one direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Context {
    /// AS numbers have 4 octets (RFC 6793).
    pub four_octet_as: bool,
    /// Messages up to 65,535 octets (RFC 8654).
    pub extended_message: bool,
    /// The neighbour is in another AS, and no member of our confederation: some attributes and path segments
    /// are only for neighbours inside (RFC 7606 §7.5, RFC 5065 §5).
    pub external: bool,
    /// LOCAL_PREF is taken from such a neighbour all the same: one network of many ASes (RFC 7938).
    pub allow_local_pref: bool,
    /// AIGP is taken from such a neighbour all the same: `AIGP_SESSION` is enabled (RFC 7311 §3.3).
    pub allow_aigp: bool,
    /// Families whose routes carry a path identifier (RFC 7911).
    pub add_path: SmallVec<[Family; 2]>,
}

impl Context {
    /// Largest message, in octets.
    pub const fn max_length(&self) -> usize {
        if self.extended_message { MAX_EXTENDED_LENGTH } else { MAX_LENGTH }
    }

    /// Whether prefixes of `family` carry a path identifier.
    pub fn has_add_path(&self, family: Family) -> bool {
        self.add_path.contains(&family)
    }
}

/// A BGP message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// RFC 4271 §4.2
    Open(Open),
    /// RFC 4271 §4.3
    Update(Update),
    /// RFC 4271 §4.5
    Notification(Notification),
    /// RFC 4271 §4.4
    Keepalive,
    /// RFC 2918
    RouteRefresh(RouteRefresh),
}

impl Message {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// Whatever ends the session. Flaws of an UPDATE that do not are in [`Update::flaws`], those that disable a
    /// family among them; for one with those that do, as a monitor wants it, there is [`Update::decode`].
    pub fn decode(frame: &Frame, context: &Context) -> Result<Self, MessageError> {
        Ok(match frame.kind {
            MessageType::OPEN => Self::Open(Open::decode(&frame.body)?),
            MessageType::UPDATE => {
                let update = Update::decode(frame.body.clone(), context);
                match update.session_reset() {
                    Some(error) => return Err(error.clone().into()),
                    None => Self::Update(update),
                }
            }
            MessageType::NOTIFICATION => Self::Notification(Notification::decode(&frame.body)?),
            MessageType::ROUTE_REFRESH => Self::RouteRefresh(RouteRefresh::decode(&frame.body)?),
            MessageType::KEEPALIVE if frame.body.is_empty() => Self::Keepalive,
            // Framing lets neither of these through.
            MessageType::KEEPALIVE => {
                return Err(
                    HeaderError::BadLength { length: header::length_of(&frame.body) }.into()
                );
            }
            MessageType(kind) => return Err(HeaderError::BadType { kind }.into()),
        })
    }

    /// Appends the whole message. An [`Update`] is written as it was received.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Open(open) => open.encode(out),
            Self::Update(update) => {
                header::write(out, MessageType::UPDATE, |out| out.extend_from_slice(update.body()));
            }
            Self::Notification(notification) => notification.encode(out),
            Self::Keepalive => header::write(out, MessageType::KEEPALIVE, |_| ()),
            Self::RouteRefresh(refresh) => refresh.encode(out),
        }
    }

    /// The whole message in a buffer of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }

    /// Its type.
    pub const fn kind(&self) -> MessageType {
        match self {
            Self::Open(_) => MessageType::OPEN,
            Self::Update(_) => MessageType::UPDATE,
            Self::Notification(_) => MessageType::NOTIFICATION,
            Self::Keepalive => MessageType::KEEPALIVE,
            Self::RouteRefresh(_) => MessageType::ROUTE_REFRESH,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::header::split_frame;

    fn any_context() -> impl Strategy<Value = Context> {
        any::<[bool; 4]>().prop_map(|[four_octet_as, extended_message, v4, v6]| Context {
            four_octet_as,
            extended_message,
            add_path: [(v4, Family::IPV4_UNICAST), (v6, Family::IPV6_UNICAST)]
                .into_iter()
                .filter_map(|(on, family)| on.then_some(family))
                .collect(),
            external: v4,
            ..Context::default()
        })
    }

    /// Reads all messages; what is read and written again reads the same.
    fn read(bytes: &[u8], context: &Context) {
        let mut buffer = BytesMut::from(bytes);
        while let Ok(Some(frame)) = split_frame(&mut buffer, context) {
            let message = match Message::decode(&frame, context) {
                Ok(message) => message,
                Err(error) => {
                    let written = Message::Notification(error.notification()).to_bytes();
                    assert!(written.len() <= MAX_LENGTH);
                    continue;
                }
            };
            assert_eq!(message.kind(), frame.kind);
            let mut again = BytesMut::from(&message.to_bytes()[..]);
            let frame = split_frame(&mut again, context).expect("framing").expect("whole");
            assert_eq!(Message::decode(&frame, context), Ok(message));
        }
    }

    /// One of each type
    fn samples() -> Vec<u8> {
        let mut out = BytesMut::new();
        let bodies: [(u8, &[u8]); 5] = [
            (
                1,
                &[
                    4, 0xfd, 0xe9, 0, 90, 192, 0, 2, 1, 16, 2, 14, 1, 4, 0, 1, 0, 1, 2, 0, 69, 4,
                    0, 1, 1, 3,
                ],
            ),
            (
                2,
                &[
                    0, 0, 0, 18, 0x40, 1, 1, 0, 0x40, 2, 4, 2, 1, 0xfc, 0, 0x40, 3, 4, 192, 0, 2,
                    1, 8, 10,
                ],
            ),
            (3, &[6, 2, 4, b'l', b'a', b'b', b'!']),
            (4, &[]),
            (5, &[0, 1, 0, 1]),
        ];
        for (kind, body) in bodies {
            header::write(&mut out, MessageType(kind), |out| out.extend_from_slice(body));
        }
        out.to_vec()
    }

    #[test]
    fn one_of_each_type_comes_back() {
        let context = Context::default();
        let mut buffer = BytesMut::from(&samples()[..]);
        let mut again = BytesMut::new();
        let mut kinds = Vec::new();
        while let Some(frame) = split_frame(&mut buffer, &context).expect("framing") {
            let message = Message::decode(&frame, &context).expect("a message");
            kinds.push(message.kind().0);
            message.encode(&mut again);
        }
        assert_eq!((kinds, again.to_vec()), (Vec::from([1, 2, 3, 4, 5]), samples()));
    }

    proptest! {
        #[test]
        fn random_bodies_never_panic(
            kind in 0u8..7,
            body in prop::collection::vec(any::<u8>(), 0..300),
            context in any_context(),
        ) {
            let mut out = BytesMut::new();
            header::write(&mut out, MessageType(kind), |out| out.extend_from_slice(&body));
            read(&out, &context);
        }

        #[test]
        fn mutated_messages_never_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            context in any_context(),
        ) {
            let mut bytes = samples();
            for (at, value) in changes {
                let at = at.index(bytes.len());
                if let Some(octet) = bytes.get_mut(at) {
                    *octet = value;
                }
            }
            read(&bytes, &context);
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            context in any_context(),
        ) {
            read(&bytes, &context);
        }
    }
}
