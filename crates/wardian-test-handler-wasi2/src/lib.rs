//! A component that answers HTTP by WASI 0.2: `wasi:http/incoming-handler@0.2.x`.
//!
//! The path says what it does. The tests of `wardian serve` run it.

use std::cell::Cell;
use std::error::Error;
use std::io::{self, Read, Write};

use wardian_guest::webgpu::{GpuBufferUsage, get_gpu};
use wardian_guest::{DeviceOptions, buffer_with_data, read_buffer};
use wasip2::clocks::monotonic_clock;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

thread_local! {
    /// How many requests this instance has had.
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
}

struct Handler;

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        REQUESTS.set(REQUESTS.get() + 1);
        let address = request.path_with_query().unwrap_or_default();
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let text = match path {
            "/hello" => Ok("hello\n".to_owned()),
            "/count" => Ok(REQUESTS.get().to_string()),
            "/wait" => wait(query),
            "/features" => Ok(get_gpu().wgsl_language_features().has("packed_4x8_integer_dot_product").to_string()),
            "/block" => block(),
            "/upper" => return upper(request, out),
            _ => Err("there is nothing here".into()),
        };
        let (status, text) = text.map_or_else(|error| (500, error.to_string()), |text| (200, text));
        let response = OutgoingResponse::new(Fields::new());
        // The status is one of two.
        let _ = response.set_status_code(status);
        let _ = respond(response, out, |body| body.write_all(text.as_bytes()));
    }
}

wasip2::http::proxy::export!(Handler);

fn respond(
    response: OutgoingResponse,
    out: ResponseOutparam,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Box<dyn Error>> {
    let body = response.body().map_err(|()| "a response has one body")?;
    ResponseOutparam::set(out, Ok(response));
    let mut stream = body.write().map_err(|()| "a body has one stream")?;
    // The stream has other functions of these names.
    let output: &mut dyn Write = &mut stream;
    let written = write(output).and_then(|()| output.flush());
    drop(stream);
    OutgoingBody::finish(body, None)?;
    Ok(written?)
}

fn wait(milliseconds: &str) -> Result<String, Box<dyn Error>> {
    monotonic_clock::subscribe_duration(milliseconds.parse::<u64>()? * 1_000_000).block();
    Ok(REQUESTS.get().to_string())
}

/// Gives each piece of the request's body back in capitals, as soon as it is there.
fn upper(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume();
    let input = body.as_ref().ok().and_then(|body| body.stream().ok());
    let _ = respond(OutgoingResponse::new(Fields::new()), out, |output| {
        let Some(mut input) = input else { return Ok(()) };
        let input: &mut dyn Read = &mut input;
        let mut chunk = vec![0; 64 << 10];
        loop {
            let count = input.read(&mut chunk)?;
            let Some(read @ [_, ..]) = chunk.get_mut(..count) else { return Ok(()) };
            read.make_ascii_uppercase();
            output.write_all(read)?;
            output.flush()?;
        }
    });
}

async fn double() -> Result<String, wardian_guest::Error> {
    let (_adapter, device, queue) = DeviceOptions::new().request().await?;
    let buffer = buffer_with_data(&device, &[21, 0, 0, 0], GpuBufferUsage::COPY_SRC)?;
    Ok(format!("{:?}", read_buffer(&device, &queue, &buffer, ..).await?))
}

/// Waits for the GPU, which no handler of WASI 0.2 can.
fn block() -> Result<String, Box<dyn Error>> {
    Ok(wardian_guest::block_on(double())?)
}
