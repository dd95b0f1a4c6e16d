//! Playbooks: which steps a conversation takes, and in which order.

/// A step of a conversation. Stages, product lines and channels are the numbers of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'d> {
    /// The purpose it belongs to; none for a step of every conversation.
    pub purpose: Option<&'d str>,
    /// Its name, unique within the purpose.
    pub name: &'d str,
    /// The part of the conversation.
    pub stage: i32,
    /// Where it stands within the stage.
    pub order: i32,
    /// The key of what is said.
    pub text: &'d str,
    /// Whether it may never be left out.
    pub required: bool,
    /// The product lines it is for; empty for all.
    pub product_lines: &'d [i32],
    /// The channels it is for; empty for all.
    pub channels: &'d [i32],
}

/// What is known of a conversation. What is not known leaves no step out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Situation {
    /// The product line it is about.
    pub product_line: Option<i32>,
    /// The channel it is held on.
    pub channel: Option<i32>,
    /// The only part of it that is asked for.
    pub stage: Option<i32>,
}

impl Situation {
    fn calls_for(self, step: &Step<'_>) -> bool {
        let is_among =
            |list: &[i32], known: Option<i32>| list.is_empty() || known.is_none_or(|known| list.contains(&known));
        is_among(step.product_lines, self.product_line)
            && is_among(step.channels, self.channel)
            && self.stage.is_none_or(|stage| stage == step.stage)
    }
}

/// The steps that a conversation takes, in the order in which it takes them: one order for the same steps, wherever they
/// came from.
#[must_use]
pub fn conversation<'d>(steps: impl IntoIterator<Item = Step<'d>>, situation: Situation) -> Vec<Step<'d>> {
    let mut taken: Vec<Step<'d>> = steps.into_iter().filter(|step| situation.calls_for(step)).collect();
    taken.sort_unstable_by_key(|step| (step.stage, step.order, step.purpose, step.name));
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: i32 = 1;
    const REMIND: i32 = 4;
    const PHONE: i32 = 1;
    const WATCH: i32 = 4;
    const EMAIL: i32 = 2;
    const CHAT: i32 = 3;

    fn step(purpose: Option<&'static str>, name: &'static str, stage: i32, order: i32) -> Step<'static> {
        Step {
            purpose,
            name,
            stage,
            order,
            text: "playbook.say.case_number",
            required: false,
            product_lines: &[],
            channels: &[],
        }
    }

    fn names(steps: impl IntoIterator<Item = Step<'static>>, situation: Situation) -> Vec<&'static str> {
        conversation(steps, situation)
            .into_iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn the_order_is_that_of_stages_then_of_numbers_then_of_names() {
        let repair = Some("repair");
        let steps = [
            step(repair, "lock", REMIND, 20),
            step(repair, "receipt", REMIND, 10),
            step(repair, "b", OPEN, 10),
            step(None, "z", OPEN, 10),
            step(repair, "a", OPEN, 10),
            step(None, "first", OPEN, 0),
            step(None, "last", REMIND, 9_999),
        ];
        let expected = ["first", "z", "a", "b", "receipt", "lock", "last"];
        assert_eq!(names(steps, Situation::default()), expected);
        let mut turned = steps;
        for _ in 0..steps.len() {
            turned.rotate_left(1);
            assert_eq!(names(turned, Situation::default()), expected);
        }
    }

    #[test]
    fn a_step_is_taken_where_it_is_called_for() {
        let steps = [
            step(None, "everywhere", OPEN, 1),
            Step {
                product_lines: &[PHONE, WATCH],
                ..step(None, "lines", OPEN, 2)
            },
            Step {
                channels: &[EMAIL],
                ..step(None, "channel", OPEN, 3)
            },
            Step {
                product_lines: &[PHONE],
                channels: &[CHAT],
                ..step(None, "both", REMIND, 4)
            },
        ];
        for (product_line, channel, stage, expected) in [
            (None, None, None, &["everywhere", "lines", "channel", "both"][..]),
            (Some(WATCH), None, None, &["everywhere", "lines", "channel"]),
            (Some(2), None, None, &["everywhere", "channel"]),
            (None, Some(CHAT), None, &["everywhere", "lines", "both"]),
            (Some(PHONE), Some(CHAT), None, &["everywhere", "lines", "both"]),
            (Some(WATCH), Some(CHAT), None, &["everywhere", "lines"]),
            (Some(2), Some(6), None, &["everywhere"]),
            (None, None, Some(REMIND), &["both"]),
            (Some(WATCH), None, Some(REMIND), &[]),
        ] {
            let situation = Situation {
                product_line,
                channel,
                stage,
            };
            assert_eq!(names(steps, situation), expected, "{situation:?}");
        }
    }
}
