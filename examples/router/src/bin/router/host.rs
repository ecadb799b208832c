//! The world around the router: sockets, interfaces, signals, time.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bgp_fsm::Endpoints;
use bytes::BytesMut;
use router::clock::Clock;
use router::config::{self, Config};
use router::{Action, Command, Interface, Listener, LogClass, Router, StreamId};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::control::{self, Request};
use crate::interfaces;
use crate::listen;
use crate::log::Log;
use crate::stream::Stream;

/// Inputs that may wait; behind them, readers wait.
const MOST_INPUTS: usize = 64;
/// Time that sessions are given to close at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) config_file: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) pid_file: Option<PathBuf>,
    pub(crate) tell_ready: bool,
    pub(crate) recover: bool,
}

/// What the tasks around the router report.
#[derive(Debug)]
pub(crate) enum Input {
    Dialled(StreamId, std::io::Result<TcpStream>),
    Accepted(TcpStream),
    Data(StreamId, BytesMut),
    /// The other side has closed, or the connection is broken.
    Closed(StreamId),
    /// All is sent, and our side is closed.
    Finished(StreamId),
    /// A connection that was full has room again.
    Room,
    Request(Request),
    /// An answer has been written.
    Answered,
}

/// Removes a file at the end, however that comes.
struct Cleanup(PathBuf);

impl Drop for Cleanup {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Host {
    router: Router,
    clock: Clock,
    started: Instant,
    options: Options,
    log: Log,
    interfaces: BTreeMap<u32, Interface>,
    streams: BTreeMap<StreamId, Stream>,
    dials: BTreeMap<StreamId, JoinHandle<()>>,
    listeners: BTreeMap<Listener, JoinHandle<()>>,
    input: mpsc::Sender<Input>,
    exit: bool,
    /// Commands whose answers are not written yet.
    answering: usize,
}

/// Runs a router until it is told to end.
pub(crate) async fn run(config: Config, options: Options) -> Result<(), String> {
    let (input, mut inputs) = mpsc::channel(MOST_INPUTS);
    let (changed, mut interface_changes) = mpsc::channel(1);
    let started = now();
    let clock = clock();
    let log = Log::open(&config.log)?;
    let hostname = nix::unistd::gethostname()
        .map_or_else(|_| "localhost".into(), |name| name.to_string_lossy().into_owned());
    let seed = clock
        .unix_epoch
        .as_nanos()
        .to_le_bytes()
        .iter()
        .fold(u64::from(std::process::id()), |seed, byte| {
            seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte)
        });
    let router = Router::new(config, clock, &hostname, Duration::ZERO, seed);
    interfaces::watch(changed)?;
    let socket = control::listen(&options.socket)?;
    let _socket = Cleanup(options.socket.clone());
    let _pid = write_pid(options.pid_file.as_deref())?;
    let mut host = Host {
        router,
        clock,
        started,
        options,
        log,
        interfaces: BTreeMap::new(),
        streams: BTreeMap::new(),
        dials: BTreeMap::new(),
        listeners: BTreeMap::new(),
        input: input.clone(),
        exit: false,
        answering: 0,
    };
    host.scan()?;
    if host.options.recover {
        host.router.recover(host.now());
    }
    host.router.start(host.now())?;
    // A port that is taken ends the program, but only now.
    host.act(true)?;
    host.write_log(LogClass::Info, "Started");
    tokio::task::spawn_local(control::serve(socket, input));
    if host.options.tell_ready {
        let mut stdout = std::io::stdout();
        writeln!(stdout, "ready")
            .and_then(|()| stdout.flush())
            .map_err(|error| error.to_string())?;
    }
    let fail = |error: std::io::Error| format!("cannot handle signals: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(fail)?;
    let mut batch = Vec::new();
    let mut deadline = None;
    while !(host.exit && host.answering == 0) {
        let timeout = host.router.poll_timeout().map(|at| host.started + at);
        let wake = timeout.into_iter().chain(deadline).min();
        tokio::select! {
            biased;
            _ = terminate.recv() => host.router.shutdown(host.now()),
            _ = interrupt.recv() => host.router.shutdown(host.now()),
            _ = hangup.recv() => {
                let file = host.options.config_file.clone();
                let answer = host.configure(&file, false);
                host.write_log(LogClass::Info, answer.trim_end());
            }
            _ = interface_changes.recv() => host.scan()?,
            count = inputs.recv_many(&mut batch, MOST_INPUTS) => {
                debug_assert!(count > 0);
                for input in batch.drain(..) {
                    host.take(input);
                }
            }
            () = sleep_until(wake) => {}
        }
        host.router.handle_timeout(host.now());
        host.act(false)?;
        host.flush();
        if host.router.is_stopping() && deadline.is_none() {
            deadline = Some(now() + PATIENCE);
        }
        if deadline.is_some_and(|at| at <= now()) {
            break;
        }
    }
    host.write_log(LogClass::Info, "Shutdown completed");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock is read for the engine")]
fn now() -> Instant {
    Instant::from_std(std::time::Instant::now())
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock is read for the engine")]
fn clock() -> Clock {
    let unix_epoch =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Clock { unix_epoch, utc_offset: chrono::Local::now().offset().local_minus_utc() }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn write_pid(path: Option<&Path>) -> Result<Option<Cleanup>, String> {
    let Some(path) = path else { return Ok(None) };
    std::fs::write(path, format!("{}\n", std::process::id()))
        .map_err(|error| format!("cannot write the process id to {}: {error}", path.display()))?;
    Ok(Some(Cleanup(path.into())))
}

impl Host {
    fn now(&self) -> Duration {
        now().duration_since(self.started)
    }

    fn write_log(&mut self, class: LogClass, text: &str) {
        let time = self.clock.full(self.now());
        self.log.write(class, &time, text);
    }

    /// Reads the interfaces and tells the router what is new.
    fn scan(&mut self) -> Result<(), String> {
        let found = interfaces::scan()?;
        for event in interfaces::changes(&self.interfaces, &found) {
            self.router.handle_interface(self.now(), event);
        }
        self.interfaces = found;
        Ok(())
    }

    fn take(&mut self, input: Input) {
        let now = self.now();
        match input {
            Input::Dialled(id, result) => {
                self.dials.remove(&id);
                match result.and_then(|stream| Ok((ends(&stream)?, stream))) {
                    Ok((ends, stream)) => {
                        self.streams.insert(id, Stream::new(id, stream, &self.input));
                        self.router.handle_connected(now, id, ends);
                    }
                    Err(error) => self.router.handle_connect_failed(now, id, &reason(&error)),
                }
            }
            Input::Accepted(stream) => {
                let accepted =
                    ends(&stream).ok().and_then(|ends| self.router.handle_accepted(now, ends));
                if let Some(id) = accepted {
                    self.streams.insert(id, Stream::new(id, stream, &self.input));
                }
            }
            Input::Data(id, data) => {
                let Some(stream) = self.streams.get_mut(&id) else { return };
                if stream.received.is_empty() {
                    stream.received = data;
                } else {
                    stream.received.extend_from_slice(&data);
                }
                let mut received = std::mem::take(&mut stream.received);
                self.router.handle_stream(now, id, &mut received);
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.received = received;
                }
            }
            Input::Closed(id) => {
                if let Some(mut stream) = self.streams.remove(&id) {
                    stream.close();
                    self.router.handle_disconnected(now, id);
                }
            }
            Input::Finished(id) => {
                self.streams.remove(&id);
                self.router.forget_stream(id);
            }
            Input::Room => {}
            Input::Answered => self.answering -= 1,
            Input::Request(request) => self.answer(now, request),
        }
    }

    fn answer(&mut self, now: Duration, request: Request) {
        self.answering += 1;
        let mut session = request.session;
        let text = match request.line {
            None => self.router.greeting(),
            Some(line) => match self.router.handle_command(now, &mut session, &line) {
                Command::Reply(text) => text,
                Command::Configure { file, check } => {
                    let file = file.map_or_else(|| self.options.config_file.clone(), PathBuf::from);
                    self.configure(&file, check)
                }
                Command::Down(text) => {
                    self.router.shutdown(now);
                    text
                }
            },
        };
        // Whoever asked may have gone.
        if request.answer.send((text, session)).is_err() {
            self.answering -= 1;
        }
    }

    fn configure(&mut self, file: &Path, check: bool) -> String {
        let result = config::load(file);
        if let (Ok(config), false) = (&result, check) {
            match Log::open(&config.log) {
                Ok(log) => self.log = log,
                Err(error) => self.write_log(LogClass::Error, &error),
            }
        }
        self.router.handle_configuration(self.now(), &file.to_string_lossy(), check, result)
    }

    /// Does what the router asks for. At the start, a port that is taken is an error; later it is logged.
    fn act(&mut self, starting: bool) -> Result<(), String> {
        while let Some(action) = self.router.poll_action() {
            match action {
                Action::Listen(listener) => match listen::listen(listener.address) {
                    Ok(socket) => {
                        let input = self.input.clone();
                        let task = tokio::task::spawn_local(async move {
                            while let Ok((stream, _)) = socket.accept().await {
                                // Without it, small messages would wait for acknowledgements.
                                let usable = stream.set_nodelay(true).is_ok();
                                if usable && input.send(Input::Accepted(stream)).await.is_err() {
                                    return;
                                }
                            }
                        });
                        self.listeners.insert(listener, task);
                    }
                    Err(error) if starting => return Err(error),
                    Err(error) => self.write_log(LogClass::Error, &error),
                },
                Action::Unlisten(listener) => {
                    if let Some(task) = self.listeners.remove(&listener) {
                        task.abort();
                    }
                }
                Action::Dial(dial) => {
                    let (input, id) = (self.input.clone(), dial.stream);
                    let task = tokio::task::spawn_local(async move {
                        let result = listen::dial(dial).await;
                        // The host is gone only at the very end.
                        let _ = input.send(Input::Dialled(id, result)).await;
                    });
                    self.dials.insert(id, task);
                }
                Action::Close(id) => self.close(id),
                Action::Log(class, text) => self.write_log(class, &text),
                Action::Exit => self.exit = true,
            }
        }
        Ok(())
    }

    fn close(&mut self, id: StreamId) {
        if let Some(task) = self.dials.remove(&id) {
            task.abort();
        }
        let now = self.now();
        match self.streams.get_mut(&id) {
            Some(stream) => {
                while let Some(bytes) = self.router.poll_stream(now, id) {
                    stream.send(bytes);
                }
                stream.close();
            }
            None => self.router.forget_stream(id),
        }
    }

    /// Gives connections that have room what there is for them.
    fn flush(&mut self) {
        let now = self.now();
        for (id, stream) in &self.streams {
            while stream.has_room() {
                let Some(bytes) = self.router.poll_stream(now, *id) else { break };
                stream.send(bytes);
            }
        }
    }
}

fn ends(stream: &TcpStream) -> std::io::Result<Endpoints> {
    Ok(Endpoints { local: stream.local_addr()?, remote: stream.peer_addr()? })
}

/// The system's words, without the number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
