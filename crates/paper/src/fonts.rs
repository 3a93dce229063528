//! The fonts inside the binary (`assets/fonts`, Open Font License), and how wide a text is in them.

use krilla::text::Font;
use rustybuzz::{Face, UnicodeBuffer};

const REGULAR: &[u8] = include_bytes!("../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../assets/fonts/NotoSans-Bold.ttf");
const TELUGU: &[u8] = include_bytes!("../assets/fonts/NotoSansTelugu-Regular.ttf");
const DEVANAGARI: &[u8] = include_bytes!("../assets/fonts/NotoSansDevanagari-Regular.ttf");

/// How heavy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Running text.
    Regular,
    /// What must be seen.
    Bold,
}

struct Loaded {
    font: Font,
    face: Face<'static>,
}

/// All of them.
pub struct Fonts {
    regular: Loaded,
    bold: Loaded,
    others: [Loaded; 2],
}

/// A piece of a text in one font.
pub(crate) struct Run<'a> {
    pub(crate) font: Font,
    pub(crate) text: &'a str,
    pub(crate) width: f32,
}

impl Loaded {
    fn new(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.into(), 0)?, face: Face::from_slice(bytes, 0)? })
    }

    fn has(&self, c: char) -> bool {
        self.face.glyph_index(c).is_some()
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let advance: i32 = shaped.glyph_positions().iter().map(|glyph| glyph.x_advance).sum();
        advance as f32 * size / self.face.units_per_em() as f32
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fonts")
    }
}

impl Fonts {
    /// `None` only when a font file is broken.
    pub(crate) fn load() -> Option<Self> {
        let others = [Loaded::new(TELUGU)?, Loaded::new(DEVANAGARI)?];
        Some(Self { regular: Loaded::new(REGULAR)?, bold: Loaded::new(BOLD)?, others })
    }

    /// The text in pieces, each in a font that has its letters. A space stays with what is before it.
    pub(crate) fn runs<'a>(&self, text: &'a str, weight: Weight, size: f32) -> Vec<Run<'a>> {
        let mut pieces: Vec<(usize, &Loaded)> = Vec::new();
        for (at, c) in text.char_indices() {
            let same = pieces
                .last()
                .filter(|(_, last)| (c.is_whitespace() || last.has(c)) && (!c.is_ascii_alphanumeric() || self.is_main(last)));
            if same.is_none() {
                pieces.push((at, self.font_for(c, weight)));
            }
        }
        let ends: Vec<usize> = pieces.iter().skip(1).map(|(at, _)| *at).chain([text.len()]).collect();
        pieces
            .into_iter()
            .zip(ends)
            .map(|((start, font), end)| {
                let text = text.get(start..end).unwrap_or_default();
                Run { font: font.font.clone(), text, width: font.width(text, size) }
            })
            .collect()
    }

    /// How wide it is, in points.
    #[must_use]
    pub fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        self.runs(text, weight, size).iter().map(|run| run.width).sum()
    }

    /// The text in lines of at most this width, broken at spaces; a word longer than a line is cut.
    #[must_use]
    pub fn wrap(&self, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, weight, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if self.width(&line, weight, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    fn font_for(&self, c: char, weight: Weight) -> &Loaded {
        let main = if weight == Weight::Bold { &self.bold } else { &self.regular };
        if main.has(c) { main } else { self.others.iter().find(|other| other.has(c)).unwrap_or(main) }
    }

    fn is_main(&self, font: &Loaded) -> bool {
        std::ptr::eq(font, &raw const self.regular) || std::ptr::eq(font, &raw const self.bold)
    }
}
