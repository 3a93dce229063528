//! What other services say is kept once and never backwards.

use bus::Outcome;
use domain::ServiceName;
use domain::events::{VendorOnboarded, VendorUpdated};

use crate::world::world;

#[tokio::test]
async fn an_older_fact_of_a_vendor_never_overwrites_a_newer() {
    let world = world().await;
    let newer = VendorUpdated { vendor: world.vendor(5) };
    let mut older = VendorOnboarded { vendor: world.vendor(3) };
    older.vendor.business_name = "Old name".into();
    let envelope = world.envelope(ServiceName::VendorManagement, &newer);
    assert_eq!(world.deliver_envelope(envelope.clone()).await, Outcome::Done);
    assert_eq!(world.deliver_envelope(envelope).await, Outcome::Duplicate);
    assert_eq!(world.deliver(ServiceName::VendorManagement, &older).await, Outcome::Stale);
    let name: String = sqlx::query_scalar("SELECT business_name FROM vendors").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(name, "Sri Sai Traders");
    world.service.finish().await;
}
