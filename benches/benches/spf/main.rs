//! Shortest paths with all first hops on a grid of routers, beside petgraph's Dijkstra, which finds no first hops; and
//! paths brought up to date after one link changed. Then the routes that come of such.

mod grid;
mod routes;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use ospf3::spf::Run;

use grid::Grid;

const WIDTH: u32 = 100;

fn full(c: &mut Criterion) {
    for (name, grid) in [("even costs", Grid::even(WIDTH)), ("random costs", Grid::random(WIDTH))] {
        let mut group = c.benchmark_group(format!("spf/{name}"));
        let (petgraph, root) = grid.petgraph();
        group.bench_function("petgraph dijkstra", |b| {
            b.iter(|| petgraph::algo::dijkstra(&petgraph, root, None, |edge| *edge.weight()));
        });
        let (mut graph, mut tree) = grid.tree();
        group.bench_function("full", |b| {
            b.iter(|| {
                tree.forget();
                assert_eq!(tree.update(&mut graph), Some(Run::Full));
                black_box(&mut tree);
            });
        });
        group.finish();
    }
}

/// The time an update takes after a change of one link, for each of the grid's links, up and down.
fn each_link(grid: &Grid, name: &str) {
    let (mut graph, mut tree) = grid.tree();
    let (mut times, mut fulls) = (Vec::new(), Vec::new());
    for _ in 0..101 {
        tree.forget();
        fulls.push(time(|| assert_ne!(black_box(tree.update(&mut graph)), None)));
    }
    let distances = grid.distances(&graph, &tree);
    let mut changed = grid.clone();
    for (from, index) in grid.links() {
        let cost = grid.cost(from, index);
        for cost in [cost + 1, cost, cost.saturating_sub(1).max(1), cost] {
            changed.set_cost(from, index, cost);
            changed.tell(&mut graph, from);
            times.push(time(|| _ = black_box(tree.update(&mut graph))));
        }
    }
    assert_eq!(grid.distances(&graph, &tree), distances, "all costs are what they were");
    fulls.sort_unstable();
    times.sort_unstable();
    let full = fulls[fulls.len() / 2];
    let share = |time: Duration| 100.0 * time.as_secs_f64() / full.as_secs_f64();
    print!("{name}: after a change of one link, of {} changes:", times.len());
    for percent in [50, 90, 99, 100] {
        let at = times[(times.len() * percent / 100).min(times.len() - 1)];
        print!(" {percent} % within {at:?} ({:.2} % of a full run)", share(at));
    }
    println!("; a full run takes {full:?}");
}

fn time(work: impl FnOnce()) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    work();
    start.elapsed()
}

fn memory() {
    let (graph, tree) = Grid::random(WIDTH).tree();
    let each = (graph.octets() + tree.octets()) / (WIDTH * WIDTH) as usize;
    println!("memory of graph and paths: {each} octets for each router");
}

fn main() {
    memory();
    each_link(&Grid::even(WIDTH), "even costs");
    each_link(&Grid::random(WIDTH), "random costs");
    let mut criterion = Criterion::default().configure_from_args();
    full(&mut criterion);
    routes::bench(&mut criterion);
    criterion.final_summary();
}
