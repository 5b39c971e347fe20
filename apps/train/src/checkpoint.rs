//! Checkpoints: a file in the format safetensors, which names the model and the training that it comes from.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use burn::tensor::{DType, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use crate::Failure;
use crate::files;
use crate::learner::Tensors;

/// What a checkpoint belongs to. Training goes on only where all of it is the same.
pub(crate) type Facts = BTreeMap<&'static str, String>;

const STEP: &str = "step";

/// A model on disk.
pub(crate) struct Checkpoint {
    path: PathBuf,
    facts: BTreeMap<String, String>,
    step: usize,
    pub(crate) tensors: Tensors,
}

/// Where the checkpoint of a kind of model lies in a folder.
pub(crate) fn path(folder: &Path, kind: &str) -> PathBuf {
    folder.join(format!("{kind}.safetensors"))
}

/// Writes a checkpoint. The one before stays until the new one is whole.
pub(crate) fn write(path: &Path, facts: &Facts, step: usize, tensors: &Tensors) -> Result<(), Failure> {
    let mut views = BTreeMap::new();
    for (name, data) in tensors {
        if data.dtype() != DType::F32 {
            return Err(format!("{name} is of {:?}, and checkpoints are of F32", data.dtype()).into());
        }
        let view = TensorView::new(safetensors::Dtype::F32, data.shape().as_slice().to_vec(), data.as_bytes())?;
        views.insert(name, view);
    }
    let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let facts = facts.chain([(STEP.to_owned(), step.to_string())]).collect();
    Ok(files::write(path, &safetensors::serialize(views, Some(facts))?)?)
}

/// Reads a checkpoint; none where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Checkpoint>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display()).into()),
    };
    parse(path, &bytes).map(Some).map_err(|error| {
        let path = path.display();
        format!("{path} is no checkpoint, or was cut short: {error}. Remove it, or begin anew without --resume").into()
    })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Checkpoint, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let facts: BTreeMap<String, String> = header.metadata().clone().into_iter().flatten().collect();
    let step = facts.get(STEP).and_then(|step| step.parse().ok()).ok_or("it does not say after how many steps")?;
    let mut tensors = Tensors::new();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?.iter() {
        if view.dtype() != safetensors::Dtype::F32 {
            return Err(format!("its tensor {name} is of {:?}, not of F32", view.dtype()));
        }
        let numbers = view.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        tensors.insert(name.to_owned(), TensorData::new(numbers.collect::<Vec<_>>(), view.shape()));
    }
    Ok(Checkpoint { path: path.to_owned(), facts, step, tensors })
}

impl Checkpoint {
    /// After how many steps it was written.
    pub(crate) fn step(&self) -> usize {
        self.step
    }

    /// A fact as a number.
    pub(crate) fn number(&self, name: &str) -> Result<usize, Failure> {
        let value = self.facts.get(name).and_then(|value| value.parse().ok());
        Ok(value.ok_or_else(|| self.error(&format!("it does not say its {name}")))?)
    }

    /// Whether it belongs to this model and training.
    pub(crate) fn check(&self, facts: &Facts) -> Result<(), Failure> {
        for (name, expected) in facts {
            let found = self.facts.get(*name).map_or("nothing", String::as_str);
            if found != expected {
                return Err(self.error(&format!("its {name} is {found}, and here it is {expected}")).into());
            }
        }
        Ok(())
    }

    /// An error about it.
    pub(crate) fn error(&self, fault: &str) -> String {
        let path = self.path.display();
        format!(
            "{path} is the checkpoint of another model or training: {fault}. Take the same options, or another folder"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (PathBuf, Facts, Tensors) {
        let path = std::env::temp_dir().join(format!(
            "wardian-train-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let tensors = Tensors::from([("a.weight".to_owned(), TensorData::new(vec![1.0f32, -2.5, 3.0, 0.0], [2, 2]))]);
        (path, Facts::from([("model", "some".to_owned()), ("seed", "7".to_owned())]), tensors)
    }

    #[test]
    fn what_is_written_is_read() {
        let (path, facts, tensors) = sample();
        write(&path, &facts, 12, &tensors).expect("writes");
        let found = read(&path).expect("reads").expect("is there");
        assert_eq!((found.step(), found.number("seed").expect("a number")), (12, 7), "its facts");
        assert_eq!(found.tensors, tensors, "its tensors");
        found.check(&facts).expect("it is this model's");
        let other = Facts::from([("model", "other".to_owned())]);
        let error = found.check(&other).expect_err("another model").to_string();
        assert!(error.contains("its model is some, and here it is other"), "says what differs: {error}");
        fs::remove_file(&path).expect("can be removed");
    }

    #[test]
    fn a_file_that_is_cut_short_is_refused_wherever_it_is_cut() {
        let (path, facts, tensors) = sample();
        write(&path, &facts, 12, &tensors).expect("writes");
        let whole = fs::read(&path).expect("reads");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("writes");
            let error =
                read(&path).err().unwrap_or_else(|| panic!("{length} bytes of it are no checkpoint")).to_string();
            assert!(error.contains("cut short") && error.contains("--resume"), "what to do: {error}");
        }
        fs::remove_file(&path).expect("can be removed");
        assert!(read(&path).expect("this is no failure").is_none(), "a file that is not there");
    }
}
