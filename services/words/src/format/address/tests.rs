use super::*;

fn address(parts: &[(Part, &str)]) -> Address {
    parts.iter().fold(Address::default(), |address, (part, text)| {
        address.with(*part, text.split('|').map(str::to_owned))
    })
}

#[test]
fn every_row_can_be_read() {
    let rows: BTreeMap<String, Row> = toml::from_str(FILE).unwrap();
    assert_eq!(rows.len(), 253);
    for (country, row) in &rows {
        for layout in [Some(&row.lines), row.latin.as_ref()].into_iter().flatten() {
            assert!(
                elements(layout).any(|element| element == Element::Part(Part::Street)),
                "{country}"
            );
            for letter in row.required.chars() {
                let part = Part::of(letter).unwrap();
                assert!(
                    elements(layout).any(|element| element == Element::Part(part)),
                    "{country} {letter}"
                );
            }
            assert_eq!(
                row.code.is_empty(),
                row.code.is_empty() || !layout.contains("%Z"),
                "{country}"
            );
        }
    }
}

#[test]
fn lines_are_in_the_order_of_the_country() {
    use Part::{City, District, Organisation, PostalCode, Province, Recipient, Street};
    for (country, parts, expected) in [
        (
            "US",
            vec![
                (Recipient, "Ann Example"),
                (Street, "1 Main St|Apt 2"),
                (City, "Springfield"),
                (Province, "IL"),
                (PostalCode, "62701"),
            ],
            "Ann Example/1 Main St/Apt 2/Springfield, IL 62701",
        ),
        // Punctuation goes with what is missing beside it.
        (
            "US",
            vec![(Street, "1 Main St"), (City, "Springfield"), (PostalCode, "62701")],
            "1 Main St/Springfield 62701",
        ),
        ("US", vec![(Street, "1 Main St"), (Province, "IL")], "1 Main St/IL"),
        (
            "DE",
            vec![
                (Recipient, "Max Muster"),
                (Organisation, "Muster GmbH"),
                (Street, "Beispielweg 3"),
                (City, "Berlin"),
                (PostalCode, "10115"),
            ],
            "Max Muster/Muster GmbH/Beispielweg 3/10115 Berlin",
        ),
        (
            "GB",
            vec![
                (Recipient, "A. N. Other"),
                (Street, "1 Example Road"),
                (City, "LONDON"),
                (PostalCode, "SW1A 1AA"),
            ],
            "A. N. Other/1 Example Road/LONDON/SW1A 1AA",
        ),
        (
            "JP",
            vec![
                (Recipient, "山田太郎様"),
                (Street, "世田谷区若林1-2-3"),
                (Province, "東京都"),
                (PostalCode, "154-0023"),
            ],
            "〒154-0023/東京都/世田谷区若林1-2-3/山田太郎様",
        ),
        (
            "JP",
            vec![
                (Recipient, "Taro Yamada"),
                (Street, "1-2-3 Wakabayashi, Setagaya-ku"),
                (Province, "TOKYO"),
                (PostalCode, "154-0023"),
            ],
            "Taro Yamada/1-2-3 Wakabayashi, Setagaya-ku, TOKYO/154-0023",
        ),
        (
            "CN",
            vec![
                (Recipient, "王芳"),
                (Street, "示例路1号"),
                (District, "朝阳区"),
                (City, "北京"),
                (Province, "北京市"),
                (PostalCode, "100020"),
            ],
            "100020/北京市北京朝阳区/示例路1号/王芳",
        ),
        (
            "BR",
            vec![
                (Recipient, "João"),
                (Street, "Rua A, 1"),
                (City, "SÃO PAULO"),
                (Province, "SP"),
                (PostalCode, "01000-000"),
            ],
            "João/Rua A, 1/SÃO PAULO-SP/01000-000",
        ),
        ("QQ", vec![(Recipient, "A"), (Street, "B"), (City, "C")], "A/B/C"),
    ] {
        let (lines, unplaced) = lines(country, &address(&parts));
        assert_eq!(lines.join("/"), expected, "{country}");
        assert_eq!(unplaced, [], "{country}");
    }
    let (_, unplaced) = lines("DE", &address(&[(Street, "A 1"), (Province, "Bayern")]));
    assert_eq!(unplaced, [Province]);
}

#[test]
fn a_form_asks_for_what_arrives() {
    let asks = |country, in_latin| {
        let form = form(country, in_latin);
        let fields = form
            .fields
            .iter()
            .map(|field| format!("{}{}", field.called, if field.is_required { "*" } else { "" }));
        (fields.collect::<Vec<_>>().join(" "), form.code)
    };
    assert_eq!(
        asks("US", true),
        (
            "recipient organisation street* city* state* zip_code*".to_owned(),
            "99999|99999-9999"
        )
    );
    assert_eq!(
        asks("JP", false),
        (
            "postal_code* prefecture* street* organisation recipient".to_owned(),
            "999-9999"
        )
    );
    assert_eq!(
        asks("AE", true),
        ("recipient organisation street* emirate*".to_owned(), "")
    );
    assert_eq!(
        asks("QQ", true),
        ("recipient organisation street* city*".to_owned(), "")
    );
}

#[test]
fn postal_codes_are_known_by_their_looks() {
    for (country, code, fits) in [
        ("DE", "10115", true),
        ("DE", "1011", false),
        ("GB", "sw1a1aa", true),
        ("GB", "12345", false),
        ("IE", "A65 F4E2", true),
        ("US", "94043-1351", true),
        ("PL", "00950", true),
        ("AE", "anything", true),
    ] {
        assert_eq!(code_fits(form(country, true).code, code), fits, "{country} {code}");
    }
}
