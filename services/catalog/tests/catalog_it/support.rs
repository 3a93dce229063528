//! A seeded catalogue with people around it.

use catalog::{CatalogService, Mismatch, seed_catalog};
use domain::events::{VendorFacts, VendorUpdated};
use domain::{
    AdminRole, GstScheme, KycStatus, OrderId, Phone, Rate, ServiceName, StateCode, SystemIds, UserId, VendorId, VendorStatus,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use testkit::{Answer, Person, TestService};
use uuid::Uuid;

pub(crate) struct Catalogue {
    pub(crate) service: TestService<CatalogService>,
    pub(crate) staff: Person,
    pub(crate) order_service: String,
}

pub(crate) const CEMENT: &str = "CEM-ULT-OPC53";
pub(crate) const STEEL: &str = "TMT-VIZ-12";
pub(crate) const MASON: &str = "mason";

impl Catalogue {
    pub(crate) async fn seeded() -> Self {
        let service = TestService::<CatalogService>::start(&[]).await;
        seed_catalog(&service.db.pool, &*service.clock, &SystemIds, Rate::from_basis_points(1500)).await.unwrap();
        service.said().await;
        let staff = service.people.admin(AdminRole::Operations);
        let order_service = service.service_token(ServiceName::Order);
        Self { service, staff, order_service }
    }

    /// A vendor that the catalogue knows as active and open.
    pub(crate) async fn vendor(&self) -> Person {
        let vendor = self.service.people.vendor();
        self.know(&facts(vendor.vendor_id, VendorStatus::Active, true, 1)).await;
        vendor
    }

    pub(crate) async fn know(&self, facts: &VendorFacts) -> bus::Outcome {
        self.service.deliver(ServiceName::VendorManagement, &VendorUpdated { vendor: facts.clone() }).await
    }

    pub(crate) async fn id(&self, sku: &str) -> Uuid {
        sqlx::query_scalar("SELECT id FROM materials WHERE sku = $1 UNION ALL SELECT id FROM labor_categories WHERE slug = $1")
            .bind(sku)
            .fetch_one(&self.service.db.pool)
            .await
            .unwrap()
    }

    /// Offers a material and answers the row.
    pub(crate) async fn offer(&self, vendor: &Person, sku: &str, stock: &str) -> Value {
        let body = json!({"material_id": self.id(sku).await, "stock_quantity": stock});
        self.service.post("/api/v1/inventory", &vendor.token, &body).await.data(201).clone()
    }

    pub(crate) async fn offer_labor(&self, vendor: &Person, slug: &str, workers: i32) -> Value {
        let body = json!({"labor_category_id": self.id(slug).await, "available_workers": workers});
        self.service.post("/api/v1/inventory", &vendor.token, &body).await.data(201).clone()
    }

    pub(crate) async fn change(&self, vendor: &Person, id: &Value, version: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/inventory/{}", id.as_str().unwrap());
        let headers = [("if-match", version)];
        self.service.send(reqwest::Method::PUT, &path, Some(&vendor.token), Some(body), &headers).await
    }

    /// The vendor after signing in again: the clock may have gone on.
    pub(crate) fn back(&self, vendor: &Person) -> Person {
        let claims =
            json!({"app_user_id": vendor.user_id, "status": "active", "user_type": "vendor", "vendor_id": vendor.vendor_id});
        Person { token: self.service.people.token(&vendor.uid, &claims), ..vendor.clone() }
    }

    pub(crate) async fn reserve(&self, order: OrderId, vendor: VendorId, lines: &Value) -> Answer {
        let body = json!({"order_id": order, "vendor_id": vendor, "lines": lines, "expires_at": "2026-11-16T06:00:00Z"});
        self.service.post("/internal/v1/reservations", &self.service.service_token(ServiceName::Order), &body).await
    }

    pub(crate) async fn replace(&self, order: OrderId, revision: i64, lines: &Value) -> Answer {
        let body = json!({"revision": revision, "lines": lines});
        self.service
            .put(&format!("/internal/v1/reservations/{order}"), &self.service.service_token(ServiceName::Order), &body)
            .await
    }

    pub(crate) async fn end(&self, order: OrderId, how: &str) -> Answer {
        self.service
            .post(
                &format!("/internal/v1/reservations/{order}/{how}"),
                &self.service.service_token(ServiceName::Order),
                &json!({}),
            )
            .await
    }

    /// Stock and what is kept of it.
    pub(crate) async fn stock(&self, offer: &Value) -> (String, String) {
        let id: Uuid = offer["id"].as_str().unwrap().parse().unwrap();
        let (stock, kept): (domain::Quantity, domain::Quantity) =
            sqlx::query_as("SELECT stock_quantity, reserved_quantity FROM vendor_inventory WHERE id = $1")
                .bind(id)
                .fetch_one(&self.service.db.pool)
                .await
                .unwrap();
        (stock.to_string(), kept.to_string())
    }

    /// What the service does again and again, once.
    pub(crate) async fn sweep(&self) {
        catalog::sweep_once(&self.service.app).await.unwrap();
    }

    /// What does not add up, of what came in over the service's interfaces.
    pub(crate) async fn mismatches(&self) -> Vec<Mismatch> {
        let mut found = catalog::reconcile_stock(&self.service.db.pool).await.unwrap();
        // A test may put stock into the table by itself; nothing is written in the book for that.
        found.retain(|row| row.what != "stock" || row.expected != "0");
        found
    }

    /// Everything adds up; ends the test.
    pub(crate) async fn finish(self) {
        assert_eq!(self.mismatches().await, [], "stock, reservations and movements do not add up");
        self.service.said().await;
        self.service.finish().await;
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {from}"));
        sqlx::query_scalar(sql).fetch_one(&self.service.db.pool).await.unwrap()
    }

    pub(crate) async fn browse(&self, path: &str) -> Answer {
        self.service.send(reqwest::Method::GET, path, None, None, &[]).await
    }
}

pub(crate) fn facts(vendor_id: VendorId, status: VendorStatus, is_accepting_orders: bool, revision: i64) -> VendorFacts {
    VendorFacts {
        vendor_id,
        user_id: UserId::new(Uuid::from_u128(7)),
        business_name: "Sri Sai Traders".to_owned(),
        status,
        kyc_status: KycStatus::Approved,
        is_accepting_orders,
        gst_scheme: GstScheme::Regular,
        state_code: "36".parse::<StateCode>().unwrap(),
        phone: "+919876543210".parse::<Phone>().unwrap(),
        latitude: Some(17.44),
        longitude: Some(78.35),
        service_radius_km: Some(25.0),
        service_pincodes: vec!["500032".parse().unwrap()],
        commission_rate: Rate::from_basis_points(1000),
        revision,
    }
}

pub(crate) fn order(n: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(n))
}

pub(crate) fn names(answer: &Answer) -> Vec<String> {
    answer.data(200).as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}
