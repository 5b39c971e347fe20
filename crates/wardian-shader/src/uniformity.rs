//! Uniformity: barriers, derivatives and functions on subgroups want all invocations to come to them together.
//!
//! What depends on what becomes a graph, in one walk over each function; what may differ between invocations is a node
//! of it. Where what must be uniform depends on that node, it is not. A function that is called is known by its
//! [`Summary`], since functions come after those that they call.
//!
//! <https://www.w3.org/TR/WGSL/#uniformity>

mod graph;
mod operands;
mod walk;

use naga::{
    AddressSpace, Binding, BuiltIn, FunctionArgument, GlobalVariable, ImageClass, Module, ShaderStage, Span,
    StorageAccess, Type, TypeInner,
};

use self::graph::{DIFFERENT, Graph, Node, Reached, START};
use super::diagnostics::{Filters, Rule};
use super::{Notice, Refusal, Severity, range_of};

/// How bad what isn't uniform may be.
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

/// For each severity, whether something must be uniform.
type Wanted = [bool; SEVERITIES.len()];

/// What a function asks of those who call it, and what it gives.
#[derive(Debug, Default)]
struct Summary {
    /// Of the flow of control where it is called.
    flow: Wanted,
    parameters: Vec<Parameter>,
    result: Sources,
}

#[derive(Debug, Default)]
struct Parameter {
    /// Of the value, or of the pointer.
    value: Wanted,
    /// Of what the pointer points to.
    contents: Wanted,
    /// What the pointer points to afterwards.
    afterwards: Sources,
}

/// What a value depends on.
#[derive(Debug, Default)]
struct Sources {
    is_different: bool,
    /// Parameters by their index, with their values or with what they point to.
    values: Vec<usize>,
    contents: Vec<usize>,
}

/// Something that must be uniform.
#[derive(Debug)]
struct Site {
    node: Node,
    severity: usize,
    what: String,
    span: Span,
}

/// The nodes of a parameter: of its value, of what it points to, and of that in the end.
#[derive(Clone, Copy, Debug)]
struct Nodes {
    value: Node,
    contents: Node,
    afterwards: Node,
}

/// A function as a graph.
#[derive(Debug)]
struct Analysis {
    graph: Graph,
    sites: Vec<Site>,
    parameters: Vec<Nodes>,
    result: Node,
}

/// Checks a valid module, and gives what is less than an error.
pub(super) fn check(module: &Module, filters: &Filters) -> Result<Vec<Notice>, Refusal> {
    if !walk::has_sites(module) {
        return Ok(Vec::new());
    }
    let mut notices = Vec::new();
    let mut summaries: Vec<Summary> = Vec::with_capacity(module.functions.len());
    for (_, function) in module.functions.iter() {
        let analysis = walk::analyze(module, filters, function, None, &summaries);
        analysis.report(&mut notices)?;
        summaries.push(analysis.summary());
    }
    for entry_point in &module.entry_points {
        let analysis = walk::analyze(module, filters, &entry_point.function, Some(entry_point.stage), &summaries);
        analysis.report(&mut notices)?;
    }
    Ok(notices)
}

impl Analysis {
    fn wanting(&self, severity: usize) -> Reached {
        let sites = self.sites.iter().filter(|site| site.severity == severity);
        self.graph.reached(sites.map(|site| site.node))
    }

    /// Tells of the first place of each severity that is not uniform.
    fn report(&self, notices: &mut Vec<Notice>) -> Result<(), Refusal> {
        let mut differing = None;
        for (index, severity) in SEVERITIES.into_iter().enumerate() {
            if !self.wanting(index).has(DIFFERENT) {
                continue;
            }
            let differing = differing.get_or_insert_with(|| self.graph.reversed().reached([DIFFERENT]));
            let mut sites = self.sites.iter().filter(|site| site.severity == index);
            let Some(site) = sites.find(|site| differing.has(site.node)) else { continue };
            let refusal = Refusal { text: site.what.clone(), range: range_of(site.span) };
            if severity == Severity::Error {
                return Err(refusal);
            }
            notices.push(Notice { severity, refusal });
        }
        Ok(())
    }

    fn summary(&self) -> Summary {
        let wanted = [0, 1, 2].map(|severity| self.wanting(severity));
        let all = |node: Node| wanted.each_ref().map(|reached| reached.has(node));
        let parameters = self.parameters.iter().map(|nodes| Parameter {
            value: all(nodes.value),
            contents: all(nodes.contents),
            afterwards: self.sources(nodes.afterwards),
        });
        Summary { flow: all(START), parameters: parameters.collect(), result: self.sources(self.result) }
    }

    fn sources(&self, node: Node) -> Sources {
        let reached = self.graph.reached([node]);
        let of = |part: fn(&Nodes) -> Node| {
            let parameters = self.parameters.iter().enumerate().filter(|(_, nodes)| reached.has(part(nodes)));
            parameters.map(|(index, _)| index).collect()
        };
        Sources {
            is_different: reached.has(DIFFERENT),
            values: of(|nodes| nodes.value),
            contents: of(|nodes| nodes.contents),
        }
    }
}

/// The severity of a rule where something is; none where the filter is off.
fn severity_of(filters: &Filters, rule: Rule, span: Span) -> Option<usize> {
    let at = range_of(span).map_or(0, |range| range.start);
    let severity = filters.severity(rule, at)?;
    SEVERITIES.iter().position(|known| *known == severity)
}

/// Whether what an entry point is given is the same for all invocations.
fn is_same_input(module: &Module, argument: &FunctionArgument, stage: ShaderStage) -> bool {
    let is_same = |binding: &Option<Binding>| match binding {
        Some(Binding::BuiltIn(BuiltIn::WorkGroupId | BuiltIn::NumWorkGroups | BuiltIn::NumSubgroups)) => true,
        Some(Binding::BuiltIn(BuiltIn::SubgroupSize)) => stage == ShaderStage::Compute,
        Some(Binding::BuiltIn(_) | Binding::Location { .. }) | None => false,
    };
    match module.types.get_handle(argument.ty) {
        Ok(Type { inner: TypeInner::Struct { members, .. }, .. }) if argument.binding.is_none() => {
            members.iter().all(|member| is_same(&member.binding))
        }
        _ => is_same(&argument.binding),
    }
}

/// Whether what is in a variable of the module is the same for all invocations.
fn is_same_variable(variable: &GlobalVariable) -> bool {
    is_same_space(variable.space)
}

fn is_same_space(space: AddressSpace) -> bool {
    match space {
        AddressSpace::Uniform | AddressSpace::Handle | AddressSpace::Immediate => true,
        AddressSpace::Storage { access } => !access.contains(StorageAccess::STORE),
        AddressSpace::Function
        | AddressSpace::Private
        | AddressSpace::WorkGroup
        | AddressSpace::TaskPayload
        | AddressSpace::RayPayload
        | AddressSpace::IncomingRayPayload => false,
    }
}

/// Whether texels of this type can be written.
fn is_written_image(ty: &Type) -> bool {
    if let TypeInner::Image { class: ImageClass::Storage { access, .. }, .. } = ty.inner {
        return access.contains(StorageAccess::STORE);
    }
    false
}
