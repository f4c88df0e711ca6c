//! A step of a matter, declared: which command it is, what a person fills in, and what is asked once more before it is
//! recorded. Whether somebody may take it is the domain's to say.

use wuping_domain::facts::Role;

/// One thing that can be done to a stream.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its name among the steps of its concept.
    pub(crate) id: &'static str,
    /// The concept whose command it is.
    pub(crate) concept: &'static str,
    /// The command.
    pub(crate) command: &'static str,
    /// What it does, as a verb.
    pub(crate) label: [&'static str; 2],
    /// What follows from it, where that is not plain.
    pub(crate) note: Option<[&'static str; 2]>,
    /// What is asked once more, with all answers in sight, before something is recorded that binds or burdens somebody.
    pub(crate) sure: Option<[&'static str; 2]>,
    /// What a person fills in.
    pub(crate) fields: &'static [Field],
    /// Members of the command that nobody types.
    pub(crate) given: &'static [(&'static str, Given)],
    /// Whether it begins a new matter.
    pub(crate) starts: bool,
    /// Whether it only adds to what is there, so that nobody need have seen the newest state.
    pub(crate) adds: bool,
}

/// A member of a command that nobody types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    /// This code.
    Code(&'static str),
    /// The filter by which a campaign's premises were chosen.
    Criteria,
    /// The determination that waits for a person.
    Determination,
    /// The due day of the round that is due.
    DueRound,
    /// The determination in force.
    InForce,
    /// The determination that the party can still speak about.
    ToSpeakAbout,
    /// The assessment that the grade in force came from.
    InForceAssessment,
    /// The digest of the list of grades as of now.
    SheetDigest,
    /// How many lines it has.
    SheetLines,
    /// The position that it was made at.
    SheetPosition,
    /// The newest rating of a credit file.
    Rating,
    /// The first day of the analysis of the situation that is shown.
    SituationFrom,
    /// Its last day.
    SituationUntil,
    /// The position that it was made at.
    SituationPosition,
    /// Its digest.
    SituationDigest,
}

/// One thing to fill in.
#[derive(Debug)]
pub(crate) struct Field {
    /// The member of the command; dots lead into objects.
    pub(crate) name: &'static str,
    /// Its label.
    pub(crate) label: [&'static str; 2],
    /// What to write, where the label does not say it.
    pub(crate) hint: Option<[&'static str; 2]>,
    /// What it takes.
    pub(crate) kind: Kind,
    /// Whether it must be filled.
    pub(crate) required: bool,
}

/// A code with its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A stream of these premises that decides something, with its determination; flat where the command has both as
    /// members of its own.
    Case {
        /// `about` and `determination` beside each other, instead of one object.
        flat: bool,
    },
    /// A result that is right instead: an indicator and its outcome.
    Corrected,
    /// A day.
    Day,
    /// A record under doubt, with its stream and who recorded it.
    Doubtful,
    /// An indicator that opens a hazard, with the class of its hazard.
    Hazard,
    /// Several texts, one a line.
    Lines,
    /// Several lines of text.
    Long,
    /// Several of these codes.
    Many(&'static [Code]),
    /// Several of what the rulebook or these premises have.
    ManyOf(Source),
    /// A moment, at the clock of the office.
    Moment,
    /// A whole number.
    Number,
    /// One of these codes.
    One(&'static [Code]),
    /// One of what the rulebook or these premises have.
    OneOf(Source),
    /// A part of a credit file: its class, or a record of conduct.
    Part,
    /// One photo or page.
    Photo,
    /// Photos.
    Photos,
    /// What a meeting resolved, one a line: department, day, words.
    Resolutions,
    /// One line of text.
    Short,
    /// A telephone number.
    Telephone,
    /// A box to tick.
    Tick,
    /// Yes or no, and nothing chosen beforehand.
    YesNo,
}

/// Where choices come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// Assessments opened on a request.
    Assessments,
    /// Accounts that may assess here.
    Assessors,
    /// Departments of the policy's list and registered authorities, by the name that a notice bears.
    Authorities,
    /// Parties that claim to answer here.
    Claims,
    /// The actor's departments that joined the campaign.
    CampaignDepartments,
    /// Premises of the campaign.
    CampaignPremises,
    /// Cases that were closed.
    ClosedHazards,
    /// Records of conduct that stand, by number.
    CreditConduct,
    /// Kinds of conduct that the policy knows.
    CreditKinds,
    /// Objections that nobody has decided, by number.
    CreditObjections,
    /// Requests for repair that nobody has decided, by number.
    CreditRepairs,
    /// Reports to the public credit platform, by number.
    CreditReports,
    /// Departments of the policy's list.
    Departments,
    /// What excuses a round.
    Excuses,
    /// What can be found: that an indicator is not met.
    Findings,
    /// Grounds in law for a ban on letting.
    Grounds,
    /// People with an open account that acts by one of these roles, to whom something is given.
    Holders(&'static [Role]),
    /// Indicators of the rulebook.
    Indicators,
    /// Measures that go with the level in force, and that are proposed.
    Measures,
    /// Who handles a notice, or examines a hazard that may be major.
    Officers,
    /// Cases that are open.
    OpenHazards,
    /// Appeals of the person that nobody has decided, which were meant for a request.
    OwnAppeals,
    /// Requests of the person that were not granted, which were meant for an appeal.
    OwnRequests,
    /// Parties that answer here.
    Parties,
    /// Parties that the person speaks for.
    PartiesOfMine,
    /// Proposals that wait.
    Proposals,
    /// Who may have proposed a ban on letting.
    Proposers,
    /// Deadlines of the policy that are remedies.
    Remedies,
    /// Other reports of these premises.
    Reports,
    /// Resolutions of the meeting that are open.
    Resolutions,
    /// Accounts of reviewers.
    Reviewers,
    /// What a ban on letting may cover.
    Scopes,
    /// Officers of departments that take part in an inspection, beside the one who says that it was made.
    SecondOfficers,
    /// Stewards appointed here.
    Stewards,
    /// Matters of these premises in which people are named or speak.
    Streams,
    /// Marks that these premises carry.
    Tags,
}

impl Source {
    /// Whether what is chosen is a number.
    pub(crate) const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::CreditConduct
                | Self::CreditObjections
                | Self::CreditRepairs
                | Self::CreditReports
                | Self::Proposals
                | Self::Resolutions
        )
    }
}

/// A step without fields; add what it has by struct update.
pub(crate) const fn step(
    concept: &'static str,
    id: &'static str,
    command: &'static str,
    label: [&'static str; 2],
) -> Step {
    Step {
        id,
        concept,
        command,
        label,
        note: None,
        sure: None,
        fields: &[],
        given: &[],
        starts: false,
        adds: false,
    }
}

/// A field that must be filled.
pub(crate) const fn field(name: &'static str, label: [&'static str; 2], kind: Kind) -> Field {
    Field { name, label, hint: None, kind, required: true }
}

/// A field that may be left open.
pub(crate) const fn open(name: &'static str, label: [&'static str; 2], kind: Kind) -> Field {
    Field { name, label, hint: None, kind, required: false }
}

impl Field {
    /// The same with a hint.
    pub(crate) const fn hint(self, zh: &'static str, en: &'static str) -> Self {
        Self { hint: Some([zh, en]), ..self }
    }
}

/// The day on which staff took it at the counter.
pub(crate) const HANDED_IN: Field = Field {
    name: "handed_in_on",
    label: ["收到日期", "Handed in on"],
    hint: Some(["当事人在窗口交来的那一天", "The day on which the party handed it in at the counter"]),
    kind: Kind::Day,
    required: true,
};
/// The number of a document.
pub(crate) const DOCUMENT: Field = field("document_number", ["文号", "Number of the document"], Kind::Short)
    .hint("例如 坪消〔2026〕12号", "For example 坪消〔2026〕12号");
/// The paper that whoever says it has signed.
pub(crate) const SIGNED_PAPER: Field = field("photos", ["签名的书面材料", "The signed paper"], Kind::Photos);
/// Photos that may be left out.
pub(crate) const PHOTOS: Field = open("photos", ["照片", "Photos"], Kind::Photos);
