//! What an invoice of an order needs to know.

use clients::order::{InvoiceFacts, InvoiceLineFacts};
use domain::{Money, Quantity};

use crate::domain::{Line, Order};

/// What an invoice of an order needs to know; the delivery charge becomes its last line.
pub(crate) fn invoice_facts(order: Order, lines: Vec<Line>) -> InvoiceFacts {
    let mut all: Vec<InvoiceLineFacts> = lines.into_iter().map(invoice_line).collect();
    if !order.delivery_charge.is_zero() {
        all.push(InvoiceLineFacts {
            order_item_id: None,
            description: "Delivery".to_owned(),
            tax_code: order.delivery_tax_code.clone(),
            quantity: Quantity::from_whole(1),
            unit: None,
            unit_price: order.delivery_charge,
            total_price: order.delivery_charge,
            discount: Money::ZERO,
            taxable: order.delivery_charge,
            gst_rate: order.delivery_gst_rate,
            cgst: order.delivery_tax.cgst,
            sgst: order.delivery_tax.sgst,
            igst: order.delivery_tax.igst,
        });
    }
    InvoiceFacts {
        order: order.facts(),
        status: order.status,
        supplier_state: order.supplier_state,
        gst_scheme: order.gst_scheme,
        lines: all,
        placed_at: order.created_at,
        delivered_at: order.delivered_at,
        delivery_address: order.delivery_address,
    }
}

fn invoice_line(line: Line) -> InvoiceLineFacts {
    let what = line.what;
    InvoiceLineFacts {
        order_item_id: Some(line.id),
        description: what.item_name,
        tax_code: what.tax_code,
        quantity: what.quantity,
        unit: Some(what.unit),
        unit_price: what.unit_price,
        total_price: what.total_price,
        discount: what.discount,
        taxable: what.taxable,
        gst_rate: what.gst_rate,
        cgst: what.tax.cgst,
        sgst: what.tax.sgst,
        igst: what.tax.igst,
    }
}
