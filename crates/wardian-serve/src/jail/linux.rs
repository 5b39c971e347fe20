//! The parts of the jail under Linux.

use std::fs;

use landlock::{ABI, AccessFs, CompatLevel, Compatible as _, LandlockStatus, Ruleset, RulesetAttr as _};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{JailPart, JailState, Paths, calls, files};

const FILES: &str = "files";
const NETWORK: &str = "network";
const PROGRAMS: &str = "programs";
const KERNEL: &str = "kernel";
const PRIVILEGES: &str = "privileges";

/// How readily the system ends a worker, and not its supervisor, where memory runs out.
const OOM_SCORE: &str = "500";

/// What there is, without closing anything.
pub(super) fn parts() -> Vec<JailPart> {
    let landlock = landlock_state();
    let seccomp = match fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail") {
        Ok(actions) if actions.contains("errno") => JailState::Holds("seccomp"),
        Ok(_) | Err(_) => JailState::Missing("the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)".to_owned()),
    };
    all(landlock, &seccomp, JailState::Holds("no_new_privs, RLIMIT_CORE"))
}

fn landlock_state() -> JailState {
    let made = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_read(ABI::V1) | AccessFs::from_write(ABI::V3))
        .and_then(Ruleset::create);
    match made {
        Ok(_) => JailState::Holds("Landlock"),
        Err(_) => JailState::Missing(
            "the kernel has no Landlock of version 3 (Linux 6.2), or it is not enabled (boot with lsm=landlock,…)"
                .to_owned(),
        ),
    }
}

/// Closes it around this thread, which is to be the only one.
pub(super) fn close(paths: &Paths) -> Vec<JailPart> {
    // Before the files are closed. Where it isn't allowed the system decides as it always does.
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let privileges = match setrlimit(Resource::Core, none).and_then(|()| rustix::thread::set_no_new_privs(true)) {
        Ok(()) => JailState::Holds("no_new_privs, RLIMIT_CORE"),
        Err(error) => JailState::Missing(format!("the system refuses: {error}")),
    };
    let files = match files::close(paths) {
        Ok(LandlockStatus::Available { .. }) => JailState::Holds("Landlock"),
        Ok(LandlockStatus::NotEnabled | LandlockStatus::NotImplemented) => landlock_state(),
        Err(error) => JailState::Missing(format!("Landlock refuses: {error}")),
    };
    // Last, for it takes away the calls by which the others are made.
    let calls = match calls::close() {
        Ok(()) => JailState::Holds("seccomp"),
        Err(error) => JailState::Missing(format!("seccomp refuses: {error}")),
    };
    all(files, &calls, privileges)
}

fn all(files: JailState, calls: &JailState, privileges: JailState) -> Vec<JailPart> {
    let part = |name, state| JailPart { name, state };
    vec![
        part(FILES, files),
        part(NETWORK, calls.clone()),
        part(PROGRAMS, calls.clone()),
        part(KERNEL, calls.clone()),
        part(PRIVILEGES, privileges),
    ]
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpStream;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// Runs this on a thread in a jail, in which it may read one folder and write another.
    fn jailed(test: impl FnOnce(&Path, &Path) + Send + 'static) {
        let folder = tempfile::tempdir().expect("a folder");
        let (read, write) = (folder.path().join("read"), folder.path().join("write"));
        for folder in [&read, &write] {
            fs::create_dir(folder).expect("a folder");
            fs::write(folder.join("file"), "inside").expect("a file");
        }
        fs::write(folder.path().join("outside"), "outside").expect("a file");
        thread::spawn(move || {
            let paths = Paths { read: vec![read.clone()], write: vec![write.clone()] };
            let parts = close(&paths);
            // What this system lacks `wardian info` says. What it says it has must hold.
            let there = super::parts();
            for (part, expected) in parts.iter().zip(&there) {
                assert_eq!(part.holds(), expected.holds(), "{part}, and {expected} was promised");
            }
            test(&read, &write);
        })
        .join()
        .expect("the test in the jail");
    }

    /// Whether this system has a part, without which there is nothing to test.
    #[expect(clippy::print_stdout, reason = "whoever reads the test's output is to know")]
    fn has(name: &str) -> bool {
        let has = parts().iter().any(|part| part.name == name && part.holds());
        if !has {
            println!("skipped: this system has no part '{name}'");
        }
        has
    }

    #[test]
    fn files_outside_are_out_of_reach() {
        if !has(FILES) {
            return;
        }
        jailed(|read, write| {
            let refused =
                |path: &Path| fs::read(path).map_err(|error| error.kind()) == Err(ErrorKind::PermissionDenied);
            assert_eq!(fs::read(read.join("file")).ok().as_deref(), Some(b"inside".as_slice()), "what it may read");
            assert!(fs::write(read.join("file"), "x").is_err(), "and not write");
            assert!(fs::write(read.join("new"), "x").is_err(), "nor add to");
            assert!(fs::write(write.join("new"), "x").is_ok(), "what it may write");
            assert!(refused(&read.parent().expect("a parent").join("outside")), "beside them");
            assert!(refused(&read.join("../outside")), "by another name");
            std::os::unix::fs::symlink("../outside", write.join("link")).expect("a link");
            assert!(refused(&write.join("link")), "by a link");
            for path in ["/etc/passwd", "/etc/hostname", "/proc/1/environ", "/root"] {
                assert!(fs::read(path).is_err() && fs::read_dir(path).is_err(), "{path}");
            }
            let made = fs::write(std::env::temp_dir().join("wardian-jail-test"), "x");
            assert!(made.is_err(), "a file in the system's folder");
        });
    }

    #[test]
    fn no_program_starts() {
        if !has(PROGRAMS) {
            return;
        }
        jailed(|_, _| {
            // If it did, the process would end with its code, which is no success.
            let error = Command::new("/bin/false").exec();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "in the place of this one: {error}");
            let error = Command::new("/bin/false").spawn().expect_err("no other process");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "beside this one: {error}");
            // Threads are not processes.
            assert_eq!(thread::spawn(|| 7).join().expect("a thread"), 7, "threads go on");
        });
    }

    #[test]
    fn no_socket_is_made() {
        if !has(NETWORK) {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).expect("a listener");
        jailed(move |_, write| {
            assert!(TcpStream::connect("127.0.0.1:9").is_err_and(|e| e.kind() == ErrorKind::PermissionDenied), "TCP");
            assert!(UnixStream::connect(&path).is_err_and(|e| e.kind() == ErrorKind::PermissionDenied), "Unix");
            assert!(UnixListener::bind(write.join("socket")).is_err(), "a listener");
            let pair = UnixStream::pair();
            assert!(pair.is_ok(), "a pair within the process: {pair:?}");
        });
        drop(listener);
    }

    #[test]
    fn the_kernel_is_out_of_reach() {
        if !has(KERNEL) {
            return;
        }
        jailed(|_, _| {
            use rustix::process::{Pid, Signal, kill_process};
            let parent = rustix::process::getppid().expect("a parent");
            assert_eq!(kill_process(parent, Signal::CONT), Err(rustix::io::Errno::PERM), "no signal to others");
            let own = Pid::from_raw(std::process::id().try_into().expect("a number")).expect("not zero");
            assert_eq!(kill_process(own, Signal::CONT), Ok(()), "but to itself");
            let limit = Rlimit { current: Some(1 << 20), maximum: None };
            let others = rustix::process::prlimit(Some(parent), Resource::Fsize, limit);
            assert_eq!(others.map(drop), Err(rustix::io::Errno::PERM), "no limit of others");
            assert!(fs::read_to_string("/proc/self/limits").is_ok(), "its own can be read");
            let status = fs::read_to_string("/proc/thread-self/status").expect("its own state");
            assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
        });
    }
}
