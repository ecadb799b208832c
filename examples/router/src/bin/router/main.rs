//! `router`: BIRD's flags, configuration and control socket, on the engine of this package.

#![forbid(unsafe_code)]

mod control;
mod host;
mod interfaces;
mod listen;
mod log;
mod stream;

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use router::config;

/// A BGP router that reads BIRD's configuration and answers birdc.
#[derive(Debug, Parser)]
#[command(name = "router", version, about, long_about = None, disable_version_flag = true, after_help = EXAMPLES)]
struct Arguments {
    /// Configuration file
    #[arg(short = 'c', value_name = "FILE", default_value = "/etc/bird/bird.conf")]
    config: PathBuf,
    /// Control socket
    #[arg(short = 's', value_name = "SOCKET", default_value = "/run/bird/bird.ctl")]
    socket: PathBuf,
    /// Take bird.conf and bird.ctl in the current folder where -c and -s are not given
    #[arg(short = 'l')]
    local: bool,
    /// Stay in the foreground
    #[arg(short = 'f')]
    foreground: bool,
    /// Check the configuration and end: exit status 0 when it can be used
    #[arg(short = 'p')]
    parse_only: bool,
    /// Write the process id to a file, and remove it at the end
    #[arg(short = 'P', value_name = "FILE")]
    pid_file: Option<PathBuf>,
    /// Recover from a restart: neighbours with graceful restart have kept our routes
    #[arg(short = 'R')]
    recover: bool,
    /// Show the version
    #[arg(long = "version", action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// Tell on standard output when the router runs (how the background process reports to the foreground)
    #[arg(long, hide = true)]
    tell_ready: bool,
}

const EXAMPLES: &str = "Examples:
  router -p -c bird.conf              check a configuration
  router -f -c bird.conf -s bird.ctl  run in the foreground
  birdc -s bird.ctl show protocols    ask it";

fn main() -> ExitCode {
    let matches = <Arguments as clap::CommandFactory>::command().get_matches();
    let mut arguments = match <Arguments as clap::FromArgMatches>::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let given = |id| matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
    if arguments.local {
        if !given("config") {
            arguments.config = "bird.conf".into();
        }
        if !given("socket") {
            arguments.socket = "bird.ctl".into();
        }
    }
    if !given("socket") && !arguments.parse_only {
        // The usual folder lies in memory on most systems. What goes wrong shows when the socket is made.
        let _ = arguments.socket.parent().map(std::fs::create_dir_all);
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            report(&message);
            ExitCode::FAILURE
        }
    }
}

/// Writes an error; in colour on a terminal only.
fn report(message: &str) {
    let mut stderr = std::io::stderr();
    let (red, plain) = if stderr.is_terminal() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    // Nobody is left to tell when this fails.
    let _ = writeln!(stderr, "{red}router:{plain} {}", message.trim_end());
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let config = config::load(&arguments.config).map_err(|error| error.to_string())?;
    if arguments.parse_only {
        eprint!("{}", config.warnings);
        return Ok(());
    }
    if !arguments.foreground {
        return run_in_background();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let local = tokio::task::LocalSet::new();
    let options = host::Options {
        config_file: arguments.config.clone(),
        socket: arguments.socket.clone(),
        pid_file: arguments.pid_file.clone(),
        tell_ready: arguments.tell_ready,
        recover: arguments.recover,
    };
    local.block_on(&runtime, host::run(config, options))
}

/// Starts this program again in a process group of its own, and waits until it runs or has failed.
fn run_in_background() -> Result<(), String> {
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .args(["-f", "--tell-ready"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot start in the background: {error}"))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    if line == "ready\n" {
        return Ok(());
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    // It has said itself what is wrong.
    std::process::exit(status.code().unwrap_or(1));
}
