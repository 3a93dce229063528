//! Templates: what makes one acceptable, and how it is filled. A missing variable is an error when it is saved, never a
//! hole in a message.

use std::collections::{BTreeMap, BTreeSet};

use domain::NotificationChannel;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::{Deserialize, Serialize};

use super::message::Category;
use super::wording::Variables;

/// A variable, and what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    #[schema(example = "order_number")]
    pub name: String,
    /// A value as it may come.
    #[schema(example = "ORD000001")]
    pub sample: String,
}

/// What a template says, in one language and for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// For which channel.
    pub channel: NotificationChannel,
    /// What it is about.
    pub category: Category,
    /// The title, where the channel has one.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// The same as a piece of HTML, in a mail.
    pub html_body: Option<String>,
    /// What it is filled with; on WhatsApp in the order of the slots.
    pub variables: Vec<Variable>,
    /// Payloads of the quick-reply buttons on WhatsApp.
    pub buttons: Vec<String>,
}

/// A filled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The title.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// The whole HTML document, of a mail.
    pub html: Option<String>,
}

/// Something that is wrong with a template or with what should fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where.
    pub field: String,
    /// What.
    pub message: String,
}

impl Flaw {
    /// A flaw of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// What a message is filled from at most: longer values are cut.
const LONGEST_VALUE: usize = 900;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
    environment
}

fn context(variables: &Variables) -> Value {
    Value::from(variables.clone())
}

impl Content {
    /// The texts that hold variables, with the names of their fields.
    fn texts(&self) -> Vec<(String, &str, &'static str)> {
        let mut texts = Vec::new();
        if let Some(subject) = &self.subject {
            texts.push(("subject".to_owned(), subject.as_str(), "subject.txt"));
        }
        texts.push(("body".to_owned(), self.body.as_str(), "body.txt"));
        if let Some(html) = &self.html_body {
            texts.push(("html_body".to_owned(), html.as_str(), "body.html"));
        }
        for (at, button) in self.buttons.iter().enumerate() {
            texts.push((format!("whatsapp_buttons[{at}]"), button.as_str(), "button.txt"));
        }
        texts
    }

    /// Everything that is wrong with it. `known` are the variables that its senders give, where that is fixed.
    #[must_use]
    pub fn flaws(&self, known: Option<&BTreeSet<String>>) -> Vec<Flaw> {
        let mut flaws = self.flaws_of_shape();
        let declared: BTreeSet<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
        let mut used = BTreeSet::new();
        for (field, text, name) in self.texts() {
            match names_in(name, text) {
                Ok(names) => {
                    for missing in names.iter().filter(|name| !declared.contains(name.as_str())) {
                        flaws.push(Flaw::new(&field, format!("uses the variable {missing}, which is not among the variables")));
                    }
                    used.extend(names);
                }
                Err(error) => flaws.push(Flaw::new(&field, error)),
            }
        }
        for (at, variable) in self.variables.iter().enumerate() {
            let field = format!("variables[{at}].name");
            if known.is_some_and(|known| !known.contains(&variable.name)) {
                flaws.push(Flaw::new(&field, format!("nobody gives the variable {} to this template", variable.name)));
            }
            if !used.contains(&variable.name) {
                flaws.push(Flaw::new(&field, format!("the variable {} is not used", variable.name)));
            }
            if self.variables[..at].iter().any(|earlier| earlier.name == variable.name) {
                flaws.push(Flaw::new(&field, format!("the variable {} is there twice", variable.name)));
            }
        }
        if flaws.is_empty()
            && let Err(flaw) = self.render(&self.samples(), "en")
        {
            flaws.push(flaw);
        }
        flaws
    }

    fn flaws_of_shape(&self) -> Vec<Flaw> {
        use NotificationChannel::{Email, InApp, Push, Whatsapp};
        let mut flaws = Vec::new();
        let titled = matches!(self.channel, Email | Push | InApp);
        match self.subject.as_deref().map(str::trim) {
            None | Some("") if titled => flaws.push(Flaw::new("subject", "this channel needs a subject")),
            Some(_) if !titled => flaws.push(Flaw::new("subject", "this channel has no subject")),
            _ => {}
        }
        if self.html_body.is_some() && self.channel != Email {
            flaws.push(Flaw::new("html_body", "only e-mails have HTML"));
        }
        if !self.buttons.is_empty() && self.channel != Whatsapp {
            flaws.push(Flaw::new("whatsapp_buttons", "only WhatsApp has buttons"));
        }
        if self.body.trim().is_empty() {
            flaws.push(Flaw::new("body", "there has to be a text"));
        }
        if self.channel == Whatsapp && self.body.contains("{%") {
            flaws.push(Flaw::new("body", "WhatsApp fills slots only: no conditions or loops"));
        }
        flaws
    }

    /// The declared variables that no text uses.
    #[must_use]
    pub fn unused_variables(&self) -> BTreeSet<String> {
        let used: BTreeSet<String> =
            self.texts().into_iter().flat_map(|(_, text, name)| names_in(name, text).unwrap_or_default()).collect();
        self.variables.iter().map(|variable| variable.name.clone()).filter(|name| !used.contains(name)).collect()
    }

    /// The variables' samples.
    #[must_use]
    pub fn samples(&self) -> Variables {
        self.variables.iter().map(|variable| (variable.name.clone(), variable.sample.clone())).collect()
    }

    /// Fills it.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn render(&self, variables: &Variables, language: &str) -> Result<Rendered, Flaw> {
        if let Some(missing) = self.variables.iter().find(|variable| !variables.contains_key(&variable.name)) {
            return Err(Flaw::new(format!("variables.{}", missing.name), "is missing"));
        }
        let short: Variables = variables.iter().map(|(name, value)| (name.clone(), cut(value))).collect();
        let fill = |field: &str, name: &str, text: &str| {
            environment()
                .render_named_str(name, text, context(&short))
                .map(|filled| filled.trim().to_owned())
                .map_err(|error| Flaw::new(field, explain(&error)))
        };
        let subject = self.subject.as_deref().map(|text| fill("subject", "subject.txt", text)).transpose()?;
        // A title is one line of at most what the column holds.
        let subject = subject.map(|subject| one_line(&subject).chars().take(250).collect::<String>());
        let body = fill("body", "body.txt", &self.body)?;
        let html = self.html_body.as_deref().map(|text| fill("html_body", "body.html", text)).transpose()?;
        let html = html.map(|piece| sheet(&piece, subject.as_deref().unwrap_or_default(), language)).transpose()?;
        Ok(Rendered { subject, body, html })
    }

    /// What fills the slots of the approved WhatsApp template, in their order. WhatsApp takes neither line breaks nor
    /// empty values.
    #[must_use]
    pub fn slots(&self, variables: &Variables) -> Vec<String> {
        let in_body = names_in("body.txt", &self.body).unwrap_or_default();
        self.variables
            .iter()
            .filter(|variable| in_body.contains(&variable.name))
            .map(|variable| {
                let value = one_line(&cut(variables.get(&variable.name).map_or("", String::as_str)));
                if value.is_empty() { "-".to_owned() } else { value }
            })
            .collect()
    }

    /// The payloads of the buttons, filled.
    #[must_use]
    pub fn payloads(&self, variables: &Variables) -> Vec<String> {
        let fill = |text: &String| environment().render_named_str("button.txt", text, context(variables)).unwrap_or_default();
        self.buttons.iter().map(fill).collect()
    }
}

/// The names that a text refers to.
fn names_in(name: &str, text: &str) -> Result<BTreeSet<String>, String> {
    let environment = environment();
    let template = environment.template_from_named_str(name, text).map_err(|error| explain(&error))?;
    Ok(template.undeclared_variables(false).into_iter().collect())
}

fn explain(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

fn sheet(piece: &str, subject: &str, language: &str) -> Result<String, Flaw> {
    let parts = BTreeMap::from([
        ("content", Value::from_safe_string(piece.to_owned())),
        ("subject", Value::from(subject)),
        ("language", Value::from(language)),
    ]);
    let whole = environment().render_named_str("layout.html", super::catalogue::layout(), Value::from(parts));
    whole.map_err(|error| Flaw::new("html_body", explain(&error)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_VALUE {
        return text.to_owned();
    }
    text.chars().take(LONGEST_VALUE).chain(['…']).collect()
}
