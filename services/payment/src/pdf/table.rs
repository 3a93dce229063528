//! The lines of a document.

use ::domain::GstScheme;

use paper::words::grouped;
use paper::{Align, MARGIN, Pen, RIGHT, Style, Weight};

use crate::domain::invoice::{Document, DocumentLine, uqc};

const CELL: Style = Style { size: 7.5, weight: Weight::Regular, grey: 0x22 };
const SMALL: Style = Style { size: 6.5, weight: Weight::Regular, grey: 0x66 };
const HEAD: Style = Style { size: 7.0, weight: Weight::Bold, grey: 0x33 };
const PAD: f32 = 4.0;

/// A column: what it is called, how wide it is, where its text stands.
type Column = (&'static str, f32, Align);

/// The columns between description and total; the description takes what is left.
fn columns(document: &Document) -> Vec<Column> {
    let mut columns = vec![
        ("#", 18.0, Align::Left),
        ("Description", 0.0, Align::Left),
        ("HSN/SAC", 44.0, Align::Left),
        ("Quantity", 50.0, Align::Right),
        ("Unit price", 56.0, Align::Right),
        ("Taxable", 62.0, Align::Right),
    ];
    if document.gst_scheme == GstScheme::Regular {
        columns.push(("GST", 36.0, Align::Right));
        if document.is_interstate() {
            columns.push(("IGST", 54.0, Align::Right));
        } else {
            columns.extend([("CGST", 48.0, Align::Right), ("SGST", 48.0, Align::Right)]);
        }
    }
    columns.push(("Total", 62.0, Align::Right));
    let taken: f32 = columns.iter().map(|(_, width, _)| width).sum();
    if let Some(description) = columns.get_mut(1) {
        description.1 = RIGHT - MARGIN - taken;
    }
    columns
}

/// Writes all lines, with the head again on each new page.
pub(super) fn lines(pen: &mut Pen, document: &Document) {
    let columns = columns(document);
    head(pen, &columns);
    for (line, number) in document.lines.iter().zip(1..) {
        let width = columns.get(1).map_or(100.0, |(_, width, _)| width - PAD);
        let description = pen.fonts.wrap(&line.description, CELL.weight, CELL.size, width);
        let rows = description.len() + usize::from(!line.discount.is_zero());
        let height = 10.0 * f32::from(u16::try_from(rows.max(2)).unwrap_or(u16::MAX)) + 5.0;
        if !pen.fits(height) {
            pen.new_page();
            head(pen, &columns);
        }
        row(pen, &columns, &cells(document, line, number), &description, line);
        pen.y += height;
        pen.line(MARGIN, pen.y - 7.0, RIGHT - MARGIN);
        pen.y += 3.0;
    }
}

fn head(pen: &mut Pen, columns: &[Column]) {
    pen.shade(MARGIN, pen.y, RIGHT - MARGIN, 16.0);
    pen.y += 11.0;
    let mut x = MARGIN;
    for (name, width, align) in columns {
        let at = if *align == Align::Right { x + width - PAD / 2.0 } else { x + PAD / 2.0 };
        pen.text(at, pen.y, *align, HEAD, name);
        x += width;
    }
    pen.y += 18.0;
}

/// What stands in each column but the description.
fn cells(document: &Document, line: &DocumentLine, number: i32) -> Vec<String> {
    let price = line.unit_price.map_or_else(String::new, grouped);
    let quantity = line.quantity.map_or_else(String::new, |quantity| quantity.to_string());
    let mut cells = vec![number.to_string(), String::new(), line.tax_code.clone(), quantity, price, grouped(line.taxable)];
    if document.gst_scheme == GstScheme::Regular {
        cells.push(format!("{}%", line.gst_rate));
        if document.is_interstate() {
            cells.push(grouped(line.igst));
        } else {
            cells.extend([grouped(line.cgst), grouped(line.sgst)]);
        }
    }
    cells.push(line.total().map_or_else(|_| String::new(), grouped));
    cells
}

fn row(pen: &mut Pen, columns: &[Column], cells: &[String], description: &[String], line: &DocumentLine) {
    let mut x = MARGIN;
    let mut below = pen.y;
    for (index, ((_, width, align), cell)) in columns.iter().zip(cells).enumerate() {
        let at = if *align == Align::Right { x + width - PAD / 2.0 } else { x + PAD / 2.0 };
        if index == 1 {
            for text in description {
                pen.text(at, below, *align, CELL, text);
                below += 10.0;
            }
            if !line.discount.is_zero() {
                pen.text(at, below, *align, SMALL, &format!("less discount {}", grouped(line.discount)));
            }
        } else {
            pen.text(at, pen.y, *align, CELL, cell);
        }
        if index == 3
            && let Some(unit) = line.unit
        {
            pen.text(at, pen.y + 9.0, *align, SMALL, &format!("{} ({})", unit.as_str().replace('_', " "), uqc(unit)));
        }
        x += width;
    }
}
