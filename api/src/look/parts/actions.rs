//! Actions: what can be done now by this person, each with the rule that allows it or the reason it is not
//! allowed.

use maud::{Markup, html};

use super::super::words::Lang;

/// How grave an action is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ActionKind {
    /// It binds somebody or cannot be taken back.
    Grave,
    /// One of several.
    #[default]
    Plain,
    /// The one expected next.
    Primary,
}

impl ActionKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Grave => "button button-grave",
            Self::Plain => "button button-plain",
            Self::Primary => "button",
        }
    }
}

/// How an action is done, or why it cannot be.
#[derive(Clone, Debug)]
pub enum ActionHow {
    /// It opens a page or form.
    Open {
        /// Where.
        href: String,
    },
    /// It posts at once.
    Post {
        /// Where to.
        action: String,
        /// The session's token against forged forms.
        csrf: String,
        /// Further hidden fields, such as the command's id and the expected version.
        fields: Vec<(String, String)>,
    },
    /// It is not allowed.
    Refused {
        /// Why, in words.
        why: String,
        /// What to do instead.
        instead: Option<String>,
    },
}

/// One thing that may be done.
#[derive(Clone, Debug)]
pub struct Action {
    /// What it does, as a verb.
    pub label: String,
    /// How grave it is.
    pub kind: ActionKind,
    /// How it is done.
    pub how: ActionHow,
    /// The rule that allows or forbids it, in words.
    pub rule: Option<String>,
}

/// The actions, one under the other.
pub fn actions(lang: Lang, actions: &[Action]) -> Markup {
    html! {
        ul.actions { @for action in actions { li.action { (button(lang, action)) } } }
    }
}

fn button(lang: Lang, action: &Action) -> Markup {
    html! {
        @match &action.how {
            ActionHow::Open { href } => a class=(action.kind.class()) href=(href) { (action.label) },
            ActionHow::Post { action: target, csrf, fields } => form method="post" action=(target) {
                input type="hidden" name="csrf" value=(csrf);
                @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                button class=(action.kind.class()) type="submit" { (action.label) }
            },
            ActionHow::Refused { why, instead } => {
                p.refused {
                    span.refused-label { (action.label) }
                    " " span.refused-word { (lang.pick("现在不能办", "not now")) }
                }
                p.refused-why { (why) }
                @if let Some(instead) = instead { p.refused-why { strong { (instead) } } }
            },
        }
        @if let Some(rule) = &action.rule { p.rule { (lang.pick("依据：", "Rule: ")) (rule) } }
    }
}
