use std::collections::BTreeMap;

use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::ArticleKind;
use time::macros::datetime;

use super::super::build::{Amount, Batch, take_over};
use super::super::facts::TextFact;
use super::*;
use crate::domain::article::{Audience, Profile};
use crate::ids::ArticleId;

/// An article: its slug, and its texts by language with title and body.
type Written<'w> = (&'w str, &'w [(&'w str, &'w str, &'w str)]);

fn tag(tag: &str) -> Tag {
    Tag::parse(tag).unwrap()
}

fn state(articles: &[Written<'_>], change: impl Fn(&str, &mut Profile)) -> State {
    let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
    let ids = Ids::seeded("eu".parse().unwrap(), clock, 7);
    let mut batch = Batch::default();
    for (slug, texts) in articles {
        let id: ArticleId = ids.next();
        let mut profile = Profile::plain(ArticleKind::HowTo, Audience::Customer);
        change(slug, &mut profile);
        let mut facts = BTreeMap::new();
        for (language, title, body) in *texts {
            let fact = TextFact {
                version: 1,
                title: (*title).to_owned(),
                excerpt: String::new(),
                published_at: datetime!(2026-01-01 00:00 UTC),
                source_version: None,
                is_stale: false,
            };
            facts.insert(tag(language), fact);
            batch.bodies.push((id, tag(language), (*body).to_owned()));
        }
        let fact = ArticleFact {
            id,
            slug: (*slug).to_owned(),
            profile,
            source: tag(texts[0].0),
            texts: facts,
        };
        batch.articles.push((id, Some(fact)));
    }
    take_over(&State::default(), [batch], Amount::Everything).unwrap()
}

fn asked() -> Asked {
    Asked {
        reader: Audience::Customer,
        product_line: None,
        product: String::new(),
        kind: None,
        now: datetime!(2026-03-01 00:00 UTC),
    }
}

fn find(state: &State, read: &[&str], text: &str, mode: Mode, asked: Asked) -> Vec<Hit> {
    let read: Vec<Tag> = read.iter().map(|language| tag(language)).collect();
    let languages = searched(&read, &tag("en"), text, false, state.indexes.keys());
    state
        .search(&Search {
            text,
            mode,
            languages,
            asked,
            limit: 10,
        })
        .unwrap()
}

fn slugs(state: &State, read: &[&str], text: &str) -> Vec<String> {
    find(state, read, text, Mode::Words, asked())
        .into_iter()
        .map(|hit| hit.article.slug.clone())
        .collect()
}

/// Five matters, each in languages of many scripts.
const WORLD: &[Written<'static>] = &[
    (
        "battery",
        &[
            (
                "en",
                "The battery drains fast",
                "Lower the brightness of the screen and close apps that you do not use. Charge the phone overnight.",
            ),
            (
                "de",
                "Der Akku ist schnell leer",
                "Verringern Sie die Helligkeit des Bildschirms und schließen Sie Apps, die Sie nicht brauchen. Laden Sie das Gerät über Nacht.",
            ),
            (
                "fr",
                "La batterie se décharge vite",
                "Réduisez la luminosité de l’écran et fermez les applications inutiles. Rechargez l’appareil pendant la nuit.",
            ),
            (
                "es",
                "La batería se agota rápido",
                "Baje el brillo de la pantalla y cierre las aplicaciones que no use. Cargue el teléfono por la noche.",
            ),
            (
                "ru",
                "Батарея быстро разряжается",
                "Уменьшите яркость экрана и закройте приложения, которыми не пользуетесь. Заряжайте телефон ночью.",
            ),
            (
                "ar",
                "البطارية تنفد بسرعة",
                "خفّض سطوع الشاشة وأغلق التطبيقات التي لا تستخدمها. اشحن الهاتف ليلًا.",
            ),
            (
                "he",
                "הסוללה מתרוקנת מהר",
                "הפחיתו את בהירות המסך וסגרו אפליקציות שאינן בשימוש. טענו את הטלפון בלילה.",
            ),
            (
                "zh-Hans",
                "电池耗电太快",
                "降低屏幕亮度，关闭不使用的应用程序。请在夜间为手机充电。",
            ),
            (
                "zh-Hant",
                "電池耗電太快",
                "降低螢幕亮度，關閉不使用的應用程式。請在夜間為手機充電。",
            ),
            (
                "ja",
                "バッテリーの減りが早い",
                "画面の明るさを下げ、使っていないアプリを閉じてください。夜のうちに充電してください。",
            ),
            (
                "ko",
                "배터리가 빨리 닳아요",
                "화면 밝기를 낮추고 사용하지 않는 앱을 닫으세요. 밤에 휴대전화를 충전하세요.",
            ),
            (
                "th",
                "แบตเตอรี่หมดเร็ว",
                "ลดความสว่างของหน้าจอและปิดแอปที่ไม่ได้ใช้ ชาร์จโทรศัพท์ตอนกลางคืน",
            ),
            (
                "hi",
                "बैटरी जल्दी खत्म होती है",
                "स्क्रीन की चमक कम करें और जो ऐप इस्तेमाल में नहीं हैं उन्हें बंद करें। फ़ोन को रात में चार्ज करें।",
            ),
            (
                "el",
                "Η μπαταρία αδειάζει γρήγορα",
                "Μειώστε τη φωτεινότητα της οθόνης και κλείστε τις εφαρμογές που δεν χρησιμοποιείτε. Φορτίστε το τηλέφωνο τη νύχτα.",
            ),
            (
                "tr",
                "Pil çabuk bitiyor",
                "Ekranın parlaklığını azaltın ve kullanmadığınız uygulamaları kapatın. Telefonu gece şarj edin.",
            ),
            (
                "vi",
                "Pin hết nhanh",
                "Giảm độ sáng màn hình và đóng các ứng dụng không dùng. Sạc điện thoại vào ban đêm.",
            ),
        ],
    ),
    (
        "printer",
        &[
            (
                "en",
                "The printer does not print",
                "Check whether there is paper in the tray and whether the cable is plugged in. Replace an empty cartridge.",
            ),
            (
                "de",
                "Der Drucker druckt nicht",
                "Prüfen Sie, ob Papier im Fach liegt und das Kabel steckt. Ersetzen Sie eine leere Patrone.",
            ),
            (
                "fr",
                "L’imprimante n’imprime pas",
                "Vérifiez s’il y a du papier dans le bac et si le câble est branché. Remplacez une cartouche vide.",
            ),
            (
                "es",
                "La impresora no imprime",
                "Compruebe si hay papel en la bandeja y si el cable está enchufado. Sustituya el cartucho vacío.",
            ),
            (
                "ru",
                "Принтер не печатает",
                "Проверьте, есть ли бумага в лотке и подключён ли кабель. Замените пустой картридж.",
            ),
            (
                "ar",
                "الطابعة لا تطبع",
                "تحقّق من وجود ورق في الدرج ومن توصيل الكابل. استبدل الخرطوشة الفارغة.",
            ),
            (
                "he",
                "המדפסת לא מדפיסה",
                "בדקו אם יש נייר במגש ואם הכבל מחובר. החליפו מחסנית ריקה.",
            ),
            (
                "zh-Hans",
                "打印机无法打印",
                "检查纸盒里有没有纸，电缆是否插好。请更换空墨盒。",
            ),
            (
                "zh-Hant",
                "印表機無法列印",
                "檢查紙匣裡有沒有紙，纜線是否插好。請更換空墨水匣。",
            ),
            (
                "ja",
                "プリンターで印刷できない",
                "トレイに用紙があるか、ケーブルがつながっているかを確認してください。空のカートリッジを交換してください。",
            ),
            (
                "ko",
                "프린터가 인쇄되지 않아요",
                "용지함에 종이가 있는지, 케이블이 꽂혀 있는지 확인하세요. 빈 카트리지를 교체하세요.",
            ),
            (
                "th",
                "เครื่องพิมพ์ไม่พิมพ์",
                "ตรวจสอบว่ามีกระดาษอยู่ในถาดและเสียบสายแล้วหรือไม่ เปลี่ยนตลับหมึกที่หมด",
            ),
            (
                "hi",
                "प्रिंटर प्रिंट नहीं करता",
                "देखें कि ट्रे में काग़ज़ है या नहीं और केबल लगी है या नहीं। खाली कार्ट्रिज बदलें।",
            ),
            (
                "el",
                "Ο εκτυπωτής δεν εκτυπώνει",
                "Ελέγξτε αν υπάρχει χαρτί στον δίσκο και αν είναι συνδεδεμένο το καλώδιο. Αντικαταστήστε το άδειο δοχείο μελάνης.",
            ),
            (
                "tr",
                "Yazıcı yazdırmıyor",
                "Tepside kâğıt olup olmadığını ve kablonun takılı olup olmadığını kontrol edin. Boş kartuşu değiştirin.",
            ),
            (
                "vi",
                "Máy in không in",
                "Kiểm tra xem khay có giấy không và cáp đã cắm chưa. Thay hộp mực đã hết.",
            ),
        ],
    ),
];

#[test]
fn every_script_is_searched_by_its_own_words() {
    let state = state(WORLD, |_, _| {});
    for (language, query, expected) in [
        ("en", "battery", "battery"),
        ("en", "phone charging", "battery"),
        ("en", "replacing cartridges", "printer"),
        ("de", "Akkus laden", "battery"),
        ("de", "leere Patronen", "printer"),
        ("fr", "ecran", "battery"),
        ("fr", "cartouches vides", "printer"),
        ("es", "bateria", "battery"),
        ("es", "cartuchos", "printer"),
        ("ru", "батареи", "battery"),
        ("ru", "картриджи", "printer"),
        ("ar", "بطارية", "battery"),
        ("ar", "طابعة", "printer"),
        ("he", "סוללה", "battery"),
        ("he", "מדפסת", "printer"),
        ("zh-Hans", "电池", "battery"),
        ("zh-Hans", "屏幕太亮", "battery"),
        ("zh-Hans", "墨盒", "printer"),
        ("zh-Hant", "電池", "battery"),
        ("zh-Hant", "墨水匣", "printer"),
        ("ja", "バッテリー", "battery"),
        ("ja", "充電", "battery"),
        ("ja", "印刷", "printer"),
        ("ko", "배터리", "battery"),
        ("ko", "휴대전화 충전", "battery"),
        ("ko", "카트리지", "printer"),
        ("th", "แบตเตอรี่", "battery"),
        ("th", "ชาร์จโทรศัพท์", "battery"),
        ("th", "ตลับหมึก", "printer"),
        ("hi", "बैटरी", "battery"),
        ("hi", "कार्ट्रिज", "printer"),
        ("el", "μπαταριες", "battery"),
        ("el", "εκτυπωτης", "printer"),
        ("tr", "PİL", "battery"),
        ("tr", "kartuşlar", "printer"),
        ("vi", "dien thoai", "battery"),
        ("vi", "hộp mực", "printer"),
    ] {
        let found = slugs(&state, &[language], query);
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{language}: {query}: {found:?}"
        );
    }
}

#[test]
fn a_word_of_one_matter_does_not_find_the_other() {
    let state = state(WORLD, |_, _| {});
    for (language, query) in [
        ("en", "cartridge"),
        ("zh-Hans", "墨盒"),
        ("ja", "カートリッジ"),
        ("ko", "카트리지"),
        ("th", "ตลับหมึก"),
        ("ar", "الخرطوشة"),
    ] {
        assert_eq!(slugs(&state, &[language], query), ["printer"], "{language}: {query}");
    }
    assert_eq!(slugs(&state, &["en"], "zebra"), [""; 0]);
    assert_eq!(slugs(&state, &["en"], "?!"), [""; 0]);
}

#[test]
fn words_may_be_misspelt() {
    let state = state(WORLD, |_, _| {});
    for (language, query, expected) in [
        ("en", "batery", "battery"),
        ("en", "battrey", "battery"),
        ("en", "brigthnes", "battery"),
        ("en", "cartrige", "printer"),
        ("en", "priner", "printer"),
        ("en", "bright", "battery"),
        ("de", "Helligkiet", "battery"),
        ("de", "Druker", "printer"),
        ("de", "schliessen", "battery"),
        ("fr", "imprimente", "printer"),
        ("es", "imprezora", "printer"),
        ("ru", "прнтер", "printer"),
        ("el", "μπαταρυα", "battery"),
        ("tr", "yazci", "printer"),
        ("ar", "البطاريه", "battery"),
        ("zh-Hans", "打应机", "printer"),
        ("zh-Hans", "无法打引", "printer"),
        ("ja", "カートリッチ", "printer"),
        ("ja", "プリンタ", "printer"),
        ("ko", "베터리", "battery"),
        ("ko", "카트릿지", "printer"),
        ("th", "แบตเตอรรี่", "battery"),
        ("hi", "प्रिटर", "printer"),
    ] {
        let found = slugs(&state, &[language], query);
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{language}: {query}: {found:?}"
        );
    }
    let hit = find(&state, &["en"], "batery", Mode::Words, asked()).remove(0);
    assert_eq!(
        (hit.corrections[0].word.as_str(), hit.corrections[0].taken_for.as_str()),
        ("batery", "battery")
    );
    // A number is never taken for another, nor a word of three letters.
    let models = state_of_models();
    assert_eq!(slugs(&models, &["en"], "X200"), ["x200"]);
    assert_eq!(slugs(&models, &["en"], "X300"), [""; 0]);
}

fn state_of_models() -> State {
    state(
        &[
            ("x100", &[("en", "X100", "The model X100.")]),
            ("x200", &[("en", "X200", "The model X200.")]),
        ],
        |_, _| {},
    )
}

#[test]
fn what_is_found_exactly_comes_before_what_is_spelt_like_it() {
    let state = state(
        &[
            ("charger", &[("en", "The charger", "The charger gets warm.")]),
            ("change", &[("en", "Change the ring", "A ring in another colour.")]),
            ("charge", &[("en", "Charge the ring", "Put it into its box.")]),
        ],
        |_, _| {},
    );
    assert_eq!(slugs(&state, &["en"], "charge")[0], "charge");
    assert!(!slugs(&state, &["en"], "charge").contains(&"change".to_owned()));
}

#[test]
fn the_title_counts_more_than_the_text_and_all_words_more_than_one() {
    let state = state(
        &[
            (
                "aside",
                &[(
                    "en",
                    "Cleaning",
                    "Wipe the screen with a cloth. The camera needs no cleaning at all.",
                )],
            ),
            (
                "camera",
                &[("en", "The camera", "It takes pictures of what is before it.")],
            ),
            (
                "both",
                &[("en", "The screen of the camera", "It shows what is before it.")],
            ),
        ],
        |_, _| {},
    );
    assert_eq!(slugs(&state, &["en"], "camera")[0], "camera");
    assert_eq!(slugs(&state, &["en"], "camera screen")[0], "both");
    assert_eq!(slugs(&state, &["en"], "camera screen").len(), 3);
    // Most of three words, and where no text has them, any.
    let mut most = slugs(&state, &["en"], "camera screen pictures");
    most.sort();
    assert_eq!(most, ["aside", "both", "camera"]);
    assert!(!slugs(&state, &["en"], "camera pictures cloth").contains(&"both".to_owned()));
    assert_eq!(slugs(&state, &["en"], "screen zebra giraffe"), ["both", "aside"]);
}

#[test]
fn product_helpfulness_and_audience_decide_between_equals() {
    let same: &[(&str, &str, &str)] = &[("en", "No sound", "Turn the volume up.")];
    let articles = [("all", same), ("watch", same), ("phone", same), ("staff", same)];
    let change = |slug: &str, profile: &mut Profile| match slug {
        "watch" => profile.product_lines = vec![4],
        "phone" => profile.product_lines = vec![1],
        "staff" => profile.audience = Audience::Staff,
        _ => {}
    };
    let state = state(&articles, change);
    let order = |state: &State, asked: Asked| {
        find(state, &["en"], "no sound", Mode::Words, asked)
            .into_iter()
            .map(|hit| hit.article.slug.clone())
            .collect::<Vec<_>>()
    };
    let phone = || Asked {
        product_line: Some(1),
        ..asked()
    };
    assert_eq!(order(&state, phone()), ["phone", "all", "watch"]);
    assert_eq!(order(&state, asked()), ["all", "watch", "phone"], "the older first");
    let staff = Asked {
        reader: Audience::Staff,
        ..phone()
    };
    assert_eq!(order(&state, staff).len(), 4);
    // What never helped falls back behind what always did.
    let all = state.facts.article(0).unwrap().id;
    let watch = state.facts.article(1).unwrap().id;
    let rated = State {
        facts: Arc::new(state.facts.with_helpful([(all, 0.05), (watch, 0.95)])),
        indexes: state.indexes.clone(),
    };
    assert_eq!(order(&rated, asked()), ["watch", "phone", "all"]);
}

#[test]
fn a_reader_finds_in_all_languages_they_read_and_is_shown_the_best() {
    let state = state(
        &[
            (
                "german",
                &[("de", "Uhr koppeln", "Halten Sie die Uhr neben das Telefon.")],
            ),
            (
                "english",
                &[("en", "Pair the watch", "Hold the watch beside the phone. Uhr.")],
            ),
            (
                "french",
                &[("fr", "Coupler la montre", "Tenez la montre près du téléphone.")],
            ),
            (
                "japanese",
                &[
                    ("en", "Watch faces", "Choose one."),
                    ("ja", "文字盤", "時計の文字盤を選んでください。"),
                ],
            ),
        ],
        |_, _| {},
    );
    assert_eq!(slugs(&state, &["de", "en"], "Uhr"), ["german", "english"]);
    assert_eq!(slugs(&state, &["de"], "montre"), [""; 0], "nobody asked for French");
    assert_eq!(slugs(&state, &["de", "fr"], "montre"), ["french"]);
    // The default is searched for everybody, other countries' forms of a language are that language.
    assert_eq!(slugs(&state, &["ja"], "watch")[0], "japanese");
    assert_eq!(slugs(&state, &["de-AT"], "koppeln"), ["german"]);
    // What is written in Japanese is searched in Japanese, whatever the reader said.
    let hit = find(&state, &["en"], "文字盤", Mode::Words, asked()).remove(0);
    assert_eq!((hit.article.slug.as_str(), hit.language.as_str()), ("japanese", "ja"));
}

#[test]
fn a_story_finds_what_it_is_about() {
    let state = state(WORLD, |_, _| {});
    for (language, story, expected) in [
        (
            "en",
            "Hello, I bought this phone last year and was very happy, but since last week it is empty by noon although I charge it every night. Is the battery broken?",
            "battery",
        ),
        (
            "de",
            "Guten Tag, seit dem Umzug druckt mein Drucker keine einzige Seite mehr, obwohl Papier drin ist. Was kann ich tun?",
            "printer",
        ),
        (
            "ja",
            "先月買ったスマートフォンですが、一晩充電しても昼にはバッテリーがなくなります。どうすればいいですか。",
            "battery",
        ),
        (
            "zh-Hans",
            "你好，我的打印机昨天开始不能打印了，墨盒是新换的，请问怎么办？",
            "printer",
        ),
        (
            "th",
            "สวัสดีค่ะ เครื่องพิมพ์ที่บ้านไม่พิมพ์เลย กระดาษก็ใส่แล้ว ต้องทำอย่างไรคะ",
            "printer",
        ),
        (
            "ar",
            "مرحبًا، هاتفي جديد لكن البطارية تنفد قبل الظهر رغم أنني أشحنه كل ليلة.",
            "battery",
        ),
    ] {
        let hits = find(&state, &[language], story, Mode::Story, asked());
        let first = hits.first().map(|hit| hit.article.slug.as_str());
        assert_eq!(first, Some(expected), "{language}");
    }
}

#[test]
fn what_has_changed_is_found_as_it_is_now_and_what_was_taken_out_is_not() {
    let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
    let id: ArticleId = Ids::seeded("eu".parse().unwrap(), clock, 7).next();
    let of = |version: i64, title: &str| Batch {
        articles: vec![(
            id,
            Some(ArticleFact {
                id,
                slug: "a".to_owned(),
                profile: Profile::plain(ArticleKind::HowTo, Audience::Customer),
                source: tag("en"),
                texts: BTreeMap::from([(
                    tag("en"),
                    TextFact {
                        version,
                        title: title.to_owned(),
                        excerpt: String::new(),
                        published_at: datetime!(2026-01-01 00:00 UTC),
                        source_version: None,
                        is_stale: false,
                    },
                )]),
            }),
        )],
        bodies: vec![(id, tag("en"), String::new())],
    };
    let first = take_over(&State::default(), [of(1, "Zebra")], Amount::Everything).unwrap();
    assert_eq!(slugs(&first, &["en"], "zebra"), ["a"]);
    let second = take_over(&first, [of(2, "Giraffe")], Amount::Change).unwrap();
    assert_eq!(slugs(&second, &["en"], "zebra"), [""; 0]);
    assert_eq!(slugs(&second, &["en"], "giraffe"), ["a"]);
    // Who still holds the former state goes on with it.
    assert_eq!(slugs(&first, &["en"], "zebra"), ["a"]);
    let gone = Batch {
        articles: vec![(id, None)],
        bodies: Vec::new(),
    };
    let third = take_over(&second, [gone], Amount::Change).unwrap();
    assert_eq!(slugs(&third, &["en"], "giraffe"), [""; 0]);
}
