//! Articles that nobody wrote: words made of the letters of each language, as unevenly frequent as words are (Zipf), in
//! texts as long as articles.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// How many words a language has.
const VOCABULARY: usize = 50_000;
/// How many words a text has.
const LENGTH: usize = 120;
/// How many words a title has.
const TITLE: usize = 6;

/// The languages, each with its consonants and vowels; where a script writes no spaces, with its characters.
pub(crate) const LANGUAGES: [(&str, &str, &str); 44] = [
    ("ar", "بتثجحخدرزسشصطعفقكلمنه", "اوي"),
    ("bg", "бвгджзклмнпрстфхцчш", "аеиоуъя"),
    ("bn", "কখগঘচজটডতথদনপফবমরলসহ", "\u{9be}\u{9bf}\u{9c1}\u{9c7}\u{9cb}"),
    ("ca", "bcdfglmnprstvçj", "aeiouàéèíóú"),
    ("cs", "bcčdfhjklmnprřsštvzž", "aeiouáéíýě"),
    ("da", "bdfghjklmnprstv", "aeiouyæøå"),
    ("de", "bcdfghklmnprstwz", "aeiouäöü"),
    ("el", "βγδζθκλμνξπρστφχψ", "αεηιουωά"),
    ("en", "bcdfghklmnprstvw", "aeiou"),
    ("es", "bcdfgjlmnñprstv", "aeiouáéíóú"),
    ("et", "dghjklmnprstv", "aeiouõäöü"),
    ("fa", "بپتجچحخدرزسشصطعفقکگلمنه", "اوی"),
    ("fi", "dhjklmnprstv", "aeiouyäö"),
    ("fr", "bcdfgjlmnpqrstvç", "aeiouéèêà"),
    ("he", "בגדהזחטכלמנסעפצקרשת", "אוי"),
    ("hi", "कखगघचजटडतथदनपफबमरलसह", "\u{93e}\u{93f}\u{941}\u{947}\u{94b}"),
    ("hr", "bcčćdđfghjklmnprsštvzž", "aeiou"),
    ("hu", "bcdfghjklmnprstvz", "aeiouáéíóöőúü"),
    ("id", "bcdghjklmnprstwy", "aeiou"),
    ("it", "bcdfglmnpqrstvz", "aeiouàèò"),
    (
        "ja",
        "",
        "電池充画面交換設定印刷機器確認更新接続時計音声修理開始終了保存削除選択バッテリースマートフォンプケルカメラのをにはがでと",
    ),
    (
        "ko",
        "",
        "배터리화면충전전원기기확인설정연결소리수리교환시작종료저장삭제선택프린터카메라가을를이은는에서고",
    ),
    ("lt", "bcčdgjklmnprsštvzž", "aeiouąęėįųū"),
    ("lv", "bcčdgģjkķlļmnņprsštvzž", "aeiuāēīū"),
    ("ms", "bcdghjklmnprstwy", "aeiou"),
    ("nb", "bdfghjklmnprstv", "aeiouyæøå"),
    ("nl", "bcdfghjklmnprstvwz", "aeiou"),
    ("pl", "bcćdfghjklłmnńprsśtwzżź", "aeiouyąęó"),
    ("pt-BR", "bcçdfghlmnpqrstvz", "aeiouãáâéêíóôõú"),
    ("ro", "bcdfghjlmnprsștțvz", "aeiouăâî"),
    ("ru", "бвгджзклмнпрстфхцчшщ", "аеиоуыэюя"),
    ("sk", "bcčdďfhjklľmnňprsštťvzž", "aeiouyáäéíóôúý"),
    ("sl", "bcčdfghjklmnprsštvzž", "aeiou"),
    ("sr", "бвгдђжзјклљмнњпрстћфхцчџш", "аеиоу"),
    ("sv", "bdfghjklmnprstv", "aeiouyåäö"),
    ("sw", "bcdfghjklmnprstvwyz", "aeiou"),
    ("ta", "கசடதபறமனரலவயளழ", "\u{bbe}\u{bbf}\u{bc1}\u{bc6}\u{bca}"),
    ("te", "కగచజటడతదనపబమరలవసహ", "\u{c3e}\u{c3f}\u{c41}\u{c47}\u{c4b}"),
    (
        "th",
        "",
        "แบตเตอรี่ หน้าจอ ชาร์จ เครื่อง พิมพ์ เสียง ร้อน เร็ว หมด เปิด ปิด ซ่อม เปลี่ยน ตรวจสอบ เชื่อมต่อ โทรศัพท์ นาฬิกา กล้อง สาย กระดาษ ตั้งค่า บันทึก ลบ เลือก เริ่ม ใหม่ ใช้ งาน ไม่ ได้ และ ที่ ใน ให้ มี",
    ),
    ("tr", "bcçdfgğhjklmnprsştvyz", "aeıioöuü"),
    ("uk", "бвгґджзклмнпрстфхцчшщ", "аеєиіїоуюя"),
    ("ur", "بپتٹجچحخدرزسشصطعفقکگلمنہ", "اوی"),
    ("vi", "bcdđghklmnprstvx", "aăâeêioôơuưáàảạ"),
    (
        "zh-Hans",
        "",
        "电池手机屏幕充换更新设置打印机连接声音维修保存删除选择开始结束检查确认请的了在是不能无法相表时钟纸盒墨线夜间亮度降低关闭使用应程序",
    ),
];

/// A language with its words.
pub(crate) struct Language {
    pub(crate) tag: &'static str,
    words: Vec<String>,
    /// Whether words stand apart.
    has_spaces: bool,
}

impl Language {
    fn new(tag: &'static str, consonants: &str, vowels: &str, rng: &mut StdRng) -> Self {
        let has_spaces = !matches!(tag, "ja" | "th" | "zh-Hans");
        let consonants: Vec<char> = consonants.chars().collect();
        let pick = |from: &[char], rng: &mut StdRng| from[rng.random_range(0..from.len())];
        let words = if tag == "th" {
            let parts: Vec<&str> = vowels.split(' ').collect();
            (0..VOCABULARY)
                .map(|_| {
                    let number = rng.random_range(1..3);
                    (0..number).map(|_| parts[rng.random_range(0..parts.len())]).collect()
                })
                .collect()
        } else {
            let vowels: Vec<char> = vowels.chars().collect();
            (0..VOCABULARY)
                .map(|_| {
                    let syllables = rng.random_range(1..5);
                    (0..syllables)
                        .flat_map(|_| {
                            if consonants.is_empty() {
                                vec![pick(&vowels, rng)]
                            } else {
                                vec![pick(&consonants, rng), pick(&vowels, rng)]
                            }
                        })
                        .collect()
                })
                .collect()
        };
        Self { tag, words, has_spaces }
    }

    /// Words as they are said: some very often, most seldom.
    pub(crate) fn say(&self, number: usize, rng: &mut StdRng) -> String {
        let mut said = String::new();
        for _ in 0..number {
            // The n-th word is said in proportion to 1/n: evenly spread over the logarithm.
            let spread: f64 = rng.random();
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index below 50,000"
            )]
            let index = (self.words.len() as f64).powf(spread) as usize - 1;
            if self.has_spaces && !said.is_empty() {
                said.push(' ');
            }
            said.push_str(&self.words[index.min(self.words.len() - 1)]);
        }
        said
    }

    /// What somebody types: words of a title, one of them misspelt where `slips`.
    pub(crate) fn query(&self, title: &str, slips: bool, rng: &mut StdRng) -> String {
        if !self.has_spaces {
            let length = title.chars().count().min(8);
            return title.chars().take(length).collect();
        }
        let mut words: Vec<String> = title.split(' ').map(str::to_owned).collect();
        words.truncate(rng.random_range(1..5));
        if slips && let Some(word) = words.iter_mut().find(|word| word.chars().count() > 4) {
            let mut letters: Vec<char> = word.chars().collect();
            let place = rng.random_range(1..letters.len() - 1);
            if rng.random() {
                letters.swap(place, place + 1);
            } else {
                letters.remove(place);
            }
            *word = letters.into_iter().collect();
        }
        words.join(" ")
    }

    /// What somebody tells: a title among much else.
    pub(crate) fn story(&self, title: &str, rng: &mut StdRng) -> String {
        format!("{} {title} {}", self.say(30, rng), self.say(30, rng))
    }
}

/// All languages.
pub(crate) fn languages() -> Vec<Language> {
    let mut rng = StdRng::seed_from_u64(44);
    LANGUAGES
        .iter()
        .map(|(tag, consonants, vowels)| Language::new(tag, consonants, vowels, &mut rng))
        .collect()
}

/// The source of every article.
pub(crate) const SOURCE: &str = "en";
/// Into which most is translated.
const OFTEN: [&str; 8] = ["de", "es", "fr", "ja", "zh-Hans", "pt-BR", "ko", "ar"];

/// How many languages an article has, its source among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Translated {
    /// Six on average: half of what is translated at all is so into the eight languages that most read.
    Some,
    /// All.
    All,
}

/// An article that nobody wrote.
pub(crate) struct Article {
    /// Which of all.
    pub(crate) number: usize,
    pub(crate) product_line: i16,
    /// One in a hundred is a policy.
    pub(crate) is_policy: bool,
    /// Its texts, by the index of their language: titles and words.
    pub(crate) texts: Vec<(usize, String, String)>,
}

/// Writes articles.
pub(crate) struct Author {
    rng: StdRng,
    written: usize,
    translated: Translated,
}

impl Author {
    pub(crate) fn new(translated: Translated) -> Self {
        Self {
            rng: StdRng::seed_from_u64(7),
            written: 0,
            translated,
        }
    }

    /// The next article.
    pub(crate) fn write(&mut self, languages: &[Language]) -> Article {
        let number = self.written;
        self.written += 1;
        let mut texts = Vec::new();
        for (index, language) in languages.iter().enumerate() {
            let share = if OFTEN.contains(&language.tag) { 0.3125 } else { 0.0715 };
            let has = self.translated == Translated::All || language.tag == SOURCE || self.rng.random_bool(share);
            if has {
                texts.push((
                    index,
                    language.say(TITLE, &mut self.rng),
                    language.say(LENGTH, &mut self.rng),
                ));
            }
        }
        Article {
            number,
            product_line: 1 + i16::try_from(number % 7).unwrap(),
            is_policy: number.is_multiple_of(100),
            texts,
        }
    }
}
