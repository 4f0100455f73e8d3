//! Making, running and administering a hub.

use truc::clock::{Clock as _, SystemClock};
use truc::domain::Timestamp;
use truc::trust::pki::{Layout, reissue_crl};

use crate::support::{TestHub, until};

#[test]
fn a_folder_is_made_once_and_a_hub_runs_on_it_once() {
    let mut hub = TestHub::running();
    hub.run(&["init"]).code_is(73);
    let second = hub.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 69, "{second:?}");
    assert!(hub.path("run/address").exists(), "the first one is not disturbed");
    hub.by("operator", &["agency", "list"]).yes();
    hub.stop();
    assert!(!hub.path("run/address").exists());
    hub.start();
    hub.by("operator", &["agency", "list"]).yes();
}

#[test]
fn the_directory_is_kept_by_the_operator_alone() {
    let hub = TestHub::running();
    hub.by("operator", &["agency", "add", "H41.02", "Sở Nội vụ tỉnh Nghệ An"]).yes();
    let list = hub.by("nghean", &["agency", "list", "sở nội vụ"]).yes();
    assert!(list.stdout.contains("H41.02") && list.stdout.contains("1 cơ quan"), "{list:?}");
    hub.by("nghean", &["agency", "add", "H41.03", "Sở Y tế"]).refused("not_allowed", 77);
    hub.by("operator", &["agency", "close", "H41.02"]).yes();
    let list = hub.by("operator", &["--json", "agency", "list", "H41.02"]).yes().json();
    assert_eq!(list[0]["closed"], true);
    hub.by("operator", &["agency", "close", "H41.99"]).refused("not_found", 1);
}

#[test]
fn access_is_granted_by_token_and_taken_away() {
    let hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    let granted = hub
        .by("operator", &["--json", "access", "grant", "nghean-vt", "--role", "clerk", "--agency", "H41.*", "--token"])
        .yes();
    let token = granted.json()["new_token"].as_str().unwrap().to_owned();
    let address = std::fs::read_to_string(hub.path("run/address")).unwrap();
    let profile =
        format!("hub = \"{}\"\nca = \"../keys/tls/ca.crt\"\ntoken = \"{token}\"\nagency = \"H41\"\n", address.trim());
    std::fs::write(hub.path("access/clerk.toml"), profile).unwrap();
    let inbox = hub.by("clerk", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH"), "{inbox:?}");
    hub.by("clerk", &["access", "list"]).refused("not_allowed", 77);
    let list = hub.by("operator", &["access", "list"]).yes();
    assert!(list.stdout.contains("nghean-vt") && list.stdout.contains("văn thư"), "{list:?}");
    assert!(!list.stdout.contains(&token));
    hub.by("operator", &["access", "close", "nghean-vt"]).yes();
    hub.by("clerk", &["inbox"]).refused("unauthenticated", 77);
}

#[test]
fn a_crl_whose_file_is_gone_stays_in_force() {
    let hub = TestHub::running();
    std::fs::remove_file(hub.path("trust/crl/sub.crl")).unwrap();
    // A CRL whose file is gone stays in force: who can delete files cannot unrevoke.
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.run(&["verify", &hub.file("1-VPCP-TH.edxml")]).code_is(1);
}

#[test]
fn without_revocation_lists_documents_are_held_and_are_delivered_when_the_lists_come() {
    let mut hub = TestHub::made();
    for list in ["root.crl", "sub.crl"] {
        std::fs::remove_file(hub.path("trust/crl").join(list)).unwrap();
    }
    hub.start();
    let file = hub.file("a.edxml");
    let args = ["send", "--new", "--to", "H41", "--code", "1/VPCP-TH", "--subject", "Thử", "--save", &file];
    let held = hub.by("vpcp", &args).yes();
    assert!(held.stdout.contains("đang tạm giữ"), "{held:?}");
    assert!(hub.by("vpcp", &["track", "1/VPCP-TH"]).yes().stdout.contains("Tạm giữ: chưa xác định được"));
    assert!(!hub.by("nghean", &["inbox"]).yes().stdout.contains("1/VPCP-TH"));
    // They are made after the receipt, as after an outage: a minute, so that whole seconds do not matter.
    let layout = Layout::new(hub.path("test-pki"));
    for list in ["root", "sub"] {
        let after = |millis| Timestamp::from_millis(SystemClock.now().as_millis() + millis);
        reissue_crl(&layout, list, after(60_000), after(7 * 86_400_000), &[]).unwrap();
        std::fs::copy(layout.crl(list), hub.path("trust/crl").join(format!("{list}.crl"))).unwrap();
    }
    // The hub sees the lists come; no restart, and nobody sends again.
    until(|| hub.by("nghean", &["inbox"]).stdout.contains("1/VPCP-TH"));
    let trail = hub.by("vpcp", &["trail", "1/VPCP-TH"]).yes();
    assert!(trail.stdout.contains("hết tạm giữ"), "{trail:?}");
    let evidence = hub.file("evidence.json");
    hub.by("vpcp", &["trail", "evidence", "1/VPCP-TH", "-o", &evidence]).yes();
    let again = hub.run(&["verify", &file, "--as-of", &evidence]).yes();
    assert!(again.stdout.contains("giống kết luận đã ghi"), "a CRL that came later says it of the receipt: {again:?}");
}

#[test]
fn a_certificate_is_blocked_at_once_and_what_rests_on_it_is_listed() {
    let hub = TestHub::running();
    let certificate = hub.path("test-pki/agencies/vpcp.crt").display().to_string();
    hub.send("H41", "1/VPCP-TH", &[]);
    let act = ["trust", "block", &certificate, "--reason", "mất token", "--until", "2099-01-01"];
    hub.by("vpcp", &act).refused("not_allowed", 77);
    let blocked = hub.by("operator", &act).yes();
    assert!(blocked.stdout.contains("Đã chặn đến"), "{blocked:?}");
    let args = ["send", "--new", "--to", "H41", "--code", "2/VPCP-TH", "--subject", "Thử", "--save", &hub.file("b")];
    hub.by("vpcp", &args).refused("certificate_blocked", 1);
    let blocks = hub.by("operator", &["trust", "blocks"]).yes();
    assert!(blocks.stdout.contains("mất token") && blocks.stdout.contains("đang chặn"), "{blocks:?}");

    let impact = hub.by("operator", &["trust", "impact", &certificate]).yes();
    assert!(impact.stdout.contains("1/VPCP-TH") && impact.stdout.contains("chưa lấy về"), "{impact:?}");
    let ca = hub.path("test-pki/ca/sub.crt").display().to_string();
    let under =
        hub.by("operator", &["--json", "trust", "impact", "--issuer", &ca, "--since", "2020-01-01"]).yes().json();
    assert_eq!(under["items"].as_array().unwrap().len(), 1);
    hub.by("operator", &["trust", "unblock", &certificate, "--reason", "tìm thấy"]).yes();
    hub.by("vpcp", &["send", &hub.file("b")]).yes();
}
