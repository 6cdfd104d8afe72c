//! The steps that bring what happened to somebody to their devices, and take it away again.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::{ActivityId, UserId};
use crate::domain::pushes::{self, Next, Turn};

/// What devices are to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "push", rename_all = "camelCase")]
pub enum Pushing {
    /// An activity, as it is when it is its turn.
    Activity { user: UserId, activity: ActivityId },
    /// That an activity is gone.
    TakenBack { user: UserId, activity: ActivityId },
    /// That the activities were seen.
    Seen { user: UserId },
}

/// What devices are to be brought after a fact.
pub(super) fn after(fact: &Fact) -> Option<Pushing> {
    match *fact {
        Fact::ActivityChanged { user, activity, is_more: true } => Some(Pushing::Activity { user, activity }),
        Fact::ActivityRemoved { user, activity } => Some(Pushing::TakenBack { user, activity }),
        Fact::ActivitySeen { user } => Some(Pushing::Seen { user }),
        _ => None,
    }
}

impl Pushing {
    /// Does the step, or says when it goes on.
    ///
    /// # Errors
    /// When it is to be tried again later.
    pub(super) async fn run(self, app: &App, turn: Turn) -> Result<Next> {
        match self {
            Self::Activity { user, activity } => pushes::push(app, user, activity, turn).await,
            Self::TakenBack { user, activity } => pushes::take_back(app, user, activity, turn).await,
            Self::Seen { user } => pushes::count_again(app, user, turn).await,
        }
    }
}
