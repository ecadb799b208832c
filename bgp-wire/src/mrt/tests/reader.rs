//! The reader, over sources of many kinds.

use std::io::{self, Read};

use super::*;

/// Gives at most `step` octets at once, and now and then is interrupted.
struct Slow<'a> {
    data: &'a [u8],
    step: usize,
    interrupted: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let step = self.step.min(out.len());
        self.data.read(out.get_mut(..step).unwrap_or_default())
    }
}

/// Gives what it has, then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.is_empty() {
            true => Err(io::Error::other("the disk is gone")),
            false => self.0.read(out),
        }
    }
}

fn file(records: &[Record]) -> Vec<u8> {
    let mut out = BytesMut::new();
    records.iter().for_each(|record| record.encode(&mut out).expect("fits"));
    out.to_vec()
}

fn errors<R: Read>(reader: Reader<R>) -> Vec<String> {
    reader.map(|item| item.map_or_else(|error| error.to_string(), |_| "record".into())).collect()
}

proptest! {
    /// Whatever pieces the source comes in, and whether or not the records are kept.
    #[test]
    fn all_records_come_in_order(
        records in prop::collection::vec(any_record(), 0..20),
        step in 1usize..200,
        keep: bool,
    ) {
        let data = file(&records);
        let source = Slow { data: &data, step, interrupted: false };
        let mut reader = Reader::new(source);
        let mut kept = Vec::new();
        let mut offset = 0;
        for wanted in &records {
            prop_assert_eq!(reader.offset(), offset);
            let record = reader.next().expect("one more").expect("well formed");
            prop_assert_eq!(&record, wanted);
            offset += u64::try_from(wanted.to_bytes().expect("fits").len()).expect("small");
            if keep {
                kept.push(record);
            }
        }
        prop_assert!(reader.next().is_none() && reader.next().is_none());
        prop_assert!(!keep || kept == records);
    }

    /// Cut anywhere, all whole records come, and the rest is one error with its place.
    #[test]
    fn a_cut_is_told_with_its_place(
        records in prop::collection::vec(any_record(), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let data = file(&records);
        let cut = cut.index(data.len());
        let mut reader = Reader::new(data.get(..cut).expect("within"));
        let mut end = 0;
        for record in &records {
            let length = record.to_bytes().expect("fits").len();
            if end + length > cut {
                break;
            }
            prop_assert_eq!(reader.next().expect("one more").expect("whole"), record.clone());
            end += length;
        }
        match reader.next() {
            Some(Err(ReadError::CutOff { offset, present })) => {
                prop_assert_eq!((usize::try_from(offset), present), (Ok(end), cut - end));
            }
            None => prop_assert_eq!(end, cut),
            other => prop_assert!(false, "{other:?}"),
        }
        prop_assert!(reader.next().is_none());
    }

    #[test]
    fn random_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Reader::with_limit(&data[..], 100).count();
    }
}

/// More than one chunk, records across its edges
#[test]
fn a_long_file() {
    let body = Bytes::from(alloc::vec![7; 1000]);
    let unknown = UnknownRecord { kind: RecordType(99), subtype: 1, body };
    let record = Record::new(5, RecordBody::Unknown(unknown));
    let data = file(&alloc::vec![record.clone(); 2000]);
    let mut count = 0;
    for read in Reader::new(&data[..]) {
        assert_eq!(read.expect("well formed"), record);
        count += 1;
    }
    assert_eq!(count, 2000);
}

#[test]
fn a_flaw_does_not_stop_the_reader() {
    let good = raw(16, 99, &[1, 2]);
    let flawed = raw(13, 2, &[0, 0, 0]);
    let data = [&good[..], &flawed, &good].concat();
    let wanted =
        ["record", "record at offset 14: sequence number is cut off at offset 12", "record"];
    assert_eq!(errors(Reader::new(&data[..])), wanted);
}

#[test]
fn a_record_above_the_limit_is_passed_over() {
    let (good, long) = (raw(16, 99, &[1, 2]), raw(16, 99, &alloc::vec![0; 600_000]));
    let data = [&good[..], &long, &long, &good].concat();
    let told = |offset| {
        alloc::format!("record at offset {offset}: its length is 600012, more than the limit of 14")
    };
    let wanted = ["record".into(), told(14), told(600_026), "record".into()];
    assert_eq!(errors(Reader::with_limit(&data[..], 14)), wanted);
    // Nothing more is told where it is cut off.
    let cut = data.get(..500_000).expect("within");
    assert_eq!(errors(Reader::with_limit(cut, 14)), wanted.get(..2).expect("two"));
}

#[test]
fn a_source_that_fails_ends_the_iteration() {
    let data = [&raw(16, 99, &[1, 2])[..], &[0; 5]].concat();
    let wanted = ["record", "cannot read behind offset 19: the disk is gone"];
    assert_eq!(errors(Reader::new(Broken(&data))), wanted);
}

/// While records are dropped as they are read, all are views on one buffer.
#[test]
fn one_buffer_serves_all_records() {
    let unknown = |body| UnknownRecord { kind: RecordType(99), subtype: 1, body };
    let body = Bytes::from(alloc::vec![7; 5000]);
    let record = Record::new(5, RecordBody::Unknown(unknown(body)));
    let data = file(&alloc::vec![record; 1000]);
    let mut places = Vec::new();
    for record in Reader::new(&data[..]) {
        let RecordBody::Unknown(unknown) = record.expect("well formed").body else { panic!() };
        places.push(unknown.body.as_ptr() as usize);
    }
    let (least, most) = (places.iter().min(), places.iter().max());
    let span = most.zip(least).map(|(most, least)| most - least).expect("records");
    assert!(span < 1 << 20, "{span} octets apart");
}
