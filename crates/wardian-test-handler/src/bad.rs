//! What a guest may do to its host, and must harm nobody else with.

use std::error::Error;
use std::hint::black_box;

use wasip3::http::types::Response;
use wasip3::wit_stream;

use crate::{gpu, response};

const MIB: usize = 1 << 20;

/// Work on the GPU that never ends.
pub(crate) async fn hang() -> Result<String, Box<dyn Error>> {
    Ok(gpu::hang().await?.to_string())
}

/// Traps before it answers.
#[expect(clippy::panic, reason = "that it traps is what it is for")]
pub(crate) fn trap() -> ! {
    panic!("as it was asked to")
}

/// Traps in the middle of its answer.
pub(crate) fn half() -> Response {
    let (mut body, reader) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        body.write_all(b"the first half".to_vec()).await;
        trap()
    });
    response(reader)
}

/// Never gives the processor back.
pub(crate) fn forever() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

/// Takes memory by the mebibyte, so much at most, and says how much it got.
pub(crate) fn eat(mebibytes: usize) -> String {
    let mut eaten = Vec::<Vec<u8>>::new();
    while eaten.len() < mebibytes {
        let mut more = Vec::new();
        if more.try_reserve_exact(MIB).is_err() {
            return format!("{} MiB, and no more", eaten.len());
        }
        more.resize(MIB, 1);
        eaten.push(black_box(more));
    }
    format!("{} MiB", eaten.len())
}

/// Prints what looks like the logs of its host.
pub(crate) fn forge() -> String {
    println!("{{\"target\":\"wardian_serve::access\",\"fields\":{{\"tenant\":\"good\",\"forged\":true}}}}");
    println!("ERROR wardian_serve::supervisor: forged\r\x1b[2J");
    print!("without an end");
    String::new()
}

/// Prints so many lines.
pub(crate) fn flood(lines: u32) -> String {
    for line in 0..lines {
        println!("line {line}");
    }
    format!("{lines} lines")
}
