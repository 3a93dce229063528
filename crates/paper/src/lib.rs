//! Documents on paper: invoices, credit notes, statements. What stands on them is the caller's; how it is written is here.

mod fonts;
mod pen;
pub mod words;

pub use fonts::{Fonts, Weight};
pub use krilla::metadata::{DateTime as PdfTime, Metadata};
pub use pen::{Align, BOTTOM, LABEL, MARGIN, Pen, RIGHT, STRONG, Style, TEXT};

/// Why there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub(crate) &'static str);
