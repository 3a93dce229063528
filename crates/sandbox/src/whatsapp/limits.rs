//! Meta's limits on what may be sent.

use std::collections::HashSet;

use serde_json::Value;

use super::error::WhatsappError;

type Checked = Result<(), WhatsappError>;

/// A text at a JSON pointer, present and not too long.
pub(super) fn text<'a>(message: &'a Value, pointer: &str, longest: usize) -> Result<&'a str, WhatsappError> {
    let text = message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(WhatsappError::missing(format!("{} is required", path(pointer))));
    }
    check_length(text, pointer, longest)?;
    Ok(text)
}

fn optional_text(message: &Value, pointer: &str, longest: usize) -> Checked {
    match message.pointer(pointer) {
        None => Ok(()),
        Some(Value::String(text)) => check_length(text, pointer, longest),
        Some(_) => Err(WhatsappError::invalid(format!("{} must be a string", path(pointer)))),
    }
}

fn check_length(text: &str, pointer: &str, longest: usize) -> Checked {
    if text.chars().count() <= longest {
        return Ok(());
    }
    Err(WhatsappError::invalid(format!("{} length invalid. Min length: 1, Max length: {longest}", path(pointer))))
}

fn path(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An interactive message: reply buttons or a list.
pub(super) fn interactive(message: &Value) -> Checked {
    optional_text(message, "/interactive/footer/text", 60)?;
    optional_text(message, "/interactive/header/text", 60)?;
    match message.pointer("/interactive/type").and_then(Value::as_str) {
        Some("button") => {
            text(message, "/interactive/body/text", 1_024)?;
            buttons(list(message, "/interactive/action/buttons"))
        }
        Some("list") => {
            text(message, "/interactive/body/text", 4_096)?;
            text(message, "/interactive/action/button", 20)?;
            sections(list(message, "/interactive/action/sections"))
        }
        Some(other) => Err(WhatsappError::invalid(format!("interactive.type {other} is not supported"))),
        None => Err(WhatsappError::missing("interactive.type is required")),
    }
}

fn buttons(buttons: &[Value]) -> Checked {
    if buttons.is_empty() || buttons.len() > 3 {
        return Err(WhatsappError::invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"));
    }
    let (mut titles, mut ids) = (HashSet::new(), HashSet::new());
    for button in buttons {
        if button.get("type").and_then(Value::as_str) != Some("reply") {
            return Err(WhatsappError::invalid("interactive.action.buttons.type must be reply"));
        }
        if !titles.insert(text(button, "/reply/title", 20)?) {
            return Err(WhatsappError::invalid("Duplicated button title"));
        }
        if !ids.insert(text(button, "/reply/id", 256)?) {
            return Err(WhatsappError::invalid("Duplicated button id"));
        }
    }
    Ok(())
}

fn sections(sections: &[Value]) -> Checked {
    if sections.is_empty() || sections.len() > 10 {
        return Err(WhatsappError::invalid("Invalid sections count. Min allowed: 1, Max allowed: 10"));
    }
    let mut ids = HashSet::new();
    let mut rows = 0;
    for section in sections {
        if sections.len() > 1 {
            text(section, "/title", 24)?;
        } else {
            optional_text(section, "/title", 24)?;
        }
        for row in list(section, "/rows") {
            rows += 1;
            if !ids.insert(text(row, "/id", 200)?) {
                return Err(WhatsappError::invalid("Duplicated row id"));
            }
            text(row, "/title", 24)?;
            optional_text(row, "/description", 72)?;
        }
    }
    if rows == 0 || rows > 10 {
        return Err(WhatsappError::invalid("Total row count exceed max allowed count: 10"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_buttons(titles: &[&str]) -> Value {
        let buttons: Vec<Value> = titles
            .iter()
            .enumerate()
            .map(|(at, title)| json!({"type": "reply", "reply": {"id": format!("b{at}"), "title": title}}))
            .collect();
        json!({"interactive": {"type": "button", "body": {"text": "Well?"}, "action": {"buttons": buttons}}})
    }

    #[test]
    fn up_to_three_different_buttons_of_twenty_characters_are_taken() {
        assert!(interactive(&with_buttons(&["Confirm", "Reject", "अधिक जानकारी"])).is_ok());
        assert!(interactive(&with_buttons(&[])).is_err());
        assert!(interactive(&with_buttons(&["a", "b", "c", "d"])).is_err());
        assert!(interactive(&with_buttons(&["Same", "Same"])).is_err());
        assert!(interactive(&with_buttons(&["This title is too long"])).is_err());
    }

    #[test]
    fn a_list_has_at_most_ten_rows_and_titles_for_several_sections() {
        let rows = |from: usize, count: usize| -> Vec<Value> {
            (from..from + count).map(|at| json!({"id": format!("r{at}"), "title": format!("Row {at}")})).collect()
        };
        let with = |sections: Value| json!({"interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "Choose", "sections": sections}}});
        assert!(interactive(&with(json!([{"rows": rows(0, 10)}]))).is_ok());
        assert!(interactive(&with(json!([{"rows": rows(0, 11)}]))).is_err());
        assert!(interactive(&with(json!([{"rows": rows(0, 2)}, {"rows": rows(2, 2)}]))).is_err());
        assert!(interactive(&with(json!([{"title": "A", "rows": rows(0, 2)}, {"title": "B", "rows": rows(2, 2)}]))).is_ok());
    }
}
