//! Every kind of list against a real ledger: tried, taken, taken again, changed, and as a workbook.

use std::sync::Arc;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::{Grant, Role};
use wuping_domain::incident::Incident;
use wuping_domain::premises::Premises;
use wuping_domain::recorded::local_date;
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::timestamp::Timestamp;

use super::*;
use crate::app::{Asked, Who};
use crate::shelf;

struct House {
    app: Arc<App>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/lists", false).unwrap());
        let house = Self { app, _folder: folder };
        let [unit, ..] = shelf::pingshan().unwrap();
        house.app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
        let today = local_date(Timestamp::now().datetime());
        house.say(&unit.stream(), unit.illustrative_publication(today)).await;
        house.say("account/a-1", json!({ "command": "open", "name": "李四" })).await;
        let grant =
            Grant { role: Role::DepartmentOfficer, department: Some("fire".into()), area: None, party: None };
        let mut grant = serde_json::to_value(grant).unwrap();
        grant["command"] = json!("grant");
        house.say("account/a-1", grant).await;
        house
    }

    /// A house whose buildings are registered already.
    async fn with_premises() -> Self {
        let house = Self::new().await;
        assert_eq!(house.take(Kind::Premises, PREMISES, false).await.refused, 4);
        house
    }

    async fn say(&self, stream: &str, command: Value) {
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        let asked = Asked { id, stream, command, expected: None, occurred_at };
        self.app.execute(&counter, asked).await.unwrap();
    }

    async fn take(&self, kind: Kind, csv: &str, dry_run: bool) -> Report {
        self.take_bytes(kind, csv.as_bytes(), dry_run).await
    }

    async fn take_bytes(&self, kind: Kind, bytes: &[u8], dry_run: bool) -> Report {
        let sheet = Sheet::of_file(bytes).unwrap();
        let delivery = Delivery { channel: office_channel(), kind, reference: reference_of(bytes), dry_run };
        super::take(&self.app, &delivery, &sheet, &|_, _| {}).await.unwrap()
    }

    fn size(&self) -> u64 {
        self.app.reader().size().unwrap()
    }

    fn premises(&self, id: &str) -> Premises {
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        self.app.trial(&counter, &format!("premises/{id}")).unwrap().state()
    }

    /// The private value of the newest entry of a stream.
    fn private(&self, stream: &str, name: &str) -> Option<Value> {
        let entries = self.app.reader().stream(stream).unwrap();
        let mut values = entries.iter().rev().flat_map(|entry| {
            let digests = digests_in(&entry.data);
            let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
            self.app.vault.values(&digests).unwrap().into_iter().flatten().collect::<Vec<_>>()
        });
        values.find(|value| value.name == name && !value.value.is_null()).map(|value| value.value)
    }
}

/// A report without what a dry run cannot know.
fn bare(mut report: Report) -> Report {
    report.dry_run = false;
    for spoken in report.lines.iter_mut().flat_map(|fate| &mut fate.said) {
        spoken.position = None;
    }
    report
}

fn counts(report: &Report) -> [u64; 4] {
    [report.new, report.changed, report.same, report.refused]
}

fn codes(report: &Report) -> Vec<(u64, &str, Option<&str>)> {
    let refused = report.lines.iter().filter_map(|fate| Some((fate.line, fate.refused.as_ref()?)));
    refused.map(|(line, fault)| (line, fault.code.as_str(), fault.column)).collect()
}

/// The same table as a workbook, with days and moments as Excel keeps them.
fn as_workbook(csv: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let (day, moment) =
        (Format::new().set_num_format("yyyy-mm-dd"), Format::new().set_num_format("yyyy/m/d h:mm"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    for (line, record) in (0_u32..).zip(reader.records()) {
        for (place, cell) in (0_u16..).zip(&record.unwrap()) {
            match ExcelDateTime::parse_from_str(cell) {
                Ok(told) if cell.len() == 10 && cell.contains('-') => {
                    sheet.write_datetime_with_format(line, place, &told, &day).unwrap()
                }
                Ok(told) if cell.len() >= 16 && cell.contains('-') => {
                    sheet.write_datetime_with_format(line, place, &told, &moment).unwrap()
                }
                _ => sheet.write_string(line, place, cell).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Tried, taken, tried and taken again, and taken as a workbook by another house that is like the first.
async fn tried_and_taken(house: &House, other: &House, kind: Kind, csv: &str) -> Report {
    let before = house.size();
    let tried = house.take(kind, csv, true).await;
    assert!(tried.dry_run && house.size() == before, "a dry run writes nothing");
    let taken = house.take(kind, csv, false).await;
    assert_eq!(bare(tried), bare(taken.clone()), "a dry run tells what then happens");
    assert!(taken.lines.iter().flat_map(|fate| &fate.said).all(|spoken| spoken.position.is_some()));
    let (size, again) = (house.size(), house.take(kind, csv, false).await);
    assert!(size > before && house.size() == size, "the same file twice writes nothing");
    assert_eq!(counts(&again), [0, 0, taken.rows - taken.refused, taken.refused]);
    assert_eq!(codes(&again), codes(&taken));
    let workbook = as_workbook(csv);
    assert_eq!(
        bare(other.take_bytes(kind, &workbook, false).await),
        bare(taken.clone()),
        "a workbook says the same"
    );
    assert_eq!(
        counts(&house.take_bytes(kind, &workbook, false).await),
        counts(&again),
        "a workbook says nothing more"
    );
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn premises_are_registered_amended_and_moved() {
    let (house, other) = (House::new().await, House::new().await);
    let taken = tried_and_taken(&house, &other, Kind::Premises, PREMISES).await;
    assert_eq!(counts(&taken), [3, 0, 1, 4]);
    assert_eq!(
        codes(&taken),
        [
            (6, "unknown_word", Some("layer")),
            (7, "no_premises", Some("parent")),
            (8, "said_twice", None),
            (9, "no_premises", Some("parent"))
        ]
    );
    assert_eq!(taken.unread_columns, ["备注"]);
    assert_eq!(taken.lines[0].said[0].stream, "premises/office-4403-1");
    assert_eq!(house.private("premises/office-4403-1", "raw").unwrap()["备注"], "屋顶有水箱");
    assert_eq!(house.private("premises/office-4403-1", "coordinates"), Some(json!("22.7,114.4")));
    let parent = house.premises("office-4403-1-101").register.unwrap().parent;
    assert_eq!(parent.as_deref(), Some("office-4403-1"), "registered by the same file, after it");
    let entry = house.app.reader().stream("premises/office-4403-1").unwrap().pop().unwrap();
    assert!(
        entry.data.contains(r#""channel":"office-list""#) && !entry.data.contains("水箱"),
        "{}",
        entry.data
    );

    let changed = "房屋编码,类别,地址,街道,社区,层数,坐标\n4403-1,楼栋,石井街道金龟路1号,坑梓,金龟,8,\"22.7,114.4\"\n4403-2,楼栋,石井街道金龟路2号,石井,,,\"22.8,114.5\"\n";
    let tried = house.take(Kind::Premises, changed, true).await;
    let taken = house.take(Kind::Premises, changed, false).await;
    assert_eq!((counts(&taken), bare(tried)), ([0, 2, 0, 0], bare(taken.clone())));
    let told = |line: usize| {
        let said = taken.lines[line].said.iter();
        said.map(|spoken| (spoken.command.as_str(), spoken.fields.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(told(0), [("move", "community grid_cell subdistrict".into()), ("amend", "storeys".into())]);
    let register = house.premises("office-4403-1").register.unwrap();
    assert_eq!((register.subdistrict.as_str(), register.grid_cell.as_str()), ("坑梓", "g-01"));
    assert_eq!(register.storeys, Some(8), "and what the list leaves out stays");
    assert_eq!(house.private("premises/office-4403-2", "coordinates"), Some(json!("22.8,114.5")));
    let back = house.take(Kind::Premises, PREMISES, false).await;
    assert_eq!(counts(&back), [0, 1, 3, 4], "what was and comes again is a change again");
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_are_registered_and_answer_for_premises() {
    let (house, other) = (House::with_premises().await, House::with_premises().await);
    let csv = "责任人编号,类型,姓名或名称,统一社会信用代码,电话,房屋编码,身份,开始日期,结束日期\n\
        y-1,个人,张三,,13800000000,4403-1,业主,2026-01-01,\n\
        y-1,,,,,4403-1-101,owner,2026-01-01,\n\
        y-2,企业,某物业公司,91440300708461136T,,4403-1,管理人,,\n\
        y-3,企业,某公司,91440300708461136A,,4403-1,管理人,,\n\
        440301199001011234,个人,李某,,,4403-1,业主,,\n\
        y-4,,王五,,,4403-1,业主,,\n\
        y-5,个人,赵六,,,9999,业主,,\n\
        y-6,个人,钱七,,,4403-1,业主,2026-05-01,2026-01-01\n";
    let taken = tried_and_taken(&house, &other, Kind::Parties, csv).await;
    assert_eq!(counts(&taken), [3, 0, 0, 5]);
    assert_eq!(
        codes(&taken),
        [
            (5, "malformed", None),
            (6, "personal_number", Some("party")),
            (7, "empty_cell", Some("kind")),
            (8, "no_premises", Some("code")),
            (9, "ends_before", Some("until")),
        ]
    );
    assert_eq!(house.private("party/office-y-1", "raw").unwrap()["电话"], "13800000000");
    let log: String = house
        .app
        .reader()
        .stream("party/office-y-1")
        .unwrap()
        .into_iter()
        .chain(house.app.reader().stream("premises/office-4403-1").unwrap())
        .map(|entry| entry.data)
        .collect();
    assert!(!log.contains("张三") && !log.contains("138000"), "{log}");
    let raw = house.private("premises/office-4403-1", "raw").unwrap();
    assert!(raw.get("姓名或名称").is_none(), "who it is is not kept once more beside the premises: {raw}");

    let changed = "party,name,phone,code,role,from,until\n\
        y-1,张三,13900000000,4403-1,owner,2026-01-01,2026-06-30\n\
        y-1,张三,13900000000,4403-1,operator,2026-01-01,\n";
    let taken = house.take(Kind::Parties, changed, false).await;
    assert_eq!(counts(&taken), [1, 1, 0, 0], "{taken:?}");
    let said: Vec<&str> = taken.lines[0].said.iter().map(|spoken| spoken.command.as_str()).collect();
    assert_eq!(said, ["amend", "end_party", "name_party"]);
    assert_eq!(taken.lines[0].said[0].fields, ["phone"]);
    let mut roles: Vec<String> = house
        .premises("office-4403-1")
        .parties
        .iter()
        .map(|one| format!("{} {} {:?}", one.party, one.role, one.span.until.map(|day| day.to_string())))
        .collect();
    roles.sort();
    assert_eq!(
        roles,
        ["office-y-1 operator None", "office-y-1 owner Some(\"2026-06-30\")", "office-y-2 operator None"]
    );
    assert_eq!(counts(&house.take(Kind::Parties, changed, false).await), [0, 0, 2, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_of_a_party_does_not_come_back_by_its_list() {
    let house = House::with_premises().await;
    let csv = "party,kind,name,phone\ny-1,person,张三,13800000000\n";
    house.take(Kind::Parties, csv, false).await;
    let entry = house.app.reader().stream("party/office-y-1").unwrap().pop().unwrap();
    let digests = digests_in(&entry.data);
    house.app.vault.erase(&digests.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let size = house.size();
    assert_eq!(counts(&house.take(Kind::Parties, csv, false).await), [0, 0, 1, 0]);
    assert_eq!(house.size(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn assessors_are_assigned_and_reassigned() {
    let (house, other) = (House::with_premises().await, House::with_premises().await);
    for one in [&house, &other] {
        one.app.office.set_login("li", "a-1", "kid-1", "correct horse").unwrap();
    }
    let csv = "code,account,department,indicators,from,until\n\
        4403-1,li,fire,,2026-01-01,\n\
        4403-1-101,a-1,fire,\"electrical_wiring、gas_safety\",,\n\
        4403-1,nobody,fire,,,\n\
        4403-1,李 四,fire,,,\n\
        9999,li,fire,,,\n\
        4403-2,li,fire,,many,\n";
    let taken = tried_and_taken(&house, &other, Kind::Assessors, csv).await;
    assert_eq!(counts(&taken), [2, 0, 0, 4]);
    assert_eq!(
        codes(&taken),
        [
            (4, "no_account", Some("account")),
            (5, "no_account", Some("account")),
            (6, "no_premises", Some("code")),
            (7, "not_a_day", Some("from")),
        ]
    );
    assert_eq!(house.premises("office-4403-1-101").assessors[0].indicators.as_ref().unwrap().len(), 2);
    let changed =
        "code,account,department,from,until\n4403-1,li,fire,2026-01-01,2026-12-31\n4403-1,li,police,,\n";
    let taken = house.take(Kind::Assessors, changed, false).await;
    assert_eq!(counts(&taken), [1, 1, 0, 0]);
    let assessors = house.premises("office-4403-1").assessors;
    assert_eq!(assessors.len(), 2);
    assert_eq!(assessors[0].span.until.unwrap().to_string(), "2026-12-31");
    assert_eq!(counts(&house.take(Kind::Assessors, changed, false).await), [0, 0, 2, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_recorded_and_put_right() {
    let (house, other) = (House::with_premises().await, House::with_premises().await);
    let csv = "来源,事件编号,房屋编码,类别,程度,发生时间,说明\n\
        fire,F-1,4403-1,火灾,轻微,2026-03-02 14:05:00,厨房起火\n\
        police,P〔2026〕1,4403-1,public_order,一般,2026-03-03 08:00:00,\n\
        fire,F-2,9999,fire,minor,2026-03-02 14:05:00,\n\
        fire,F-3,4403-1,flood,minor,2026-03-02 14:05:00,\n\
        fire,F-4,4403-1,fire,minor,2999-03-02 14:05:00,\n\
        fire,,4403-1,fire,minor,2026-03-02 14:05:00,\n";
    let taken = tried_and_taken(&house, &other, Kind::Incidents, csv).await;
    assert_eq!(counts(&taken), [2, 0, 0, 4]);
    assert_eq!(
        codes(&taken),
        [
            (4, "no_premises", Some("code")),
            (5, "unknown_word", Some("category")),
            (6, "malformed", None),
            (7, "empty_cell", Some("source_id")),
        ]
    );
    let stream = "premises/office-4403-1/incident/fire-f-1";
    assert_eq!(house.private(stream, "text"), Some(json!("厨房起火")));
    let changed = csv.replace("火灾,轻微", "火灾,严重");
    let taken = house.take(Kind::Incidents, &changed, false).await;
    assert_eq!(counts(&taken), [0, 1, 1, 4]);
    let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
    let incident: Incident = house.app.trial(&counter, stream).unwrap().state();
    assert_eq!(incident.known.unwrap().severity, "serious");
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_issued_and_lifted() {
    let (house, other) = (House::new().await, House::new().await);
    let csv = "预警编号,种类,颜色,范围,发布时间,生效时间,解除后安全日期,原文\n\
        TY-1,台风,蓝色,石井、坑梓,2026-03-01 08:00:00,2026-03-02 06:00:00,,请转移\n\
        RS-1,暴雨,红,,2026-03-01 08:00:00,2026-03-01 09:00:00,2026-03-03,\n\
        RS-2,暴雨,紫,,2026-03-01 08:00:00,2026-03-01 09:00:00,,\n\
        RS-3,暴雨,红,,2026-03-01 08:00:00,2026-02-01 09:00:00,,\n\
        RS-4,暴雨,红,,早上,2026-03-01 09:00:00,,\n";
    let taken = tried_and_taken(&house, &other, Kind::Alerts, csv).await;
    assert_eq!(counts(&taken), [2, 0, 0, 3]);
    assert_eq!(
        codes(&taken),
        [(4, "unknown_word", Some("colour")), (5, "malformed", None), (6, "not_a_moment", Some("issued_at"))]
    );
    assert_eq!(house.private("alert/ty-1", "text"), Some(json!("请转移")));
    let lifted = csv.replace("2026-03-02 06:00:00,,请转移", "2026-03-02 06:00:00,2026-03-04,请转移");
    assert_eq!(counts(&house.take(Kind::Alerts, &lifted, true).await), [0, 1, 1, 3]);
    assert_eq!(counts(&house.take(Kind::Alerts, &lifted, false).await), [0, 1, 1, 3]);
    let redder = csv.replace("台风,蓝色", "台风,红色");
    assert_eq!(codes(&house.take(Kind::Alerts, &redder, false).await)[0], (2, "already_exists", None));
    let later = lifted.replace("2026-03-04", "2026-03-05");
    assert_eq!(codes(&house.take(Kind::Alerts, &later, false).await)[0], (2, "lifted_before", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_delivers_what_it_was_opened_for_and_tells_of_its_own_departments() {
    let house = House::with_premises().await;
    let departments = vec!["fire".to_owned()];
    house.app.office.open_feed_for("feed-fire", &departments, &[Kind::Incidents, Kind::Alerts]).unwrap();
    let channel = house.app.office.feeds().unwrap().pop().unwrap();
    let take = async |kind: Kind, csv: &str| {
        let sheet = Sheet::of_file(csv.as_bytes()).unwrap();
        let delivery = Delivery {
            channel: channel.clone(),
            kind,
            reference: reference_of(csv.as_bytes()),
            dry_run: false,
        };
        super::take(&house.app, &delivery, &sheet, &|_, _| {}).await
    };
    assert!(matches!(take(Kind::Premises, PREMISES).await, Err(ListError::NotForChannel { .. })));
    let incidents = "source,source_id,code,category,severity,happened_at\n\
        fire,1,4403-1,fire,minor,2026-03-02\npolice,2,4403-1,safety,minor,2026-03-02\n";
    assert_eq!(codes(&take(Kind::Incidents, incidents).await.unwrap()), [(3, "department_needed", None)]);
    let alerts =
        "alert,kind,colour,issued_at,effective_at\nTY-9,typhoon,blue,2026-03-01 08:00,2026-03-02 06:00\n";
    assert_eq!(codes(&take(Kind::Alerts, alerts).await.unwrap()), [(2, "department_needed", None)]);
    let missing = take(Kind::Alerts, "alert,kind\nTY-9,typhoon\n").await.unwrap_err();
    assert!(missing.to_string().contains("missing: colour, issued_at, effective_at"), "{missing}");
}

#[test]
fn a_template_has_the_columns_that_are_read() {
    for kind in Kind::ALL {
        for chinese in [true, false] {
            let empty = template::workbook(kind, chinese).unwrap();
            assert!(matches!(Sheet::of_file(&empty), Err(SheetError::Empty)));
            let names = kind.columns().iter().map(|column| if chinese { column.zh } else { column.name });
            let filled = kind
                .columns()
                .iter()
                .map(|column| if column.example.is_empty() { "x" } else { column.example });
            let (names, filled): (Vec<_>, Vec<_>) = (names.collect(), filled.collect());
            let sheet =
                Sheet::of_file(format!("{}\n\"{}\"\n", names.join(","), filled.join("\",\"")).as_bytes());
            let (places, unread) = header(kind, &sheet.unwrap()).unwrap();
            assert_eq!((places.len(), unread.len()), (names.len(), 0));
        }
    }
}

/// Two buildings and a unit, the last of them once more, and four rows that are not in order: the last one's building is none.
const PREMISES: &str = "房屋编码,类别,所属编码,地址,街道,社区,网格,层数,坐标,备注\n\
    4403-1,楼栋,,石井街道金龟路1号,石井,金龟,g-01,7,\"22.7,114.4\",屋顶有水箱\n\
    4403-1-101,套间,4403-1,石井街道金龟路1号101,石井,金龟,g-01,,,\n\
    4403-2,building,,石井街道金龟路2号,石井,金龟,g-01,,,\n\
    4403-2,building,,石井街道金龟路2号,石井,金龟,g-01,,,\n\
    4403-3,车库,,石井街道金龟路3号,石井,金龟,g-01,,,\n\
    4403-4,套间,4403-99,石井街道金龟路4号,石井,金龟,g-01,,,\n\
    4403-1,楼栋,,石井街道金龟路1号后座,石井,金龟,g-01,7,,\n\
    4403-3-1,套间,4403-3,石井街道金龟路3号1,石井,金龟,g-01,,,\n";
