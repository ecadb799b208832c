//! The command line: what is printed for files of real daemons, flaws, exit status.
//!
//! The texts in `golden/` agree with `bgpdump -m` 1.6.2 line by line, but for two things: it invents the next hop
//! 255.255.255.255 for a route that has none, and it gives up on GoBGP's table. What else it does otherwise `mrt cat
//! --help` lists. `CAUSEWAY_BLESS=1` writes them
//! anew; the test that is ignored asks bgpdump itself (`BGPDUMP_BIN` names another program).
#![allow(clippy::disallowed_methods, reason = "these tests run real processes")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All archives and streams, with the name of their text.
fn files() -> Vec<(PathBuf, String)> {
    let mut list = vec![(folder().join("tests/golden/table-dump.mrt"), "table-dump.txt".into())];
    for (kind, suffix) in [("mrt", ""), ("bmp", "-bmp")] {
        let testdata = folder().join("../../bgp-wire/testdata").join(kind);
        for entry in fs::read_dir(testdata).expect("testdata") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().and_then(OsStr::to_str).expect("a name").to_owned();
            list.push((path, format!("{stem}{suffix}.txt")));
        }
    }
    list.sort();
    list
}

fn testdata(file: &str) -> PathBuf {
    folder().join("../../bgp-wire/testdata").join(file)
}

fn golden(name: &str) -> String {
    fs::read_to_string(folder().join("tests/golden").join(name)).expect("a golden text")
}

/// Runs the program to its end; `input` goes to standard input.
fn run<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>, input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrt"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // It may end before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("written");
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Exit status, output, errors
fn outcome(output: &Output) -> (Option<i32>, &str, &str) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// `mrt cat -` of some bytes
fn cat(input: &[u8]) -> (Option<i32>, String, String) {
    let output = run(["cat", "-"], input);
    let (status, out, errors) = outcome(&output);
    (status, out.into(), errors.into())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("written");
    encoder.finish().expect("written")
}

fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(data).expect("written");
    encoder.finish().expect("written")
}

#[test]
fn routes_of_real_files() {
    for (path, name) in files() {
        let output = run([OsStr::new("cat"), path.as_os_str()], &[]);
        let lines = text(&output.stdout);
        if std::env::var_os("CAUSEWAY_BLESS").is_some() {
            fs::write(folder().join("tests/golden").join(&name), lines).expect("written");
        }
        assert_eq!(lines, golden(&name), "{name}");
        // What these daemons wrote wrong is told; see testdata/README.md.
        let flaws = text(&output.stderr).lines().count();
        let wanted = match name.as_str() {
            "frr-all-et.txt" => 1,
            "gobgp-table.txt" | "gobgp-bmp.txt" => 2,
            "frr-bmp.txt" => 3,
            _ => 0,
        };
        assert_eq!(flaws, wanted, "{name}: {}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(i32::from(flaws > 0)), "{name}");
    }
}

/// bgpdump and we say the same.
#[test]
#[ignore = "needs Debian's bgpdump"]
fn bgpdump_agrees() {
    let bgpdump = std::env::var_os("BGPDUMP_BIN").unwrap_or("bgpdump".into());
    for (path, name) in files() {
        if name.ends_with("-bmp.txt") || name == "gobgp-table.txt" {
            continue;
        }
        for flag in ["-q", "-l"] {
            let theirs = Command::new(&bgpdump).args(["-q", "-m", flag]).arg(&path).output();
            let theirs = theirs.expect("bgpdump runs");
            let theirs = text(&theirs.stdout).replace("|255.255.255.255|", "||");
            let flag = Some(flag).filter(|flag| *flag == "-l").map(OsStr::new);
            let ours = run([OsStr::new("cat"), path.as_os_str()].into_iter().chain(flag), &[]);
            assert_eq!(text(&ours.stdout), theirs, "{name} {flag:?}");
        }
    }
}

/// Whatever the name says
#[test]
fn compression_is_seen_from_the_contents() {
    let data = fs::read(testdata("mrt/frr-updates.mrt")).expect("a file");
    let plain = cat(&data);
    assert_eq!(plain, (Some(0), golden("frr-updates.txt"), String::new()));
    let (first, second) = data.split_at(1000);
    for compressed in [
        gzip(&data),
        bzip2(&data),
        // Several behind each other
        [gzip(first), gzip(second)].concat(),
        [bzip2(first), bzip2(second)].concat(),
    ] {
        assert_eq!(cat(&compressed), plain);
    }
    let stream = fs::read(testdata("bmp/gobgp.bmp")).expect("a file");
    assert_eq!(cat(&gzip(&stream)).1, golden("gobgp-bmp.txt"));
}

/// As zcat has it
#[test]
fn padding_behind_gzip() {
    let data = fs::read(testdata("mrt/frr-updates.mrt")).expect("a file");
    let wanted = (Some(0), golden("frr-updates.txt"), String::new());
    let padding = vec![0; 1 << 20];
    for length in [1, 512, 1 << 20] {
        let padded = [&gzip(&data)[..], &padding[..length]].concat();
        assert_eq!(cat(&padded), wanted, "{length}");
    }
    for behind in [&[1, 2, 3][..], &[0, 0, 1], &[0x1f, 0x8b]] {
        let (status, lines, errors) = cat(&[&gzip(&data), behind].concat());
        assert_eq!((status, lines), (Some(1), golden("frr-updates.txt")));
        assert!(errors.contains("cannot read behind offset"), "{errors}");
    }
}

/// A router is silent for hours.
#[test]
fn lines_come_while_the_pipe_is_open() {
    lines_come(|update| bmp(0, 0, 0, update));
    lines_come(|update| bgp4mp(4, update));
}

fn lines_come(of: impl Fn(&[u8]) -> Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrt"));
    command.args(["cat", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, lines) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || out.lines().try_for_each(|line| sender.send(line)));
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    for network in 1..4 {
        stdin.write_all(&of(&update(&[], &attributes, &[8, network]))).expect("written");
        let line = lines.recv_timeout(std::time::Duration::from_secs(60));
        let line = line.expect("a line in time").expect("UTF-8");
        assert!(line.contains(&format!("|{network}.0.0.0/8|")), "{line}");
    }
    drop(stdin);
    assert!(child.wait().expect("the program ends").success());
    reader.join().expect("no panic").expect("somebody listens");
}

#[test]
fn several_files_come_in_their_order() {
    let (first, second) = (testdata("mrt/frr-routes.mrt"), testdata("mrt/frr-updates.mrt"));
    let third = fs::read(testdata("mrt/bird-messages.mrt")).expect("a file");
    let arguments = [OsStr::new("cat"), first.as_os_str(), second.as_os_str(), OsStr::new("-")];
    let output = run(arguments, &third);
    let wanted = ["frr-routes.txt", "frr-updates.txt", "bird-messages.txt"].map(golden).concat();
    assert_eq!(outcome(&output), (Some(0), &*wanted, ""));
}

#[test]
fn a_flaw_is_told_with_its_place_and_passed_over() {
    let mut data = fs::read(testdata("mrt/frr-updates.mrt")).expect("a file");
    let clean = golden("frr-updates.txt");
    // In front: a record of addresses of family 3.
    let mut flawed = vec![0, 0, 0, 1, 0, 16, 0, 1, 0, 0, 0, 8, 0, 1, 0, 2, 0, 0, 0, 3];
    flawed.append(&mut data);
    let told = "mrt: standard input: record at offset 0: addresses of family 3 at offset 18\n";
    assert_eq!(cat(&flawed), (Some(1), clean.clone(), told.into()));
    // Cut off at the end
    flawed.drain(..20);
    let cut = flawed.len() - 3;
    flawed.truncate(cut);
    let (status, lines, errors) = cat(&flawed);
    assert!(status == Some(1) && clean.starts_with(&lines) && !lines.is_empty());
    assert!(errors.starts_with("mrt: standard input: record at offset 2"), "{errors}");
    assert!(errors.contains("cut off after"), "{errors}");
    // Cut off within what is compressed
    let mut compressed = gzip(&flawed);
    compressed.truncate(compressed.len() / 2);
    let (status, _, errors) = cat(&compressed);
    assert!(status == Some(1) && errors.contains("cannot read"), "{errors}");
}

#[test]
fn a_stream_that_breaks_ends() {
    let mut stream = fs::read(testdata("bmp/gobgp.bmp")).expect("a file");
    stream.truncate(stream.len() - 1);
    let (status, _, errors) = cat(&stream);
    assert!(
        status == Some(1) && errors.contains("message at offset 10000: cut off after 75 octets"),
        "{errors}"
    );
    stream.extend([0; 10]);
    let (status, _, errors) = cat(&stream);
    assert!(status == Some(1) && errors.contains("BMP version 0"), "{errors}");
}

#[test]
fn what_is_no_archive() {
    for (data, told) in [
        (&b"some text, and long enough"[..], "neither an MRT file nor a BMP stream"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0, 0], "compressed with xz"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0], "compressed with zstd"),
        (&[0; 5], "record at offset 0: cut off after 5 octets"),
    ] {
        let (status, lines, errors) = cat(data);
        assert_eq!((status, lines.as_str()), (Some(1), ""));
        assert!(errors.contains(told), "{errors}");
    }
    assert_eq!(cat(&[]), (Some(0), String::new(), String::new()));
    let output = run(["cat", "/nowhere/at/all", "-"], &[]);
    let (status, _, errors) = outcome(&output);
    assert!(status == Some(1) && errors.contains("mrt: /nowhere/at/all: cannot open"), "{errors}");
}

#[test]
fn usage() {
    for arguments in [&[][..], &["cat"], &["stat"], &["dog", "-"], &["cat", "--long", "-"]] {
        let output = run(arguments, &[]);
        let (status, out, errors) = outcome(&output);
        assert_eq!((status, out), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains("Usage: mrt"), "{errors}");
    }
    for (arguments, taught) in [
        (&["--help"][..], "mrt stat rib."),
        (&["cat", "--help"], "BMP_IN_PRE"),
        (&["cat", "--help"], "What bgpdump -m prints otherwise"),
        (&["stat", "--help"], "AS paths and communities"),
    ] {
        let output = run(arguments, &[]);
        let (status, out, errors) = outcome(&output);
        assert_eq!((status, errors), (Some(0), ""));
        assert!(out.contains(taught), "{out}");
    }
}

#[test]
fn who_reads_no_more_ends_it_quietly() {
    let once = fs::read(testdata("mrt/bird-table.mrt")).expect("a file");
    let path = std::env::temp_dir().join(format!("causeway-mrt-{}.mrt", std::process::id()));
    fs::write(&path, once.repeat(100)).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrt"));
    command.arg("cat").arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut line).expect("a line");
    drop(out);
    let mut errors = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("UTF-8");
    let status = child.wait().expect("the program ends");
    fs::remove_file(&path).expect("removed");
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert!(line.starts_with("TABLE_DUMP2|"));
}

#[test]
fn options_of_cat() {
    let path = testdata("mrt/bird-table.mrt");
    let run = |option: &str| {
        let output = run([OsStr::new("cat"), OsStr::new(option), path.as_os_str()], &[]);
        assert!(output.status.success());
        text(&output.stdout).to_owned()
    };
    let (large, changed) = (run("-l"), run("-c"));
    assert!(large.contains("|65001:7 no-export|65001:1:2 4200000001:3:4|NAG|"), "{large}");
    // The routes were there before the table was written.
    let (first, second) = (changed.lines().next(), golden("bird-table.txt"));
    assert!(first < second.lines().next(), "{first:?}");
}

fn numbers(row: &str) -> Vec<usize> {
    let words =
        row.split_whitespace().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    words.map(|number| number.parse().expect("a number")).collect()
}

/// The numbers agree with the lines that `cat` prints.
#[test]
fn counts() {
    for (path, name) in files() {
        let output = run([OsStr::new("stat"), path.as_os_str()], &[]);
        let report = text(&output.stdout);
        let lines = golden(&name);
        // Addresses with a colon are IPv6 ones: the sixth field is the prefix.
        let count = |kind: &str, ipv6: bool| {
            let of = |line: &&str| {
                let mut fields = line.split('|').skip(2);
                fields.next() == Some(kind)
                    && fields.nth(2).is_some_and(|prefix| prefix.contains(':') == ipv6)
            };
            lines.lines().filter(of).count()
        };
        for (family, ipv6) in [("  ipv4 ", false), ("  ipv6 ", true)] {
            let wanted = ["B", "A", "W"].map(|kind| count(kind, ipv6));
            let row = report.lines().find(|line| line.starts_with(family));
            let row: Vec<usize> = numbers(row.unwrap_or_default());
            let wanted = if wanted == [0; 3] { Vec::new() } else { wanted.to_vec() };
            // GoBGP's table has two routes of peers that are not in its index.
            if name != "gobgp-table.txt" {
                assert_eq!(row, wanted, "{name}{family}: {report}");
            }
        }
    }
    let (first, second) = (testdata("mrt/frr-updates.mrt"), testdata("mrt/frr-routes.mrt"));
    let output = run([OsStr::new("stat"), first.as_os_str(), second.as_os_str()], &[]);
    assert_eq!(outcome(&output), (Some(0), &*golden("stat.stdout"), ""));
}

/// A record of the time 16
fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&[0, 0, 0, 16][..], &kind.to_be_bytes(), &subtype.to_be_bytes(), &length, body].concat()
}

/// Octets behind their length
fn counted(octets: &[u8]) -> Vec<u8> {
    [&u16::try_from(octets.len()).expect("short").to_be_bytes()[..], octets].concat()
}

/// A BGP4MP record of the peer 192.0.2.1 of AS 1, with AS numbers of 4 octets
fn bgp4mp(subtype: u16, message: &[u8]) -> Vec<u8> {
    let peering = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 192, 0, 2, 1, 192, 0, 2, 2];
    record(16, subtype, &[&peering, message].concat())
}

fn update(withdrawn: &[u8], attributes: &[u8], announced: &[u8]) -> Vec<u8> {
    let body = [&counted(withdrawn), &counted(attributes), announced].concat();
    let length = u16::try_from(19 + body.len()).expect("short").to_be_bytes();
    [&[0xff; 16][..], &length, &[2], &body].concat()
}

const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0, 1];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 192, 0, 2, 1];

/// One malformed attribute (RFC 7606 §7), and the path and the origin that are left
const MALFORMED: [(&[u8], &str); 11] = [
    (&[0x80, 4, 1, 9], "1|IGP"),
    (&[0x40, 5, 1, 9], "1|IGP"),
    (&[0xc0, 8, 3, 1, 2, 3], "1|IGP"),
    (&[0xc0, 8, 0], "1|IGP"),
    (&[0xc0, 7, 3, 1, 2, 3], "1|IGP"),
    (&[0xc0, 16, 1, 0], "1|IGP"),
    (&[0xc0, 32, 1, 0], "1|IGP"),
    (&[0x80, 10, 3, 1, 2, 3], "1|IGP"),
    (&[0x40, 6, 1, 0], "1|IGP"),
    // Twice: the first counts.
    (&[0x40, 1, 1, 2], "1|IGP"),
    (&[0x40, 2, 6, 2, 1, 0, 0, 0, 7], "1|IGP"),
];

/// The lines of what is malformed are printed, with what can be read of them.
#[test]
fn malformed_attributes_of_tables_are_told() {
    let index = record(13, 1, &[1, 1, 1, 1, 0, 0, 0, 1, 2, 1, 1, 1, 1, 192, 0, 2, 1, 0, 0, 0, 1]);
    let rib = |attributes: &[u8]| {
        let head = [0, 0, 0, 0, 8, 10, 0, 1, 0, 0, 0, 0, 0, 0];
        [index.clone(), record(13, 2, &[&head[..], &counted(attributes)].concat())].concat()
    };
    let good = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let line = |rest: &str| format!("TABLE_DUMP2|16|B|192.0.2.1|1|10.0.0.0/8|{rest}|0|0||NAG||\n");
    let told = "mrt: standard input: record at offset 33: attributes are malformed\n";
    let mut cases: Vec<_> = MALFORMED
        .iter()
        .map(|(attribute, left)| ([&good, *attribute].concat(), format!("{left}|192.0.2.1")))
        .collect();
    let short_path = [ORIGIN, &[0x40, 2, 4, 2, 7, 0, 1], NEXT_HOP].concat();
    let zero = [ORIGIN, &[0x40, 2, 6, 2, 1, 0, 0, 0, 0], NEXT_HOP].concat();
    cases.extend([
        (short_path, "|IGP|192.0.2.1".into()),
        (zero, "0|IGP|192.0.2.1".into()),
        ([&[0x40, 1, 1, 7], AS_PATH, NEXT_HOP].concat(), "1|INCOMPLETE|192.0.2.1".into()),
        ([&[0x40, 1, 2, 0, 0], AS_PATH, NEXT_HOP].concat(), "1|IGP|192.0.2.1".into()),
        ([ORIGIN, AS_PATH, &[0x40, 3, 3, 1, 2, 3]].concat(), "1|IGP|".into()),
        ([ORIGIN, AS_PATH, &[0x80, 14, 6, 5, 1, 2, 3, 4, 5]].concat(), "1|IGP|".into()),
        // Cut off
        ([&good[..], &[0xc0, 8, 4, 0, 1]].concat(), "1|IGP|192.0.2.1".into()),
        ([&good[..], &[0x40]].concat(), "1|IGP|192.0.2.1".into()),
    ]);
    for (attributes, rest) in cases {
        assert_eq!(cat(&rib(&attributes)), (Some(1), line(&rest), told.into()), "{attributes:?}");
        let output = run(["stat", "-"], &rib(&attributes));
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), told));
    }
    assert_eq!(cat(&rib(&good)), (Some(0), line("1|IGP|192.0.2.1"), String::new()));
}

#[test]
fn malformed_attributes_of_older_tables_are_told() {
    let path = |attributes: &[u8]| {
        let head = [0, 0, 0, 0, 10, 0, 0, 0, 8, 1, 0, 0, 0, 0, 192, 0, 2, 1, 0, 1];
        record(12, 1, &[&head[..], &counted(attributes)].concat())
    };
    let narrow: &[u8] = &[0x40, 2, 4, 2, 1, 0, 1];
    let good = [ORIGIN, narrow, NEXT_HOP].concat();
    let line = |path: &str| {
        format!("TABLE_DUMP|16|B|192.0.2.1|1|10.0.0.0/8|{path}|IGP|192.0.2.1|0|0||NAG||\n")
    };
    let told = "mrt: standard input: record at offset 0: attributes are malformed\n";
    for attribute in [&[0xc0, 8, 4, 0, 1][..], &[0x40], &[0xc0, 8, 2, 0, 1]] {
        let attributes = [&good[..], attribute].concat();
        assert_eq!(cat(&path(&attributes)), (Some(1), line("1"), told.into()), "{attributes:?}");
    }
    let short = [ORIGIN, &[0x40, 2, 4, 2, 7, 0, 1], NEXT_HOP].concat();
    assert_eq!(cat(&path(&short)), (Some(1), line(""), told.into()));
    assert_eq!(cat(&path(&good)), (Some(0), line("1"), String::new()));
}

/// Flaws take attributes away on a session; here they are printed as far as they can be read.
#[test]
fn updates_with_flaws_are_printed_as_they_came() {
    let line = |path: &str, rest: &str| {
        format!("BGP4MP|16|A|192.0.2.1|1|10.0.0.0/8|{path}|{rest}|NAG||\n")
    };
    for (attributes, wanted) in [
        // A path that is malformed as it holds AS 0
        (
            [ORIGIN, &[0x40, 2, 10, 2, 2, 0, 0, 0, 1, 0, 0, 0, 0], NEXT_HOP],
            line("1 0", "IGP|192.0.2.1|0|0|"),
        ),
        ([ORIGIN, AS_PATH, &[0x40, 3, 4, 0, 0, 0, 0]], line("1", "IGP|0.0.0.0|0|0|")),
        (
            [AS_PATH, NEXT_HOP, &[0xc0, 8, 6, 0, 1, 0, 2, 0, 3]],
            line("1", "INCOMPLETE|192.0.2.1|0|0|1:2"),
        ),
    ] {
        let (status, lines, errors) = cat(&bgp4mp(4, &update(&[], &attributes.concat(), &[8, 10])));
        assert_eq!((status, lines), (Some(1), wanted), "{errors}");
    }
}

/// As bgpdump has them: withdrawn before announced, the classic ones first
#[test]
fn order_of_the_routes_of_an_update() {
    let mp_reach = [0x80, 14, 14, 0, 1, 2, 4, 192, 0, 2, 7, 0, 16, 10, 2, 8, 11];
    let mp_unreach = [0x80, 15, 5, 0, 1, 2, 8, 12];
    let attributes = [&mp_reach[..], &mp_unreach, ORIGIN, AS_PATH, NEXT_HOP].concat();
    let (status, lines, _) = cat(&bgp4mp(4, &update(&[8, 13], &attributes, &[8, 10])));
    let networks: Vec<_> = lines.lines().filter_map(|line| line.split('|').nth(5)).collect();
    assert_eq!(networks, ["13.0.0.0/8", "12.0.0.0/8", "10.0.0.0/8", "10.2.0.0/16", "11.0.0.0/8"]);
    assert_eq!(status, Some(0));
}

#[test]
fn what_was_sent_is_told_apart() {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let (announced, path_id) = (update(&[], &attributes, &[8, 10]), [0, 0, 0, 7, 8, 10]);
    let extended = |record: Vec<u8>| {
        let (body, length) = (record.get(12..).expect("a body"), record.len() - 8);
        let length = u32::try_from(length).expect("short").to_be_bytes();
        [&[0, 0, 0, 16, 0, 17], &record[6..8], &length, &[0, 0, 0, 5], body].concat()
    };
    let local = bgp4mp(7, &announced);
    let file = [
        bgp4mp(4, &announced),
        local.clone(),
        extended(local),
        bgp4mp(11, &update(&[], &attributes, &path_id)),
        extended(bgp4mp(11, &update(&path_id, &[], &[]))),
    ];
    let (status, lines, errors) = cat(&file.concat());
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let wanted = "\
BGP4MP|16|A|192.0.2.1|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||
BGP4MP_LOCAL|16|A|192.0.2.1|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||
BGP4MP_ET_LOCAL|16.000005|A|192.0.2.1|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||
BGP4MP_LOCAL_AP|16|A|192.0.2.1|1|10.0.0.0/8|7|1|IGP|192.0.2.1|0|0||NAG||
BGP4MP_ET_LOCAL_AP|16.000005|W|192.0.2.1|1|10.0.0.0/8|7
";
    assert_eq!(lines, wanted);
    let output = run(["stat", "-"], &file.concat());
    let report = text(&output.stdout);
    let row = |title: &str| {
        let row = report.lines().find_map(|line| line.strip_prefix(title));
        numbers(row.unwrap_or_else(|| panic!("{title}: {report}")))
    };
    assert_eq!((row("  ipv4 "), row("  ipv4, sent ")), (vec![0, 1, 0], vec![0, 3, 1]));
    assert_eq!(row("  192.0.2.1 AS 1 "), [0, 1, 0]);
    assert_eq!(row("  192.0.2.1 AS 1, sent "), [0, 3, 1]);
    assert!(report.contains("Peers: 1 "), "{report}");
}

/// A BMP message of the peer 192.0.2.1 of AS 1
fn bmp(peer_type: u8, flags: u8, distinguisher: u8, update: &[u8]) -> Vec<u8> {
    let mut header = [0; 42];
    (header[0], header[1], header[9]) = (peer_type, flags, distinguisher);
    header[22..26].copy_from_slice(&[192, 0, 2, 1]);
    (header[29], header[33]) = (1, 9);
    let length = u32::try_from(48 + update.len()).expect("short").to_be_bytes();
    [&[3][..], &length, &[0], &header, update].concat()
}

#[test]
fn peers_of_different_instances_are_counted_apart() {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let announced = update(&[], &attributes, &[8, 10]);
    // The last one is Adj-RIB-Out.
    let peers = [(0, 0, 0), (1, 0, 3), (1, 0, 4), (1, 0, 4), (2, 0, 4), (3, 0, 0), (0, 0x10, 0)];
    let stream = peers.map(|(kind, flags, id)| bmp(kind, flags, id, &announced)).concat();
    let output = run(["stat", "-"], &stream);
    let report = text(&output.stdout);
    let rows = report.lines().skip_while(|line| !line.starts_with("Peers: ")).skip(1);
    let mut rows: Vec<_> = rows.take_while(|line| line.starts_with("  ")).collect();
    rows.sort_unstable();
    let rows: Vec<_> =
        rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let wanted = [
        "0.0.0.9 AS 1, Loc-RIB 0 1 0",
        "192.0.2.1 AS 1 0 1 0",
        "192.0.2.1 AS 1, 0:3 0 1 0",
        "192.0.2.1 AS 1, 0:4 0 2 0",
        "192.0.2.1 AS 1, instance 4 0 1 0",
        "192.0.2.1 AS 1, sent 0 1 0",
    ];
    assert_eq!(rows, wanted, "{report}");
}

#[test]
fn what_an_offset_counts_from() {
    let flawed = update(&[], &[&[0x40, 1, 1, 9], AS_PATH, NEXT_HOP].concat(), &[8, 10]);
    let told = "invalid ORIGIN at octet 4 of the UPDATE's body\n";
    let (status, _, errors) = cat(&bgp4mp(4, &flawed));
    let wanted = format!("mrt: standard input: record at offset 0: {told}");
    assert_eq!((status, errors), (Some(1), wanted));
    let (status, _, errors) = cat(&bmp(0, 0, 0, &flawed));
    let wanted = format!("mrt: standard input: message at offset 0: {told}");
    assert_eq!((status, errors), (Some(1), wanted));
    // How far it was read, of both kinds of file
    let good = update(&[], &[ORIGIN, AS_PATH, NEXT_HOP].concat(), &[8, 10]);
    for data in [bgp4mp(4, &good).repeat(9999), bmp(0, 0, 0, &good).repeat(9999)] {
        let mut compressed = gzip(&data);
        compressed.truncate(compressed.len() - 9);
        let (status, lines, errors) = cat(&compressed);
        let told = errors.strip_prefix("mrt: standard input: cannot read behind offset ");
        let offset = told.and_then(|told| told.split_once(" (decompressed): "));
        let offset: usize = offset.expect("an offset").0.parse().expect("a number");
        assert!(status == Some(1) && offset <= data.len(), "{errors}");
        // Whole records were printed, and there is no more than a part of one behind them.
        let length = data.len() / 9999;
        assert_eq!(lines.lines().count(), offset / length);
    }
}

/// Older tables are counted as well.
#[test]
fn rib_records_are_counted() {
    let path = fs::read(folder().join("tests/golden/table-dump.mrt")).expect("a file");
    let output = run(["stat", "-"], &path);
    let report = text(&output.stdout);
    let rows = report.lines().skip_while(|line| *line != "RIB records").skip(1).take(2);
    let wanted = golden("table-dump.txt").lines().count();
    assert_eq!(rows.flat_map(numbers).sum::<usize>(), wanted, "{report}");
}
