//! Which cases are run.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};

/// What wasi:webgpu does not have, and so no case can be about: parts of queries, each with its reason.
const LACKING: &[(&str, &str)] = &[
    ("webgpu:web_platform,", "canvases, images and workers of the web"),
    ("webgpu:idl,", "the JavaScript classes alone, for browsers"),
    ("webgpu:compat,", "compatibility mode, which the host does not offer"),
    ("webgpu:examples:", "the suite's own examples"),
    ("webgpu:print_environment:", "prints, and tests nothing"),
    ("webgpu:api,validation,queue,copyToTexture,", "images of the web"),
    (",gpu_external_texture_expiration:", "external textures"),
    (",createBindGroup:external_texture,", "external textures"),
    (",render_pipeline,misc:external_texture", "external textures"),
    (",device_lost,destroy:importExternalTexture", "external textures"),
    (",device_lost,destroy:queue,copyExternalImageToTexture", "images of the web"),
    (",textureLoad:external", "external textures"),
    (",textureDimensions:external", "external textures"),
    (",texture_formats:canvas_configuration", "canvases"),
    (",bgra8unorm_storage:configure_", "canvases"),
    (",maxTextureDimension2D:configure", "canvases"),
    (",maxTextureDimension2D:getCurrentTexture", "canvases"),
    (",map_ArrayBuffer:postMessage", "workers"),
];

/// The cases that can be run, and how many can't.
pub(crate) fn applicable<'c>(cases: &[&'c str]) -> (Vec<&'c str>, usize) {
    let applies = |case: &&str| !LACKING.iter().any(|(part, _)| case.contains(part));
    let left: Vec<&str> = cases.iter().copied().filter(applies).collect();
    let lacking = cases.len() - left.len();
    (left, lacking)
}

/// So many cases that stand for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample(pub(crate) usize);

impl Sample {
    /// Cases of a test are ordered by a hash of their queries. All first ones come before all second ones, so that a
    /// test with thousands of cases weighs no more than another.
    pub(crate) fn of<'c>(self, cases: &[&'c str]) -> Vec<&'c str> {
        let mut hashed: Vec<(u64, &str)> = cases.iter().map(|case| (hash(case), *case)).collect();
        hashed.sort_unstable();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut ranked: Vec<(usize, u64, &str)> = Vec::with_capacity(hashed.len());
        for (hash, case) in hashed {
            let count = seen.entry(test_of(case)).or_default();
            ranked.push((*count, hash, case));
            *count += 1;
        }
        ranked.sort_unstable();
        ranked.truncate(self.0);
        let mut chosen: Vec<&str> = ranked.into_iter().map(|(_, _, case)| case).collect();
        chosen.sort_unstable();
        chosen
    }
}

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    part: u64,
    parts: u64,
}

impl Shard {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (part, parts) = text.split_once('/').context("--shard needs K/N, such as 1/4")?;
        let number =
            |text: &str| text.parse::<u64>().with_context(|| format!("--shard needs numbers, but '{text}' came"));
        let (part, parts) = (number(part)?, number(parts)?);
        if part == 0 || part > parts {
            bail!("--shard counts from 1/{parts} to {parts}/{parts}, but {part}/{parts} came");
        }
        Ok(Self { part: part - 1, parts })
    }

    pub(crate) fn of<'c>(self, cases: &[&'c str]) -> Vec<&'c str> {
        cases.iter().copied().filter(|case| hash(case) % self.parts == self.part).collect()
    }
}

/// `webgpu:file,path:test,path` of a case.
pub(crate) fn test_of(case: &str) -> &str {
    case.match_indices(':').nth(2).map_or(case, |(at, _)| case.get(..at).unwrap_or(case))
}

/// FNV-1a, and a last step that spreads its low bits: the same on every machine.
fn hash(text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_takes_of_each_test_before_it_takes_a_second_time() {
        let large: Vec<String> = (0..50).map(|number| format!("webgpu:a:large:n={number}")).collect();
        let mut cases: Vec<&str> = large.iter().map(String::as_str).collect();
        cases.extend(["webgpu:a:small:", "webgpu:b:small:"]);
        let sample = Sample(4).of(&cases);
        assert_eq!(sample.len(), 4, "as many as were asked for");
        assert_eq!(sample.iter().filter(|case| test_of(case) == "webgpu:a:large").count(), 2, "the others are used up");
        cases.reverse();
        assert_eq!(Sample(4).of(&cases), sample, "whatever the order of the list");
    }

    #[test]
    fn shards_are_apart_and_together_all() {
        let cases: Vec<String> = (0..100).map(|number| format!("webgpu:a:b:n={number}")).collect();
        let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
        let mut all: Vec<&str> = Vec::new();
        for part in ["1/3", "2/3", "3/3"] {
            let shard = Shard::parse(part).expect("a part").of(&cases);
            assert!(shard.len() > 15, "parts are about equal: {} of 100", shard.len());
            all.extend(shard);
        }
        all.sort_unstable();
        let mut sorted = cases.clone();
        sorted.sort_unstable();
        assert_eq!(all, sorted, "each case is in one part");
        assert!(Shard::parse("0/3").is_err() && Shard::parse("4/3").is_err(), "counted from one");
    }

    #[test]
    fn what_the_interface_lacks_is_left_out() {
        let cases = ["webgpu:web_platform,canvas,configure:a:", "webgpu:api,operation,buffers,map:mapAsync,read:a=1"];
        assert_eq!(applicable(&cases), (vec![cases[1]], 1), "the canvas goes");
    }
}
