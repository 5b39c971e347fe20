//! What a parsed module may hold beyond WGSL's grammar: sizes of values and variables, formats, subgroup functions.

use naga::proc::GlobalCtx;
use naga::{
    AddressSpace, Arena, ArraySize, Expression, Function, FunctionArgument, GlobalVariable, Handle, ImageClass, Module,
    Scalar, Span, StorageAccess, StorageFormat, Type, TypeInner,
};

use super::Refusal;
use super::range_of;

/// Elements of an array outside of buffers.
const ELEMENTS_MAX: u32 = 65_536;
/// Bytes of a value, and of all variables of one function or all private variables: registers and stacks of GPUs.
/// <https://www.w3.org/TR/WGSL/#limits> wants 8192.
const VALUE_BYTES_MAX: u64 = 256 << 10;
/// Bytes of a workgroup variable. What the device takes is checked with the pipeline, which is when sizes are known.
const WORKGROUP_BYTES_MAX: u64 = 1 << 20;

/// Checks a module that naga's parser accepts, and its validator hasn't seen yet.
pub(super) fn check(module: &Module, subgroups: bool) -> Result<(), Refusal> {
    let checker = Checker { module, sizes: sizes(module) };
    checker.check_types()?;
    checker.check_globals()?;
    let functions = module.functions.iter().map(|(_, function)| function);
    for function in functions.chain(module.entry_points.iter().map(|entry| &entry.function)) {
        checker.check_function(function)?;
        if !subgroups {
            check_subgroups(&function.expressions)?;
        }
    }
    Ok(())
}

fn refusal(span: Span, text: impl Into<String>) -> Refusal {
    Refusal { text: text.into(), range: range_of(span) }
}

/// <https://www.w3.org/TR/WGSL/#subgroup-builtin-functions>
fn check_subgroups(expressions: &Arena<Expression>) -> Result<(), Refusal> {
    for (handle, expression) in expressions.iter() {
        if matches!(expression, Expression::SubgroupBallotResult | Expression::SubgroupOperationResult { .. }) {
            let text = "functions on subgroups need the directive `enable subgroups;`";
            return Err(refusal(expressions.get_span(handle), text));
        }
    }
    Ok(())
}

/// How large values of a type are.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    bytes: u64,
    /// Of the longest array in it.
    elements: u32,
    has_atomics: bool,
}

/// The sizes of all types, in their order. A type comes after those that it is made of.
fn sizes(module: &Module) -> Vec<Size> {
    let mut sizes: Vec<Size> = Vec::with_capacity(module.types.len());
    for (_, ty) in module.types.iter() {
        let of = |handle: Handle<Type>| sizes.get(handle.index()).copied().unwrap_or_default();
        let size = if let TypeInner::Array { base, size, stride } = ty.inner {
            let base = of(base);
            // The size of an array that is sized by a pipeline isn't known; only workgroup variables can be such.
            let count = if let ArraySize::Constant(count) = size { count.get() } else { 1 };
            let bytes = u64::from(stride).saturating_mul(u64::from(count));
            let bytes = bytes.max(base.bytes.saturating_mul(u64::from(count)));
            Size { bytes, elements: base.elements.max(count), has_atomics: base.has_atomics }
        } else if let TypeInner::Struct { members, span } = &ty.inner {
            let whole = Size { bytes: 0, elements: 0, has_atomics: false };
            let sum = members.iter().map(|member| of(member.ty)).fold(whole, |sum, member| Size {
                bytes: sum.bytes.saturating_add(member.bytes),
                elements: sum.elements.max(member.elements),
                has_atomics: sum.has_atomics || member.has_atomics,
            });
            Size { bytes: sum.bytes.max(u64::from(*span)), ..sum }
        } else {
            let context = GlobalCtx {
                types: &module.types,
                constants: &module.constants,
                overrides: &module.overrides,
                global_expressions: &module.global_expressions,
            };
            let bytes = ty.inner.try_size(context).map_or(0, u64::from);
            Size { bytes, elements: 0, has_atomics: matches!(ty.inner, TypeInner::Atomic(_)) }
        };
        sizes.push(size);
    }
    sizes
}

struct Checker<'a> {
    module: &'a Module,
    sizes: Vec<Size>,
}

impl Checker<'_> {
    fn size(&self, ty: Handle<Type>) -> Size {
        self.sizes.get(ty.index()).copied().unwrap_or_default()
    }

    /// Checks that a value of this type may be anywhere but in a buffer, and gives its size.
    fn check_value(&self, ty: Handle<Type>, bytes_max: u64, span: Span) -> Result<u64, Refusal> {
        let Size { bytes, elements, .. } = self.size(ty);
        if elements > ELEMENTS_MAX {
            let text = format!(
                "outside of buffers an array can have {ELEMENTS_MAX} elements on this host, but has {elements}"
            );
            return Err(refusal(span, text));
        }
        if bytes > bytes_max {
            let text = format!("values and variables here can have {bytes_max} bytes on this host, but have {bytes}");
            return Err(refusal(span, text));
        }
        Ok(bytes)
    }

    /// Formats of storage textures, of which naga has some that WebGPU hasn't; atomic types, and where they are.
    fn check_types(&self) -> Result<(), Refusal> {
        for (handle, ty) in self.module.types.iter() {
            let span = self.module.types.get_span(handle);
            if let TypeInner::Atomic(scalar) = ty.inner
                && scalar != Scalar::I32
                && scalar != Scalar::U32
            {
                return Err(refusal(span, "atomic types are those of `i32` and `u32`"));
            }
            if let TypeInner::Pointer { base, space } = ty.inner {
                self.check_pointer(base, space).map_err(|text| refusal(span, text))?;
            }
            if let TypeInner::Image { class: ImageClass::Storage { format, access }, .. } = ty.inner
                && (!is_storage_format(format) || access.contains(StorageAccess::ATOMIC))
            {
                let variables = &self.module.global_variables;
                let variable = variables.iter().find(|(_, variable)| variable.ty == handle);
                let span =
                    variable.map_or(self.module.types.get_span(handle), |(handle, _)| variables.get_span(handle));
                return Err(refusal(span, "storage textures can't have this format or access"));
            }
        }
        Ok(())
    }

    /// A pointer must be to a variable that there can be.
    fn check_pointer(&self, base: Handle<Type>, space: AddressSpace) -> Result<(), &'static str> {
        if let AddressSpace::Storage { access } = space
            && !access.contains(StorageAccess::LOAD)
        {
            return Err("variables in storage can be read, or read and written");
        }
        if self.size(base).has_atomics && !takes_atomics(space) {
            return Err("atomic types are for variables in workgroup memory, and in storage that can be written");
        }
        Ok(())
    }

    fn check_globals(&self) -> Result<(), Refusal> {
        let mut private = 0_u64;
        for (handle, variable) in self.module.global_variables.iter() {
            let span = self.module.global_variables.get_span(handle);
            self.check_pointer(variable.ty, variable.space).map_err(|text| refusal(span, text))?;
            self.check_global(variable, span, &mut private)?;
        }
        for (handle, constant) in self.module.constants.iter() {
            self.check_value(constant.ty, VALUE_BYTES_MAX, self.module.constants.get_span(handle))?;
        }
        Ok(())
    }

    fn check_global(&self, variable: &GlobalVariable, span: Span, private: &mut u64) -> Result<(), Refusal> {
        match variable.space {
            AddressSpace::Private => {
                let bytes = self.check_value(variable.ty, VALUE_BYTES_MAX, span)?;
                *private = private.saturating_add(bytes);
                if *private > VALUE_BYTES_MAX {
                    let text = format!(
                        "all private variables together can have {VALUE_BYTES_MAX} bytes on this host, but have more"
                    );
                    return Err(refusal(span, text));
                }
            }
            AddressSpace::WorkGroup => {
                self.check_value(variable.ty, WORKGROUP_BYTES_MAX, span)?;
            }
            AddressSpace::Storage { access } if access.contains(StorageAccess::ATOMIC) => {
                return Err(refusal(span, "there is no access mode `atomic`"));
            }
            AddressSpace::Uniform | AddressSpace::Storage { .. } | AddressSpace::Handle | AddressSpace::Immediate => {}
            AddressSpace::Function
            | AddressSpace::TaskPayload
            | AddressSpace::RayPayload
            | AddressSpace::IncomingRayPayload => {
                return Err(refusal(span, "a variable can't be in this address space"));
            }
        }
        Ok(())
    }

    fn check_function(&self, function: &Function) -> Result<(), Refusal> {
        let mut bytes = 0_u64;
        for (handle, variable) in function.local_variables.iter() {
            let span = function.local_variables.get_span(handle);
            bytes = bytes.saturating_add(self.check_value(variable.ty, VALUE_BYTES_MAX, span)?);
            if bytes > VALUE_BYTES_MAX {
                let text =
                    format!("all variables of a function can have {VALUE_BYTES_MAX} bytes on this host together");
                return Err(refusal(span, text));
            }
        }
        let pointees = self.pointees(function);
        for (handle, expression) in function.expressions.iter() {
            let ty = if let Expression::Compose { ty, .. } | Expression::ZeroValue(ty) = *expression {
                Some(ty)
            } else if let Expression::Load { pointer } = *expression {
                pointees.get(pointer.index()).copied().flatten()
            } else {
                None
            };
            if let Some(ty) = ty {
                self.check_value(ty, VALUE_BYTES_MAX, function.expressions.get_span(handle))?;
            }
        }
        let types = function.arguments.iter().map(|FunctionArgument { ty, .. }| *ty);
        for ty in types.chain(function.result.as_ref().map(|result| result.ty)) {
            self.check_value(ty, VALUE_BYTES_MAX, self.module.types.get_span(ty))?;
        }
        Ok(())
    }

    /// What each expression of a function points to, where that is a type of its own.
    fn pointees(&self, function: &Function) -> Vec<Option<Handle<Type>>> {
        let mut pointees = Vec::with_capacity(function.expressions.len());
        for (_, expression) in function.expressions.iter() {
            pointees.push(self.pointee(function, expression, &pointees));
        }
        pointees
    }

    /// What an expression points to, given that of those before it.
    fn pointee(
        &self,
        function: &Function,
        expression: &Expression,
        before: &[Option<Handle<Type>>],
    ) -> Option<Handle<Type>> {
        let of = |base: Handle<Expression>| before.get(base.index()).copied().flatten();
        if let Expression::GlobalVariable(variable) = *expression {
            return self.module.global_variables.try_get(variable).ok().map(|variable| variable.ty);
        }
        if let Expression::LocalVariable(variable) = *expression {
            return function.local_variables.try_get(variable).ok().map(|variable| variable.ty);
        }
        if let Expression::FunctionArgument(index) = *expression {
            return self.pointed_by_argument(function, index);
        }
        if let Expression::Access { base, .. } = *expression {
            return self.part(of(base)?, 0);
        }
        if let Expression::AccessIndex { base, index } = *expression {
            return self.part(of(base)?, index);
        }
        None
    }

    fn pointed_by_argument(&self, function: &Function, index: u32) -> Option<Handle<Type>> {
        let argument = function.arguments.get(usize::try_from(index).ok()?)?;
        if let TypeInner::Pointer { base, .. } = self.module.types.get_handle(argument.ty).ok()?.inner {
            return Some(base);
        }
        None
    }

    /// The type of an element or member.
    fn part(&self, ty: Handle<Type>, index: u32) -> Option<Handle<Type>> {
        let inner = &self.module.types.get_handle(ty).ok()?.inner;
        if let TypeInner::Array { base, .. } = inner {
            return Some(*base);
        }
        if let TypeInner::Struct { members, .. } = inner {
            return members.get(usize::try_from(index).ok()?).map(|member| member.ty);
        }
        None
    }
}

/// <https://www.w3.org/TR/WGSL/#atomic-types>
const fn takes_atomics(space: AddressSpace) -> bool {
    match space {
        AddressSpace::Storage { access } => access.contains(StorageAccess::STORE),
        AddressSpace::WorkGroup => true,
        AddressSpace::Function
        | AddressSpace::Private
        | AddressSpace::Uniform
        | AddressSpace::Handle
        | AddressSpace::Immediate
        | AddressSpace::TaskPayload
        | AddressSpace::RayPayload
        | AddressSpace::IncomingRayPayload => false,
    }
}

/// <https://www.w3.org/TR/WGSL/#storage-texel-formats>, less those that need a language feature which isn't there.
const fn is_storage_format(format: StorageFormat) -> bool {
    matches!(
        format,
        StorageFormat::Rgba8Unorm
            | StorageFormat::Rgba8Snorm
            | StorageFormat::Rgba8Uint
            | StorageFormat::Rgba8Sint
            | StorageFormat::Rgba16Uint
            | StorageFormat::Rgba16Sint
            | StorageFormat::Rgba16Float
            | StorageFormat::R32Uint
            | StorageFormat::R32Sint
            | StorageFormat::R32Float
            | StorageFormat::Rg32Uint
            | StorageFormat::Rg32Sint
            | StorageFormat::Rg32Float
            | StorageFormat::Rgba32Uint
            | StorageFormat::Rgba32Sint
            | StorageFormat::Rgba32Float
            | StorageFormat::Bgra8Unorm
    )
}
