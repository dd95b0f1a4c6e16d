use super::*;

/// What a text is indexed by: words as they are, in the order of the text.
fn words(tag: &str, text: &str) -> Vec<String> {
    Tokens::of(tag)
        .cut(text)
        .into_iter()
        .filter_map(|token| match token {
            Token::Word { word, .. } | Token::Ideographs(word) => Some(word),
            _ => None,
        })
        .collect()
}

fn roots(tag: &str, text: &str) -> Vec<String> {
    Tokens::of(tag)
        .cut(text)
        .into_iter()
        .filter_map(|token| match token {
            Token::Word { root, .. } => Some(root),
            Token::Pair(pair) => Some(pair),
            _ => None,
        })
        .collect()
}

#[test]
fn chinese_is_cut_into_words() {
    assert_eq!(
        words("zh-Hans", "手机无法开机，请更换电池。"),
        ["手机", "无法", "开机", "请", "更换", "电池"]
    );
    assert!(words("zh-Hant", "請更換電池並重新啟動手機").contains(&"電池".to_owned()));
    // Nothing joins what punctuation parts.
    let pairs = roots("zh-Hans", "电池。充电");
    assert_eq!(pairs, ["电池", "充电"]);
}

#[test]
fn japanese_is_cut_into_words_in_all_its_scripts() {
    let found = words("ja", "スマートフォンのバッテリーを交換してください");
    for word in ["スマートフォン", "バッテリー", "交換"] {
        assert!(found.contains(&word.to_owned()), "{word}: {found:?}");
    }
    // Half-width syllables are the same as full ones, full-width letters the same as narrow ones.
    assert_eq!(words("ja", "ﾊﾞｯﾃﾘｰ ＵＳＢ"), words("ja", "バッテリー usb"));
}

#[test]
fn korean_words_are_found_through_their_particles() {
    let pairs = roots("ko", "배터리가 빨리 닳아요");
    for pair in roots("ko", "배터리") {
        assert!(pairs.contains(&pair), "{pair}: {pairs:?}");
    }
    assert!(!pairs.contains(&"가빨".to_owned()), "words are not run together");
}

#[test]
fn thai_is_cut_into_words() {
    let found = words("th", "แบตเตอรี่หมดเร็วและเครื่องร้อน");
    for word in ["แบตเตอรี่", "เร็ว", "เครื่อง", "ร้อน"] {
        assert!(found.contains(&word.to_owned()), "{word}: {found:?}");
    }
}

#[test]
fn thai_and_japanese_stand_beside_other_scripts() {
    let found = words("th", "iPhone 15เปิดWi-Fiไม่ได้");
    for word in ["iphone", "15", "เปิด", "wi", "fi", "ไม่"] {
        assert!(found.contains(&word.to_owned()), "{word}: {found:?}");
    }
    let found = words("ja", "iPhoneをWi-Fiに接続できません");
    for word in ["iphone", "wi", "fi", "接続"] {
        assert!(found.contains(&word.to_owned()), "{word}: {found:?}");
    }
    // The pairs do not run over what stands between.
    let pairs = roots("ja", "電源ON画面");
    assert!(pairs.contains(&"電源".to_owned()) && pairs.contains(&"画面".to_owned()));
    assert!(!pairs.contains(&"源画".to_owned()), "{pairs:?}");
}

#[test]
fn thai_marks_belong_to_their_words() {
    // A tone mark makes another word of it, and no word begins with one.
    assert_ne!(words("th", "เสียง"), words("th", "เสี่ยง"));
    for sentence in ["หูฟังไม่มีเสียงเลย", "โทรศัพท์ร้อนมากขณะชาร์จ", "ลืมรหัสผ่านบัญชี"]
    {
        let cut = words("th", sentence);
        assert!(cut.len() > 2, "{cut:?}");
        assert_eq!(cut.concat(), sentence, "nothing is lost");
        for word in cut {
            let first = word.chars().next().unwrap();
            assert!(
                !('\u{e31}'..='\u{e4e}').contains(&first) || ('เ'..='ไ').contains(&first),
                "{word}"
            );
        }
    }
}

#[test]
fn a_word_is_cut_alone_as_in_a_sentence() {
    for (tag, sentence, word) in [
        ("th", "เปลี่ยนตลับหมึกที่หมด", "ตลับหมึก"),
        ("km", "ថ្មឆាប់អស់ថាមពល", "ថាមពល"),
        ("zh-Hans", "请在夜间为手机充电", "充电"),
        ("ja", "空のカートリッジを交換してください", "カートリッジ"),
    ] {
        let sentence = words(tag, sentence);
        for part in words(tag, word) {
            assert!(sentence.contains(&part), "{tag}: {part}: {sentence:?}");
        }
    }
}

#[test]
fn lao_khmer_and_burmese_are_cut_too() {
    for (tag, text) in [("lo", "ແບັດເຕີຣີໝົດໄວ"), ("km", "ថ្មឆាប់អស់ថាមពល"), ("my", "ဘက်ထရီအားကုန်မြန်သည်")]
    {
        assert!(words(tag, text).len() > 1, "{tag}: {:?}", words(tag, text));
    }
}

#[test]
fn forms_of_a_word_have_one_root() {
    for (tag, one, other) in [
        ("en", "charging", "charged"),
        ("de", "Patronen", "Patrone"),
        ("de", "Geräte", "Gerät"),
        ("fr", "batteries", "batterie"),
        ("es", "reparaciones", "reparación"),
        ("it", "schermi", "schermo"),
        ("pt-BR", "atualizações", "atualização"),
        ("ru", "экраны", "экрана"),
        ("tr", "pilleri", "piller"),
        ("fi", "akkua", "akku"),
        ("hu", "képernyőt", "képernyő"),
        ("ar", "البطارية", "بطارية"),
        ("sv", "skärmarna", "skärmar"),
        ("nl", "batterijen", "batterij"),
        ("ro", "bateriile", "bateriilor"),
    ] {
        assert_eq!(roots(tag, one), roots(tag, other), "{tag}");
    }
}

#[test]
fn capitals_and_accents_make_no_difference() {
    for (tag, one, other) in [
        ("de", "GERÄT", "gerat"),
        ("de", "Straße", "STRASSE"),
        ("fr", "Écran", "ecran"),
        ("es", "cámara", "camara"),
        ("pl", "Głośnik", "glosnik"),
        ("vi", "điện thoại", "dien thoai"),
        ("tr", "IŞIK", "ışık"),
        ("el", "ΟΘΌΝΗΣ", "οθονης"),
        ("ar", "بَطَّارِيَّة", "بطارية"),
        ("he", "סוֹלְלָה", "סוללה"),
        ("fa", "باطری", "باطري"),
        ("uk", "Зарядний", "зарядний"),
    ] {
        assert_eq!(words(tag, one), words(tag, other), "{tag}");
    }
    // In Hindi and Thai marks are vowels.
    assert_ne!(words("hi", "किताब"), words("hi", "कताब"));
    assert_ne!(words("th", "น้ำ"), words("th", "นำ"));
}

#[test]
fn what_an_apostrophe_takes_in_is_no_part_of_the_word() {
    assert_eq!(words("fr", "l’écran d'aujourd’hui"), ["ecran", "hui"]);
    assert_eq!(words("it", "l'aggiornamento"), ["aggiornamento"]);
    assert_eq!(words("en", "doesn't"), words("en", "doesn’t"));
}

#[test]
fn a_word_may_end_with_a_vowel_sign() {
    assert_eq!(words("hi", "बैटरी जल्दी"), ["बैटरी", "जल्दी"]);
    assert_eq!(words("bn", "ব্যাটারি"), ["ব্যাটারি"]);
    assert_eq!(words("ta", "பேட்டரி"), ["பேட்டரி"]);
    assert_eq!(words("te", "బ్యాటరీ"), ["బ్యాటరీ"]);
}

#[test]
fn what_is_no_word_is_no_token() {
    assert_eq!(words("en", " … — !!! 🙂 "), [""; 0]);
    assert_eq!(words("en", &"x".repeat(61)), [""; 0]);
    assert_eq!(words("en", "error 0x80070005"), ["error", "0x80070005"]);
}
