//! Every row of the vectors where the store's verdict is not the standard's, and why that is right. A row that begins to
//! agree fails the test as well: it is then taken off the list.

pub(crate) struct Exception {
    pub(crate) id: &'static str,
    /// `accepted`, or the code of the refusal.
    pub(crate) actual: &'static str,
    pub(crate) reason: &'static str,
}

macro_rules! exceptions {
    ($($reason:literal => { $($id:literal $actual:literal,)* })*) => {
        pub(crate) const EXCEPTIONS: &[Exception] = &[$($(
            Exception { id: $id, actual: $actual, reason: $reason },
        )*)*];
    };
}

exceptions! {
    // Valid by the standard, refused here: nothing gets through that should not.
    "webpki applies no constraints on directory names, mailboxes or URIs and refuses paths that have them, which is \
     what RFC 5280, 4.2.1.10 asks of those who do not process a constraint" => {
        "limbo/rfc5280::nc::permitted-dn-match" "no_certificate_chain_found",
        "limbo/rfc5280::nc::nc-permits-email-domain" "no_certificate_chain_found",
        "limbo/rfc5280::nc::nc-permits-email-literal-asterisk-exact-match" "no_certificate_chain_found",
        "limbo/rfc5280::nc::nc-permits-email-literal-double-asterisk" "no_certificate_chain_found",
        "pkits/ValidDNandRFC822nameConstraintsTest27EE" "no_certificate_chain_found",
        "pkits/ValidDNnameConstraintsTest1EE" "no_certificate_chain_found",
        "pkits/ValidDNnameConstraintsTest5EE" "no_certificate_chain_found",
        "pkits/ValidDNnameConstraintsTest6EE" "no_certificate_chain_found",
        "pkits/ValidDNnameConstraintsTest18EE" "no_certificate_chain_found",
        "pkits/ValidDNnameConstraintsTest19EE" "no_certificate_chain_found",
        "pkits/ValidRFC822nameConstraintsTest21EE" "no_certificate_chain_found",
        "pkits/ValidRFC822nameConstraintsTest23EE" "no_certificate_chain_found",
        "pkits/ValidURInameConstraintsTest34EE" "no_certificate_chain_found",
        "pkits/ValidURInameConstraintsTest36EE" "no_certificate_chain_found",
    }
    "names are compared octet by octet (RFC 5280, 7.1 would fold case, blanks and string types): two spellings are \
     two names, so no authority can pass for another" => {
        "pkits/ValidNameChainingWhitespaceTest3EE" "no_certificate_chain_found",
        "pkits/ValidNameChainingWhitespaceTest4EE" "no_certificate_chain_found",
        "pkits/ValidRolloverfromPrintableStringtoUTF8StringTest10EE" "no_certificate_chain_found",
        "pkits/ValidUTF8StringCaseInsensitiveMatchTest11EE" "no_certificate_chain_found",
    }
    "webpki counts self-issued certificates for pathLenConstraint and holds them to name constraints, which RFC 5280, \
     4.2.1.9 and 4.2.1.10 spare them: stricter" => {
        "limbo/rfc5280::nc::permitted-self-issued" "no_certificate_chain_found",
        "limbo/pathlen::self-issued-certs-pathlen" "no_certificate_chain_found",
        "pkits/ValidSelfIssuedpathLenConstraintTest15EE" "no_certificate_chain_found",
    }
    "a CRL counts only if the very key that issued the certificate signed it, so that no other authority of the same \
     name can speak for it; RFC 5280, 6.3.3 (f) would allow another key of the same name" => {
        "pkits/ValidBasicSelfIssuedNewWithOldTest4EE" "revocation_unknown",
        "pkits/ValidBasicSelfIssuedOldWithNewTest1EE" "revocation_unknown",
        "pkits/ValidSeparateCertificateandCRLKeysTest19EE" "revocation_unknown",
    }
    "indirect CRLs are refused when they are loaded; without them nothing is known about the certificate" => {
        "pkits/ValidIDPwithindirectCRLTest24EE" "revocation_unknown",
        "pkits/ValidIDPwithindirectCRLTest25EE" "revocation_unknown",
        "pkits/ValidcRLIssuerTest28EE" "revocation_unknown",
        "pkits/ValidcRLIssuerTest29EE" "revocation_unknown",
        "pkits/ValidcRLIssuerTest30EE" "revocation_unknown",
        "pkits/ValidcRLIssuerTest33EE" "revocation_unknown",
    }
    "distribution points named relative to the issuer match nothing; without another CRL nothing is known" => {
        "pkits/ValiddistributionPointTest4EE" "revocation_unknown",
        "pkits/ValiddistributionPointTest5EE" "revocation_unknown",
        "pkits/ValiddistributionPointTest7EE" "revocation_unknown",
    }
    "CRLs that cover some reasons only are refused when they are loaded" => {
        "pkits/ValidonlySomeReasonsTest18EE" "revocation_unknown",
        "pkits/ValidonlySomeReasonsTest19EE" "revocation_unknown",
    }
    "the delta CRL that takes the certificate off hold is refused when it is loaded; by the complete CRL it is on hold" => {
        "pkits/ValiddeltaCRLTest5EE" "certificate_on_hold",
    }
    "a CA's certificate is a proper end of a path to the standard; here it may not sign messages" => {
        "limbo/pathlen::validation-ignores-pathlen-in-leaf" "certificate_usage",
        "pkits/ValidonlyContainsCACertsTest13EE" "certificate_usage",
        "pkits/ValidpathLenConstraintTest14EE" "certificate_usage",
    }
    "signers must say what their key is for: digitalSignature or nonRepudiation" => {
        "limbo/rfc5280::no-keyusage" "certificate_usage",
    }
    "issuerUniqueID and subjectUniqueID are refused; RFC 5280, 4.1.2.8 forbids authorities to use them" => {
        "pkits/ValidNameUIDsTest6EE" "certificate_invalid",
    }
    "a notBefore in 1950 lies before the beginning of webpki's time" => {
        "pkits/Validpre2000UTCnotBeforeDateTest3EE" "certificate_invalid",
    }
    // Refused by the suite, accepted here: in each case something that RFC 5280 asks of who issues, not of who relies.
    "key identifiers help to find an issuer (RFC 5280, 4.2.1.1); here the issuer is found by name and proved by its key" => {
        "limbo/rfc5280::aki::leaf-missing-aki" "accepted",
        "limbo/rfc5280::aki::intermediate-missing-aki" "accepted",
        "limbo/rfc5280::aki::cross-signed-root-missing-aki" "accepted",
        "limbo/rfc5280::ski::root-missing-ski" "accepted",
        "limbo/rfc5280::ski::intermediate-missing-ski" "accepted",
    }
    "an extension that should be critical is honoured, or has no meaning here, whether it is marked so or not: 6.1 of \
     RFC 5280 never asks" => {
        "limbo/rfc5280::nc::permitted-dns-match-noncritical" "accepted",
        "limbo/rfc5280::root-non-critical-basic-constraints" "accepted",
        "limbo/rfc5280::pc::ica-noncritical-pc" "accepted",
    }
    "name constraints of an end entity constrain nobody, since nothing stands below it" => {
        "limbo/rfc5280::nc::not-allowed-in-ee-noncritical" "accepted",
    }
    "a DNS constraint with a period in front is read as one for the names below; signers are not known by DNS names" => {
        "limbo/rfc5280::nc::invalid-dnsname-leading-period" "accepted",
    }
    "serial numbers are compared octet by octet whatever their length; RFC 5280, 4.1.2.2: users should be prepared \
     to handle such certificates" => {
        "limbo/rfc5280::serial::too-long" "accepted",
        "limbo/rfc5280::serial::zero" "accepted",
    }
    "the certificate is good by a complete and current CRL; the delta CRL that revokes it is refused when it is \
     loaded, and the operator is told: RFC 5280, 6.3.1 leaves the use of delta CRLs to the application" => {
        "pkits/InvaliddeltaCRLTest4EE" "accepted",
    }
}
