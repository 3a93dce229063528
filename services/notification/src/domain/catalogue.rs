//! The checked-in templates: `templates/<name>/template.json` beside a file for each channel and language.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use anyhow::Context as _;
use domain::NotificationChannel;
use serde::Deserialize;

use super::message::Category;
use super::template::{Content, Variable};

include!(concat!(env!("OUT_DIR"), "/template_files.rs"));

/// Languages that templates come in; English is always there.
pub const LANGUAGES: [&str; 3] = ["en", "hi", "te"];

/// One checked-in template.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// In which language.
    pub language: String,
    /// What it says.
    pub content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    category: Category,
    variables: Vec<Variable>,
    #[serde(default)]
    whatsapp_buttons: Vec<String>,
}

/// What goes around the text of a mail.
#[must_use]
pub fn layout() -> &'static str {
    FILES.iter().find(|(path, _)| *path == "layout.html").map_or("{{ content }}", |(_, text)| text)
}

/// The variables that those who send a template give. `None` for a template that the code does not send.
#[must_use]
pub fn known_variables(template: &str) -> Option<&'static BTreeSet<String>> {
    static KNOWN: OnceLock<BTreeMap<String, BTreeSet<String>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let abouts = abouts().unwrap_or_default();
        abouts.into_iter().map(|(name, about)| (name, about.variables.into_iter().map(|v| v.name).collect())).collect()
    });
    known.get(template)
}

fn abouts() -> anyhow::Result<BTreeMap<String, About>> {
    let mut abouts = BTreeMap::new();
    for (path, text) in FILES {
        if let Some(name) = path.strip_suffix("/template.json") {
            abouts.insert(name.to_owned(), serde_json::from_str(text).with_context(|| format!("templates/{path}"))?);
        }
    }
    Ok(abouts)
}

/// Every checked-in template.
///
/// # Errors
/// A file is not what it should be; a test sees that before.
pub fn entries() -> anyhow::Result<Vec<Entry>> {
    let abouts = abouts()?;
    let mut entries = Vec::new();
    for (path, text) in FILES {
        let Some((name, file)) = path.split_once('/') else { continue };
        let parts: Vec<&str> = file.split('.').collect();
        let &[channel, language, "txt"] = parts.as_slice() else { continue };
        let about = abouts.get(name).with_context(|| format!("templates/{name} has no template.json"))?;
        let channel: NotificationChannel = channel.parse().with_context(|| format!("templates/{path}"))?;
        anyhow::ensure!(LANGUAGES.contains(&language), "templates/{path}: no such language");
        let html = format!("{name}/{channel}.{language}.html");
        let html = FILES.iter().find(|(path, _)| *path == html).map(|(_, text)| (*text).trim().to_owned());
        entries.push(Entry {
            name: name.to_owned(),
            language: language.to_owned(),
            content: content(about, channel, text, html),
        });
    }
    Ok(entries)
}

fn content(about: &About, channel: NotificationChannel, text: &str, html_body: Option<String>) -> Content {
    let (subject, body) = match text.strip_prefix("Subject: ").and_then(|rest| rest.split_once("\n\n")) {
        Some((subject, body)) => (Some(subject.trim().to_owned()), body),
        None => (None, text),
    };
    let buttons = if channel == NotificationChannel::Whatsapp { about.whatsapp_buttons.clone() } else { Vec::new() };
    let mut content = Content {
        channel,
        category: about.category,
        subject,
        body: body.trim().to_owned(),
        html_body,
        variables: about.variables.clone(),
        buttons,
    };
    // One list serves all channels; each has what it uses.
    let unused: BTreeSet<String> = content.unused_variables();
    content.variables.retain(|variable| !unused.contains(&variable.name));
    content
}

#[cfg(test)]
mod tests {
    use super::super::matrix::Matrix;
    use super::*;

    #[test]
    fn every_template_renders_with_its_sample_variables_and_has_no_flaw() {
        let entries = entries().unwrap();
        assert!(entries.len() > 500);
        for Entry { name, language, content } in entries {
            assert_eq!(content.flaws(known_variables(&name)), [], "{name} {} {language}", content.channel);
            let rendered = content.render(&content.samples(), &language).unwrap();
            assert!(!rendered.body.contains("{{") && !rendered.body.is_empty());
            for Variable { name: variable, sample } in &content.variables {
                let texts = [rendered.subject.as_deref().unwrap_or_default(), &rendered.body];
                assert!(texts.iter().any(|text| text.contains(sample)), "{name}: {variable}");
            }
            if let Some(html) = rendered.html {
                assert!(html.starts_with("<!doctype html>") && html.contains("<h1>"), "{name}");
            }
        }
    }

    #[test]
    fn every_text_is_there_in_every_language_with_the_same_variables_and_is_translated() {
        let entries = entries().unwrap();
        let mut texts = BTreeMap::<(&str, &str), BTreeMap<&str, &Content>>::new();
        for Entry { name, language, content } in &entries {
            texts.entry((name, content.channel.as_str())).or_default().insert(language, content);
        }
        for ((name, channel), languages) in texts {
            let english = languages["en"];
            for language in LANGUAGES {
                let text = languages.get(language).unwrap_or_else(|| panic!("{name} {channel} is missing in {language}"));
                assert_eq!(text.variables, english.variables, "{name} {channel} {language}");
                assert_eq!(text.html_body.is_some(), channel == "email", "{name} {channel} {language}");
                // Staff's own words stay as they are.
                assert!(name == "admin_message" || language == "en" || text.body != english.body, "{name} {channel} {language}");
                let script = |c: char| match language {
                    "hi" => ('\u{900}'..='\u{97f}').contains(&c),
                    "te" => ('\u{c00}'..='\u{c7f}').contains(&c),
                    _ => c.is_ascii_alphabetic(),
                };
                assert!(name == "admin_message" || text.body.contains(script), "{name} {channel} {language}");
            }
        }
    }

    #[test]
    fn every_line_of_the_matrix_has_a_text_for_each_of_its_channels_in_every_language() {
        let entries = entries().unwrap();
        let matrix = Matrix::load().unwrap();
        let lines = matrix.all().map(|rule| (&rule.template, &rule.channels));
        let lines = lines.chain(matrix.requests().iter().map(|request| (&request.template, &request.channels)));
        for (template, channels) in lines {
            assert!(known_variables(template).is_some(), "{template}");
            for (channel, language) in channels.iter().flat_map(|channel| LANGUAGES.map(|language| (*channel, language))) {
                let there = |e: &Entry| e.name == *template && e.content.channel == channel && e.language == language;
                assert!(entries.iter().any(there), "{template} by {channel} in {language}");
            }
        }
    }

    #[test]
    fn every_template_is_sent_by_a_line_of_the_matrix() {
        let matrix = Matrix::load().unwrap();
        let mut sent: BTreeSet<&str> = matrix.all().map(|rule| rule.template.as_str()).collect();
        sent.extend(matrix.requests().iter().map(|request| request.template.as_str()));
        for name in abouts().unwrap().keys() {
            assert!(sent.contains(name.as_str()), "nobody sends {name}");
        }
    }

    #[test]
    fn markup_in_a_value_is_text_in_a_mail() {
        let entry = entries().unwrap();
        let mail = entry.iter().find(|e| e.name == "order_cancelled" && e.content.channel == NotificationChannel::Email).unwrap();
        let mut variables = mail.content.samples();
        variables.insert("reason".to_owned(), "<script>alert(1)</script> & more".to_owned());
        let rendered = mail.content.render(&variables, "en").unwrap();
        let html = rendered.html.unwrap();
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;"), "{html}");
        assert!(rendered.body.contains("<script>alert(1)</script> & more"));
    }

    #[test]
    fn whatsapp_slots_are_in_order_and_hold_neither_line_breaks_nor_nothing() {
        let entries = entries().unwrap();
        let find = |name: &str| {
            let found = entries.iter().find(|e| e.name == name && e.content.channel == NotificationChannel::Whatsapp);
            found.unwrap().content.clone()
        };
        let order = find("new_order");
        assert_eq!(order.slots(&order.samples()), ["ORD000001", "5,250.00", "paid online"]);
        assert_eq!(order.payloads(&order.samples()), ["Confirm ORD000001", "Reject ORD000001"]);
        let cancelled = find("order_cancelled");
        let mut variables = cancelled.samples();
        variables.insert("reason".to_owned(), "two\nlines\t     here".to_owned());
        assert_eq!(cancelled.slots(&variables)[1], "two lines here");
        variables.insert("reason".to_owned(), " \n".to_owned());
        assert_eq!(cancelled.slots(&variables)[1], "-");
    }

    #[test]
    fn a_template_that_uses_an_undeclared_variable_or_declares_an_unknown_one_has_flaws() {
        let entries = entries().unwrap();
        let good =
            &entries.iter().find(|e| e.name == "order_placed" && e.content.channel == NotificationChannel::Sms).unwrap().content;
        let known = known_variables("order_placed");
        let mut hole = good.clone();
        hole.body.push_str(" {{ driver }}");
        assert_eq!(hole.flaws(known)[0].field, "body");
        hole.variables.push(Variable { name: "driver".into(), sample: "Ravi".into() });
        assert!(hole.flaws(known)[0].message.contains("nobody gives"), "{:?}", hole.flaws(known));
        assert!(hole.flaws(None).is_empty());
        let mut broken = good.clone();
        broken.body = "{{ order_number".into();
        assert!(!broken.flaws(known).is_empty());
        let mut unused = good.clone();
        unused.body = "nothing".into();
        assert_eq!(unused.flaws(known).len(), 2);
    }
}
