//! Writes every mail as it would go out to HTML files, to be looked at in a browser:
//! `cargo run -p notification --example render_emails -- FOLDER`.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context as _;
use domain::NotificationChannel;
use notification::domain::catalogue;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).context("name a folder")?);
    fs::create_dir_all(&folder)?;
    let mut index = String::from("<!doctype html><meta charset=\"utf-8\"><title>Mails</title><ul>");
    for entry in catalogue::entries()?.into_iter().filter(|entry| entry.content.channel == NotificationChannel::Email) {
        let rendered = entry.content.render(&entry.content.samples(), &entry.language);
        let rendered = rendered.map_err(|flaw| anyhow::anyhow!("{}: {}: {}", entry.name, flaw.field, flaw.message))?;
        let name = format!("{}.{}", entry.name, entry.language);
        fs::write(folder.join(format!("{name}.html")), rendered.html.unwrap_or_default())?;
        fs::write(
            folder.join(format!("{name}.txt")),
            format!("{}\n\n{}\n", rendered.subject.unwrap_or_default(), rendered.body),
        )?;
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a> <a href=\"{name}.txt\">text</a>"));
    }
    fs::write(folder.join("index.html"), index)?;
    Ok(())
}
