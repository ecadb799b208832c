//! Text forms of extended communities.

use core::fmt;
use core::str::FromStr;

use super::administrator::Administrator;
use super::extended::ExtendedCommunity;
use super::kind::{ExtendedCommunityKind as Kind, MacAddress, OriginValidationState, TunnelType};
use super::parse::{ParseCommunityError, Result, Text, decimal};

/// What it means where nothing else in it is set, else `generic:0x…:0x…`.
impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.decode();
        // Reserved bits would be lost in the other forms.
        let canonical = if kind.encode() == *self { kind } else { Kind::Other(*self) };
        write!(f, "{canonical}")
    }
}

impl fmt::Debug for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The form of [`ExtendedCommunity`].
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = |on: bool, word: &'static str| if on { word } else { "" };
        match *self {
            Self::RouteTarget(of) => write!(f, "rt:{of}"),
            Self::RouteOrigin(of) => write!(f, "ro:{of}"),
            Self::OspfDomainId(of) => write!(f, "ospf-domain-id:{of}"),
            Self::OspfRouterId(id) => write!(f, "ospf-router-id:{id}"),
            Self::OspfRouteType { area, route_type, options } => {
                write!(f, "ospf-route-type:{area}:{route_type}:{options}")
            }
            Self::LinkBandwidth { transitive, asn, rate } => {
                write!(f, "{}link-bandwidth:{asn}:{rate}", option(transitive, "transitive-"))
            }
            Self::Color { color_only: 0, color } => write!(f, "color:{color}"),
            Self::Color { color_only, color } => write!(f, "color:{color_only}:{color}"),
            Self::Encapsulation(tunnel) => write!(f, "encapsulation:{tunnel}"),
            Self::DefaultGateway => f.write_str("default-gateway"),
            Self::TrafficRateBytes { asn, rate } => write!(f, "traffic-rate-bytes:{asn}:{rate}"),
            Self::TrafficRatePackets { asn, rate } => {
                write!(f, "traffic-rate-packets:{asn}:{rate}")
            }
            Self::TrafficAction { sample, terminal } => {
                write!(f, "traffic-action:{}", traffic_action(sample, terminal))
            }
            Self::RtRedirect(of) => write!(f, "rt-redirect:{of}"),
            Self::TrafficMarking { dscp } => write!(f, "traffic-marking:{dscp}"),
            Self::RedirectToIp { address, copy } => {
                write!(f, "redirect-to-ip:{address}{}", option(copy, ":copy"))
            }
            Self::RedirectToNextHop { copy } => {
                write!(f, "redirect-to-next-hop{}", option(copy, ":copy"))
            }
            Self::MacMobility { sticky, sequence } => {
                write!(f, "mac-mobility:{sequence}{}", option(sticky, ":sticky"))
            }
            Self::EsiLabel { single_active, label } => {
                write!(f, "esi-label:{label}{}", option(single_active, ":single-active"))
            }
            Self::EsImport(address) => write!(f, "es-import:{address}"),
            Self::RouterMac(address) => write!(f, "router-mac:{address}"),
            Self::DfElection { algorithm, capabilities } => {
                write!(f, "df-election:{algorithm}:{capabilities:#x}")
            }
            Self::OriginValidationState(state) => write!(f, "origin-validation-state:{state}"),
            Self::Other(ExtendedCommunity([a, b, c, d, e, g, h, i])) => {
                let high = u32::from_be_bytes([a, b, c, d]);
                write!(f, "generic:{high:#x}:{:#x}", u32::from_be_bytes([e, g, h, i]))
            }
        }
    }
}

impl fmt::Display for OriginValidationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::NotFound => "not-found",
            Self::Invalid => "invalid",
        })
    }
}

const fn traffic_action(sample: bool, terminal: bool) -> &'static str {
    match (sample, terminal) {
        (false, false) => "none",
        (true, false) => "sample",
        (false, true) => "terminal",
        (true, true) => "sample-terminal",
    }
}

impl FromStr for ExtendedCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self> {
        let mut text = Text::new(text);
        let find = |forms: &[(&str, Form)], name| {
            forms.iter().find(|(form, _)| *form == name).map(|(_, parse)| *parse)
        };
        let (parse, colon) = text.field("the kind of an extended community", |name| {
            let bare = find(&BARE_FORMS, name).map(|parse| (parse, false));
            bare.or_else(|| find(&FORMS, name).map(|parse| (parse, true)))
        })?;
        if colon {
            text.colon()?;
        }
        let kind = parse(&mut text)?;
        text.end()?;
        Ok(kind.into())
    }
}

type Form = fn(&mut Text<'_>) -> Result<Kind>;

/// Names behind which there need not be anything
const BARE_FORMS: [(&str, Form); 2] = [
    ("default-gateway", |_| Ok(Kind::DefaultGateway)),
    ("redirect-to-next-hop", |text| Ok(Kind::RedirectToNextHop { copy: text.accept(":copy") })),
];

/// What stands behind the colon of each other name
const FORMS: [(&str, Form); 22] = [
    ("rt", |text| Administrator::parse(text).map(Kind::RouteTarget)),
    ("ro", |text| Administrator::parse(text).map(Kind::RouteOrigin)),
    ("ospf-domain-id", |text| Administrator::parse(text).map(Kind::OspfDomainId)),
    ("ospf-router-id", |text| text.ipv4().map(Kind::OspfRouterId)),
    ("ospf-route-type", ospf_route_type),
    ("link-bandwidth", |text| link_bandwidth(text, false)),
    ("transitive-link-bandwidth", |text| link_bandwidth(text, true)),
    ("color", color),
    ("encapsulation", |text| {
        let expected = "a tunnel type: a number up to 65535 or a name";
        text.field(expected, tunnel_type).map(Kind::Encapsulation)
    }),
    ("traffic-rate-bytes", |text| {
        rate(text).map(|(asn, rate)| Kind::TrafficRateBytes { asn, rate })
    }),
    ("traffic-rate-packets", |text| {
        rate(text).map(|(asn, rate)| Kind::TrafficRatePackets { asn, rate })
    }),
    ("traffic-action", |text| {
        let all = [(false, false), (true, false), (false, true), (true, true)];
        let expected = "none, sample, terminal or sample-terminal";
        let (sample, terminal) = text.field(expected, |word| {
            all.into_iter().find(|(s, t)| traffic_action(*s, *t) == word)
        })?;
        Ok(Kind::TrafficAction { sample, terminal })
    }),
    ("rt-redirect", |text| Administrator::parse(text).map(Kind::RtRedirect)),
    ("traffic-marking", |text| {
        let dscp =
            text.field("a number up to 63", |field| decimal(field).filter(|dscp| *dscp <= 63))?;
        Ok(Kind::TrafficMarking { dscp })
    }),
    ("redirect-to-ip", |text| {
        Ok(Kind::RedirectToIp { address: text.ipv4()?, copy: text.accept(":copy") })
    }),
    ("mac-mobility", |text| {
        Ok(Kind::MacMobility { sequence: text.number()?, sticky: text.accept(":sticky") })
    }),
    ("esi-label", |text| {
        let label = text.field("a number up to 16777215", |field| {
            decimal(field).filter(|label| *label < 1 << 24)
        })?;
        Ok(Kind::EsiLabel { label, single_active: text.accept(":single-active") })
    }),
    ("es-import", |text| text.mac().map(|octets| Kind::EsImport(MacAddress(octets)))),
    ("router-mac", |text| text.mac().map(|octets| Kind::RouterMac(MacAddress(octets)))),
    ("df-election", df_election),
    ("origin-validation-state", |text| {
        let state = text.field("valid, not-found or invalid", |word| {
            Some(match word {
                "valid" => OriginValidationState::Valid,
                "not-found" => OriginValidationState::NotFound,
                "invalid" => OriginValidationState::Invalid,
                _ => return None,
            })
        })?;
        Ok(Kind::OriginValidationState(state))
    }),
    ("generic", generic),
];

fn ospf_route_type(text: &mut Text<'_>) -> Result<Kind> {
    let area = text.ipv4()?;
    text.colon()?;
    let route_type = text.number()?;
    text.colon()?;
    Ok(Kind::OspfRouteType { area, route_type, options: text.number()? })
}

fn link_bandwidth(text: &mut Text<'_>, transitive: bool) -> Result<Kind> {
    rate(text).map(|(asn, rate)| Kind::LinkBandwidth { transitive, asn, rate })
}

fn rate(text: &mut Text<'_>) -> Result<(u16, f32)> {
    let asn = text.number()?;
    text.colon()?;
    Ok((asn, text.rate()?))
}

fn color(text: &mut Text<'_>) -> Result<Kind> {
    let mut alone = *text;
    let color = alone.number()?;
    if !alone.accept(":") {
        *text = alone;
        return Ok(Kind::Color { color_only: 0, color });
    }
    let expected = "a number up to 3 before the color";
    let color_only = text.field(expected, |field| decimal(field).filter(|bits| *bits <= 3))?;
    text.colon()?;
    Ok(Kind::Color { color_only, color: text.number()? })
}

/// The names that are known are of small numbers.
fn tunnel_type(field: &str) -> Option<TunnelType> {
    let number = decimal(field).map(TunnelType);
    number.or_else(|| (0..=u8::MAX).map(|i| TunnelType(i.into())).find(|t| t.name() == Some(field)))
}

fn df_election(text: &mut Text<'_>) -> Result<Kind> {
    let algorithm =
        text.field("a number up to 31", |field| decimal(field).filter(|it| *it <= 31))?;
    text.colon()?;
    let start = *text;
    match u16::try_from(text.hexadecimal()?) {
        Ok(capabilities) => Ok(Kind::DfElection { algorithm, capabilities }),
        Err(_) => start.error("a hexadecimal number of 16 bits"),
    }
}

fn generic(text: &mut Text<'_>) -> Result<Kind> {
    let [a, b, c, d] = text.hexadecimal()?.to_be_bytes();
    text.colon()?;
    let [e, f, g, h] = text.hexadecimal()?.to_be_bytes();
    Ok(Kind::Other(ExtendedCommunity([a, b, c, d, e, f, g, h])))
}
