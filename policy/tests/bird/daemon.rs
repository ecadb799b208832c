//! A BIRD that is asked for the values of expressions.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// A running daemon in a folder of its own; it is ended, and the folder removed, when this is dropped.
pub(crate) struct Bird {
    child: Child,
    stream: BufReader<UnixStream>,
    folder: PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Bird {
    /// Starts `bird` with these functions, without protocols that touch the network.
    pub(crate) fn start(functions: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("policy-bird-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let text = format!("router id 192.0.2.1;\nprotocol device {{ }}\n{functions}");
        std::fs::write(folder.join("bird.conf"), text).expect("the configuration");
        let (child, stream) = run(&folder);
        let mut bird = Self { child, stream, folder };
        bird.reply();
        bird
    }
    /// What `birdc eval` prints, or the error.
    pub(crate) fn eval(&mut self, expr: &str) -> Result<String, String> {
        writeln!(self.stream.get_mut(), "eval {expr}").expect("bird is there");
        match self.reply() {
            Some((code, text)) if code == "0023" => Ok(text),
            Some((_, text)) => Err(text),
            None => {
                let _ = self.child.wait();
                (self.child, self.stream) = run(&self.folder);
                self.reply();
                Err("BIRD died of it".into())
            }
        }
    }

    /// The code and the text of a reply; `None` when BIRD has ended.
    fn reply(&mut self) -> Option<(String, String)> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            match self.stream.read_line(&mut line) {
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
}

fn run(folder: &Path) -> (Child, BufReader<UnixStream>) {
    let socket = folder.join("bird.ctl");
    let mut child = Command::new("bird")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["-f", "-c"])
        .arg(folder.join("bird.conf"))
        .arg("-s")
        .arg(&socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("bird2 is installed");
    let Some(stream) = connect(&mut child, &socket) else {
        let _ = child.kill();
        panic!("bird does not answer; its folder is {}", folder.display());
    };
    (child, BufReader::new(stream))
}

fn connect(child: &mut Child, socket: &Path) -> Option<UnixStream> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Ok(stream) = UnixStream::connect(socket) {
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            return Some(stream);
        }
        if child.try_wait().ok()?.is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

impl Drop for Bird {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
