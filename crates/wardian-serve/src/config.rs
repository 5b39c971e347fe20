//! The configuration: a TOML file with the tenants.
//!
//! ```toml
//! addr = "127.0.0.1:8080"
//!
//! [[tenant]]
//! name = "photos"
//! host = ["photos.example"]
//! component = "photos.wasm"
//! quotas = { gpu-memory = "2GiB" }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use http::uri::Authority;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use crate::{Failure, Jail, Kinds, Limits, Settings, Stamp, Tenant, Token};

/// Says what is wrong with some arguments of a worker, if anything is.
type Check = Box<dyn Fn(&[String]) -> Result<(), String> + Send + Sync>;

/// Changes settings after they were read: what a command line says goes before the file.
type Finish = Box<dyn Fn(&mut Settings) + Send + Sync>;

/// A file with settings.
pub struct Source {
    path: PathBuf,
    defaults: Settings,
    finish: Finish,
    check: Check,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.path).finish()
    }
}

impl Source {
    /// The file at this path. What it doesn't say is as in `defaults`, but for the tenants; `finish` goes over all of it.
    /// `check` says what the worker's executable would say to some of its arguments.
    pub fn new(
        path: PathBuf,
        defaults: Settings,
        finish: impl Fn(&mut Settings) + Send + Sync + 'static,
        check: impl Fn(&[String]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { path, defaults, finish: Box::new(finish), check: Box::new(check) }
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// When it can't be read, or says something wrong: with the line and the key.
    pub fn load(&self) -> Result<Settings, Failure> {
        let shown = self.path.display();
        let text = fs::read_to_string(&self.path).map_err(|error| {
            Failure::new(Kinds::CONFIGURATION, format!("cannot read {shown}: {error}"))
                .advise("name a configuration by --config FILE; `wardian serve --help` shows one")
        })?;
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let parsed = toml::from_str::<File>(&text).map_err(|error| Wrong {
            span: error.span().unwrap_or_default(),
            key: None,
            what: error.message().to_owned(),
        });
        let settings = parsed.and_then(|file| file.settings(&self.defaults, folder, &self.check));
        let mut settings = settings.map_err(|wrong| {
            Failure::new(Kinds::CONFIGURATION, format!("{shown}:{}", wrong.at(&text)))
                .advise("`wardian serve --help` shows a configuration with all its keys")
        })?;
        (self.finish)(&mut settings);
        Ok(settings)
    }

    /// Changes when the file does, or a component that it names.
    pub(crate) fn stamp(&self) -> Vec<Stamp> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let file = toml::from_str::<File>(&text).unwrap_or_default();
        let components = file.tenant.iter().map(|tenant| Stamp::of(&folder.join(tenant.component.get_ref())));
        std::iter::once(Stamp::of(&self.path)).chain(components).collect()
    }
}

/// What is wrong, and where.
struct Wrong {
    span: Range<usize>,
    key: Option<&'static str>,
    what: String,
}

impl Wrong {
    fn of<T>(key: &'static str, value: &Spanned<T>, what: impl Into<String>) -> Self {
        Self { span: value.span(), key: Some(key), what: what.into() }
    }

    fn at(&self, text: &str) -> String {
        let before = text.get(..self.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // The key on this line, where the library doesn't say it.
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let this = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let found = this.split_once('=').map(|(key, _)| key.trim()).filter(|key| !key.is_empty());
        match self.key.or(found) {
            Some(key) => format!("{line}: {key}: {}", self.what),
            None => format!("{line}: {}", self.what),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    addr: Option<SocketAddr>,
    admin_addr: Option<SocketAddr>,
    jail: Option<Jail>,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    tenant: Vec<FileTenant>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileLimits {
    header_time: Option<Time>,
    body: Option<Bytes>,
    idle_time: Option<Time>,
    response_time: Option<Time>,
    connections: Option<usize>,
    drain_time: Option<Time>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileTenant {
    name: Spanned<String>,
    #[serde(default)]
    host: Vec<Spanned<String>>,
    prefix: Option<Spanned<String>>,
    component: Spanned<PathBuf>,
    token: Option<Spanned<String>>,
    #[serde(default)]
    allow_precompiled: bool,
    #[serde(default)]
    dirs: Vec<Spanned<String>>,
    #[serde(default)]
    env: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    quotas: BTreeMap<String, Spanned<Amount>>,
    gpu_adapter: Option<Spanned<String>>,
    gpu_preference: Option<Spanned<String>>,
    #[serde(default)]
    no_gpu: bool,
    memory: Option<Spanned<Amount>>,
    process_memory: Option<Bytes>,
    requests: Option<Spanned<usize>>,
    instance_requests: Option<Spanned<usize>>,
}

/// A number, or a text with a unit.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(u64),
    Text(String),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A time such as `30s`.
struct Time(Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = humantime::parse_duration(&text);
        time.map(Self).map_err(|_| de::Error::custom(format!("expected a time such as \"30s\", but got \"{text}\"")))
    }
}

/// Bytes such as `64MiB`.
struct Bytes(u64);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = Amount::deserialize(deserializer)?.to_string();
        let bytes = amount.parse::<bytesize::ByteSize>();
        let what = || de::Error::custom(format!("expected bytes such as \"64MiB\", but got \"{amount}\""));
        bytes.map(|bytes| Self(bytes.as_u64())).map_err(|_| what())
    }
}

impl File {
    fn settings(self, defaults: &Settings, folder: &Path, check: &Check) -> Result<Settings, Wrong> {
        let mut names = BTreeSet::new();
        let mut tenants = Vec::new();
        for tenant in self.tenant {
            let name = tenant.name.clone();
            let tenant = tenant.tenant(folder, check)?;
            if !names.insert(tenant.name.clone()) {
                return Err(Wrong::of("name", &name, format!("there are two tenants '{}'", tenant.name)));
            }
            if let Some(other) = tenants.iter().find(|other| same_requests(other, &tenant)) {
                let what = format!("'{}' has the same host and prefix as '{}'", tenant.name, other.name);
                return Err(Wrong::of("name", &name, what));
            }
            tenants.push(tenant);
        }
        if tenants.is_empty() {
            let what = "there is no [[tenant]], so there is nothing to serve".to_owned();
            return Err(Wrong { span: 0..0, key: Some("tenant"), what });
        }
        let limits = self.limits.limits(&defaults.limits);
        let worker = defaults.worker.clone();
        let addr = self.addr.unwrap_or(defaults.addr);
        let jail = self.jail.unwrap_or(defaults.jail);
        Ok(Settings { addr, admin_addr: self.admin_addr.or(defaults.admin_addr), limits, tenants, worker, jail })
    }
}

impl FileLimits {
    fn limits(self, defaults: &Limits) -> Limits {
        let time = |time: Option<Time>, default| time.map_or(default, |Time(time)| time);
        Limits {
            header_time: time(self.header_time, defaults.header_time),
            body_bytes: self.body.map_or(defaults.body_bytes, |Bytes(bytes)| bytes),
            idle_time: time(self.idle_time, defaults.idle_time),
            response_time: time(self.response_time, defaults.response_time),
            connections: self.connections.unwrap_or(defaults.connections).max(1),
            drain_time: time(self.drain_time, defaults.drain_time),
        }
    }
}

impl FileTenant {
    fn tenant(self, folder: &Path, check: &Check) -> Result<Tenant, Wrong> {
        let mut arguments = Vec::new();
        let mut add = |key, value: &dyn Fn() -> Range<usize>, argument: String| {
            let argument = [argument];
            check(&argument).map_err(|what| Wrong { span: value(), key: Some(key), what })?;
            arguments.extend(argument);
            Ok(())
        };
        let name = name(&self.name)?;
        let component = folder.join(self.component.get_ref());
        if !component.is_file() {
            return Err(Wrong::of("component", &self.component, format!("there is no file {}", component.display())));
        }
        let mut tenant = Tenant::of(name, &component);
        for dir in &self.dirs {
            let (host, guest) = dir.get_ref().split_once("::").unwrap_or((dir.get_ref(), dir.get_ref()));
            let host = folder.join(host);
            if !host.is_dir() {
                return Err(Wrong::of("dirs", dir, format!("there is no folder {}", host.display())));
            }
            add("dirs", &|| dir.span(), format!("--dir={}::{guest}", host.display()))?;
            tenant.paths.push(host);
        }
        for (name, value) in &self.env {
            add("env", &|| value.span(), format!("--env={name}={}", value.get_ref()))?;
        }
        for (name, value) in &self.quotas {
            add("quotas", &|| value.span(), format!("--quota={name}={}", value.get_ref()))?;
        }
        if let Some(value) = &self.memory {
            add("memory", &|| value.span(), format!("--memory={}", value.get_ref()))?;
        }
        if let Some(value) = &self.gpu_adapter {
            add("gpu-adapter", &|| value.span(), format!("--gpu-adapter={}", value.get_ref()))?;
        }
        if let Some(value) = &self.gpu_preference {
            add("gpu-preference", &|| value.span(), format!("--gpu-preference={}", value.get_ref()))?;
        }
        let flags = [("--no-gpu", self.no_gpu), ("--allow-precompiled", self.allow_precompiled)];
        arguments.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
        arguments.push("--".to_owned());
        arguments.push(component.display().to_string());
        tenant.arguments = arguments;
        tenant.hosts = self.host.into_iter().map(host).collect::<Result<_, _>>()?;
        tenant.prefix = self.prefix.map(prefix).transpose()?;
        tenant.token = self.token.map(token).transpose()?;
        tenant.process_memory = self.process_memory.map(|Bytes(bytes)| bytes);
        tenant.requests = self.requests.map_or(Ok(tenant.requests), |value| at_least_one("requests", &value))?;
        let shared = tenant.instance_requests;
        tenant.instance_requests =
            self.instance_requests.map_or(Ok(shared), |value| at_least_one("instance-requests", &value))?;
        Ok(tenant)
    }
}

/// Whether there are requests that would be both their own.
fn same_requests(one: &Tenant, other: &Tenant) -> bool {
    let prefix = |tenant: &Tenant| tenant.prefix.as_deref().unwrap_or_default().trim_end_matches('/').to_owned();
    let both = |host: &String| other.hosts.iter().any(|other| other.eq_ignore_ascii_case(host));
    let same_host = (one.hosts.is_empty() && other.hosts.is_empty()) || one.hosts.iter().any(both);
    same_host && prefix(one) == prefix(other)
}

/// How long a tenant's name may be.
const NAME_CHARACTERS_MAX: usize = 64;

fn name(name: &Spanned<String>) -> Result<&str, Wrong> {
    let text = name.get_ref();
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let begins = text.starts_with(|character: char| character.is_ascii_alphanumeric());
    if begins && text.len() <= NAME_CHARACTERS_MAX && text.chars().all(fits) {
        return Ok(text);
    }
    let what = "expected letters, digits, '-', '_' and '.', a letter or digit first, 64 at most";
    Err(Wrong::of("name", name, what))
}

fn host(host: Spanned<String>) -> Result<String, Wrong> {
    let authority = host.get_ref().parse::<Authority>();
    if authority.is_ok_and(|authority| authority.host() == host.get_ref()) {
        return Ok(host.into_inner());
    }
    Err(Wrong::of("host", &host, "expected the name of a host alone, such as \"photos.example\", without a port"))
}

fn prefix(prefix: Spanned<String>) -> Result<String, Wrong> {
    if prefix.get_ref().starts_with('/') {
        return Ok(prefix.into_inner());
    }
    Err(Wrong::of("prefix", &prefix, "expected a path that begins with '/', such as \"/photos\""))
}

fn token(token: Spanned<String>) -> Result<Token, Wrong> {
    Token::new(token.get_ref())
        .ok_or_else(|| Wrong::of("token", &token, "expected visible ASCII characters without blanks, at least one"))
}

fn at_least_one(key: &'static str, value: &Spanned<usize>) -> Result<usize, Wrong> {
    match *value.get_ref() {
        0 => Err(Wrong::of(key, value, "expected 1 or more")),
        number => Ok(number),
    }
}
