//! A BIRD that is asked for the values of expressions, and of which filters let routes pass.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;

use testbed::bird::{Bird as Daemon, header};
use testbed::{Lab, PATIENCE, Program};

/// A running daemon, and a connection to its control socket.
pub(crate) struct Bird {
    stream: BufReader<UnixStream>,
    daemon: Daemon,
    /// Dropped behind the daemon
    _lab: Lab,
}

impl Bird {
    /// Starts BIRD 2.0.12 with these functions, without protocols that touch the network.
    pub(crate) fn start(functions: &str) -> Self {
        let lab = Lab::new();
        let node = lab.node("bird");
        let text = header("192.0.2.1") + functions;
        let daemon = Daemon::start(&lab, &node, &text, &Program::find("bird"));
        let stream = connect(&daemon);
        Self { stream, daemon, _lab: lab }
    }

    /// What `birdc eval` prints, or the error.
    pub(crate) fn eval(&mut self, expr: &str) -> Result<String, String> {
        writeln!(self.stream.get_mut(), "eval {expr}").expect("bird is there");
        match reply(&mut self.stream) {
            Some((code, text)) if code == "0023" => Ok(text),
            Some((_, text)) => Err(text),
            None => {
                self.daemon.wait_exit();
                self.daemon.start_again();
                self.stream = connect(&self.daemon);
                Err("BIRD died of it".into())
            }
        }
    }
}

fn connect(daemon: &Daemon) -> BufReader<UnixStream> {
    let stream = UnixStream::connect(daemon.socket()).expect("bird answered already");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
    let mut stream = BufReader::new(stream);
    reply(&mut stream).expect("a greeting");
    stream
}

/// The code and the text of a reply; `None` when BIRD has ended.
fn reply(stream: &mut BufReader<UnixStream>) -> Option<(String, String)> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            result => result.expect("bird answers"),
        };
        let line = line.trim_end_matches('\n');
        match line.split_at_checked(5) {
            Some((code, rest)) if code.ends_with(' ') && !code.starts_with(' ') => {
                text.push_str(rest);
                return Some((code.trim_end().into(), text));
            }
            Some((_, rest)) if line.as_bytes()[4] == b'-' => {
                text.push_str(rest);
                text.push('\n');
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}
