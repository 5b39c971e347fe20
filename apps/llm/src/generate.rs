//! From a prompt to what the model says.

use std::time::{Duration, Instant};

use wardian_gguf::Tokenizer;

use crate::{
    Failure,
    engine::{Engine, Sequence, Turn},
    sampler::{Sampler, Sampling},
};

/// Passes that are under way while a token is read.
const AHEAD: usize = 2;

/// When to stop, and how to choose.
#[derive(Clone, Debug)]
pub struct Request {
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// At most so many tokens.
    pub tokens_max: u32,
    /// Texts that end the answer; they are not part of it.
    pub stops: Vec<String>,
}

/// Why an answer is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The model says so.
    Model,
    /// One of the texts that end an answer came.
    Stop,
    /// It has as many tokens as it may have, or as the context has room for.
    Length,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
    /// Why it is over.
    pub end: End,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Until the first token was there.
    pub prompt_time: Duration,
    /// From there to the last token.
    pub answer_time: Duration,
}

impl Answer {
    /// How fast it was, in words.
    #[must_use]
    pub fn speed(&self) -> String {
        let answered = self.tokens.len().saturating_sub(1);
        format!(
            "{} tokens of prompt: {} tok/s; first token after {:.0} ms; {} tokens: {} tok/s",
            self.prompt_tokens,
            rate(self.prompt_tokens, self.prompt_time),
            self.prompt_time.as_secs_f64() * 1e3,
            self.tokens.len(),
            rate(answered, self.answer_time),
        )
    }
}

/// Tokens a second.
#[must_use]
pub fn rate(tokens: usize, time: Duration) -> String {
    let tokens = u32::try_from(tokens).map_or(f64::INFINITY, f64::from);
    if time.is_zero() { "–".to_owned() } else { format!("{:.1}", tokens / time.as_secs_f64()) }
}

/// Lets the model go on from tokens, and shows the text as it comes.
///
/// # Errors
///
/// When the prompt does not fit, or the device is lost.
pub fn generate(
    engine: &mut Engine,
    sequence: &mut Sequence,
    tokenizer: &Tokenizer,
    prompt: &[u32],
    request: &Request,
    show: &mut dyn FnMut(&str),
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let length_before = sequence.length();
    engine.read_prompt(sequence, prompt)?;
    let room = engine.options().context.saturating_sub(sequence.length()).saturating_add(1);
    let tokens_max = request.tokens_max.min(room);
    let mut tokens = Tokens { engine, sequence, sampler: Sampler::new(request.sampling.clone()), asked: 1, tokens_max };
    for token in prompt {
        tokens.sampler.saw(*token);
    }
    let mut text = Text::new(tokenizer, &request.stops);
    let mut answer = Vec::new();
    let mut first = None;
    let mut end = End::Length;
    while answer.len() < usize::try_from(tokens_max)? {
        let token = tokens.next()?;
        first.get_or_insert_with(Instant::now);
        if tokenizer.is_end(token) {
            end = End::Model;
            break;
        }
        answer.push(token);
        if text.push(token, show) {
            end = End::Stop;
            break;
        }
    }
    tokens.finish()?;
    let first = first.unwrap_or_else(Instant::now);
    // What was computed ahead is no part of the sequence; neither is the last token, which nobody has read yet.
    let kept = length_before + u32::try_from(prompt.len() + answer.len().saturating_sub(1))?;
    engine.truncate(sequence, kept);
    Ok(Answer {
        text: text.finish(show),
        tokens: answer,
        end,
        prompt_tokens: prompt.len(),
        prompt_time: first - started,
        answer_time: first.elapsed(),
    })
}

/// Tokens one after the other; where the GPU chooses, it is some ahead.
struct Tokens<'a> {
    engine: &'a mut Engine,
    sequence: &'a mut Sequence,
    sampler: Sampler,
    asked: u32,
    tokens_max: u32,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<u32, Failure> {
        if self.sampler.is_greedy() {
            while self.asked < self.tokens_max && self.engine.in_flight() < 1 + AHEAD {
                self.engine.run_on(&mut [&mut *self.sequence])?;
                self.asked += 1;
            }
            return self.engine.tokens()?.first().copied().ok_or_else(|| "a pass without result".into());
        }
        // The GPU's own choice is dropped.
        self.engine.tokens()?;
        let token = self.sampler.choose(self.engine.logits(0)?);
        self.sampler.saw(token);
        if self.asked < self.tokens_max {
            self.engine.run(&mut [Turn { sequence: &mut *self.sequence, tokens: &[token] }])?;
            self.asked += 1;
        }
        Ok(token)
    }

    /// Takes what is under way off the engine.
    fn finish(&mut self) -> Result<(), Failure> {
        while self.engine.in_flight() > 0 {
            self.engine.tokens()?;
        }
        Ok(())
    }
}

/// Text as it comes, held back as long as it may be the beginning of a text that ends the answer.
struct Text<'a> {
    decoder: wardian_gguf::Decoder<'a>,
    stops: &'a [String],
    text: String,
    shown: usize,
}

impl<'a> Text<'a> {
    fn new(tokenizer: &'a Tokenizer, stops: &'a [String]) -> Self {
        Self { decoder: tokenizer.decoder(), stops, text: String::new(), shown: 0 }
    }

    /// Whether the answer is over.
    fn push(&mut self, token: u32, show: &mut dyn FnMut(&str)) -> bool {
        let from = self.shown;
        self.text += &self.decoder.push(token);
        let rest = self.text.get(from..).unwrap_or_default();
        let stop = self.stops.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| rest.find(stop.as_str())).min();
        let end = stop.map_or_else(|| self.text.len() - held_back(rest, self.stops), |at| from + at);
        show(self.text.get(from..end).unwrap_or_default());
        self.shown = end;
        if stop.is_some() {
            self.text.truncate(end);
        }
        stop.is_some()
    }

    fn finish(mut self, show: &mut dyn FnMut(&str)) -> String {
        if self.shown < self.text.len() || self.stops.is_empty() {
            self.text += &self.decoder.finish();
        }
        show(self.text.get(self.shown..).unwrap_or_default());
        self.text
    }
}

/// The length of the end of a text with which one of the stops begins.
fn held_back(text: &str, stops: &[String]) -> usize {
    let starts = text.char_indices().map(|(start, _)| start);
    let found = starts.filter_map(|start| text.get(start..)).find(|end| stops.iter().any(|stop| stop.starts_with(end)));
    found.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_become_a_stop_is_held_back() {
        let stops = ["END".to_owned(), "\n\n".to_owned()];
        assert_eq!(held_back("some text E", &stops), 1, "E");
        assert_eq!(held_back("some EN", &stops), 2, "EN");
        assert_eq!(held_back("a\n", &stops), 1, "a line's end");
        assert_eq!(held_back("ENx", &stops), 0, "no stop any more");
        assert_eq!(held_back("text", &[]), 0, "no stops");
    }

    #[test]
    fn rates_are_shown_with_one_digit() {
        assert_eq!(rate(10, Duration::from_secs(4)), "2.5", "tokens a second");
        assert_eq!(rate(0, Duration::ZERO), "–", "nothing was measured");
    }
}
