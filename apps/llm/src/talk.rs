//! `chat` and `complete`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use wardian_gguf::{Message, Specials};

use crate::{
    Failure,
    arguments::{Chat, Complete},
    generate::{Request, generate},
    session::Session,
};

/// The longest line of a conversation: beyond any context.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Goes on with a text.
pub(crate) async fn complete(arguments: &Complete) -> Result<(), Failure> {
    let request = arguments.choice.request();
    request.sampling.check()?;
    let mut session = Session::open(&arguments.source).await?;
    let prompt = session.tokenizer.encode(&arguments.prompt, Specials::AsTokens);
    let mut sequence = session.engine.open()?;
    let answer = generate(&mut session.engine, &mut sequence, &session.tokenizer, &prompt, &request, &mut show)?;
    session.engine.close(sequence);
    println!();
    eprintln!("{}", answer.speed());
    Ok(())
}

/// Talks.
pub(crate) async fn chat(arguments: &Chat) -> Result<(), Failure> {
    let request = arguments.choice.request();
    request.sampling.check()?;
    let mut session = Session::open(&arguments.source).await?;
    let system = arguments.system.iter().map(|text| Message::new("system", text));
    let mut messages: Vec<Message> = system.collect();
    if let Some(prompt) = &arguments.prompt {
        return turn(&mut session, &mut messages, prompt, &request);
    }
    let asks = io::stdin().is_terminal();
    loop {
        if asks {
            eprint!("> ");
        }
        let mut line = Vec::new();
        if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() > LINE_BYTES_MAX {
            eprintln!("a line of {} bytes is too long: {LINE_BYTES_MAX} are possible", line.len());
            continue;
        }
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        // A question that fails is no part of the conversation, which goes on.
        let before = messages.len();
        if let Err(error) = turn(&mut session, &mut messages, line.trim(), &request) {
            messages.truncate(before);
            eprintln!("error: {error}");
        }
    }
}

/// One question, and its answer.
fn turn(session: &mut Session, messages: &mut Vec<Message>, text: &str, request: &Request) -> Result<(), Failure> {
    let template = session.template.as_ref();
    let template = template.ok_or("the model's file has no chat template: use `complete`")?;
    messages.push(Message::new("user", text));
    let tokenizer = &session.tokenizer;
    let prompt = template.render(messages, &tokenizer.begin_text(), &tokenizer.end_text())?;
    let prompt = tokenizer.encode(&prompt, Specials::AsTokens);
    let mut sequence = session.engine.open()?;
    let answer = generate(&mut session.engine, &mut sequence, tokenizer, &prompt, request, &mut show);
    session.engine.close(sequence);
    let answer = answer?;
    println!();
    eprintln!("{}", answer.speed());
    messages.push(Message::new("assistant", answer.text));
    Ok(())
}

/// Shows a piece of the answer at once.
fn show(text: &str) {
    print!("{text}");
    // Where nobody reads, the next piece finds out.
    let _ = io::stdout().flush();
}
