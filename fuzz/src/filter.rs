//! Target of policy.

use bgp_wire::{AsPathBuilder, Community, Origin, PathAttributes, SegmentKind};
use policy::{NoHost, Vm};
use rib::{Route, RouteSource};

/// Source text of the filter language. What compiles is run for a few routes.
///
/// Errors can be shown; the same text gives the same program and the same verdicts.
pub fn policy_source(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let program = match policy::compile("fuzz", &text) {
        Ok(program) => program,
        Err(errors) => return drop(errors.to_string()),
    };
    let again = policy::compile("fuzz", &text).expect("it compiled before");
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [65001, 4_200_000_000]).segment(SegmentKind::Set, [7, 8]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path).med(50).communities([Community::new(65001, 1)]);
    let (mut vm, mut used) = (Vm::default(), Vm::default());
    for name in names(&text) {
        let Some(filter) = program.filter(name) else { continue };
        let same = again.filter(name).expect("the same filters");
        for net in ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::/0"] {
            let route = Route {
                net: net.parse().expect("a prefix"),
                source: RouteSource::Bgp,
                protocol: "fuzz",
                from: None,
                preference: 100,
                attributes: attributes.view(),
            };
            let verdict = program.run(&mut vm, filter, &route, &NoHost);
            assert_eq!(verdict, again.run(&mut used, same, &route, &NoHost));
        }
    }
}

/// What stands behind each `filter`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let separators = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split("filter").skip(1).filter_map(move |rest| {
        rest.trim_start().split(separators).next().filter(|name| !name.is_empty())
    })
}
