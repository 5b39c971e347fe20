//! A model with its optimiser: a step of learning, and all that a checkpoint must hold.
//!
//! The optimiser is burn's Adam. burn's own loop over parameters is not used, because it opens burn's default device to
//! load what was saved, and a component has none: its device was made through `wgpu` and given to burn.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, DynState, GradientsParams, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};

use crate::Failure;
use crate::numbers::Numbers;

/// Tensors by name.
pub(crate) type Tensors = BTreeMap<String, TensorData>;

const FIRST: &str = "adam.first.";
const SECOND: &str = "adam.second.";

/// A model that learns.
pub(crate) struct Learner<M: Module> {
    pub(crate) model: M,
    adam: Adam,
    rate: f64,
    /// Adam's moments of each parameter, by its path in the model.
    states: BTreeMap<String, DynState>,
    device: Device,
}

impl<M: Module> Learner<M> {
    /// One that knows nothing: its parameters are numbers that follow from the seed, on every GPU the same.
    pub(crate) fn new(model: M, device: &Device, rate: f64, seed: u64) -> Self {
        let model = model.map(&mut Start { path: Path::default(), seed, place: 0 });
        Self { model, adam: AdamConfig::new().build(), rate, states: BTreeMap::new(), device: device.clone() }
    }

    /// Changes the model so that the loss becomes less.
    pub(crate) fn step(&mut self, loss: &Tensor<1>) -> Result<(), Failure> {
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let mut step = Step {
            path: Path::default(),
            adam: &self.adam,
            rate: self.rate,
            states: &mut self.states,
            gradients,
            without: None,
        };
        self.model = self.model.clone().map(&mut step);
        step.without.map_or(Ok(()), |path| Err(format!("the parameter {path} has no gradient").into()))
    }

    /// The parameters, and what Adam keeps beside them.
    pub(crate) fn save(&self) -> Result<Tensors, Failure> {
        let mut save = Save { path: Path::default(), states: &self.states, tensors: Tensors::new(), error: None };
        self.model.visit(&mut save);
        save.error.map_or(Ok(save.tensors), |error| Err(error.into()))
    }

    /// Takes what `save` gave after so many steps.
    pub(crate) fn load(&mut self, tensors: Tensors, steps: usize) -> Result<(), String> {
        let device = self.device.clone().inner();
        let mut load = Load { path: Path::default(), tensors, steps, device, states: BTreeMap::new(), error: None };
        self.model = self.model.clone().map(&mut load);
        self.states = load.states;
        match (load.error, load.tensors.keys().next()) {
            (Some(error), _) => Err(error),
            (None, Some(name)) => Err(format!("it has the tensor {name}, which this model lacks")),
            (None, None) => Ok(()),
        }
    }
}

/// Where in a model a visitor is.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn enter(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

macro_rules! follow_path {
    () => {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.enter(name);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }
    };
}

/// Gives each parameter the numbers that it begins with.
struct Start {
    path: Path,
    seed: u64,
    place: u64,
}

impl ModuleMapper for Start {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let count = shape.iter().product();
        self.place += 1;
        let mut numbers = Numbers::new(self.seed, self.place);
        let name = self.path.name();
        let values: Vec<f32> = match name.rsplit('.').next() {
            Some("gamma") => vec![1.0; count],
            Some("weight") => {
                // Kaiming's bound: it keeps the variance from layer to layer. A linear layer's inputs are its rows.
                let inputs: usize = if D == 2 { shape[0] } else { shape[1..].iter().product() };
                let bound = (6.0 / inputs.max(1) as f32).sqrt();
                (0..count).map(|_| numbers.uniform(bound)).collect()
            }
            _ => vec![0.0; count],
        };
        let tensor = Tensor::from_data(TensorData::new(values, shape), &tensor.device()).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Changes each parameter by its gradient.
struct Step<'a> {
    path: Path,
    adam: &'a Adam,
    rate: f64,
    states: &'a mut BTreeMap<String, DynState>,
    gradients: GradientsParams,
    without: Option<String>,
}

impl ModuleMapper for Step<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let name = self.path.name();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            self.without.get_or_insert(name);
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let state = self.states.remove(&name).map(DynState::downcast::<AdamState<D>>);
        let (tensor, state) = self.adam.step(self.rate, tensor.inner(), gradient, state);
        if let Some(state) = state {
            self.states.insert(name, DynState::create(state, D));
        }
        Param::from_mapped_value(id, Tensor::from_inner(tensor).require_grad(), mapper)
    }
}

/// Reads everything back from the GPU.
struct Save<'a> {
    path: Path,
    states: &'a BTreeMap<String, DynState>,
    tensors: Tensors,
    error: Option<String>,
}

impl Save<'_> {
    fn add<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        match tensor.try_into_data() {
            Ok(data) => _ = self.tensors.insert(name, data),
            Err(error) => _ = self.error.get_or_insert(format!("cannot read {name} back from the GPU: {error:?}")),
        }
    }
}

impl ModuleVisitor for Save<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        if let Some(state) = self.states.get(&name) {
            let moments = state.downcast_ref::<AdamState<D>>().momentum.clone();
            self.add(format!("{FIRST}{name}"), moments.moment_1);
            self.add(format!("{SECOND}{name}"), moments.moment_2);
        }
        self.add(name, param.val().inner());
    }
}

/// Takes each parameter from what was saved.
struct Load {
    path: Path,
    tensors: Tensors,
    steps: usize,
    device: Device,
    states: BTreeMap<String, DynState>,
    error: Option<String>,
}

impl Load {
    fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        let fault = match self.tensors.remove(name) {
            None => format!("it lacks the tensor {name} of this model"),
            Some(data) if data.shape().as_slice() != shape.as_slice() => {
                let found = data.shape().as_slice();
                format!("its tensor {name} has the shape {found:?}, this model's {:?}", shape.as_slice())
            }
            Some(data) => return Some(Tensor::from_data(data, &self.device)),
        };
        self.error.get_or_insert(fault);
        None
    }
}

impl ModuleMapper for Load {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let (name, shape) = (self.path.name(), tensor.dims());
        let value = self.take(&name, shape);
        if self.steps > 0
            && let Some(first) = self.take(&format!("{FIRST}{name}"), shape)
            && let Some(second) = self.take(&format!("{SECOND}{name}"), shape)
        {
            let state = AdamState::new(AdaptiveMomentumState::new(self.steps, first, second));
            self.states.insert(name, DynState::create(state, D));
        }
        let tensor = value.map_or(tensor, |value| Tensor::from_inner(value).require_grad());
        Param::from_mapped_value(id, tensor, mapper)
    }
}
