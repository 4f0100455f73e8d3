//! Every text of `--help`, in Vietnamese and English: one table, so that no command lacks a language (a test looks).
//! A command is named by its path; an option by its command and clap's id, or by `*` where all commands share it.

/// Path, Vietnamese, English.
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    (
        "",
        "Trục liên thông văn bản điện tử: gửi, nhận và theo dõi văn bản giữa các cơ quan nhà nước.",
        "An exchange hub for electronic documents between government agencies: send, receive, follow.",
    ),
    (
        "outbox",
        "Văn bản đã gửi, mới nhất trước, kèm tình hình tiếp nhận của các nơi nhận.",
        "What was sent, newest first, each with where it stands at its recipients.",
    ),
    (
        "track",
        "Một văn bản đang ở đâu: dòng tóm tắt trước, rồi từng nơi nhận.",
        "Where a document stands: the summary first, then each recipient.",
    ),
    ("inbox", "Văn bản đang chờ cơ quan nhận về, khẩn nhất trước.", "What waits for an agency, most urgent first."),
    ("fetch", "Lấy văn bản về, đúng từng byte bên gửi đã gửi.", "Fetches a document, byte for byte as it was sent."),
    (
        "confirm",
        "Xác nhận đã lưu văn bản; văn bản ra khỏi danh sách chờ.",
        "Confirms that a document is stored; it leaves the inbox.",
    ),
    (
        "trail",
        "Mọi việc đã xảy ra với một văn bản, theo nhật ký có chữ ký của trục.",
        "Everything that happened to a document, by the hub's signed trail.",
    ),
    (
        "trail verify",
        "Kiểm tra tệp đã xuất bằng trail --export, không cần trục.",
        "Checks a file that trail --export wrote, without any hub.",
    ),
    (
        "receipt",
        "Biên nhận: bằng chứng trục đã tiếp nhận một văn bản.",
        "Receipts: the proof that the hub accepted a document.",
    ),
    ("receipt get", "Lấy lại biên nhận của một văn bản.", "Gets the receipt of a document again."),
    ("receipt verify", "Kiểm tra một biên nhận, không cần trục.", "Checks a receipt, without any hub."),
    ("agency", "Danh bạ cơ quan.", "The directory of agencies."),
    ("agency list", "Xem danh bạ.", "Shows the directory."),
    ("agency add", "Thêm một cơ quan, hoặc đổi tên.", "Adds an agency, or gives it another name."),
    (
        "agency close",
        "Đóng một mã: vẫn tra cứu được, không gửi và nhận thêm.",
        "Closes a code: still read, no longer sent to or from.",
    ),
    ("access", "Ai được gọi trục, thay cho cơ quan nào.", "Who may call the hub, and for which agencies."),
    ("access list", "Xem các truy cập đã cấp.", "Shows the accesses that were granted."),
    (
        "access grant",
        "Cấp truy cập cho một hệ thống hay một người; thay cho truy cập cùng tên đã có.",
        "Grants access to a system or a person; it replaces what stood under the name.",
    ),
    ("access close", "Đóng một truy cập.", "Closes an access."),
];

/// Command, option, Vietnamese, English.
pub(super) const OPTIONS: &[(&str, &str, &str, &str)] = &[
    ("*", "lang", "Ngôn ngữ: vi hoặc en (TRUC_LANG, LANG)", "Language: vi or en (TRUC_LANG, LANG)"),
    ("*", "json", "Trả lời bằng JSON cho chương trình", "Answer in JSON, for programs"),
    ("*", "profile", "Hồ sơ của bên gọi (TRUC_PROFILE)", "Profile of the caller (TRUC_PROFILE)"),
    (
        "*",
        "data",
        "Thư mục dữ liệu của trục (TRUC_DATA); mặc định: data",
        "Data folder of the hub (TRUC_DATA); default: data",
    ),
    ("*", "help", "Hiện trợ giúp này", "Shows this help"),
    ("", "version", "Hiện phiên bản", "Shows the version"),
    (
        "*",
        "document",
        "Số, ký hiệu của văn bản (1234/UBND-TH), hoặc id",
        "The document's code (1234/UBND-TH), or its id",
    ),
    (
        "*",
        "from",
        "Mã cơ quan gửi, khi có nhiều văn bản trùng số",
        "Code of the sender, where several have this number",
    ),
    ("*", "year", "Năm ban hành, khi có nhiều văn bản trùng số", "Year of issue, where several have this number"),
    ("*", "agency", "Thay mặt cơ quan nào; mặc định theo hồ sơ", "For which agency; by default that of the profile"),
    ("*", "limit", "Nhiều nhất bao nhiêu dòng (1-500); mặc định: 50", "At most how many lines (1-500); default: 50"),
    ("*", "cursor", "Trang tiếp theo, như trang trước đã cho", "The next page, as the page before gave it"),
    (
        "*",
        "wait",
        "Chờ nhiều nhất bao nhiêu giây nếu chưa có gì (0-60)",
        "Wait so many seconds where there is nothing (0-60)",
    ),
    (
        "fetch",
        "output",
        "Ghi ra tệp nào; - là ra màn hình; mặc định đặt tên theo số, ký hiệu",
        "Into which file; - for stdout; by default named by the document's code",
    ),
    ("trail", "export", "Xuất các mục kèm bằng chứng ra tệp", "Export the entries with their proofs into a file"),
    ("trail verify", "file", "Tệp đã xuất", "The exported file"),
    ("receipt get", "output", "Ghi ra tệp nào; mặc định ra màn hình", "Into which file; by default to stdout"),
    ("receipt verify", "file", "Tệp biên nhận (.tlog-proof)", "The receipt (.tlog-proof)"),
    (
        "receipt verify",
        "message",
        "Tệp văn bản; kiểm tra biên nhận có đúng của văn bản này không",
        "The message's file: also check that the receipt is for it",
    ),
    (
        "*",
        "key",
        "Khóa kiểm tra của nhật ký, hoặc tệp chứa khóa; mặc định: keys/log.vkey trong thư mục dữ liệu",
        "The log's verifier key, or a file with it; default: keys/log.vkey in the data folder",
    ),
    (
        "agency list",
        "text",
        "Chỉ những mã bắt đầu bằng, hoặc tên có chứa",
        "Only codes that begin with it, or names that hold it",
    ),
    ("agency add", "code", "Mã định danh cơ quan", "The agency's code"),
    ("agency add", "name", "Tên cơ quan", "The agency's name"),
    ("agency close", "code", "Mã định danh cơ quan", "The agency's code"),
    ("access grant", "system", "Tên của truy cập: a-z 0-9 . -", "Name of the access: a-z 0-9 . -"),
    (
        "access grant",
        "role",
        "Vai trò: system, clerk, auditor, operator; mặc định: system",
        "Role: system, clerk, auditor, operator; default: system",
    ),
    (
        "access grant",
        "agency",
        "Cơ quan được thay mặt; H41.* là H41 và mọi đơn vị trực thuộc",
        "Agencies that it speaks for; H41.* is H41 and all below it",
    ),
    (
        "access grant",
        "policy",
        "Chính sách chữ ký: envelope (bắt buộc hợp lệ) hoặc record (chỉ ghi nhận); mặc định: envelope",
        "Signature policy: envelope (must be valid) or record (only noted); default: envelope",
    ),
    (
        "access grant",
        "client_certificate",
        "Chứng thư số TLS của máy khách (PEM); dùng được nhiều lần",
        "TLS client certificate (PEM); may be repeated",
    ),
    (
        "access grant",
        "signing_certificate",
        "Chứng thư số ký gói tin cho các cơ quan này (PEM); dùng được nhiều lần",
        "Certificate that signs envelopes for these agencies (PEM); may be repeated",
    ),
    ("access grant", "token", "Cấp mã truy cập mới, chỉ hiện một lần", "Make a new token, shown once"),
    ("access close", "system", "Tên của truy cập", "Name of the access"),
];

/// Names of values: English, Vietnamese.
pub(super) const VALUES: &[(&str, &str)] = &[
    ("LANG", "NGÔN_NGỮ"),
    ("FILE", "TỆP"),
    ("DIR", "THƯ_MỤC"),
    ("DOCUMENT", "VĂN_BẢN"),
    ("AGENCY", "MÃ_CƠ_QUAN"),
    ("YEAR", "NĂM"),
    ("NUMBER", "SỐ"),
    ("CURSOR", "CON_TRỎ"),
    ("SECONDS", "GIÂY"),
    ("KEY", "KHÓA"),
    ("TEXT", "CHỮ"),
    ("NAME", "TÊN"),
    ("SYSTEM", "TRUY_CẬP"),
    ("ROLE", "VAI_TRÒ"),
    ("POLICY", "CHÍNH_SÁCH"),
];
