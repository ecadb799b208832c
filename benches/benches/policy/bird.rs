//! BIRD beside us: the routes in a table of its, and a pipe from there through each of the filters.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use ipnet::IpNet;

use crate::{filter, routes};

/// How long BIRD may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process and its files; both end with this.
struct Daemon {
    child: Child,
    folder: PathBuf,
}

/// A BIRD that has the routes.
pub(crate) struct Bird {
    daemon: Daemon,
    control: BufReader<UnixStream>,
    /// What it calls itself
    pub(crate) version: String,
    count: u64,
}

/// Each has a pipe (`_p`) and a table (`_t`) by its name.
const FILTERS: [&str; 4] =
    [filter::ACCEPTED, filter::UNCHANGED, filter::ONE_CHANGED, filter::CHANGING];

impl Bird {
    /// Starts one with these routes, and waits until all pipes have them. `None` when there is no BIRD.
    pub(crate) fn start(nets: &[IpNet]) -> io::Result<Option<Self>> {
        let names = ["bird", "/usr/sbin/bird"];
        let found = names.into_iter().find(|name| {
            let output = Command::new(name).arg("--version").output();
            output.is_ok_and(|output| output.status.success())
        });
        let Some(program) = found else { return Ok(None) };
        let folder = std::env::temp_dir().join(format!("causeway-filters-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("bird.conf"), configuration(nets))?;
        let socket = folder.join("bird.ctl");
        let child = Command::new(program)
            .arg("-f")
            .args([Path::new("-c"), &folder.join("bird.conf"), Path::new("-s"), &socket])
            .args([Path::new("-P"), &folder.join("bird.pid")])
            .spawn()?;
        let mut daemon = Daemon { child, folder };
        let deadline = Instant::now() + PATIENCE;
        let control = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
            if let Some(status) = daemon.child.try_wait()? {
                return Err(io::Error::other(format!("BIRD ended: {status}")));
            }
        };
        control.set_read_timeout(Some(PATIENCE))?;
        let control = BufReader::new(control);
        let (version, count) = (String::new(), nets.len() as u64);
        let mut bird = Self { daemon, control, version, count };
        bird.version = bird.answer()?.trim_end_matches(" ready.").to_owned();
        for filter in FILTERS {
            bird.wait(filter, 0)?;
        }
        Ok(Some(bird))
    }

    /// Sends the table through a filter again, so many times: nanoseconds of CPU a route.
    pub(crate) fn reload(&mut self, filter: &str, times: u64) -> io::Result<f64> {
        let clock = format!("/proc/{}/schedstat", self.daemon.child.id());
        let before = cpu(&clock)?;
        for _ in 0..times {
            let seen = self.seen(filter)?;
            self.ask(&format!("reload out {filter}_p"))?;
            self.wait(filter, seen)?;
        }
        let taken = cpu(&clock)? - before;
        Ok(taken as f64 / (times * self.count) as f64)
    }

    /// What came out of a filter: local preference, path and communities of each network.
    pub(crate) fn table(&mut self, filter: &str) -> io::Result<BTreeMap<IpNet, [String; 3]>> {
        let text = self.ask(&format!("show route table {filter}_t all"))?;
        let (mut table, mut last) = (BTreeMap::new(), None);
        for line in text.lines() {
            let net = line.split_whitespace().next().and_then(|word| word.parse::<IpNet>().ok());
            if net.is_some() {
                last = net;
            }
            let names = ["BGP.local_pref: ", "BGP.as_path: ", "BGP.community: "];
            let at = names.iter().position(|name| line.trim().starts_with(name));
            if let (Some(net), Some(at)) = (last, at) {
                let entry: &mut [String; 3] = table.entry(net).or_default();
                entry[at] = line.trim()[names[at].len()..].to_owned();
            }
        }
        Ok(table)
    }

    /// How many routes have come to a filter.
    fn seen(&mut self, filter: &str) -> io::Result<u64> {
        let text = self.ask(&format!("show protocols all {filter}_p"))?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix("Export updates:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other(text))
    }

    fn wait(&mut self, filter: &str, before: u64) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.seen(filter)? < before + self.count {
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("{filter} does not get its routes")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn ask(&mut self, question: &str) -> io::Result<String> {
        self.control.get_mut().write_all(format!("{question}\n").as_bytes())?;
        self.answer()
    }

    /// Lines up to the last, which has a space behind its number.
    fn answer(&mut self) -> io::Result<String> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if self.control.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            let numbered = line.len() > 4 && line.bytes().take(4).all(|one| one.is_ascii_digit());
            let (last, rest) = match line.get(4..5) {
                Some(" ") if numbered => (true, &line[5..]),
                Some("-") if numbered => (false, &line[5..]),
                _ => (numbered || line.trim() == "0000", line),
            };
            text += rest;
            if last {
                return Ok(text);
            }
            text.push('\n');
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // What is gone already need not be taken away.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Nanoseconds on a CPU, of a process or thread.
pub(crate) fn cpu(path: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let number = text.split_whitespace().next().and_then(|word| word.parse().ok());
    number.ok_or_else(|| io::Error::other(path.to_owned()))
}

fn configuration(nets: &[IpNet]) -> String {
    let mut text = filter::source();
    text += "log stderr { warning, error, fatal };\nrouter id 10.0.0.1;\n";
    text += "protocol static feed {\nipv4;\n";
    // Writing to a text cannot fail.
    for (number, net) in (0..).zip(nets) {
        let _ = write!(text, "route {net} blackhole {{ bgp_origin = ORIGIN_IGP;");
        for asn in routes::path(number).into_iter().rev() {
            let _ = write!(text, " bgp_path.prepend({asn});");
        }
        let (med, local_pref) = (routes::MED, routes::LOCAL_PREF);
        let _ = write!(text, " bgp_med = {med}; bgp_local_pref = {local_pref};");
        for (asn, value) in routes::COMMUNITIES {
            let _ = write!(text, " bgp_community.add(({asn}, {value}));");
        }
        text += " };\n";
    }
    text += "}\n";
    for name in FILTERS {
        let _ = writeln!(text, "ipv4 table {name}_t;");
        let tables = format!("table master4; peer table {name}_t");
        let _ = writeln!(
            text,
            "protocol pipe {name}_p {{ {tables}; export filter {name}; import none; }}"
        );
    }
    text
}
