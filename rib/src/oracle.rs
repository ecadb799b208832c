//! Who is told what, and what is taken from whom, said again in the plainest way: on decoded values, from the RFCs'
//! text, without regard to speed. The rules have to give the same on random routes and sessions; tables by the
//! RFCs' clauses go beside.

mod announce;
mod clauses;
mod model;
mod receive;
mod sessions;
