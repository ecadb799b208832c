//! A stream of UPDATEs through a [`Session`], beside decoding the same bytes alone. The session frames, decodes,
//! checks families, restarts its timers and hands each message over as an event.

#[path = "../wire/messages.rs"]
mod messages;
mod pair;

use std::hint::black_box;
use std::time::Duration;

use bgp_fsm::Event;
use bgp_wire::{Context, Message, split_frame};
use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Messages in the stream.
const MESSAGES: usize = 1000;
/// As much as a program reads from a socket at a time.
const CHUNK: usize = 64 * 1024;

/// UPDATEs with `prefixes` prefixes each.
fn stream(prefixes: usize) -> Bytes {
    let message = messages::update(prefixes).0;
    message.repeat(MESSAGES).into()
}

fn decode(stream: &Bytes, context: &Context, buffer: &mut BytesMut) -> usize {
    let mut count = 0;
    for chunk in stream.chunks(CHUNK) {
        buffer.extend_from_slice(chunk);
        while let Some(frame) = split_frame(buffer, context).expect("well-formed") {
            let message = Message::decode(&frame, context).expect("well-formed");
            count += usize::from(matches!(black_box(message), Message::Update(_)));
        }
    }
    count
}

fn forward(stream: &Bytes, pair: &mut pair::Pair, buffer: &mut BytesMut) -> usize {
    let (session, now) = (&mut pair.sessions[0], pair.now);
    let id = pair.ids[0];
    let mut count = 0;
    for chunk in stream.chunks(CHUNK) {
        buffer.extend_from_slice(chunk);
        loop {
            session.handle_input(now, id, buffer);
            let before = count;
            while let Some(event) = session.poll_event() {
                count += usize::from(matches!(black_box(event), Event::Update(_)));
            }
            if count == before {
                break;
            }
        }
    }
    count
}

fn session(criterion: &mut Criterion) {
    for prefixes in [10, 500] {
        let stream = stream(prefixes);
        let mut pair = pair::established();
        let context = pair.sessions[0].established().expect("established").1.receive.clone();
        let mut buffer = BytesMut::with_capacity(2 * CHUNK);
        let mut group =
            criterion.benchmark_group(format!("{MESSAGES} UPDATEs of {prefixes} prefixes"));
        group.throughput(Throughput::Elements(MESSAGES as u64));
        group.measurement_time(Duration::from_secs(5));
        group.bench_function("decode alone", |bench| {
            bench.iter(|| assert_eq!(decode(&stream, &context, &mut buffer), MESSAGES));
        });
        group.bench_function("through a session", |bench| {
            bench.iter(|| assert_eq!(forward(&stream, &mut pair, &mut buffer), MESSAGES));
        });
        group.finish();
    }
}

criterion_group!(benches, session);
criterion_main!(benches);
