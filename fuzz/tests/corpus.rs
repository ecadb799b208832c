//! Replays the corpus, and runs each target on mutations of it for a moment.
//!
//! `CAUSEWAY_SEED=N` repeats a run; the seed is printed when one fails. `CAUSEWAY_FUZZ_RUNS=N` makes it longer.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use fuzz::{TARGETS, Target};

/// Mutations a target
const RUNS: u64 = 3000;
/// Most octets of a mutated input
const LONGEST: usize = 4096;

/// Prints the input when a target panics.
struct Input<'a> {
    target: &'a str,
    from: &'a str,
    data: &'a [u8],
}

impl Drop for Input<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.data.iter().map(|octet| format!("{octet:02x}")).collect();
            println!("target {} failed on {}: {hex}", self.target, self.from);
        }
    }
}

fn run(name: &str, target: Target, from: &str, data: &[u8]) {
    let _input = Input { target: name, from, data };
    target(data);
}

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = std::fs::read_dir(&folder).expect("every target has a corpus");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| {
            let data = std::fs::read(&path).expect("a readable file");
            (path.display().to_string(), data)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    for (name, _) in TARGETS {
        assert!(!corpus(name).is_empty(), "{name}");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz_targets/{name}.rs"));
        assert!(program.exists(), "{name}");
    }
}

#[test]
fn the_corpus_is_replayed() {
    for (name, target) in TARGETS {
        run(name, *target, "nothing", &[]);
        for (path, data) in corpus(name) {
            run(name, *target, &path, &data);
        }
    }
}

/// SplitMix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    fn octet(&mut self) -> u8 {
        let [octet, ..] = self.next().to_be_bytes();
        octet
    }
}

fn mutate(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(data.len() + 1);
    match random.below(7) {
        0 => data.truncate(at),
        1 => data.insert(at, random.octet()),
        2 if at < data.len() => drop(data.remove(at)),
        // A piece of another input
        3 => {
            let from = random.below(other.len());
            let length = random.below(other.len() - from + 1);
            data.splice(at..at, other.iter().skip(from).take(length).copied());
        }
        4 => {
            if let Some(octet) = data.get_mut(at) {
                *octet ^= 1 << random.below(8);
            }
        }
        // Numbers at which lengths turn
        5 => {
            let turning = [0, 1, 0x7f, 0x80, 0xff];
            if let (Some(octet), Some(value)) = (data.get_mut(at), turning.get(random.below(5))) {
                *octet = *value;
            }
        }
        _ => {
            if let Some(octet) = data.get_mut(at) {
                *octet = random.octet();
            }
        }
    }
    data.truncate(LONGEST);
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

#[test]
fn mutations_of_the_corpus() {
    let seed = number("CAUSEWAY_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("CAUSEWAY_SEED={seed}");
    let runs = number("CAUSEWAY_FUZZ_RUNS").unwrap_or(RUNS);
    for (name, target) in TARGETS {
        let mut random = Random(seed);
        let seeds = corpus(name);
        let pick = |random: &mut Random| {
            let chosen = seeds.get(random.below(seeds.len()));
            chosen.map(|(_, data)| data.clone()).unwrap_or_default()
        };
        for turn in 0..runs {
            let (mut data, other) = (pick(&mut random), pick(&mut random));
            for _ in 0..=random.below(8) {
                mutate(&mut data, &other, &mut random);
            }
            run(name, *target, &format!("mutation {turn}, seed {seed}"), &data);
        }
    }
}
