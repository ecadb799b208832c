//! `mrt`: prints the routes of MRT and BMP files, or counts what is in them.

#![forbid(unsafe_code)]

mod attributes;
mod cat;
mod error;
mod gzip;
mod input;
mod line;
mod stat;
mod updates;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use error::Failure;

/// Reads files of BGP routes and messages: MRT (RFC 6396, RFC 8050) and BMP (RFC 7854)
#[derive(Debug, Parser)]
#[command(name = "mrt", version, about, long_about = LONG_ABOUT, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print one line a route
    #[command(long_about = CAT, after_help = FORMATS)]
    Cat(CatArguments),
    /// Count records, routes, peers, paths and communities
    #[command(long_about = STAT)]
    Stat {
        #[command(flatten)]
        files: Files,
    },
}

#[derive(Debug, Args)]
struct CatArguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    options: cat::Options,
}

#[derive(Debug, Args)]
struct Files {
    /// Files to read in this order; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

const LONG_ABOUT: &str = "Reads files of BGP routes and messages: MRT (RFC 6396, RFC 8050) as route \
collectors publish them, and streams of BMP (RFC 7854) as they came from a router.

What a file is, and whether it is compressed with gzip or bzip2, is seen from its contents, not \
from its name. A record with a flaw is told on standard error with its place, and the next one is read.

Exit status: 0 when all was read, 1 when a file or a record could not be read, 2 for a mistake in the \
arguments.";

const EXAMPLES: &str = "Examples:
  mrt cat rib.20261121.0800.bz2                 the routes of a table
  mrt cat updates.*.gz | grep '|A|.*|192.0.2.'  announcements of some prefixes
  mrt stat rib.20261121.0800.bz2                what is in a table
  nc -l 5000 | mrt cat -                        the routes of a router that speaks BMP";

const CAT: &str = "Prints one line a route, the fields between bars, as `bgpdump -m` does.

Messages that hold no routes are not printed, nor are routes whose networks are no prefixes.";

const FORMATS: &str = "Lines:
  TABLE_DUMP2|TIME|B|PEER|PEER AS|PREFIX|AS PATH|ORIGIN|NEXT HOP|LOCAL PREF|MED|COMMUNITIES|AG|AGGREGATOR|
                                      a route of a table; AG when ATOMIC_AGGREGATE is there, else NAG
  BGP4MP|TIME|A|…                     a route that is announced, the fields as above
  BGP4MP|TIME|W|PEER|PEER AS|PREFIX   a route that is withdrawn
  BGP4MP|TIME|STATE|PEER|PEER AS|OLD|NEW
                                      a change of a session's state; 6 is Established
  TABLE_DUMP|…, BGP4MP_ET|…           as above: older tables, messages with microseconds
  BGP4MP_LOCAL|…, BGP4MP_ET_LOCAL|…   what the collector sent to the peer
  TABLE_DUMP2_AP|…, BGP4MP_AP|…       with path identifiers: they follow the prefix
                                      (also BGP4MP_ET_AP, BGP4MP_LOCAL_AP, BGP4MP_ET_LOCAL_AP)
  BMP_IN_PRE|TIME|A|…                 from BMP: Adj-RIB-In before the policy; also BMP_IN_POST,
                                      BMP_OUT_PRE, BMP_OUT_POST and BMP_LOC_RIB, all with _AP too
  BMP|TIME|UP|PEER|PEER AS|LOCAL ADDRESS
  BMP|TIME|DOWN|PEER|PEER AS|REASON   a session of the router has come up, or has ended

Routes with flaws are told and printed with what can be read of their attributes, unless nothing says where they \
stand.

What bgpdump -m prints otherwise:
  addresses in ::/96: ::192.0.2.1 there, ::c000:201 here
  next hops of :: and a link-local address: :: there, the link-local address here
  sent messages with path identifiers: BGP4MP_AP and the collector's address there,
    BGP4MP_LOCAL_AP and the peer's here
  tables of multicast routes: nothing there, lines as of unicast here
  bits of a prefix behind its length: partly kept there, cleared here
  no next hop: 255.255.255.255 there, an empty field here
  empty or malformed attributes: whatever there, told with exit status 1 here";

const STAT: &str = "Counts records by type, routes by family and by peer, AS paths and communities: \
of all files together. Routes that were \
sent to a peer (BGP4MP_*_LOCAL, Adj-RIB-Out of BMP) have rows of their own, as have BMP peers of different \
instances.";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Cat(cat) => cat::run(&cat.files.files, &cat.options),
        Command::Stat { files } => stat::run(&files.files),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever read our output has read enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Writes an error; in colour on a terminal only.
fn report(message: &str) {
    let mut stderr = std::io::stderr();
    let (red, plain) = if stderr.is_terminal() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    // Nobody is left to tell when this fails.
    let _ = writeln!(stderr, "{red}mrt:{plain} {message}");
}
