//! Messages of real daemons, against what they were configured to say (see testdata/README.md).
//!
//! Each `testdata/DAEMON/SESSION.bin` is what that daemon sent in one session; `SESSION.txt` beside it says
//! what is in there. `CAUSEWAY_BLESS=1` writes the texts anew: read the difference before you keep it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bgp_wire::{
    AddPathDirection, AttributeCode, Capability, Context, Family, Message, Nlri, Update,
    UpdateWriter, split_frame,
};
use bytes::BytesMut;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(file)
}

/// The messages of a file.
fn messages(file: &str, context: &Context) -> Vec<Message> {
    let bytes = std::fs::read(path(file)).expect("a file of testdata");
    let mut buffer = BytesMut::from(&bytes[..]);
    let mut list = Vec::new();
    loop {
        let before = buffer.clone();
        let Some(frame) = split_frame(&mut buffer, context).expect("framing") else { break };
        let message = Message::decode(&frame, context).expect("a message");
        // Whatever came is written as it came, but an OPEN: FRR gives each capability a parameter of its own.
        let mut again = BytesMut::from(&message.to_bytes()[..]);
        if !matches!(message, Message::Open(_)) {
            assert!(before.starts_with(&again), "{file}: {message:?}");
        }
        let frame = split_frame(&mut again, context).expect("framing").expect("whole");
        assert_eq!(Message::decode(&frame, context).as_ref(), Ok(&message), "{file}");
        list.push(message);
    }
    assert!(buffer.is_empty(), "{file} ends within a message");
    list
}

fn describe_nlri(nlri: Nlri<'_>, out: &mut String) {
    let mut prefixes = nlri.prefixes();
    while let Some((id, net)) = prefixes.next_with_path_id() {
        let _ = write!(out, " {net}");
        let _ = id.map(|id| write!(out, "#{id}"));
    }
}

fn describe_update(update: &Update) -> String {
    let mut out = String::from("UPDATE\n");
    if let Some(family) = update.end_of_rib() {
        let _ = writeln!(out, "  end of {family}");
    }
    for unreach in update.unreach() {
        let _ = write!(out, "  withdraw {}", unreach.family);
        describe_nlri(unreach.nlri, &mut out);
        out.push('\n');
    }
    for reach in update.reach() {
        let _ = write!(out, "  announce {} via {}:", reach.family, reach.next_hop.expect("known"));
        describe_nlri(reach.nlri, &mut out);
        out.push('\n');
    }
    let mut bytes = Vec::new();
    let view = update.canonical_attributes(&mut bytes);
    for raw in view.iter() {
        let _ = write!(out, "  {:#04x} {} ", raw.flags, raw.code);
        let _ = match raw.code {
            AttributeCode::ORIGIN => write!(out, "{:?}", view.origin()),
            AttributeCode::AS_PATH => write!(out, "{}", view.as_path()),
            AttributeCode::MULTI_EXIT_DISC => write!(out, "{:?}", view.med()),
            AttributeCode::LOCAL_PREF => write!(out, "{:?}", view.local_pref()),
            AttributeCode::AGGREGATOR => write!(out, "{:?}", view.aggregator()),
            AttributeCode::COMMUNITIES => {
                write!(out, "{:?}", view.communities().collect::<Vec<_>>())
            }
            AttributeCode::EXTENDED_COMMUNITIES => {
                write!(out, "{:?}", view.extended_communities().collect::<Vec<_>>())
            }
            AttributeCode::LARGE_COMMUNITIES => {
                write!(out, "{:?}", view.large_communities().collect::<Vec<_>>())
            }
            AttributeCode::ORIGINATOR_ID => write!(out, "{:?}", view.originator_id()),
            AttributeCode::CLUSTER_LIST => {
                write!(out, "{:?}", view.cluster_list().collect::<Vec<_>>())
            }
            _ => write!(out, "{:?}", raw.value),
        };
        out.push('\n');
    }
    out
}

fn describe(message: &Message) -> String {
    match message {
        Message::Update(update) => describe_update(update),
        Message::Open(open) => {
            let mut out = format!(
                "OPEN AS {} ({}), hold time {}, {}\n",
                open.asn(),
                open.my_as,
                open.hold_time,
                open.bgp_identifier
            );
            for capability in &open.capabilities {
                let _ = writeln!(out, "  {capability:?}: {capability}");
            }
            out
        }
        Message::Notification(notification) => {
            format!("NOTIFICATION {notification}: {:?}\n", notification.data)
        }
        Message::RouteRefresh(refresh) => {
            format!("ROUTE-REFRESH {} {}\n", refresh.family, refresh.subtype)
        }
        other => format!("{}\n", other.kind()),
    }
}

/// Attributes and routes written anew and read again are the same.
fn rewrite(update: &Update, context: &Context) {
    let (mut bytes, mut again) = (Vec::new(), Vec::new());
    let view = update.canonical_attributes(&mut bytes);
    for reach in update.reach() {
        let mut out = BytesMut::new();
        let nets: Vec<_> = reach.nlri.prefixes().collect();
        let mut writer = UpdateWriter::new(&mut out, context);
        let written = writer.announce(
            view,
            reach.family,
            &reach.next_hop.expect("known"),
            nets.iter().copied(),
        );
        written.expect("room");
        let frame = split_frame(&mut out, context).expect("framing").expect("whole");
        let Ok(Message::Update(copy)) = Message::decode(&frame, context) else {
            panic!("{frame:?}")
        };
        assert_eq!(copy.canonical_attributes(&mut again), view);
        let copied = copy.reach().next().expect("routes");
        assert_eq!((copied.family, copied.next_hop), (reach.family, reach.next_hop));
        assert_eq!(copied.nlri.prefixes().collect::<Vec<_>>(), nets);
    }
}

fn check(session: &str, context: &Context) {
    for daemon in ["bird", "frr"] {
        let list = messages(&format!("{daemon}/{session}.bin"), context);
        let text: String = list.iter().map(describe).collect();
        let golden = path(&format!("{daemon}/{session}.txt"));
        if std::env::var_os("CAUSEWAY_BLESS").is_some() {
            std::fs::write(&golden, &text).expect("written");
        }
        assert_eq!(text, std::fs::read_to_string(golden).expect("a text"), "{daemon}/{session}");
        for message in &list {
            if let Message::Update(update) = message {
                rewrite(update, context);
            }
        }
    }
}

fn wide() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

fn add_path_context() -> Context {
    let add_path = [Family::IPV4_UNICAST].into_iter().collect();
    Context { four_octet_as: true, extended_message: true, add_path, ..Context::default() }
}

#[test]
fn both_families_over_one_session() {
    check("multiprotocol", &wide());
}

#[test]
fn two_octet_as_numbers() {
    check("two_octet_as", &Context::default());
}

#[test]
fn path_identifiers() {
    check("add_path", &add_path_context());
}

#[test]
fn an_internal_session() {
    check("client", &wide());
}

#[test]
fn reflected_routes() {
    check("reflected", &wide());
}

/// Through AS4_PATH the path is what it is without.
#[test]
fn the_path_of_a_two_octet_session_is_whole() {
    let rich = |file: &str, context: &Context| {
        let list = messages(file, context);
        let found = list.iter().find_map(|message| match message {
            Message::Update(update) => {
                let mut bytes = Vec::new();
                let view = update.canonical_attributes(&mut bytes);
                let path = view.as_path().to_string();
                Some(path).filter(|_| view.large_communities().len() == 1)
            }
            _ => None,
        });
        found.expect("the rich route")
    };
    assert_eq!(rich("bird/add_path.bin", &add_path_context()), "65001 64999 4200000077");
    assert_eq!(rich("bird/two_octet_as.bin", &Context::default()), "65003 64999 4200000077");
    assert_eq!(rich("frr/two_octet_as.bin", &Context::default()), "65099 64999 4200000077");
}

/// What both offered decides about the context the files are read with.
#[test]
fn opens_agree_with_the_contexts() {
    let add_path =
        |direction| Capability::AddPath([(Family::IPV4_UNICAST, direction)].into_iter().collect());
    for (session, context, wanted) in [
        ("multiprotocol", wide(), Capability::Multiprotocol(Family::IPV6_UNICAST)),
        ("add_path", add_path_context(), add_path(AddPathDirection::BOTH)),
        ("add_path", add_path_context(), Capability::ExtendedMessage),
        ("client", wide(), Capability::FourOctetAs(4_200_000_002)),
        ("reflected", wide(), Capability::FourOctetAs(4_200_000_002)),
    ] {
        for daemon in ["bird", "frr"] {
            let list = messages(&format!("{daemon}/{session}.bin"), &context);
            let Some(Message::Open(open)) = list.first() else { panic!("{list:?}") };
            assert!(open.capabilities.contains(&wanted), "{daemon}/{session}");
        }
    }
    let list = messages("bird/two_octet_as.bin", &Context::default());
    let Some(Message::Open(open)) = list.first() else { panic!("{list:?}") };
    assert_eq!((open.asn(), open.capabilities.four_octet_as()), (65003, None));
}
