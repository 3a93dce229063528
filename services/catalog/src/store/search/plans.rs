//! What Postgres makes of the statements of this file when there is much to look through.

use sqlx::postgres::PgConnection;

use super::*;
use crate::CatalogService;
use testkit::TestService;

/// 20,000 materials of 20 brands and 12 sorts, 400 vendors with 300 offers each.
const DATA: [&str; 4] = [
    "INSERT INTO categories (id, name, slug, parent_id, type, created_at, updated_at) VALUES
        (md5('top')::uuid, 'Walls', 'walls', NULL, 'material', now(), now()),
        (md5('low')::uuid, 'Tiles', 'tiles', md5('top')::uuid, 'material', now(), now()),
        (md5('other')::uuid, 'Other', 'other', NULL, 'material', now(), now())",
    "INSERT INTO vendors (vendor_id, business_name, status, is_accepting_orders, latitude, longitude, service_radius_km,
                          service_pincodes, revision, updated_at)
     SELECT md5('v' || n)::uuid, 'V' || n, 'active', true, 17, 78, 20, ARRAY[(500000 + n % 20)::text], 1, now()
       FROM generate_series(1, 400) n",
    "INSERT INTO vendor_inventory (id, vendor_id, material_id, stock_quantity, created_at, updated_at)
     SELECT md5(v || '-' || k)::uuid, md5('v' || v)::uuid, md5('m' || 1 + (v * 7 + k * 61) % 20000)::uuid, 100, now(), now()
       FROM generate_series(1, 400) v, generate_series(1, 300) k",
    "ANALYZE",
];

/// An eighth of the materials: no statement may take long, here as in the service.
const MATERIALS: &str = "INSERT INTO materials (id, category_id, name, sku, description, base_price, unit, specifications, hsn_code, created_at, updated_at)
     SELECT md5('m' || n)::uuid, md5(CASE WHEN n % 10 = 0 THEN 'low' WHEN n % 10 = 1 THEN 'top' ELSE 'other' END)::uuid,
            concat_ws(' ', (ARRAY['Aarna','Bhavya','Deccan','Eshwar','Falcon','Hima','Indus','Jyothi','Lanco','Musi'])[1 + n % 10] || n % 2,
                      (ARRAY['Cement','Brick','Tile','Sand','Paint','Pipe','Wire','Door','Board','Stone','Switch','Tank'])[1 + n % 12],
                      n % 40, 'mm', 'lot', n),
            'SKU-' || n, 'cement mortar', 100 + n % 900, CASE WHEN n % 30 = 0 THEN 'bag' ELSE 'piece' END,
            jsonb_build_object('brand', 'brand ' || n % 50, 'grade', 'grade ' || n % 200), '6907', now(), now()
       FROM generate_series($1 * 2500 + 1, $1 * 2500 + 2500) n";

async fn plan(conn: &mut PgConnection, filter: &Filter, sort: Sort, tier: Option<Tier>, after: &After) -> String {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let ask = Ask { filter, sort, tier, after, limit: 21, today };
    let mut query = write_page("EXPLAIN SELECT ", &MaterialRow::TABLE, &ask);
    let lines: Vec<String> = query.build_query_scalar().persistent(false).fetch_all(conn).await.unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn no_list_and_no_search_reads_a_whole_table() {
    let service = TestService::<CatalogService>::start(&[]).await;
    let mut conn = service.db.pool.acquire().await.unwrap();
    sqlx::query(DATA[0]).execute(&mut *conn).await.unwrap();
    for part in 0..8 {
        sqlx::query(MATERIALS).bind(part).execute(&mut *conn).await.unwrap();
    }
    for statement in &DATA[1..] {
        sqlx::query(*statement).execute(&mut *conn).await.unwrap();
    }
    let category: CategoryId = sqlx::query_scalar("SELECT md5('top')::uuid").fetch_one(&mut *conn).await.unwrap();
    let place = crate::store::vendors::Place { pincode: Some("500007".parse().unwrap()), point: None };
    let near = crate::store::vendors::delivering_to(&mut conn, &place).await.unwrap();
    assert_eq!(near.len(), 20);
    let all = Filter::default;
    let words = |text: &str| Filter { looking: Looking::read(text), ..all() };
    let relevance = Sort::Relevance;
    let cases: Vec<(Filter, Sort, &str)> = vec![
        (all(), Sort::Name, "materials_by_name"),
        (all(), Sort::PriceUp, "materials_by_price"),
        (all(), Sort::PriceDown, "materials_by_price"),
        (all(), Sort::Newest, "materials_active"),
        (Filter { category: Some(category), ..all() }, Sort::Name, "materials_by_category"),
        (Filter { category: Some(category), ..all() }, Sort::PriceUp, "materials_by_category_and_price"),
        (Filter { category: Some(category), ..all() }, Sort::Newest, "materials_by_category_and_id"),
        (Filter { brand: Some("brand 7".to_owned()), ..all() }, Sort::Name, "materials_by_brand"),
        (Filter { unit: Some(Unit::Bag), ..all() }, Sort::Name, "materials_by_"),
        (Filter { min_price: Some(Money::from_rupees(995)), ..all() }, Sort::PriceUp, "materials_by_price"),
        (Filter { specifications: vec!["grade=grade 7".to_owned()], ..all() }, Sort::Name, "materials_by_facets"),
        (Filter { vendor: near.first().copied(), ..all() }, Sort::Name, "vendor_inventory_once"),
        (Filter { near: Some(near.clone()), ..all() }, Sort::Name, "vendor_inventory_by_material"),
        (Filter { near: near.get(..2).map(<[_]>::to_vec), ..all() }, Sort::Name, "vendor_inventory_once"),
        (words("sariya"), relevance, "materials_by_name_doc"),
        (words("8mm cement"), relevance, "materials_by_name_doc"),
        (words("cement"), relevance, "materials_by_"),
        (Filter { near: Some(near.clone()), ..words("8mm cement") }, relevance, "materials_by_name_doc"),
        (Filter { category: Some(category), ..words("brick") }, Sort::PriceUp, "materials_by_doc"),
    ];
    for (filter, sort, index) in &cases {
        let tier = (*sort == relevance).then_some(Tier::Name);
        let value = match sort {
            Sort::Name => "M",
            Sort::PriceUp | Sort::PriceDown => "500.00",
            Sort::Newest => "80000000-0000-7000-8000-000000000000",
            Sort::Relevance => "0",
        };
        for after in [None, Some((value.to_owned(), Uuid::from_u128(0x8000 << 112)))] {
            let plan = plan(&mut conn, filter, *sort, tier, &after).await;
            assert!(plan.contains(index), "{filter:?} {sort:?} {after:?} does not use {index}\n{plan}");
            for table in ["materials", "vendor_inventory"] {
                assert!(!plan.contains(&format!("Seq Scan on {table}")), "{filter:?} {sort:?} {after:?}\n{plan}");
            }
        }
    }
    for tier in [Tier::Kind, Tier::Description] {
        let plan = plan(&mut conn, &words("8mm cement"), relevance, Some(tier), &None).await;
        assert!(plan.contains("Bitmap Index Scan"), "{plan}");
    }
    drop(conn);
    service.finish().await;
}

fn statement(filter: &Filter, sort: Sort) -> String {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let ask = Ask { filter, sort, tier: None, after: &None, limit: 21, today };
    write_page("SELECT ", &MaterialRow::TABLE, &ask).into_string()
}

#[test]
fn words_are_bound_and_never_written_into_the_statement() {
    let filter = Filter { looking: Looking::read("cement'; DROP"), brand: Some("acc'".to_owned()), ..Filter::default() };
    let statement = statement(&filter, Sort::Name);
    assert!(!statement.contains("DROP") && !statement.contains("acc"), "{statement}");
}

#[test]
fn the_plain_list_is_one_step_along_its_index() {
    let statement = statement(&Filter::default(), Sort::Name);
    assert!(statement.ends_with("WHERE m.is_active ORDER BY m.name, m.id LIMIT 21"), "{statement}");
}
