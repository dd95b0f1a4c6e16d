//! Requests into values that cannot be wrong. The field rules of the contract hold already; what is checked here is what
//! they cannot say.

use support_chassis::country::{Country, InvalidCountry};
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::id::{self, Ids};
use support_proto::support::case::v1::{
    AssignCaseRequest, ChangeLanguageRequest, ChangeSeverityRequest, CloseCaseRequest, ListCasesRequest,
    MarkPlaybookStepRequest, OpenCaseRequest, PostMessageRequest, ReopenCaseRequest, ResolveCaseRequest,
    WatchPlaybookRequest,
};
use support_proto::support::localisation::v1 as localisation;

use time::OffsetDateTime;

use crate::desk::watch::Asked;
use crate::domain::CaseId;
use crate::domain::case::{Bearing, Command, Concern, Utterance};
use crate::domain::kinds::{Channel, Severity};
use crate::domain::language::Language;
use crate::domain::message::TextOrigin;
use crate::domain::playbook::{Mark, Step};
use crate::domain::speech::Speech;
use crate::domain::words::{Body, CaseWords, Description, InvalidText, SourceReference, Subject};
use crate::error::Error;
use crate::ops::{Change, Marking, Viewer, customer_of};
use crate::store::list::Filter;
use crate::wire::Mirrored;

/// The id of a case that is asked for.
pub(super) fn case_id(value: &str) -> Result<CaseId, Error> {
    Ok(id::parse("case_id", value).map_err(InvalidFields::from)?)
}

/// What a new case is about, and whose it is.
pub(super) fn concern(viewer: &Viewer, request: &OpenCaseRequest, ids: &Ids) -> Result<Concern, Error> {
    let mut fields = Violations::new();
    let customer = fields.take(id::parse_optional("customer_id", &request.customer_id));
    let channel = fields.take(chosen::<Channel>("channel", request.channel));
    let language = fields.take(language("language", &request.language));
    let device = fields.take(id::parse_optional("device_id", &request.device_id));
    let subject = fields.take(text("subject", Subject::parse(request.subject.as_str())));
    let description = fields.take(text("description", Description::parse(request.description.as_str())));
    let source_reference = fields.take(reference("source_reference", &request.source_reference));
    let country = fields.take(country("country_code", &request.country_code));
    let reads = fields.take(languages("read_languages", &request.read_languages));
    let account_manager = fields.take(id::parse_optional("account_manager_id", &request.account_manager_id));
    let (customer, channel, language, device, subject, description, source_reference, country, reads, account_manager) =
        fields.finish((
            customer,
            channel,
            language,
            device,
            subject,
            description,
            source_reference,
            country,
            reads,
            account_manager,
        ))?;
    // Customers do not say of themselves what they are to us.
    let bearing = match viewer {
        Viewer::Customer(..) => Bearing::default(),
        Viewer::Staff(_) => Bearing {
            model: String::new(),
            segment: Mirrored::from_field(request.segment),
            account_manager,
        },
    };
    let mut speech = Speech::new(language, reads);
    if matches!(viewer, Viewer::Customer(..)) && !channel.is_spoken() {
        // What is taken down where people talk is in the words of whoever did so.
        speech.hear(&format!("{}\n{}", subject.as_str(), description.as_str()), 0);
    }
    let (language, origin) = speech.wanted().map_or_else(
        || (speech.stated.clone(), speech.origin),
        |(wanted, origin)| (wanted.clone(), origin),
    );
    speech.origin = origin;
    Ok(Concern {
        customer: customer_of(viewer, customer, ids)?,
        channel,
        language,
        speech,
        product_line: Mirrored::from_field(request.product_line),
        device,
        severity: Mirrored::from_field(request.severity).unwrap_or(Severity::Normal),
        words: Some(CaseWords { subject, description }),
        source_reference,
        country,
        area: Mirrored::from_field(request.area),
        bearing: Bearing {
            model: request.model.clone(),
            ..bearing
        },
    })
}

/// Which cases are wanted.
pub(super) fn filter(request: &ListCasesRequest) -> Result<Filter, Error> {
    let mut fields = Violations::new();
    let customer = fields.take(id::parse_optional("customer_id", &request.customer_id));
    let reference_prefix = fields.take(reference("source_reference_prefix", &request.source_reference_prefix));
    let (customer, reference_prefix) = fields.finish((customer, reference_prefix))?;
    let states = request
        .states
        .iter()
        .copied()
        .filter_map(Mirrored::from_field)
        .collect();
    Ok(Filter {
        customer,
        states,
        reference_prefix,
    })
}

/// What is to be said, and where.
pub(super) fn utterance(
    viewer: &Viewer,
    request: &PostMessageRequest,
    ids: &Ids,
) -> Result<(CaseId, Utterance), Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let channel = fields.take(chosen("channel", request.channel));
    let language = fields.take(match request.language.as_str() {
        "" => Ok(None),
        tag => language("language", tag).map(Some),
    });
    let body = fields.take(text("body", Body::parse(request.body.as_str())));
    let origin = fields.take(origin("text_origin", request.text_origin.as_ref()));
    if request.text_origin.is_some() && matches!(viewer, Viewer::Customer(..)) {
        fields.add("text_origin", "may be given by staff alone");
    }
    let (case, channel, language, body, text) = fields.finish((case, channel, language, body, origin))?;
    Ok((
        case,
        Utterance {
            id: ids.next(),
            speaker: viewer.speaker(),
            channel,
            language,
            body,
            text,
        },
    ))
}

/// Who is to work on a case.
pub(super) fn assignment(request: &AssignCaseRequest) -> Result<Change, Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let agent = fields.take(id::parse("agent_id", &request.agent_id));
    let (case, agent) = fields.finish((case, agent))?;
    Ok(change(case, Command::Assign(agent), &request.etag))
}

/// How much is at stake in a case.
pub(super) fn severity(request: &ChangeSeverityRequest) -> Result<Change<Severity>, Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let severity = fields.take(chosen("severity", request.severity));
    let (case, severity) = fields.finish((case, severity))?;
    Ok(change(case, severity, &request.etag))
}

/// In which language a case is to be held.
pub(super) fn speech(request: &ChangeLanguageRequest) -> Result<Change<Language>, Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let language = fields.take(language("language", &request.language));
    let (case, language) = fields.finish((case, language))?;
    Ok(change(case, language, &request.etag))
}

/// Which playbook a desk wants.
pub(super) fn desk(request: WatchPlaybookRequest) -> Result<Asked, Error> {
    Ok(Asked {
        case: case_id(&request.case_id)?,
        purpose: Some(request.purpose).filter(|purpose| !purpose.is_empty()),
        channel: Mirrored::from_field(request.channel),
        languages: request.languages,
        agent_name: request.agent_name,
    })
}

/// What became of which step.
pub(super) fn marking(
    viewer: &Viewer,
    request: &MarkPlaybookStepRequest,
    now: OffsetDateTime,
) -> Result<(CaseId, Marking), Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let step = Step::parse(request.step.as_str()).map_err(|error| Violation::new("step", error.to_string()));
    let step = fields.take(step);
    if request.undo {
        let (case, step) = fields.finish((case, step))?;
        return Ok((case, Marking::Remove(step)));
    }
    let outcome = fields.take(chosen("outcome", request.outcome));
    let text = fields.take(origin("text_origin", request.text_origin.as_ref()));
    let (case, step, outcome, text) = fields.finish((case, step, outcome, text))?;
    let channel = Mirrored::from_field(request.channel);
    let mark = Mark {
        step,
        outcome,
        channel: channel.unwrap_or(Channel::Phone),
        actor: viewer.id(),
        at: now,
        text,
    };
    Ok((case, Marking::Put(mark, channel.is_none())))
}

/// How a case was settled.
pub(super) fn resolution(request: &ResolveCaseRequest) -> Result<Change, Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let resolution = fields.take(chosen("resolution", request.resolution));
    let (case, resolution) = fields.finish((case, resolution))?;
    Ok(change(case, Command::Resolve(resolution), &request.etag))
}

/// Which case is to be opened again.
pub(super) fn reopening(request: &ReopenCaseRequest) -> Result<Change, Error> {
    Ok(change(case_id(&request.case_id)?, Command::Reopen, &request.etag))
}

/// Which case is to be closed, and why.
pub(super) fn closing(request: &CloseCaseRequest) -> Result<Change, Error> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse("case_id", &request.case_id));
    let reason = fields.take(chosen("close_reason", request.close_reason));
    let (case, reason) = fields.finish((case, reason))?;
    Ok(change(case, Command::Close(reason), &request.etag))
}

fn change<T>(case: CaseId, command: T, etag: &str) -> Change<T> {
    Change {
        case,
        command,
        etag: Some(etag.to_owned()).filter(|etag| !etag.is_empty()),
    }
}

fn chosen<T: Mirrored>(field: &str, value: i32) -> Result<T, Violation> {
    T::from_field(value).ok_or_else(|| Violation::new(field, "must be one of the values of the contract"))
}

fn language(field: &str, tag: &str) -> Result<Language, Violation> {
    Language::parse(tag).map_err(|error| Violation::new(field, error.to_string()))
}

fn languages(field: &str, tags: &[String]) -> Result<Vec<Language>, Violation> {
    tags.iter()
        .enumerate()
        .map(|(place, tag)| language(&format!("{field}[{place}]"), tag))
        .collect()
}

/// Where words came from; none where that was not said.
pub(super) fn origin(field: &str, origin: Option<&localisation::TextOrigin>) -> Result<Option<TextOrigin>, Violation> {
    let Some(origin) = origin else { return Ok(None) };
    Ok(Some(TextOrigin {
        key: origin.key.clone(),
        locale: language(&format!("{field}.locale"), &origin.locale)?,
        version: origin.version,
    }))
}

fn text<T>(field: &str, parsed: Result<T, InvalidText>) -> Result<T, Violation> {
    parsed.map_err(|error| Violation::new(field, error.to_string()))
}

fn reference(field: &str, value: &str) -> Result<Option<SourceReference>, Violation> {
    if value.is_empty() {
        Ok(None)
    } else {
        text(field, SourceReference::parse(value)).map(Some)
    }
}

fn country(field: &str, code: &str) -> Result<Option<Country>, Violation> {
    if code.is_empty() {
        return Ok(None);
    }
    code.parse()
        .map(Some)
        .map_err(|error: InvalidCountry| Violation::new(field, error.to_string()))
}
