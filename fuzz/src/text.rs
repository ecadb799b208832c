//! Text forms of bgp-wire.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use bgp_wire::{
    Capabilities, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity,
    Notification, NotificationCode, ParseCommunityError,
};
use bytes::Bytes;

/// A text that may be a community, and the octets of one.
///
/// What is printed is read as the same value; where it goes wrong is a place in the text. Meanings stay when they
/// are written again. A text that a neighbour has sent stays on one line.
pub fn text_forms(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    read::<Community>(&text);
    read::<LargeCommunity>(&text);
    read::<ExtendedCommunity>(&text);
    read::<Ipv6ExtendedCommunity>(&text);
    if let Some(octets) = data.first_chunk() {
        let community = Community(u32::from_be_bytes(*octets));
        comes_back(community);
        assert_eq!(format!("{community:#}").parse(), Ok(community));
    }
    if let Some(octets) = data.first_chunk() {
        let community = ExtendedCommunity(*octets);
        comes_back(community);
        let kind = community.decode();
        assert_eq!(ExtendedCommunity::from(kind).decode(), kind);
    }
    if let Some(octets) = data.first_chunk() {
        comes_back(Ipv6ExtendedCommunity(*octets));
    }
    from_neighbours(data);
}

fn read<T>(text: &str)
where
    T: Debug + Display + PartialEq + FromStr<Err = ParseCommunityError>,
{
    match text.parse::<T>() {
        Ok(value) => comes_back(value),
        Err(error) => assert!(text.get(error.offset..).is_some(), "{error}"),
    }
}

fn comes_back<T>(value: T)
where
    T: Debug + Display + PartialEq + FromStr<Err = ParseCommunityError>,
{
    assert_eq!(value.to_string().parse(), Ok(value));
}

fn from_neighbours(data: &[u8]) {
    let [code, subcode, rest @ ..] = data else { return };
    let rest = Bytes::copy_from_slice(rest);
    let notification = Notification::with_data(NotificationCode(*code), *subcode, rest.clone());
    one_line(&notification);
    if let Some(text) = notification.shutdown_communication() {
        let again = Notification::shutdown(*subcode, &text);
        let read = again.shutdown_communication().expect("a text");
        assert!(text.starts_with(&*read));
    }
    if let Some(capabilities) = capabilities(data) {
        one_line(&capabilities);
    }
}

/// As an OPEN has them
fn capabilities(data: &[u8]) -> Option<Capabilities> {
    let mut open = vec![0xff; 16];
    let length = u8::try_from(data.len()).ok().filter(|length| *length <= 253)?;
    open.extend([0, 0, 1, 4, 0, 1, 0, 90, 1, 1, 1, 1, length + 2, 2, length]);
    open.extend_from_slice(data);
    let total = u16::try_from(open.len()).ok()?.to_be_bytes();
    open.get_mut(16..18)?.copy_from_slice(&total);
    let context = bgp_wire::Context::default();
    let mut buffer = bytes::BytesMut::from(&open[..]);
    let frame = bgp_wire::split_frame(&mut buffer, &context).ok().flatten()?;
    match bgp_wire::Message::decode(&frame, &context) {
        Ok(bgp_wire::Message::Open(open)) => Some(open.capabilities),
        _ => None,
    }
}

fn one_line(value: &impl Display) {
    let text = value.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
}
