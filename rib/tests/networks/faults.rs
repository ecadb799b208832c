//! What goes wrong, and what operators do.

use std::time::Duration;

use bgp_fsm::Shutdown;

use crate::network::Network;
use crate::node::channel_config;
use crate::plan::Choice;

impl Network {
    /// Something goes wrong, or is put right again. Says what, for a failure's message.
    pub(crate) fn fault(&mut self) -> String {
        self.disturb();
        let sessions = self.plan.sessions.len();
        let (session, side) = (self.random.below(sessions), self.random.below(2));
        let node = self.plan.sessions[session].ends[side].node;
        match self.random.below(22) {
            0..=3 => self.change_link(),
            4..=5 => self.change_metric(),
            6..=7 => {
                let why = [Shutdown::AdministrativeReset, Shutdown::OtherConfigurationChange];
                let why = why[self.random.below(2)];
                self.with_session(node, session, |one, now| one.reset(now, why));
                format!("session {session} is reset by {node}: {why:?}")
            }
            8 => {
                self.break_connections(session, 0);
                self.break_connections(session, 1);
                format!("the connections of session {session} break")
            }
            9..=10 => {
                let up = !self.plan.nodes[node].up;
                self.plan.nodes[node].up = up;
                self.follow_topology();
                format!("node {node}: up is {up}")
            }
            11..=12 => {
                let after = self.random.millis(15_000);
                self.restart(node, after);
                format!("node {node} restarts, and takes {after:?}")
            }
            13..=16 => self.change_route(),
            17..=18 => self.change_configuration(),
            19 => {
                let end = &mut self.plan.sessions[session].ends[side];
                end.slow = !end.slow;
                format!("{node} on session {session}: slow is {}", end.slow)
            }
            _ => {
                for family in self.plan.families.clone() {
                    self.with_session(node, session, |one, now| {
                        one.request_refresh(now, family);
                    });
                }
                format!("{node} asks for all on session {session}")
            }
        }
    }

    fn change_link(&mut self) -> String {
        let link = self.random.below(self.plan.links.len());
        let place = self.random.below(self.plan.links[link].attached.len());
        let one = &mut self.plan.links[link].attached[place];
        one.up = !one.up;
        let said = format!("link {link} at {}: up is {}", one.node, one.up);
        self.follow_topology();
        said
    }

    fn change_metric(&mut self) -> String {
        let link = self.random.below(self.plan.links.len());
        let metric = self.random.within(self.plan.links[link].metrics);
        self.plan.links[link].attached.iter_mut().for_each(|one| one.metric = metric);
        self.follow_topology();
        format!("link {link}: metric {metric}")
    }

    fn change_route(&mut self) -> String {
        let place = self.random.below(self.plan.candidates.len());
        let (node, net, variants) = self.plan.candidates[place].clone();
        let known = self.plan.routes.get(&(node, net)).cloned();
        let now = self.now;
        let new = self.random.pick(&variants).expect("one at least").clone();
        if known.is_some() && (variants.len() == 1 || self.random.percent(40)) {
            self.withdraw(node, net);
            return format!("{node} withdraws {net}");
        }
        if let Some(router) = &mut self.nodes[node] {
            router.originate(&self.plan, now, net, &new);
        }
        let said = format!("{node} announces {net}: {new:?}");
        self.plan.routes.insert((node, net), new);
        self.touch(node);
        said
    }

    fn change_configuration(&mut self) -> String {
        let Some(choice) = self.random.pick(&self.plan.choices).cloned() else {
            return self.change_route();
        };
        let random = &mut self.random;
        let sessions = &mut self.plan.sessions;
        let (session, side) = match &choice {
            Choice::Import(session, side, filters) => {
                sessions[*session].ends[*side].import = *random.pick(filters).expect("some");
                (*session, *side)
            }
            Choice::Export(session, side, filters) => {
                sessions[*session].ends[*side].export = *random.pick(filters).expect("some");
                (*session, *side)
            }
            Choice::AddPath(session, side, ways) => {
                sessions[*session].ends[*side].add_path = *random.pick(ways).expect("some");
                (*session, *side)
            }
        };
        self.reconfigure(session, side);
        format!("session {session}: {:?}", self.plan.sessions[session].ends[side])
    }

    /// A node takes over what the plan says of its end of a session.
    fn reconfigure(&mut self, session: usize, side: usize) {
        let (plan, now) = (&self.plan, self.now);
        let node = plan.sessions[session].ends[side].node;
        let Some(router) = &mut self.nodes[node] else { return };
        let neighbour = &router.neighbours[&session];
        let source = neighbour.source;
        if neighbour.session.established().is_none() {
            return;
        }
        let mut asks = Vec::new();
        for (family, table) in plan.families.iter().zip(&router.tables) {
            let config = channel_config(plan, session, side, *family, *table);
            if router.rib.reconfigure_channel(source, config)
                && !router.rib.reload(now, source, *table, &mut router.rules)
            {
                asks.push(*family);
            }
        }
        for family in asks {
            self.with_session(node, session, |one, now| {
                assert!(one.request_refresh(now, family), "the neighbour knows how");
            });
        }
        self.touch(node);
    }

    /// So many faults, one soon after the other or not. What happened is put into `said`.
    pub(crate) fn faults(&mut self, count: usize, said: &mut Vec<String>) {
        for _ in 0..count {
            let what = self.fault();
            said.push(format!("{:?}: {what}", self.now));
            let pause = match self.random.below(4) {
                0 => Duration::ZERO,
                1 => self.random.millis(200),
                2 => self.random.millis(3_000),
                _ => self.random.millis(25_000),
            };
            self.run(pause);
        }
    }

    /// Everything is put right.
    pub(crate) fn heal(&mut self) {
        self.plan.heal();
        self.follow_topology();
    }
}
