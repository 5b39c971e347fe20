//! `wgpu::QuerySet`.

use wardian_guest::webgpu::{GpuDevice, GpuQuerySet, GpuQuerySetDescriptor, GpuQueryType};
use wgpu::custom::QuerySetInterface;

use crate::convert::{Outside, label};
use crate::device::Device;
use crate::errors::validation;

#[derive(Debug)]
pub(crate) struct QuerySet(Option<GpuQuerySet>);

impl QuerySet {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::QuerySetDescriptor<'_>) -> Self {
        let r#type = match descriptor.ty {
            wgpu::QueryType::Occlusion => GpuQueryType::Occlusion,
            wgpu::QueryType::Timestamp => GpuQueryType::Timestamp,
            wgpu::QueryType::PipelineStatistics(_) => {
                device.refuse("create_query_set", &Outside::new("a query of pipeline statistics"));
                return Self(device.make_invalid(Self::invalid));
            }
        };
        let made = device.handle().create_query_set(&GpuQuerySetDescriptor {
            type_: r#type,
            count: descriptor.count,
            label: label(descriptor.label),
        });
        Self(match made {
            Ok(handle) => Some(handle),
            Err(error) => {
                device.report(validation(format!("create_query_set: {}", error.message)));
                device.make_invalid(Self::invalid)
            }
        })
    }

    /// More queries than a set may have.
    fn invalid(device: &GpuDevice) -> Option<GpuQuerySet> {
        let descriptor = GpuQuerySetDescriptor { type_: GpuQueryType::Occlusion, count: u32::MAX, label: None };
        device.create_query_set(&descriptor).ok()
    }

    /// What the host has. It answers even for a wrong set, and takes what it needs a feature for as an error of the
    /// call; a host that has no answer at all ends the program.
    #[expect(clippy::panic, reason = "the interface allows it, and no host does it")]
    pub(crate) fn handle(&self) -> &GpuQuerySet {
        match &self.0 {
            Some(handle) => handle,
            None => panic!("the host made no query set, not even an invalid one"),
        }
    }
}

impl QuerySetInterface for QuerySet {
    fn destroy(&self) {
        self.handle().destroy();
    }
}
