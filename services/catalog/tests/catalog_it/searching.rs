//! Searching, and counting what was found.

use serde_json::{Value, json};

use crate::support::{CEMENT, Catalogue, names};

fn encoded(words: &str) -> String {
    words.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn search(catalogue: &Catalogue, words: &str) -> Vec<String> {
    names(&catalogue.browse(&format!("/api/v1/materials?limit=100&q={}", encoded(words))).await)
}

#[tokio::test]
async fn people_find_what_they_mean_in_three_languages_and_with_typing_errors() {
    let catalogue = Catalogue::seeded().await;
    for (words, first) in [
        ("cemnt 53 grade", "OPC 53"),
        ("cemnt 53", "OPC 53"),
        ("UltraTech", "UltraTech"),
        ("ultratec", "UltraTech"),
        ("tmt 8 mm", "Fe 550D 8 mm"),
        ("8mm sariya", "Fe 550D 8 mm"),
        ("8mm sariyya price", "Fe 550D 8 mm"),
        ("8 एमएम सरिया", "Fe 550D 8 mm"),
        ("CEM-ULT-OPC53", "UltraTech OPC 53"),
        ("river sand", "River Sand"),
        ("retti", "Sand"),
        ("isuka", "Sand"),
        ("ఇసుక", "Sand"),
        ("रेत", "Sand"),
        ("सीमेंट", "Cement"),
        ("సిమెంట్", "Cement"),
        ("సిమెంటు 53", "OPC 53"),
        ("सरिया", "TMT Bar"),
        ("20mm kankara", "Aggregate 20 mm"),
        ("itukalu", "Brick"),
        ("bricks", "Brick"),
        ("ply", "Plywood"),
        ("plywod 18mm", "Plywood 18 mm"),
        ("emulson 20 ltr", "Emulsion 20 litre"),
        ("1000 ltr tanki", "Water Tank"),
        ("1.5 sqmm wire", "House Wire 1.5"),
        ("msand", "M-Sand"),
    ] {
        let found = search(&catalogue, words).await;
        assert!(found.first().is_some_and(|name| name.contains(first)), "{words}: {found:?}");
    }
    // A size is never taken for another.
    assert!(search(&catalogue, "8mm sariya").await.iter().all(|name| name.ends_with(" 8 mm")));
    assert!(search(&catalogue, "9mm sariya").await.is_empty());
    for nothing in ["%", "helicopter", "!(", "'", "\\", "&|!<->"] {
        assert!(search(&catalogue, nothing).await.is_empty(), "{nothing}");
    }
    for words in ["plumer", "mistri", "మేస్త్రి"] {
        let found = names(&catalogue.browse(&format!("/api/v1/labor?q={}", encoded(words))).await);
        assert!(found.first().is_some_and(|name| name == "Plumber" || name.starts_with("Mason")), "{words}: {found:?}");
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn what_a_name_says_comes_before_what_a_description_mentions() {
    let catalogue = Catalogue::seeded().await;
    let found = search(&catalogue, "concrete").await;
    let named = found.iter().take_while(|name| name.contains("Concrete") || name.contains("concrete")).count();
    assert!(named >= 3, "{found:?}");
    assert!(found[named..].iter().all(|name| !name.to_lowercase().contains("concrete")), "{found:?}");
    catalogue.finish().await;
}

#[tokio::test]
async fn words_are_taken_apart_here_as_the_database_does_it() {
    let catalogue = Catalogue::seeded().await;
    for text in ["UltraTech OPC-53 (50kg)", "1,000 litre; 0.5\" x 12.75mm.", "M20/M25 600×200", "Fe550D,Fe500D", "a.b 5. .5"] {
        let theirs: String =
            sqlx::query_scalar("SELECT search_normal($1)").bind(text).fetch_one(&catalogue.service.db.pool).await.unwrap();
        assert_eq!(catalog::domain::words::parts(text), theirs.split_whitespace().collect::<Vec<_>>(), "{text}");
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn a_category_with_another_name_is_found_by_it_with_all_that_hangs_under_it() {
    let catalogue = Catalogue::seeded().await;
    assert!(search(&catalogue, "masala").await.is_empty());
    let tree = catalogue.browse("/api/v1/categories").await.data(200).clone();
    let cement = tree.as_array().unwrap().iter().find(|category| category["slug"] == "cement").unwrap().clone();
    let path = format!("/api/v1/categories/{}", cement["id"].as_str().unwrap());
    let body = json!({"name": "Cement and Masala", "slug": "cement", "type": "material"});
    let _ = catalogue.service.put(&path, &catalogue.staff.token, &body).await.data(200);
    assert!(search(&catalogue, "masala").await.len() > 15);
    catalogue.finish().await;
}

#[tokio::test]
async fn no_row_comes_twice_or_is_left_out_while_others_are_added() {
    let catalogue = Catalogue::seeded().await;
    let cement = catalogue.browse(&format!("/api/v1/materials/{}", catalogue.id(CEMENT).await)).await.data(200).clone();
    for query in ["q=cemnt", "q=concrete", "q=cement&sort=price", "sort=name", "sort=price_desc", "sort=newest"] {
        let before = names(&catalogue.browse(&format!("/api/v1/materials?limit=100&{query}")).await);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        let mut added = 0;
        loop {
            let answer = catalogue.browse(&format!("/api/v1/materials?limit=6&{query}{cursor}")).await;
            seen.extend(names(&answer));
            let Some(next) = answer.body["page"]["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            if added < 3 {
                // Words that were typing errors a moment ago are words now.
                let body = json!({"category_id": cement["category_id"], "name": format!("Cemnt Concrete {query} {added}"),
                    "base_price": "350.00", "unit": "bag", "hsn_code": "2523", "gst_rate": "18.00"});
                let _ = catalogue.service.post("/api/v1/materials", &catalogue.staff.token, &body).await.data(201);
                added += 1;
            }
        }
        let old = |name: &&String| !name.starts_with("Cemnt Concrete");
        let old_ones: Vec<&String> = seen.iter().filter(old).collect();
        if query.starts_with("q=cemnt") {
            // What was added later has the very word; the list still goes on with what it began with.
            assert_eq!(old_ones, before.iter().collect::<Vec<_>>(), "{query}");
        } else {
            let expected: Vec<&String> = before.iter().filter(old).collect();
            assert!(expected.len() <= old_ones.len() && expected.iter().zip(&old_ones).all(|(a, b)| a == b), "{query}");
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all, "{query}");
        sqlx::query("DELETE FROM materials WHERE name LIKE 'Cemnt Concrete%'").execute(&catalogue.service.db.pool).await.unwrap();
        sqlx::query("DELETE FROM search_words WHERE word = 'cemnt'").execute(&catalogue.service.db.pool).await.unwrap();
    }
    catalogue.finish().await;
}

fn count_of(values: &Value, field: &str, value: &str) -> i64 {
    let found = values.as_array().unwrap().iter().find(|one| one[field] == value);
    found.map_or(0, |one| one["count"].as_i64().unwrap())
}

#[tokio::test]
async fn facets_count_what_each_choice_would_leave() {
    let catalogue = Catalogue::seeded().await;
    let plain = catalogue.browse("/api/v1/materials").await;
    assert!(plain.body.get("facets").is_none());
    let answer = catalogue.browse("/api/v1/materials?q=cement&facets=true&limit=1").await;
    let facets = &answer.body["facets"];
    for (value, path) in [
        (count_of(&facets["brands"], "value", "UltraTech"), "q=cement&brand=ULTRATECH"),
        (count_of(&facets["units"], "unit", "bag"), "q=cement&unit=bag"),
        (count_of(&facets["specifications"]["grade"], "value", "OPC 53"), "q=cement&spec=grade:opc%2053"),
        (count_of(&facets["prices"], "from", "250.00"), "q=cement&min_price=250&max_price=499.99"),
    ] {
        let found = names(&catalogue.browse(&format!("/api/v1/materials?limit=100&{path}")).await).len();
        assert!(found > 0 && i64::try_from(found).unwrap() == value, "{path}: {found} and {value} in {facets}");
    }
    let category = &facets["categories"][0];
    let path = format!("/api/v1/materials?limit=100&q=cement&category_id={}", category["category_id"].as_str().unwrap());
    assert_eq!(i64::try_from(names(&catalogue.browse(&path).await).len()).unwrap(), category["count"].as_i64().unwrap());
    let both = catalogue.browse("/api/v1/materials?spec=grade:OPC%2053&spec=brand:acc").await;
    assert_eq!(names(&both), ["ACC OPC 53 Grade Cement 50 kg"]);
    catalogue.finish().await;
}

#[tokio::test]
async fn facets_are_counted_again_when_the_catalogue_changes() {
    let catalogue = Catalogue::seeded().await;
    let cement = catalogue.id(CEMENT).await;
    let path = "/api/v1/materials?facets=true&limit=1&brand=ultratech";
    let count = async || count_of(&catalogue.browse(path).await.body["facets"]["brands"], "value", "UltraTech");
    let before = count().await;
    assert_eq!(count().await, before);
    assert_eq!(catalogue.service.delete(&format!("/api/v1/materials/{cement}"), &catalogue.staff.token).await.status, 204);
    assert_eq!(count().await, before - 1);
    catalogue.finish().await;
}
