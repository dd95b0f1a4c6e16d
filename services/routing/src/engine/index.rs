//! Who fits what, worked out once: agents by what they can do, tasks by what they demand.

use std::collections::{BTreeSet, HashMap};

use super::bits::Bits;
use super::slab::number;
use crate::domain::{Acquaintance, Channel, Lack, Need, Profile, Stage, Standing};

/// Agents in *groups* of the same profile, *needs* with the groups that fulfil them, and *classes* of tasks that demand
/// the same.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) groups: Vec<Group>,
    group_of: HashMap<Profile, u32>,
    /// Groups without agents: their numbers may be given to others.
    vacant: BTreeSet<u32>,
    pub(super) needs: Vec<Demand>,
    need_of: HashMap<Need, u32>,
    pub(super) classes: Vec<Class>,
    class_of: HashMap<ClassKey, u32>,
    /// The same, by what makes it one.
    class_of_needs: HashMap<(Vec<Asked>, Channel), u32>,
    /// How often somebody has come into a group or left one.
    moves: u64,
}

/// Agents of one profile.
#[derive(Debug)]
pub(super) struct Group {
    profile: Profile,
    /// How many agents are of it.
    members: usize,
    /// The classes whose tasks it fits, at the latest by the steps they have reached.
    pub(super) classes: Bits,
}

/// What tasks demand.
#[derive(Debug)]
pub(super) struct Demand {
    need: Need,
    /// The groups that fulfil it, room aside.
    pub(super) groups: Bits,
    /// What each group lacks of it.
    lacks: Vec<Option<Lack>>,
    /// How many agents lack what, and how many nothing, by the number of the standing; after how many moves it was counted.
    counted: Option<(u64, Counts)>,
}

/// How many stand how to something, by the number of the standing.
pub(super) type Counts = [u32; Standing::ALL.len()];

/// How agents stand who lack this, room aside.
fn standing(lack: Option<Lack>) -> Standing {
    lack.map_or(Standing::Fits, Standing::Lacks)
}

impl Demand {
    fn set(&mut self, group: u32, profile: &Profile) {
        let place = group as usize;
        if place >= self.lacks.len() {
            self.lacks.resize(place + 1, None);
        }
        let lack = profile.lacks(&self.need);
        self.lacks[place] = lack;
        self.groups.set(group, lack.is_none());
    }

    /// How agents of a group stand to it, room aside.
    pub(super) fn standing(&self, group: u32) -> Standing {
        standing(self.lacks[group as usize])
    }
}

/// Tasks that demand the same, now.
#[derive(Debug)]
pub(super) struct Class {
    /// What they demand, at first and after each step they have reached; whoever fulfils one fulfils those after it.
    pub(super) needs: Vec<Asked>,
    /// The channel, for which there must be room.
    pub(super) channel: Channel,
}

/// A need by its number, and who alone is asked of those who fulfil it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) need: u32,
    /// Those of these whom the task names; empty for anybody.
    pub(super) only: Vec<Acquaintance>,
}

impl Class {
    /// Whether its tasks are kept for the agents whom they name.
    pub(super) fn is_kept(&self) -> bool {
        self.needs.last().is_some_and(|asked| !asked.only.is_empty())
    }
}

/// What makes a class, and is found quickly: of different ones some make the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassKey {
    /// What the plan says, by its number.
    pub(super) ruling: u32,
    /// The channel.
    pub(super) channel: Channel,
    /// How many of the stages its tasks have reached.
    pub(super) stages: u32,
}

impl Index {
    /// An agent with this profile comes into its group.
    pub(super) fn join(&mut self, profile: &Profile) -> u32 {
        self.moves += 1;
        if let Some(known) = self.group_of.get(profile).copied() {
            if self.groups[known as usize].members == 0 {
                self.vacant.remove(&known);
            }
            self.groups[known as usize].members += 1;
            return known;
        }
        let group = Group {
            profile: profile.clone(),
            members: 1,
            classes: Bits::default(),
        };
        let new = if let Some(vacant) = self.vacant.pop_first() {
            let before = std::mem::replace(&mut self.groups[vacant as usize], group);
            self.group_of.remove(&before.profile);
            vacant
        } else {
            self.groups.push(group);
            number(self.groups.len() - 1)
        };
        self.group_of.insert(profile.clone(), new);
        for demand in &mut self.needs {
            demand.set(new, profile);
        }
        let classes = &mut self.groups[new as usize].classes;
        for (place, class) in self.classes.iter().enumerate() {
            if fits(&self.needs, class, new) {
                classes.set(number(place), true);
            }
        }
        new
    }

    /// An agent leaves a group.
    pub(super) fn leave(&mut self, group: u32) {
        self.moves += 1;
        let members = &mut self.groups[group as usize].members;
        *members -= 1;
        if *members == 0 {
            self.vacant.insert(group);
        }
    }

    /// Whether agents of a group have this profile.
    pub(super) fn is_of(&self, group: u32, profile: &Profile) -> bool {
        self.groups[group as usize].profile == *profile
    }

    /// The class of a key. Where it is new, `stages` say what its tasks demand.
    pub(super) fn class<'s, S>(&mut self, key: ClassKey, stages: impl FnOnce() -> S) -> u32
    where
        S: Iterator<Item = &'s Stage>,
    {
        if let Some(known) = self.class_of.get(&key) {
            return *known;
        }
        let needs: Vec<Asked> = stages()
            .map(|stage| Asked {
                need: self.need(&stage.need),
                only: stage.only.clone(),
            })
            .collect();
        let same = (needs, key.channel);
        if let Some(known) = self.class_of_needs.get(&same) {
            self.class_of.insert(key, *known);
            return *known;
        }
        let class = Class {
            needs: same.0.clone(),
            channel: key.channel,
        };
        let new = number(self.classes.len());
        for (place, group) in self.groups.iter_mut().enumerate() {
            group.classes.set(new, fits(&self.needs, &class, number(place)));
        }
        self.classes.push(class);
        self.class_of.insert(key, new);
        self.class_of_needs.insert(same, new);
        new
    }

    fn need(&mut self, need: &Need) -> u32 {
        if let Some(known) = self.need_of.get(need) {
            return *known;
        }
        let mut demand = Demand {
            need: need.clone(),
            groups: Bits::default(),
            lacks: Vec::with_capacity(self.groups.len()),
            counted: None,
        };
        for (place, group) in self.groups.iter().enumerate() {
            demand.set(number(place), &group.profile);
        }
        let new = number(self.needs.len());
        self.need_of.insert(need.clone(), new);
        self.needs.push(demand);
        new
    }

    /// How many agents fulfil a need, and how many lack what, room aside. Counted anew only where somebody has come or gone since.
    pub(super) fn counts(&mut self, need: u32) -> Counts {
        let demand = &mut self.needs[need as usize];
        if let Some((_, counts)) = demand.counted.filter(|(moves, _)| *moves == self.moves) {
            return counts;
        }
        let mut counts = Counts::default();
        for (lack, group) in demand.lacks.iter().zip(&self.groups) {
            counts[standing(*lack).number()] += number(group.members);
        }
        demand.counted = Some((self.moves, counts));
        counts
    }

    /// Forgets all needs and classes.
    pub(super) fn forget_classes(&mut self) {
        self.needs.clear();
        self.need_of.clear();
        self.classes.clear();
        self.class_of.clear();
        self.class_of_needs.clear();
        for group in &mut self.groups {
            group.classes = Bits::default();
        }
    }
}

fn fits(needs: &[Demand], class: &Class, group: u32) -> bool {
    let widest = class.needs.last();
    widest.is_some_and(|asked| needs[asked.need as usize].groups.contains(group))
}
