//! Text that people wrote, with what stands for something in it.

use std::borrow::Cow;

use async_graphql::{ComplexObject, Context, ID, Interface, Object, Result, SimpleObject};

use super::loaders::{Visible, load};
use super::scalars::Url;
use super::user::User;
use crate::base::entities::{self, Meaning, Passage};
use crate::base::ids::UserId;
use crate::domain::mentions;

/// Text with the mentions, hashtags and links found in it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct FormattedText {
    /// The text as written.
    pub plain: String,
    /// Who is mentioned, as it was kept with the text.
    #[graphql(skip)]
    pub mentions: Option<String>,
}

#[ComplexObject]
impl FormattedText {
    /// What was found, in order, never overlapping.
    async fn entities(&self) -> Vec<TextEntity> {
        let named = mentions::read(self.mentions.as_deref());
        let found = entities::entities(&self.plain).into_iter();
        found.filter_map(|found| TextEntity::of(found, |name| named.get(name).copied())).collect()
    }
}

/// A part of a text that stands for something.
#[derive(Clone, Debug, Interface)]
#[expect(clippy::duplicated_attributes, reason = "two fields are of one type")]
#[graphql(
    field(name = "offset", ty = "&usize", desc = "Where it starts, in Unicode code points."),
    field(name = "length", ty = "&usize", desc = "How long it is, in Unicode code points.")
)]
pub enum TextEntity {
    /// A mention.
    Mention(MentionEntity),
    /// A hashtag.
    Hashtag(HashtagEntity),
    /// A link.
    Link(LinkEntity),
}

impl TextEntity {
    /// What was found, unless it is a name that stands for nobody.
    fn of(found: Passage, named: impl Fn(&str) -> Option<UserId>) -> Option<Self> {
        let Passage { offset, length, meaning } = found;
        Some(match meaning {
            Meaning::Mention(name) => MentionEntity { offset, length, id: named(&name)? }.into(),
            Meaning::Hashtag(name) => HashtagEntity { offset, length, hashtag: Hashtag { name } }.into(),
            Meaning::Link(url) => LinkEntity { offset, length, url: Url(url) }.into(),
        })
    }
}

/// A mention of a user.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MentionEntity {
    /// Where it starts, in Unicode code points.
    offset: usize,
    /// How long it is, in Unicode code points.
    length: usize,
    #[graphql(skip)]
    id: UserId,
}

#[ComplexObject]
impl MentionEntity {
    /// The user; null when the viewer cannot see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load(ctx).load_one(Visible(self.id)).await?.map(User))
    }
}

/// A hashtag in a text.
#[derive(Clone, Debug, SimpleObject)]
pub struct HashtagEntity {
    /// Where it starts, in Unicode code points.
    offset: usize,
    /// How long it is, in Unicode code points.
    length: usize,
    /// The hashtag.
    hashtag: Hashtag,
}

/// A link in a text.
#[derive(Clone, Debug, SimpleObject)]
pub struct LinkEntity {
    /// Where it starts, in Unicode code points.
    offset: usize,
    /// How long it is, in Unicode code points.
    length: usize,
    /// Where it leads.
    url: Url,
}

/// A word that media are gathered under.
#[derive(Clone, Debug)]
pub struct Hashtag {
    name: String,
}

/// What the ID of a hashtag starts with. The name follows in base58: a hashtag is its name, and nothing is stored of it.
pub const HASHTAG_PREFIX: &str = "tag";

impl Hashtag {
    /// The hashtag with an ID.
    #[must_use]
    pub fn with_id(id: &str) -> Option<Self> {
        let digits = id.strip_prefix(HASHTAG_PREFIX)?.strip_prefix('_')?;
        // Eight times the bytes of the longest name would not fit either; more is not worth decoding.
        let digits = Some(digits).filter(|digits| digits.len() <= 8 * entities::HASHTAG_LENGTH)?;
        let name = String::from_utf8(bs58::decode(digits).into_vec().ok()?).ok()?;
        (entities::hashtag(&name)? == name).then_some(Self { name })
    }
}

/// A word that media are gathered under.
#[Object]
impl Hashtag {
    /// The global ID.
    pub async fn id(&self) -> ID {
        format!("{HASHTAG_PREFIX}_{}", bs58::encode(&self.name).into_string()).into()
    }

    /// Its name without `#`, in lower case.
    async fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_in_its_one_form_has_an_id() {
        let id = |name: &str| format!("tag_{}", bs58::encode(name).into_string());
        for name in ["dusk", "夕焼け", &"क".repeat(entities::HASHTAG_LENGTH)] {
            assert_eq!(Hashtag::with_id(&id(name)).map(|hashtag| hashtag.name).as_deref(), Some(name));
        }
        for bad in
            [id("Dusk"), id("a b"), id(""), id("1"), "tag_0".into(), "tag".into(), format!("tag_{}", "1".repeat(5000))]
        {
            assert!(Hashtag::with_id(&bad).is_none(), "{bad}");
        }
    }
}
