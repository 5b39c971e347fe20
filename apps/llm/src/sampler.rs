//! Which token comes next.

use std::collections::VecDeque;

use crate::Failure;

/// How tokens are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// How bold: 0 always takes the most likely token.
    pub temperature: f32,
    /// Only so many of the most likely tokens; 0 is all.
    pub top_k: usize,
    /// Only the most likely tokens that together are so likely.
    pub top_p: f32,
    /// Only tokens that are at least so likely, compared with the most likely one.
    pub min_p: f32,
    /// What logits of tokens that came lately are divided by; 1 is nothing.
    pub repetition_penalty: f32,
    /// How many tokens are lately.
    pub repetition_window: usize,
    /// Where chance begins.
    pub seed: u64,
}

impl Sampling {
    /// Whether the most likely token is always taken.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        self.temperature <= 0.0 && self.repetition_penalty <= 1.0
    }

    /// Refuses what makes no sense.
    ///
    /// # Errors
    ///
    /// Says what is possible.
    pub fn check(&self) -> Result<(), Failure> {
        let in_range = |name: &str, value: f32, least: f32, greatest: f32| {
            if (least..=greatest).contains(&value) {
                Ok(())
            } else {
                Err(format!("{name} is {value}; {least} to {greatest} is possible"))
            }
        };
        in_range("--temperature", self.temperature, 0.0, 100.0)?;
        in_range("--top-p", self.top_p, 0.0, 1.0)?;
        in_range("--min-p", self.min_p, 0.0, 1.0)?;
        in_range("--repetition-penalty", self.repetition_penalty, 1.0, 100.0)?;
        Ok(())
    }
}

/// Chooses tokens, with what it remembers for that.
#[derive(Debug)]
pub struct Sampler {
    sampling: Sampling,
    chance: u64,
    lately: VecDeque<u32>,
}

impl Sampler {
    /// A sampler that has seen nothing.
    #[must_use]
    pub fn new(sampling: Sampling) -> Self {
        Self { chance: sampling.seed, sampling, lately: VecDeque::new() }
    }

    /// Whether the most likely token is always taken.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        self.sampling.is_greedy()
    }

    /// Remembers a token.
    pub fn saw(&mut self, token: u32) {
        if self.sampling.repetition_window == 0 {
            return;
        }
        if self.lately.len() >= self.sampling.repetition_window {
            self.lately.pop_front();
        }
        self.lately.push_back(token);
    }

    /// Chooses by the logits of all tokens.
    pub fn choose(&mut self, mut logits: Vec<f32>) -> u32 {
        if self.sampling.repetition_penalty > 1.0 {
            let mut tokens: Vec<u32> = self.lately.iter().copied().collect();
            tokens.sort_unstable();
            tokens.dedup();
            for token in tokens {
                if let Some(logit) = usize::try_from(token).ok().and_then(|token| logits.get_mut(token)) {
                    let penalty = self.sampling.repetition_penalty;
                    *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
                }
            }
        }
        if self.sampling.temperature <= 0.0 {
            return greatest(&logits);
        }
        let candidates = self.candidates(&logits);
        let total: f32 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut point = self.next_chance() * total;
        for (token, weight) in &candidates {
            point -= weight;
            if point <= 0.0 {
                return *token;
            }
        }
        candidates.last().map_or(0, |(token, _)| *token)
    }

    /// The tokens that may come, the most likely first, and how likely they are, before these are made to sum up to 1.
    fn candidates(&self, logits: &[f32]) -> Vec<(u32, f32)> {
        let mut candidates: Vec<(u32, f32)> =
            (0..).zip(logits.iter().copied()).filter(|(_, logit)| logit.is_finite()).collect();
        let by_logit =
            |first: &(u32, f32), second: &(u32, f32)| second.1.total_cmp(&first.1).then(first.0.cmp(&second.0));
        let top_k = self.sampling.top_k;
        if top_k > 0 && top_k < candidates.len() {
            candidates.select_nth_unstable_by(top_k, by_logit);
            candidates.truncate(top_k);
        }
        candidates.sort_unstable_by(by_logit);
        let Some((_, best)) = candidates.first().copied() else { return candidates };
        for (_, weight) in &mut candidates {
            *weight = ((*weight - best) / self.sampling.temperature).exp();
        }
        // The first is 1 now.
        candidates.retain(|(_, weight)| *weight >= self.sampling.min_p);
        let total: f32 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let kept = candidates.iter().take_while(|(_, weight)| {
            let is_kept = sum < self.sampling.top_p * total;
            sum += weight;
            is_kept
        });
        let kept = kept.count().max(1);
        candidates.truncate(kept);
        candidates
    }

    /// From 0 to 1, by splitmix64.
    #[expect(clippy::as_conversions, reason = "24 bits fit")]
    fn next_chance(&mut self) -> f32 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.chance;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((bits ^ (bits >> 31)) >> 40) as f32) / 16_777_216.0
    }
}

/// The token with the greatest logit, of equals the first.
#[must_use]
pub fn greatest(logits: &[f32]) -> u32 {
    let found = (0..).zip(logits).fold(
        (0, f32::NEG_INFINITY),
        |best, (token, logit)| {
            if *logit > best.1 { (token, *logit) } else { best }
        },
    );
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling() -> Sampling {
        Sampling {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            repetition_window: 64,
            seed: 1,
        }
    }

    /// How often each token is chosen, of 10,000 times.
    fn counts(sampling: Sampling, logits: &[f32]) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling);
        let mut counts = vec![0; logits.len()];
        for _ in 0..10_000 {
            counts[usize::try_from(sampler.choose(logits.to_vec())).expect("a token")] += 1;
        }
        counts
    }

    #[test]
    fn tokens_are_as_frequent_as_they_are_likely() {
        let logits = [0.5_f32, 0.3, 0.2, 0.0].map(f32::ln);
        let counts = counts(sampling(), &logits);
        for (count, wanted) in counts.iter().zip([5000, 3000, 2000, 0]) {
            assert!(count.abs_diff(wanted) < 200, "{count} instead of {wanted} times");
        }
    }

    #[test]
    fn unlikely_tokens_are_left_out() {
        let logits = [0.2_f32, 0.5, 0.3].map(f32::ln);
        let none = |counts: Vec<usize>| counts.iter().map(|count| *count > 0).collect::<Vec<_>>();
        assert_eq!(none(counts(Sampling { top_k: 2, ..sampling() }, &logits)), [false, true, true], "two");
        assert_eq!(none(counts(Sampling { top_p: 0.4, ..sampling() }, &logits)), [false, true, false], "0.5 is enough");
        assert_eq!(none(counts(Sampling { top_p: 0.6, ..sampling() }, &logits)), [false, true, true], "0.5 is not");
        assert_eq!(none(counts(Sampling { min_p: 0.5, ..sampling() }, &logits)), [false, true, true], "half of 0.5");
        assert_eq!(
            none(counts(Sampling { temperature: 0.0, ..sampling() }, &logits)),
            [false, true, false],
            "the best"
        );
    }

    #[test]
    fn what_came_lately_is_less_likely() {
        let mut sampler = Sampler::new(Sampling { temperature: 0.0, repetition_penalty: 2.0, ..sampling() });
        assert_eq!(sampler.choose(vec![1.0, 1.5, -1.0]), 1, "nothing came yet");
        sampler.saw(1);
        assert_eq!(sampler.choose(vec![1.0, 1.5, -1.0]), 0, "1.5 is halved");
        let mut sampler = Sampler::new(Sampling { repetition_window: 1, ..sampler.sampling });
        sampler.saw(1);
        sampler.saw(0);
        assert_eq!(sampler.choose(vec![1.0, 1.5, -1.0]), 1, "and forgotten");
    }

    #[test]
    fn the_same_seed_gives_the_same_tokens() {
        let run = |seed| {
            let mut sampler = Sampler::new(Sampling { seed, ..sampling() });
            (0..50).map(|_| sampler.choose(vec![0.0; 100])).collect::<Vec<_>>()
        };
        assert_eq!(run(5), run(5), "the same");
        assert_ne!(run(5), run(6), "another");
    }

    #[test]
    fn numbers_that_are_none_are_never_chosen() {
        let mut sampler = Sampler::new(sampling());
        assert_eq!(sampler.choose(vec![f32::NAN, f32::INFINITY, 0.0]), 2, "the only finite one");
        assert_eq!(sampler.choose(vec![f32::NAN]), 0, "no panic");
        assert_eq!(greatest(&[1.0, 3.0, 3.0]), 1, "of equals the first");
    }
}
