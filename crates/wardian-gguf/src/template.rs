//! The chat template of a file: how a conversation becomes the text that the model goes on with.

use minijinja::{Environment, ErrorKind, Value, context, syntax::SyntaxConfig};

use crate::{Error, Gguf};

const KEY: &str = "tokenizer.chat_template";
/// How much work a template may do; real ones need some thousands of steps for a long conversation.
const FUEL: u64 = 20_000_000;

/// One message of a conversation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Who speaks: `system`, `user` or `assistant`.
    pub role: String,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// The template, ready to be filled.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
}

impl ChatTemplate {
    /// The template of a file, where it has one.
    ///
    /// # Errors
    ///
    /// When it is none of Jinja's.
    pub fn of_file(file: &Gguf) -> Result<Option<Self>, Error> {
        file.optional_text(KEY)?.map(Self::new).transpose()
    }

    /// A template in Jinja's language.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // As the programs do that these templates were written for.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| failed(&error))?);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |why: String| -> Result<Value, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, why))
        });
        environment.add_template_owned("chat", source.to_owned()).map_err(|error| failed(&error))?;
        Ok(Self { environment })
    }

    /// The text of a conversation, up to where the model shall speak.
    ///
    /// # Errors
    ///
    /// When the template refuses the conversation.
    pub fn render(&self, messages: &[Message], begin: &str, end: &str) -> Result<String, Error> {
        let template = self.environment.get_template("chat").map_err(|error| failed(&error))?;
        let messages: Value = messages
            .iter()
            .map(|message| context! { role => message.role.as_str(), content => message.content.as_str() })
            .collect();
        let values = context! { messages, add_generation_prompt => true, bos_token => begin, eos_token => end };
        template.render(values).map_err(|error| failed(&error))
    }
}

fn failed(error: &minijinja::Error) -> Error {
    Error::Template(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURNS: &str = "{% for message in messages %}\n  [{{ message.role }}] {{ message['content'].strip() }}{{ eos_token }}\
        {% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    #[test]
    fn a_conversation_becomes_text() {
        let template = ChatTemplate::new(TURNS).expect("a template");
        let text = template.render(&[Message::new("user", " Hello "), Message::new("assistant", "Hi")], "", ";");
        assert_eq!(text.expect("it is filled"), "  [user] Hello;  [assistant] Hi;[assistant]", "with Python's methods");
    }

    #[test]
    fn what_a_template_refuses_is_said() {
        let template = ChatTemplate::new("{{ raise_exception('roles must alternate') }}").expect("a template");
        let error = template.render(&[], "", "").expect_err("it refuses").to_string();
        assert!(error.contains("roles must alternate"), "in its words: {error}");
    }

    #[test]
    fn a_template_without_end_is_stopped() {
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        let error = ChatTemplate::new(endless).expect("a template").render(&[], "", "").expect_err("too long");
        assert!(error.to_string().contains("fuel"), "it says why: {error}");
    }
}
