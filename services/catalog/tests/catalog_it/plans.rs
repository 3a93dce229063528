//! The main queries go by their indexes when there is enough to look through. Those of lists and searches, whose text depends
//! on what is asked, are looked at beside the code that writes them.

use sqlx::{AssertSqlSafe, Row as _};

use crate::support::Catalogue;

async fn plan(catalogue: &Catalogue, query: &str) -> String {
    let mut tx = catalogue.service.db.pool.begin().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN {query}"))).fetch_all(&mut *tx).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_main_queries_go_by_their_indexes() {
    let catalogue = Catalogue::seeded().await;
    // In parts: no statement may take long, here as in the service.
    for part in 0..8 {
        sqlx::query(
            "INSERT INTO materials (id, category_id, name, sku, base_price, unit, hsn_code, created_at, updated_at)
             SELECT gen_random_uuid(), (SELECT id FROM categories WHERE slug = 'tiles'), 'Tile pattern ' || md5(n::text),
                    'GEN-' || n, 100 + n % 900, 'piece', '6907', now(), now()
               FROM generate_series($1 * 2500 + 1, $1 * 2500 + 2500) n",
        )
        .bind(part)
        .execute(&catalogue.service.db.pool)
        .await
        .unwrap();
    }
    sqlx::raw_sql(
        "INSERT INTO vendor_inventory (id, vendor_id, material_id, stock_quantity, created_at, updated_at)
         SELECT gen_random_uuid(), md5((n % 200)::text)::uuid, m.id, 0, now(), now()
           FROM (SELECT id, row_number() OVER () AS n FROM materials) m;
         ANALYZE",
    )
    .execute(&catalogue.service.db.pool)
    .await
    .unwrap();
    for (query, index) in [
        ("SELECT * FROM materials m WHERE m.is_active ORDER BY m.name, m.id LIMIT 21", "materials_by_name"),
        ("SELECT * FROM materials m WHERE m.is_active ORDER BY m.base_price, m.id LIMIT 21", "materials_by_price"),
        (
            "SELECT * FROM vendor_inventory WHERE vendor_id = md5('7')::uuid AND material_id = ANY (ARRAY[md5('a')::uuid, md5('b')::uuid]) ORDER BY id FOR UPDATE",
            "vendor_inventory_once",
        ),
        (
            "SELECT * FROM vendor_inventory o WHERE o.material_id = md5('a')::uuid AND o.is_available",
            "vendor_inventory_by_material",
        ),
        ("SELECT * FROM vendor_offers WHERE id = md5('a')::uuid AND vendor_id = md5('7')::uuid", "vendor_inventory_"),
    ] {
        let plan = plan(&catalogue, query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan on materials") && !plan.contains("Seq Scan on vendor_inventory"), "{query}\n{plan}");
    }
    catalogue.finish().await;
}
