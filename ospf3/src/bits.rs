//! What all fields of bits have in common.

use core::fmt;

/// For a field `T(number)` with `T::NAMES`, a list of its bits with names: sets of bits, and how they print. Bits without a
/// name print as one number, no bit as `-`: `V6|E|R|0x8000`.
macro_rules! bits {
    ($field:ident) => {
        impl $field {
            /// Whether all bits of `other` are set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Without the bits of `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl core::ops::BitOr for $field {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::fmt::Display for $field {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let names = Self::NAMES.iter().map(|(bit, name)| (u32::from(bit.0), *name));
                $crate::bits::write(f, u32::from(self.0), names)
            }
        }

        impl core::fmt::Debug for $field {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($field), "({})"), self)
            }
        }
    };
}

pub(crate) use bits;

/// Names with `|` between, and what has none as one number.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    bits: u32,
    names: impl Iterator<Item = (u32, &'static str)>,
) -> fmt::Result {
    let mut rest = bits;
    let mut separator = "";
    for (bit, name) in names.filter(|(bit, _)| bits & bit != 0) {
        write!(f, "{separator}{name}")?;
        rest &= !bit;
        separator = "|";
    }
    match rest {
        0 if bits != 0 => Ok(()),
        0 => f.write_str("-"),
        rest => write!(f, "{separator}{rest:#x}"),
    }
}
