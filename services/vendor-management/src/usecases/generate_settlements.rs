//! Make the settlements of a period, for one vendor or all (rules 32 to 35).

use std::collections::{BTreeMap, HashMap};

use domain::events::{SettlementDeduction, SettlementGenerated};
use domain::{Actor, Money, OrderId, SettlementId, SettlementNumber, VendorId};
use pg_kit::outbox;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Refusal;
use crate::App;
use crate::domain::deductions::{self, DatedRate, Deduction};
use crate::domain::settlement::{self, AdjustmentShare, Line, OrderToSettle, Period, PeriodRefused, Sums};
use crate::store::settlement_runs::{self as runs, NewCarryOver, NewDeduction, NewLine, NewSettlement, Taken, Touching, Waiting};
use crate::store::settlements::{self, Settlement};
use crate::store::vendors;

/// Vendors settled in one transaction: short enough that nobody waits long, large enough to be quick.
const AT_ONCE: usize = 100;

/// What a run made, or found made.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) settlements: Vec<Settlement>,
    /// Vendors with another settlement in the way.
    pub(crate) refused: Vec<Touching>,
}

/// Makes what is to be made. Again, also at the same time, answers the same settlements.
pub(crate) async fn generate_settlements(
    app: &App,
    actor: &Actor,
    vendor: Option<VendorId>,
    (start, end): (chrono::NaiveDate, chrono::NaiveDate),
) -> Result<Run, Refusal> {
    let period = Period::finished(start, end, app.kit.clock.now()).map_err(|refused| match refused {
        PeriodRefused::Backwards => Refusal::PeriodBackwards,
        PeriodRefused::Unfinished(over_at) => Refusal::PeriodUnfinished { over_at },
    })?;
    let mut conn = app.kit.pool.acquire().await?;
    let candidates = match vendor {
        Some(id) => vec![vendors::find(&mut conn, &app.sealer, id).await?.ok_or(Refusal::NotFound("vendor"))?.id],
        None => runs::candidates(&mut conn, period).await?,
    };
    drop(conn);
    let (mut ids, mut refused) = (Vec::new(), Vec::new());
    for some in candidates.chunks(AT_ONCE) {
        let some: Vec<Uuid> = some.iter().map(VendorId::as_uuid).collect();
        let (made, in_the_way) = settle_some(app, actor, &some, period).await?;
        ids.extend(made);
        refused.extend(in_the_way);
    }
    if let (Some(_), Some(touching)) = (vendor, refused.first()) {
        return Err(Refusal::PeriodOverlaps {
            settlement_number: touching.settlement_number.clone(),
            start: touching.period_start_date,
            end: touching.period_end_date,
        });
    }
    let mut conn = app.kit.pool.acquire().await?;
    let settlements = settlements::find_all(&mut conn, &ids).await?;
    Ok(Run { settlements, refused })
}

/// One transaction: hold the vendors, see what is there, compute, write, tell.
async fn settle_some(app: &App, actor: &Actor, vendors: &[Uuid], period: Period) -> Result<(Vec<Uuid>, Vec<Touching>), Refusal> {
    let mut tx = app.kit.pool.begin().await?;
    runs::hold_vendors(&mut tx, vendors).await?;
    let touching = runs::touching(&mut tx, vendors, period).await?;
    let (same, in_the_way): (Vec<_>, Vec<_>) =
        touching.into_iter().partition(|other| other.period_start_date == period.start && other.period_end_date == period.end);
    let taken = |id: &Uuid| same.iter().chain(&in_the_way).any(|other| other.vendor_id.as_uuid() == *id);
    let open: Vec<Uuid> = vendors.iter().copied().filter(|id| !taken(id)).collect();
    let orders = runs::waiting_orders(&mut tx, &open, period.over_at()).await?;
    let adjustments = runs::waiting_adjustments(&mut tx, &open).await?;
    let rates = runs::rates(&mut tx).await?;
    let drafts = draft(app, orders, adjustments, &rates)?;
    let mut ids: Vec<Uuid> = same.iter().map(|other| other.id.as_uuid()).collect();
    ids.extend(drafts.iter().map(|draft| draft.id.as_uuid()));
    if !drafts.is_empty() {
        write(&mut tx, app, actor, period, &drafts).await?;
    }
    tx.commit().await?;
    Ok((ids, in_the_way))
}

/// A settlement with its parts, computed and not yet written.
struct Draft {
    id: SettlementId,
    vendor_id: VendorId,
    orders: Vec<(OrderToSettle, Line, Vec<Deduction>)>,
    adjustments: Vec<Waiting>,
    sums: Sums,
}

fn draft(app: &App, orders: Vec<OrderToSettle>, adjustments: Vec<Waiting>, rates: &[DatedRate]) -> Result<Vec<Draft>, Refusal> {
    let mut by_vendor: BTreeMap<VendorId, (Vec<OrderToSettle>, Vec<Waiting>)> = BTreeMap::new();
    for order in orders {
        by_vendor.entry(order.vendor_id).or_default().0.push(order);
    }
    for adjustment in adjustments {
        by_vendor.entry(adjustment.vendor_id).or_default().1.push(adjustment);
    }
    let switches = app.config.deductions();
    let mut drafts = Vec::with_capacity(by_vendor.len());
    for (vendor_id, (orders, adjustments)) in by_vendor {
        let mut settled = Vec::with_capacity(orders.len());
        for order in orders {
            let line = settlement::line(&order)?;
            let deducted = deductions::of_order(&order, &line, switches, rates)?;
            settled.push((order, line, deducted));
        }
        let shares: Vec<AdjustmentShare> = adjustments
            .iter()
            .map(|a| AdjustmentShare { kind: a.kind, amount: a.amount, commission_returned: a.commission_returned })
            .collect();
        let lines = settled.iter().map(|(order, line, _)| (*line, order.cod_collected));
        let deducted = settled.iter().flat_map(|(_, _, deducted)| deducted.iter().map(|d| d.amount));
        let sums = settlement::sums(lines, &shares, deducted)?;
        drafts.push(Draft { id: app.kit.ids.next(), vendor_id, orders: settled, adjustments, sums });
    }
    Ok(drafts)
}

async fn write(conn: &mut PgConnection, app: &App, actor: &Actor, period: Period, drafts: &[Draft]) -> Result<(), Refusal> {
    let (now, ids) = (app.kit.clock.now(), &*app.kit.ids);
    let numbers = runs::numbers(conn, drafts.len()).await?;
    let rows: Vec<NewSettlement> = drafts.iter().zip(numbers).map(|(draft, number)| row(draft, number, period)).collect();
    runs::insert_settlements(conn, &rows, now).await?;
    let lines: Vec<NewLine> =
        drafts.iter().flat_map(|draft| draft.orders.iter().map(|order| line_row(ids.uuid(), draft.id, order))).collect();
    runs::insert_lines(conn, &lines, now).await?;
    let deducted: Vec<NewDeduction> = drafts
        .iter()
        .flat_map(|draft| draft.orders.iter().map(move |order| (draft.id, order)))
        .flat_map(|(id, (order, _, deducted))| deducted.iter().map(move |deduction| (id, order.order_id, deduction)))
        .map(|(id, order_id, deduction)| deduction_row(ids.uuid(), id, order_id, deduction))
        .collect();
    runs::insert_deductions(conn, &deducted, now).await?;
    let taken: Vec<Taken> =
        drafts.iter().flat_map(|draft| draft.adjustments.iter().map(|a| Taken { id: a.id, settlement_id: draft.id })).collect();
    runs::take_adjustments(conn, &taken).await?;
    let carried: Vec<NewCarryOver> = drafts
        .iter()
        .filter(|draft| draft.sums.payout_amount.is_negative())
        .map(|draft| NewCarryOver {
            id: ids.uuid(),
            vendor_id: draft.vendor_id,
            amount: draft.sums.payout_amount,
            source_settlement_id: draft.id,
        })
        .collect();
    runs::insert_carry_overs(conn, &carried, now).await?;

    let made: Vec<Uuid> = drafts.iter().map(|draft| draft.id.as_uuid()).collect();
    let made: HashMap<SettlementId, Settlement> =
        settlements::find_all(conn, &made).await?.into_iter().map(|s| (s.id, s)).collect();
    for draft in drafts {
        let Some(settlement) = made.get(&draft.id) else { continue };
        let order_ids = draft.orders.iter().map(|(order, _, _)| order.order_id).collect();
        let all = draft.orders.iter().flat_map(|(_, _, deducted)| deducted.iter().map(|d| (d.kind.as_str(), d.amount)));
        let facts = settlement.facts(order_ids, by_kind(all)?);
        outbox::append(conn, now, ids, actor, &SettlementGenerated { settlement: facts }).await?;
    }
    Ok(())
}

/// Deductions summed over orders and components, as others are told.
pub(crate) fn by_kind<'a>(all: impl Iterator<Item = (&'a str, Money)>) -> Result<Vec<SettlementDeduction>, Refusal> {
    let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
    for (kind, amount) in all {
        let sum = sums.entry(kind).or_default();
        *sum = sum.checked_add(amount)?;
    }
    Ok(sums.into_iter().map(|(kind, amount)| SettlementDeduction { kind: kind.to_owned(), amount }).collect())
}

fn row(draft: &Draft, number: i64, period: Period) -> NewSettlement {
    let sums = &draft.sums;
    NewSettlement {
        id: draft.id,
        settlement_number: SettlementNumber::from_sequence(number.unsigned_abs()),
        vendor_id: draft.vendor_id,
        period_start_date: period.start,
        period_end_date: period.end,
        total_orders: draft.orders.len(),
        gross_revenue: sums.gross_revenue,
        commission_amount: sums.commission_amount,
        net_amount: sums.net_amount,
        cod_collected: sums.cod_collected,
        cod_to_remit: sums.cod_to_remit,
        adjustments_amount: sums.adjustments,
        commission_returned: sums.commission_returned,
        carried_over: sums.carried_over,
        deductions_amount: sums.deductions,
        payout_amount: sums.payout_amount,
    }
}

fn line_row(id: Uuid, settlement_id: SettlementId, (order, line, _): &(OrderToSettle, Line, Vec<Deduction>)) -> NewLine {
    NewLine {
        id,
        settlement_id,
        order_id: order.order_id,
        order_number: order.order_number.clone(),
        order_date: order.order_date,
        completed_at: order.completed_at,
        order_total: order.total,
        refunded_before: order.refunded,
        order_amount: line.order_amount,
        commission_rate: order.commission_rate,
        commission_amount: line.commission_amount,
        net_amount: line.net_amount,
        cod_collected: order.cod_collected,
        cod_to_remit: line.cod_to_remit,
    }
}

fn deduction_row(id: Uuid, settlement_id: SettlementId, order_id: OrderId, deduction: &Deduction) -> NewDeduction {
    NewDeduction {
        id,
        settlement_id,
        order_id,
        kind: deduction.kind,
        component: deduction.component.clone(),
        legal_basis: deduction.legal_basis.clone(),
        base_amount: deduction.base_amount,
        rate: deduction.rate,
        amount: deduction.amount,
    }
}
