//! Runs measurements: the sides take turns, and their figures become rows.

mod blocks;
mod interference;
mod memory;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;

use wasmtime::Result;
use wasmtime::error::Context as _;

use crate::budget::Aim;
use crate::machine::Choice;
use crate::native;
use crate::plan::{self, JOBS, MEMORY, PROBES, START};
use crate::report::{Figures, Row};
use crate::rival::Rival;
use crate::sandbox::{Host, Sandbox};

/// What all measurements need.
pub(crate) struct Bench {
    pub(crate) aims: BTreeMap<String, Aim>,
    pub(crate) choice: Choice,
    pub(crate) guest: PathBuf,
    pub(crate) rival: Option<Rival>,
    /// How often each side has its turn.
    pub(crate) rounds: u32,
    sandbox: Sandbox,
    floor: Sandbox,
    /// Finds out how many iterations a block takes; what is measured has devices of its own.
    scout: native::Gpu,
}

impl Bench {
    pub(crate) fn new(
        aims: BTreeMap<String, Aim>,
        choice: Choice,
        guest: PathBuf,
        rival: Option<Rival>,
        rounds: u32,
    ) -> Result<Self> {
        let sandbox = Sandbox::compile(&guest, Host::Wardian, choice.clone())?;
        let floor = Sandbox::compile(&guest, Host::Floor, choice.clone())?;
        let scout = native::Gpu::open(&choice)?;
        Ok(Self { aims, choice, guest, rival, rounds, sandbox, floor, scout })
    }

    /// Runs the measurements that are wanted; `each` sees every row as it comes.
    pub(crate) fn run(&self, is_wanted: impl Fn(&str) -> bool, mut each: impl FnMut(&Row)) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut add = |row: Row| {
            each(&row);
            rows.push(row);
        };
        for plan in plan::BLOCKS.iter().filter(|plan| is_wanted(plan.name)) {
            add(self.row(plan.name, blocks::measure(self, plan))?);
        }
        for name in START.into_iter().filter(|name| is_wanted(name)) {
            add(self.row(name, start::measure(self, name))?);
        }
        for name in MEMORY.into_iter().filter(|name| is_wanted(name)) {
            add(self.row(name, memory::measure(self, name))?);
        }
        for job in JOBS {
            let names = PROBES.map(|probe| format!("{job}-{probe}"));
            if !names.iter().any(|name| is_wanted(name)) {
                continue;
            }
            match interference::measure(self, job) {
                Ok(all) => {
                    for (name, figures) in names.iter().zip(all).filter(|(name, _)| is_wanted(name)) {
                        add(self.row(name, Ok(figures))?);
                    }
                }
                Err(error) => {
                    for name in names.iter().filter(|name| is_wanted(name)) {
                        add(Row::failed(name, self.aim(name)?, format!("{error:#}")));
                    }
                }
            }
        }
        Ok(rows)
    }

    fn row(&self, name: &str, figures: Result<Figures>) -> Result<Row> {
        let aim = self.aim(name)?;
        Ok(match figures {
            Ok(figures) => Row::new(name, aim, figures),
            Err(error) => Row::failed(name, aim, format!("{error:#}")),
        })
    }

    fn aim(&self, name: &str) -> Result<&Aim> {
        self.aims.get(name).with_context(|| format!("budgets.toml has no table [{name}]"))
    }
}
