//! What the hub stands in: configuration, folders, permissions, keys, trust, clock, room and open files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::config::{Config, DataFolder};
use crate::doctor::{Finding, Severity, Text, found};
use crate::domain::Timestamp;
use crate::journal::disk::{Disk as _, Real};
use crate::trail::LogKey;
use crate::trust::TrustStore;

/// Fewer open files than this and a busy hub will turn callers away.
const FILES_MIN: u64 = 4_096;
/// The step back of the clock that stops acceptance, milliseconds (DESIGN 2).
const CLOCK_BACK_MS: i64 = 300_000;

/// Reads `truc.toml`.
pub(super) fn config(data: &DataFolder, findings: &mut Vec<Finding>) -> Option<Config> {
    match Config::read(&data.config()) {
        Ok(config) => Some(config),
        Err(error) => {
            findings.push(found(
                Severity::Damage,
                "config_unusable",
                Text::new(format!("Cấu hình: {error}"), format!("The configuration: {error}")),
                Text::new("Sửa truc.toml ở chỗ đã nêu.", "Correct truc.toml at the place named."),
            ));
            None
        }
    }
}

/// The folders without which nothing is, and whether others can write where only the hub may.
pub(super) fn folders(data: &DataFolder, findings: &mut Vec<Finding>) {
    for folder in [data.journal(), data.payloads(), data.checkpoints(), data.keys()] {
        match std::fs::metadata(&folder) {
            Ok(metadata) => permissions(&folder, metadata.permissions().mode() & 0o777, findings),
            Err(error) => findings.push(found(
                Severity::Damage,
                "folder_missing",
                Text::new(
                    format!("Thư mục {}: {error}", folder.display()),
                    format!("The folder {}: {error}", folder.display()),
                ),
                Text::new(
                    "Khôi phục thư mục từ bản sao lưu; kiểm tra ổ đĩa đã được gắn và quyền của tài khoản chạy trục.",
                    "Restore the folder from a backup; check that the disk is mounted and that the hub's user may read it.",
                ),
            )),
        }
    }
}

fn permissions(folder: &Path, mode: u32, findings: &mut Vec<Finding>) {
    if mode & 0o022 != 0 {
        let name = folder.display();
        findings.push(found(
            Severity::Warning,
            "folder_open_to_others",
            Text::new(
                format!("Tài khoản khác có thể ghi vào {name} (quyền {mode:o})."),
                format!("Other users may write into {name} (mode {mode:o})."),
            ),
            Text::new(format!("chmod go-w {name}"), format!("chmod go-w {name}")),
        ));
    }
}

/// The log key: readable by its owner only, and of this log.
pub(super) fn key(data: &DataFolder, config: Option<&Config>, findings: &mut Vec<Finding>) {
    let says = match LogKey::load(&data.log_key()) {
        Ok(key) if config.is_none_or(|config| config.hub.origin == key.origin()) => return,
        Ok(key) => format!("{} ≠ hub.origin", key.origin()),
        Err(error) => error.to_string(),
    };
    findings.push(found(
        Severity::Damage,
        "log_key_unusable",
        Text::new(format!("Khóa ký sổ nhật ký: {says}"), format!("The log key: {says}")),
        Text::new(
            "Đặt lại keys/log.key từ nơi cất giữ riêng (chmod 600); khóa không nằm trong bản sao lưu.",
            "Put keys/log.key back from where it is kept apart (chmod 600); it is not part of backups.",
        ),
    ));
}

/// What signers are checked against.
pub(super) fn trust(data: &DataFolder, now: Timestamp, findings: &mut Vec<Finding>) {
    let report = match TrustStore::open(data.trust_sources(), now) {
        Ok(store) => store.report(),
        Err(error) => {
            return findings.push(found(
                Severity::Damage,
                "trust_unusable",
                Text::new(format!("Chứng thư tin cậy: {error}"), format!("Trust: {error}")),
                Text::new("Sửa hoặc bỏ tệp đã nêu trong trust/.", "Mend or remove the file named in trust/."),
            ));
        }
    };
    let faults = report.faults.iter().map(|fault| Text::new(format!("CRL: {fault}"), format!("CRL: {fault}")));
    let none = (report.crls == 0).then(|| {
        Text::new(
            "Không có CRL nào còn hiệu lực: mọi thông điệp có chữ ký đều bị trả lời 503.",
            "No CRL is in force: every signed message is answered with 503.",
        )
    });
    let remedy = || Text::new("Cập nhật trust/crl/.", "Bring trust/crl/ up to date.");
    findings.extend(faults.chain(none).map(|what| found(Severity::Warning, "crl_not_in_force", what, remedy())));
}

/// The clock against the trail.
pub(super) fn clock(last: Option<Timestamp>, now: Timestamp, findings: &mut Vec<Finding>) {
    let Some(last) = last.filter(|last| last.as_millis().saturating_sub(now.as_millis()) > CLOCK_BACK_MS) else {
        return;
    };
    findings.push(found(
        Severity::Warning,
        "clock_behind",
        Text::new(
            format!("Đồng hồ ({now}) chậm hơn bút toán cuối ({last}) quá 5 phút: trục không tiếp nhận."),
            format!("The clock ({now}) is more than 5 minutes behind the last entry ({last}): nothing is taken."),
        ),
        Text::new(
            "Chỉnh đồng hồ (NTP); nếu đồng hồ đang đúng: truc serve --accept-clock.",
            "Set the clock (NTP); if it is right as it is: truc serve --accept-clock.",
        ),
    ));
}

/// Room on the disk.
pub(super) fn room(data: &DataFolder, config: &Config, findings: &mut Vec<Finding>) {
    let Ok(free) = Real.available(data.path()) else { return };
    if free < config.journal.free_bytes_min {
        let wanted = config.journal.free_bytes_min;
        findings.push(found(
            Severity::Warning,
            "disk_nearly_full",
            Text::new(
                format!("Còn {free} byte trống, cần {wanted}: văn bản thường bị trả lời 507."),
                format!("{free} bytes are free, {wanted} are wanted: ordinary documents are answered with 507."),
            ),
            Text::new(
                "Thêm chỗ trống hoặc hủy nội dung hết hạn lưu.",
                "Make room, or destroy what is past its retention.",
            ),
        ));
    }
}

/// How many files this user's processes may open.
pub(super) fn files(findings: &mut Vec<Finding>) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if limit < FILES_MIN {
        findings.push(found(
            Severity::Warning,
            "few_open_files",
            Text::new(format!("Chỉ được mở {limit} tệp cùng lúc."), format!("Only {limit} files may be open at once.")),
            Text::new(
                format!("Nâng giới hạn lên ít nhất {FILES_MIN} (LimitNOFILE=, ulimit -n)."),
                format!("Raise the limit to {FILES_MIN} at least (LimitNOFILE=, ulimit -n)."),
            ),
        ));
    }
}
