//! The seven-clause filter here, in BIRD and in roto, on the same routes in the same run.
//!
//! BIRD (package bird2) is timed from outside: a pipe sends its table through the filter again, and what the same
//! takes with a filter that only accepts is taken off. What is left has, where attributes change, the storing of them
//! in it, as ours has the writing of all of a route's. The last line takes off what a filter takes that sets one
//! attribute: that is kind to BIRD. Before all this, what comes out has to be the same.
//!
//! roto is there with `--features roto`; see `roto.rs` for what it does itself and what its host does.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod bird;
mod filter;
#[cfg(feature = "roto")]
mod roto;
mod routes;

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;

use bgp_wire::PathAttributes;
use ipnet::{IpNet, Ipv4Net};
use policy::{FilterId, Program, Vm};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often all is measured; medians are told.
const ROUNDS: usize = 9;
/// Loads of a table, and runs over all routes, in a round
const LOADS: u64 = 10;
const RUNS: u64 = 40;

/// What is longer than the networks in the set by one bit to four: some fifteen thousand.
fn nets() -> Vec<IpNet> {
    let all: BTreeSet<Ipv4Net> = filter::prefixes(500)
        .flat_map(|(address, length)| {
            let net = Ipv4Net::new(address.into(), length).expect("a length");
            (length + 1..=length + 4).flat_map(move |longer| net.subnets(longer).expect("longer"))
        })
        .collect();
    // Neither side gets them in their order.
    let all: Vec<_> = all.into_iter().collect();
    (0..all.len()).map(|index| IpNet::V4(all[index * 7919 % all.len()])).collect()
}

/// Nanoseconds of CPU a route.
fn timed(nets: &[IpNet], mut run: impl FnMut(usize, IpNet)) -> Result<f64> {
    let before = bird::cpu("/proc/thread-self/schedstat")?;
    for _ in 0..RUNS {
        nets.iter().enumerate().for_each(|(index, net)| run(index, *net));
    }
    let taken = bird::cpu("/proc/thread-self/schedstat")? - before;
    Ok(taken as f64 / (RUNS * nets.len() as u64) as f64)
}

fn ours(
    program: &Program,
    name: &str,
    nets: &[IpNet],
    attributes: &[PathAttributes],
) -> Result<f64> {
    let filter: FilterId = program.filter(name).ok_or("there is no such filter")?;
    let (mut vm, mut out) = (Vm::default(), PathAttributes::default());
    timed(nets, |index, net| {
        let attributes = &attributes[index % attributes.len()];
        routes::run((program, filter), &mut vm, net, attributes, &mut out);
        black_box(&out);
    })
}

/// What we and BIRD make of the routes is the same.
fn check(
    bird: &mut bird::Bird,
    program: &Program,
    nets: &[IpNet],
    given: &[PathAttributes],
) -> Result<()> {
    for name in [filter::UNCHANGED, filter::CHANGING] {
        let filter = program.filter(name).ok_or("there is no such filter")?;
        let table = bird.table(name)?;
        assert_eq!(table.len(), nets.len(), "{name}");
        for (index, net) in nets.iter().enumerate() {
            let (mut vm, mut out) = (Vm::default(), given[index % given.len()].clone());
            routes::run((program, filter), &mut vm, *net, &given[index % given.len()], &mut out);
            let view = out.view();
            let pair = |one: bgp_wire::Community| format!("({},{})", one.high(), one.low());
            let ours = [
                view.local_pref().unwrap_or_default().to_string(),
                view.as_path().to_string(),
                view.communities().map(pair).collect::<Vec<_>>().join(" "),
            ];
            assert_eq!(table.get(net), Some(&ours), "{name} of {net}");
        }
    }
    Ok(())
}

/// A set of 100,000 prefixes: milliseconds to compile its text, nanoseconds to ask it.
fn large_set() -> Result<(f64, f64)> {
    const CLOCK: &str = "/proc/thread-self/schedstat";
    let set = filter::set(100_000);
    let text = format!("filter irr {{ if net ~ {set} then accept; reject; }}");
    let (mut compiled, mut asked) = (Vec::new(), Vec::new());
    let nets = routes::nets(100_000);
    let (attributes, mut out) = (routes::attributes(0), PathAttributes::default());
    for _ in 0..ROUNDS {
        let before = bird::cpu(CLOCK)?;
        let program = policy::compile("irr", &text).map_err(|error| error.to_string())?;
        compiled.push((bird::cpu(CLOCK)? - before) as f64 / 1e6);
        let filter = program.filter("irr").ok_or("there is no such filter")?;
        let mut vm = Vm::default();
        let before = bird::cpu(CLOCK)?;
        for at in 0..nets.len() {
            // All over the set, so that little of it is near by
            let net = nets[at * 7919 % nets.len()];
            routes::run((&program, filter), &mut vm, net, &attributes, &mut out);
        }
        asked.push((bird::cpu(CLOCK)? - before) as f64 / nets.len() as f64);
    }
    Ok((median(compiled), median(asked)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A row of the table: ours, and others with how much longer they take.
fn row(name: &str, ours: f64, others: &[Option<f64>]) {
    print!("| {name} | {ours:.0} ns |");
    for other in others {
        match other {
            Some(other) => print!(" {other:.0} ns ({:.1} ×) |", other / ours),
            None => print!(" |"),
        }
    }
    println!();
}

fn main() -> Result<()> {
    let nets = nets();
    // All there are, again and again: a table keeps equal ones once, ours as well as theirs.
    let attributes: Vec<_> = (0..routes::KINDS).map(routes::attributes).collect();
    let program =
        policy::compile("filters", &filter::source()).map_err(|error| error.to_string())?;
    let mut bird = bird::Bird::start(&nets)?;
    if let Some(bird) = &mut bird {
        check(bird, &program, &nets, &attributes)?;
    }
    #[cfg(feature = "roto")]
    let mut roto = roto::Roto::new(&attributes)?;
    let mut found = [const { Vec::new() }; 7];
    for _ in 0..ROUNDS {
        found[0].push(ours(&program, filter::UNCHANGED, &nets, &attributes)?);
        found[1].push(ours(&program, filter::CHANGING, &nets, &attributes)?);
        if let Some(bird) = &mut bird {
            let plain = bird.reload(filter::ACCEPTED, LOADS)?;
            found[2].push(bird.reload(filter::UNCHANGED, LOADS)? - plain);
            let changing = bird.reload(filter::CHANGING, LOADS)?;
            found[3].push(changing - plain);
            found[6].push(changing - bird.reload(filter::ONE_CHANGED, LOADS)?);
        }
        #[cfg(feature = "roto")]
        for (place, changes) in [(4, false), (5, true)] {
            found[place].push(timed(&nets, |index, net| roto.run(changes, index, net))?);
        }
    }
    let [ours, changing, theirs, theirs_changing, roto, roto_changing, theirs_kept] =
        found.map(|values| (!values.is_empty()).then(|| median(values)));
    let version =
        bird.map_or_else(|| "BIRD (not installed)".to_owned(), |bird| bird.version.clone());
    println!("{} routes, nanoseconds of CPU each, medians of {ROUNDS} rounds", nets.len());
    println!("| the filter | Causeway | {version} | roto 0.12 |");
    println!("|---|---:|---:|---:|");
    row("changes nothing", ours.unwrap_or_default(), &[theirs, roto]);
    row("changes attributes", changing.unwrap_or_default(), &[theirs_changing, roto_changing]);
    row("the same, beside one change", changing.unwrap_or_default(), &[theirs_kept, None]);
    let (compiled, asked) = large_set()?;
    println!("a set of 100,000 prefixes: {compiled:.0} ms to compile, {asked:.0} ns a question");
    Ok(())
}
