#![allow(clippy::indexing_slicing)]

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::message::Message;

const SHUTDOWN: u8 = subcode::cease::ADMINISTRATIVE_SHUTDOWN;
const RESET: u8 = subcode::cease::ADMINISTRATIVE_RESET;

fn cease(subcode: u8, data: &[u8]) -> Notification {
    Notification::with_data(NotificationCode::CEASE, subcode, Bytes::copy_from_slice(data))
}

#[test]
fn it_comes_back() {
    let data = Bytes::from_static(b"\x0bmaintenance");
    let notification = Notification::with_data(NotificationCode::CEASE, 2, data);
    let bytes = Message::Notification(notification.clone()).to_bytes();
    assert_eq!(bytes.get(16..21), Some(&[0, 33, 3, 6, 2][..]));
    assert_eq!(Notification::decode(&bytes.slice(19..)), Ok(notification));
}

/// Not more than 4,096 octets to those who did not ask for more.
#[test]
fn rfc8654_5_data_that_is_too_long_is_cut() {
    let data = Bytes::from(vec![7; 60_000]);
    let long = Notification::with_data(NotificationCode::UPDATE_MESSAGE, 4, data);
    assert_eq!(Message::Notification(long.clone()).to_bytes().len(), 4096);
    let hard = Notification::hard_reset(&long);
    assert_eq!(hard.data.len(), 4096 - 21);
    let bytes = Message::Notification(hard).to_bytes();
    assert_eq!((bytes.len(), &bytes[19..24]), (4096, &[6, 9, 3, 4, 7][..]));
}

/// Codes that are not known are no error.
#[test]
fn rfc4271_6_4_what_is_not_known_prints_as_numbers() {
    let texts = [
        (6, 2, "Administrative Shutdown"),
        (4, 0, "Hold Timer Expired"),
        (7, 1, "Invalid ROUTE-REFRESH length"),
        (8, 0, "Send Hold Timer Expired"),
        (2, 11, "Role Mismatch"),
        (6, 10, "BFD Down"),
        (2, 8, "OPEN Message Error subcode 8"),
        (6, 99, "Cease subcode 99"),
        (99, 0, "99"),
        (99, 1, "99 subcode 1"),
    ];
    for (code, subcode, text) in texts {
        let body = Bytes::copy_from_slice(&[code, subcode]);
        let decoded = Notification::decode(&body).map(|notification| notification.to_string());
        assert_eq!(decoded.as_deref(), Ok(text));
    }
}

/// Every subcode that has a constant has a name, but the unspecific ones.
#[test]
fn every_subcode_has_a_name() {
    let known = [
        (1, 1..=3),
        (2, 1..=4),
        (2, 6..=7),
        (2, 11..=11),
        (3, 1..=6),
        (3, 8..=11),
        (5, 1..=3),
        (6, 1..=10),
        (7, 1..=1),
    ];
    for code in 0..=255 {
        for subcode in 0..=255 {
            let expected = known.iter().any(|(of, list)| *of == code && list.contains(&subcode));
            let notification = Notification::new(NotificationCode(code), subcode);
            assert_eq!(notification.subcode_name().is_some(), expected, "{code}/{subcode}");
        }
    }
}

#[test]
fn rfc9003_2_shutdown_communication() {
    for (subcode, name) in [(SHUTDOWN, "Administrative Shutdown"), (RESET, "Administrative reset")]
    {
        let text = "[TICKET-1] Wartung für 2 Stunden";
        let notification = Notification::shutdown(subcode, text);
        assert_eq!(usize::from(notification.data[0]), text.len());
        assert_eq!(&notification.data[1..], text.as_bytes());
        assert_eq!(notification.shutdown_communication().as_deref(), Some(text));
        assert_eq!(notification.to_string(), alloc::format!("{name}: {text:?}"));
    }
}

/// Only with these two subcodes, and of Cease only
#[test]
fn rfc9003_2_subcodes() {
    for subcode in (0..=255).filter(|subcode| ![SHUTDOWN, RESET].contains(subcode)) {
        assert_eq!(Notification::shutdown(subcode, "text").data, Bytes::new());
        assert_eq!(cease(subcode, b"\x04text").shutdown_communication(), None);
    }
    let other = Notification { code: NotificationCode(3), ..cease(SHUTDOWN, b"\x04text") };
    assert_eq!(other.shutdown_communication(), None);
}

/// "When the length value is zero, no Shutdown Communication field follows."
#[test]
fn rfc9003_2_length() {
    for data in [&b""[..], b"\0", b"\0text", b"\x05text", b"\xff"] {
        let notification = cease(SHUTDOWN, data);
        assert_eq!(notification.shutdown_communication(), None, "{data:?}");
        assert_eq!(notification.to_string(), "Administrative Shutdown");
    }
    assert_eq!(cease(SHUTDOWN, b"\x02text").shutdown_communication().as_deref(), Some("te"));
    assert_eq!(Notification::shutdown(SHUTDOWN, ""), cease(SHUTDOWN, b""));
}

/// It fits, and ends with a whole character.
#[test]
fn rfc9003_2_a_long_text_is_cut_between_characters() {
    for (text, expected) in [
        ("x".repeat(255), "x".repeat(255)),
        ("x".repeat(256), "x".repeat(255)),
        ("ä".repeat(128), "ä".repeat(127)),
        ("x".repeat(254) + "€", "x".repeat(254)),
    ] {
        let notification = Notification::shutdown(RESET, &text);
        assert_eq!(notification.shutdown_communication().as_deref(), Some(&*expected));
    }
}

/// "MUST NOT interpret invalid UTF-8 sequences"
#[test]
fn rfc9003_4_invalid_utf8() {
    let notification = cease(SHUTDOWN, b"\x04a\xc3(\x07");
    assert_eq!(notification.shutdown_communication().as_deref(), Some("a\u{fffd}(\u{7}"));
    assert_eq!(notification.to_string(), "Administrative Shutdown: \"a\u{fffd}(\\u{7}\"");
    // An overlong slash: not the shortest form
    let notification = cease(SHUTDOWN, b"\x02\xc0\xaf");
    assert_eq!(notification.shutdown_communication().as_deref(), Some("\u{fffd}\u{fffd}"));
}

/// Nothing of it ends a line of a log, or the quotes.
#[test]
fn a_text_cannot_pretend_to_be_more() {
    let text = Notification::shutdown(SHUTDOWN, "a\"\nb\x1b[2J").to_string();
    assert_eq!(text, r#"Administrative Shutdown: "a\"\nb\u{1b}[2J""#);
}

#[test]
fn rfc4486_4_maximum_number_of_prefixes() {
    let notification = Notification::maximum_prefixes(Family::IPV4_UNICAST, 66_000);
    assert_eq!(notification, cease(1, &[0, 1, 1, 0, 1, 1, 0xd0]));
    assert_eq!(notification.prefix_limit(), Some((Family::IPV4_UNICAST, 66_000)));
    // The data is optional, and may be anything.
    for data in [&[][..], &[0, 1, 1, 0, 1, 1], &[0, 1, 1, 0, 0, 0, 9, 9]] {
        assert_eq!(cease(1, data).prefix_limit(), None);
        assert_eq!(cease(1, data).to_string(), "Maximum number of prefixes reached");
    }
    assert_eq!(cease(2, &[0, 1, 1, 0, 0, 0, 9]).prefix_limit(), None);
}

/// "encapsulates another NOTIFICATION message in its data portion"
#[test]
fn rfc8538_3_1_hard_reset() {
    let inner = Notification::new(NotificationCode::HOLD_TIMER_EXPIRED, 0);
    let hard = Notification::hard_reset(&inner);
    assert_eq!(hard, cease(9, &[4, 0]));
    assert_eq!(hard.hard_reset_inner(), Some(inner));
    assert_eq!(hard.to_string(), "Hard Reset: Hold Timer Expired");
    for data in [&[][..], &[6]] {
        assert_eq!(cease(9, data).hard_reset_inner(), None);
        assert_eq!(cease(9, data).to_string(), "Hard Reset");
    }
    assert_eq!(cease(8, &[4, 0]).hard_reset_inner(), None);
}

/// One within the other makes no long text, and no deep recursion.
#[test]
fn rfc8538_3_1_a_hard_reset_within_a_hard_reset() {
    let data: Vec<u8> = [6, 9].into_iter().cycle().take(4074).collect();
    assert_eq!(cease(9, &data).to_string(), "Hard Reset: Hard Reset");
}

proptest! {
    #[test]
    fn a_communication_comes_back(text: String, reset: bool) {
        let notification = Notification::shutdown(if reset { RESET } else { SHUTDOWN }, &text);
        let read = notification.shutdown_communication().unwrap_or_default();
        prop_assert!(text.starts_with(&*read) && text.len().min(252) <= read.len());
        let bytes = Message::Notification(notification.clone()).to_bytes();
        prop_assert_eq!(Notification::decode(&bytes.slice(19..)), Ok(notification));
    }

    #[test]
    fn a_reason_comes_back(code: u8, subcode: u8, data in prop::collection::vec(any::<u8>(), 0..100)) {
        let inner = Notification::with_data(NotificationCode(code), subcode, data.into());
        prop_assert_eq!(Notification::hard_reset(&inner).hard_reset_inner(), Some(inner));
    }

    #[test]
    fn a_limit_comes_back(afi: u16, safi: u8, limit: u32) {
        let family = Family { afi: Afi(afi), safi: Safi(safi) };
        prop_assert_eq!(Notification::maximum_prefixes(family, limit).prefix_limit(), Some((family, limit)));
    }

    #[test]
    fn never_panics(code in 0u8..9, subcode in 0u8..12, data in prop::collection::vec(any::<u8>(), 0..40)) {
        let notification = Notification::with_data(NotificationCode(code), subcode, data.into());
        let text = notification.to_string();
        prop_assert!(!text.contains('\n'));
        let _ = (notification.prefix_limit(), notification.hard_reset_inner());
    }
}
