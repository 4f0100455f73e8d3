//! The stable codes of refusals, with their texts for people. One table for problem details, the CLI, the metrics
//! and `docs/errors.md`. Codes are only added: a published code is never renamed or used for something else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $vi:literal $en:literal $remedy_vi:literal $remedy_en:literal;)*) => {
        /// A stable code of refusal. [`Code::as_str`] is what travels; [`Code::title`] says it to a person.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $en] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code on the wire, in metrics and in the trail.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status of the answer.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What is wrong, in a few words.
            #[must_use]
            pub const fn title(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Vi) => $vi, (Self::$variant, Lang::En) => $en,)*
                }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Vi) => $remedy_vi, (Self::$variant, Lang::En) => $remedy_en,)*
                }
            }
        }
    };
}

codes! {
    // the call itself
    BadRequest "bad_request" 400
        "Yêu cầu không đúng dạng" "The request is not well formed"
        "Sửa yêu cầu theo mô tả trong detail và gửi lại."
        "Correct the request as the detail says and send it again.";
    Unauthenticated "unauthenticated" 401
        "Chưa chứng minh được bên gọi là ai" "The caller has not proved who it is"
        "Dùng chứng thư số TLS đã đăng ký hoặc mã truy cập (bearer token) còn hiệu lực."
        "Use the registered TLS client certificate or a valid bearer token.";
    NotAllowed "not_allowed" 403
        "Vai trò của bên gọi không được làm việc này" "The caller's role does not allow this"
        "Gọi bằng tài khoản có vai trò phù hợp, hoặc đề nghị người vận hành cấp quyền."
        "Call with an account of the right role, or ask the operator for it.";
    NotFound "not_found" 404
        "Không tìm thấy" "Not found"
        "Kiểm tra lại mã hoặc số, ký hiệu; văn bản không liên quan đến cơ quan của bên gọi thì coi như không có."
        "Check the id or the số/ký hiệu; what does not concern the caller's agency does not exist for it.";
    MethodNotAllowed "method_not_allowed" 405
        "Phương thức HTTP không dùng được ở địa chỉ này" "This HTTP method does not belong here"
        "Dùng phương thức nêu ở tiêu đề Allow."
        "Use a method that the Allow header names.";
    RequestTimeout "request_timeout" 408
        "Nội dung đến quá chậm" "The body came too slowly"
        "Gửi lại đúng thông điệp đó; kiểm tra đường truyền."
        "Send the same message again; check the network.";
    TooLarge "too_large" 413
        "Thông điệp vượt quá giới hạn kích thước" "The message is larger than the limit"
        "Giảm dung lượng tệp đính kèm, hoặc đề nghị người vận hành nâng giới hạn."
        "Make the attachments smaller, or ask the operator to raise the limit.";
    RangeNotSatisfiable "range_not_satisfiable" 416
        "Khoảng yêu cầu nằm ngoài nội dung" "The range asked for lies outside the content"
        "Xem độ dài ở tiêu đề Content-Range rồi yêu cầu lại."
        "Look at the length in Content-Range and ask again.";
    RateLimited "rate_limited" 429
        "Gọi quá nhiều trong thời gian ngắn" "Too many calls in a short time"
        "Đợi theo tiêu đề Retry-After rồi gửi lại đúng thông điệp đó."
        "Wait as Retry-After says, then send the same message again.";
    Overloaded "overloaded" 503
        "Trục đang quá tải" "The hub is overloaded"
        "Đợi theo tiêu đề Retry-After rồi gửi lại đúng thông điệp đó; chưa có gì được lưu. Người vận hành: xem docs/limits.md."
        "Wait as Retry-After says, then send the same message again; nothing was kept. Operator: see docs/limits.md.";
    TryLater "try_later" 503
        "Tạm thời chưa xử lý được, chưa lưu gì" "Not possible just now; nothing was kept"
        "Gửi lại đúng thông điệp đó sau thời gian ở Retry-After."
        "Send the same message again after Retry-After.";
    Starting "starting" 503
        "Trục đang khởi động, chưa nhận yêu cầu nào" "The hub is starting and takes no calls yet"
        "Đợi theo tiêu đề Retry-After rồi gửi lại đúng thông điệp đó. Người vận hành: detail cho biết chỉ mục đã dựng đến đâu."
        "Wait as Retry-After says, then send the same message again. Operator: the detail says how far the index has been built.";
    StorageFailed "storage_failed" 503
        "Kho lưu trữ gặp lỗi, trục chỉ còn cho đọc" "Storage has failed; the hub only reads"
        "Người vận hành: xem nhật ký, khắc phục đĩa rồi khởi động lại trục. Bên gửi: gửi lại sau."
        "Operator: read the log, mend the disk, restart the hub. Sender: send again later.";
    InsufficientStorage "insufficient_storage" 507
        "Đĩa của trục sắp đầy, tạm ngừng nhận văn bản thường" "The hub's disk is nearly full; ordinary messages are not taken just now"
        "Bên gửi: gửi lại đúng thông điệp đó sau; thu hồi, lấy lại vẫn được nhận. Người vận hành: thêm chỗ trống, hoặc hủy nội dung hết hạn lưu; trục tự nhận lại."
        "Sender: send the same message again later; revokes and take-backs are still taken. Operator: make room, or destroy what is past its retention; intake goes on by itself.";
    ContentDamaged "content_damaged" 500
        "Nội dung đã lưu không đọc được nguyên vẹn" "What was kept cannot be read whole"
        "Người vận hành: xem nhật ký, kiểm tra đĩa, khôi phục từ bản sao lưu. Không có nội dung sai nào được trả ra."
        "Operator: read the log, check the disk, restore from a backup. Nothing wrong was handed out.";
    ContentWithheld "content_withheld" 451
        "Nội dung đang bị giữ lại, không ai được lấy" "The content is withheld from everybody"
        "Hỏi người vận hành: nội dung còn nguyên, có thể được mở lại hoặc bị hủy theo quyết định."
        "Ask the operator: the content is whole, and will be released or destroyed as decided.";
    ContentDestroyed "content_destroyed" 410
        "Nội dung đã bị hủy" "The content was destroyed"
        "Xem nhật ký của văn bản (truc trail): ai hủy, khi nào, theo quy tắc nào. Biên nhận và bằng chứng vẫn kiểm tra được; xin bản khác từ cơ quan gửi."
        "See the document's trail (truc trail): who, when, under which rule. Receipts and proofs still verify; ask the sender for another copy.";
    ClockStopped "clock_stopped" 503
        "Đồng hồ máy chủ không khớp với sổ nhật ký, trục ngừng tiếp nhận" "The clock does not agree with the trail; intake has stopped"
        "Người vận hành: chỉnh lại đồng hồ (NTP), trục tự nhận lại; nếu đồng hồ đang đúng, khởi động lại bằng truc serve --accept-clock."
        "Operator: set the clock (NTP) and intake goes on by itself; if the clock is right as it is, restart with truc serve --accept-clock.";
    Internal "internal" 500
        "Trục gặp lỗi bên trong" "The hub has failed inside"
        "Gửi lại đúng thông điệp đó; nếu vẫn lỗi, báo người vận hành cùng thời điểm xảy ra."
        "Send the same message again; if it fails again, tell the operator the time of it.";
    // XML: the strict reader
    XmlEncoding "xml_encoding" 422
        "Thông điệp không phải UTF-8" "The message is not UTF-8"
        "Xuất thông điệp bằng UTF-8, khai báo encoding=\"UTF-8\" hoặc không khai báo."
        "Write the message in UTF-8 and declare UTF-8 or nothing.";
    XmlMalformed "xml_malformed" 422
        "XML không đúng cú pháp" "The XML is not well formed"
        "Sửa đúng chỗ đã nêu; kiểm tra bằng xmllint."
        "Mend the place named; check with xmllint.";
    XmlDoctype "xml_doctype" 422
        "Không chấp nhận DOCTYPE trong thông điệp" "A DOCTYPE is not accepted"
        "Bỏ khai báo DOCTYPE và mọi thực thể tự định nghĩa."
        "Remove the DOCTYPE and every entity of your own.";
    XmlEntity "xml_entity" 422
        "Thực thể không được phép" "An entity that is not allowed"
        "Chỉ dùng &lt; &gt; &amp; &quot; &apos; và tham chiếu ký tự."
        "Use only lt, gt, amp, quot, apos and character references.";
    XmlNamespace "xml_namespace" 422
        "Sai không gian tên XML" "An XML namespace fault"
        "Khai báo tiền tố ở chỗ đã nêu, ví dụ xmlns:edXML."
        "Declare the prefix at the place named, for example xmlns:edXML.";
    XmlLimit "xml_limit" 422
        "XML vượt quá giới hạn cấu trúc" "The XML is over a structural limit"
        "Giảm độ sâu, số thuộc tính hoặc độ dài ở chỗ đã nêu."
        "Reduce depth, number of attributes or length at the place named.";
    // edXML: shape and fields
    EdxmlSoap "edxml_soap" 422
        "Đây là thông điệp SOAP e-doc.vn đời cũ, không phải edXML QCVN 102:2016" "This is an old e-doc.vn SOAP message, not edXML QCVN 102:2016"
        "Gửi theo QCVN 102:2016 (gốc edXML, không gian tên http://www.mic.gov.vn/TBT/QCVN_102_2016), hoặc chuyển đổi trước khi gửi."
        "Send QCVN 102:2016 (root edXML, namespace http://www.mic.gov.vn/TBT/QCVN_102_2016), or convert it first.";
    EdxmlFlat "edxml_flat" 422
        "Đây là dạng phẳng go.vn/eDoc, không phải edXML QCVN 102:2016" "This is the flat go.vn/eDoc shape, not edXML QCVN 102:2016"
        "Gửi theo QCVN 102:2016."
        "Send QCVN 102:2016.";
    EdxmlNotDocument "edxml_not_document" 422
        "Đây không phải thông điệp văn bản" "This is not a document message"
        "Chỉ gửi văn bản và trạng thái edXML qua trục."
        "Send only edXML documents and statuses.";
    EdxmlUnknownRoot "edxml_unknown_root" 422
        "Phần tử gốc không phải edXML của QCVN 102:2016" "The root element is not edXML of QCVN 102:2016"
        "Phần tử gốc phải là edXML trong không gian tên http://www.mic.gov.vn/TBT/QCVN_102_2016."
        "The root must be edXML in the namespace http://www.mic.gov.vn/TBT/QCVN_102_2016.";
    ElementMissing "element_missing" 422
        "Thiếu phần tử bắt buộc" "A required element is missing"
        "Thêm phần tử đã nêu tên vào chỗ đã nêu."
        "Add the element named at the place named.";
    ElementRepeated "element_repeated" 422
        "Phần tử chỉ được có một lần" "An element that may stand once stands again"
        "Bỏ phần tử thừa ở chỗ đã nêu."
        "Remove the extra element at the place named.";
    ValueInvalid "value_invalid" 422
        "Giá trị không hợp lệ" "A value is not valid"
        "Sửa giá trị của phần tử ở chỗ đã nêu theo mô tả."
        "Correct the value of the element at the place named, as described.";
    ValueTooLong "value_too_long" 422
        "Giá trị quá dài" "A value is too long"
        "Rút ngắn giá trị của phần tử ở chỗ đã nêu."
        "Shorten the value of the element at the place named.";
    RecipientRepeated "recipient_repeated" 422
        "Một cơ quan nhận bị ghi hai lần" "A recipient stands twice"
        "Bỏ phần tử To trùng OrganId."
        "Remove the To with the same OrganId.";
    TooManyRecipients "too_many_recipients" 422
        "Quá nhiều nơi nhận" "Too many recipients"
        "Một thông điệp có nhiều nhất 5.000 To; tách thành nhiều lần gửi."
        "A message has at most 5,000 To; split it.";
    ReasonMissing "reason_missing" 422
        "Thiếu lý do" "A reason is missing"
        "Ghi lý do vào Description (bắt buộc với mã 02, 13, 16)."
        "Put the reason into Description (required for 02, 13, 16).";
    AttachmentMissing "attachment_missing" 422
        "Tệp khai trong manifest không có trong gói" "A file of the manifest is not in the package"
        "Đính kèm tệp có ContentId đã nêu, hoặc bỏ khỏi manifest."
        "Attach the file with that ContentId, or take it off the manifest.";
    AttachmentUnlisted "attachment_unlisted" 422
        "Tệp đính kèm không được khai trong manifest" "An attachment is not on the manifest"
        "Thêm Reference cho tệp vào edXMLManifest."
        "Add a Reference for the file to edXMLManifest.";
    AttachmentRepeated "attachment_repeated" 422
        "Hai tệp đính kèm trùng ContentId" "Two attachments have the same ContentId"
        "Đặt ContentId khác nhau cho từng tệp."
        "Give each file its own ContentId.";
    Base64Invalid "base64_invalid" 422
        "Nội dung tệp không phải base64" "A file's content is not base64"
        "Mã hoá lại tệp ở chỗ đã nêu bằng base64 chuẩn."
        "Encode the file at the place named as standard base64.";
    AttachmentCorrupt "attachment_corrupt" 422
        "Tệp đính kèm đã hỏng (bị đổi mã ký tự)" "An attachment is damaged (it went through a text conversion)"
        "Lấy lại tệp gốc, đọc và mã hoá base64 dạng nhị phân."
        "Take the original file again; read and encode it as binary.";
    StateSecret "state_secret" 422
        "Văn bản mang dấu hiệu bí mật nhà nước, không được gửi qua trục" "The document is marked as a state secret and must not pass here"
        "Gửi theo đường dành cho văn bản mật; báo cán bộ an toàn thông tin. Trục không lưu nội dung."
        "Use the way for secret documents and tell the security officer. The hub has kept no content.";
    // XML-DSig
    SignatureMissing "signature_missing" 422
        "Gói tin không có chữ ký số hệ thống" "The envelope has no signature"
        "Ký gói tin theo hồ sơ chữ ký (truc sign) rồi gửi lại."
        "Sign the envelope by the profile (truc sign) and send it again.";
    SignatureRepeated "signature_repeated" 422
        "Có nhiều hơn một chữ ký gói tin" "There is more than one envelope signature"
        "Chỉ để một phần tử Signature trong edXMLHeader."
        "Leave one Signature in edXMLHeader.";
    SignatureStructure "signature_structure" 422
        "Cấu trúc chữ ký XML không đúng hồ sơ" "The Signature's structure is not as the profile says"
        "Ký lại; Signature gồm SignedInfo, SignatureValue, KeyInfo đúng thứ tự và không có gì khác."
        "Sign again; Signature holds SignedInfo, SignatureValue, KeyInfo in this order and nothing else.";
    AlgorithmNotAllowed "algorithm_not_allowed" 422
        "Thuật toán không được chấp nhận" "An algorithm that is not accepted"
        "Dùng RSA từ 2048 bit hoặc ECDSA P-256/P-384 với SHA-256/384/512."
        "Use RSA of 2048 bits or more, or ECDSA P-256/P-384, with SHA-256/384/512.";
    TransformNotAllowed "transform_not_allowed" 422
        "Phép biến đổi không được chấp nhận" "A transform that is not accepted"
        "Chỉ dùng enveloped-signature và Canonical XML (thường hoặc exclusive)."
        "Use only enveloped-signature and Canonical XML, inclusive or exclusive.";
    ReferenceNotAllowed "reference_not_allowed" 422
        "Tham chiếu trong chữ ký không được chấp nhận" "A Reference that is not accepted"
        "Dùng một Reference URI=\"\" phủ toàn bộ thông điệp, hoặc mỗi phần bắt buộc một Reference URI=\"#Id\"."
        "Use one Reference with URI=\"\" over the whole message, or one with URI=\"#Id\" for each part that must be covered.";
    ReferenceUnresolved "reference_unresolved" 422
        "Tham chiếu trong chữ ký trỏ tới Id không có trong thông điệp" "A Reference points at an Id that no element has"
        "Đặt đúng thuộc tính Id (không tiền tố, chữ I hoa) cho phần được ký, hoặc dùng URI=\"\"."
        "Give the part signed the attribute Id (no prefix, capital I), or use URI=\"\".";
    IdRepeated "id_repeated" 422
        "Một Id xuất hiện hai lần trong thông điệp" "An Id stands twice in the message"
        "Đặt mỗi Id (kể cả ID, id, xml:id, wsu:Id) một giá trị riêng, hoặc ký với URI=\"\"."
        "Give every Id (ID, id, xml:id and wsu:Id as well) a value of its own, or sign with URI=\"\".";
    ReferenceNotCovering "reference_not_covering" 422
        "Chữ ký không phủ hết phần bắt buộc" "The signature does not cover all that it must"
        "Ký toàn bộ thông điệp (URI=\"\", enveloped-signature), hoặc mọi phần MessageHeader, TraceHeaderList, edXMLBody, AttachmentEncoded và không để gì khác bên ngoài."
        "Sign the whole message (URI=\"\", enveloped-signature), or all of MessageHeader, TraceHeaderList, edXMLBody, AttachmentEncoded with nothing else beside them.";
    DigestMismatch "digest_mismatch" 422
        "Nội dung đã bị thay đổi sau khi ký" "The content was changed after it was signed"
        "Gửi đúng tệp đã ký, không sửa hay định dạng lại; nếu cần sửa thì ký lại."
        "Send the very file that was signed, not edited or re-formatted; if it must change, sign again.";
    SignatureInvalid "signature_invalid" 422
        "Chữ ký số không đúng" "The signature value is not right"
        "Ký lại bằng khóa ứng với chứng thư số trong KeyInfo."
        "Sign again with the key of the certificate in KeyInfo.";
    KeyInfoInvalid "key_info_invalid" 422
        "KeyInfo không đúng hồ sơ" "KeyInfo is not as the profile says"
        "Đưa chứng thư số của người ký (và CA trung gian nếu có) vào X509Data, không kèm KeyValue."
        "Put the signer's certificate (and intermediates) into X509Data, without KeyValue.";
    // certificates
    CertificateInvalid "certificate_invalid" 422
        "Chứng thư số không đọc được hoặc sai cấu trúc" "The certificate cannot be read or is malformed"
        "Dùng chứng thư số X.509 đúng chuẩn do CA được tin cậy cấp."
        "Use a proper X.509 certificate from a trusted CA.";
    ChainNotFound "no_certificate_chain_found" 422
        "Chứng thư số không nối được tới gốc tin cậy" "The certificate does not lead to a trusted root"
        "Dùng chứng thư số do CA chuyên dùng Chính phủ cấp; kèm CA trung gian."
        "Use a certificate of the government CA; include the intermediate.";
    CertificateNotYetValid "certificate_not_yet_valid" 422
        "Chứng thư số chưa đến ngày hiệu lực" "The certificate is not valid yet"
        "Kiểm tra đồng hồ và ngày hiệu lực của chứng thư số."
        "Check the clock and the certificate's dates.";
    CertificateExpired "certificate_expired" 422
        "Chứng thư số đã hết hạn" "The certificate has expired"
        "Xin cấp chứng thư số mới, đăng ký với trục rồi ký lại."
        "Get a new certificate, register it with the hub, sign again.";
    CertificateRevoked "certificate_revoked" 422
        "Chứng thư số đã bị thu hồi" "The certificate has been revoked"
        "Không dùng khóa này nữa; xin cấp chứng thư số mới và ký lại."
        "Stop using this key; get a new certificate and sign again.";
    CertificateOnHold "certificate_on_hold" 503
        "Chứng thư số đang bị tạm dừng" "The certificate is on hold"
        "Gửi lại sau khi CA mở lại chứng thư số, hoặc ký bằng chứng thư số khác của cơ quan."
        "Send again when the CA has lifted the hold, or sign with another certificate of the agency.";
    CertificateBlocked "certificate_blocked" 422
        "Chứng thư số đã bị người vận hành trục chặn khẩn cấp" "The hub's operator has blocked the certificate"
        "Không dùng khóa này nữa; liên hệ người vận hành, xin cấp chứng thư số mới và ký lại."
        "Stop using this key; ask the operator, get a new certificate and sign again.";
    CertificateUsage "certificate_usage" 422
        "Chứng thư số không được dùng để ký" "The certificate may not be used to sign"
        "Dùng chứng thư số có digitalSignature hoặc nonRepudiation."
        "Use a certificate with digitalSignature or nonRepudiation.";
    CertificateNotRegistered "certificate_not_registered" 403
        "Chứng thư số ký không được đăng ký cho cơ quan gửi" "The signing certificate is not registered for the sender"
        "Ký bằng chứng thư số hệ thống của chính cơ quan gửi, hoặc đề nghị người vận hành đăng ký."
        "Sign with the sender's own system certificate, or ask the operator to register it.";
    RevocationUnknown "revocation_unknown" 503
        "Chưa biết chứng thư số có bị thu hồi không (thiếu CRL hoặc CRL cũ)" "It is not known whether the certificate is revoked (no CRL, or a stale one)"
        "Gửi lại sau; người vận hành cập nhật CRL."
        "Send again later; the operator must bring the CRL up to date.";
    HeldQuota "held_quota" 503
        "Cơ quan gửi đang có quá nhiều văn bản tạm giữ" "The sender has too much waiting for revocation to become known"
        "Đợi theo tiêu đề Retry-After rồi gửi lại đúng thông điệp đó; người vận hành cập nhật CRL."
        "Wait as Retry-After says, then send the same message again; the operator must bring the CRL up to date.";
    // parties
    SenderNotCaller "sender_not_caller" 403
        "Hệ thống gọi không được gửi thay cơ quan ghi trong From" "The calling system may not send for the agency in From"
        "Gửi bằng hệ thống của cơ quan đó, hoặc sửa From/OrganId."
        "Send from that agency's own system, or correct From/OrganId.";
    SenderUnknown "sender_unknown" 422
        "Cơ quan gửi không có trong danh bạ" "The sender is not in the directory"
        "Kiểm tra From/OrganId; đề nghị người vận hành đăng ký cơ quan."
        "Check From/OrganId; ask the operator to register the agency.";
    RecipientUnknown "recipient_unknown" 422
        "Có cơ quan nhận không có trong danh bạ" "A recipient is not in the directory"
        "Sửa To/OrganId ở chỗ đã nêu; không nơi nào được gửi."
        "Correct the To/OrganId at the place named; nothing was delivered to anyone.";
    // the identity law
    DocumentConflict "document_conflict" 409
        "Mã văn bản này đã dùng cho nội dung khác" "This DocumentId is already used for other content"
        "Nếu là văn bản mới: đặt DocumentId mới. Nếu sửa văn bản cũ: gửi nghiệp vụ cập nhật (2) hoặc thay thế (3)."
        "A new document: give it a new DocumentId. A change: send business type 2 (update) or 3 (replace).";
    FurtherRecipients "further_recipients_not_offered" 409
        "Trục chưa nhận gửi bổ sung nơi nhận bằng cùng mã văn bản" "Further recipients under the same DocumentId are not offered yet"
        "Gửi thành văn bản mới tới các nơi nhận bổ sung."
        "Send it as a new document to the further recipients.";
    NewAttempt "new_attempt_not_offered" 409
        "Trục chưa nhận gửi lại bằng cùng mã văn bản" "A new attempt under the same DocumentId is not offered yet"
        "Gửi lại với DocumentId mới."
        "Send it again with a new DocumentId.";
    // statuses
    StatusExpected "status_expected" 422
        "Đây là văn bản, không phải thông điệp trạng thái" "This is a document, not a status message"
        "Gửi văn bản tới POST /v1/documents."
        "Send documents to POST /v1/documents.";
    DocumentExpected "document_expected" 422
        "Đây là thông điệp trạng thái, không phải văn bản" "This is a status message, not a document"
        "Gửi trạng thái tới POST /v1/statuses."
        "Send statuses to POST /v1/statuses.";
    TargetNotHeld "target_not_held" 422
        "Không có văn bản mà trạng thái này nói tới" "The document that the status speaks of is not held"
        "Kiểm tra ResponseFor (OrganId, Code, DocumentId)."
        "Check ResponseFor (OrganId, Code, DocumentId).";
}

impl Code {
    /// Whether the very same message may pass later.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self.http_status(), 429 | 503 | 507)
    }

    /// From the code on the wire.
    #[must_use]
    pub fn from_wire(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_wire(&code).ok_or_else(|| serde::de::Error::custom("unknown code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_text_is_there() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            for lang in [Lang::Vi, Lang::En] {
                assert!(!code.title(lang).is_empty() && !code.remedy(lang).is_empty(), "{code}");
            }
        }
    }
}
