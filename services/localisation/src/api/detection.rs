//! `DetectionService`: answered from the models in memory. The texts go nowhere.

use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::detection_service_server::DetectionService;
use tonic::{Request, Response, Status};

/// `DetectionService`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DetectionApi;

#[tonic::async_trait]
impl DetectionService for DetectionApi {
    async fn detect_languages(
        &self,
        request: Request<wire::DetectLanguagesRequest>,
    ) -> Result<Response<wire::DetectLanguagesResponse>, Status> {
        let mut detections = Vec::new();
        for asked in &request.get_ref().texts {
            let reads: Vec<&str> = asked.reads.iter().map(String::as_str).collect();
            detections.push(present(&support_languages::detect(&asked.text, &reads)));
            // A hundred texts are milliseconds of work, which other calls should not wait for.
            tokio::task::yield_now().await;
        }
        Ok(Response::new(wire::DetectLanguagesResponse { detections }))
    }
}

fn present(detection: &support_languages::Detection) -> wire::DetectedLanguage {
    let certain = detection.certain();
    wire::DetectedLanguage {
        language: certain.unwrap_or_default().to_owned(),
        undetermined: certain.is_none(),
        candidates: detection
            .candidates
            .iter()
            .map(|candidate| wire::LanguageCandidate {
                language: candidate.language.to_owned(),
                confidence: f64::from(candidate.confidence),
            })
            .collect(),
    }
}
