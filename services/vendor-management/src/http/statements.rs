//! A settlement's statement as CSV and as PDF.

use std::collections::HashMap;

use axum::response::{IntoResponse as _, Response};
use domain::OrderId;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use service_kit::ApiError;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::App;
use crate::domain::deductions::DeductionKind;
use crate::domain::settlement::{AdjustmentKind, Period, Sums};
use crate::domain::statement::{AdjustmentLine, DeductionLine, OrderLine, Statement};
use crate::domain::vendor::{BusinessDetails, masked};
use crate::pdf;
use crate::store::settlements::{self, Settlement};
use crate::store::vendors;

/// How a settlement is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// The whole settlement.
    #[default]
    Json,
    /// A row an order, adjustment and deduction; the last one is the payout.
    Csv,
    /// On paper.
    Pdf,
}

/// The statement in this form.
pub(super) async fn answer(
    app: &App,
    conn: &mut PgConnection,
    settlement: Settlement,
    format: Format,
) -> Result<Response, ApiError> {
    let statement = gather(app, conn, settlement).await?;
    let (content, kind, ending) = if format == Format::Pdf {
        let drawn = statement.clone();
        let pdf = tokio::task::spawn_blocking(move || pdf::render(&drawn)).await.map_err(ApiError::internal)?;
        (pdf.map_err(ApiError::internal)?, "application/pdf", "pdf")
    } else {
        (csv(&statement)?, "text/csv; charset=utf-8", "csv")
    };
    let disposition = format!("attachment; filename=\"{}.{ending}\"", statement.number);
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], content).into_response())
}

fn csv(statement: &Statement) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in statement.rows()? {
        writer.serialize(row).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(|error| ApiError::internal(error.into_error()))
}

async fn gather(app: &App, conn: &mut PgConnection, settlement: Settlement) -> Result<Statement, ApiError> {
    let vendor = vendors::find(conn, &app.sealer, settlement.vendor_id).await?.ok_or_else(|| ApiError::not_found("vendor"))?;
    let lines = settlements::lines(conn, settlement.id).await?;
    let numbers: HashMap<OrderId, _> = lines.iter().map(|line| (line.order_id, line.order_number.clone())).collect();
    let adjustments = settlements::adjustments(conn, settlement.id).await?;
    let deductions = settlements::deductions(conn, settlement.id).await?;
    let details = vendor.details.as_ref();
    Ok(Statement {
        id: settlement.id,
        vendor_name: vendor.business_name.clone(),
        vendor_address: details.and_then(|d| d.business_address.clone()),
        vendor_tax_ids: details.map(tax_ids),
        vendor_bank: details.map(bank),
        orders: lines.into_iter().map(order).collect(),
        adjustments: adjustments.into_iter().map(adjustment).collect(),
        deductions: deductions.into_iter().map(|d| deduction(numbers.get(&d.order_id).cloned(), d)).collect(),
        period: Period { start: settlement.period_start_date, end: settlement.period_end_date },
        created_at: settlement.created_at,
        status: settlement.status,
        paid: settlement.payment_reference.clone().zip(settlement.paid_at),
        sums: sums(&settlement),
        number: settlement.settlement_number,
    })
}

fn tax_ids(details: &BusinessDetails) -> String {
    let pan = format!("PAN {}", masked(details.pan.as_str()));
    details.gstin.as_ref().map_or(pan.clone(), |gstin| format!("GSTIN {} · {pan}", masked(gstin.as_str())))
}

fn bank(details: &BusinessDetails) -> String {
    let bank = &details.bank;
    format!("{} {} · {}", bank.bank_name.as_deref().unwrap_or("Account"), masked(&bank.number), bank.ifsc)
}

fn order(line: settlements::LineItem) -> OrderLine {
    OrderLine {
        order_number: line.order_number,
        completed_at: line.completed_at,
        order_total: line.order_total,
        refunded_before: line.refunded_before,
        order_amount: line.order_amount,
        commission_rate: line.commission_rate,
        commission_amount: line.commission_amount,
        net_amount: line.net_amount,
        cod_to_remit: line.cod_to_remit,
    }
}

fn adjustment(line: settlements::Adjustment) -> AdjustmentLine {
    let named = |number: Option<String>| number.unwrap_or_default();
    let what = match line.kind {
        AdjustmentKind::Refund => format!("Refund after settlement, {}", named(line.order_number.map(|n| n.to_string()))),
        AdjustmentKind::CarryOver => {
            format!("Carried over from {}", named(line.source_settlement_number.map(|n| n.to_string())))
        }
    };
    AdjustmentLine { what, refund_amount: line.refund_amount, commission_returned: line.commission_returned, amount: line.amount }
}

fn deduction(order_number: Option<domain::OrderNumber>, line: settlements::DeductionLine) -> DeductionLine {
    let what = match line.kind {
        DeductionKind::Tds => "TDS".to_owned(),
        DeductionKind::Tcs => format!("TCS {}", line.component.to_uppercase()),
        DeductionKind::GstOnCommission => "GST on the commission".to_owned(),
    };
    DeductionLine {
        order_number,
        what,
        legal_basis: line.legal_basis,
        base_amount: line.base_amount,
        rate: line.rate,
        amount: line.amount,
    }
}

fn sums(settlement: &Settlement) -> Sums {
    Sums {
        gross_revenue: settlement.gross_revenue,
        commission_amount: settlement.commission_amount,
        net_amount: settlement.net_amount,
        cod_collected: settlement.cod_collected,
        cod_to_remit: settlement.cod_to_remit,
        adjustments: settlement.adjustments_amount,
        commission_returned: settlement.commission_returned,
        carried_over: settlement.carried_over,
        deductions: settlement.deductions_amount,
        payout_amount: settlement.payout_amount,
    }
}
