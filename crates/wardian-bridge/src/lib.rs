//! A guest that makes the calls of `wasi:webgpu` which a program outside writes to its standard input, and writes the
//! answers to its standard output: so JavaScript can use the host through the sandbox.
//!
//! The protocol is in `docs/conformance-bridge.md`. What follows from the WIT is written by the build script, with
//! `wardian-bridge-codegen`; the other side is `js/`.

mod bridge;
mod clocks;
mod frame;
mod table;
mod wire;

mod interface {
    //! Written by the build script: the tables of objects, how each type is read and written, and how each function is
    //! called.

    use wardian_guest::webgpu;

    use crate::bridge::Bridge;
    use crate::frame::Call;
    use crate::table::{Resource, Table};
    use crate::wire::{Decode, Encode, Fault, Reader, Writer};

    include!(concat!(env!("OUT_DIR"), "/interface.rs"));
}

use std::error::Error;
use std::io::{self, BufReader, Write as _};
use std::time::Duration;

use crate::bridge::Bridge;
use crate::frame::Call;
use crate::interface::{INTERFACE, Objects, dispatch};
use crate::wire::{Encode, Fault, Reader, Writer};

/// The version of frames and of the protocol's own functions.
const PROTOCOL: u32 = 1;

/// The protocol's own functions; those of the interface have higher numbers.
mod function {
    /// Body: the caller's `PROTOCOL` and `INTERFACE`. Answered with the guest's.
    pub(crate) const HELLO: u16 = 0;
    /// Body: microseconds. Answered once calls have been answered, or after this time.
    pub(crate) const PUMP: u16 = 1;
    /// Body: the number of a resource type as `u16`, and a handle, which may then be used again.
    pub(crate) const RELEASE: u16 = 2;
}

/// So much of the input is read at once.
const INPUT_BYTES: usize = 1 << 16;

wardian_guest::main!(run);

async fn run() -> Result<(), Box<dyn Error>> {
    let mut input = BufReader::with_capacity(INPUT_BYTES, io::stdin().lock());
    let mut output = io::stdout().lock();
    let mut bridge = Bridge::default();
    let mut body = Vec::new();
    while let Some(call) = frame::read(&mut input, &mut body)? {
        let served = serve(&mut bridge, call, &body).await;
        served.map_err(|fault| format!("function {}, call {}: {fault}", call.function, call.sequence))?;
        if let Some(answers) = bridge.take_answers() {
            output.write_all(&answers)?;
            output.flush()?;
        }
    }
    Ok(())
}

async fn serve(bridge: &mut Bridge, call: Call, body: &[u8]) -> Result<(), Fault> {
    let mut body = Reader::new(body);
    match call.function {
        function::HELLO => hello(bridge, call, &mut body),
        function::PUMP => {
            let time_max = Duration::from_micros(u64::from(body.u32()?));
            body.end()?;
            bridge.pump(time_max).await?;
            bridge.answer(call, ());
            Ok(())
        }
        function::RELEASE => {
            let (resource, handle) = (body.u16()?, body.u32()?);
            body.end()?;
            bridge.release(resource, handle)
        }
        _ => {
            dispatch(bridge, call, &mut body)?;
            bridge.make_calls().await
        }
    }
}

/// Both sides must have been made from the same interface.
fn hello(bridge: &mut Bridge, call: Call, body: &mut Reader<'_>) -> Result<(), Fault> {
    let protocol = body.u32()?;
    if protocol != PROTOCOL {
        return Err(Fault::Handshake(format!("the other side speaks protocol {protocol}, this one {PROTOCOL}")));
    }
    let theirs = String::from_utf8(body.rest()).map_err(|_| Fault::NoText)?;
    if theirs != INTERFACE {
        return Err(Fault::Handshake(format!("the other side has interface {theirs}, this one {INTERFACE}")));
    }
    bridge.answer(call, Hello);
    Ok(())
}

/// What the guest was made from.
struct Hello;

impl Encode for Hello {
    fn encode(self, writer: &mut Writer, objects: &mut Objects) {
        PROTOCOL.encode(writer, objects);
        writer.bytes.extend_from_slice(INTERFACE.as_bytes());
    }
}
