//! The filters of the configuration, as the tables call them.

use std::collections::VecDeque;
use std::sync::Arc;

use policy::{FilterId, NoHost, Program, Verdict, Vm};
use rib::{Edited, Filter, Policy, Route};

use crate::config::FilterRef;

/// Messages kept until they are taken: a filter must not fill the memory.
const MOST_MESSAGES: usize = 1000;

/// Numbers filters for the tables. A filter that means the same after a reconfiguration keeps its number, so
/// update groups stay together.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    program: Arc<Program>,
    /// Fingerprint, and where the filter stands in the program.
    known: Vec<(u64, FilterId)>,
    vm: Vm,
    messages: VecDeque<String>,
}

impl Filters {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self { program, known: Vec::new(), vm: Vm::default(), messages: VecDeque::new() }
    }

    /// Takes over the filters of a new configuration. Those in use have to be named with [`Filters::number`]
    /// before the next run.
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
        // The same meaning may stand at another place of a new program.
        if let Some(known) = self.known.get_mut(place) {
            known.1 = id;
        }
        Filter::Run(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// A message for the log: a run that ended by an error.
    pub(crate) fn poll_message(&mut self) -> Option<String> {
        self.messages.pop_front()
    }
}

impl Policy for Filters {
    fn run(&mut self, filter: u32, route: &Route<'_>, edited: &mut Edited) -> rib::Verdict {
        let Some((_, id)) = self.known.get(filter as usize) else { return rib::Verdict::Reject };
        match self.program.run(&mut self.vm, *id, route, &NoHost) {
            Ok(Verdict::Reject) => rib::Verdict::Reject,
            Ok(Verdict::Accept) if self.vm.has_changes() => {
                self.vm.edit(&self.program, route, edited);
                rib::Verdict::Change
            }
            Ok(Verdict::Accept) => rib::Verdict::Accept,
            Err(trap) => {
                if self.messages.len() < MOST_MESSAGES {
                    let name = self.program.name(*id).unwrap_or("(unnamed)");
                    self.messages.push_back(format!("filter {name}: {}: {trap}", route.net));
                }
                rib::Verdict::Reject
            }
        }
    }
}
