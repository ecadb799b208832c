//! Rows of `show protocols`.

/// A row of `show protocols`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// Name of the instance
    pub name: String,
    /// `BGP`, `Static`, …
    pub kind: String,
    /// `---` where it has several
    pub table: String,
    /// `up`, `start`, …
    pub state: String,
    /// Time of day of the last change of its state
    pub since: String,
    /// `Established`, …
    pub info: String,
}

impl Protocol {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().map(str::to_owned);
        let (name, kind, table) = (word()?, word()?, word()?);
        let (state, since) = (word()?, word()?);
        let info = words.collect::<Vec<_>>().join(" ");
        Some(Self { name, kind, table, state, since, info })
    }

    /// Whether it is a BGP session that is up.
    pub fn is_established(&self) -> bool {
        self.state == "up" && self.info == "Established"
    }

    /// Whether this is still the session that was established at `since`. BIRD works that time out
    /// anew for every answer, and may be a millisecond off; a new session takes a second.
    pub fn is_session_since(&self, since: &str) -> bool {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let (Some(now), Some(then)) = (milliseconds(&self.since), milliseconds(since)) else {
            return false;
        };
        let apart = now.abs_diff(then);
        self.is_established() && apart.min(DAY.abs_diff(apart)) < 500
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} since {}, {}", self.name, self.state, self.since, self.info)
    }
}

/// A time of day, `08:43:47.419`, in milliseconds.
fn milliseconds(time: &str) -> Option<u64> {
    let (clock, fraction) = time.split_once('.')?;
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some(seconds * 1000 + fraction.parse::<u64>().ok()?)
}
