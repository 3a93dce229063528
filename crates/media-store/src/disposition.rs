//! Names of files, as a header carries them.

use std::fmt::Write as _;

/// `Content-Disposition` that has a browser save the file under a name, in any script.
pub fn attachment(filename: &str) -> String {
    let plain: String = filename
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .take(100)
        .collect();
    let mut encoded = String::new();
    for byte in filename.chars().take(100).collect::<String>().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(attachment("a\"b\r\n;.pdf"), "attachment; filename=\"a_b___.pdf\"; filename*=UTF-8''a%22b%0D%0A%3B.pdf");
    }

    #[test]
    fn other_scripts_survive_in_the_second_name() {
        assert!(attachment("चालान.pdf").contains("filename*=UTF-8''%E0%A4%9A"));
    }
}
