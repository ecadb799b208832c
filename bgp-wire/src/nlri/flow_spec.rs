//! Flow specifications (RFC 8955, RFC 8956).

use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv6Addr;

use bytes::{BufMut, BytesMut};
use ipnet::{IpNet, Ipv6Net};

use super::NotEncoded;
use super::prefix::{first_octets, mask_v6, octets, take_net};
use super::route_distinguisher::RouteDistinguisher;
use crate::codec::Cursor;
use crate::iana::registry;

/// Octets that a length field can count (RFC 8955 §4.1).
const MAX_LENGTH: u16 = 4095;

registry! {
    /// Type of a component (RFC 8955 §4.2.2, RFC 8956 §3).
    FlowComponentType(u8) {
        /// RFC 8955 §4.2.2.1
        DESTINATION_PREFIX = 1, "dst";
        /// RFC 8955 §4.2.2.2
        SOURCE_PREFIX = 2, "src";
        /// RFC 8955 §4.2.2.3; in IPv6 the upper-layer protocol (RFC 8956 §3.3)
        IP_PROTOCOL = 3, "proto";
        /// RFC 8955 §4.2.2.4
        PORT = 4, "port";
        /// RFC 8955 §4.2.2.5
        DESTINATION_PORT = 5, "dport";
        /// RFC 8955 §4.2.2.6
        SOURCE_PORT = 6, "sport";
        /// RFC 8955 §4.2.2.7
        ICMP_TYPE = 7, "icmp type";
        /// RFC 8955 §4.2.2.8
        ICMP_CODE = 8, "icmp code";
        /// RFC 8955 §4.2.2.9
        TCP_FLAGS = 9, "tcp flags";
        /// RFC 8955 §4.2.2.10
        PACKET_LENGTH = 10, "length";
        /// RFC 8955 §4.2.2.11
        DSCP = 11, "dscp";
        /// RFC 8955 §4.2.2.12
        FRAGMENT = 12, "fragment";
        /// RFC 8956 §3.7
        FLOW_LABEL = 13, "label";
    }
}

impl FlowComponentType {
    const fn is_prefix(self) -> bool {
        matches!(self, Self::DESTINATION_PREFIX | Self::SOURCE_PREFIX)
    }

    const fn is_bitmask(self) -> bool {
        matches!(self, Self::TCP_FLAGS | Self::FRAGMENT)
    }

    /// Whether the type exists for the family.
    const fn is_known(self, ipv6: bool) -> bool {
        self.0 != 0 && self.0 <= if ipv6 { 13 } else { 12 }
    }
}

/// Which packets a rule is about: components in ascending order of their types, all of which must match
/// (RFC 8955 §4.2).
///
/// ```
/// use bgp_wire::{FlowComponentType, FlowOperator, FlowSpecBuilder};
/// let mut flow = FlowSpecBuilder::ipv4();
/// flow.prefix(FlowComponentType::DESTINATION_PREFIX, "192.0.2.0/24".parse()?)
///     .operators(FlowComponentType::PORT, [
///         FlowOperator::numeric(">=", 137).ok_or("operator")?,
///         FlowOperator::numeric("<=", 139).ok_or("operator")?.and(),
///         FlowOperator::numeric("=", 8080).ok_or("operator")?,
///     ]);
/// assert_eq!(flow.view().to_string(), "dst 192.0.2.0/24; port >= 137 && <= 139 || = 8080");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowSpec<'a> {
    ipv6: bool,
    value: &'a [u8],
}

/// One component of a [`FlowSpec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlowComponent<'a> {
    /// Types 1 and 2
    Prefix {
        /// Its type
        kind: FlowComponentType,
        /// The prefix; with an offset, bits before it are zero
        prefix: IpNet,
        /// Bits at the front that do not count (RFC 8956 §3.1), 0 in IPv4
        offset: u8,
    },
    /// Types with operators
    Operators {
        /// Its type
        kind: FlowComponentType,
        /// What is compared
        operators: FlowOperators<'a>,
    },
}

/// Operator and value (RFC 8955 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowOperator {
    /// Operator bits without the end-of-list bit and the length: AND 0x40; numeric lt 4, gt 2, eq 1;
    /// bitmask not 2, match 1
    pub bits: u8,
    /// What is compared with
    pub value: u64,
}

impl FlowOperator {
    const AND: u8 = 0x40;
    const END: u8 = 0x80;

    /// A comparison by its sign: `=`, `==`, `>`, `>=`, `<`, `<=`, `!=`, `true`, `false` (RFC 8955 Table 1).
    pub fn numeric(sign: &str, value: u64) -> Option<Self> {
        let sign = if sign == "==" { "=" } else { sign };
        let bits = NUMERIC.iter().position(|name| *name == sign)?;
        Some(Self { bits: u8::try_from(bits).ok()?, value })
    }

    /// A comparison of bits: `all` of those in `mask` or any of them; `not` turns the result round
    /// (RFC 8955 §4.2.1.2).
    pub fn bitmask(mask: u64, all: bool, not: bool) -> Self {
        Self { bits: u8::from(not) << 1 | u8::from(all), value: mask }
    }

    /// Joined to the one before by AND, which binds closer than OR.
    #[must_use]
    pub const fn and(self) -> Self {
        Self { bits: self.bits | Self::AND, ..self }
    }

    /// Whether it is joined to the one before by AND.
    pub const fn is_and(self) -> bool {
        self.bits & Self::AND != 0
    }

    fn decode(cursor: &mut Cursor<'_>) -> Option<(Self, bool)> {
        let operator = cursor.u8()?;
        let value = cursor.take(1 << (operator >> 4 & 3))?;
        let value = value.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet));
        let bits = operator & (Self::AND | 7);
        Some((Self { bits, value }, operator & Self::END != 0))
    }

    /// In the shortest of the lengths that the type may have.
    fn encode(self, kind: FlowComponentType, last: bool, out: &mut Vec<u8>) {
        let least = if kind == FlowComponentType::FLOW_LABEL { 2 } else { 0 };
        let length = match self.value {
            0..=0xff => 0,
            0x100..=0xffff => 1,
            0x1_0000..=0xffff_ffff => 2,
            _ => 3,
        };
        let length: u8 = if length < least { least } else { length };
        let end = if last { Self::END } else { 0 };
        out.push(self.bits & (Self::AND | 7) | length << 4 | end);
        let bytes = self.value.to_be_bytes();
        out.extend_from_slice(bytes.get(8 - (1 << length)..).unwrap_or_default());
    }
}

/// Signs of the numeric operators, by lt, gt and eq bits.
const NUMERIC: [&str; 8] = ["false", "=", ">", ">=", "<", "<=", "!=", "true"];

/// The operators of one component.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FlowOperators<'a>(&'a [u8]);

impl FlowOperators<'_> {
    /// All of them in order. The AND bit of the first one means nothing and is cleared.
    pub fn iter(&self) -> impl Iterator<Item = FlowOperator> + Clone + '_ {
        let mut cursor = Cursor::new(self.0);
        let mut first = true;
        core::iter::from_fn(move || {
            let (mut operator, _) = FlowOperator::decode(&mut cursor)?;
            if core::mem::take(&mut first) {
                operator.bits &= !FlowOperator::AND;
            }
            Some(operator)
        })
    }
}

impl fmt::Debug for FlowOperators<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> FlowSpec<'a> {
    /// Checks a value without the length field; `None` when it is malformed (RFC 8955 §4.2).
    pub fn new(ipv6: bool, value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let mut last = FlowComponentType(0);
        while !cursor.is_empty() {
            let kind = FlowComponent::decode(&mut cursor, ipv6)?.kind();
            // "Components MUST follow strict type ordering by increasing numerical order."
            if kind <= last {
                return None;
            }
            last = kind;
        }
        (!value.is_empty()).then_some(Self { ipv6, value })
    }

    /// Its components in order.
    pub fn components(self) -> impl Iterator<Item = FlowComponent<'a>> + Clone {
        let mut cursor = Cursor::new(self.value);
        core::iter::from_fn(move || FlowComponent::decode(&mut cursor, self.ipv6))
    }

    /// Whether it is about IPv6 packets.
    pub const fn is_ipv6(self) -> bool {
        self.ipv6
    }

    /// The components as bytes, without the length field.
    pub const fn bytes(self) -> &'a [u8] {
        self.value
    }

    /// Reads the length field; the value that it counts (RFC 8955 §4.1).
    pub(crate) fn take_value(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
        let length = match cursor.u8()? {
            high @ 0xf0.. => usize::from(high & 0xf) << 8 | usize::from(cursor.u8()?),
            length => usize::from(length),
        };
        cursor.take(length)
    }

    /// Appends the length field, the distinguisher if there is one, and the components.
    pub(crate) fn put(
        self,
        rd: Option<&RouteDistinguisher>,
        out: &mut BytesMut,
    ) -> Result<(), NotEncoded> {
        let length = self.value.len() + if rd.is_some() { 8 } else { 0 };
        match u16::try_from(length) {
            _ if self.value.is_empty() => return Err(NotEncoded::Impossible),
            Ok(length @ 0..240) => out.put_u8(length.to_be_bytes()[1]),
            Ok(length) if length <= MAX_LENGTH => out.put_u16(0xf000 | length),
            _ => return Err(NotEncoded::Impossible),
        }
        rd.iter().for_each(|rd| out.put_slice(&rd.0));
        out.put_slice(self.value);
        Ok(())
    }
}

impl<'a> FlowComponent<'a> {
    /// Its type.
    pub const fn kind(&self) -> FlowComponentType {
        match self {
            Self::Prefix { kind, .. } | Self::Operators { kind, .. } => *kind,
        }
    }

    fn decode(cursor: &mut Cursor<'a>, ipv6: bool) -> Option<Self> {
        let kind = FlowComponentType(cursor.u8()?);
        if !kind.is_known(ipv6) {
            return None;
        }
        if kind.is_prefix() {
            let length = cursor.u8()?;
            if !ipv6 {
                let prefix = take_net(cursor, false, length)?;
                return Some(Self::Prefix { kind, prefix, offset: 0 });
            }
            let (prefix, offset) = take_pattern(cursor, length)?;
            return Some(Self::Prefix { kind, prefix, offset });
        }
        let mut rest = *cursor;
        loop {
            if FlowOperator::decode(cursor)?.1 {
                break;
            }
        }
        let operators = FlowOperators(rest.take(rest.remaining() - cursor.remaining())?);
        Some(Self::Operators { kind, operators })
    }
}

/// Offset and pattern of an IPv6 prefix component (RFC 8956 §3.1).
fn take_pattern(cursor: &mut Cursor<'_>, length: u8) -> Option<(IpNet, u8)> {
    let offset = cursor.u8()?;
    // "If length = 0 and offset = 0, this component matches every address; otherwise, length MUST be in
    // the range offset < length < 129 or the component is malformed."
    if !(length == 0 && offset == 0 || offset < length && length <= 128) {
        return None;
    }
    let bits = length - offset;
    let pattern = u128::from_be_bytes(first_octets(cursor.take(octets(bits))?)) & mask_v6(bits)?;
    let address = Ipv6Addr::from(pattern.checked_shr(offset.into()).unwrap_or(0));
    Some((IpNet::V6(Ipv6Net::new(address, length).ok()?), offset))
}

impl fmt::Display for FlowSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.components().enumerate() {
            let separator = if position > 0 { "; " } else { "" };
            write!(f, "{separator}{component}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for FlowSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlowSpec({self})")
    }
}

/// `dst 192.0.2.0/24`, `port >= 137 && <= 139 || = 8080`, `tcp flags all 0x2`,
/// `src ::1234:5678:9a00:0/64-104`
impl fmt::Display for FlowComponent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { kind, prefix, offset: 0 } => write!(f, "{kind} {prefix}"),
            // The notation of RFC 8956 §3.1.
            Self::Prefix { kind, prefix, offset } => {
                write!(f, "{kind} {}/{offset}-{}", prefix.addr(), prefix.prefix_len())
            }
            Self::Operators { kind, operators } => {
                write!(f, "{kind}")?;
                for (position, operator) in operators.iter().enumerate() {
                    let joint = match (position, operator.is_and()) {
                        (0, _) => "",
                        (_, true) => " &&",
                        (_, false) => " ||",
                    };
                    f.write_str(joint)?;
                    fmt_operator(*kind, operator, f)?;
                }
                Ok(())
            }
        }
    }
}

fn fmt_operator(
    kind: FlowComponentType,
    operator: FlowOperator,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let FlowOperator { bits, value } = operator;
    if kind.is_bitmask() {
        let not = if bits & 2 != 0 { " not" } else { "" };
        let how = if bits & 1 != 0 { "all" } else { "any" };
        return write!(f, "{not} {how} {value:#x}");
    }
    let sign = NUMERIC.get(usize::from(bits & 7)).copied().unwrap_or_default();
    match bits & 7 {
        0 | 7 => write!(f, " {sign}"),
        _ => write!(f, " {sign} {value}"),
    }
}

/// Builds the components of a [`FlowSpec`]. They are put in order; the last one of a type counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlowSpecBuilder {
    ipv6: bool,
    value: Vec<u8>,
}

impl FlowSpecBuilder {
    /// About IPv4 packets
    pub const fn ipv4() -> Self {
        Self { ipv6: false, value: Vec::new() }
    }

    /// About IPv6 packets
    pub const fn ipv6() -> Self {
        Self { ipv6: true, value: Vec::new() }
    }

    /// What was built. One without components is no flow specification and cannot be sent.
    pub fn view(&self) -> FlowSpec<'_> {
        FlowSpec { ipv6: self.ipv6, value: &self.value }
    }

    /// Sets a destination or source prefix. One of the other family, or another type, is left out.
    pub fn prefix(&mut self, kind: FlowComponentType, prefix: IpNet) -> &mut Self {
        self.pattern(kind, prefix, 0)
    }

    /// Sets a prefix whose first `offset` bits do not count (RFC 8956 §3.1; only in IPv6, and less than
    /// its length).
    pub fn pattern(&mut self, kind: FlowComponentType, prefix: IpNet, offset: u8) -> &mut Self {
        let mut component = Vec::from([kind.0, prefix.prefix_len()]);
        match prefix {
            IpNet::V4(net) if !self.ipv6 && offset == 0 => {
                component.extend(net.network().octets());
                component.truncate(2 + octets(net.prefix_len()));
            }
            IpNet::V6(net) if self.ipv6 && (offset == 0 || offset < net.prefix_len()) => {
                component.push(offset);
                let pattern = u128::from(net.network()).checked_shl(offset.into()).unwrap_or(0);
                component.extend(pattern.to_be_bytes());
                component.truncate(3 + octets(net.prefix_len() - offset));
            }
            _ => return self,
        }
        if kind.is_prefix() { self.put(kind, &component) } else { self }
    }

    /// Sets a component with operators. An empty list, or a type without operators, is left out.
    pub fn operators(
        &mut self,
        kind: FlowComponentType,
        operators: impl IntoIterator<Item = FlowOperator>,
    ) -> &mut Self {
        let mut component = Vec::from([kind.0]);
        let mut operators = operators.into_iter().peekable();
        while let Some(mut operator) = operators.next() {
            if component.len() == 1 {
                operator.bits &= !FlowOperator::AND;
            }
            operator.encode(kind, operators.peek().is_none(), &mut component);
        }
        let fits = kind.is_known(self.ipv6) && !kind.is_prefix() && component.len() > 1;
        if fits { self.put(kind, &component) } else { self }
    }

    fn put(&mut self, kind: FlowComponentType, component: &[u8]) -> &mut Self {
        let (mut start, mut end) = (0, 0);
        let mut cursor = Cursor::new(&self.value);
        while let Some(old) = FlowComponent::decode(&mut cursor, self.ipv6) {
            if old.kind() < kind {
                start = cursor.offset();
            }
            if old.kind() <= kind {
                end = cursor.offset();
            }
        }
        self.value.splice(start..end, component.iter().copied());
        self
    }
}
