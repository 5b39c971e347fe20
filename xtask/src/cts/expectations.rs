//! Which cases are known to fail, and why: `conformance/ADAPTER.txt`.
//!
//! A section begins with `[layer] reason`; the lines below it are cases, or beginnings of cases with a star behind.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, bail};

use super::results::{Adapter, Outcome, Status};

/// Whose fault a failure is. The suite's own: it is older than the WebGPU that we follow.
const LAYERS: [&str; 6] = ["host", "wgpu-core", "naga", "driver", "suite", "not in the interface"];

/// How a failure is sorted by its case: a part of it, the layer, and the reason. The first that fits counts.
const CASES: &[(&str, &str, &str)] = &[
    (
        ",requestAdapter:requestAdapter:",
        "driver",
        "the only adapter is software, and says so without having been asked for it",
    ),
    (",mappingPending:", "suite", "newer WebGPU has an error of the device beside a map that is rejected at once"),
    (
        ":mapAsync,earlyRejection:",
        "suite",
        "newer WebGPU has an error of the device beside a map that is rejected at once",
    ),
    (",depth_clip_clamp:", "wgpu-core", "depth is not clamped to the range of the viewport"),
    (",maxInterStageShaderVariables:", "suite", "built-in values count as variables between stages in newer WebGPU"),
    (":max_variables_count,", "suite", "built-in values count as variables between stages in newer WebGPU"),
    (":texture_compression_bc_sliced_3d:", "suite", "sliced 3D brings the compressed formats in newer WebGPU"),
    (",maxColorAttachmentBytesPerSample:", "suite", "formats of 16 bytes have one sample"),
    (":buffer_offset_and_size_for_bind_groups_match", "suite", "newer WebGPU allows what the case refuses"),
    (":targets_write_mask:", "not in the interface", "bits of flags that there are not"),
    ("storage_texture,read_only:basic:format=\"bgra8unorm\"", "suite", "bgra8unorm is write-only in newer WebGPU"),
    ("storage_texture,read_only:basic:", "driver", "rounding of texels"),
    (":sampling_while_testing:", "wgpu-core", "reading one aspect of a texture while the other is written"),
    (
        ":subresources,depth_stencil_attachment_and_bind_group:",
        "wgpu-core",
        "reading one aspect of a texture while the other is written",
    ),
    (":non_filterable_texture_with_filtering_sampler:", "wgpu-core", "depth textures are sampled with filters"),
    (":switch_case_selectors:", "driver", "the driver's compiler ends the process on a legal shader"),
    (",builtin,textureSample", "driver", "level of detail and filtering differ from the suite's"),
    (",short_circuiting_and_or:", "naga", "an operand that is never evaluated has errors of its own"),
    ("_conversion:f32:", "suite", "integers made of floats end at the largest float in newer WGSL"),
    ("tage=\"override\"", "naga", "errors in the values of overrides"),
    (":array_stride_zero:", "driver", "attributes of instances with a stride of 0"),
    (":inputs,sample_mask:", "driver", "the mask of samples where shading is for each sample"),
    ("texel_data_in_shader:", "driver", "rounding of texels"),
];

/// The same by its log.
const LOGS: &[(&str, &str, &str)] = &[
    ("Not implemented as constant expression", "naga", "constant evaluation lacks built-in functions"),
    ("cannot represent the abstract value", "naga", "abstract values are not rounded"),
    ("are too long", "host", "the bound on how long functions may be"),
    ("zero value of an array with too many", "host", "the bound on zero values of arrays"),
    ("Missing expected compilationInfo 'error' message", "naga", "code that WGSL refuses is accepted"),
    ("Unexpected compilationInfo 'error' message", "naga", "code that WGSL has is refused"),
    ("ShaderModule with", "naga", "code that WGSL has is refused"),
    ("the shader module", "naga", "code that WGSL has is refused"),
];

/// Sections by layer and reason, with their cases.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    sections: BTreeMap<(String, String), Vec<String>>,
}

impl Expectations {
    /// Reads the file; where there is none, nothing is expected to fail.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).with_context(|| format!("in {}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let mut expectations = Self::default();
        let mut section = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some((layer, reason)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
                if !LAYERS.contains(&layer) || reason.trim().is_empty() {
                    bail!("line {}: a section is `[layer] reason`, with one of {LAYERS:?}", number + 1);
                }
                section = Some((layer.to_owned(), reason.trim().to_owned()));
            } else if let Some(section) = &section {
                expectations.sections.entry(section.clone()).or_default().push(line.to_owned());
            } else {
                bail!("line {}: a case stands before the first section", number + 1);
            }
        }
        Ok(expectations)
    }

    pub(crate) fn write(&self, path: &Path, adapter: &Adapter) -> Result<()> {
        let mut text = format!(
            "# Cases of the conformance suite that fail on {}, by whose fault it is. `cargo xtask cts --update` sorts new\n\
             # ones by their logs; look at what it wrote.\n",
            adapter.description
        );
        for ((layer, reason), cases) in self.sections.iter().filter(|(_, cases)| !cases.is_empty()) {
            let _ = writeln!(text, "\n[{layer}] {reason}");
            for case in cases {
                let _ = writeln!(text, "{case}");
            }
        }
        let folder = path.parent().context("the file lies in no folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn expects(&self, case: &str) -> bool {
        self.sections.values().flatten().any(|pattern| covers(pattern, case))
    }

    /// What came out otherwise.
    pub(crate) fn surprises(&self, outcomes: &[&Outcome]) -> Vec<String> {
        let mut surprises = Vec::new();
        for outcome in outcomes {
            let expected = self.expects(&outcome.case);
            if outcome.status.is_failure() && !expected {
                let log: Vec<&str> = outcome.log.lines().take(6).collect();
                surprises.push(format!("{}: {}\n    {}", outcome.status.name(), outcome.case, log.join("\n    ")));
            } else if outcome.status == Status::Pass && self.names(&outcome.case) {
                surprises.push(format!("passes, though a failure is expected: {}", outcome.case));
            }
        }
        surprises
    }

    /// Whether a case stands there by itself: of those below a star some may pass.
    fn names(&self, case: &str) -> bool {
        self.sections.values().flatten().any(|pattern| pattern == case)
    }

    /// Takes over what came.
    pub(crate) fn update(&mut self, outcomes: &[&Outcome]) {
        for outcome in outcomes {
            if outcome.status.is_failure() {
                if !self.expects(&outcome.case) {
                    let (layer, reason) = cause(outcome);
                    let section = (layer.to_owned(), reason.to_owned());
                    // What takes too long here may be done in time elsewhere.
                    let star = if outcome.status == Status::Timeout { "*" } else { "" };
                    self.sections.entry(section).or_default().push(format!("{}{star}", outcome.case));
                }
            } else if outcome.status == Status::Pass {
                for cases in self.sections.values_mut() {
                    cases.retain(|case| *case != outcome.case);
                }
            }
        }
        self.sections.values_mut().for_each(|cases| cases.sort());
    }

    /// A table of the sections.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| layer | reason | cases |\n|---|---|---|\n");
        for ((layer, reason), cases) in self.sections.iter().filter(|(_, cases)| !cases.is_empty()) {
            let _ = writeln!(text, "| {layer} | {reason} | {} |", cases.len());
        }
        text
    }
}

fn covers(pattern: &str, case: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => case.starts_with(beginning),
        None => pattern == case,
    }
}

fn cause(outcome: &Outcome) -> (&'static str, &'static str) {
    let by_log = || LOGS.iter().find(|(part, _, _)| outcome.log.contains(part));
    let found = CASES.iter().find(|(part, _, _)| outcome.case.contains(part)).or_else(by_log);
    let unknown = match outcome.status {
        Status::Crash => ("host", "the host ended; not looked at yet"),
        Status::Timeout => ("driver", "no result in time: so much work for a software adapter"),
        Status::Pass | Status::Fail | Status::Skip => ("host", "not looked at yet"),
    };
    found.map_or(unknown, |(_, layer, reason)| (layer, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(case: &str, status: Status, log: &str) -> Outcome {
        Outcome { case: case.to_owned(), status, milliseconds: 1, log: log.to_owned() }
    }

    const FILE: &str = "# a comment\n[driver] wrong rounding\nwebgpu:a:b:c=1\nwebgpu:a:d:*\n";

    #[test]
    fn what_is_expected_is_no_surprise() {
        let expectations = Expectations::parse(FILE).expect("a file");
        let expected = [
            outcome("webgpu:a:b:c=1", Status::Fail, ""),
            outcome("webgpu:a:d:e=1", Status::Timeout, ""),
            outcome("webgpu:a:d:e=2", Status::Pass, ""),
            outcome("webgpu:a:f:", Status::Skip, ""),
        ];
        assert_eq!(expectations.surprises(&expected.iter().collect::<Vec<_>>()), Vec::<String>::new(), "as it stands");
    }

    #[test]
    fn unexpected_failures_and_passes_are_surprises() {
        let expectations = Expectations::parse(FILE).expect("a file");
        let odd = [outcome("webgpu:a:b:c=1", Status::Pass, ""), outcome("webgpu:a:x:", Status::Crash, "gone")];
        let surprises = expectations.surprises(&odd.iter().collect::<Vec<_>>());
        assert!(matches!(surprises.as_slice(), [pass, crash] if pass.contains("passes") && crash.contains("gone")));
    }

    #[test]
    fn an_update_makes_the_run_expected() {
        let mut expectations = Expectations::parse(FILE).expect("a file");
        let outcomes = [
            outcome("webgpu:a:b:c=1", Status::Pass, ""),
            outcome("webgpu:a:x:", Status::Fail, "Not implemented as constant expression: outer"),
        ];
        let outcomes: Vec<&Outcome> = outcomes.iter().collect();
        expectations.update(&outcomes);
        assert_eq!(expectations.surprises(&outcomes), Vec::<String>::new(), "nothing is left to wonder about");
        assert!(expectations.markdown().contains("| naga | constant evaluation"), "sorted by its log");
    }

    #[test]
    fn a_broken_file_is_told() {
        assert!(Expectations::parse("webgpu:a:b:\n").is_err(), "no section");
        assert!(Expectations::parse("[nobody] reason\n").is_err(), "no such layer");
        assert!(Expectations::parse("[host]\n").is_err(), "no reason");
    }
}
