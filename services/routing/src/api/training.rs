//! `TrainingService`.

use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_chassis::{id, page};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::training_service_server::TrainingService;
use time::{Duration, OffsetDateTime};
use tonic::{Request, Response, Status};

use super::{parse, present};
use crate::domain::{AgentId, Course, Ending, Enrolment, Outcome};
use crate::error::Error;
use crate::live::Live;
use crate::{ops, store};

/// Answers for what agents learn.
#[derive(Clone, Debug)]
pub struct TrainingApi {
    /// The database.
    pub db: Db,
    /// Whom to wake.
    pub live: Live,
}

#[tonic::async_trait]
impl TrainingService for TrainingApi {
    async fn put_course(
        &self,
        request: Request<pb::PutCourseRequest>,
    ) -> Result<Response<pb::PutCourseResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let wanted = request.course.clone().unwrap_or_default();
        let course = Course {
            certification: parse::name(&wanted.certification, || "course.certification".to_owned())?,
            name: wanted.course,
            title: wanted.title,
            valid_days: wanted.valid_days,
        };
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                store::courses::put(tx.conn(), &course).await?;
                Ok::<_, Error>(pb::PutCourseResponse {
                    course: Some(shown(&course)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_courses(
        &self,
        _: Request<pb::ListCoursesRequest>,
    ) -> Result<Response<pb::ListCoursesResponse>, Status> {
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let courses = store::courses::list(&mut connection, None).await.map_err(Error::from)?;
        Ok(Response::new(pb::ListCoursesResponse {
            courses: courses.iter().map(shown).collect(),
        }))
    }

    async fn enrol(&self, request: Request<pb::EnrolRequest>) -> Result<Response<pb::EnrolResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let enrolment = ops::training::enrol(tx, agent, &request.course, now).await?;
                Ok::<_, Error>(pb::EnrolResponse {
                    enrolment: Some(enrolled(&enrolment)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn record_attempt(
        &self,
        request: Request<pb::RecordAttemptRequest>,
    ) -> Result<Response<pb::RecordAttemptResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let outcome = match request.outcome() {
            pb::AttemptOutcome::Passed => Outcome::Passed,
            pb::AttemptOutcome::Failed => Outcome::Failed,
            pb::AttemptOutcome::Unspecified => return Err(Violation::new("outcome", "must be an outcome").into()),
        };
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let (enrolment, certified) = ops::training::attempt(tx, agent, &request.course, outcome, now).await?;
                Ok::<_, Error>(pb::RecordAttemptResponse {
                    enrolment: Some(enrolled(&enrolment)),
                    certification: certified.as_ref().map(present::certified),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn list_enrolments(
        &self,
        request: Request<pb::ListEnrolmentsRequest>,
    ) -> Result<Response<pb::ListEnrolmentsResponse>, Status> {
        let agent: AgentId = id::parse("agent_id", &request.get_ref().agent_id)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        if store::agents::find(&mut connection, agent)
            .await
            .map_err(Error::from)?
            .is_none()
        {
            return Err(Error::AgentNotFound.into());
        }
        let enrolments = store::courses::enrolments(&mut connection, agent)
            .await
            .map_err(Error::from)?;
        Ok(Response::new(pb::ListEnrolmentsResponse {
            enrolments: enrolments.iter().map(enrolled).collect(),
        }))
    }

    async fn revoke_certification(
        &self,
        request: Request<pb::RevokeCertificationRequest>,
    ) -> Result<Response<pb::RevokeCertificationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let certification = parse::name(&request.certification, || "certification".to_owned())?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let agent = ops::training::revoke(tx, agent, &certification).await?;
                Ok::<_, Error>(pb::RevokeCertificationResponse {
                    agent: Some(present::agent(&agent)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn list_expiring_certifications(
        &self,
        request: Request<pb::ListExpiringCertificationsRequest>,
    ) -> Result<Response<pb::ListExpiringCertificationsResponse>, Status> {
        let request = request.into_inner();
        let days = if request.within_days == 0 {
            30
        } else {
            request.within_days
        };
        let binding = ("ListExpiringCertifications", days, &request.site);
        let page = page::parse::<(i128, String, String), _>(request.page_size, &request.page_token, 50, 1000, &binding)
            .map_err(Error::from)?;
        let after = page.after.as_ref().map(|(at, agent, name)| {
            let at = OffsetDateTime::from_unix_timestamp_nanos(*at).map_err(|_| Error::Page(page::PageError))?;
            let agent = agent.parse().map_err(|_| Error::Page(page::PageError))?;
            Ok::<_, Error>((at, agent, name.clone()))
        });
        let after = after.transpose()?;
        let site = Some(request.site.as_str()).filter(|site| !site.is_empty());
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let now = self.db.clock().now();
        let until = now + Duration::days(days.into());
        let ending = store::training::ending(&mut connection, now, until, site, after.as_ref(), page.limit())
            .await
            .map_err(Error::from)?;
        let key = |last: &Ending| {
            let at = last.expires_at.unix_timestamp_nanos();
            (at, last.agent.to_string(), last.certification.to_string())
        };
        let (ending, next_page_token) = page.cut(ending, key);
        let certifications = ending.into_iter().map(|ending| pb::ExpiringCertification {
            agent_id: ending.agent.to_string(),
            site: ending.site,
            team: ending.team,
            certification: ending.certification.to_string(),
            expire_time: Some(timestamp(ending.expires_at)),
        });
        Ok(Response::new(pb::ListExpiringCertificationsResponse {
            certifications: certifications.collect(),
            next_page_token,
        }))
    }
}

fn shown(course: &Course) -> pb::Course {
    pb::Course {
        course: course.name.clone(),
        title: course.title.clone(),
        certification: course.certification.to_string(),
        valid_days: course.valid_days,
    }
}

fn enrolled(enrolment: &Enrolment) -> pb::Enrolment {
    let attempts = enrolment.attempts.iter().map(|(at, outcome)| pb::Attempt {
        outcome: match outcome {
            Outcome::Passed => pb::AttemptOutcome::Passed,
            Outcome::Failed => pb::AttemptOutcome::Failed,
        }
        .into(),
        attempt_time: Some(timestamp(*at)),
    });
    pb::Enrolment {
        course: enrolment.course.clone(),
        enrol_time: Some(timestamp(enrolment.enrolled_at)),
        attempts: attempts.collect(),
    }
}
