//! The interface as both sides of the bridge see it: types, and functions with their numbers.

use std::path::Path;

use anyhow::{Context, Result, bail};
use wit_parser::{FunctionKind, Handle, Resolve, TypeDefKind, TypeId};

use crate::FIRST_FUNCTION;

/// Functions that no frame is made for: nothing hands out their objects.
const LEFT_OUT: [&str; 2] = ["gpu-canvas-context.", "gpu-uncaptured-error-event."];

/// How the names of resources begin that stand for records of JavaScript.
const RECORD: &str = "record-";

/// All that can cross the bridge.
#[derive(Debug)]
pub struct Interface {
    /// Names of the resources, in the order of the WIT.
    pub resources: Vec<String>,
    /// Named types, in the order of the WIT.
    pub types: Vec<(String, TypeDefinition)>,
    /// JavaScript's records by name, with the type of their values. They cross as the list of their entries, and the
    /// guest makes the resource.
    pub records: Vec<(String, Type)>,
    /// Functions, in the order of their numbers.
    pub functions: Vec<Function>,
}

/// What a named type is.
#[derive(Debug)]
pub enum TypeDefinition {
    /// Fields by name.
    Record(Vec<(String, Type)>),
    /// Cases.
    Enum(Vec<String>),
    /// Names of the bits, from the lowest.
    Flags(Vec<String>),
    /// Cases, some with a value.
    Variant(Vec<(String, Option<Type>)>),
}

/// A type where it is used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Type {
    /// A number, a boolean or a string, by its name in the WIT.
    Plain(&'static str),
    /// A named type.
    Named(String),
    /// A value or none.
    Option(Box<Self>),
    /// Values in order.
    List(Box<Self>),
    /// A resource that changes hands.
    Own(String),
    /// A resource that is lent.
    Borrow(String),
    /// What a call came to.
    Result(Option<Box<Self>>, Option<Box<Self>>),
    /// A value that comes later.
    Future(Box<Self>),
    /// Values that come later.
    Stream(Box<Self>),
}

/// How a function is called over the bridge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Nothing comes back; an object that is made gets the handle that the caller chose.
    Send,
    /// The caller waits for the answer.
    Call,
    /// The answer comes with a later pump.
    Promise,
    /// Answers come with later pumps until the stream ends.
    Stream,
}

/// A function of the interface.
#[derive(Debug)]
pub struct Function {
    /// `gpu-device.create-buffer`, or `get-gpu`.
    pub name: String,
    /// The number of its frames.
    pub number: usize,
    /// The resource that it is a method of.
    pub this: Option<String>,
    /// The method's name.
    pub method: String,
    /// Whether the WIT says `async`.
    pub is_async: bool,
    /// Parameters, without `self`.
    pub parameters: Vec<(String, Type)>,
    /// What it gives.
    pub result: Option<Type>,
}

impl Function {
    /// How it is called.
    #[must_use]
    pub fn style(&self) -> Style {
        match &self.result {
            Some(Type::Stream(_)) => Style::Stream,
            Some(Type::Future(_)) => Style::Promise,
            _ if self.is_async => Style::Promise,
            None | Some(Type::Own(_)) => Style::Send,
            Some(_) => Style::Call,
        }
    }
}

impl Interface {
    /// Reads the package in a folder.
    ///
    /// # Errors
    ///
    /// When the folder holds no such package, or the package has something that the protocol cannot express.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut resolve = Resolve { all_features: true, ..Resolve::default() };
        resolve.push_dir(folder).with_context(|| format!("cannot read the WIT in {}", folder.display()))?;
        let (_, interface) = resolve
            .interfaces
            .iter()
            .find(|(_, interface)| interface.name.as_deref() == Some("webgpu"))
            .context("the package has no interface webgpu")?;
        let mut read = Self { resources: Vec::new(), types: Vec::new(), records: Vec::new(), functions: Vec::new() };
        for (name, id) in &interface.types {
            read.add_type(&resolve, name, *id)?;
        }
        for function in interface.functions.values() {
            read.add_function(&resolve, function)?;
        }
        Ok(read)
    }

    /// What a named type is.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&TypeDefinition> {
        self.types.iter().find(|(type_name, _)| type_name == name).map(|(_, definition)| definition)
    }

    /// Whether something holds for a type or for a part of it.
    pub fn any(&self, ty: &Type, holds: &dyn Fn(&Type) -> bool) -> bool {
        if holds(ty) {
            return true;
        }
        let inside = |part: &Option<Box<Type>>| part.as_ref().is_some_and(|part| self.any(part, holds));
        match ty {
            Type::Plain(_) | Type::Own(_) | Type::Borrow(_) => false,
            Type::Option(part) | Type::List(part) | Type::Future(part) | Type::Stream(part) => self.any(part, holds),
            Type::Result(ok, error) => inside(ok) || inside(error),
            Type::Named(name) => match self.definition(name) {
                Some(TypeDefinition::Record(fields)) => fields.iter().any(|(_, part)| self.any(part, holds)),
                Some(TypeDefinition::Variant(cases)) => {
                    cases.iter().filter_map(|(_, part)| part.as_ref()).any(|part| self.any(part, holds))
                }
                Some(TypeDefinition::Enum(_) | TypeDefinition::Flags(_)) | None => false,
            },
        }
    }

    fn add_type(&mut self, resolve: &Resolve, name: &str, id: TypeId) -> Result<()> {
        let fields = |fields: &[wit_parser::Field]| {
            fields.iter().map(|field| Ok((field.name.clone(), type_of(resolve, &field.ty)?))).collect::<Result<_>>()
        };
        let Some(definition) = resolve.types.get(id) else { bail!("{name} is no type") };
        let definition = match &definition.kind {
            TypeDefKind::Resource if name.starts_with(RECORD) => return Ok(()),
            TypeDefKind::Resource => {
                self.resources.push(name.to_owned());
                return Ok(());
            }
            TypeDefKind::Type(_) => return Ok(()),
            TypeDefKind::Record(record) => TypeDefinition::Record(fields(&record.fields)?),
            TypeDefKind::Enum(cases) => {
                TypeDefinition::Enum(cases.cases.iter().map(|case| case.name.clone()).collect())
            }
            TypeDefKind::Flags(flags) => {
                TypeDefinition::Flags(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            }
            TypeDefKind::Variant(variant) => TypeDefinition::Variant(
                variant
                    .cases
                    .iter()
                    .map(|case| {
                        let value = case.ty.as_ref().map(|ty| type_of(resolve, ty)).transpose()?;
                        Ok((case.name.clone(), value))
                    })
                    .collect::<Result<_>>()?,
            ),
            other => bail!("{name} is a {}, which the protocol does not have", other.as_str()),
        };
        self.types.push((name.to_owned(), definition));
        Ok(())
    }

    fn add_function(&mut self, resolve: &Resolve, function: &wit_parser::Function) -> Result<()> {
        let resource = |id: &TypeId| {
            let definition = resolve.types.get(*id).and_then(|definition| definition.name.clone());
            definition.with_context(|| format!("{} belongs to no resource", function.name))
        };
        let (this, is_async) = match &function.kind {
            FunctionKind::Freestanding => (None, false),
            FunctionKind::Method(id) => (Some(resource(id)?), false),
            FunctionKind::AsyncMethod(id) => (Some(resource(id)?), true),
            FunctionKind::Constructor(id) if resource(id)?.starts_with(RECORD) => return Ok(()),
            FunctionKind::Constructor(_)
            | FunctionKind::AsyncFreestanding
            | FunctionKind::Static(_)
            | FunctionKind::AsyncStatic(_) => bail!("{} is of a kind that the protocol does not have", function.name),
        };
        let method = function.item_name().to_owned();
        let name = this.as_ref().map_or_else(|| method.clone(), |this| format!("{this}.{method}"));
        let parameters = function.params.iter().skip(usize::from(this.is_some()));
        let mut parameters = parameters.map(|parameter| Ok((parameter.name.clone(), type_of(resolve, &parameter.ty)?)));
        if let Some(record) = this.as_ref().filter(|this| this.starts_with(RECORD)) {
            if let ("add", Some(value)) = (method.as_str(), parameters.next_back().transpose()?) {
                self.records.push((record.clone(), value.1));
            }
            return Ok(());
        }
        if LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)) {
            return Ok(());
        }
        let parameters = parameters.collect::<Result<Vec<_>>>().with_context(|| format!("in {name}"))?;
        let result = function.result.as_ref().map(|ty| type_of(resolve, ty)).transpose()?;
        let number = FIRST_FUNCTION + self.functions.len();
        self.functions.push(Function { name, number, this, method, is_async, parameters, result });
        Ok(())
    }
}

fn type_of(resolve: &Resolve, ty: &wit_parser::Type) -> Result<Type> {
    let boxed = |ty: &wit_parser::Type| Ok::<_, anyhow::Error>(Box::new(type_of(resolve, ty)?));
    let optional = |ty: &Option<wit_parser::Type>| ty.as_ref().map(boxed).transpose();
    let id = match ty {
        wit_parser::Type::Bool => return Ok(Type::Plain("bool")),
        wit_parser::Type::U8 => return Ok(Type::Plain("u8")),
        wit_parser::Type::U16 => return Ok(Type::Plain("u16")),
        wit_parser::Type::U32 => return Ok(Type::Plain("u32")),
        wit_parser::Type::U64 => return Ok(Type::Plain("u64")),
        wit_parser::Type::S32 => return Ok(Type::Plain("s32")),
        wit_parser::Type::F32 => return Ok(Type::Plain("f32")),
        wit_parser::Type::F64 => return Ok(Type::Plain("f64")),
        wit_parser::Type::String => return Ok(Type::Plain("string")),
        wit_parser::Type::Id(id) => *id,
        other => bail!("{other:?} is a type that the protocol does not have"),
    };
    let name = |id: TypeId| {
        let definition = resolve.types.get(id);
        definition.and_then(|definition| definition.name.clone()).context("a type without a name")
    };
    let definition = resolve.types.get(id).context("a type that is not there")?;
    Ok(match &definition.kind {
        TypeDefKind::Type(ty) => type_of(resolve, ty)?,
        TypeDefKind::Handle(Handle::Own(id)) => Type::Own(name(*id)?),
        TypeDefKind::Handle(Handle::Borrow(id)) => Type::Borrow(name(*id)?),
        TypeDefKind::Option(ty) => Type::Option(boxed(ty)?),
        TypeDefKind::List(ty) => Type::List(boxed(ty)?),
        TypeDefKind::Result(result) => Type::Result(optional(&result.ok)?, optional(&result.err)?),
        TypeDefKind::Future(ty) => Type::Future(optional(ty)?.context("a future of nothing")?),
        TypeDefKind::Stream(ty) => Type::Stream(optional(ty)?.context("a stream of nothing")?),
        TypeDefKind::Record(_) | TypeDefKind::Flags(_) | TypeDefKind::Variant(_) | TypeDefKind::Enum(_) => {
            Type::Named(name(id)?)
        }
        other => bail!("a {}, which the protocol does not have", other.as_str()),
    })
}
