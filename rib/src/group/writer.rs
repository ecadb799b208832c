//! Messages put together into chunks.

use alloc::vec::Vec;

use bgp_wire::{
    Afi, AttributesRef, Message, PathAttributes, RefreshSubtype, RouteRefresh, UpdateWriter,
};
use bytes::{Bytes, BytesMut};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::BATCH;
use crate::channel::{Source, SourceId};
use crate::export::{ExportRules, Outgoing};
use crate::path_id::LocalId;
use crate::policy::Set;

/// Octets after which a chunk is closed.
const CHUNK: usize = if cfg!(test) { 100 } else { 65_536 };

/// One or more whole UPDATE messages, or a marker of a refresh.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The messages, ready for the connection
    pub bytes: Bytes,
    /// How many they are
    pub messages: u32,
    /// Routes announced in them
    pub announced: u32,
    /// Routes withdrawn in them
    pub withdrawn: u32,
    pub(super) audience: Audience,
}

impl Chunk {
    const EMPTY: Self = Self {
        bytes: Bytes::new(),
        messages: 0,
        announced: 0,
        withdrawn: 0,
        audience: Audience::All,
    };
}

/// Which members a chunk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    All,
    /// Nobody is told the routes it announced itself.
    Except(SourceId),
    Only(SourceId),
}

impl Audience {
    pub(super) fn includes(self, member: SourceId) -> bool {
        match self {
            Self::All => true,
            Self::Except(source) => source != member,
            Self::Only(source) => source == member,
        }
    }
}

pub(super) fn end_of_rib(rules: &ExportRules) -> Chunk {
    let mut writer = ChunkWriter::new(rules);
    writer.write(0, 0, |writer| {
        writer.end_of_rib(rules.family);
        true
    });
    writer.close();
    writer.chunks.pop().unwrap_or(Chunk::EMPTY)
}

/// The default route of our own that these rules want to be told, or the withdrawal of one that was told before.
pub(super) fn default_route(rules: &ExportRules, was_told: bool, own: &Source) -> Option<Chunk> {
    let net = match rules.family.afi {
        Afi::IPV6 => IpNet::V6(Ipv6Net::default()),
        _ => IpNet::V4(Ipv4Net::default()),
    };
    let mut writer = ChunkWriter::new(rules);
    if rules.default_originate {
        let route = Outgoing {
            source: own,
            attributes: AttributesRef::default(),
            next_hop: None,
            metric: None,
            set: Set::default(),
        };
        let mut attributes = PathAttributes::default();
        let next_hop = rules.write(&route, &mut attributes)?;
        let route = named(LocalId(0), net);
        writer.write(1, 0, |writer| {
            writer.announce(attributes.view(), rules.family, &next_hop, [route]).is_ok()
        });
    } else if was_told {
        writer.withdraw(Audience::All, core::iter::once((LocalId(0), net)));
    }
    writer.finish().pop()
}

/// Begins or ends what is told anew (RFC 7313 §4.1).
pub(super) fn refresh_marker(rules: &ExportRules, subtype: RefreshSubtype) -> Chunk {
    let mut bytes = BytesMut::new();
    let message = Message::RouteRefresh(RouteRefresh::new(rules.family, subtype));
    message.encode(&mut bytes);
    Chunk { bytes: bytes.freeze(), messages: 1, ..Chunk::EMPTY }
}

/// How a path is named on the wire. Zero is a path identifier as good as any, but some take it for none.
pub(super) fn named(id: LocalId, net: IpNet) -> (u32, IpNet) {
    (id.0 + 1, net)
}

/// Collects messages into chunks of one audience each.
pub(super) struct ChunkWriter<'a> {
    rules: &'a ExportRules,
    chunks: Vec<Chunk>,
    buffer: BytesMut,
    open: Chunk,
}

impl<'a> ChunkWriter<'a> {
    pub(super) fn new(rules: &'a ExportRules) -> Self {
        Self { rules, chunks: Vec::new(), buffer: BytesMut::new(), open: Chunk::EMPTY }
    }

    pub(super) fn audience(&mut self, audience: Audience) {
        if self.open.audience != audience {
            self.close();
            self.open.audience = audience;
        }
    }

    /// Lets `body` write; what it wrote counts as so many routes when it succeeds.
    pub(super) fn write(
        &mut self,
        announced: usize,
        withdrawn: usize,
        body: impl FnOnce(&mut UpdateWriter<'_>) -> bool,
    ) -> bool {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(16_384);
        }
        let mut writer = UpdateWriter::new(&mut self.buffer, &self.rules.context);
        if !body(&mut writer) {
            return false;
        }
        self.open.messages += writer.messages();
        self.open.announced += u32::try_from(announced).unwrap_or(u32::MAX);
        self.open.withdrawn += u32::try_from(withdrawn).unwrap_or(u32::MAX);
        if self.buffer.len() >= CHUNK {
            self.close();
        }
        true
    }

    pub(super) fn withdraw(
        &mut self,
        audience: Audience,
        routes: impl Iterator<Item = (LocalId, IpNet)>,
    ) {
        self.audience(audience);
        let family = self.rules.family;
        let has_path_ids = self.rules.context.has_add_path(family);
        let routes: Vec<(LocalId, IpNet)> = routes.collect();
        for part in routes.chunks(BATCH) {
            self.write(0, part.len(), |writer| {
                if has_path_ids {
                    writer.withdraw(family, part.iter().map(|(id, net)| named(*id, *net)));
                } else {
                    writer.withdraw(family, part.iter().map(|(_, net)| *net));
                }
                true
            });
        }
    }

    fn close(&mut self) {
        if self.open.messages > 0 {
            let chunk = self.open.clone();
            self.chunks.push(Chunk { bytes: self.buffer.split().freeze(), ..chunk });
        }
        (self.open.messages, self.open.announced, self.open.withdrawn) = (0, 0, 0);
    }

    pub(super) fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.chunks
    }
}
