//! A component that answers HTTP, well or badly as its client asks: `wasi:http/handler@0.3.0`.
//!
//! The path says what it does. The tests of `wardian serve` run it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what its client asks for")]

mod bad;
mod gpu;

use std::cell::Cell;
use std::env;
use std::error::Error;
use std::fs;

use wasip3::clocks::monotonic_clock;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamReader, StreamResult, StreamWriter};
use wasip3::{wit_future, wit_stream};

/// How much of a body is taken at a time.
const CHUNK_BYTES: usize = 64 << 10;

thread_local! {
    /// How many requests this instance has answered, and how many it has now.
    static BEFORE: Cell<u32> = const { Cell::new(0) };
    static NOW: Cell<u32> = const { Cell::new(0) };
}

struct Handler;

impl Guest for Handler {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        BEFORE.with(|before| before.set(before.get() + 1));
        NOW.with(|now| now.set(now.get() + 1));
        let address = request.get_path_with_query().unwrap_or_default();
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let response = answer(path, query, request).await;
        NOW.with(|now| now.set(now.get() - 1));
        Ok(response.unwrap_or_else(|error| text(500, error.to_string())))
    }
}

wasip3::http::service::export!(Handler);

async fn answer(path: &str, query: &str, request: Request) -> Result<Response, Box<dyn Error>> {
    Ok(match path {
        "/hello" => text(200, "hello\n".to_owned()),
        // Which instance it is, and with whom it is shared.
        "/count" => text(200, BEFORE.get().to_string()),
        "/wait" => {
            let now = NOW.get();
            monotonic_clock::wait_for(query.parse::<u64>()? * 1_000_000).await;
            text(200, now.max(NOW.get()).to_string())
        }
        "/headers" => {
            let lines = request.get_headers().copy_all().into_iter();
            text(200, lines.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(&value))).collect())
        }
        "/header" => header(query),
        "/many-headers" => many_headers(query.parse()?),
        "/status" => text(query.parse()?, "as you wish\n".to_owned()),
        "/variable" => text(200, env::var(query)?),
        "/read" => text(200, fs::read_to_string(query)?),
        "/write" => {
            fs::write(query, "written by the guest")?;
            text(200, "written\n".to_owned())
        }
        "/print" => {
            println!("{query} on standard output");
            eprintln!("{query} on standard error");
            text(200, String::new())
        }
        "/forge" => text(200, bad::forge()),
        "/flood" => text(200, bad::flood(query.parse()?)),
        "/upper" => streamed(request, |chunk| chunk.make_ascii_uppercase()),
        "/length" => text(200, length(request).await.to_string()),
        "/endless" => endless(),
        "/double" => text(200, gpu::double(query.parse()?).await?.to_string()),
        "/memory" => text(200, gpu::memory(query.parse()?).await?),
        "/hang" => text(200, bad::hang().await?),
        "/half" => bad::half(),
        "/trap" => bad::trap(),
        "/loop" => bad::forever(),
        "/eat" => text(200, bad::eat(query.parse()?)),
        _ => text(404, "there is nothing here\n".to_owned()),
    })
}

/// A response with this body.
pub(crate) fn text(status: u16, text: String) -> Response {
    let (mut body, reader) = wit_stream::new();
    let response = response(reader);
    // Whoever asks for a status that is none gets 200.
    let _ = response.set_status_code(status);
    wit_bindgen::spawn_local(async move {
        body.write_all(text.into_bytes()).await;
    });
    response
}

/// A response of five bytes with a header, such as `content-length=3`.
fn header(header: &str) -> Response {
    let (name, value) = header.split_once('=').unwrap_or((header, ""));
    with_headers(vec![(name.to_owned(), value.as_bytes().to_vec())])
}

fn many_headers(count: u32) -> Response {
    with_headers((0..count).map(|number| (format!("x-{number}"), b"y".to_vec())).collect())
}

fn with_headers(headers: Vec<(String, Vec<u8>)>) -> Response {
    let Ok(headers) = Fields::from_list(&headers) else { return text(500, "these are no headers\n".to_owned()) };
    let (mut body, reader) = wit_stream::new();
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    drop(trailers);
    wit_bindgen::spawn_local(async move {
        body.write_all(b"hello".to_vec()).await;
    });
    Response::new(headers, Some(reader), no_trailers).0
}

pub(crate) fn response(body: StreamReader<u8>) -> Response {
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    drop(trailers);
    let (response, _sent) = Response::new(Fields::new(), Some(body), no_trailers);
    response
}

fn body_of(request: Request) -> StreamReader<u8> {
    let (taken, result) = wit_future::new(|| Ok(()));
    drop(taken);
    let (body, _trailers) = Request::consume_body(request, result);
    body
}

/// Gives each piece of the request's body back, changed, as soon as it is there.
fn streamed(request: Request, change: fn(&mut [u8])) -> Response {
    let mut input = body_of(request);
    let (mut output, reader): (StreamWriter<u8>, _) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        loop {
            let (result, mut chunk) = input.read(Vec::with_capacity(CHUNK_BYTES)).await;
            change(&mut chunk);
            let left = output.write_all(chunk).await;
            if !left.is_empty() || !matches!(result, StreamResult::Complete(_)) {
                return;
            }
        }
    });
    response(reader)
}

async fn length(request: Request) -> usize {
    let mut input = body_of(request);
    let mut length = 0;
    loop {
        let (result, chunk) = input.read(Vec::with_capacity(CHUNK_BYTES)).await;
        length += chunk.len();
        if !matches!(result, StreamResult::Complete(_)) {
            return length;
        }
    }
}

/// A body that ends when its client goes.
fn endless() -> Response {
    let (mut output, reader) = wit_stream::new();
    wit_bindgen::spawn_local(async move { while output.write_all(vec![b'x'; CHUNK_BYTES]).await.is_empty() {} });
    response(reader)
}
