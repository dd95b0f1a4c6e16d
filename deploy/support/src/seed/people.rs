//! Who works where.

use support_proto::support::routing::v1::{Ability, CreateAgentRequest, LanguageSkill, ProductSkill};
use support_proto::support::types::v1::ProductLine;

/// How many agents a site has.
const AGENTS_A_SITE: usize = 7;

/// A site, and what its agents speak: with agent `i` speaking the languages of row `i` modulo the rows.
struct Site {
    /// As the standard's territories would name it.
    code: &'static str,
    time_zone: &'static str,
    names: [&'static str; AGENTS_A_SITE],
    languages: &'static [&'static [(&'static str, i32)]],
}

/// Six sites in five regions of the world.
const SITES: [Site; 6] = [
    Site {
        code: "cork",
        time_zone: "Europe/Dublin",
        names: ["Aoife", "Lukas", "Marta", "Claire", "Daan", "Giulia", "Ingrid"],
        languages: &[
            &[("en", 5)],
            &[("de", 5), ("en", 4)],
            &[("es", 5), ("en", 4)],
            &[("fr", 5), ("en", 4)],
            &[("nl", 5), ("de", 3), ("en", 4)],
            &[("it", 5), ("en", 4)],
            &[("no", 5), ("en", 5)],
        ],
    },
    Site {
        code: "austin",
        time_zone: "America/Chicago",
        names: ["Maya", "Diego", "Jordan", "Lucia", "Sam", "Elena", "Chris"],
        languages: &[&[("en", 5)], &[("es", 5), ("en", 5)]],
    },
    Site {
        code: "bengaluru",
        time_zone: "Asia/Kolkata",
        names: ["Ananya", "Rohan", "Kavya", "Arjun", "Divya", "Nikhil", "Sneha"],
        languages: &[&[("en", 5), ("hi", 5)], &[("en", 5)]],
    },
    Site {
        code: "shanghai",
        time_zone: "Asia/Shanghai",
        names: ["Wei", "Ling", "Jun", "Mei", "Hao", "Xiu", "Tao"],
        languages: &[&[("zh-Hans", 5)], &[("zh-Hans", 5), ("en", 4)]],
    },
    Site {
        code: "tokyo",
        time_zone: "Asia/Tokyo",
        names: ["Haruka", "Ren", "Yui", "Sota", "Aoi", "Kenta", "Mio"],
        languages: &[&[("ja", 5)], &[("ja", 5), ("en", 4)]],
    },
    Site {
        code: "amman",
        time_zone: "Asia/Amman",
        names: ["Layla", "Omar", "Rania", "Yousef", "Salma", "Tariq", "Noor"],
        languages: &[&[("ar", 5)], &[("ar", 5), ("en", 4)]],
    },
];

/// The product lines an agent may know; each knows the first, and every third of the rest, shifted.
const LINES: [ProductLine; 7] = [
    ProductLine::Phone,
    ProductLine::Laptop,
    ProductLine::Tablet,
    ProductLine::Watch,
    ProductLine::Audio,
    ProductLine::Desktop,
    ProductLine::Accessory,
];

/// Every agent, without request ids.
pub(super) fn agents() -> Vec<CreateAgentRequest> {
    SITES
        .iter()
        .flat_map(|site| {
            site.names.iter().enumerate().map(|(index, name)| CreateAgentRequest {
                request_id: String::new(),
                subject: format!("agent-{}-{:02}", site.code, index + 1),
                display_name: (*name).to_owned(),
                site: site.code.to_owned(),
                time_zone: site.time_zone.to_owned(),
                languages: site.languages[index % site.languages.len()]
                    .iter()
                    .map(|(language, level)| LanguageSkill {
                        language: (*language).to_owned(),
                        level: *level,
                    })
                    .collect(),
                skills: skills(index),
                // Every second of them is taught how to help with an account, and how not to help a stranger.
                abilities: (index % 2 == 0).then(account_security).into_iter().collect(),
                capacity: 6,
                ..CreateAgentRequest::default()
            })
        })
        .collect()
}

fn account_security() -> Ability {
    Ability {
        name: "area/account-security".to_owned(),
        level: 3,
    }
}

fn skills(index: usize) -> Vec<ProductSkill> {
    LINES
        .iter()
        .enumerate()
        .filter(|(line, _)| *line == 0 || !(line + index).is_multiple_of(3))
        .map(|(line, product_line)| ProductSkill {
            product_line: (*product_line).into(),
            level: if (line + index) % 3 == 1 { 5 } else { 3 },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_product_line_is_known_at_every_site() {
        for site in SITES.iter().map(|site| site.code) {
            let known: BTreeSet<i32> = agents()
                .into_iter()
                .filter(|agent| agent.site == site)
                .flat_map(|agent| agent.skills.into_iter().map(|skill| skill.product_line))
                .collect();
            assert_eq!(known.len(), LINES.len(), "{site}");
        }
    }

    #[test]
    fn subjects_are_unique() {
        let subjects: BTreeSet<String> = agents().into_iter().map(|agent| agent.subject).collect();
        assert_eq!(subjects.len(), SITES.len() * AGENTS_A_SITE);
    }
}
