//! What goes wrong, is put right, and is changed by operators.

use std::time::Duration;

use ospf3::originate::{External, ExternalKey, Metric};

use crate::network::{Network, Weather};
use crate::plan::Kind;

impl Network {
    /// Some faults, with some time after each. Says what they are.
    pub(crate) fn faults(&mut self, count: usize, said: &mut Vec<String>) {
        self.weather = Weather::FOUL;
        for _ in 0..count {
            let what = self.fault();
            said.push(format!("{:?}: {what}", self.now));
            // Sometimes all at once, sometimes long after.
            let most = [1, 500, 5_000, 60_000][self.random.below(4)];
            let pause = self.random.millis(most);
            self.run(pause);
        }
        self.weather = Weather::FAIR;
    }

    fn fault(&mut self) -> String {
        let link = self.random.below(self.plan.links.len());
        let place = self.random.below(self.plan.links[link].ends.len());
        let node = self.random.below(self.plan.nodes.len());
        match self.random.below(20) {
            0..=5 => self.toggle_end(link, place),
            6..=8 => {
                let cost = self.random.within(1, 30);
                let end = &mut self.plan.links[link].ends[place];
                end.cost = cost;
                let of = end.node;
                self.follow_link(of, link);
                format!("link {link} at node {of} costs {cost}")
            }
            9..=11 => self.partition(link),
            12..=13 => {
                self.boot(node);
                format!("node {node} restarts")
            }
            14 => {
                self.plan.nodes[node].up = !self.plan.nodes[node].up;
                self.boot(node);
                format!("node {node}: up is {}", self.plan.nodes[node].up)
            }
            15..=17 => self.change_external(node),
            18 => {
                let end = &mut self.plan.links[link].ends[place];
                end.numbered = !end.numbered;
                let (of, numbered) = (end.node, end.numbered);
                self.follow_link(of, link);
                format!("link {link} at node {of}: has an address is {numbered}")
            }
            _ => {
                let priority = [0, 1, 1, 7][self.random.below(4)];
                let end = &mut self.plan.links[link].ends[place];
                end.priority = priority;
                let of = end.node;
                if self.plan.links[link].kind == Kind::NonBroadcast {
                    // All are told whether it may become Designated Router.
                    let nodes: Vec<_> =
                        self.plan.links[link].ends.iter().map(|end| end.node).collect();
                    nodes.into_iter().for_each(|node| self.follow_link(node, link));
                } else {
                    self.follow_link(of, link);
                }
                format!("link {link} at node {of}: priority {priority}")
            }
        }
    }

    fn toggle_end(&mut self, link: usize, place: usize) -> String {
        let end = &mut self.plan.links[link].ends[place];
        end.up = !end.up;
        let (node, up) = (end.node, end.up);
        self.follow_link(node, link);
        format!("link {link} at node {node}: up is {up}")
    }

    /// Cuts a link into parts, or puts it together, without anybody being told.
    fn partition(&mut self, link: usize) -> String {
        let parts = 1 + self.random.below(2);
        let mut ends = Vec::new();
        for place in 0..self.plan.links[link].ends.len() {
            let part = self.random.below(parts);
            self.plan.links[link].ends[place].part = part;
            ends.push(part);
        }
        format!("link {link} is in parts: {ends:?}")
    }

    fn change_external(&mut self, node: usize) -> String {
        let prefix = self.plan.outside(self.random.below(6));
        let key = ExternalKey { prefix, path: 0 };
        let cost = u32::from(self.random.within(1, 5));
        let metric =
            if self.random.percent(50) { Metric::type1(cost) } else { Metric::type2(cost) };
        let external = External { metric, tag: None, forwarding_address: None, propagate: true };
        let external = self.random.percent(60).then_some(external);
        let externals = &mut self.plan.nodes[node].externals;
        match external {
            Some(external) => externals.insert(key, external),
            None => externals.remove(&key),
        };
        self.with(node, |instance, now| instance.set_external(now, key, external));
        format!("node {node} tells {prefix} with {:?}", external.map(|external| external.metric))
    }

    /// Everything works again.
    pub(crate) fn heal(&mut self) {
        for link in 0..self.plan.links.len() {
            for place in 0..self.plan.links[link].ends.len() {
                let end = &mut self.plan.links[link].ends[place];
                (end.up, end.part, end.numbered) = (true, 0, true);
                let node = end.node;
                self.follow_link(node, link);
            }
        }
        for node in 0..self.plan.nodes.len() {
            if !self.plan.nodes[node].up {
                self.plan.nodes[node].up = true;
                self.boot(node);
            }
        }
    }

    /// Long enough for what the RFC's timers have to do: dead neighbours, elections, exchanges, translators.
    pub(crate) fn settle(&mut self) {
        self.run(Duration::from_secs(300));
    }
}
