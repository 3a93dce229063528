//! Templates: which are approved, and what may stand in them.

use serde_json::Value;

use super::error::WhatsappError;

/// An approved template, as configured by `name[:language[:body parameters]]`.
struct Approved<'a> {
    name: &'a str,
    language: Option<&'a str>,
    parameters: Option<usize>,
}

impl<'a> Approved<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.trim().split(':');
        Self {
            name: parts.next().unwrap_or_default(),
            language: parts.next().filter(|language| !language.is_empty()),
            parameters: parts.next().and_then(|count| count.parse().ok()),
        }
    }
}

/// Refuses a template that is unknown or wrongly filled; gives what a person would read.
pub(super) fn check(message: &Value, approved: &[String]) -> Result<String, WhatsappError> {
    let field = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = field("/template/name");
    if name.is_empty() {
        return Err(WhatsappError::missing("template.name is required"));
    }
    let language = field("/template/language/code");
    if language.is_empty() {
        return Err(WhatsappError::missing("template.language.code is required"));
    }
    let well_formed = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let unknown = || WhatsappError::new(132_001, format!("template name ({name}) does not exist in {language}"));
    if !well_formed {
        return Err(unknown());
    }
    let components = message.pointer("/template/components").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut shown = Vec::new();
    for component in components {
        shown.extend(check_component(component)?);
    }
    if !approved.is_empty() {
        let same_name: Vec<Approved<'_>> =
            approved.iter().map(|text| Approved::parse(text)).filter(|one| one.name == name).collect();
        let template = same_name.iter().find(|one| one.language.is_none_or(|wanted| wanted == language)).ok_or_else(unknown)?;
        if template.parameters.is_some_and(|count| count != shown.len()) {
            let expected = template.parameters.unwrap_or_default();
            let details = format!(
                "body: number of localizable_params ({}) does not match the expected number of params ({expected})",
                shown.len()
            );
            return Err(WhatsappError::new(132_000, details));
        }
    }
    Ok(if shown.is_empty() { name.to_owned() } else { format!("{name}: {}", shown.join(" | ")) })
}

/// The body's parameters as text.
fn check_component(component: &Value) -> Result<Vec<String>, WhatsappError> {
    let kind = component.get("type").and_then(Value::as_str).unwrap_or_default();
    if !matches!(kind, "header" | "body" | "button") {
        return Err(WhatsappError::invalid("template.components.type must be header, body or button"));
    }
    let parameters = component.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut shown = Vec::new();
    for parameter in parameters {
        let text = parameter.get("text").and_then(Value::as_str);
        match (parameter.get("type").and_then(Value::as_str), text) {
            (Some("text"), Some(text)) if !text.is_empty() => {
                check_spacing(text)?;
                shown.push(text.to_owned());
            }
            (Some("text"), _) => return Err(WhatsappError::missing("Parameter of type text is missing text value")),
            (Some("image" | "document" | "video"), _) if kind == "header" => {}
            (Some("payload"), _) if kind == "button" => {}
            (Some("currency" | "date_time"), _) if kind == "body" => shown.push(parameter.to_string()),
            _ => {
                return Err(WhatsappError::new(
                    132_012,
                    format!("{kind}: Parameter format does not match format in the created template"),
                ));
            }
        }
    }
    Ok(if kind == "body" { shown } else { Vec::new() })
}

fn check_spacing(text: &str) -> Result<(), WhatsappError> {
    if text.contains(['\n', '\t']) || text.contains("     ") {
        return Err(WhatsappError::new(100, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(name: &str, parameters: &[&str]) -> Value {
        let parameters: Vec<Value> = parameters.iter().map(|text| json!({"type": "text", "text": text})).collect();
        json!({"template": {"name": name, "language": {"code": "en"}, "components": [{"type": "body", "parameters": parameters}]}})
    }

    #[test]
    fn any_well_formed_template_is_known_when_none_is_configured() {
        assert_eq!(check(&template("order_placed", &["ORD000001", "₹500"]), &[]).unwrap(), "order_placed: ORD000001 | ₹500");
        assert!(check(&template("Order-Placed", &[]), &[]).is_err());
    }

    #[test]
    fn a_configured_list_decides_name_language_and_count() {
        let approved = vec!["order_placed:en:2".to_owned(), "hello".to_owned()];
        assert!(check(&template("order_placed", &["a", "b"]), &approved).is_ok());
        assert!(check(&template("order_placed", &["a"]), &approved).is_err());
        assert!(check(&template("hello", &[]), &approved).is_ok());
        assert!(check(&template("other", &[]), &approved).is_err());
    }

    #[test]
    fn a_parameter_is_text_on_one_line() {
        assert!(check(&template("order_placed", &["two\nlines"]), &[]).is_err());
        assert!(check(&template("order_placed", &[""]), &[]).is_err());
    }
}
