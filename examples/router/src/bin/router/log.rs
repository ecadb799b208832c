//! The log, as the configuration wants it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use router::LogClass;
use router::config::{LogClasses, LogDestination, LogTarget};

/// Open logs.
#[derive(Debug)]
pub(crate) struct Log {
    targets: Vec<LogTarget>,
    files: BTreeMap<PathBuf, File>,
    syslog: Option<UnixDatagram>,
}

const fn class_bit(class: LogClass) -> u16 {
    match class {
        LogClass::Trace => 1 << 1,
        LogClass::Info => 1 << 2,
        LogClass::Remote => 1 << 3,
        LogClass::Warning => 1 << 4,
        LogClass::Error => 1 << 5,
    }
}

const fn class_name(class: LogClass) -> &'static str {
    match class {
        LogClass::Trace => "TRACE",
        LogClass::Info => "INFO",
        LogClass::Remote => "RMT",
        LogClass::Warning => "WARN",
        LogClass::Error => "ERR",
    }
}

impl Log {
    /// Opens what is configured; standard error where nothing is.
    pub(crate) fn open(targets: &[LogTarget]) -> Result<Self, String> {
        let mut targets = targets.to_vec();
        if targets.is_empty() {
            targets.push(LogTarget { to: LogDestination::Stderr, classes: LogClasses(u16::MAX) });
        }
        let mut log = Self { targets: Vec::new(), files: BTreeMap::new(), syslog: None };
        for target in &targets {
            match &target.to {
                LogDestination::Stderr => {}
                LogDestination::File { path, .. } => {
                    log.files.insert(path.clone(), open(path)?);
                }
                LogDestination::Syslog { .. } => {
                    let socket =
                        UnixDatagram::unbound().map_err(|error| format!("syslog: {error}"))?;
                    // A system without syslog is no reason not to run.
                    log.syslog = socket.connect("/dev/log").is_ok().then_some(socket);
                }
            }
        }
        log.targets = targets;
        Ok(log)
    }

    /// Writes a line. What cannot be written is lost: there is nowhere to say so.
    pub(crate) fn write(&mut self, class: LogClass, time: &str, text: &str) {
        let line = format!("{time} <{}> {text}\n", class_name(class));
        for target in self.targets.iter().filter(|target| target.classes.0 & class_bit(class) != 0)
        {
            match &target.to {
                LogDestination::Stderr => {
                    let _ = std::io::stderr().write_all(line.as_bytes());
                }
                LogDestination::File { path, rotate } => {
                    let Some(file) = self.files.get_mut(path) else { continue };
                    let _ = file.write_all(line.as_bytes());
                    let size = file.metadata().map_or(0, |data| data.len());
                    if let Some((limit, backup)) = rotate
                        && size > *limit
                        && std::fs::rename(path, backup).is_ok()
                        && let Ok(fresh) = open(path)
                    {
                        *file = fresh;
                    }
                }
                LogDestination::Syslog { name } => {
                    let severity = match class {
                        LogClass::Error => 3,
                        LogClass::Warning | LogClass::Remote => 4,
                        LogClass::Info | LogClass::Trace => 6,
                    };
                    // Facility daemon (3), RFC 3164.
                    let name = name.as_deref().unwrap_or("router");
                    let message =
                        format!("<{}>{name}[{}]: {text}", 3 * 8 + severity, std::process::id());
                    if let Some(socket) = &self.syslog {
                        let _ = socket.send(message.as_bytes());
                    }
                }
            }
        }
    }
}

fn open(path: &Path) -> Result<File, String> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| format!("cannot open the log {}: {error}", path.display()))
}
