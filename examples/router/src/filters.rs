//! The filters of the configuration, as the tables call them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use policy::{FilterId, Program, Verdict, Vm};
use rib::{Filter, Policy, Route};

use crate::config::FilterRef;

/// Numbers filters for the tables. A filter that means the same after a reconfiguration keeps its number, so
/// update groups stay together.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    program: Arc<Program>,
    known: Vec<(u64, FilterId)>,
    vm: RefCell<Vm>,
    /// Run-time errors and `print` output, for the log.
    messages: RefCell<VecDeque<String>>,
}

/// Messages kept until they are taken: a filter must not fill the memory.
const MOST_MESSAGES: usize = 1000;

impl Filters {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self { program, known: Vec::new(), vm: RefCell::default(), messages: RefCell::default() }
    }

    /// Takes over the filters of a new configuration. Those that are still in use have to be named again with
    /// [`Filters::number`].
    pub(crate) fn replace(&mut self, program: Arc<Program>) {
        self.program = program;
    }

    pub(crate) fn number(&mut self, filter: &FilterRef) -> Filter {
        let (id, fingerprint) = match filter {
            FilterRef::All => return Filter::All,
            FilterRef::None => return Filter::None,
            FilterRef::Filter { id, fingerprint, .. } => (*id, *fingerprint),
        };
        let place = self.known.iter().position(|(known, _)| *known == fingerprint);
        let place = place.unwrap_or_else(|| {
            self.known.push((fingerprint, id));
            self.known.len() - 1
        });
        // The same meaning stands at another place of a new program.
        if let Some(known) = self.known.get_mut(place) {
            known.1 = id;
        }
        Filter::Run(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// Runs a filter that is not tied to a channel.
    pub(crate) fn run(&self, filter: FilterId, route: &Route<'_>) -> bool {
        let mut vm = self.vm.borrow_mut();
        match self.program.run(&mut vm, filter, route) {
            Ok(verdict) => verdict == Verdict::Accept,
            Err(trap) => {
                let mut messages = self.messages.borrow_mut();
                if messages.len() < MOST_MESSAGES {
                    messages.push_back(format!("filters: {trap}"));
                }
                false
            }
        }
    }

    pub(crate) fn poll_message(&mut self) -> Option<String> {
        self.messages.get_mut().pop_front()
    }
}

impl Policy for &Filters {
    fn accepts(&mut self, filter: u32, route: &Route<'_>) -> bool {
        match self.known.get(filter as usize) {
            Some((_, id)) => self.run(*id, route),
            None => false,
        }
    }
}
