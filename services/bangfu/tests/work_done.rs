//! Work done, from the terminal: services one by one, the older system's export, a day's paper list of contacts.

use std::{fs, thread, time::Duration};

use bangfu_kernel::Clock;

use crate::{
    process::{Process, token},
    terminal::{bangfu, last_word, printed},
};

const ROSTER: &str = "姓名,身份证号码,村(社区),人员类别,就业状态\n\
                      张样,320699198001010012,双溪村,登记失业人员,失业\n\
                      李样,320699198002020028,双溪村,登记失业人员,失业\n";

/// The steps of the README.
#[test]
fn services_and_lists_of_work_from_the_terminal() {
    let process = Process::start();
    let clerk = token(&process.home(), "clerk", Some("320685102"));
    let bureau = token(&process.home(), "bureau", None);
    let path = |name: &str| process.home().join(name).display().to_string();
    let [roster, export, contacts] = ["roster.csv", "export.csv", "contacts.csv"].map(path);
    let today = Clock::system().today().format("%Y.%-m.%-d").to_string();
    fs::write(&roster, ROSTER).expect("written");
    let rows = ["320699198001010012,张样,推荐岗位", "320699198002020028,李样,培训", "320699198002020028,李样,慰问"];
    let rows = rows.map(|row| format!("{row},{today},已办理\n")).concat();
    fs::write(&export, format!("调查管理导出\n身份证号,姓名,服务项目,服务日期,服务结果\n{rows}")).expect("written");
    let rows = format!("320699198001010012,{today},电话,本人,\n320699198002020028,{today},上门,不在家,\n");
    fs::write(&contacts, format!("身份证号码,联系日期,联系方式,联系结果,备注\n{rows}")).expect("written");

    let run = |arguments: &[&str]| printed(&bangfu(&process, &clerk, arguments));
    run(&["roster", "import", &roster]);
    let tried = run(&["services", "import", &export, "--dry-run"]);
    assert!(tried.contains("可录入 can be entered 2, 已有 there before 0, 退回 refused 1"), "{tried}");

    let person = last_word(&run(&["people", "list"]), "村");
    let record = ["services", "record", &person, "career_guidance", "--outcome", "已指导"];
    // The registry's feed brings whoever was just registered moments later.
    let recorded = (0..100).find_map(|_| {
        let output = bangfu(&process, &clerk, &record);
        thread::sleep(Duration::from_millis(if output.status.success() { 0 } else { 100 }));
        output.status.success().then(|| printed(&output))
    });
    let recorded = recorded.expect("recorded");
    assert!(recorded.contains("已记录 service record"), "{recorded}");
    printed(&bangfu(&process, &bureau, &["sweeps", "run"]));

    let entered = run(&["services", "import", &export]);
    assert!(entered.contains("录入 entered 2, 已有 there before 0, 退回 refused 1"), "{entered}");
    assert!(entered.contains("服务项目不在目录中") && !entered.contains("320699"), "{entered}");
    let again = run(&["services", "import", &export]);
    assert!(again.contains("录入 entered 0, 已有 there before 2, 退回 refused 1"), "{again}");
    let entered = run(&["contacts", "import", &contacts]);
    assert!(entered.contains("录入 entered 2, 已有 there before 0, 退回 refused 0"), "{entered}");
    let again = run(&["contacts", "import", &contacts]);
    assert!(again.contains("录入 entered 0, 已有 there before 2, 退回 refused 0"), "{again}");

    let listed = run(&["services", "list", &person]);
    assert!(listed.contains("职业指导") && listed.contains("共 2 条 service records"), "{listed}");
    let id = last_word(&listed, "职业指导");
    assert!(run(&["services", "void", &id, "--reason", "记错人"]).contains("已作废"));
    let twice = bangfu(&process, &clerk, &["services", "void", &id, "--reason", "记错人"]);
    assert!(String::from_utf8_lossy(&twice.stderr).contains("ILLEGAL_TRANSITION"));
    let refused = bangfu(&process, &clerk, &["services", "record", &person, "follow_up"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("FIELD_INVALID"));
    let headless = bangfu(&process, &clerk, &["services", "import", &contacts]);
    assert!(!headless.status.success() && String::from_utf8_lossy(&headless.stderr).contains("服务项目"));
}
