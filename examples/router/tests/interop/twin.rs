//! The router and BIRD side by side: the same configuration file, the same neighbours; so the same routes and words.

use std::collections::BTreeMap;

use testbed::bird::{Bird, header};
use testbed::{PATIENCE, wait_for};

use crate::lan::{Lan, address};
use crate::ours::{start_bird, start_router};

/// The router at 10.0.0.1 and BIRD at 10.0.0.11; `OWN` stands for the address of each in configurations.
pub(crate) struct Twins {
    pub(crate) ours: Bird,
    pub(crate) bird: Bird,
}

/// Their numbers on the network
pub(crate) const NUMBERS: [u8; 2] = [1, 11];

fn own(config: &str, number: u8) -> String {
    (header(&address(number)) + config).replace("OWN", &address(number))
}

impl Twins {
    #[track_caller]
    pub(crate) fn start(lan: &Lan, config: &str) -> Self {
        let (ours, bird) = (lan.node("ours", NUMBERS[0]), lan.node("bird", NUMBERS[1]));
        Self {
            ours: start_router(&lan.lab, &ours, &own(config, NUMBERS[0])),
            bird: start_bird(&lan.lab, &bird, &own(config, NUMBERS[1])),
        }
    }

    pub(crate) fn each(&self) -> [(&Bird, u8); 2] {
        [(&self.ours, NUMBERS[0]), (&self.bird, NUMBERS[1])]
    }

    /// Gives both a new configuration.
    #[track_caller]
    pub(crate) fn configure(&self, config: &str) {
        for (twin, number) in self.each() {
            let reply = twin.configure(&own(config, number));
            assert!(matches!(reply.code(), 3 | 4), "{}: {reply:?}", twin.name());
        }
    }

    /// A command to both.
    #[track_caller]
    pub(crate) fn birdc(&self, command: &str) {
        for (twin, _) in self.each() {
            assert!(twin.birdc(command).success, "{command} on {}", twin.name());
        }
    }

    /// Waits until both answer a command with the same lines, of those that `counts` picks, and what BIRD says has
    /// `part` in it.
    #[track_caller]
    pub(crate) fn wait_same(&self, command: &str, part: &str, counts: impl Fn(&str) -> bool) {
        let mut seen = String::new();
        wait_for(PATIENCE, format!("`{command}` gives the same twice, with {part:?}"), || {
            let [ours, bird] = self.each().map(|(twin, number)| {
                let reply = twin.birdc(command);
                let lines = reply.lines.iter().map(|line| (line.code, plain(&line.text, number)));
                let lines = lines.filter(|(_, text)| counts(text));
                let mut lines: Vec<String> =
                    lines.map(|(code, text)| format!("{code} {text}\n")).collect();
                // BIRD's networks stand in no order.
                if command.starts_with("show route") {
                    lines.sort();
                }
                lines.concat()
            });
            seen = format!("ours:\n{ours}\nBIRD:\n{bird}");
            if ours == bird && bird.contains(part) { Ok(()) } else { Err(seen.clone()) }
        });
    }
}

/// A line without what differs from one to the other: times, timers and own addresses.
fn plain(line: &str, number: u8) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(['[', ']']);
        let is_time = bare.len() == 12 && bare.as_bytes().get(2) == Some(&b':');
        let is_timer = bare.contains('.')
            && bare
                .split_once('/')
                .is_some_and(|(left, whole)| left.parse::<f64>().is_ok() && !whole.contains('.'));
        match word {
            _ if is_time => word.replace(bare, "TIME"),
            _ if is_timer => "TIMER".to_owned(),
            _ if word == address(number) => "OWN".to_owned(),
            _ => word.to_owned(),
        }
    };
    line.trim_end().split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Routes with all their attributes, by network.
pub(crate) type ByNetwork = BTreeMap<String, BTreeMap<String, String>>;

/// The routes of a protocol; own addresses as `OWN`.
pub(crate) fn attributes_of(bird: &Bird, protocol: &str, number: u8) -> ByNetwork {
    let own = address(number);
    let plain = |(name, value): (String, String)| {
        // The order of communities is free. BIRD keeps a list that a filter has emptied.
        let mut values: Vec<&str> = value.split_inclusive(')').map(str::trim).collect();
        values.sort_unstable();
        let value = if value == own { "OWN".into() } else { values.join(" ") };
        (!value.is_empty()).then_some((name, value))
    };
    let routes = bird.routes(&format!("protocol {protocol}")).into_iter();
    routes
        .map(|route| (route.net, route.attributes.into_iter().filter_map(plain).collect()))
        .collect()
}
