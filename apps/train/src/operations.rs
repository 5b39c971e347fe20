//! Single operations of burn, whose results are printed: what to look at first where training goes wrong.

use burn::tensor::{Device, Tensor, activation};

use crate::Failure;
use crate::numbers::Numbers;

/// Prints the results, a name and its numbers a line.
pub(crate) fn print_all(device: &Device) -> Result<(), Failure> {
    let mut numbers = Numbers::new(7, 0);
    let left = Tensor::<2>::from_data(numbers.matrix(37, 64), device);
    let right = Tensor::<2>::from_data(numbers.matrix(64, 21), device);
    let product = left.matmul(right);
    print("matmul", product.clone())?;
    print("softmax", activation::softmax(product.clone(), 1))?;
    print("sum", product.sum_dim(0))?;

    let learner = device.clone().autodiff();
    let weights = Tensor::<2>::from_data(numbers.matrix(64, 21), &learner).require_grad();
    let inputs = Tensor::<2>::from_data(numbers.matrix(37, 64), &learner);
    let loss = inputs.matmul(weights.clone()).tanh().powf_scalar(2.0).mean();
    let gradients = loss.backward();
    print("loss", loss.inner().reshape([1, 1]))?;
    print("gradient", weights.grad(&gradients).ok_or("the weights have no gradient")?)
}

fn print(name: &str, tensor: Tensor<2>) -> Result<(), Failure> {
    let values = tensor.into_data().try_to_vec::<f32>().map_err(|error| format!("{name}: {error:?}"))?;
    println!("{name} {}", values.iter().map(f32::to_string).collect::<Vec<_>>().join(" "));
    Ok(())
}
