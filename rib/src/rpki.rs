//! Who says what of the RPKI: several caches and the configuration may say the same.

/// An RTR cache, or what is configured, by a number that the host gives: 0 to 31.
///
/// ```
/// use rib::RpkiSource;
/// assert!(RpkiSource::new(31).is_some());
/// assert!(RpkiSource::new(32).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RpkiSource(u8);

impl RpkiSource {
    /// How many there can be.
    pub const COUNT: u8 = 32;

    /// The source of this number, `None` from 32 on.
    pub const fn new(number: u8) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    const fn bit(self) -> u32 {
        1 << self.0
    }
}

/// The sources of one record, and which of them have not said it again since their data turned stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sources {
    present: u32,
    stale: u32,
}

impl Sources {
    pub(crate) const fn is_empty(self) -> bool {
        self.present == 0
    }

    pub(crate) const fn has(self, source: RpkiSource) -> bool {
        self.present & source.bit() != 0
    }

    pub(crate) const fn is_stale(self, source: RpkiSource) -> bool {
        self.stale & source.bit() != 0
    }

    pub(crate) const fn add(&mut self, source: RpkiSource) {
        self.present |= source.bit();
        self.stale &= !source.bit();
    }

    pub(crate) const fn remove(&mut self, source: RpkiSource) {
        self.present &= !source.bit();
        self.stale &= !source.bit();
    }

    pub(crate) const fn mark_stale(&mut self, source: RpkiSource) {
        self.stale |= self.present & source.bit();
    }

    /// Removes a source that is stale.
    pub(crate) const fn sweep(&mut self, source: RpkiSource) {
        if self.is_stale(source) {
            self.remove(source);
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = RpkiSource> {
        (0..RpkiSource::COUNT).map(RpkiSource).filter(move |source| self.has(*source))
    }
}
