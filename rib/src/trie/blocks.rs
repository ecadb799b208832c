//! Short runs of items in one vector: what belongs to one node lies side by side.

use alloc::vec::Vec;
use core::array;
use core::mem::take;

/// Room of the blocks. A block has the least that holds its items, so at most a third of it is empty.
const SIZES: [u8; 12] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/// The size of a block for `items` items, by its place in [`SIZES`].
fn class(items: u32) -> usize {
    SIZES.iter().position(|size| u32::from(*size) >= items).unwrap_or(SIZES.len() - 1)
}

fn size(class: usize) -> usize {
    SIZES.get(class).copied().unwrap_or_default().into()
}

/// Blocks of up to 64 items. Those who own a block keep its first index and how many items it has.
#[derive(Debug, Clone)]
pub(super) struct Blocks<T> {
    items: Vec<T>,
    /// Blocks that nobody owns, by class.
    free: [Vec<u32>; SIZES.len()],
    /// Items in them.
    unused: usize,
}

impl<T: Default> Blocks<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), free: array::from_fn(|_| Vec::new()), unused: 0 }
    }

    #[inline]
    pub(super) fn get(&self, base: u32, at: u32) -> Option<&T> {
        self.items.get(base as usize + at as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, base: u32, at: u32) -> Option<&mut T> {
        self.items.get_mut(base as usize + at as usize)
    }

    /// Puts an item into a block of `len` items and says where the block is now.
    pub(super) fn insert(&mut self, base: u32, len: u32, at: u32, item: T) -> u32 {
        let base = if len == 0 {
            self.allocate(0)
        } else {
            self.resize(base, len, class(len), class(len + 1))
        };
        let run = base as usize + at as usize..=base as usize + len as usize;
        if let Some([first, rest @ ..]) = self.items.get_mut(run) {
            let mut moved = core::mem::replace(first, item);
            for place in rest {
                core::mem::swap(place, &mut moved);
            }
        }
        base
    }

    /// Takes an item out of a block of `len` items, at least one, and says where the block is now.
    pub(super) fn remove(&mut self, base: u32, len: u32, at: u32) -> (T, u32) {
        let run = base as usize + at as usize..base as usize + len as usize;
        let mut item = T::default();
        for place in self.items.get_mut(run).unwrap_or_default().iter_mut().rev() {
            core::mem::swap(place, &mut item);
        }
        let base = if len == 1 {
            self.release(base, 0);
            0
        } else {
            self.resize(base, len - 1, class(len), class(len - 1))
        };
        (item, base)
    }

    /// Takes a block of `len` items over from other blocks, which are given up as a whole afterwards.
    pub(super) fn adopt(&mut self, from: &mut Self, base: u32, len: u32) -> u32 {
        if len == 0 {
            return 0;
        }
        let new = self.allocate(class(len));
        let old = from.items.iter_mut().skip(base as usize).take(len as usize);
        for (to, from) in self.items.iter_mut().skip(new as usize).zip(old) {
            *to = take(from);
        }
        new
    }

    /// Moves the first `len` items of a block of one class into one of another.
    fn resize(&mut self, base: u32, len: u32, from: usize, to: usize) -> u32 {
        if from == to {
            return base;
        }
        let new = self.allocate(to);
        for at in 0..len {
            let item = self.get_mut(base, at).map(take).unwrap_or_default();
            if let Some(place) = self.get_mut(new, at) {
                *place = item;
            }
        }
        self.release(base, from);
        new
    }

    fn allocate(&mut self, class: usize) -> u32 {
        let size = size(class);
        if let Some(base) = self.free.get_mut(class).and_then(Vec::pop) {
            self.unused -= size;
            return base;
        }
        let base = self.items.len();
        // By a quarter, not twofold: there may be very many.
        if self.items.capacity() < base + size {
            self.items.reserve_exact(size.max(base / 4));
        }
        self.items.resize_with(base + size, T::default);
        u32::try_from(base).unwrap_or(u32::MAX)
    }

    fn release(&mut self, base: u32, class: usize) {
        if let Some(free) = self.free.get_mut(class) {
            free.push(base);
            self.unused += size(class);
        }
    }

    /// Whether much of the room is in nobody's use.
    pub(super) fn is_sparse(&self) -> bool {
        self.unused > self.items.len() / 5 * 2 + 512
    }

    pub(super) fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }

    /// Octets on the heap, without what items hold there themselves.
    pub(super) fn memory(&self) -> usize {
        let free: usize = self.free.iter().map(Vec::capacity).sum();
        self.items.capacity() * size_of::<T>() + free * size_of::<u32>()
    }
}
