//! The decision: what has changed, in the order of the line.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use time::{Duration, OffsetDateTime};

use super::index::{Asked, Counts};
use super::line::{Place, Waiting};
use super::podium::Podium;
use super::row::{Available, Seat, seat};
use super::slab::number;
use super::{Engine, micros};
use crate::domain::{AgentId, Decision, Lack, Pairing, Reason, Shortlist, Standing, Stood};

/// Whom a task goes to.
struct Choice {
    agent: u32,
    reason: Reason,
    /// Who would have been next.
    next: [Option<u32>; Shortlist::NEXT],
}

/// A task to be looked at, and the agent for whose sake; none for its own.
type Look = Reverse<(Place, u32, Option<u32>)>;

impl Engine {
    /// Decides what there is to decide `now`, at most `limit` offers; the rest is left for the next time. What is decided is taken
    /// as done: its tasks wait no more, its agents hold them. Where it could not be done, the task and the agent are to be
    /// put again as they are.
    pub fn decide(&mut self, now: OffsetDateTime, limit: usize) -> Vec<Decision> {
        let now = micros(now);
        self.advance(now);
        let mut looks = self.looks(now);
        let mut decisions = Vec::new();
        while decisions.len() < limit
            && let Some(Reverse((place, task, agent))) = looks.pop()
        {
            let still_waits = self.line.get(task).is_some_and(|waiting| waiting.task.task == place.2);
            if still_waits && let Some(choice) = self.choose(task, now) {
                decisions.extend(self.give(task, &choice, now));
            }
            if let Some(agent) = agent {
                looks.extend(self.look_for(agent, now));
            }
        }
        for Reverse((_, task, agent)) in looks {
            match agent {
                Some(agent) => self.row.mark(agent),
                None => self.line.mark(task),
            }
        }
        decisions
    }

    /// Files anew what time has moved.
    fn advance(&mut self, now: i64) {
        while let Some(number) = self.line.next_due(now) {
            let Some(mut task) = self.line.get(number).map(|waiting| waiting.task.clone()) else {
                return;
            };
            let Some(filed) = self.file(&mut task, now) else {
                return;
            };
            self.line.refile(number, filed);
        }
    }

    /// What has changed: tasks for their own sake, and for each agent who may fit more than before the first task.
    fn looks(&mut self, now: i64) -> BinaryHeap<Look> {
        let changed = self.line.take_changed();
        let is_everything = changed.len() == self.line.len();
        let mut looks: BinaryHeap<Look> = changed
            .into_iter()
            .filter_map(|task| Some(Reverse((self.line.place(task, now)?, task, None))))
            .collect();
        let gained = self.row.take_gained();
        if !is_everything {
            let for_agents = gained.into_iter().filter_map(|agent| self.look_for(agent, now));
            looks.extend(for_agents.collect::<Vec<_>>());
        }
        looks
    }

    /// The first task in line that an agent can take.
    fn look_for(&self, number: u32, now: i64) -> Option<Look> {
        let agent = self.row.get(number)?;
        let classes = &self.index.groups[agent.group as usize].classes;
        let roomy = self.row.classes_at(agent.room)?;
        let mut best: Option<(Place, u32)> = None;
        for lane in &self.line.lanes {
            let mut first = i64::MAX;
            let mut found = None;
            for class in classes.and_both(&lane.classes, roomy) {
                if lane.heads[class] > first {
                    continue;
                }
                let mut queue = lane.queues[class].iter();
                let taken = queue.find(|(_, _, task)| !self.is_let_alone(*task, agent.book.agent, now));
                if let Some(&(since, id, task)) = taken
                    && found.is_none_or(|(before, _)| (since, id) < before)
                {
                    first = since;
                    found = Some(((since, id), task));
                }
            }
            if let Some(((since, id), task)) = found {
                let place = lane.place(since, id, now);
                if best.is_none_or(|(before, _)| place < before) {
                    best = Some((place, task));
                }
            }
        }
        for task in self.line.kept_for(agent.book.agent) {
            if let Some(place) = self.line.place(task, now)
                && best.is_none_or(|(before, _)| place < before)
                && self.is_kept_for(task, agent, now)
            {
                best = Some((place, task));
            }
        }
        best.map(|(place, task)| Reverse((place, task, Some(number))))
    }

    /// Whether an agent can take a task that waits for those alone whom it names.
    fn is_kept_for(&self, task: u32, agent: &Available, now: i64) -> bool {
        let Some(waiting) = self.line.get(task) else {
            return false;
        };
        let class = &self.index.classes[waiting.filed.class as usize];
        let fits = |asked: &Asked| {
            waiting.task.named.of(&asked.only).contains(&agent.book.agent)
                && self.index.needs[asked.need as usize].groups.contains(agent.group)
        };
        class.needs.last().is_some_and(fits)
            && agent.room.has(class.channel)
            && !self.is_let_alone(task, agent.book.agent, now)
    }

    fn is_let_alone(&self, task: u32, agent: AgentId, now: i64) -> bool {
        self.line.get(task).is_none_or(|waiting| {
            !waiting.task.let_go_by.is_empty() && waiting.is_let_alone(agent, self.refusal_delay(waiting), now)
        })
    }

    fn refusal_delay(&self, waiting: &Waiting) -> Duration {
        self.plans.all()[waiting.filed.plan].plan.refusal_delay
    }

    /// The best agent for a task.
    fn choose(&self, number: u32, now: i64) -> Option<Choice> {
        let waiting = self.line.get(number)?;
        let class = &self.index.classes[waiting.filed.class as usize];
        for (step, asked) in class.needs.iter().enumerate() {
            let fit = &self.index.needs[asked.need as usize].groups;
            if !asked.only.is_empty() {
                let there = self.there(waiting, asked);
                let mut podium = Podium::default();
                for seat in there.iter().filter(|(_, id, _)| !waiting.was_let_go_by(*id)) {
                    podium.put(*seat);
                }
                if let Some(choice) = chosen(&podium, reason(step, there.len(), false)) {
                    return Some(choice);
                }
                continue;
            }
            let mut podium = Podium::default();
            let mut candidates = 0;
            for tier in self.row.tiers_for(class.channel) {
                for group in fit.and(&tier.groups) {
                    candidates += tier.seats[group].len();
                    if tier.heads[group] > podium.last() {
                        continue;
                    }
                    let seats = tier.seats[group].iter();
                    let mut fresh = seats.filter(|(_, agent, _)| !waiting.was_let_go_by(*agent));
                    while fresh.next().is_some_and(|seat| podium.put(*seat)) {}
                }
            }
            if let Some(choice) = chosen(&podium, reason(step, candidates, false)) {
                return Some(choice);
            }
        }
        self.choose_again(waiting, now)
    }

    /// Of the agents whom a task names, those who are asked for, fit, and have room.
    fn there(&self, waiting: &Waiting, asked: &Asked) -> Vec<Seat> {
        let class = &self.index.classes[waiting.filed.class as usize];
        let named = waiting.task.named.of(&asked.only);
        let there = named.into_iter().filter_map(|id| {
            let (number, agent) = self.row.find(id)?;
            let fits =
                self.index.needs[asked.need as usize].groups.contains(agent.group) && agent.room.has(class.channel);
            fits.then(|| seat(number, agent))
        });
        there.collect()
    }

    /// The best of those who let a task go by, and may be asked again.
    fn choose_again(&self, waiting: &Waiting, now: i64) -> Option<Choice> {
        let class = &self.index.classes[waiting.filed.class as usize];
        let widest = class.needs.last()?;
        let fit = &self.index.needs[widest.need as usize].groups;
        let delay = self.refusal_delay(waiting);
        let only = waiting.task.named.of(&widest.only);
        let mut podium = Podium::default();
        let mut candidates = 0;
        for (agent, _) in &waiting.task.let_go_by {
            let Some((number, agent)) = self.row.find(*agent) else {
                continue;
            };
            let book = &agent.book;
            let fits = fit.contains(agent.group)
                && (widest.only.is_empty() || only.contains(&book.agent))
                && agent.room.has(class.channel)
                && !waiting.is_let_alone(book.agent, delay, now);
            if fits {
                podium.put(seat(number, agent));
                candidates += 1;
            }
        }
        chosen(&podium, reason(class.needs.len() - 1, candidates, true))
    }

    /// Who stands for a task that goes to whom was chosen, as they stand before it does.
    fn shortlist(&mut self, task: u32, choice: &Choice, now: i64) -> Option<Shortlist> {
        let waiting = self.line.get(task)?;
        let class = &self.index.classes[waiting.filed.class as usize];
        let asked = class.needs.get(usize::try_from(choice.reason.relaxed_steps).ok()?)?;
        let (need, channel) = (asked.need, class.channel);
        let delay = self.refusal_delay(waiting);
        let is_again = choice.reason.asked_again;
        let is_passed_over = |agent: AgentId| {
            if is_again {
                waiting.is_let_alone(agent, delay, now)
            } else {
                waiting.was_let_go_by(agent)
            }
        };
        let mut counts = if asked.only.is_empty() {
            let mut counts = self.index.counts(need);
            let fulfil = &self.index.needs[need as usize].groups;
            let let_go_by = waiting.task.let_go_by.iter();
            let fitting = let_go_by
                .filter_map(|(agent, _)| self.row.find(*agent))
                .filter(|(_, agent)| fulfil.contains(agent.group) && is_passed_over(agent.book.agent));
            let (mut passed_over, mut with_room) = (0, 0);
            for (_, agent) in fitting {
                passed_over += 1;
                with_room += u32::from(agent.room.has(channel));
            }
            let candidates = choice.reason.candidates.max(0).unsigned_abs();
            let fit = if is_again { candidates } else { candidates - with_room };
            counts[Standing::NoRoom.number()] = counts[Standing::Fits.number()] - fit - passed_over;
            counts[Standing::LetItGoBy.number()] = passed_over;
            counts[Standing::Fits.number()] = fit;
            counts
        } else {
            let mut counts = Counts::default();
            let named = waiting.task.named.of(&asked.only);
            let there: Vec<_> = named.into_iter().filter_map(|agent| self.row.find(agent)).collect();
            counts[Standing::Lacks(Lack::Agent).number()] = number(self.row.len() - there.len());
            for (_, agent) in there {
                let standing = match self.index.needs[need as usize].standing(agent.group) {
                    Standing::Fits if is_passed_over(agent.book.agent) => Standing::LetItGoBy,
                    Standing::Fits if !agent.room.has(channel) => Standing::NoRoom,
                    standing => standing,
                };
                counts[standing.number()] += 1;
            }
            counts
        };
        // Of the others.
        counts[Standing::Fits.number()] -= 1;
        let stood = |number: u32| self.row.get(number).map(|agent| Stood::from(&agent.book));
        Some(Shortlist {
            taken: stood(choice.agent)?,
            next: choice.next.map(|number| number.and_then(stood)),
            counts,
        })
    }

    /// Takes it as done.
    fn give(&mut self, task: u32, choice: &Choice, now: i64) -> Option<Decision> {
        let shortlist = self.shortlist(task, choice, now)?;
        let waiting = self.line.get(task)?;
        let agent = self.row.get(choice.agent)?;
        let (book, _) = agent.book.taking(waiting.task.attributes.channel)?;
        let group = agent.group;
        let pairing = Pairing {
            task: waiting.task.task,
            version: waiting.task.version,
            agent: book.agent,
            plan: waiting.filed.plan,
        };
        self.line.remove(pairing.task);
        self.row.put(book, group, false);
        Some(Decision {
            pairing,
            reason: choice.reason,
            shortlist,
        })
    }
}

/// The first, and who comes after; none where there is nobody.
fn chosen(podium: &Podium, reason: Reason) -> Option<Choice> {
    let (first, next) = podium.numbers();
    Some(Choice {
        agent: first?,
        reason,
        next,
    })
}

/// A plan has few steps, and no region so many agents that they cannot be counted.
fn reason(step: usize, candidates: usize, asked_again: bool) -> Reason {
    Reason {
        relaxed_steps: i16::try_from(step).unwrap_or(i16::MAX),
        candidates: i32::try_from(candidates).unwrap_or(i32::MAX),
        asked_again,
    }
}
