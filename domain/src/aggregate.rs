//! A concept of the field: what can be asked, what is decided, how its state follows from its events; and the one
//! adapter that makes any of them a `cqrs_es::Aggregate`.

use std::fmt::Debug;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::facts::{Actor, Facts};
use crate::permission::{Permission, permit};
use crate::rejection::Rejection;
use crate::said::Said;

/// One concept: pure functions over its own state. `decide` returns what the actor states, unchanged, and never a
/// computed event; an empty list means that nothing new was said.
pub trait Concept: Clone + Debug + Default + Send + Sync + 'static {
    /// Last odd-numbered segment of its streams, `hazard` of `premises/p-1/hazard/7`.
    const TYPE: &'static str;
    /// What can be asked of it.
    type Command: DeserializeOwned + Send;
    /// What can have happened to it.
    type Event: Clone + Debug + DeserializeOwned + PartialEq + Send + Serialize + Sync + Named;

    /// To whom a command is open: any one of these will do, and an empty list means that it comes in from elsewhere.
    fn open_to(command: &Self::Command) -> &'static [Permission];

    /// What the actor states by this command, or why it is refused. Asked only of whom the command is open to.
    fn decide(&self, command: Self::Command, facts: &Facts) -> Result<Vec<Said<Self::Event>>, Rejection>;

    /// Take an event into the state. Total: any signed history can be read.
    fn evolve(&mut self, event: &Self::Event);

    /// The department that answers for the matter, once it is known.
    fn competent(&self, _command: &Self::Command, _facts: &Facts) -> Option<String> {
        None
    }

    /// Whether the actor is a side of this matter without answering for the premises: who filed it, whom it is addressed to.
    fn has_side(&self, _actor: &Actor) -> bool {
        false
    }

    /// Refuses if the work lies in other hands than the actor's.
    ///
    /// # Errors
    /// A rejection that says in whose.
    fn must_be_in_hands(&self, _facts: &Facts) -> Result<(), Rejection> {
        Ok(())
    }
}

/// What a concept answers to a command: first whether it is open to the actor at all, then by its own rules.
///
/// # Errors
/// Why it is refused.
pub fn decided<C: Concept>(
    state: &C,
    command: C::Command,
    facts: &Facts,
) -> Result<Vec<Said<C::Event>>, Rejection> {
    permit(state, &command, facts)?;
    state.decide(command, facts)
}

/// The wire name of an event.
pub trait Named {
    /// Every name that an event of the concept can have, as the enum lists them.
    const NAMES: &'static [&'static str];

    /// `HazardFound`.
    fn name(&self) -> &'static str;
}

/// A command with what the rules may know.
#[derive(Debug)]
pub struct Request<C: Concept> {
    /// What is asked.
    pub command: C::Command,
    /// What may be looked at.
    pub facts: Facts,
}

/// The adapter. It has no snapshot, so its serialised form is empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(bound = "")]
pub struct Shell<C: Concept> {
    #[serde(skip)]
    state: C,
}

impl<C: Concept> Aggregate for Shell<C> {
    const TYPE: &'static str = C::TYPE;
    type Command = Request<C>;
    type Error = Rejection;
    type Event = Said<C::Event>;
    type Services = ();

    async fn handle(
        &mut self,
        request: Request<C>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        for said in decided(&self.state, request.command, &request.facts)? {
            sink.write(said, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, said: Said<C::Event>) {
        self.state.evolve(&said.event);
    }
}

impl<E> DomainEvent for Said<E>
where
    E: Clone + Debug + DeserializeOwned + Named + PartialEq + Send + Serialize + Sync,
{
    fn event_type(&self) -> String {
        self.event.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Writes `Named` for an event enum whose variants are its wire names.
macro_rules! named {
    ($event:ident { $($variant:ident),+ $(,)? }) => {
        impl $crate::aggregate::Named for $event {
            const NAMES: &'static [&'static str] = &[$(stringify!($variant)),+];

            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant),)+ }
            }
        }
    };
}
pub(crate) use named;
