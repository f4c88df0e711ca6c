//! Photos: a strip, and before beside after.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

use super::super::words::Lang;
use super::{erased, moment};

/// A photo of a record.
#[derive(Clone, Debug)]
pub struct Photo {
    /// What can be seen, for who cannot see it.
    pub what: String,
    /// When it was taken, as the camera or author says.
    pub taken_at: Option<DateTime<Utc>>,
    /// Whether it can be shown.
    pub standing: PhotoStanding,
}

/// Whether a photo can be shown.
#[derive(Clone, Debug)]
pub enum PhotoStanding {
    /// Erased by law on the day given.
    Erased(NaiveDate),
    /// Here.
    Here {
        /// The small picture, 4 by 3.
        small: String,
        /// The full picture.
        full: String,
    },
    /// The record is here, the photo is still on its way.
    NotArrived,
}

/// Photos side by side, wrapping; each opens in full.
pub fn photo_strip(lang: Lang, photos: &[Photo]) -> Markup {
    html! {
        ul.photos {
            @for photo in photos { li { (figure(lang, photo, None)) } }
        }
    }
}

/// The state found and the state after repair, side by side.
pub fn before_after(lang: Lang, before: &Photo, after: &Photo) -> Markup {
    html! {
        div.before-after {
            (figure(lang, before, Some(lang.pick("整改前", "Before"))))
            (figure(lang, after, Some(lang.pick("整改后", "After"))))
        }
    }
}

fn figure(lang: Lang, photo: &Photo, label: Option<&str>) -> Markup {
    html! {
        figure.photo {
            @match &photo.standing {
                PhotoStanding::Here { small, full } => a href=(full) {
                    img src=(small) alt=(photo.what) width="160" height="120" loading="lazy" decoding="async";
                },
                PhotoStanding::NotArrived => span.photo-none {
                    (lang.pick("照片还没有传到", "Photo not arrived yet"))
                },
                PhotoStanding::Erased(on) => span.photo-none { (erased(lang, *on)) },
            }
            figcaption {
                @if let Some(label) = label { strong { (label) } " " }
                (photo.what)
                @if let Some(at) = photo.taken_at {
                    br; span.quiet { (lang.pick("拍摄", "taken")) " " (moment(lang, at)) }
                }
            }
        }
    }
}
