//! What we say.

use domain::Phone;
use serde_json::{Map, Value, json};

use crate::WhatsappError;

/// Who is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// By phone.
    Phone(Phone),
    /// By phone as WhatsApp writes it: digits without a plus.
    WaId(String),
    /// By business-scoped user id, when the phone is not known.
    UserId(String),
}

/// A message on its way to somebody.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Who is written to.
    pub to: Recipient,
    /// What is said.
    pub message: Message,
    /// The message this answers.
    pub reply_to: Option<String>,
    /// Comes back on statuses: our own key of the message.
    pub opaque: Option<String>,
}

impl Outgoing {
    /// A message that answers nothing in particular.
    pub fn new(to: Recipient, message: Message) -> Self {
        Self { to, message, reply_to: None, opaque: None }
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Free text, at most 4096 characters.
    Text {
        /// The text.
        body: String,
        /// Whether the first link gets a preview.
        preview_url: bool,
    },
    /// An approved template, the only thing that goes out when the 24-hour window is closed.
    Template(Template),
    /// One to three buttons.
    Buttons {
        /// The text, at most 1024 characters.
        body: String,
        /// Small print.
        footer: Option<String>,
        /// The buttons.
        buttons: Vec<Button>,
    },
    /// A list of at most ten rows behind a button.
    List {
        /// The text.
        body: String,
        /// Small print.
        footer: Option<String>,
        /// What the button says, at most 20 characters.
        button: String,
        /// The rows, in sections.
        sections: Vec<Section>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: MediaSource,
        /// What it shows.
        caption: Option<String>,
    },
    /// A file.
    Document {
        /// Where it is.
        source: MediaSource,
        /// What it is called.
        filename: String,
        /// What it holds.
        caption: Option<String>,
    },
}

impl Message {
    /// Free text without a preview.
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text { body: body.into(), preview_url: false }
    }
}

/// A template and what is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Its approved name.
    pub name: String,
    /// Its language (`en`, `hi`, `te`).
    pub language: String,
    /// A text for the header's slot.
    pub header: Option<String>,
    /// Texts for the body's slots, in order.
    pub body: Vec<String>,
    /// Payloads of the quick-reply buttons, in order.
    pub button_payloads: Vec<String>,
    /// What is appended to the URL button's address, by button index.
    pub url_suffix: Option<(u8, String)>,
}

/// A button under a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What comes back, at most 256 characters.
    pub id: String,
    /// What it says, at most 20 characters.
    pub title: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Needed when there is more than one; at most 24 characters.
    pub title: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What comes back, at most 200 characters.
    pub id: String,
    /// What it says, at most 24 characters.
    pub title: String,
    /// A second line, at most 72 characters.
    pub description: Option<String>,
}

/// Where a picture or a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Uploaded to WhatsApp before.
    Id(String),
    /// At an address anyone can open.
    Link(String),
}

impl MediaSource {
    fn body(&self) -> Map<String, Value> {
        let (name, value) = match self {
            Self::Id(id) => ("id", id),
            Self::Link(link) => ("link", link),
        };
        Map::from_iter([(name.to_owned(), json!(value))])
    }
}

impl Outgoing {
    /// The request body, after checking the limits Meta would refuse over.
    pub(crate) fn body(&self) -> Result<Value, WhatsappError> {
        self.message.check()?;
        let (kind, content) = self.message.content();
        let mut body = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "type": kind});
        body[kind] = content;
        match &self.to {
            Recipient::Phone(phone) => body["to"] = json!(phone.as_str().trim_start_matches('+')),
            Recipient::WaId(id) => body["to"] = json!(id),
            Recipient::UserId(id) => body["recipient"] = json!(id),
        }
        if let Some(id) = &self.reply_to {
            body["context"] = json!({"message_id": id});
        }
        if let Some(key) = &self.opaque {
            body["biz_opaque_callback_data"] = json!(key);
        }
        Ok(body)
    }
}

impl Message {
    fn content(&self) -> (&'static str, Value) {
        match self {
            Self::Text { body, preview_url } => ("text", json!({"body": body, "preview_url": preview_url})),
            Self::Template(template) => ("template", template.content()),
            Self::Buttons { body, footer, buttons } => {
                let buttons: Vec<Value> = buttons
                    .iter()
                    .map(|button| json!({"type": "reply", "reply": {"id": button.id, "title": button.title}}))
                    .collect();
                ("interactive", interactive("button", body, footer.as_ref(), json!({"buttons": buttons})))
            }
            Self::List { body, footer, button, sections } => {
                let sections: Vec<Value> = sections.iter().map(Section::content).collect();
                let action = json!({"button": button, "sections": sections});
                ("interactive", interactive("list", body, footer.as_ref(), action))
            }
            Self::Image { source, caption } => {
                let mut image = source.body();
                put(&mut image, "caption", caption.as_ref());
                ("image", Value::Object(image))
            }
            Self::Document { source, filename, caption } => {
                let mut document = source.body();
                put(&mut document, "filename", Some(filename));
                put(&mut document, "caption", caption.as_ref());
                ("document", Value::Object(document))
            }
        }
    }

    fn check(&self) -> Result<(), WhatsappError> {
        match self {
            Self::Text { body, .. } => within("text", body, 4096),
            Self::Template(template) => within("template name", &template.name, 512),
            Self::Buttons { body, footer, buttons } => {
                within("text", body, 1024)?;
                footer.iter().try_for_each(|text| within("footer", text, 60))?;
                if buttons.is_empty() || buttons.len() > 3 {
                    return Err(WhatsappError::permanent("a message has one to three buttons"));
                }
                for (at, button) in buttons.iter().enumerate() {
                    within("button id", &button.id, 256)?;
                    within("button title", &button.title, 20)?;
                    if buttons[..at].iter().any(|earlier| earlier.title == button.title) {
                        return Err(WhatsappError::permanent("two buttons say the same"));
                    }
                }
                Ok(())
            }
            Self::List { body, footer, button, sections } => check_list(body, footer.as_ref(), button, sections),
            Self::Image { caption, .. } | Self::Document { caption, .. } => {
                caption.iter().try_for_each(|text| within("caption", text, 1024))
            }
        }
    }
}

fn check_list(body: &str, footer: Option<&String>, button: &str, sections: &[Section]) -> Result<(), WhatsappError> {
    within("text", body, 4096)?;
    within("list button", button, 20)?;
    footer.iter().try_for_each(|text| within("footer", text, 60))?;
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    if rows == 0 || rows > 10 {
        return Err(WhatsappError::permanent("a list has one to ten rows"));
    }
    for section in sections {
        match &section.title {
            Some(title) => within("section title", title, 24)?,
            None if sections.len() > 1 => return Err(WhatsappError::permanent("a section lacks its title")),
            None => {}
        }
        for row in &section.rows {
            within("row id", &row.id, 200)?;
            within("row title", &row.title, 24)?;
            row.description.iter().try_for_each(|text| within("row description", text, 72))?;
        }
    }
    Ok(())
}

impl Section {
    fn content(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let mut content = Map::new();
                put(&mut content, "id", Some(&row.id));
                put(&mut content, "title", Some(&row.title));
                put(&mut content, "description", row.description.as_ref());
                Value::Object(content)
            })
            .collect();
        let mut content = Map::new();
        put(&mut content, "title", self.title.as_ref());
        content.insert("rows".to_owned(), Value::Array(rows));
        Value::Object(content)
    }
}

impl Template {
    fn content(&self) -> Value {
        let text = |value: &String| json!({"type": "text", "text": value});
        let mut components = Vec::new();
        if let Some(header) = &self.header {
            components.push(json!({"type": "header", "parameters": [text(header)]}));
        }
        if !self.body.is_empty() {
            let slots: Vec<Value> = self.body.iter().map(text).collect();
            components.push(json!({"type": "body", "parameters": slots}));
        }
        for (at, payload) in self.button_payloads.iter().enumerate() {
            components.push(json!({"type": "button", "sub_type": "quick_reply", "index": at.to_string(),
                "parameters": [{"type": "payload", "payload": payload}]}));
        }
        if let Some((at, suffix)) = &self.url_suffix {
            components.push(json!({"type": "button", "sub_type": "url", "index": at.to_string(),
                "parameters": [text(suffix)]}));
        }
        json!({"name": self.name, "language": {"code": self.language}, "components": components})
    }
}

fn interactive(kind: &str, body: &str, footer: Option<&String>, action: Value) -> Value {
    let mut content = json!({"type": kind, "body": {"text": body}, "action": action});
    if let Some(text) = footer {
        content["footer"] = json!({"text": text});
    }
    content
}

fn put(content: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        content.insert(name.to_owned(), json!(value));
    }
}

fn within(what: &str, text: &str, most: usize) -> Result<(), WhatsappError> {
    let length = text.chars().count();
    if length == 0 || length > most {
        return Err(WhatsappError::permanent(format!("{what} has {length} characters, allowed are 1 to {most}")));
    }
    Ok(())
}
