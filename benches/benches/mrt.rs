//! Reading a TABLE_DUMP_V2 file of a million routes.
fn main() {}
