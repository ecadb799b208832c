//! The router's command line: flags, mistakes and how it ends. None of it needs root.
//!
//! `ROUTER_BIN` names another program to run; with BIRD, only what both promise is asserted.

#[allow(dead_code, reason = "the tests of interop.rs use the rest")]
#[path = "interop/ours.rs"]
mod ours;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ours::{bird_stands_in, router};
use testbed::{Daemon, Folder, PATIENCE, unique_name, wait_for};

/// A configuration without sockets of its own.
const GOOD: &str = "log stderr all;
router id 192.0.2.1;
protocol device { }
protocol static s4 { ipv4; route 10.1.0.0/24 blackhole; }
";

/// The same with a mistake: line 4, column 46.
const BAD: &str = "log stderr all;
router id 192.0.2.1;
protocol device { }
protocol static s4 { ipv4; route 10.1.0.0/24 blackhol; }
";

/// A folder with `good.conf` and `bad.conf`.
fn folder() -> Folder {
    let folder = Folder::new(&unique_name());
    fs::write(folder.file("good.conf"), GOOD).expect("a file can be written");
    fs::write(folder.file("bad.conf"), BAD).expect("a file can be written");
    folder
}

/// Runs the router to its end, killing it when it does not come to one.
fn run<I: AsRef<OsStr>>(folder: &Folder, arguments: impl IntoIterator<Item = I>) -> Output {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "20"]).arg(router()).args(arguments);
    let output = command.current_dir(folder.file(".")).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// Starts the router with `good.conf` and waits until it answers.
fn start(folder: &Folder) -> Daemon {
    let mut command = Command::new(router());
    command.args(["-f", "-c", "good.conf", "-s", "r.ctl", "-P", "r.pid"]);
    command.current_dir(folder.file(".")).stdin(Stdio::null());
    let mut daemon = Daemon::spawn("router", command, &folder.file("router.log"));
    wait_for(PATIENCE, "the router answers on its socket", || {
        daemon.assert_running();
        let answer = ask(&folder.file("r.ctl"), "show status")?;
        if answer.starts_with("1000-BIRD ") { Ok(()) } else { Err(answer) }
    });
    daemon
}

/// The first line of the answer to a command.
fn ask(socket: &Path, command: &str) -> Result<String, String> {
    let ask = || -> std::io::Result<String> {
        let mut stream = BufReader::new(UnixStream::connect(socket)?);
        stream.get_ref().set_read_timeout(Some(PATIENCE))?;
        let (mut greeting, mut answer) = (String::new(), String::new());
        stream.read_line(&mut greeting)?;
        stream.get_mut().write_all(format!("{command}\n").as_bytes())?;
        stream.read_line(&mut answer)?;
        Ok(answer)
    };
    ask().map_err(|error| error.to_string())
}

/// Asserts that the router gave up with status 1 and one line on stderr that says `what`.
#[track_caller]
fn assert_refused(output: &Output, what: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(what), "{what:?} is not in {text:?}");
    assert_eq!(text.trim_end().lines().count(), 1, "one line, not {text:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// Asserts that a router which did not start leaves no socket. BIRD does.
#[track_caller]
fn assert_no_socket(folder: &Folder) {
    assert!(bird_stands_in() || !folder.file("r.ctl").exists(), "the socket is left");
}

#[test]
fn a_missing_configuration_file_is_said_in_one_line() {
    let folder = folder();
    let output = run(&folder, ["-f", "-c", "gone.conf", "-s", "r.ctl"]);
    assert_refused(&output, "gone.conf");
    assert_refused(&output, "No such file or directory");
    assert_no_socket(&folder);
}

#[test]
fn a_socket_that_cannot_be_made_is_said_in_one_line() {
    let folder = folder();
    let output = run(&folder, ["-f", "-c", "good.conf", "-s", "gone/r.ctl"]);
    assert_refused(&output, "gone/r.ctl");
}

#[test]
fn a_socket_path_that_is_too_long_is_said_in_one_line() {
    let folder = folder();
    let output = run(&folder, ["-f", "-c", "good.conf", "-s", &"x".repeat(150)]);
    assert_refused(&output, "");
}

#[test]
fn a_port_in_use_is_said_in_one_line() {
    if bird_stands_in() {
        return; // It logs the error and goes on without the session.
    }
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = taken.local_addr().expect("a listener has an address").port();
    let config = format!(
        "router id 192.0.2.1;
         protocol device {{ }}
         protocol bgp p {{
             local 127.0.0.1 port {port} as 65001;
             neighbor 127.0.0.2 as 65002;
             strict bind;
             ipv4 {{ import all; export all; }};
         }}"
    );
    fs::write(folder.file("port.conf"), config).expect("a file can be written");
    let output = run(&folder, ["-f", "-c", "port.conf", "-s", "r.ctl"]);
    assert_refused(&output, &port.to_string());
    assert_no_socket(&folder);
}

#[test]
fn a_second_router_on_the_same_socket_gives_up_and_the_first_goes_on() {
    let folder = folder();
    let mut first = start(&folder);
    assert_refused(&run(&folder, ["-f", "-c", "good.conf", "-s", "r.ctl"]), "");
    first.assert_running();
    assert_eq!(ask(&folder.file("r.ctl"), "down").as_deref(), Ok("0007 Shutdown requested\n"));
    assert_eq!(first.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn a_socket_left_by_a_killed_router_is_taken_over() {
    let folder = folder();
    let mut first = start(&folder);
    first.kill();
    assert!(folder.file("r.ctl").exists(), "it was killed before it could remove the socket");
    let mut second = start(&folder);
    second.assert_running();
}

#[test]
fn a_right_configuration_passes_the_check() {
    let folder = folder();
    let output = run(&folder, ["-p", "-c", "good.conf", "-s", "r.ctl"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    assert!(!folder.file("r.ctl").exists(), "a check makes no socket");
}

#[test]
fn a_check_tells_of_what_looks_wrong() {
    if bird_stands_in() {
        return;
    }
    let folder = folder();
    let text = "router id 192.0.2.1;\nfilter f { accept; reject; }\n";
    std::fs::write(folder.file("odd.conf"), text).expect("a file that can be written");
    let output = run(&folder, ["-p", "-c", "odd.conf"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("odd.conf:2:20: warning: this is never come to"), "{text}");
}

#[test]
fn a_wrong_configuration_fails_the_check_with_the_place_of_the_mistake() {
    let folder = folder();
    let output = run(&folder, ["-p", "-c", "bad.conf"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("bad.conf:4:"), "{text}");
    if bird_stands_in() {
        return;
    }
    assert!(text.contains("bad.conf:4:46"), "{text}");
    // The line, and below it a caret under the mistake.
    let lines: Vec<&str> = text.lines().collect();
    let line = lines.iter().position(|line| line.contains("route 10.1.0.0/24 blackhol;"));
    let line = line.unwrap_or_else(|| panic!("the line is not shown in\n{text}"));
    let caret = lines.get(line + 1).and_then(|below| below.find('^'));
    assert_eq!(caret, lines[line].find("blackhol;"), "the caret is elsewhere in\n{text}");
}

#[test]
fn a_wrong_configuration_keeps_the_router_from_starting() {
    let folder = folder();
    let output = run(&folder, ["-f", "-c", "bad.conf", "-s", "r.ctl"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("bad.conf:4:"), "{text}");
    assert_no_socket(&folder);
}

#[test]
fn the_pid_file_is_written_and_removed() {
    let folder = folder();
    let mut daemon = start(&folder);
    let pid = fs::read_to_string(folder.file("r.pid")).expect("there is a pid file");
    assert_eq!(pid.trim(), daemon.id().to_string());
    assert_eq!(ask(&folder.file("r.ctl"), "down").as_deref(), Ok("0007 Shutdown requested\n"));
    assert_eq!(daemon.wait_exit(PATIENCE).code(), Some(0));
    assert!(!folder.file("r.pid").exists(), "the pid file is left");
    assert!(!folder.file("r.ctl").exists(), "the socket is left");
}

#[test]
fn sigterm_ends_it_as_down_does() {
    let folder = folder();
    let mut daemon = start(&folder);
    testbed::output(Command::new("kill").args(["-TERM", &daemon.id().to_string()]));
    assert_eq!(daemon.wait_exit(PATIENCE).code(), Some(0));
    assert!(!folder.file("r.pid").exists(), "the pid file is left");
    assert!(!folder.file("r.ctl").exists(), "the socket is left");
}

#[test]
fn the_version_is_shown() {
    let output = run(&folder(), ["--version"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    if !bird_stands_in() {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text:?}");
    }
}

#[test]
fn an_unknown_flag_is_refused_with_the_usage() {
    let output = run(&folder(), ["--nonsense"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("Usage"), "{text}");
}
