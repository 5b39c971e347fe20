//! Which object a handle stands for.

use std::collections::HashMap;
use std::rc::Rc;

use crate::interface::Objects;
use crate::wire::{Decode, Fault, Reader};

/// The first handle that the guest gives by itself, to objects inside of answers. Lower ones the other side chooses.
const FIRST_OWN: u32 = 1 << 31;

/// The objects of one resource type.
pub(crate) struct Table<T> {
    objects: HashMap<u32, Rc<T>>,
}

// A derived `Clone` or `Default` would want them of `T`.
impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { objects: self.objects.clone() }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { objects: HashMap::new() }
    }
}

impl<T: Resource> Table<T> {
    pub(crate) fn insert(&mut self, handle: u32, object: T) -> Result<(), Fault> {
        match self.objects.insert(handle, Rc::new(object)) {
            None => Ok(()),
            Some(_) => Err(Fault::HandleInUse(T::NAME, handle)),
        }
    }

    pub(crate) fn release(&mut self, handle: u32) -> Result<(), Fault> {
        self.objects.remove(&handle).map(drop).ok_or(Fault::UnknownHandle(T::NAME, handle))
    }

    fn get(&self, handle: u32) -> Result<&Rc<T>, Fault> {
        self.objects.get(&handle).ok_or(Fault::UnknownHandle(T::NAME, handle))
    }
}

/// A resource type, and the table of its objects.
pub(crate) trait Resource: Sized {
    const NAME: &'static str;

    fn table(objects: &Objects) -> &Table<Self>;
    fn table_mut(objects: &mut Objects) -> &mut Table<Self>;
}

impl Objects {
    /// An object that outlives its handle if need be.
    pub(crate) fn shared<T: Resource>(&self, handle: u32) -> Result<Rc<T>, Fault> {
        T::table(self).get(handle).cloned()
    }

    /// Gives an object of an answer a handle.
    pub(crate) fn adopt<T: Resource>(&mut self, object: T) -> u32 {
        let handle = FIRST_OWN | self.next;
        self.next = self.next.wrapping_add(1);
        T::table_mut(self).objects.insert(handle, Rc::new(object));
        handle
    }
}

impl<'a, T: Resource> Decode<'a> for &'a T {
    fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {
        T::table(objects).get(reader.u32()?).map(|object| &**object)
    }
}
