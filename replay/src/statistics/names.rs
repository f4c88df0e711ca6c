//! Names: what each report is called by programs and by people, and what it says of itself.

use super::{Statistic, Words};

impl Statistic {
    /// Its name on the command line and in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Appeals => "appeals",
            Self::Cases => "cases",
            Self::Classes => "classes",
            Self::Coverage => "coverage",
            Self::Credit => "credit",
            Self::Deadlines => "deadlines",
            Self::Distribution => "distribution",
            Self::Gaps => "gaps",
            Self::Grades => "grades",
            Self::Hazards => "hazards",
            Self::Inspections => "inspections",
            Self::Measures => "measures",
            Self::Movement => "movement",
            Self::Parties => "parties",
            Self::Patrols => "patrols",
            Self::Portfolio => "portfolio",
            Self::Situation => "situation",
        }
    }

    /// The report of this name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|statistic| statistic.code() == code)
    }

    /// Its title.
    pub const fn title(self) -> Words {
        match self {
            Self::Appeals => Words::new("申诉与结果", "Appeals and their outcomes"),
            Self::Cases => Words::new("隐患清单", "All hazards"),
            Self::Classes => Words::new("示范信用规则下的等级", "Classes under a demo credit rule"),
            Self::Coverage => Words::new("覆盖与数据质量", "Coverage and quality of the data"),
            Self::Credit => Words::new("信用等级", "Credit classes"),
            Self::Deadlines => Words::new("错过的期限", "Missed deadlines"),
            Self::Distribution => Words::new("等级分布", "Distribution of grades"),
            Self::Gaps => Words::new("数据缺口清单", "Gaps in the register"),
            Self::Grades => Words::new("等级清单", "All grades"),
            Self::Hazards => Words::new("隐患存量", "Open hazards"),
            Self::Inspections => Words::new("检查完成情况", "Inspections made and missed"),
            Self::Measures => Words::new("分级处置措施", "Measures"),
            Self::Movement => Words::new("等级升降", "Movement of grades"),
            Self::Parties => Words::new("责任人清单", "All parties"),
            Self::Patrols => Words::new("巡查完成情况", "Rounds made and missed"),
            Self::Portfolio => Words::new("责任人的房屋", "Premises of a party"),
            Self::Situation => Words::new("风险形势分析", "Risk situation"),
        }
    }

    /// What it counts, and how.
    pub const fn about(self) -> Words {
        match self {
            Self::Appeals => Words::new(
                "截至当日提出的申诉，每件一行。天数从提出算到决定。",
                "Appeals filed by the day, one a row. Days run from filing to decision.",
            ),
            Self::Cases => Words::new(
                "每件隐患一行，从发现到办结的各个日期。",
                "Every hazard, one a row, with its days from finding to closing.",
            ),
            Self::Classes => Words::new(
                "仅作演示：按指定的示范规则，由导入的等级计算每个责任人的信用等级。不写入账本，不作任何依据。",
                "Illustration only: each party's class by its imported grades, under the demo rule that was asked for. Nothing of it is \
                 recorded, and nothing follows from it.",
            ),
            Self::Coverage => Words::new(
                "登记、可评定、已评定的数量，未评定的原因，以及登记里的缺口。超过 180 天没有更新的居住情况算过期。",
                "How many are registered, gradable and graded, why the others are not, and where the register has gaps. \
                 Occupancy that was not told for 180 days is stale.",
            ),
            Self::Credit => Words::new(
                "截至当日各信用等级的主体数，本期转入转出，以及未处理的确认、异议和修复。已并入其他主体的不单独计。",
                "Parties in each class by the day, those that came and went in the span, and what waits: confirmations, objections, \
                 repairs. One that was merged into another counts there.",
            ),
            Self::Deadlines => Words::new(
                "期限日落在统计期内、到期没有完成的，按谁的期限统计。",
                "Deadlines that ended undone in the span, by whose they were.",
            ),
            Self::Distribution => Words::new(
                "没有关闭的房屋，按当日生效的等级统计；没有生效等级的算未评定。",
                "Premises that are not closed, by the grade in force on the day; without one they are not assessed.",
            ),
            Self::Gaps => Words::new(
                "没有关闭的房屋里要补的，一项一行：没有评定和原因、没有责任人、没有评定人、编码重复、居住情况过期、没有对上房屋的事件。",
                "What has to be put right of premises that are not closed, one a row: no grade and why, nobody who answers or assesses, \
                 a code held twice, stale occupancy, incidents of no known house.",
            ),
            Self::Grades => Words::new(
                "有过评定的房屋，每处一行：当日生效的等级，以及还没有生效的。",
                "Premises that were ever graded, one a row: the grade in force on the day, and what waits.",
            ),
            Self::Hazards => Words::new(
                "截至当日发现的隐患，按主管部门和程度统计；天数从发现日算起。",
                "Hazards found by the day, by competent department and severity; ages count from the day of finding.",
            ),
            Self::Inspections => Words::new(
                "按信用安排的检查：统计期内新安排、延后、应检、按期完成、漏检和实际完成的次数，以及当日还没有做的。信用等级以最近一次安排为准，\
                 房屋等级以当日生效的为准。完成率只取整数，不进位。",
                "Inspections that credit asks for: planned, put off, due, made in time, missed and made in the span, and those still to be made \
                 on the day. The class is that of the newest plan, the grade the one in force on the day. The rate is rounded down.",
            ),
            Self::Measures => Words::new(
                "统计期内提出的措施、激励和举办的培训，按街道、管理等级和进度统计。",
                "Measures proposed, incentives offered and trainings held in the span, by subdistrict, level and stage.",
            ),
            Self::Movement => Words::new(
                "比较两天的生效等级，每处房屋只算一次；不写起始日时与 30 天前比较。",
                "Grades in force on two days compared, each premises counted once; with the day 30 days before where none is given.",
            ),
            Self::Parties => Words::new(
                "每个责任人一行：当日负责多少处房屋。姓名和名称不在这里。",
                "Every party, one a row: how many premises it answers for on the day. Names are not here.",
            ),
            Self::Patrols => Words::new(
                "应巡日落在统计期内的巡查。完成率只取整数，不进位；有正当原因的不计入。",
                "Rounds due in the span. The rate is rounded down; excused rounds are not in it.",
            ),
            Self::Portfolio => Words::new(
                "当日由这位责任人负责的房屋，以及其生效等级和未办结的隐患。",
                "The premises that this party answers for on the day, with the grade in force and open hazards.",
            ),
            Self::Situation => Words::new(
                "统计期内发生的事件、发现的隐患（按规则归入治安、消防、环境、安全）和生效的等级，按街道、社区、管理等级和月份统计。事件和隐患\
                 取当时所在楼栋的管理等级，等级一类取房屋自己的；未办结和逾期是截至当日的。",
                "Incidents that happened, hazards that were found (by the rulebook: public order, fire, environment, safety) and grades \
                 that took effect in the span, by subdistrict, community, management level and month. Incidents and hazards stand at the level of \
                 their building then, grades at the premises' own; open and overdue are as of the day.",
            ),
        }
    }
}
