//! Looking at the entries of a log part by part, ahead of who follows the rules over all of them: while one part is followed
//! and the next is read, the one between them is looked at.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::audit_entry::{Looked, Looker, Signatures, check_signatures, said_key};
use crate::audit_source::Lying;
use crate::keys::{Kid, PublicKey};

/// Looks at the entries of a log in their order.
pub(crate) struct Looking {
    origin: String,
    signatures: Signatures,
    /// Enrolled by the entries so far, by what these say; whether they may sign is a matter of level 4.
    keys: HashMap<Kid, PublicKey>,
    /// So many threads of its own; where there is none, those that all share.
    threads: Option<ThreadPool>,
}

/// Where parts go to be looked at, and come back from.
pub(crate) enum Ahead {
    /// Nothing is gained where there is one thread for it.
    Here(Looking),
    Beside {
        parts: SyncSender<Vec<Lying>>,
        looked: Receiver<Vec<Looked>>,
        under_way: bool,
    },
}

impl Looking {
    /// On so many threads; on all there are if none is said.
    pub(crate) fn on(threads: Option<usize>, origin: &str, signatures: Signatures) -> Self {
        let threads = threads.and_then(|threads| ThreadPoolBuilder::new().num_threads(threads).build().ok());
        Self { origin: origin.to_owned(), signatures, keys: HashMap::new(), threads }
    }

    /// Looks at parts for as long as the caller brings some.
    pub(crate) fn ahead<T>(self, with: impl FnOnce(&mut Ahead) -> T) -> T {
        let threads =
            self.threads.as_ref().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads);
        if threads == 1 {
            return with(&mut Ahead::Here(self));
        }
        std::thread::scope(|scope| {
            let (parts, to_look_at) = sync_channel(1);
            let (found, looked) = sync_channel(1);
            let mut looking = self;
            scope.spawn(move || {
                for part in to_look_at {
                    // whoever does not take it any more has found what ends the audit
                    if found.send(looking.look(part)).is_err() {
                        return;
                    }
                }
            });
            with(&mut Ahead::Beside { parts, looked, under_way: false })
        })
    }

    fn look(&mut self, part: Vec<Lying>) -> Vec<Looked> {
        let Self { origin, signatures, keys, threads } = self;
        let look = || {
            let looker = || Looker::of(origin);
            let mut looked: Vec<Looked> = part.into_par_iter().map_init(looker, Looker::look_at).collect();
            // a key that is enrolled in this part signs in this part
            for public in looked.iter().filter_map(said_key) {
                keys.insert(public.kid(), public);
            }
            check_signatures(&mut looked, keys, *signatures);
            looked
        };
        match threads {
            Some(threads) => threads.install(look),
            None => look(),
        }
    }
}

impl Ahead {
    /// Gives the next part to be looked at, and takes one before it that was.
    pub(crate) fn next(&mut self, part: Vec<Lying>) -> Vec<Looked> {
        match self {
            Self::Here(looking) => looking.look(part),
            Self::Beside { parts, looked, under_way } => {
                let before = std::mem::replace(under_way, parts.send(part).is_ok());
                if before { looked.recv().unwrap_or_default() } else { Vec::new() }
            }
        }
    }

    /// What was not taken yet.
    pub(crate) fn last(&mut self) -> Vec<Looked> {
        match self {
            Self::Beside { looked, under_way: true, .. } => looked.recv().unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}
