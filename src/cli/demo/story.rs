//! The day: one document to three provinces, told in the order in which it happens.

use std::path::{Path, PathBuf};

use crate::cli::demo::hub::RunningHub;
use crate::cli::demo::stage::{Said, Stage, differs, must_hold};
use crate::cli::demo::{pdf, refused};
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::domain::Lang;

/// The number of the first document; each run takes the next one.
const FIRST_NUMBER: u32 = 1234;
const SUBJECT: &str = "V/v chủ động ứng phó mưa lũ, sạt lở đất";

/// One run: a document number of its own, a folder for its files.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) code: String,
    pub(super) folder: PathBuf,
}

impl Day {
    /// The next number: every run leaves a folder.
    fn new(stage: &Stage<'_>) -> Result<Self, Failure> {
        let root = stage.folder().path().join("demo");
        let number = last_number(&root).map_or(FIRST_NUMBER, |last| last.saturating_add(1));
        let folder = root.join(number.to_string());
        std::fs::create_dir_all(&folder).map_err(|error| Failure::write(&folder, &error))?;
        Ok(Self { code: format!("{number}/VPCP-TH"), folder })
    }

    /// A file of this run, as it is typed.
    pub(super) fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn last_number(root: &Path) -> Option<u32> {
    let folders = std::fs::read_dir(root).ok()?.filter_map(Result::ok);
    folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).max()
}

/// Plays the whole day; gives the hub back, running.
pub(super) fn play(stage: &Stage<'_>, hub: RunningHub, once: bool) -> Result<RunningHub, Failure> {
    let day = Day::new(stage)?;
    let first = send(stage, &day)?;
    nghe_an(stage, &day)?;
    cao_bang(stage, &day)?;
    hai_phong(stage)?;
    track(stage, &day)?;
    again(stage, &day, &first)?;
    refused::play(stage, &day)?;
    trail(stage, &day)?;
    let hub = offline(stage, &day, hub)?;
    next(stage, &day, once)?;
    Ok(hub)
}

fn send(stage: &Stage<'_>, day: &Day) -> Result<Said, Failure> {
    stage.scene(
        "1. Văn phòng Chính phủ soạn, ký và gửi công văn tới ba tỉnh",
        "1. The Government Office writes, signs and sends an official letter to three provinces",
    )?;
    let pdf = day.file("cong-van.pdf");
    files::write(pdf.as_ref(), &pdf::page(&letter(&day.code)))?;
    let profile = stage.profile("vpcp");
    let message = day.file("cong-van.edxml");
    let said = stage.passes(&[
        "--profile",
        &profile,
        "send",
        "--new",
        "--to",
        "H41,H14,H24",
        "--code",
        &day.code,
        "--subject",
        SUBJECT,
        "--priority",
        "1",
        "--attach",
        &pdf,
        "--save",
        &message,
    ])?;
    stage.tell(
        "Biên nhận là bằng chứng tự kiểm tra được: trục đã ghi văn bản này vào nhật ký có chữ ký.",
        "The receipt proves itself: the hub has written this document into its signed trail.",
    )?;
    Ok(said)
}

/// The letter's text, a line each.
fn letter(code: &str) -> [&str; 12] {
    [
        "VĂN PHÒNG CHÍNH PHỦ",
        code,
        "",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "",
        "Kính gửi: Ủy ban nhân dân các tỉnh, thành phố",
        "          Nghệ An, Cao Bằng, Hải Phòng",
        "",
        SUBJECT,
        "",
        "(Văn bản thử nghiệm, không có giá trị pháp lý.)",
    ]
}

fn nghe_an(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.scene(
        "2. Nghệ An nhận về, tiếp nhận, phân công, xử lý và hoàn thành",
        "2. Nghệ An fetches, accepts, assigns, processes and finishes it",
    )?;
    let profile = stage.profile("nghean");
    let (sent, fetched) = (day.file("cong-van.edxml"), day.file("nghean.edxml"));
    let inbox = stage.passes(&["--profile", &profile, "inbox"])?;
    must_hold(&inbox, &day.code)?;
    stage.passes(&[
        "--profile",
        &profile,
        "fetch",
        &day.code,
        "--output",
        &fetched,
        "--attachments",
        &day.file("nghean"),
    ])?;
    if files::read(sent.as_ref())? != files::read(fetched.as_ref())? {
        return Err(Failure::new(Exit::No, "Tệp nhận về khác tệp đã gửi.", "What was fetched is not what was sent."));
    }
    stage.passes(&["verify", &fetched])?;
    stage.passes(&["--profile", &profile, "status", "01", &day.code])?;
    stage.passes(&["--profile", &profile, "confirm", &day.code])?;
    let clerk = "Nguyễn Thị Lan, Văn thư";
    let expert = "Trần Văn Minh, Phòng Tổng hợp";
    for (code, staff) in [("03", clerk), ("04", clerk), ("05", expert), ("06", expert)] {
        stage.passes(&["--profile", &profile, "status", code, &day.code, "--staff", staff])?;
    }
    Ok(())
}

fn cao_bang(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.scene("3. Cao Bằng từ chối, có nêu lý do", "3. Cao Bằng rejects it, with a reason")?;
    let profile = stage.profile("caobang");
    let fetched = day.file("caobang.edxml");
    stage.passes(&["--profile", &profile, "fetch", &day.code, "--output", &fetched])?;
    let reason = "Nội dung không thuộc địa bàn tỉnh";
    stage.passes(&["--profile", &profile, "status", "02", &day.code, "--reason", reason]).map(drop)
}

fn hai_phong(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.scene(
        "4. Hải Phòng chưa lấy về: văn bản vẫn nằm trong danh sách chờ cho đến khi xác nhận",
        "4. Hải Phòng has not fetched it: it stays in the inbox until confirmed",
    )?;
    stage.passes(&["--profile", &stage.profile("haiphong"), "inbox"]).map(drop)
}

fn track(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.scene(
        "5. Văn thư Văn phòng Chính phủ hỏi theo số, ký hiệu: văn bản đang ở đâu?",
        "5. The clerk of the Government Office asks by the document's code: where is it?",
    )?;
    let said = stage.passes(&["--profile", &stage.profile("vpcp"), "track", &day.code])?;
    must_hold(
        &said,
        match stage.lang() {
            Lang::Vi => "3 nơi nhận: 1 hoàn thành · 1 từ chối · 1 chưa nhận",
            Lang::En => "3 recipients: 1 finished · 1 rejected · 1 not yet received",
        },
    )
}

fn again(stage: &Stage<'_>, day: &Day, first: &Said) -> Result<(), Failure> {
    stage.scene(
        "6. Gửi lại đúng thông điệp đó: vẫn câu trả lời lần đầu, không ai nhận thêm gì",
        "6. The very same message again: the first answer again, and nobody gets anything new",
    )?;
    let message = day.file("cong-van.edxml");
    let said = stage.passes(&["--profile", &stage.profile("vpcp"), "send", &message])?;
    let facts = |said: &Said| {
        said.stdout
            .lines()
            .filter(|line| line.starts_with("  Id:") || line.starts_with("  Lúc:") || line.starts_with("  Time:"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if facts(first) == facts(&said) && !facts(first).is_empty() {
        Ok(())
    } else {
        Err(differs("the first answer again", &said))
    }
}

fn trail(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.scene(
        "8. Nhật ký của văn bản: mọi việc đã xảy ra, theo thứ tự",
        "8. The document's trail: everything that happened, in order",
    )?;
    let export = day.file("nhat-ky.jsonl");
    stage.passes(&["--profile", &stage.profile("vpcp"), "trail", &day.code, "--export", &export]).map(drop)
}

fn offline(stage: &Stage<'_>, day: &Day, hub: RunningHub) -> Result<RunningHub, Failure> {
    stage.scene(
        "9. Tắt trục, rồi kiểm tra bằng chứng mà không cần trục",
        "9. The hub is stopped, and the proofs are checked without it",
    )?;
    hub.stop()?;
    stage.tell("Trục đã dừng.", "The hub has stopped.")?;
    stage.passes(&["trail", "verify", &day.file("nhat-ky.jsonl")])?;
    let message = day.file("cong-van.edxml");
    stage.passes(&["receipt", "verify", &format!("{message}.tlog-proof"), "--message", &message])?;
    let hub = RunningHub::start(stage)?;
    let after = hub.ready_after().as_millis();
    stage.tell(
        format!("Đã mở lại trục sau {after} ms; không mất gì:"),
        format!("The hub is back after {after} ms, and nothing is lost:"),
    )?;
    track_again(stage, day)?;
    Ok(hub)
}

fn track_again(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    let said = stage.passes(&["--profile", &stage.profile("vpcp"), "outbox", "--limit", "3"])?;
    must_hold(&said, &day.code)
}

fn next(stage: &Stage<'_>, day: &Day, once: bool) -> Result<(), Failure> {
    stage.scene("Gõ gì tiếp theo", "What to type next")?;
    let (vpcp, haiphong, operator) = (stage.profile("vpcp"), stage.profile("haiphong"), stage.profile("operator"));
    let code = &day.code;
    if once {
        type_next(
            stage,
            "serve",
            "mở lại trục (để đó, gõ tiếp ở cửa sổ khác)",
            "start the hub again (leave it, type on in another window)",
        )?;
    }
    for (command, vi, en) in [
        (format!("--profile {haiphong} fetch {code}"), "Hải Phòng lấy văn bản về", "Hải Phòng fetches the document"),
        (format!("--profile {haiphong} status 03 {code}"), "và tiếp nhận", "and accepts it"),
        (format!("--profile {vpcp} track {code}"), "Văn phòng Chính phủ xem lại", "the Government Office looks again"),
        (
            format!("--profile {operator} agency list Hải"),
            "người vận hành tra danh bạ",
            "the operator looks into the directory",
        ),
        ("--help".to_owned(), "mọi lệnh khác", "every other command"),
    ] {
        type_next(stage, &command, vi, en)?;
    }
    Ok(())
}

fn type_next(stage: &Stage<'_>, command: &str, vi: &str, en: &str) -> Result<(), Failure> {
    let data = stage.typed_data();
    let line = format!("  {}{data} {command}", stage.typed_program());
    stage.tell(format!("{line}   # {vi}"), format!("{line}   # {en}"))
}
