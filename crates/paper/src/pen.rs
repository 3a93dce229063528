//! Writing on pages of paper from the top down.

use krilla::Document as Pdf;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;

use crate::Failed;
use crate::fonts::{Fonts, Weight};

/// A4 in points.
const PAPER: (f32, f32) = (595.0, 842.0);
/// Empty at each edge.
pub const MARGIN: f32 = 40.0;
/// The right edge of what is written.
pub const RIGHT: f32 = PAPER.0 - MARGIN;
/// Below this nothing is written but the footer.
pub const BOTTOM: f32 = PAPER.1 - 64.0;

/// Where a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At its left edge.
    Left,
    /// At its right edge.
    Right,
}

/// How something is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// In points.
    pub size: f32,
    /// How heavy.
    pub weight: Weight,
    /// 0 is black, 255 white.
    pub grey: u8,
}

/// Running text.
pub const TEXT: Style = Style { size: 8.0, weight: Weight::Regular, grey: 0x22 };
/// What must be seen.
pub const STRONG: Style = Style { size: 8.0, weight: Weight::Bold, grey: 0x11 };
/// What explains.
pub const LABEL: Style = Style { size: 7.0, weight: Weight::Regular, grey: 0x66 };

#[derive(Debug)]
enum Mark {
    Text { x: f32, y: f32, text: String, style: Style },
    Line { x: f32, y: f32, width: f32 },
    Shade { x: f32, y: f32, width: f32, height: f32 },
}

/// Pages being written.
#[derive(Debug)]
pub struct Pen {
    /// Measures texts.
    pub fonts: Fonts,
    /// Where the next line goes, in points from the top.
    pub y: f32,
    pages: Vec<Vec<Mark>>,
}

impl Pen {
    /// On the first page.
    ///
    /// # Errors
    /// A font inside the binary is broken.
    pub fn new() -> Result<Self, Failed> {
        let fonts = Fonts::load().ok_or(Failed("a font is broken"))?;
        Ok(Self { fonts, y: MARGIN, pages: vec![Vec::new()] })
    }

    /// Goes on at the top of a new page.
    pub fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    /// Whether this much still fits.
    #[must_use]
    pub fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// One line of text at this baseline; `x` is the edge it stands at.
    pub fn text(&mut self, x: f32, y: f32, align: Align, style: Style, text: &str) {
        let x = if align == Align::Right { x - self.fonts.width(text, style.weight, style.size) } else { x };
        self.mark(Mark::Text { x, y, text: text.to_owned(), style });
    }

    /// Text in a column, in as many lines as it takes; answers the baseline after the last one.
    pub fn paragraph(&mut self, x: f32, y: f32, width: f32, style: Style, text: &str) -> f32 {
        let mut y = y;
        for line in self.fonts.wrap(text, style.weight, style.size, width) {
            self.text(x, y, Align::Left, style, &line);
            y += style.size * 1.35;
        }
        y
    }

    /// A rule.
    pub fn line(&mut self, x: f32, y: f32, width: f32) {
        self.mark(Mark::Line { x, y, width });
    }

    /// A grey ground; what is written later stands on it.
    pub fn shade(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.mark(Mark::Shade { x, y, width, height });
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// The finished file, with a footer on each page.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, metadata: Metadata, footer: &str) -> Result<Vec<u8>, Failed> {
        let count = self.pages.len();
        let mut pdf = Pdf::new();
        pdf.set_metadata(metadata);
        for (index, mut marks) in std::mem::take(&mut self.pages).into_iter().enumerate() {
            let number = format!("Page {} of {count}", index + 1);
            let y = PAPER.1 - 36.0;
            let x = RIGHT - self.fonts.width(&number, LABEL.weight, LABEL.size);
            marks.push(Mark::Line { x: MARGIN, y: y - 12.0, width: RIGHT - MARGIN });
            marks.push(Mark::Text { x: MARGIN, y, text: footer.to_owned(), style: LABEL });
            marks.push(Mark::Text { x, y, text: number, style: LABEL });
            let settings = PageSettings::from_wh(PAPER.0, PAPER.1).ok_or(Failed("no such paper"))?;
            let mut page = pdf.start_page_with(settings);
            let mut surface = page.surface();
            for mark in &marks {
                self.draw(&mut surface, mark)?;
            }
            surface.finish();
            page.finish();
        }
        pdf.finish().map_err(|_| Failed("the file could not be written"))
    }

    fn draw(&self, surface: &mut Surface<'_>, mark: &Mark) -> Result<(), Failed> {
        match mark {
            Mark::Text { x, y, text, style } => {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(style.grey)));
                let mut x = *x;
                for run in self.fonts.runs(text, style.weight, style.size) {
                    surface.draw_text(Point::from_xy(x, *y), run.font, style.size, run.text, false, TextDirection::Auto);
                    x += run.width;
                }
            }
            Mark::Line { x, y, width } => {
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke { paint: grey(0xaa).into(), width: 0.6, ..Stroke::default() }));
                let mut path = PathBuilder::new();
                path.move_to(*x, *y);
                path.line_to(x + width, *y);
                surface.draw_path(&path.finish().ok_or(Failed("a line without length"))?);
            }
            Mark::Shade { x, y, width, height } => {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(0xf0)));
                let mut path = PathBuilder::new();
                path.push_rect(Rect::from_xywh(*x, *y, *width, *height).ok_or(Failed("a ground without size"))?);
                surface.draw_path(&path.finish().ok_or(Failed("a ground without size"))?);
            }
        }
        Ok(())
    }
}

fn grey(level: u8) -> rgb::Color {
    rgb::Color::new(level, level, level)
}

fn fill(level: u8) -> Fill {
    Fill { paint: grey(level).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}
