//! Scripts: what a letter alone tells.

/// The scripts that the languages known here are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Devanagari,
    Han,
    /// Hiragana and katakana.
    Kana,
    Hangul,
    Greek,
    Hebrew,
    Bengali,
    Tamil,
    Telugu,
    Thai,
    /// Any other script: letters of a language that is not known here.
    Other,
}

impl Script {
    /// How many there are.
    pub(crate) const COUNT: usize = 14;

    /// All of them, in their order.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Arabic,
        Self::Devanagari,
        Self::Han,
        Self::Kana,
        Self::Hangul,
        Self::Greek,
        Self::Hebrew,
        Self::Bengali,
        Self::Tamil,
        Self::Telugu,
        Self::Thai,
        Self::Other,
    ];

    /// The script of a letter or of a mark that is written on one; none for digits, punctuation and pictures.
    pub(crate) fn of(letter: char) -> Option<Self> {
        let script = match u32::from(letter) {
            0x41..=0x5A | 0x61..=0x7A | 0xC0..=0x24F | 0x1E00..=0x1EFF => Self::Latin,
            0x370..=0x3FF | 0x1F00..=0x1FFF => Self::Greek,
            0x400..=0x52F => Self::Cyrillic,
            0x591..=0x5F4 => Self::Hebrew,
            0x600..=0x6FF | 0x750..=0x77F | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC => Self::Arabic,
            0x900..=0x97F => Self::Devanagari,
            0x980..=0x9FF => Self::Bengali,
            0xB80..=0xBFF => Self::Tamil,
            0xC00..=0xC7F => Self::Telugu,
            0xE00..=0xE7F => Self::Thai,
            0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7AF => Self::Hangul,
            0x3041..=0x30FF | 0xFF66..=0xFF9F => Self::Kana,
            0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3134F => Self::Han,
            _ if letter.is_alphabetic() => Self::Other,
            _ => return None,
        };
        // The blocks hold signs and digits too; marks belong to the letter they stand on.
        let is_mark = matches!(
            script,
            Self::Devanagari | Self::Bengali | Self::Tamil | Self::Telugu | Self::Thai
        ) && !letter.is_numeric()
            && !matches!(letter, '।' | '॥' | '฿' | '๏' | '๚' | '๛');
        let is_vowel_sign = matches!(letter, '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{5B0}'..='\u{5C7}');
        (letter.is_alphabetic() || is_mark || is_vowel_sign).then_some(script)
    }

    /// The only language known here that is written in it; none where there are several, or none.
    pub(crate) fn only_language(self) -> Option<&'static str> {
        match self {
            Self::Hangul => Some("ko"),
            Self::Greek => Some("el"),
            Self::Hebrew => Some("he"),
            Self::Bengali => Some("bn"),
            Self::Tamil => Some("ta"),
            Self::Telugu => Some("te"),
            Self::Thai => Some("th"),
            Self::Kana => Some("ja"),
            Self::Latin | Self::Cyrillic | Self::Arabic | Self::Devanagari | Self::Han | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_their_marks_have_a_script_and_all_else_has_none() {
        for (letter, script) in [
            ('a', Some(Script::Latin)),
            ('ß', Some(Script::Latin)),
            ('ế', Some(Script::Latin)),
            ('ж', Some(Script::Cyrillic)),
            ('ة', Some(Script::Arabic)),
            ('\u{650}', Some(Script::Arabic)),
            ('क', Some(Script::Devanagari)),
            ('ि', Some(Script::Devanagari)),
            ('漢', Some(Script::Han)),
            ('の', Some(Script::Kana)),
            ('ー', Some(Script::Kana)),
            ('한', Some(Script::Hangul)),
            ('ქ', Some(Script::Other)),
            ('7', None),
            ('४', None),
            ('।', None),
            ('×', None),
            ('،', None),
            ('・', None),
            ('😀', None),
            ('-', None),
        ] {
            assert_eq!(Script::of(letter), script, "{letter}");
        }
    }

    #[test]
    fn each_has_its_place() {
        for (place, script) in Script::ALL.into_iter().enumerate() {
            assert_eq!(script as usize, place);
        }
    }
}
