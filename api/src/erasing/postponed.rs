//! Requests to be forgotten that were put off: until that day what they name stays, since somebody still needs it (an open
//! appeal the contact, a court the evidence).

use std::collections::HashMap;

use chrono::NaiveDate;
use wuping_domain::event::Event;
use wuping_domain::record;
use wuping_ledger::reader::Reader;
use wuping_ledger::stream::under;
use wuping_projections::recording::recorded;

use super::ErasureError;

/// A request, and until when it was put off.
struct Request {
    streams: Vec<String>,
    fields: Vec<String>,
    postponed: Option<(NaiveDate, String)>,
}

/// Refuses if a request for values of this path (of this name, if one is given) is put off beyond today.
///
/// # Errors
/// [`ErasureError::Postponed`], with the day, why and where that is recorded; or if the ledger cannot be read.
pub(super) fn must_not_be(
    reader: &Reader,
    path: &str,
    name: Option<&str>,
    today: NaiveDate,
) -> Result<(), ErasureError> {
    let concerns = |request: &Request| {
        request.streams.iter().any(|stream| under(stream, path) || under(path, stream))
            && name.is_none_or(|name| request.fields.iter().any(|field| field == name))
    };
    for (record, request) in requests(reader)? {
        if let Some((until, why)) = request.postponed.as_ref().filter(|(until, _)| *until > today)
            && concerns(&request)
        {
            return Err(ErasureError::Postponed { until: *until, why: why.clone(), record });
        }
    }
    Ok(())
}

fn requests(reader: &Reader) -> Result<HashMap<String, Request>, ErasureError> {
    let mut requests: HashMap<String, Request> = HashMap::new();
    reader.rows(0, u64::MAX, |row| {
        if !matches!(row.event_type, "ErasureRequested" | "ErasurePostponed") {
            return Ok::<_, ErasureError>(());
        }
        match recorded(&row)?.event {
            Event::Record(record::Event::ErasureRequested { streams, fields, .. }) => {
                requests.insert(row.stream.to_owned(), Request { streams, fields, postponed: None });
            }
            Event::Record(record::Event::ErasurePostponed { until, why, .. }) => {
                if let Some(request) = requests.get_mut(row.stream) {
                    request.postponed = Some((until, why));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(requests)
}
