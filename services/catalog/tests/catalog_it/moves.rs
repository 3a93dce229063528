use serde_json::json;

use crate::support::Catalogue;

#[tokio::test]
async fn two_moves_at_once_make_no_cycle() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let at = "/api/v1/categories";
    for round in 0..8 {
        let mut ids = Vec::new();
        for side in ["left", "right"] {
            let body = json!({"name": side, "slug": format!("{side}-{round}"), "type": "material"});
            ids.push(catalogue.service.post(at, token, &body).await.data(201)["id"].clone());
        }
        let hang = async |child: usize, parent: usize, side: &str| {
            let body = json!({"name": side, "slug": format!("{side}-{round}"), "parent_id": ids[parent], "type": "material"});
            let path = format!("{at}/{}", ids[child].as_str().unwrap());
            catalogue.service.put(&path, token, &body).await.status
        };
        let (one, other) = tokio::join!(hang(0, 1, "left"), hang(1, 0, "right"));
        let mut both = [one, other];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "each move is fine for itself, both together are a cycle");
    }
    catalogue.finish().await;
}
