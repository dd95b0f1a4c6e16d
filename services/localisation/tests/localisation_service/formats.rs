//! Values written out by themselves.

use support_proto::support::localisation::v1::format_service_client::FormatServiceClient;
use support_proto::support::localisation::v1::{
    AddressParts, Direction, DisplayNameKind, FormatAddressRequest, FormatLength, FormatValue, FormatValuesRequest,
    GetAddressFormRequest, GetDisplayNamesRequest, ListKind, Measure, NameOrder, NameUse, ReadPhoneRequest,
    RelativeTime, SortTextsRequest, TextList, WrittenName,
};
use support_proto::support::types::v1::{Date, Money};
use support_testing::Door;
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer};

fn formats(world: &World) -> FormatServiceClient<Door> {
    FormatServiceClient::new(world.door(&anonymous()))
}

fn languages(languages: &[&str]) -> Vec<String> {
    languages.iter().map(|language| (*language).to_owned()).collect()
}

fn every_kind() -> Vec<FormatValue> {
    // 2026-03-04T23:06:07Z
    let time = Some(prost_types::Timestamp {
        seconds: 1_772_665_567,
        nanos: 0,
    });
    let none = FormatValue {
        length: FormatLength::Long.into(),
        ..FormatValue::default()
    };
    vec![
        FormatValue {
            number: Some(1_234.5),
            ..none.clone()
        },
        FormatValue {
            share: Some(0.25),
            ..none.clone()
        },
        FormatValue {
            money: Some(Money {
                currency_code: "EUR".to_owned(),
                minor_units: 4_950,
            }),
            ..none.clone()
        },
        FormatValue { time, ..none.clone() },
        FormatValue {
            time_of_day: time,
            ..none.clone()
        },
        FormatValue {
            date: Some(Date {
                year: 2027,
                month: 3,
                day: 4,
            }),
            ..none.clone()
        },
        FormatValue {
            measure: Some(Measure {
                amount: 3.0,
                unit: "gigabyte".to_owned(),
            }),
            ..none.clone()
        },
        FormatValue {
            relative_time: Some(RelativeTime {
                amount: -1,
                unit: "day".to_owned(),
            }),
            ..none.clone()
        },
        FormatValue {
            list: Some(TextList {
                kind: ListKind::And.into(),
                texts: languages(&["a", "b"]),
            }),
            ..none.clone()
        },
        // None, several, and what cannot be.
        none.clone(),
        FormatValue {
            number: Some(1.0),
            share: Some(1.0),
            ..none.clone()
        },
        FormatValue {
            date: Some(Date {
                year: 2027,
                month: 2,
                day: 29,
            }),
            ..none.clone()
        },
        FormatValue {
            money: Some(Money {
                currency_code: "QQQ".to_owned(),
                minor_units: 1,
            }),
            ..none
        },
    ]
}

#[tokio::test]
async fn values_are_written_as_the_reader_writes_them() {
    let world = World::bare().await;
    let mut service = formats(&world);
    for (language, zone, locale, direction, written) in [
        (
            "de-CH",
            "Europe/Zurich",
            "de-CH",
            Direction::LeftToRight,
            [
                "1'234.5",
                "25%",
                "EUR\u{a0}49.50",
                "5. März 2026 um 00:06",
                "00:06",
                "4. März 2027",
                "3 Gigabyte",
                "gestern",
                "a und b",
            ],
        ),
        (
            "en-US",
            "",
            "en-US",
            Direction::LeftToRight,
            [
                "1,234.5",
                "25%",
                "€49.50",
                "March 4, 2026 at 11:06\u{202f}PM",
                "11:06\u{202f}PM",
                "March 4, 2027",
                "3 gigabytes",
                "yesterday",
                "a and b",
            ],
        ),
    ] {
        let request = FormatValuesRequest {
            languages: languages(&[language]),
            time_zone: zone.to_owned(),
            values: every_kind(),
        };
        let answer = service.format_values(request).await.unwrap().into_inner();
        assert_eq!((answer.locale.as_str(), answer.direction()), (locale, direction));
        assert_eq!(answer.texts[..9], written, "{language}");
        assert!(
            answer.texts[9..].iter().all(String::is_empty),
            "{:?}",
            &answer.texts[9..]
        );
    }
    let arabic = FormatValuesRequest {
        languages: languages(&["ar-EG"]),
        time_zone: String::new(),
        values: every_kind(),
    };
    let answer = service.format_values(arabic).await.unwrap().into_inner();
    assert_eq!(answer.direction(), Direction::RightToLeft);
    assert!(answer.texts[0].contains("١٬٢٣٤٫٥"), "{:?}", answer.texts);

    let mut unknown = every_kind().remove(6);
    unknown.measure = Some(Measure {
        amount: 1.0,
        unit: "parsec".to_owned(),
    });
    let request = FormatValuesRequest {
        languages: languages(&["en"]),
        time_zone: String::new(),
        values: vec![unknown],
    };
    assert_refused(
        service.format_values(request).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
}

#[tokio::test]
async fn names_orders_and_telephone_numbers_are_given() {
    let world = World::bare().await;
    let mut service = FormatServiceClient::new(world.door(&customer()));
    for (kind, codes, names) in [
        (
            DisplayNameKind::Language,
            ["pt-BR", "ja"],
            ["Portugiesisch (Brasilien)", "Japanisch"],
        ),
        (DisplayNameKind::Region, ["CH", "QQ"], ["Schweiz", "QQ"]),
        (DisplayNameKind::Script, ["Cyrl", "Hans"], ["Kyrillisch", "Vereinfacht"]),
        (DisplayNameKind::Currency, ["CHF", "QQQ"], ["Schweizer Franken", "QQQ"]),
        (
            DisplayNameKind::Calendar,
            ["gregory", "persian"],
            ["Gregorianischer Kalender", "Persischer Kalender"],
        ),
    ] {
        let request = GetDisplayNamesRequest {
            languages: languages(&["de-DE"]),
            kind: kind.into(),
            codes: languages(&codes),
        };
        let answer = service.get_display_names(request).await.unwrap().into_inner();
        assert_eq!(answer.names, names);
    }
    for (language, order) in [("de", [1, 0, 2]), ("sv", [0, 2, 1])] {
        let request = SortTextsRequest {
            languages: languages(&[language]),
            texts: languages(&["b", "ä", "z"]),
        };
        let answer = service.sort_texts(request).await.unwrap().into_inner();
        assert_eq!(
            (answer.order.as_slice(), answer.locale.as_str()),
            (&order[..], language)
        );
    }
    let read = |number: &str, country: &str| ReadPhoneRequest {
        number: number.to_owned(),
        country: country.to_owned(),
    };
    let phone = service.read_phone(read("030 123456", "DE")).await.unwrap().into_inner();
    assert!(phone.is_valid);
    assert_eq!(
        (
            phone.e164.as_str(),
            phone.international.as_str(),
            phone.national.as_str(),
            phone.country.as_str()
        ),
        ("+4930123456", "+49 30 123456", "030 123456", "DE")
    );
    let none = service.read_phone(read("hello", "DE")).await.unwrap().into_inner();
    assert!(!none.is_valid && none.e164.is_empty());
    let refused = service.read_phone(read("030 123456", "Germany")).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELDS");
}

#[tokio::test]
async fn names_of_persons_are_written_for_what_they_are_needed_for() {
    let world = World::bare().await;
    let mut service = formats(&world);
    let written = |order: NameOrder, r#use: NameUse, length: FormatLength| FormatValue {
        name: Some(WrittenName {
            title: "Dr.".to_owned(),
            given: "Paul".to_owned(),
            surname_prefix: "von".to_owned(),
            surname: "Fischer".to_owned(),
            language: "de".to_owned(),
            order: order.into(),
            r#use: r#use.into(),
            ..WrittenName::default()
        }),
        length: length.into(),
        ..FormatValue::default()
    };
    let request = FormatValuesRequest {
        languages: languages(&["de-AT"]),
        time_zone: String::new(),
        values: vec![
            written(NameOrder::Unspecified, NameUse::Unspecified, FormatLength::Long),
            written(NameOrder::Sorting, NameUse::Referring, FormatLength::Long),
            written(NameOrder::Unspecified, NameUse::Addressing, FormatLength::Medium),
            written(NameOrder::Unspecified, NameUse::Monogram, FormatLength::Long),
            FormatValue {
                name: Some(WrittenName::default()),
                ..FormatValue::default()
            },
        ],
    };
    let answer = service.format_values(request).await.unwrap().into_inner();
    assert_eq!(
        answer.texts,
        ["Dr. Paul von Fischer", "Fischer, Paul von", "Dr. von Fischer", "PV", ""]
    );
}

#[tokio::test]
async fn addresses_are_asked_for_and_written_as_their_country_has_them() {
    let world = World::new().await;
    let mut service = formats(&world);
    for (language, country, fields, code_pattern) in [
        (
            "en",
            "US",
            "Recipient/Company/Street address*/City*/State*/ZIP code*",
            "99999|99999-9999",
        ),
        (
            "de",
            "JP",
            "Empfänger/Firma/Straße und Hausnummer*/Präfektur*/Postleitzahl*",
            "999-9999",
        ),
        ("ja", "JP", "郵便番号*/都道府県*/町名・番地*/会社名/宛名", "999-9999"),
    ] {
        let request = GetAddressFormRequest {
            languages: languages(&[language]),
            country_code: country.to_owned(),
        };
        let form = service.get_address_form(request).await.unwrap().into_inner();
        let asked = form.fields.iter();
        let asked = asked.map(|field| format!("{}{}", field.label, if field.required { "*" } else { "" }));
        assert_eq!(asked.collect::<Vec<_>>().join("/"), fields, "{language} {country}");
        assert_eq!(form.code_pattern, code_pattern);
    }
    let request = FormatAddressRequest {
        languages: languages(&["de"]),
        country_code: "US".to_owned(),
        parts: Some(AddressParts {
            recipient: "Ann Example".to_owned(),
            street: languages(&["1 Main St", "Apt 2"]),
            city: "Springfield".to_owned(),
            postal_code: "6270".to_owned(),
            sorting_code: "9".to_owned(),
            ..AddressParts::default()
        }),
        with_country: true,
    };
    let answer = service.format_address(request).await.unwrap().into_inner();
    assert_eq!(
        answer.lines,
        [
            "Ann Example",
            "1 Main St",
            "Apt 2",
            "Springfield 6270",
            "Vereinigte Staaten"
        ]
    );
    assert_eq!(
        (answer.missing, answer.unplaced),
        (languages(&["province"]), languages(&["sorting-code"]))
    );
    assert!(!answer.code_fits);
}
