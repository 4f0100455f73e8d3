//! What is said of damaged places of the journal: where, and which copy to put back. Texts only.

use crate::doctor::{Finding, Severity, Text, found};
use crate::journal::Wound;

pub(super) fn damaged(wound: &Wound) -> Finding {
    let Wound { segment, offset, damage, .. } = wound;
    let lost = wound.seqs.as_ref().filter(|seqs| !seqs.is_empty());
    let seqs = lost.map(|seqs| format!(" ({}–{})", seqs.start, seqs.end.saturating_sub(1))).unwrap_or_default();
    found(
        Severity::Damage,
        "journal_damaged",
        Text::new(
            format!("Nhật ký hỏng ở đoạn {segment}, vị trí {offset}: {}{seqs}.", damage.in_vietnamese()),
            format!("The journal is damaged in segment {segment} at {offset}: {damage}{seqs}."),
        ),
        copy_back(*segment, 0, None),
    )
}

/// The copy in a backup has generation and length in its name: an older one would bring back what was destroyed since.
pub(super) fn copy_back(segment: u32, generation: u32, bytes: Option<u64>) -> Text {
    let bytes = bytes.map_or_else(|| "*".to_owned(), |bytes| bytes.to_string());
    let (from, to) =
        (format!("journal/{segment:010}-{generation}-{bytes}.segment"), format!("journal/{segment:010}.segment"));
    Text::new(
        format!(
            "Dừng trục, giữ lại tệp hỏng. Chép {from} của một bản sao lưu đè lên {to}, rồi chạy lại truc doctor; đừng dùng bản có số ở giữa nhỏ hơn: nội dung đã hủy sẽ trở lại. Nếu không có, khôi phục bản sao lưu mới nhất (truc restore) và xin lại từng văn bản bên dưới từ nơi gửi hoặc nơi nhận: SHA-256 cho biết đúng bản đó."
        ),
        format!(
            "Stop the hub and keep the damaged file. Copy {from} of a backup over {to}, and run truc doctor again; take none with a smaller number in the middle: what was destroyed would be back. Where there is none, restore the newest backup (truc restore), and ask sender or recipients for each document below: its SHA-256 tells the right copy."
        ),
    )
}

pub(super) fn older_copy(segment: u32, erased: u32) -> Finding {
    found(
        Severity::Damage,
        "segment_older",
        Text::new(
            format!("Đoạn {segment} là bản cũ: nội dung đã hủy (lần {erased}) đang trở lại trên đĩa."),
            format!(
                "Segment {segment} is an older copy: contents that were destroyed (time {erased}) are back on the disk."
            ),
        ),
        Text::new(
            format!(
                "Dừng trục. Thay bằng journal/{segment:010}-{erased}-*.segment của một bản sao lưu làm sau lần hủy đó."
            ),
            format!(
                "Stop the hub. Put journal/{segment:010}-{erased}-*.segment in its place, from a backup made after that destruction."
            ),
        ),
    )
}

pub(super) fn torn_tail(wound: &Wound) -> Finding {
    found(
        Severity::Note,
        "journal_torn",
        Text::new(
            format!("Cuối đoạn {} có một bản ghi dở dang (mất điện giữa chừng, chưa báo nhận).", wound.segment),
            format!(
                "Segment {} ends with a record that a crash interrupted; it was never acknowledged.",
                wound.segment
            ),
        ),
        Text::new("Lần khởi động sau tự cắt bỏ.", "The next start cuts it off."),
    )
}
