//! The events as they were recorded, and the rows as they are.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use domain::OrderNumber;
use domain::events::{DomainEvent, Envelope};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::row::Table;
use crate::fleet::Environment;
use crate::service::Service;

/// Services whose events and tables are looked at.
const SERVICES: [&str; 3] = ["order", "payment", "vendor-management"];

/// What is recorded of one order, the events of each aggregate in their order.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) order_id: Uuid,
    pub(super) number: String,
    pub(super) events: Vec<Envelope>,
}

impl Story {
    /// All events of one kind.
    pub(super) fn all<E: DomainEvent>(&self) -> Result<Vec<(&Envelope, E)>> {
        self.events.iter().filter(|envelope| envelope.is::<E>()).map(|envelope| Ok((envelope, envelope.parse::<E>()?))).collect()
    }

    /// The last event of one kind.
    pub(super) fn last<E: DomainEvent>(&self) -> Result<Option<E>> {
        Ok(self.all::<E>()?.pop().map(|(_, event)| event))
    }
}

/// The databases of the services.
pub(super) struct Databases(BTreeMap<&'static str, PgConnection>);

impl Databases {
    pub(super) async fn connect(environment: &Environment) -> Result<Self> {
        let mut open = BTreeMap::new();
        for name in SERVICES {
            let url = environment.database_url(Service::named(name)?);
            open.insert(name, PgConnection::connect(&url).await.with_context(|| format!("the database of {name}"))?);
        }
        Ok(Self(open))
    }

    fn of(&mut self, service: &str) -> Result<&mut PgConnection> {
        self.0.get_mut(service).context("a service that is not looked at")
    }

    /// What is recorded of the order with this number, or of all orders: of those that have a row and those that do not.
    pub(super) async fn stories(&mut self, number: Option<&OrderNumber>) -> Result<Vec<Story>> {
        let known: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT id, order_number FROM orders WHERE $1::text IS NULL OR order_number = $1
             UNION
             SELECT aggregate_id, data->>'order_number' FROM outbox
              WHERE event_type = 'OrderPlaced' AND ($1::text IS NULL OR data->>'order_number' = $1)
              ORDER BY 2",
        )
        .bind(number.map(OrderNumber::as_str))
        .fetch_all(self.of("order")?)
        .await?;
        // A number that was changed by hand makes two of one order: its id counts.
        let mut stories: BTreeMap<Uuid, Story> = BTreeMap::new();
        for (order_id, number) in known {
            stories.entry(order_id).or_insert(Story { order_id, number, events: Vec::new() });
        }
        let wanted: Option<Vec<String>> = number.map(|_| stories.keys().map(Uuid::to_string).collect());
        for service in SERVICES {
            for envelope in self.events(service, wanted.as_deref()).await? {
                for order_id in orders_of(&envelope) {
                    if let Some(story) = stories.get_mut(&order_id) {
                        story.events.push(envelope.clone());
                    }
                }
            }
        }
        let mut stories: Vec<Story> = stories.into_values().collect();
        stories.sort_by(|one, other| one.number.cmp(&other.number));
        Ok(stories)
    }

    async fn events(&mut self, service: &str, orders: Option<&[String]>) -> Result<Vec<Envelope>> {
        let rows = sqlx::query(
            "SELECT event_id, event_type, event_version, occurred_at, aggregate_id, sequence, correlation_id, causation_id,
                    traceparent, actor, data
               FROM outbox
              WHERE (data ? 'order_id' OR data ? 'order_ids')
                AND ($1::text[] IS NULL OR data->>'order_id' = ANY($1) OR data->'order_ids' ?| $1)
              ORDER BY aggregate_id, sequence",
        )
        .bind(orders)
        .fetch_all(self.of(service)?)
        .await?;
        rows.iter().map(envelope).collect()
    }

    /// All columns of a row as text; none when there is no such row.
    pub(super) async fn row(&mut self, table: Table, key: Uuid) -> Result<Option<Value>> {
        Ok(sqlx::query_scalar(table.query()).bind(key).fetch_optional(self.of(table.service())?).await?)
    }

    /// The keys of the rows of an order.
    pub(super) async fn keys(&mut self, table: Table, order_id: Uuid) -> Result<Vec<Uuid>> {
        let Some(query) = table.of_order() else { return Ok(Vec::new()) };
        Ok(sqlx::query_scalar(query).bind(order_id).fetch_all(self.of(table.service())?).await?)
    }
}

fn orders_of(envelope: &Envelope) -> Vec<Uuid> {
    let one = envelope.data.get("order_id").into_iter();
    let many = envelope.data.get("order_ids").and_then(Value::as_array).into_iter().flatten();
    one.chain(many).filter_map(Value::as_str).filter_map(|id| id.parse().ok()).collect()
}

fn envelope(row: &PgRow) -> Result<Envelope> {
    Ok(Envelope {
        event_id: row.try_get::<Uuid, _>("event_id")?.into(),
        r#type: row.try_get("event_type")?,
        version: row.try_get("event_version")?,
        occurred_at: row.try_get::<DateTime<Utc>, _>("occurred_at")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        correlation_id: row.try_get::<Uuid, _>("correlation_id")?.into(),
        causation_id: row.try_get::<Option<Uuid>, _>("causation_id")?.map(Into::into),
        traceparent: row.try_get("traceparent")?,
        actor: serde_json::from_value(row.try_get("actor")?)?,
        data: row.try_get("data")?,
    })
}
