//! The end of the process: drivers must not be unloaded while a device is being given back to them, or some crash.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::poll::wait_for_devices;

/// How long the end of a process waits for devices. One whose GPU hangs is not waited for.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How often the end is guarded. Each time costs some bytes, which are never given back.
const GUARDS_MAX: u32 = 1024;

/// Makes the end of the process wait for the threads of devices.
///
/// What was registered last is called first, and a driver may register its own end whenever it is loaded; so this is
/// to be called after each time that drivers were loaded.
pub(crate) fn guard() {
    static GUARDS: AtomicU32 = AtomicU32::new(0);
    if GUARDS.fetch_add(1, Ordering::Relaxed) < GUARDS_MAX {
        if !c::at_exit(wait) {
            tracing::debug!("the end of the process can't be made to wait for GPU devices");
        }
    } else {
        GUARDS.store(GUARDS_MAX, Ordering::Relaxed);
    }
}

extern "C" fn wait() {
    // There is nobody left to be told of a device that is still busy.
    let _ = wait_for_devices(WAIT_MAX);
}

#[expect(unsafe_code, reason = "only the C library can call something at the end of the process")]
mod c {
    use std::ffi::c_int;

    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> c_int;
    }

    /// Has the function called at the end of the process; whether that could be arranged.
    pub(super) fn at_exit(function: extern "C" fn()) -> bool {
        // SAFETY: `function` lives as long as the process, needs nothing but statics without destructors, and doesn't
        // unwind: it locks, waits and unlocks.
        let refused = unsafe { atexit(function) };
        refused == 0
    }
}
