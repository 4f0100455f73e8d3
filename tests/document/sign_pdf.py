"""Signs PDFs with pyHanko, an implementation that shares nothing with this one. Reads a list of jobs as JSON from
standard input; all paths lie in the current folder."""

import dataclasses
import datetime
import json
import sys

from asn1crypto import algos, keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore


def certificate(name):
    with open(name, "rb") as file:
        return x509.Certificate.load(pem.unarmor(file.read())[2])


def key(name):
    with open(name, "rb") as file:
        return keys.PrivateKeyInfo.load(pem.unarmor(file.read())[2])


def at(text):
    return datetime.datetime.fromisoformat(text)


class Signer(signers.SimpleSigner):
    """A signer whose clock says what the job says."""

    clock = None

    async def signed_attrs(self, data_digest, digest_algorithm, attr_settings=None, **rest):
        if self.clock is not None and attr_settings is not None:
            attr_settings = dataclasses.replace(attr_settings, signing_time=self.clock)
        return await super().signed_attrs(data_digest, digest_algorithm, attr_settings, **rest)


def pss(digest):
    """RSASSA-PSS with a salt as long as the digest, as RFC 4055 recommends; pyHanko's own choice is the longest."""
    method = algos.DigestAlgorithm({"algorithm": digest})
    parameters = algos.RSASSAPSSParams({
        "hash_algorithm": method,
        "mask_gen_algorithm": algos.MaskGenAlgorithm({"algorithm": "mgf1", "parameters": method}),
        "salt_length": {"sha256": 32, "sha384": 48}[digest],
    })
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})


def stamper(job):
    if "tsa" not in job:
        return None
    name, time = job["tsa"], job["tsa_time"]
    return DummyTimeStamper(certificate(name + ".pem"), key(name + ".key"), fixed_dt=at(time))


def sign(job):
    with open(job["in"], "rb") as file:
        writer = IncrementalPdfFileWriter(file)
        out = open(job["out"], "wb")
        if job.get("kind") == "time_stamp":
            signers.PdfTimeStamper(stamper(job)).timestamp_pdf(writer, "sha256", output=out)
        elif job.get("kind") == "dss":
            DocumentSecurityStore.add_dss(out, sig_contents=None, certs=[certificate(job["signer"] + ".pem")])
        else:
            signature(job, writer, out)
        out.close()


def signature(job, writer, out):
    others = SimpleCertificateStore.from_certs([certificate(name + ".pem") for name in job.get("chain", [])])
    signer = Signer(
        signing_cert=certificate(job["signer"] + ".pem"),
        signing_key=key(job["signer"] + ".key"),
        cert_registry=others,
        signature_mechanism=pss(job["digest"]) if job.get("pss") else None,
    )
    if "clock" in job:
        signer.clock = at(job["clock"])
    cades = job.get("subfilter", "ETSI.CAdES.detached") == "ETSI.CAdES.detached"
    metadata = signers.PdfSignatureMetadata(
        field_name=job["field"],
        md_algorithm=job.get("digest", "sha256"),
        subfilter=SigSeedSubFilter.PADES if cades else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        reason="Ban hành",
    )
    box = tuple(job["box"]) if "box" in job else None
    spec = fields.SigFieldSpec(job["field"], on_page=0, box=box)
    signers.PdfSigner(metadata, signer, timestamper=stamper(job), new_field_spec=spec).sign_pdf(writer, output=out)


def dss(job):
    """Evidence added by pyHanko's own code, which works on a file in place."""
    with open(job["in"], "rb") as file:
        data = file.read()
    with open(job["out"], "w+b") as file:
        file.write(data)
        file.seek(0)
        embedded = PdfFileReader(file).embedded_signatures[0]
        contents = embedded.pkcs7_content
        DocumentSecurityStore.add_dss(file, sig_contents=contents, certs=[certificate(job["signer"] + ".pem")])


for job in json.load(sys.stdin):
    dss(job) if job.get("kind") == "dss" else sign(job)
