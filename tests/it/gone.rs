//! Tokens that outlive the account that they are of.

use photograph::base::ids::UserId;
use photograph::platform::db::Tx;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::kit::Kit;

#[tokio::test]
async fn a_token_whose_account_is_gone_signs_nobody_in() {
    // Where rows are kept in memory, they go with the fact that the account is gone; nothing records one so far.
    let kit = Kit::with(|config| config.cache.entries = 0).await;
    let (ada, ben) = (kit.signs_up("ada").await, kit.signs_up("ben").await);
    let media = ben.publishes("dusk").await;
    kit.settle().await;
    let user: UserId = ada.id.parse().expect("the ID of a user");
    let delete = format!("DELETE FROM users WHERE id = {}", user.0);
    let deleted = async |tx: &Tx| Ok(tx.conn().execute_unprepared(&delete).await.map(|_| ())?);
    kit.app.db.write(&user, deleted).await.expect("the row goes");
    for query in
        ["{ viewer { id } }", "{ viewer { user { username } } }", "{ viewer { email } }", "{ server { version } }"]
    {
        let answer = ada.asks(query, json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{query}: {:#}", answer.body);
    }
    assert_eq!(ada.tries("likeMedia", json!({ "mediaId": media }), "").await.code(), "UNAUTHENTICATED");
    for subscription in
        ["subscription { activityEvents { __typename } }", "subscription { homeFeedEvents { __typename } }"]
    {
        assert_eq!(ada.listens(subscription, json!({})).await.fails().await, "UNAUTHENTICATED", "{subscription}");
    }
    assert_eq!(ben.sees_media(&media).await["likeCount"], 0, "the others notice nothing");
    kit.ends().await;
}
