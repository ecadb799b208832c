//! Adjacencies come up, stay, and go.

use super::net::Net;
use crate::config::NetworkType;
use crate::neighbor::NeighborState;
use crate::{AreaId, InterfaceId};

fn both_full(net: &Net, link: InterfaceId) -> bool {
    net.state(0, link, 1) == NeighborState::Full && net.state(1, link, 0) == NeighborState::Full
}

#[test]
fn two_routers_on_a_point_to_point_link() {
    let mut net = Net::new(2);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.until(3, |net| both_full(net, link));
    net.until(10, |net| net.is_synchronized(AreaId::BACKBONE));
    for instance in &net.routers {
        let lsdb = instance.databases.get(crate::ScopeId::Area(AreaId::BACKBONE)).expect("an area");
        std::eprintln!("{:#?}", lsdb.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>());
    }
}
