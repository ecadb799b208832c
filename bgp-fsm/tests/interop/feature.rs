//! The columns of the matrix.

/// What a session can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Session,
    FourOctetAs,
    Md5,
    Gtsm,
    AddPath,
    ExtendedMessage,
    ExtendedNextHop,
    RouteRefresh,
    EnhancedRefresh,
    Orf,
    Role,
    Shutdown,
    /// The peer takes us for one of a range.
    TheirRange,
    /// We take the peer for one of a range.
    OurRange,
    GracefulRestart,
    Notification,
    LongLived,
    SendHold,
}

impl Feature {
    pub(crate) const ALL: [Self; 18] = [
        Self::Session,
        Self::FourOctetAs,
        Self::Md5,
        Self::Gtsm,
        Self::AddPath,
        Self::ExtendedMessage,
        Self::ExtendedNextHop,
        Self::RouteRefresh,
        Self::EnhancedRefresh,
        Self::Orf,
        Self::Role,
        Self::Shutdown,
        Self::TheirRange,
        Self::OurRange,
        Self::GracefulRestart,
        Self::Notification,
        Self::LongLived,
        Self::SendHold,
    ];

    /// Whether the peer has a second neighbour, which feeds it.
    pub(crate) const fn has_feeder(self) -> bool {
        matches!(self, Self::AddPath | Self::SendHold)
    }

    /// The head of its column.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::FourOctetAs => "4-octet AS",
            Self::Md5 => "MD5",
            Self::Gtsm => "GTSM",
            Self::AddPath => "add-path",
            Self::ExtendedMessage => "extended messages",
            Self::ExtendedNextHop => "extended next hop",
            Self::RouteRefresh => "route refresh",
            Self::EnhancedRefresh => "enhanced refresh",
            Self::Orf => "ORF prefix list",
            Self::Role => "role",
            Self::Shutdown => "shutdown communication",
            Self::TheirRange => "dynamic neighbours, theirs",
            Self::OurRange => "dynamic neighbours, ours",
            Self::GracefulRestart => "graceful restart",
            Self::Notification => "… after NOTIFICATION",
            Self::LongLived => "long-lived graceful restart",
            Self::SendHold => "send hold timer",
        }
    }
}
