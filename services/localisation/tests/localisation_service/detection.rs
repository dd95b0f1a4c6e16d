//! The language of texts, through the door.

use support_proto::support::localisation::v1::detection_service_client::DetectionServiceClient;
use support_proto::support::localisation::v1::{DetectLanguagesRequest, DetectedLanguage, TextToDetect};

use crate::world::{World, anonymous};

async fn detect(world: &World, texts: &[(&str, &[&str])]) -> Vec<DetectedLanguage> {
    let texts = texts.iter().map(|(text, reads)| TextToDetect {
        text: (*text).to_owned(),
        reads: reads.iter().map(|tag| (*tag).to_owned()).collect(),
    });
    let request = DetectLanguagesRequest { texts: texts.collect() };
    let mut client = DetectionServiceClient::new(world.door(&anonymous()));
    client.detect_languages(request).await.unwrap().into_inner().detections
}

#[tokio::test]
async fn each_text_has_its_language_or_says_that_it_has_none() {
    let world = World::bare().await;
    let found = detect(
        &world,
        &[
            (
                "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?",
                &["es-MX"],
            ),
            (
                "Hola, mi teléfono no enciende desde ayer por la noche, ¿qué debo hacer?",
                &[],
            ),
            ("我的手機螢幕碎了，請問怎麼辦", &[]),
            ("ok 👍", &["de"]),
            ("iPhone 15 Pro Max", &[]),
            ("", &[]),
        ],
    )
    .await;
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.language.as_str(), one.undetermined))
        .collect();
    assert_eq!(
        told,
        [
            ("pt", false),
            ("es", false),
            ("zh-Hant", false),
            ("", true),
            ("", true),
            ("", true)
        ]
    );
    assert_eq!(found[0].candidates[0].language, "pt");
    assert!(found[0].candidates[0].confidence >= 0.9);
    assert!(found[3].candidates.is_empty());
}

#[tokio::test]
async fn what_its_writer_reads_counts_where_a_text_leaves_it_open() {
    let world = World::bare().await;
    let found = detect(&world, &[("garantia", &["pt-BR"]), ("garantia", &["es"])]).await;
    let portuguese = |place: usize| {
        let candidates: &[_] = &found[place].candidates;
        let one = candidates.iter().find(|one| one.language == "pt");
        one.map_or(0.0, |one| one.confidence)
    };
    assert!(portuguese(0) > portuguese(1), "{found:?}");
    for one in &found {
        let best = one.candidates.first().map_or(0.0, |best| best.confidence);
        assert_eq!(one.undetermined, best < f64::from(support_languages::SURE));
    }
}

#[tokio::test]
async fn no_more_than_a_hundred_texts_are_asked_for() {
    let world = World::bare().await;
    let mut client = DetectionServiceClient::new(world.door(&anonymous()));
    for count in [0, 101] {
        let request = DetectLanguagesRequest {
            texts: vec![TextToDetect::default(); count],
        };
        let status = client.detect_languages(request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{count}");
    }
}
