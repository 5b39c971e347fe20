//! The store's table of objects, spoken to by the handles of an interface.

use wasmtime::component::{Resource, ResourceTable, ResourceTableError};

/// A resource type of one version of the interface.
///
/// The bindings know only these empty types; which Rust type stands behind one is said here, beside the object, so that
/// a second version of the interface can hand out the same objects.
pub(crate) trait Marker: 'static {
    /// What the store's table holds.
    type Object: Send + 'static;
}

/// Says which object stands behind a resource type.
macro_rules! stands_behind {
    ($($object:ty => $marker:ty,)*) => {$(
        impl $crate::table::Marker for $marker {
            type Object = $object;
        }
    )*};
}
pub(crate) use stands_behind;

/// Access to the table by the interface's handles.
///
/// All of it fails only on a handle that the component does not own, which is a trap.
pub(crate) trait Table {
    fn object<M: Marker>(&self, handle: &Resource<M>) -> Result<&M::Object, ResourceTableError>;
    fn object_mut<M: Marker>(&mut self, handle: &Resource<M>) -> Result<&mut M::Object, ResourceTableError>;
    /// Takes an object in; it lives until the component drops the handle or the store ends.
    fn insert<M: Marker>(&mut self, object: M::Object) -> Result<Resource<M>, ResourceTableError>;
    fn remove<M: Marker>(&mut self, handle: &Resource<M>) -> Result<M::Object, ResourceTableError>;
}

impl Table for ResourceTable {
    fn object<M: Marker>(&self, handle: &Resource<M>) -> Result<&M::Object, ResourceTableError> {
        self.get(&Resource::new_borrow(handle.rep()))
    }

    fn object_mut<M: Marker>(&mut self, handle: &Resource<M>) -> Result<&mut M::Object, ResourceTableError> {
        self.get_mut(&Resource::new_borrow(handle.rep()))
    }

    fn insert<M: Marker>(&mut self, object: M::Object) -> Result<Resource<M>, ResourceTableError> {
        Ok(Resource::new_own(self.push(object)?.rep()))
    }

    fn remove<M: Marker>(&mut self, handle: &Resource<M>) -> Result<M::Object, ResourceTableError> {
        self.delete(Resource::new_own(handle.rep()))
    }
}

/// The methods that every object with a label has: `label`, `set-label` and the release of its handle. To be used
/// inside the object's `Host…` implementation.
macro_rules! labelled {
    ($marker:ty) => {
        fn label(&mut self, object: Resource<$marker>) -> wasmtime::Result<String> {
            Ok(self.table.object(&object)?.label.clone())
        }

        fn set_label(&mut self, object: Resource<$marker>, label: String) -> wasmtime::Result<()> {
            self.table.object_mut(&object)?.label = label;
            Ok(())
        }

        $crate::table::dropped!($marker);
    };
}
pub(crate) use labelled;

/// The release of an object's handle, for objects without a label.
macro_rules! dropped {
    ($marker:ty) => {
        fn drop(&mut self, object: Resource<$marker>) -> wasmtime::Result<()> {
            self.table.remove(&object)?;
            Ok(())
        }
    };
}
pub(crate) use dropped;
