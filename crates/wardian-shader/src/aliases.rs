//! Two ways to one variable: where one of them writes, the other must not even read.
//!
//! <https://www.w3.org/TR/WGSL/#alias-analysis>

use std::collections::BTreeMap;

use naga::{AddressSpace, Block, Expression, Function, GlobalVariable, Handle, Module, Span, Statement};

use super::stages::blocks_of;
use super::{Refusal, range_of};

/// What is done with a variable.
#[derive(Clone, Copy, Debug, Default)]
struct Access {
    reads: bool,
    writes: bool,
}

impl Access {
    const READ: Self = Self { reads: true, writes: false };
    const WRITE: Self = Self { reads: false, writes: true };

    fn add(&mut self, other: Self) {
        self.reads |= other.reads;
        self.writes |= other.writes;
    }

    const fn clashes(self, other: Self) -> bool {
        (self.writes && (other.reads || other.writes)) || (other.writes && self.reads)
    }
}

/// What a function does, itself and by those that it calls.
#[derive(Debug, Default)]
struct Summary {
    /// With what its parameters point to.
    parameters: Vec<Access>,
    globals: BTreeMap<usize, Access>,
}

/// What a pointer points into.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Root {
    Local(usize),
    Global(usize),
    Parameter(usize),
    Nothing,
}

/// Checks all calls of a valid module.
pub(super) fn check(module: &Module) -> Result<(), Refusal> {
    let has_pointers = |function: &Function| {
        function
            .arguments
            .iter()
            .any(|argument| module.types.get_handle(argument.ty).is_ok_and(|ty| ty.inner.pointer_space().is_some()))
    };
    if !module.functions.iter().any(|(_, function)| has_pointers(function)) {
        return Ok(());
    }
    let mut summaries = Vec::with_capacity(module.functions.len());
    for (_, function) in module.functions.iter() {
        let summary = Walk::new(module, function, &summaries).run()?;
        summaries.push(summary);
    }
    for entry_point in &module.entry_points {
        Walk::new(module, &entry_point.function, &summaries).run()?;
    }
    Ok(())
}

struct Walk<'m> {
    module: &'m Module,
    function: &'m Function,
    summaries: &'m [Summary],
    roots: Vec<Root>,
    summary: Summary,
}

impl<'m> Walk<'m> {
    fn new(module: &'m Module, function: &'m Function, summaries: &'m [Summary]) -> Self {
        let parameters = vec![Access::default(); function.arguments.len()];
        let mut roots: Vec<Root> = Vec::with_capacity(function.expressions.len());
        for (_, expression) in function.expressions.iter() {
            let of = |base: Handle<Expression>| roots.get(base.index()).copied().unwrap_or(Root::Nothing);
            roots.push(if let Expression::LocalVariable(variable) = expression {
                Root::Local(variable.index())
            } else if let Expression::GlobalVariable(variable) = expression {
                if is_memory(module, *variable) { Root::Global(variable.index()) } else { Root::Nothing }
            } else if let Expression::FunctionArgument(index) = expression {
                usize::try_from(*index).map_or(Root::Nothing, Root::Parameter)
            } else if let Expression::Access { base, .. } | Expression::AccessIndex { base, .. } = expression {
                of(*base)
            } else {
                Root::Nothing
            });
        }
        Self { module, function, summaries, roots, summary: Summary { parameters, globals: BTreeMap::new() } }
    }

    fn run(mut self) -> Result<Summary, Refusal> {
        let mut pending: Vec<&Block> = vec![&self.function.body];
        while let Some(block) = pending.pop() {
            for (statement, span) in block.span_iter() {
                self.statement(statement, *span)?;
                pending.extend(blocks_of(statement));
            }
        }
        Ok(self.summary)
    }

    fn statement(&mut self, statement: &Statement, span: Span) -> Result<(), Refusal> {
        if let Statement::Emit(range) = statement {
            for handle in range.clone() {
                if let Ok(Expression::Load { pointer }) = self.function.expressions.try_get(handle) {
                    self.touch(*pointer, Access::READ);
                }
            }
        } else if let Statement::Store { pointer, .. } = statement {
            self.touch(*pointer, Access::WRITE);
        } else if let Statement::Atomic { pointer, .. } = statement {
            self.touch(*pointer, Access { reads: true, writes: true });
        } else if let Statement::WorkGroupUniformLoad { pointer, .. } = statement {
            self.touch(*pointer, Access::READ);
        } else if let Statement::Call { function, arguments, .. } = statement {
            self.call(*function, arguments, span)?;
        }
        Ok(())
    }

    fn root(&self, pointer: Handle<Expression>) -> Root {
        self.roots.get(pointer.index()).copied().unwrap_or(Root::Nothing)
    }

    fn touch(&mut self, pointer: Handle<Expression>, access: Access) {
        match self.root(pointer) {
            Root::Global(index) => self.summary.globals.entry(index).or_default().add(access),
            Root::Parameter(index) => {
                self.summary.parameters.get_mut(index).into_iter().for_each(|parameter| parameter.add(access));
            }
            Root::Local(_) | Root::Nothing => {}
        }
    }

    fn call(
        &mut self,
        function: Handle<Function>,
        arguments: &[Handle<Expression>],
        span: Span,
    ) -> Result<(), Refusal> {
        let Some(called) = self.summaries.get(function.index()) else { return Ok(()) };
        let given: Vec<_> = arguments.iter().map(|argument| self.root(*argument)).zip(&called.parameters).collect();
        for (index, (root, access)) in given.iter().enumerate() {
            let others = given.iter().take(index).filter(|(other, _)| other == root);
            let global = if let Root::Global(global) = root { called.globals.get(global) } else { None };
            let clashes = others.map(|(_, other)| *other).chain(global).any(|other| access.clashes(*other));
            if clashes && *root != Root::Nothing {
                let name = self.module.functions.try_get(function).ok().and_then(|function| function.name.as_deref());
                let text = format!(
                    "`{}` is given a pointer to a variable that it comes to in another way, too, and writes to it",
                    name.unwrap_or_default()
                );
                return Err(Refusal { text, range: range_of(span) });
            }
        }
        for (argument, access) in arguments.iter().zip(&called.parameters) {
            self.touch(*argument, *access);
        }
        for (global, access) in &called.globals {
            self.summary.globals.entry(*global).or_default().add(*access);
        }
        Ok(())
    }
}

/// Whether it is memory that pointers point to.
fn is_memory(module: &Module, variable: Handle<GlobalVariable>) -> bool {
    module.global_variables.try_get(variable).is_ok_and(|variable| variable.space != AddressSpace::Handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(functions: &str, body: &str) -> Result<(), String> {
        let source = format!("var<private> x: i32; var<private> y: i32; {functions} fn last() {{ {body} }}");
        let module = naga::front::wgsl::parse_str(&source).expect(&source);
        check(&module).map_err(|refusal| refusal.text)
    }

    #[test]
    fn a_variable_that_is_written_has_one_way() {
        let both = |first: &str, second: &str| {
            format!("fn f(p: ptr<function, i32>, q: ptr<function, i32>) {{ {first} {second} }}")
        };
        let same = "var a = 1; var b = 2; f(&a, &a);";
        assert!(check_all(&both("*p = 1;", "*q = 2;"), same).is_err(), "both write");
        assert!(check_all(&both("*p = 1;", "_ = *q;"), same).is_err(), "one writes, one reads");
        assert!(check_all(&both("_ = *p;", "_ = *q;"), same).is_ok(), "both read");
        assert!(check_all(&both("*p = 1;", ""), same).is_ok(), "one does nothing");
        assert!(check_all(&both("*p = 1;", "*q = 2;"), "var a = 1; var b = 2; f(&a, &b);").is_ok(), "two variables");
    }

    #[test]
    fn variables_of_the_module_are_a_way() {
        let function = |body: &str| format!("fn g() {{ x = 3; }} fn f(p: ptr<private, i32>) {{ {body} }}");
        assert!(check_all(&function("*p = 1; _ = x;"), "f(&x);").is_err(), "it is read");
        assert!(check_all(&function("_ = *p; g();"), "f(&x);").is_err(), "it is written, by another function");
        assert!(check_all(&function("_ = *p; _ = x;"), "f(&x);").is_ok(), "it is only read");
        assert!(check_all(&function("*p = 1; _ = x;"), "f(&y);").is_ok(), "another one");
        let nested = format!("{} fn h(p: ptr<private, i32>) {{ f(p); }}", function("*p = 1; _ = x;"));
        assert!(check_all(&nested, "h(&x);").is_err(), "through two calls");
    }
}
