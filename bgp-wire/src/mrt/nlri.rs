//! One NLRI in front of other fields.

use crate::fields::Fields;
use crate::iana::{Family, Safi};
use crate::mrt::error::MrtError;
use crate::nlri::prefix::octets;

/// Passes over the NLRI of `family`; `false` when nothing says how long it is.
#[inline]
pub(super) fn skip(fields: &mut Fields<'_>, family: Family) -> Result<bool, MrtError> {
    let offset = fields.offset();
    if let Some(most) = family.prefix_bits() {
        let length = fields.u8("prefix length")?;
        if length > most {
            return Err(MrtError::PrefixLength { length, offset });
        }
        fields.take(octets(length), "NLRI")?;
        return Ok(true);
    }
    let octets = match family.safi {
        // Labels, route distinguishers and route targets all count in the length (RFC 8277 §2.2,
        // RFC 4364 §4.3.4, RFC 6514 §5, RFC 4684 §4).
        Safi(4 | 128 | 129 | 132) => usize::from(fields.u8("NLRI length")?.div_ceil(8)),
        // RFC 7432 §7: the length follows the route type. RFC 6514 §4: so does that of MCAST-VPN.
        Safi(5 | 70) => {
            fields.u8("route type")?;
            usize::from(fields.u8("NLRI length")?)
        }
        // RFC 8955 §4.1
        Safi(133 | 134) => match fields.u8("NLRI length")? {
            high @ 0xf0.. => usize::from(high & 0xf) << 8 | usize::from(fields.u8("NLRI length")?),
            length => usize::from(length),
        },
        _ => return Ok(false),
    };
    fields.take(octets, "NLRI")?;
    Ok(true)
}
