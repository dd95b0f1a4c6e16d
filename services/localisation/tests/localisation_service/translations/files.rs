//! What translators take away and hand in, and languages that nobody speaks.

use support_proto::support::localisation::v1::{
    ExportMessagesRequest, ExportMessagesResponse, GetPseudoCatalogueRequest, ImportMessagesRequest,
    ImportMessagesResponse, MessageFileFormat, MessageState, PseudoLocale,
};
use tonic::{Code, Status};

use super::{catalogue, directly, listed, save};
use crate::world::{World, assert_refused, request_id, translator};

const FORMATS: [MessageFileFormat; 3] = [
    MessageFileFormat::Xliff2,
    MessageFileFormat::Mf2Resource,
    MessageFileFormat::Csv,
];

async fn exported(world: &World, locale: &str, format: MessageFileFormat, only_open: bool) -> ExportMessagesResponse {
    let request = ExportMessagesRequest {
        locale: locale.to_owned(),
        format: format.into(),
        only_open,
        ..ExportMessagesRequest::default()
    };
    let answer = world.translations(&translator("anna")).export_messages(request).await;
    answer.unwrap().into_inner()
}

async fn imported(
    world: &World,
    locale: &str,
    format: MessageFileFormat,
    content: impl Into<Vec<u8>>,
    replaces_drafts: bool,
) -> Result<ImportMessagesResponse, Status> {
    let request = ImportMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        format: format.into(),
        content: content.into(),
        replaces_drafts,
    };
    let answer = world.translations(&translator("dora")).import_messages(request).await?;
    Ok(answer.into_inner())
}

async fn filled() -> World {
    let world = World::bare().await;
    let source = [
        ("a", "One {$x}"),
        (
            "b",
            ".input {$n :integer}\n.match $n\none {{One, \\{really\\}}}\n* {{{$n :number}\n}}",
        ),
        ("c", "Three"),
    ];
    directly(&world, "en", &source).await.unwrap();
    let german = [
        ("a", "Eins {$x}"),
        (
            "b",
            ".input {$n :integer}\n.match $n\none {{Eins, \\{wirklich\\}}}\n*   {{{$n :number}\n}}",
        ),
    ];
    directly(&world, "de", &german).await.unwrap();
    world
}

#[tokio::test]
async fn what_is_taken_away_and_handed_in_unchanged_changes_nothing() {
    for format in FORMATS {
        let world = filled().await;
        let file = exported(&world, "de", format, false).await;
        assert_eq!(file.message_count, 3);
        let read = imported(&world, "de", format, file.content, false).await.unwrap();
        assert_eq!(
            (read.drafts.len(), read.unchanged, read.kept.len()),
            (0, 2, 0),
            "{format:?}"
        );
        assert!(listed(&world, "de").await.iter().all(|message| message.draft.is_none()));
    }
}

#[tokio::test]
async fn what_is_handed_in_lands_as_drafts_of_the_source_it_was_made_from() {
    for format in FORMATS {
        let world = filled().await;
        let published = catalogue(&world, "de").await;
        let file = exported(&world, "de", format, false).await;
        let text = String::from_utf8(file.content.clone()).unwrap();
        let changed = text.replace("Eins, ", "Ein einziges, ");
        assert_ne!(text, changed, "{format:?}");
        // The source changes while the file is out.
        directly(
            &world,
            "en",
            &[("b", ".input {$n :integer} .match $n one {{A}} * {{{$n :number}}}")],
        )
        .await
        .unwrap();
        let read = imported(&world, "de", format, changed.clone(), false).await.unwrap();
        let drafts: Vec<_> = read
            .drafts
            .iter()
            .map(|saved| {
                let draft = saved.draft.as_ref().unwrap();
                (saved.key.as_str(), draft.state(), draft.author.as_str(), draft.is_stale)
            })
            .collect();
        assert_eq!(drafts, [("b", MessageState::Draft, "dora", true)], "{format:?}");
        assert_eq!(read.findings.len(), 1);
        assert!(
            read.drafts[0]
                .draft
                .as_ref()
                .unwrap()
                .pattern
                .contains("{{Ein einziges, \\{wirklich\\}}}")
        );
        assert_eq!(catalogue(&world, "de").await.len(), published.len());

        // An open draft with other words stays, unless it is to be replaced.
        let other = changed.replace("Ein einziges", "Ein anderes");
        let kept = imported(&world, "de", format, other.clone(), false).await.unwrap();
        assert_eq!((kept.kept, kept.drafts.len()), (vec!["b".to_owned()], 0));
        let replaced = imported(&world, "de", format, other, true).await.unwrap();
        assert_eq!(replaced.drafts[0].draft.as_ref().unwrap().revision, 2);
    }
}

#[tokio::test]
async fn what_is_out_of_date_is_not_handed_back_as_new() {
    for format in FORMATS {
        let world = filled().await;
        directly(&world, "en", &[("a", "Other {$x}")]).await.unwrap();
        let open = exported(&world, "de", format, true).await;
        assert_eq!(open.message_count, 2, "a is out of date and c is missing");
        let read = imported(&world, "de", format, open.content, false).await.unwrap();
        assert_eq!(read.drafts, [], "{format:?}");
        assert!(listed(&world, "de").await[0].is_stale);
    }
    // A translator who has looked at it says so in the file.
    let world = filled().await;
    directly(&world, "en", &[("a", "Other {$x}")]).await.unwrap();
    let file = exported(&world, "de", MessageFileFormat::Xliff2, true).await;
    let text = String::from_utf8(file.content.clone()).unwrap();
    let seen = text.replace("state=\"initial\"", "state=\"translated\"");
    let read = imported(&world, "de", MessageFileFormat::Xliff2, seen, false)
        .await
        .unwrap();
    assert_eq!(read.drafts.len(), 1);
    assert!(!read.drafts[0].draft.as_ref().unwrap().is_stale);
}

#[tokio::test]
async fn long_lists_are_several_files() {
    let world = filled().await;
    save(&world, "anna", "en", &[("d", "Four")]).await;
    let mut request = ExportMessagesRequest {
        locale: "de".to_owned(),
        format: MessageFileFormat::Csv.into(),
        page_size: 3,
        ..ExportMessagesRequest::default()
    };
    let mut counts = Vec::new();
    loop {
        let answer = world
            .translations(&translator("anna"))
            .export_messages(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(answer.content.starts_with(b"key,source,target\r\n"));
        counts.push(answer.message_count);
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    assert_eq!(counts, [3, 1]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_reason() {
    let world = filled().await;
    for (format, content, detail) in [
        (MessageFileFormat::Xliff2, "<xliff", "syntax error"),
        (
            MessageFileFormat::Mf2Resource,
            "@locale ja\n---\na = b",
            "is in another language: ja",
        ),
        (MessageFileFormat::Csv, "key,target\nA,b\n", "no key at message 1"),
        (
            MessageFileFormat::Csv,
            "key,target\na,b\na,c\n",
            "a key that stands twice at message 2",
        ),
    ] {
        let refused = assert_refused(
            imported(&world, "de", format, content, false).await,
            Code::InvalidArgument,
            "MESSAGE_FILE_UNREADABLE",
        );
        assert!(refused.metadata["detail"].contains(detail), "{refused:?}");
    }
    let long = format!("key,target\na,{}\n", "x".repeat(10_001));
    let refused = imported(&world, "de", MessageFileFormat::Csv, long, false).await;
    assert_refused(refused, Code::InvalidArgument, "MESSAGE_FILE_UNREADABLE");
}

#[tokio::test]
async fn pseudo_locales_are_made_from_the_source() {
    let world = filled().await;
    let request = |locale: PseudoLocale| GetPseudoCatalogueRequest {
        locale: locale.into(),
        key_prefix: "a".to_owned(),
    };
    let mut translations = world.translations(&translator("anna"));
    let accented = translations
        .get_pseudo_catalogue(request(PseudoLocale::Accented))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(accented.locale, "en-XA");
    let texts: Vec<_> = accented.messages.iter().map(|m| m.pattern.as_str()).collect();
    assert_eq!(texts, ["[Öñé {$x} o]"]);
    let turned = translations
        .get_pseudo_catalogue(request(PseudoLocale::RightToLeft))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(turned.locale, "ar-XB");
    assert!(turned.messages[0].pattern.starts_with("\u{200f}\u{202e}One"));
}
