//! The same filter in [roto](https://crates.io/crates/roto), which compiles to machine code.
//!
//! roto has no sets of prefixes, path masks or lists of communities: its host has. Ours gives it a route that is
//! unpacked already, and our own sets, each as plain functions. So roto does what is between the questions, and
//! nothing is read from an UPDATE's octets or written back, unlike in our own filter.

use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;
use std::sync::LazyLock;

use bgp_wire::PathAttributes;
use ipnet::{IpNet, Ipv4Net};
use policy::set::{PairItem, PairSet, PrefixPattern, PrefixSet};
use roto::{FileTree, NoCtx, Runtime, TypedFunc, Verdict, library};

use crate::filter;

const SCRIPT: &str = "
fn pref(hops: u32) -> u32 {
    let latency = 0;
    if has_community(64511, 3) { latency = 3; }
    if has_community(64511, 5) { latency = 5; }
    100 + 10 * latency - hops
}

fn unwanted() -> bool {
    !in_own() || has_as(64666) || has_community(65535, 666) || has_community(64511, 1000)
        || has_internal()
}

filtermap unchanged() {
    if unwanted() { reject }
    if pref(path_len()) > 1000 { reject }
    accept
}

filtermap changing() {
    if unwanted() { reject }
    set_local_pref(pref(path_len()));
    add_community(64511, 24);
    add_community(64511, 1);
    delete_community(64511, 99);
    accept
}
";

/// A route, unpacked.
#[derive(Clone)]
struct Unpacked {
    net: IpNet,
    path: Vec<u32>,
    local_pref: u32,
    communities: Vec<(u16, u16)>,
}

static OWN: LazyLock<PrefixSet> = LazyLock::new(|| {
    let patterns: Vec<_> = filter::prefixes(500)
        .map(|(address, length)| {
            let net = Ipv4Net::new(address.into(), length).expect("a length").into();
            PrefixPattern { net, least: length, most: length + 4 }
        })
        .collect();
    PrefixSet::new(&patterns).expect("of one family")
});

static INTERNAL: LazyLock<PairSet> = LazyLock::new(|| {
    PairSet::new(vec![
        PairItem::Span((64511, 2000), (64511, 2010)),
        PairItem::Span((64512, 0), (64512, u16::MAX)),
    ])
});

thread_local! {
    static ROUTE: RefCell<Unpacked> = RefCell::new(Unpacked {
        net: IpNet::default(),
        path: Vec::new(),
        local_pref: 0,
        communities: Vec::new(),
    });
}

fn with<T>(f: impl FnOnce(&mut Unpacked) -> T) -> T {
    ROUTE.with_borrow_mut(f)
}

type Filter = TypedFunc<NoCtx, fn() -> Verdict<(), ()>>;

pub(crate) struct Roto {
    unchanged: Filter,
    changing: Filter,
    routes: Vec<Unpacked>,
}

impl Roto {
    pub(crate) fn new(attributes: &[PathAttributes]) -> Result<Self, Box<dyn Error>> {
        let library = library! {
            fn in_own() -> bool {
                with(|route| OWN.contains(&route.net))
            }
            fn has_as(asn: u32) -> bool {
                with(|route| route.path.contains(&asn))
            }
            fn path_len() -> u32 {
                with(|route| route.path.len() as u32)
            }
            fn has_community(asn: u16, value: u16) -> bool {
                with(|route| route.communities.contains(&(asn, value)))
            }
            fn has_internal() -> bool {
                with(|route| route.communities.iter().any(|one| INTERNAL.contains(*one)))
            }
            fn set_local_pref(value: u32) {
                with(|route| route.local_pref = value);
            }
            fn add_community(asn: u16, value: u16) {
                with(|route| {
                    if !route.communities.contains(&(asn, value)) {
                        route.communities.push((asn, value));
                    }
                });
            }
            fn delete_community(asn: u16, value: u16) {
                with(|route| route.communities.retain(|one| *one != (asn, value)));
            }
        };
        let runtime = Runtime::from_lib(library).map_err(|error| format!("{error:?}"))?;
        let script = FileTree::test_file("filters.roto", SCRIPT, 0);
        let mut package = script.compile(&runtime).map_err(|error| error.to_string())?;
        let mut filter = |name| package.get_function(name).map_err(|error| format!("{error:?}"));
        let (unchanged, changing) = (filter("unchanged")?, filter("changing")?);
        let unpacked = |attributes: &PathAttributes| {
            let view = attributes.view();
            Unpacked {
                net: IpNet::default(),
                path: view.as_path().segments().flat_map(|one| one.asns()).collect(),
                local_pref: view.local_pref().unwrap_or_default(),
                communities: view.communities().map(|one| (one.high(), one.low())).collect(),
            }
        };
        let routes = attributes.iter().map(unpacked).collect();
        let mut roto = Self { unchanged, changing, routes };
        roto.check();
        Ok(roto)
    }

    /// Runs the filter on one of the routes, which it changes in its place.
    pub(crate) fn run(&mut self, changes: bool, index: usize, net: IpNet) {
        let route = &self.routes[index % self.routes.len()];
        with(|now| {
            now.net = net;
            now.path.clone_from(&route.path);
            now.local_pref = route.local_pref;
            now.communities.clone_from(&route.communities);
        });
        let filter = if changes { &self.changing } else { &self.unchanged };
        assert_eq!(black_box(filter.call()), Verdict::Accept(()));
    }

    /// It does what the filter does.
    fn check(&mut self) {
        let net = OWN.patterns().next().expect("some").net;
        self.run(true, 0, net);
        with(|route| {
            let wanted = [
                (64511, 3),
                (64511, 21),
                (64511, 34),
                (64511, 44),
                (64515, 7),
                (64511, 24),
                (64511, 1),
            ];
            assert_eq!((route.local_pref, &*route.communities), (125, &wanted[..]));
        });
    }
}
