//! What each library is asked to do, in one shape.

use bytes::Bytes;

use crate::messages::Sum;
use crate::{
    bgpkit::Bgpkit, causeway::Causeway, netgauze::Netgauze, routecore::Routecore,
    rustbgpd::Rustbgpd, zettabgp::Zettabgp,
};

/// One library. The value holds what a program would keep from message to message: the session's parameters and
/// a buffer to write into.
pub(crate) trait Peer: Default {
    /// Name in the tables
    const NAME: &'static str;
    /// What the library gives to keep when the buffer of the message is gone.
    type Owned;
    /// What its encoder starts from, prefixes and attributes in the library's own types.
    type Source;

    /// Reads the message, header and all, and visits everything in it. Shared bytes: who wants a slice has one,
    /// who keeps a reference counts it up, as with what a socket's buffer was split into.
    fn visit(&mut self, message: &Bytes) -> Sum;

    /// Reads the message into a value to keep, and visits nothing.
    fn owned(&mut self, message: &Bytes) -> Self::Owned;

    /// What [`encode`](Self::encode) starts from: the contents of this message.
    fn source(&mut self, message: &Bytes) -> Self::Source;

    /// A whole message with its header.
    fn encode(&mut self, source: &Self::Source) -> impl AsRef<[u8]>;
}

/// Something to do with each of the libraries.
pub(crate) trait Work {
    /// With this one.
    fn with<P: Peer>(&mut self);
}

/// Does it with all, our own first.
pub(crate) fn for_each(mut work: impl Work) {
    work.with::<Causeway>();
    work.with::<Zettabgp>();
    work.with::<Netgauze>();
    work.with::<Routecore>();
    work.with::<Bgpkit>();
    work.with::<Rustbgpd>();
}

/// Before anything is measured: all read the same, and what they write says the same.
pub(crate) struct Check<'a> {
    /// The message
    pub(crate) message: &'a Bytes,
    /// What it says
    pub(crate) sum: Sum,
}

impl Work for Check<'_> {
    fn with<P: Peer>(&mut self) {
        let mut peer = P::default();
        assert_eq!(peer.visit(self.message), self.sum, "{} reads", P::NAME);
        let source = peer.source(self.message);
        let written = Bytes::copy_from_slice(peer.encode(&source).as_ref());
        assert_eq!(Causeway::default().visit(&written), self.sum, "{} writes", P::NAME);
    }
}
