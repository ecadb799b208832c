//! LS types: what an LSA is, and how far it is flooded (RFC 5340 §A.4.2.1).

use core::fmt;

/// The LS type field: the U bit, the flooding scope and the function code (RFC 5340 §A.4.2.1).
///
/// It prints as the RFC's name, or as a hexadecimal number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LsType(
    /// The field.
    pub u16,
);

/// How far an LSA is flooded (RFC 5340 §A.4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// On the link where it was originated.
    Link,
    /// In the area where it was originated.
    Area,
    /// In the whole routing domain, but for stub areas and NSSAs.
    As,
    /// Not defined: such LSAs are discarded (RFC 5340 §4.5.1 (3)).
    Reserved,
}

impl LsType {
    /// Router-LSA (RFC 5340 §A.4.3).
    pub const ROUTER: Self = Self(0x2001);
    /// Network-LSA (RFC 5340 §A.4.4).
    pub const NETWORK: Self = Self(0x2002);
    /// Inter-area-prefix-LSA (RFC 5340 §A.4.5).
    pub const INTER_AREA_PREFIX: Self = Self(0x2003);
    /// Inter-area-router-LSA (RFC 5340 §A.4.6).
    pub const INTER_AREA_ROUTER: Self = Self(0x2004);
    /// AS-external-LSA (RFC 5340 §A.4.7).
    pub const AS_EXTERNAL: Self = Self(0x4005);
    /// NSSA-LSA (RFC 5340 §A.4.8).
    pub const NSSA: Self = Self(0x2007);
    /// Link-LSA (RFC 5340 §A.4.9).
    pub const LINK: Self = Self(0x0008);
    /// Intra-area-prefix-LSA (RFC 5340 §A.4.10).
    pub const INTRA_AREA_PREFIX: Self = Self(0x2009);
    /// Grace-LSA (RFC 5187 §2.1).
    pub const GRACE: Self = Self(0x000b);
    /// Router Information LSA of link scope (RFC 7770 §2.2).
    pub const ROUTER_INFORMATION_LINK: Self = Self(0x800c);
    /// Router Information LSA of area scope (RFC 7770 §2.2).
    pub const ROUTER_INFORMATION_AREA: Self = Self(0xa00c);
    /// Router Information LSA of AS scope (RFC 7770 §2.2).
    pub const ROUTER_INFORMATION_AS: Self = Self(0xc00c);
    /// E-Router-LSA (RFC 8362 §4.1).
    pub const E_ROUTER: Self = Self(0xa021);
    /// E-Network-LSA (RFC 8362 §4.2).
    pub const E_NETWORK: Self = Self(0xa022);
    /// E-Inter-Area-Prefix-LSA (RFC 8362 §4.3).
    pub const E_INTER_AREA_PREFIX: Self = Self(0xa023);
    /// E-Inter-Area-Router-LSA (RFC 8362 §4.4).
    pub const E_INTER_AREA_ROUTER: Self = Self(0xa024);
    /// E-AS-External-LSA (RFC 8362 §4.5).
    pub const E_AS_EXTERNAL: Self = Self(0xc025);
    /// E-NSSA-LSA (RFC 8362 §4.6).
    pub const E_NSSA: Self = Self(0xa027);
    /// E-Link-LSA (RFC 8362 §4.7).
    pub const E_LINK: Self = Self(0x8028);
    /// E-Intra-Area-Prefix-LSA (RFC 8362 §4.8).
    pub const E_INTRA_AREA_PREFIX: Self = Self(0xa029);

    /// The name in the RFC; `None` for a type that is not known.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::ROUTER => "Router-LSA",
            Self::NETWORK => "Network-LSA",
            Self::INTER_AREA_PREFIX => "Inter-Area-Prefix-LSA",
            Self::INTER_AREA_ROUTER => "Inter-Area-Router-LSA",
            Self::AS_EXTERNAL => "AS-External-LSA",
            Self::NSSA => "NSSA-LSA",
            Self::LINK => "Link-LSA",
            Self::INTRA_AREA_PREFIX => "Intra-Area-Prefix-LSA",
            Self::GRACE => "Grace-LSA",
            Self::ROUTER_INFORMATION_LINK
            | Self::ROUTER_INFORMATION_AREA
            | Self::ROUTER_INFORMATION_AS => "Router-Information-LSA",
            Self::E_ROUTER => "E-Router-LSA",
            Self::E_NETWORK => "E-Network-LSA",
            Self::E_INTER_AREA_PREFIX => "E-Inter-Area-Prefix-LSA",
            Self::E_INTER_AREA_ROUTER => "E-Inter-Area-Router-LSA",
            Self::E_AS_EXTERNAL => "E-AS-External-LSA",
            Self::E_NSSA => "E-NSSA-LSA",
            Self::E_LINK => "E-Link-LSA",
            Self::E_INTRA_AREA_PREFIX => "E-Intra-Area-Prefix-LSA",
            _ => return None,
        })
    }

    /// What the S2 and S1 bits say.
    pub const fn scope(self) -> Scope {
        match (self.0 >> 13) & 3 {
            0 => Scope::Link,
            1 => Scope::Area,
            2 => Scope::As,
            _ => Scope::Reserved,
        }
    }

    /// How far an LSA of this type goes: one that is not known, and whose U bit is clear, stays on its link
    /// (RFC 5340 §4.5.1 (2)).
    pub const fn flooding_scope(self) -> Scope {
        match self.scope() {
            Scope::Area | Scope::As if !self.is_known() && !self.is_kept_if_unknown() => {
                Scope::Link
            }
            scope => scope,
        }
    }

    /// The U bit: whether a router that does not know the type stores and floods it as if it did.
    pub const fn is_kept_if_unknown(self) -> bool {
        self.0 & 0x8000 != 0
    }

    /// Whether the type has a body here.
    pub const fn is_known(self) -> bool {
        self.name().is_some()
    }

    /// Whether it is one of the extended LSAs (RFC 8362 §4).
    pub const fn is_extended(self) -> bool {
        matches!(
            self,
            Self::E_ROUTER
                | Self::E_NETWORK
                | Self::E_INTER_AREA_PREFIX
                | Self::E_INTER_AREA_ROUTER
                | Self::E_AS_EXTERNAL
                | Self::E_NSSA
                | Self::E_LINK
                | Self::E_INTRA_AREA_PREFIX
        )
    }

    /// Without the U bit and the scope: what the function is.
    pub const fn function_code(self) -> u16 {
        self.0 & 0x1fff
    }
}

impl fmt::Display for LsType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

impl fmt::Debug for LsType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LsType({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    /// RFC 5340 §A.4.2.1, RFC 5187 §2.1, RFC 7770 §2.2, RFC 8362 §4: name, U bit, scope, function code.
    const TABLE: [(LsType, bool, Scope, u16); 20] = [
        (LsType::ROUTER, false, Scope::Area, 1),
        (LsType::NETWORK, false, Scope::Area, 2),
        (LsType::INTER_AREA_PREFIX, false, Scope::Area, 3),
        (LsType::INTER_AREA_ROUTER, false, Scope::Area, 4),
        (LsType::AS_EXTERNAL, false, Scope::As, 5),
        (LsType::NSSA, false, Scope::Area, 7),
        (LsType::LINK, false, Scope::Link, 8),
        (LsType::INTRA_AREA_PREFIX, false, Scope::Area, 9),
        (LsType::GRACE, false, Scope::Link, 11),
        (LsType::ROUTER_INFORMATION_LINK, true, Scope::Link, 12),
        (LsType::ROUTER_INFORMATION_AREA, true, Scope::Area, 12),
        (LsType::ROUTER_INFORMATION_AS, true, Scope::As, 12),
        (LsType::E_ROUTER, true, Scope::Area, 0x21),
        (LsType::E_NETWORK, true, Scope::Area, 0x22),
        (LsType::E_INTER_AREA_PREFIX, true, Scope::Area, 0x23),
        (LsType::E_INTER_AREA_ROUTER, true, Scope::Area, 0x24),
        (LsType::E_AS_EXTERNAL, true, Scope::As, 0x25),
        (LsType::E_NSSA, true, Scope::Area, 0x27),
        (LsType::E_LINK, true, Scope::Link, 0x28),
        (LsType::E_INTRA_AREA_PREFIX, true, Scope::Area, 0x29),
    ];

    #[test]
    fn known_types() {
        for (ls_type, kept, scope, function) in TABLE {
            assert!(ls_type.is_known());
            assert_eq!(ls_type.is_kept_if_unknown(), kept, "{ls_type}");
            assert_eq!(ls_type.scope(), scope, "{ls_type}");
            assert_eq!(ls_type.flooding_scope(), scope, "{ls_type}");
            assert_eq!(ls_type.function_code(), function, "{ls_type}");
            assert_eq!(ls_type.is_extended(), function >= 0x21, "{ls_type}");
            assert_eq!(ls_type.to_string(), ls_type.name().expect("known"));
        }
        let known = (0..=u16::MAX).filter(|number| LsType(*number).is_known()).count();
        assert_eq!(known, TABLE.len());
        assert_eq!(format!("{:?}", LsType::ROUTER), "LsType(Router-LSA)");
    }

    /// RFC 5340 §4.5.1 (2), (3)
    #[test]
    fn unknown_types_go_as_far_as_their_bits_say() {
        let scopes = [
            (0x0fff, Scope::Link),
            (0x2fff, Scope::Link),
            (0x4fff, Scope::Link),
            (0x6fff, Scope::Reserved),
            (0x8fff, Scope::Link),
            (0xafff, Scope::Area),
            (0xcfff, Scope::As),
            (0xefff, Scope::Reserved),
        ];
        for (number, scope) in scopes {
            assert_eq!(LsType(number).flooding_scope(), scope, "{number:#x}");
        }
        assert_eq!(LsType(0xafff).to_string(), "0xafff");
    }
}
