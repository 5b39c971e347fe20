//! `check`: are the tokens those that another program chose?
//!
//! Each token is decoded as when talking. Where another one comes than the reference has, both must be as good as
//! equally likely, here and there; then the reference's goes on.

use std::{fs, time::Instant};

use serde::Deserialize;
use wardian_gguf::Specials;

use crate::{Failure, arguments::Check, engine::Turn, generate::rate, sampler::greatest, session::Session};

/// How close two logits are that tie.
const TIE: f32 = 1e-3;

#[derive(Debug, Deserialize)]
struct Reference {
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    prompt: String,
    /// The tokens of the prompt.
    input: Vec<u32>,
    /// The token that was chosen, the second best, and how far apart their logits are.
    steps: Vec<(u32, u32, f32)>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Count {
    equal: usize,
    ties: usize,
    wrong: Vec<String>,
    /// The greatest difference of the distance between the two best logits.
    error_max: f32,
}

/// Compares.
pub(crate) async fn check(arguments: &Check) -> Result<(), Failure> {
    let path = &arguments.reference;
    let text = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let reference: Reference =
        serde_json::from_slice(&text).map_err(|error| format!("{} is no reference: {error}", path.display()))?;
    let mut session = Session::open(&arguments.source).await?;
    let mut count = Count::default();
    let started = Instant::now();
    for row in reference.rows.iter().take(arguments.prompts) {
        let found = session.tokenizer.encode(&row.prompt, Specials::AsTokens);
        if found != row.input {
            count.wrong.push(format!("{:?} is {found:?}, and should be {:?}", row.prompt, row.input));
            continue;
        }
        check_row(&mut session, row, arguments.tokens, &mut count)?;
    }
    let tokens = count.equal + count.ties + count.wrong.len();
    println!(
        "{} of {tokens} tokens equal, {} ties, {} wrong; distances of the two best logits differ by {:.4} at most; {} tok/s",
        count.equal,
        count.ties,
        count.wrong.len(),
        count.error_max,
        rate(tokens, started.elapsed()),
    );
    if tokens == 0 {
        return Err("there was nothing to compare".into());
    }
    let share = f64::from(u32::try_from(count.equal + count.ties)?) / f64::from(u32::try_from(tokens)?);
    match count.wrong.first() {
        Some(first) if share < arguments.least => {
            Err(format!("{} tokens differ without a tie; the first: {first}", count.wrong.len()).into())
        }
        _ => Ok(()),
    }
}

fn check_row(session: &mut Session, row: &Row, tokens_max: usize, count: &mut Count) -> Result<(), Failure> {
    let engine = &mut session.engine;
    let mut sequence = engine.open()?;
    engine.read_prompt(&mut sequence, &row.input)?;
    let steps = row.steps.len().min(tokens_max);
    for (index, (wanted, second, gap)) in row.steps.iter().take(steps).enumerate() {
        let found = engine.tokens()?.first().copied().ok_or("a pass without result")?;
        let logits = engine.logits(0)?;
        if found != greatest(&logits) {
            return Err(format!("the GPU chose {found}, but its logits say {}", greatest(&logits)).into());
        }
        let logit = |token: u32| usize::try_from(token).ok().and_then(|token| logits.get(token)).copied();
        let distance = |first, second| Some(logit(first)? - logit(second)?);
        let here = distance(*wanted, *second).ok_or("the reference has a token that the model has not")?;
        count.error_max = count.error_max.max((here - gap).abs());
        if found == *wanted {
            count.equal += 1;
        } else if found == *second && *gap < TIE && -here < TIE {
            count.ties += 1;
        } else {
            count.wrong.push(format!(
                "token {index} after {:?} is {found} instead of {wanted}, by {:.4}; there it was ahead of {second} by {gap:.4}",
                row.prompt,
                -here
            ));
        }
        if index + 1 < steps {
            // The reference's token goes on, which mostly is the one that the GPU goes on with by itself.
            if found == *wanted {
                engine.run_on(&mut [&mut sequence])?;
            } else {
                engine.run(&mut [Turn { sequence: &mut sequence, tokens: &[*wanted] }])?;
            }
        }
    }
    session.engine.close(sequence);
    Ok(())
}
