use catalog::seed_catalog;
use domain::{Rate, SystemIds};

use crate::support::Catalogue;

#[tokio::test]
async fn the_seeds_load_twice_and_the_second_time_nothing_changes() {
    let catalogue = Catalogue::seeded().await;
    assert!(catalogue.count("materials").await >= 60);
    assert!(catalogue.count("labor_categories").await >= 8);
    let service = &catalogue.service;
    let seeded = seed_catalog(&service.db.pool, &*service.clock, &SystemIds, Rate::from_basis_points(1500)).await.unwrap();
    let changed = [seeded.categories, seeded.materials, seeded.labor, seeded.gst_rates].map(|counted| counted.changed);
    assert_eq!(changed, [0, 0, 0, 0]);
    assert!(service.said().await.is_empty());
    catalogue.finish().await;
}

#[tokio::test]
async fn everything_seeded_has_a_tax_rate_for_every_kind_of_supplier_today() {
    let catalogue = Catalogue::seeded().await;
    let without = catalogue
        .count(
            "(SELECT hsn_code AS code FROM materials UNION SELECT sac_code FROM labor_categories) c
               CROSS JOIN (VALUES ('regular'), ('composition'), ('unregistered')) s (scheme)
              WHERE NOT EXISTS (SELECT FROM gst_rates g WHERE g.tax_code = c.code AND g.scheme = s.scheme
                                   AND g.valid_from <= '2026-11-16' AND (g.valid_to IS NULL OR g.valid_to >= '2026-11-16'))",
        )
        .await;
    assert_eq!(without, 0);
    catalogue.finish().await;
}

#[tokio::test]
async fn what_staff_switched_off_stays_off_when_the_seeds_are_loaded_again() {
    let catalogue = Catalogue::seeded().await;
    let id = catalogue.id("SND-RIVER").await;
    let path = format!("/api/v1/materials/{id}");
    assert_eq!(catalogue.service.delete(&path, &catalogue.staff.token).await.status, 204);
    let service = &catalogue.service;
    seed_catalog(&service.db.pool, &*service.clock, &SystemIds, Rate::from_basis_points(1500)).await.unwrap();
    assert_eq!(catalogue.browse(&path).await.code(404), "not_found");
    catalogue.finish().await;
}

#[tokio::test]
async fn two_rates_of_one_code_never_cover_the_same_day() {
    let catalogue = Catalogue::seeded().await;
    let insert = "INSERT INTO gst_rates (id, tax_code, scheme, rate, valid_from, valid_to, source)
                  VALUES (gen_random_uuid(), '2523', 'regular', 5, '2017-01-01', '2017-07-01', 'overlaps by its last day')";
    let refused = sqlx::query(insert).execute(&catalogue.service.db.pool).await.unwrap_err();
    assert_eq!(pg_kit::errors::constraint(&refused), Some("gst_rates_no_overlap"));
    let insert = "INSERT INTO gst_rates (id, tax_code, scheme, rate, valid_from, valid_to, source)
                  VALUES (gen_random_uuid(), '2523', 'regular', 5, '2017-01-01', '2017-06-30', 'ends the day before')";
    sqlx::query(insert).execute(&catalogue.service.db.pool).await.unwrap();
    catalogue.finish().await;
}
