//! What came with the form of an assessment. Nothing that was chosen, written or photographed is lost when it is refused: it is
//! given back with what is wrong.

use std::collections::BTreeMap;

use axum::extract::Multipart;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::assessment::Assessment;
use wuping_domain::outcome::Outcome;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::Kind;
use wuping_domain::said::Photo as Kept;
use wuping_ledger::attachments::AttachmentError;

use super::NOT_APPLICABLE;
use crate::app::App;
use crate::look::words::Lang;
use crate::web::matter::filling::{KEPT, keep, kept_photo};

/// What came with the form.
#[derive(Default)]
pub(super) struct Filled {
    /// The answers, by indicator.
    pub(super) answers: BTreeMap<String, String>,
    /// The command's id, made with the page.
    pub(super) command_id: Option<Uuid>,
    /// The session's token.
    pub(super) csrf: String,
    /// Photos that are kept already, by indicator.
    pub(super) kept: BTreeMap<String, Vec<Kept>>,
    /// The notes, by indicator.
    pub(super) notes: BTreeMap<String, String>,
    /// What was wrong with a file, by indicator.
    pub(super) wrong: BTreeMap<String, String>,
    new: BTreeMap<String, Vec<Photo>>,
}

/// A photo that came with a form, and is not kept yet.
pub(in crate::web) struct Photo {
    /// Its bytes.
    pub(in crate::web) bytes: Vec<u8>,
    /// Told by its bytes.
    pub(in crate::web) media_type: &'static str,
}

impl Filled {
    /// Reads a form. A file that is no photo is told beside its indicator, for which nothing is kept then; the rest of the form is.
    pub(super) async fn read(mut form: Multipart, lang: Lang) -> Result<Self, String> {
        let mut filled = Self::default();
        while let Some(field) = form.next_field().await.map_err(|_| too_large(lang))? {
            let name = field.name().unwrap_or_default().to_owned();
            let is_file = field.file_name().is_some();
            let bytes = field.bytes().await.map_err(|_| too_large(lang))?;
            if let Some(indicator) = name.strip_prefix("photo-").filter(|_| is_file) {
                match photo(bytes.to_vec(), lang) {
                    _ if bytes.is_empty() => {}
                    Ok(photo) => filled.new.entry(indicator.to_owned()).or_default().push(photo),
                    Err(text) => {
                        filled.wrong.insert(indicator.to_owned(), text);
                    }
                }
                continue;
            }
            filled.take(&name, String::from_utf8_lossy(&bytes).into_owned());
        }
        let Self { new, wrong, .. } = &mut filled;
        new.retain(|indicator, _| !wrong.contains_key(indicator));
        Ok(filled)
    }

    fn take(&mut self, name: &str, text: String) {
        let of = |prefix: &str| name.strip_prefix(prefix).map(str::to_owned);
        if let Some(indicator) = of("photo-").and_then(|of| Some(of.strip_suffix(KEPT)?.to_owned())) {
            self.kept.entry(indicator).or_default().extend(kept_photo(&text));
        } else if let Some(indicator) = of("result-") {
            self.answers.insert(indicator, text);
        } else if let Some(indicator) = of("note-").filter(|_| !text.trim().is_empty()) {
            self.notes.insert(indicator, text);
        } else if name == "command_id" {
            self.command_id = text.parse().ok();
        } else if name == "csrf" {
            self.csrf = text;
        }
    }

    /// Keeps the photos that came with it, under their digests.
    pub(super) async fn keep(&mut self, app: &App) -> Result<(), AttachmentError> {
        keep(app, &mut self.new, &mut self.kept).await
    }

    /// The results that say something new: another answer, or a photo that was not there.
    pub(super) fn results(&self, state: &Assessment, rulebook: &Rulebook) -> Vec<Value> {
        let mut results = Vec::new();
        for (id, answer) in &self.answers {
            let Some(indicator) = rulebook.indicator(id) else {
                results.push(json!({ "indicator": id, "outcome": answer }));
                continue;
            };
            let outcome = match indicator.kind {
                Kind::Count if answer != NOT_APPLICABLE => {
                    answer.parse::<u64>().map_or_else(|_| json!(answer), |n| json!(n))
                }
                _ => json!(answer),
            };
            let photos = self.kept.get(id).map_or(&[][..], Vec::as_slice);
            let same =
                state.results.get(id).is_some_and(|held| held.outcome == Outcome::from(outcome.clone()));
            if !same || !photos.is_empty() {
                results.push(json!({ "indicator": id, "outcome": outcome, "note": self.notes.get(id), "photos": photos }));
            }
        }
        results
    }
}

/// A photo is told by its bytes, whatever its name says.
pub(in crate::web) fn photo(bytes: Vec<u8>, lang: Lang) -> Result<Photo, String> {
    let media_type = match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
        Ok(imagesize::ImageType::Png) => "image/png",
        Ok(imagesize::ImageType::Webp) => "image/webp",
        _ => {
            return Err(lang.say(
                "所选文件不是照片。请用手机拍照，或选择 JPEG、PNG、WebP 格式的图片。",
                "The file is no photo. Take one with the phone, or choose a JPEG, PNG or WebP picture.",
            ));
        }
    };
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(too_large(lang));
    }
    Ok(Photo { bytes, media_type })
}

pub(in crate::web) fn too_large(lang: Lang) -> String {
    lang.say(
        "表单太大：每张照片不超过8兆，请重拍或分几次保存。",
        "The form is too large: a photo may have 8 MB. Take it again, or save in several steps.",
    )
}

/// Eight megabytes, as the page says.
const PHOTO_BYTES_MAX: usize = 8 * 1024 * 1024;
