//! JSON by curl.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{Asked, Outcome, Refusal, set_alone};

/// Runs curl with these arguments and this body, if it is not empty; its output, split from the HTTP status.
///
/// # Panics
///
/// Where curl is not installed or fails.
pub async fn curl(arguments: &[&str], body: &str) -> (u16, String) {
    let mut command = Command::new("curl");
    command
        .args(["-sS", "--max-time", "30", "-w", "\n%{http_code}"])
        .args(arguments);
    if !body.is_empty() {
        command.args(["--data-binary", "@-"]);
    }
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let done = async {
        let mut child = child?;
        let stdin = child.stdin.take();
        let sending = async {
            if let Some(mut stdin) = stdin {
                // Where curl was refused early it reads no further.
                drop(stdin.write_all(body.as_bytes()).await);
            }
        };
        tokio::join!(sending, child.wait_with_output()).1
    };
    let output = match done.await {
        Ok(output) => output,
        Err(error) => panic!("curl cannot be run: {error}"),
    };
    assert!(
        output.status.success(),
        "curl failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.rsplit_once('\n').map(|(body, status)| (body, status.parse())) {
        Some((body, Ok(status))) => (status, body.to_owned()),
        _ => panic!("curl said: {text}"),
    }
}

/// Makes the call.
///
/// # Panics
///
/// Where the answer is not what a JSON caller can read.
pub async fn call(gateway: &str, language: &str, asked: &Asked) -> Outcome {
    let url = format!("{gateway}{}", asked.path);
    let body = asked.request.to_string();
    let authorization = format!("authorization: Bearer {}", asked.token);
    let language = format!("accept-language: {language}");
    let mut arguments = vec!["-H", "content-type: application/json", "-H", &language, &url];
    if !asked.token.is_empty() {
        arguments.extend(["-H", &authorization]);
    }
    let (status, text) = curl(&arguments, &body).await;
    let json: Value = match serde_json::from_str(&text) {
        Ok(json) => json,
        Err(error) => panic!("{error}: {text}"),
    };
    if status == 200 {
        return Outcome::Answer(set_alone(json));
    }
    assert_eq!(json["status"], status, "{text}");
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    Outcome::Refusal(Refusal {
        code: text("code"),
        message: text("detail"),
        reason: text("reason"),
        domain: text("domain"),
        metadata: json["metadata"].clone(),
        violations: json.get("violations").cloned().unwrap_or_else(|| json!([])),
        retry_after: json["retryAfterSeconds"].as_f64(),
        words: json["localizedMessage"]["message"].as_str().map(str::to_owned),
    })
}
