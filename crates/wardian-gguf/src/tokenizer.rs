//! From text to tokens and back.

mod bytes;
mod pieces;
mod sentencepiece;
mod split;

use std::collections::HashMap;

use self::{pieces::Pieces, sentencepiece::SentencePiece, split::Splitter};
use crate::{Error, Gguf};

/// What the texts of special tokens (`<|im_end|>`) are in a text that is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Specials {
    /// The special tokens themselves: in text of a chat template.
    AsTokens,
    /// Text as any other: in what somebody wrote.
    AsText,
}

/// The kinds of tokens, as files number them.
mod kind {
    pub(super) const CONTROL: i64 = 3;
    pub(super) const USER_DEFINED: i64 = 4;
    pub(super) const BYTE: i64 = 6;
}

/// A model's vocabulary, and how text is cut into it.
#[derive(Debug)]
pub struct Tokenizer {
    /// The bytes of each token.
    texts: Vec<Box<[u8]>>,
    is_control: Vec<bool>,
    /// Tokens that stand for themselves, longest text first.
    specials: Vec<(Box<str>, u32)>,
    begin: Option<u32>,
    ends: Vec<u32>,
    adds_begin: bool,
    method: Method,
}

/// How text between special tokens is cut.
#[derive(Debug)]
enum Method {
    /// First by patterns, then pairs of bytes are joined in the order that was learnt.
    BytePairs { splitter: Splitter, pieces: Pieces },
    /// Pairs of letters are joined by their scores.
    SentencePiece(SentencePiece),
}

impl Tokenizer {
    /// The tokenizer of a file.
    ///
    /// # Errors
    ///
    /// When the file has none, or one of a kind that is not known here.
    pub fn new(file: &Gguf) -> Result<Self, Error> {
        let missing = |name: &str| Error::Missing { what: "key", name: name.to_owned() };
        let texts = file.optional_texts("tokenizer.ggml.tokens")?.ok_or_else(|| missing("tokenizer.ggml.tokens"))?;
        let kinds = file.optional_integers("tokenizer.ggml.token_type")?.unwrap_or_default();
        let kind_of = |index: usize| kinds.get(index).copied().unwrap_or(1);
        let model = file.text("tokenizer.ggml.model")?;
        let (method, decoded): (_, Vec<Box<[u8]>>) = match model {
            "gpt2" => {
                let merges = file.optional_texts("tokenizer.ggml.merges")?;
                let pieces = Pieces::new(texts, merges.ok_or_else(|| missing("tokenizer.ggml.merges"))?);
                let splitter = Splitter::new(file.optional_text("tokenizer.ggml.pre")?.unwrap_or("gpt-2"))?;
                let is_special = |index| [kind::CONTROL, kind::USER_DEFINED].contains(&kind_of(index));
                let decode = |(index, text): (usize, &str)| {
                    if is_special(index) { text.as_bytes().into() } else { bytes::decode(text).into_boxed_slice() }
                };
                (
                    Method::BytePairs { splitter, pieces },
                    texts.iter().map(|text| &**text).enumerate().map(decode).collect(),
                )
            }
            "llama" => {
                let scores = file.optional_floats("tokenizer.ggml.scores")?;
                let scores = scores.ok_or_else(|| missing("tokenizer.ggml.scores"))?;
                let leading_space = file.optional_bool("tokenizer.ggml.add_space_prefix")?.unwrap_or(true);
                let decode = |(index, text): (usize, &str)| {
                    sentencepiece::decode(text, kind_of(index) == kind::BYTE).into_boxed_slice()
                };
                let method = SentencePiece::new(texts, scores, leading_space);
                (Method::SentencePiece(method), texts.iter().map(|text| &**text).enumerate().map(decode).collect())
            }
            other => {
                return Err(Error::Unsupported {
                    what: "the tokenizer",
                    found: crate::error::shortened(other),
                    supported: "gpt2 (byte pairs), llama (SentencePiece)".to_owned(),
                });
            }
        };
        let mut specials: Vec<_> = (0..)
            .zip(texts)
            .enumerate()
            .filter(|(index, (_, text))| {
                [kind::CONTROL, kind::USER_DEFINED].contains(&kind_of(*index)) && !text.is_empty()
            })
            .map(|(_, (token, text))| (text.clone(), token))
            .collect();
        specials.sort_by(|first, second| second.0.len().cmp(&first.0.len()).then(first.1.cmp(&second.1)));
        let is_control = (0..texts.len()).map(|index| kind_of(index) == kind::CONTROL).collect();
        let begin = token(file, "tokenizer.ggml.bos_token_id", texts.len())?;
        let adds_begin = file.optional_bool("tokenizer.ggml.add_bos_token")?.unwrap_or(model == "llama");
        Ok(Self { ends: ends(file, texts)?, texts: decoded, is_control, specials, begin, adds_begin, method })
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no token at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether the model says with this token that it has finished.
    #[must_use]
    pub fn is_end(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    /// The text of the token that begins a text, empty where there is none.
    #[must_use]
    pub fn begin_text(&self) -> String {
        self.begin.map(|token| String::from_utf8_lossy(self.bytes(token)).into_owned()).unwrap_or_default()
    }

    /// The text of the token that ends a text, empty where there is none.
    #[must_use]
    pub fn end_text(&self) -> String {
        self.ends.first().map(|token| String::from_utf8_lossy(self.bytes(*token)).into_owned()).unwrap_or_default()
    }

    /// The tokens of a text, with the token that begins a text before them where the model wants that.
    #[must_use]
    pub fn encode(&self, text: &str, specials: Specials) -> Vec<u32> {
        let mut tokens: Vec<u32> = self.begin.filter(|_| self.adds_begin).into_iter().collect();
        let mut rest = text;
        while specials == Specials::AsTokens
            && let Some((start, length, token)) = self.next_special(rest)
        {
            let (before, from) = rest.split_at(start);
            self.encode_plain(before, &mut tokens);
            // A template that writes the first token itself must not make two of it.
            if !(Some(token) == self.begin && tokens.as_slice() == [token] && before.is_empty() && self.adds_begin) {
                tokens.push(token);
            }
            rest = from.get(length..).unwrap_or_default();
        }
        self.encode_plain(rest, &mut tokens);
        tokens
    }

    fn next_special(&self, text: &str) -> Option<(usize, usize, u32)> {
        let found = self.specials.iter().filter_map(|(special, token)| {
            let start = text.find(&**special)?;
            Some((start, special.len(), *token))
        });
        found.min_by_key(|&(start, length, _)| (start, std::cmp::Reverse(length)))
    }

    fn encode_plain(&self, text: &str, tokens: &mut Vec<u32>) {
        match &self.method {
            Method::BytePairs { splitter, pieces } => {
                for word in splitter.split(text) {
                    pieces.encode(&bytes::encode(word), tokens);
                }
            }
            Method::SentencePiece(method) => method.encode(text, tokens),
        }
    }

    /// The bytes of a token. They need not be whole letters.
    #[must_use]
    pub fn bytes(&self, token: u32) -> &[u8] {
        usize::try_from(token).ok().and_then(|index| self.texts.get(index)).map(|text| &**text).unwrap_or_default()
    }

    /// The text of tokens; what is no UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn decode(&self, tokens: &[u32]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| self.bytes(*token)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Takes tokens one by one.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'_> {
        Decoder { tokenizer: self, pending: Vec::new() }
    }
}

/// Makes text of tokens that come one by one: letters come out once they are whole.
#[derive(Debug)]
pub struct Decoder<'a> {
    tokenizer: &'a Tokenizer,
    pending: Vec<u8>,
}

impl Decoder<'_> {
    /// The text that is whole now. Control tokens have none.
    pub fn push(&mut self, token: u32) -> String {
        let is_control = usize::try_from(token).ok().and_then(|index| self.tokenizer.is_control.get(index));
        if is_control == Some(&true) {
            return String::new();
        }
        self.pending.extend_from_slice(self.tokenizer.bytes(token));
        let whole = match std::str::from_utf8(&self.pending) {
            Ok(_) => self.pending.len(),
            // What can't become a letter any more comes out as U+FFFD; what still can, waits.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.pending.len(),
        };
        let text: Vec<u8> = self.pending.drain(..whole).collect();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// A token that a key names, if it does.
fn token(file: &Gguf, key: &str, count: usize) -> Result<Option<u32>, Error> {
    let Some(number) = file.optional_integer(key)? else { return Ok(None) };
    let token = u32::try_from(number).ok().filter(|_| usize::try_from(number).is_ok_and(|index| index < count));
    token.map(Some).ok_or_else(|| Error::Value {
        key: key.to_owned(),
        found: number.to_string(),
        wanted: "the number of a token of the vocabulary",
    })
}

/// The tokens with which models end what they say: those that the file names, and the usual ones by their texts.
fn ends(file: &Gguf, texts: &[Box<str>]) -> Result<Vec<u32>, Error> {
    const KEYS: [&str; 2] = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];
    const TEXTS: [&str; 6] =
        ["<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"];
    let mut ends = Vec::new();
    for key in KEYS {
        ends.extend(token(file, key, texts.len())?);
    }
    let by_text: HashMap<&str, u32> = texts.iter().map(|text| &**text).zip(0..).collect();
    ends.extend(TEXTS.iter().filter_map(|text| by_text.get(text)));
    Ok(ends)
}
