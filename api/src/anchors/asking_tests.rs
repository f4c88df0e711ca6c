//! Asking while others sign and ask too: a real witness behind a door that can be held shut.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use wuping_ledger::genesis::{CreateOptions, Ledger, RunOptions};
use wuping_ledger::place::remember_database;

use super::Anchors;
use crate::witness;

/// Where requests wait on their way to a witness.
#[derive(Clone, Debug)]
struct Door {
    open: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

/// A ledger and a witness of it, which is asked directly or through a door.
struct Place {
    folder: TempDir,
    ledger: Ledger,
    key: String,
    direct: String,
    through_door: String,
    door: Door,
}

impl Door {
    fn shut() -> Self {
        let [waiting, most_at_once] = [0, 0].map(|none| Arc::new(AtomicUsize::new(none)));
        Self { open: Arc::new(Semaphore::new(0)), waiting, most_at_once }
    }

    /// Lets all through from now on.
    fn open(&self) {
        self.open.close();
    }

    async fn is_knocked_at(&self) {
        while self.waiting.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn pass(State(door): State<Self>, request: Request, next: Next) -> Response {
        let waiting = door.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        door.most_at_once.fetch_max(waiting, Ordering::SeqCst);
        // it is closed to let everybody through
        let _ = door.open.acquire().await;
        let answer = next.run(request).await;
        door.waiting.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CreateOptions::new("ledger.example/asking", false).unwrap();
        let ledger = Ledger::create(&folder.path().join("ledger"), options).unwrap().ledger;
        ledger.writer().sign_now().await.unwrap();
        let witness = folder.path().join("witness");
        let key = witness::make(&witness, "witness.example/w1").unwrap().to_string();
        let router = witness::router(&witness, vec![ledger.log_key().clone()]).unwrap();
        let door = Door::shut();
        let held = router.clone().layer(from_fn_with_state(door.clone(), Door::pass));
        let (direct, through_door) = (served(router).await, served(held).await);
        Self { folder, ledger, key, direct, through_door, door }
    }

    /// What a node of this name knows, whose list has the witness at an address.
    fn node(&self, name: &str, address: &str) -> Arc<Anchors> {
        let folder: PathBuf = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        list(&folder, &self.key, address);
        Arc::new(Anchors::of(&folder).unwrap())
    }

    /// One entry more, under a checkpoint; how many there are.
    async fn grown(&self, holder: &str) -> u64 {
        self.ledger.enrol_officer(holder).await.unwrap();
        self.ledger.writer().sign_now().await.unwrap();
        self.ledger.reader().checkpoint_size().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_has_signed_and_shown_meanwhile_is_no_other_history() {
    let place = Place::new().await;
    let (slow, other) = (place.node("slow", &place.through_door), place.node("other", &place.direct));
    let asking = async { slow.ask_before_serving(&place.ledger).await.unwrap() };
    let meanwhile = async {
        place.door.is_knocked_at().await;
        let size = place.grown("officer-1").await;
        other.ask_before_serving(&place.ledger).await.unwrap();
        assert_eq!(other.cosigned_size(), size);
        place.door.open();
        size
    };
    let (_, size) = tokio::join!(asking, meanwhile);
    assert_eq!(place.ledger.writer().alarm(), None);
    assert_eq!(slow.cosigned_size(), size, "the newer one is shown at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_asks_one_thing_after_the_other() {
    let place = Place::new().await;
    let node = place.node("node", &place.through_door);
    let first = async { node.ask_before_serving(&place.ledger).await.unwrap() };
    let second = async {
        place.door.is_knocked_at().await;
        place.grown("officer-1").await;
        node.ask_before_serving(&place.ledger).await.unwrap();
    };
    let opening = async {
        place.door.is_knocked_at().await;
        // time enough for the second one to knock as well
        tokio::time::sleep(Duration::from_millis(500)).await;
        place.door.open();
    };
    tokio::join!(first, second, opening);
    assert_eq!(place.ledger.writer().alarm(), None);
    assert_eq!(place.door.most_at_once.load(Ordering::SeqCst), 1);
    assert_eq!(node.cosigned_size(), place.ledger.reader().checkpoint_size().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_signed_here_is_another_history() {
    let place = Place::new().await;
    let node = place.node("node", &place.direct);
    let here = place.ledger.reader().checkpoint_size().unwrap();
    // the same log as somebody else goes on with it
    let forked = place.folder.path().join("forked");
    std::fs::create_dir(&forked).unwrap();
    for file in std::fs::read_dir(place.folder.path().join("ledger")).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), forked.join(file.file_name())).unwrap();
    }
    let other = Ledger::open(&forked, RunOptions::default()).unwrap();
    other.enrol_officer("officer-9").await.unwrap();
    other.writer().sign_now().await.unwrap();
    place.node("elsewhere", &place.direct).ask_before_serving(&other).await.unwrap();
    let refused = node.ask_before_serving(&place.ledger).await.unwrap_err();
    assert!(refused.to_string().contains(&format!("there are {here} here")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_writes_nothing_hears_of_the_alarm_that_another_one_raised() {
    struct House(Ledger);
    impl AsRef<Ledger> for House {
        fn as_ref(&self) -> &Ledger {
            &self.0
        }
    }
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    remember_database(one.path(), &crate::test_postgres::new_database()).unwrap();
    let options = CreateOptions::new("ledger.example/asking", false).unwrap();
    let first = Ledger::create(one.path(), options).unwrap().ledger;
    for file in ["database.url", "master.key"] {
        std::fs::copy(one.path().join(file), other.path().join(file)).unwrap();
    }
    let idle = Arc::new(House(Ledger::open(other.path(), RunOptions::default()).unwrap()));
    first.writer().raise_alarm("a test").unwrap();
    first.writer().keep_alarm().unwrap();
    let following = Arc::new(Anchors::of(other.path()).unwrap()).follow(idle.clone());
    tokio::time::timeout(Duration::from_secs(20), following).await.unwrap();
    assert_eq!(idle.0.writer().alarm(), Some("a test"));
}

fn list(folder: &Path, key: &str, address: &str) {
    std::fs::write(folder.join("witnesses.txt"), format!("{key} {address}\n")).unwrap();
}

async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
