//! How people of a story meet pages in a browser: they open them, fill in forms and send them, all in English.

use reqwest::RequestBuilder;
use reqwest::redirect::Policy;
use uuid::Uuid;

use super::{Client, Story, code_of};

/// What was answered to a form.
pub(crate) struct Sent {
    pub(crate) status: u16,
    /// Where the browser is sent on to.
    pub(crate) to: String,
    /// What it is to remember.
    pub(crate) cookie: String,
    pub(crate) body: String,
}

impl Story {
    /// Somebody opens an address, in English: the status and what it says.
    pub(crate) fn opens(&self, who: &str, path: &str) -> (u16, String) {
        self.a_minute_passes();
        self.pages_catch_up();
        let headers = [("accept-language", "en"), ("cookie", self.sessions[who].cookie.as_str())];
        Client::to(self.address).get_with(path, &headers).unwrap()
    }

    /// A page as somebody sees it who is signed in, or as everybody does: in English.
    pub(crate) fn page(&self, who: Option<&str>, path: &str) -> String {
        self.pages_catch_up();
        let request = reqwest::Client::new().get(format!("http://{}{path}", self.address));
        let request = request.header("accept-language", "en");
        let session =
            who.map(|who| self.sessions.get(who).unwrap_or_else(|| panic!("nobody is called {who}")));
        let request = match session {
            Some(session) => request.header("cookie", &session.cookie),
            None => request,
        };
        let answer = self.runtime.block_on(request.send()).unwrap();
        let (status, text) = (answer.status(), self.runtime.block_on(answer.text()).unwrap());
        assert_eq!(status.as_u16(), 200, "{path}: {text}");
        text
    }

    /// Somebody fills in a form of a page and sends it: the status and what is answered.
    pub(crate) fn fills(&self, who: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let sent = self.posts(Some(who), path, fields);
        (sent.status, sent.body)
    }

    /// Somebody takes a step on a page of the desk: the status and what is answered, the address that it leads to or the page.
    pub(crate) fn takes(&self, who: &str, path: &str, step: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let id = Uuid::now_v7().to_string();
        let named = |name: &str| if name == "sure" { name.to_owned() } else { format!("{step}.{name}") };
        let fields: Vec<(String, &str)> = fields.iter().map(|(name, value)| (named(name), *value)).collect();
        let mut parts = vec![("command_id", id.as_bytes()), ("step", step.as_bytes())];
        parts.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let sent = self.sends(Some(who), path, &parts, "");
        (sent.status, if sent.to.is_empty() { sent.body } else { sent.to })
    }

    /// A form with files as a browser sends it, by somebody or by nobody, with a cookie besides.
    pub(crate) fn sends(
        &self,
        who: Option<&str>,
        path: &str,
        parts: &[(&str, &[u8])],
        besides: &str,
    ) -> Sent {
        let token = who.map(|who| ("csrf", self.sessions[who].csrf.as_bytes()));
        let mut body = Vec::new();
        for (name, value) in parts.iter().copied().chain(token) {
            let head = format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(&[head.as_bytes(), value, b"\r\n"].concat());
        }
        body.extend_from_slice(b"--part--\r\n");
        self.posted(who, path, besides, |request| {
            request.header("content-type", "multipart/form-data; boundary=part").body(body)
        })
    }

    /// A resident reports something on the public page of a house: answers the report's stream.
    pub(crate) fn resident_reports(&mut self, premises: &str, category: &str, text: &str) -> String {
        let id = Uuid::now_v7().to_string();
        let parts =
            [("command_id", id.as_bytes()), ("category", category.as_bytes()), ("text", text.as_bytes())];
        let sent = self.sends(None, &format!("/s/{}/report", code_of(premises)), &parts, "");
        assert!(sent.leads_on(), "{}: {}", sent.status, sent.body);
        sent.to
            .split('?')
            .next()
            .and_then(|to| to.rsplit('/').next())
            .unwrap()
            .clone_into(&mut self.followed);
        let under = format!("premises/{premises}/report/");
        let streams = self.streams_with("ReportFiled");
        streams.into_iter().rfind(|stream| stream.starts_with(&under)).unwrap()
    }

    /// A household answers the survey on the page behind its own door's code: the status, and the page it is shown.
    pub(crate) fn household_answers(&self, unit: &str, satisfied: &str) -> (u16, String) {
        self.a_minute_passes();
        self.pages_catch_up();
        let request = reqwest::Client::new()
            .post(format!("http://{}/s/{}/survey", self.address, code_of(unit)))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept-language", "en")
            .body(format!("command_id={}&satisfied={satisfied}&words=lift", Uuid::now_v7()));
        let answer = self.runtime.block_on(request.send()).unwrap();
        let status = answer.status().as_u16();
        (status, self.runtime.block_on(answer.text()).unwrap())
    }

    /// Somebody who looks for a home asks about a vacant one on its public page.
    pub(crate) fn stranger_asks(&self, page: &str, words: &str) {
        let id = Uuid::now_v7().to_string();
        let form = [("command_id", id.as_str()), ("words", words), ("phone", "13800000000")];
        let sent = self.posts(None, &format!("{page}/ask"), &form);
        assert!(sent.leads_on(), "{}", sent.body);
    }

    /// A form without files, by somebody or by nobody.
    fn posts(&self, who: Option<&str>, path: &str, fields: &[(&str, &str)]) -> Sent {
        let token = who.map(|who| ("csrf", self.sessions[who].csrf.as_str()));
        let fields: Vec<String> =
            fields.iter().copied().chain(token).map(|(name, value)| format!("{name}={value}")).collect();
        self.posted(who, path, "", |request| {
            request.header("content-type", "application/x-www-form-urlencoded").body(fields.join("&"))
        })
    }

    fn posted(
        &self,
        who: Option<&str>,
        path: &str,
        besides: &str,
        filled: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Sent {
        self.a_minute_passes();
        self.pages_catch_up();
        let own = who.map(|who| self.sessions[who].cookie.as_str());
        let cookies: Vec<&str> = own.into_iter().chain([besides]).collect();
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let request = client
            .post(format!("http://{}{path}", self.address))
            .header("accept-language", "en")
            .header("cookie", cookies.join("; "));
        let answer = self.runtime.block_on(filled(request).send()).unwrap();
        let status = answer.status().as_u16();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (to, cookie) = (header("location"), header("set-cookie"));
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Sent { status, to, cookie, body: self.runtime.block_on(answer.text()).unwrap() }
    }
}

impl Sent {
    /// Whether the browser is sent on to another page.
    const fn leads_on(&self) -> bool {
        matches!(self.status, 300..=399)
    }
}
