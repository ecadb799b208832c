//! Sessions against each other and against scripted neighbours.

mod collision;
mod filters;
mod graceful;
mod hostile;
mod long_lived;
mod messages;
mod negotiate;
mod network;
mod notifications;
mod refresh;
mod retention;
mod retry;
mod roles;
mod scripted;
mod status;
mod storms;
mod timers;
mod unnumbered;
