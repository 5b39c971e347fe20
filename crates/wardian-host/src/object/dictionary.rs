//! `record-gpu-pipeline-constant-value` and `record-option-gpu-size64`: WebIDL's records as resources.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;

use crate::ctx::GpuCtxView;
use crate::table::{Table, dropped, stands_behind};

/// More than any pipeline has constants or any device limits; a record with this many takes no more.
const ENTRIES_MAX: usize = 16_384;

stands_behind! {
    Dictionary<f64> => webgpu::RecordGpuPipelineConstantValue,
    Dictionary<Option<u64>> => webgpu::RecordOptionGpuSize64,
}

/// Keys with values, in the order in which the keys first came.
///
/// <https://webidl.spec.whatwg.org/#idl-record>
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dictionary<V>(Vec<(String, V)>);

impl<V> Default for Dictionary<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Dictionary<V> {
    fn add(&mut self, key: String, value: V) -> wasmtime::Result<()> {
        if let Some((_, present)) = self.0.iter_mut().find(|(present, _)| *present == key) {
            *present = value;
        } else if self.0.len() < ENTRIES_MAX {
            self.0.push((key, value));
        } else {
            wasmtime::bail!("a record holds at most {ENTRIES_MAX} entries");
        }
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    fn find(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(present, _)| present == key).map(|(_, value)| value)
    }

    fn remove(&mut self, key: &str) {
        self.0.retain(|(present, _)| present != key);
    }
}

macro_rules! dictionaries {
    ($($host:ident, $marker:ident, $value:ty;)*) => {$(
        impl webgpu::$host for GpuCtxView<'_> {
            fn new(&mut self) -> wasmtime::Result<Resource<webgpu::$marker>> {
                Ok(self.table.insert(Dictionary::default())?)
            }

            fn add(&mut self, record: Resource<webgpu::$marker>, key: String, value: $value) -> wasmtime::Result<()> {
                self.table.object_mut(&record)?.add(key, value)
            }

            fn get(&mut self, record: Resource<webgpu::$marker>, key: String) -> wasmtime::Result<Option<$value>> {
                Ok(self.table.object(&record)?.find(&key).copied())
            }

            fn has(&mut self, record: Resource<webgpu::$marker>, key: String) -> wasmtime::Result<bool> {
                Ok(self.table.object(&record)?.find(&key).is_some())
            }

            fn remove(&mut self, record: Resource<webgpu::$marker>, key: String) -> wasmtime::Result<()> {
                self.table.object_mut(&record)?.remove(&key);
                Ok(())
            }

            fn keys(&mut self, record: Resource<webgpu::$marker>) -> wasmtime::Result<Vec<String>> {
                Ok(self.table.object(&record)?.iter().map(|(key, _)| key.to_owned()).collect())
            }

            fn values(&mut self, record: Resource<webgpu::$marker>) -> wasmtime::Result<Vec<$value>> {
                Ok(self.table.object(&record)?.iter().map(|(_, value)| *value).collect())
            }

            fn entries(&mut self, record: Resource<webgpu::$marker>) -> wasmtime::Result<Vec<(String, $value)>> {
                Ok(self.table.object(&record)?.0.clone())
            }

            dropped!(webgpu::$marker);
        }
    )*};
}

dictionaries! {
    HostRecordGpuPipelineConstantValue, RecordGpuPipelineConstantValue, f64;
    HostRecordOptionGpuSize64, RecordOptionGpuSize64, Option<u64>;
}
