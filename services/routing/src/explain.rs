//! How agents stand to a task, and why: the rule by which the engine chooses, applied to one agent after the other.

use time::OffsetDateTime;

use crate::domain::{Candidate, Lack, Need, Plan, Profile, Ruling, Scope, Standing};
use crate::engine::Queued;

/// How an agent stands to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandsNow {
    /// How.
    pub standing: Standing,
    /// The first stage that the agent fulfils, reached or not; none for none.
    pub stage: Option<usize>,
    /// When the agent let it go by; none where they did not.
    pub let_go_by: Option<OffsetDateTime>,
    /// What is wanting, in words; empty where nothing is.
    pub wanting: String,
}

/// How an agent stands `now` to a task that a plan rules so.
#[must_use]
pub fn stood(task: &Queued, plan: &Plan, ruling: &Ruling, agent: &Candidate, now: OffsetDateTime) -> StandsNow {
    let needs: Vec<Need> = ruling.stages.iter().map(|stage| stage.need_of(&task.named)).collect();
    let lack = |need: &Need| lack(agent, need);
    let stage = needs.iter().position(|need| lack(need).is_none());
    let reached = ruling.reached(now - task.queue_time);
    let let_go_by = task
        .let_go_by
        .iter()
        .find(|(who, _)| *who == agent.book.agent)
        .map(|(_, last)| *last);
    let widest = needs.get(reached - 1);
    let standing = match widest.and_then(lack) {
        Some(lack) => Standing::Lacks(lack),
        None if let_go_by.is_some_and(|last| last + plan.refusal_delay > now) => Standing::LetItGoBy,
        None if !agent.book.room().has(task.attributes.channel) => Standing::NoRoom,
        None => Standing::Fits,
    };
    let wanting = match (standing, widest) {
        (Standing::Lacks(lack), Some(need)) => wanting(lack, need, &agent.profile),
        (Standing::NoRoom, _) => format!("holds {} of {}", agent.book.load, agent.book.capacity),
        _ => String::new(),
    };
    StandsNow {
        standing,
        stage,
        let_go_by,
        wanting,
    }
}

fn lack(agent: &Candidate, need: &Need) -> Option<Lack> {
    let is_asked = need.agents.is_empty() || need.agents.contains(&agent.book.agent);
    if is_asked {
        agent.profile.lacks(need)
    } else {
        Some(Lack::Agent)
    }
}

/// What is wanting, in words. Names nobody.
fn wanting(lack: Lack, need: &Need, profile: &Profile) -> String {
    match lack {
        Lack::Agent => "it is kept for somebody whom the customer knows".to_owned(),
        Lack::Language => {
            let each = need.languages.iter().map(|(wanted, level)| {
                let spoken = profile.languages.iter().filter(|(spoken, _)| spoken.serves(wanted));
                match spoken.map(|(_, how)| *how).max() {
                    Some(how) => format!("speaks {wanted} at {how}, {level} is asked"),
                    None => format!("does not speak {wanted}"),
                }
            });
            each.collect::<Vec<_>>().join("; ")
        }
        Lack::Skill => {
            let knows = |(skill, level): &(_, i16)| {
                let how = profile.skills.iter().find(|(known, _)| known == skill);
                match how {
                    Some((_, how)) => (*how >= *level, format!("knows {skill} at {how}, {level} is asked")),
                    None => (false, format!("does not know {skill}")),
                }
            };
            let wanting = need.skills.iter().filter(|any| !any.iter().any(|one| knows(one).0));
            let each = wanting.flatten().map(|one| knows(one).1);
            each.collect::<Vec<_>>().join("; ")
        }
        Lack::Certification => {
            let wanting = need.certifications.iter();
            let wanting = wanting.filter(|one| !profile.certifications.contains(one));
            let each = wanting.map(|one| format!("is not certified for {one}"));
            each.collect::<Vec<_>>().join("; ")
        }
        Lack::Place => match &need.scope {
            Scope::Anywhere => String::new(),
            Scope::Within { sites, regions } => {
                let names: Vec<_> = sites.iter().chain(regions).map(String::as_str).collect();
                format!("is at {:?}, and not at {}", profile.site, names.join(" or "))
            }
        },
    }
}
