//! Path attributes of a thousand routes each way, one by one: BIRD `a`, the router, BIRD `b`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use testbed::Lab;
use testbed::bird::{Bird, Route, SOON, header};

use crate::ours::{start_bird, start_router};
use crate::random::Random;

const ROUTES: u32 = 1000;

const A: u32 = 65001;
const ROUTER: u32 = 65000;
const B: u32 = 4_200_000_002;

/// A route as it is made up. The attributes stand as BIRD writes them, in files and in answers.
struct Made {
    net: String,
    origin: &'static str,
    path: Vec<u32>,
    med: Option<u32>,
    communities: BTreeSet<String>,
    extended: BTreeSet<String>,
    large: BTreeSet<String>,
}

impl Made {
    fn new(random: &mut Random, net: String) -> Self {
        const ORIGINS: [&str; 3] = ["IGP", "EGP", "Incomplete"];
        let half = |random: &mut Random| random.range(0, 65536);
        let whole = |random: &mut Random| random.range(0, u32::MAX);
        Self {
            net,
            origin: ORIGINS[random.range(0, 3) as usize],
            // Far from the routers' own AS numbers, which would be loops.
            path: random.several(0, 12, |random| {
                if random.one_in(3) {
                    random.range(131_072, 4_199_999_999)
                } else {
                    random.range(1, 64_000)
                }
            }),
            med: if random.one_in(2) { Some(whole(random)) } else { None },
            // Below 65535: the well-known ones would keep the route at home.
            communities: random
                .several(0, 20, |random| format!("({},{})", random.range(1, 65_000), half(random)))
                .into_iter()
                .collect(),
            extended: random.several(0, 8, extended_community).into_iter().collect(),
            large: random
                .several(0, 10, |random| {
                    format!("({}, {}, {})", whole(random), whole(random), whole(random))
                })
                .into_iter()
                .collect(),
        }
    }

    /// As a `route` of `protocol static`.
    fn statement(&self) -> String {
        let mut text = format!("route {} blackhole {{ ", self.net);
        let origin = self.origin.to_uppercase();
        let _ = write!(text, "bgp_origin = ORIGIN_{origin}; ");
        // Each goes in front of the others.
        for asn in self.path.iter().rev() {
            let _ = write!(text, "bgp_path.prepend({asn}); ");
        }
        if let Some(med) = self.med {
            let _ = write!(text, "bgp_med = {med}; ");
        }
        let lists = [("", &self.communities), ("ext_", &self.extended), ("large_", &self.large)];
        for (kind, values) in lists {
            for value in values {
                let _ = write!(text, "bgp_{kind}community.add({value}); ");
            }
        }
        text + "};\n"
    }

    /// What a neighbour has to show that got it over the ASes of `before`.
    fn shown(&self, before: &[u32], med: Option<u32>, next_hop: &str) -> BTreeMap<String, String> {
        let path: Vec<String> = before.iter().chain(&self.path).map(u32::to_string).collect();
        let joined =
            |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(" ");
        let all = [
            ("origin", self.origin.to_owned()),
            ("as_path", path.join(" ")),
            ("next_hop", next_hop.to_owned()),
            ("med", med.map(|med| med.to_string()).unwrap_or_default()),
            ("local_pref", "100".to_owned()),
            ("community", joined(&self.communities)),
            ("ext_community", joined(&self.extended)),
            ("large_community", joined(&self.large)),
        ];
        let present = all.into_iter().filter(|(_, value)| !value.is_empty());
        present.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// All transitive: the others end at the border of the AS.
fn extended_community(random: &mut Random) -> String {
    let kind = if random.one_in(2) { "rt" } else { "ro" };
    let half = random.range(0, 65536);
    match random.range(0, 3) {
        0 => format!("({kind}, {}, {})", random.range(1, 65536), random.range(0, u32::MAX)),
        1 => format!("({kind}, {}, {half})", random.range(65536, u32::MAX)),
        _ => {
            let host = random.range(1, 255);
            format!("({kind}, 192.0.{}.{host}, {half})", random.range(1, 255))
        }
    }
}

/// What a router shows, with the values of each list in order: their order on the wire is free.
fn as_shown(route: &Route) -> BTreeMap<String, String> {
    let sorted = |name: &str, value: &String| {
        if !name.ends_with("community") {
            return value.clone();
        }
        let values: BTreeSet<&str> = value.split_inclusive(')').map(str::trim).collect();
        values.into_iter().collect::<Vec<_>>().join(" ")
    };
    let attributes = route.attributes.iter();
    attributes.map(|(name, value)| (name.clone(), sorted(name, value))).collect()
}

/// A BIRD that announces `made`, and takes what the router says.
fn announcer(address: &str, asn: u32, router: &str, made: &[Made]) -> String {
    let routes: String = made.iter().map(Made::statement).collect();
    header(address)
        + &format!(
            "protocol static made {{ ipv4; {routes} }}
             # BIRD tells another AS a MED only where the export filter has set it.
             filter with_med {{ if defined(bgp_med) then bgp_med = bgp_med; accept; }}
             protocol bgp r {{
                 local {address} as {asn};
                 neighbor {router} as {ROUTER};
                 {SOON}
                 ipv4 {{ import all; export filter with_med; }};
             }}"
        )
}

/// Compares the routes that `bird` has from `protocol` with those made up, attribute by attribute.
#[track_caller]
fn assert_same(bird: &Bird, protocol: &str, made: &[Made], before: &[u32], hop: &str, med: bool) {
    let routes = bird.routes(&format!("protocol {protocol}"));
    let by_net: BTreeMap<&str, &Route> =
        routes.iter().map(|route| (route.net.as_str(), route)).collect();
    assert_eq!(routes.len(), by_net.len(), "{} has networks twice", bird.name());
    let (mut differences, mut wrong) = (String::new(), 0);
    for made in made {
        let expected = made.shown(before, made.med.filter(|_| med), hop);
        let shown = by_net.get(made.net.as_str()).map(|route| as_shown(route));
        let shown = shown.unwrap_or_default();
        let names: BTreeSet<&String> = expected.keys().chain(shown.keys()).collect();
        for name in names.into_iter().filter(|name| expected.get(*name) != shown.get(*name)) {
            wrong += 1;
            if wrong <= 10 {
                let (expected, shown) = (expected.get(name), shown.get(name));
                let _ = writeln!(
                    differences,
                    "{} {name}:\n  expected {expected:?}\n  shown    {shown:?}",
                    made.net
                );
            }
        }
    }
    assert_eq!(
        wrong,
        0,
        "attributes differ on {} from {protocol}; the first:\n{differences}",
        bird.name()
    );
    assert_eq!(routes.len(), made.len(), "{} has more than was made", bird.name());
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_thousand_routes_each_way_keep_their_attributes_through_the_router() {
    let mut random = Random::from_environment();
    let mut made = |first: u32| -> Vec<Made> {
        let net = |index: u32| format!("{first}.{}.{}.0/24", index / 256, index % 256);
        (0..ROUTES).map(|index| Made::new(&mut random, net(index))).collect()
    };
    let (from_a, from_b) = (made(101), made(102));

    let lab = Lab::new();
    let (a, r, b) = (lab.node("a"), lab.node("r"), lab.node("b"));
    lab.link(&a, &r);
    lab.link(&r, &b);
    a.addresses(&r, &["10.0.1.2/24"]);
    r.addresses(&a, &["10.0.1.1/24"]);
    r.addresses(&b, &["10.0.2.1/24"]);
    b.addresses(&r, &["10.0.2.2/24"]);
    let router = start_router(
        &lab,
        &r,
        &(header("10.0.0.1")
            + &format!(
                "template bgp peers {{
                     local as {ROUTER};
                     {SOON}
                     ipv4 {{ import all; export all; }};
                 }}
                 protocol bgp a from peers {{ neighbor 10.0.1.2 as {A}; }}
                 protocol bgp b from peers {{ neighbor 10.0.2.2 as {B}; }}"
            )),
    );
    let a = start_bird(&lab, &a, &announcer("10.0.1.2", A, "10.0.1.1", &from_a));
    let b = start_bird(&lab, &b, &announcer("10.0.2.2", B, "10.0.2.1", &from_b));

    router.wait_count("protocol a", from_a.len());
    router.wait_count("protocol b", from_b.len());
    assert_same(&router, "a", &from_a, &[A], "10.0.1.2", true);
    assert_same(&router, "b", &from_b, &[B], "10.0.2.2", true);

    // On the far side the router's AS stands in front, it is the next hop, and the MED, which was
    // meant for the router, is gone (RFC 4271 §5.1.4).
    a.wait_count("protocol r", from_b.len());
    b.wait_count("protocol r", from_a.len());
    assert_same(&b, "r", &from_a, &[ROUTER, A], "10.0.2.1", false);
    assert_same(&a, "r", &from_b, &[ROUTER, B], "10.0.1.1", false);
}
