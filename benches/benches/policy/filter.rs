//! The filter of the bench: seven clauses, as an operator of DN42 writes them.

use std::fmt::Write;

/// 500 prefixes of mixed lengths, 172.20.0.0/14 and 10.0.0.0/8, with ranges of lengths.
pub(crate) fn prefixes(count: u32) -> impl Iterator<Item = (u32, u8)> {
    (0..count).map(|index| {
        let length = 20 + u8::try_from(index % 5).expect("small");
        let place = index.wrapping_mul(0x9e37_79b9) >> 8;
        let address = 0x0a00_0000 | (place & 0x00ff_ffff);
        (address & (u32::MAX << (32 - length)), length)
    })
}

/// A prefix set as text.
pub(crate) fn set(count: u32) -> String {
    let mut text = String::from("[\n");
    let mut first = true;
    for (address, length) in prefixes(count) {
        let between = if first { "" } else { ",\n" };
        first = false;
        let [a, b, c, d] = address.to_be_bytes();
        let most = length + 4;
        write!(text, "{between}  {a}.{b}.{c}.{d}/{length}{{{length},{most}}}").expect("memory");
    }
    text + "\n]"
}

/// Names of the filters in [`source`]: the seven clauses without what they change, and with it; and what goes without
/// saying, for the table load that they are compared with.
pub(crate) const UNCHANGED: &str = "unchanged";
pub(crate) const CHANGING: &str = "changing";
#[allow(dead_code, reason = "not every bench has a table to load")]
pub(crate) const ACCEPTED: &str = "accepted";
#[allow(dead_code, reason = "not every bench has a table to load")]
pub(crate) const ONE_CHANGED: &str = "one_changed";

/// The filters, as BIRD and we take them.
pub(crate) fn source() -> String {
    let reject = "if net !~ OWN then reject;
    if bgp_path ~ [= * 64666 * =] then reject;
    if (65535, 666) ~ bgp_community then reject;
    if (64511, 1000) ~ bgp_community then reject;
    if bgp_community ~ [(64511, 2000..2010), (64512, *)] then reject;";
    let own = set(500);
    format!(
        "define OWN = {own};
function pref(int hops)
{{
    int dn42_latency = 0;
    if (64511, 3) ~ bgp_community then dn42_latency = 3;
    if (64511, 5) ~ bgp_community then dn42_latency = 5;
    return 100 + 10 * dn42_latency - hops;
}}
filter {UNCHANGED}
{{
    {reject}
    if pref(bgp_path.len) > 1000 then reject;
    accept;
}}
filter {CHANGING}
{{
    {reject}
    bgp_local_pref = pref(bgp_path.len);
    bgp_community.add((64511, 24));
    bgp_community.add((64511, 1));
    bgp_community.delete((64511, 99));
    accept;
}}
filter {ACCEPTED} {{ accept; }}
filter {ONE_CHANGED} {{ bgp_local_pref = 101; accept; }}
"
    )
}
