//! gRPC by Python's grpcio, with a client that its own tools generate from the proto.
//!
//! The first test that asks makes a virtual environment under the build's target directory and generates the client; both
//! stay for the next run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::{Asked, Outcome, Refusal, set_alone};

/// What is installed. The versions of one release go together.
const PACKAGES: [&str; 3] = ["grpcio==1.80.0", "grpcio-tools==1.80.0", "grpcio-status==1.80.0"];
/// Raise when something in the making of the environment changes.
const EDITION: &str = "1";
/// The client program.
const CLIENT: &str = include_str!("client.py");

/// A Python that speaks to the system.
#[derive(Debug)]
pub struct Python {
    interpreter: PathBuf,
    stubs: PathBuf,
}

impl Python {
    /// The one of this process, made on first use under `target`; `None`, with the reason printed, where the machine has
    /// no Python.
    ///
    /// # Panics
    ///
    /// Where there is a Python and the environment cannot be made.
    #[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
    pub async fn get(target: &str) -> Option<&'static Self> {
        static PYTHON: OnceCell<Option<Python>> = OnceCell::const_new();
        let made = PYTHON
            .get_or_init(|| async {
                let found = Command::new("python3")
                    .arg("--version")
                    .stdout(Stdio::null())
                    .status()
                    .await;
                match found {
                    Ok(status) if status.success() => Some(Self::make(Path::new(target)).await),
                    _ => None,
                }
            })
            .await;
        if made.is_none() {
            eprintln!("SKIPPED: there is no python3 on this machine, so the Python client was not tried");
        }
        made.as_ref()
    }

    async fn make(target: &Path) -> Self {
        let place = target.join(format!("python-client-{EDITION}"));
        let (interpreter, done) = (place.join("venv/bin/python"), place.join("installed"));
        if !done.exists() {
            // Another process may be making it as well: each makes its own and the first to finish stays.
            let draft = target.join(format!("python-client-{EDITION}-{}", std::process::id()));
            drop(std::fs::remove_dir_all(&draft));
            drop(std::fs::remove_dir_all(&place));
            let venv = draft.join("venv");
            run(
                Command::new("python3").args(["-m", "venv"]).arg(&venv),
                "python3 -m venv",
            )
            .await;
            let mut pip = Command::new(venv.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(PACKAGES);
            run(&mut pip, "pip install").await;
            if let Err(error) = std::fs::write(draft.join("installed"), PACKAGES.join("\n")) {
                panic!("cannot write into {}: {error}", draft.display());
            }
            // A virtual environment may be moved as long as its interpreter is called by path.
            drop(std::fs::rename(&draft, &place));
            drop(std::fs::remove_dir_all(&draft));
        }
        crate::town::forget_the_dead(&place.join("stubs"));
        let stubs = place.join("stubs").join(format!("{}-proto", std::process::id()));
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
        let mut protos = Vec::new();
        files(&proto.join("support"), &mut protos);
        protos.push(proto.join("buf/validate/validate.proto"));
        drop(std::fs::create_dir_all(&stubs));
        let mut generate = Command::new(&interpreter);
        generate
            .args(["-m", "grpc_tools.protoc"])
            .arg(format!("-I{}", proto.display()))
            .arg(format!("--python_out={}", stubs.display()))
            .arg(format!("--grpc_python_out={}", stubs.display()))
            .args(&protos);
        run(&mut generate, "grpc_tools.protoc").await;
        Self { interpreter, stubs }
    }

    /// Makes the calls, one after the other.
    ///
    /// # Panics
    ///
    /// Where the client fails.
    pub async fn calls(&self, gateway: &str, language: &str, asked: &[Asked]) -> Vec<Outcome> {
        let calls: Vec<Value> = asked
            .iter()
            .map(|asked| json!({ "path": asked.path, "token": asked.token, "request": asked.request }))
            .collect();
        let target = gateway.trim_start_matches("http://");
        let job = json!({ "target": target, "language": language, "calls": calls }).to_string();
        let child = Command::new(&self.interpreter)
            .args(["-c", CLIENT])
            .env("PYTHONPATH", &self.stubs)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let done = async {
            let mut child = child?;
            let stdin = child.stdin.take();
            let sending = async {
                if let Some(mut stdin) = stdin {
                    // Where the program failed at once, its own words say why.
                    drop(stdin.write_all(job.as_bytes()).await);
                }
            };
            tokio::join!(sending, child.wait_with_output()).1
        };
        let output = match done.await {
            Ok(output) => output,
            Err(error) => panic!("the Python client cannot be run: {error}"),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the Python client failed: {said}");
        let answers: Vec<Value> = match serde_json::from_slice(&output.stdout) {
            Ok(answers) => answers,
            Err(error) => panic!("{error}: {said}"),
        };
        answers.iter().map(outcome).collect()
    }
}

fn outcome(answer: &Value) -> Outcome {
    let error = &answer["error"];
    if error.is_null() {
        return Outcome::Answer(set_alone(answer["answer"].clone()));
    }
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    Outcome::Refusal(Refusal {
        code: text("code"),
        message: text("message"),
        reason: text("reason"),
        domain: text("domain"),
        metadata: error["metadata"].clone(),
        violations: error["violations"].clone(),
        retry_after: error["retry_after"].as_f64(),
        words: error["words"].as_str().map(str::to_owned),
    })
}

async fn run(command: &mut Command, what: &str) {
    match command.stdin(Stdio::null()).output().await {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{what} failed: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{what} cannot be run: {error}"),
    }
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
}
