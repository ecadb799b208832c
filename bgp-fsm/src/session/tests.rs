//! Sessions against each other and against scripted neighbours.

mod collision;
mod hostile;
mod messages;
mod network;
mod retry;
mod scripted;
