//! The rules, pure: who may read what, and what a playbook says. Locales and messages have theirs in `support-words`.

pub mod article;
pub mod change;
pub mod playbook;
pub mod text;
