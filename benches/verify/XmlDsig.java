// Verifies one signed file again and again with javax.xml.crypto, warm, the key given: parse, locate, validate.
// `java XmlDsig.java FILE CERTIFICATE ROUND_MS`: for every line on standard input it works for about so long and answers
// with the nanoseconds of processor time that one verification took.
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

public class XmlDsig {
    static byte[] file;
    static PublicKey key;
    static DocumentBuilderFactory builders;
    static XMLSignatureFactory signatures;

    public static void main(String[] arguments) throws Exception {
        file = Files.readAllBytes(Path.of(arguments[0]));
        try (var certificate = new FileInputStream(arguments[1])) {
            key = CertificateFactory.getInstance("X.509").generateCertificate(certificate).getPublicKey();
        }
        long roundNanos = Long.parseLong(arguments[2]) * 1_000_000;
        builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        builders.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        signatures = XMLSignatureFactory.getInstance("DOM");
        round(4 * roundNanos); // warm: the compiler has seen it all
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        while (lines.readLine() != null) {
            System.out.println(round(roundNanos));
        }
    }

    static long round(long nanos) throws Exception {
        long start = cpu();
        long end = start;
        int times = 0;
        while (end - start < nanos) {
            verify();
            times++;
            end = cpu();
        }
        return (end - start) / times;
    }

    static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    static void verify() throws Exception {
        Document document = builders.newDocumentBuilder().parse(new ByteArrayInputStream(file));
        NodeList found = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        DOMValidateContext context = new DOMValidateContext(KeySelector.singletonKeySelector(key), found.item(0));
        if (!signatures.unmarshalXMLSignature(context).validate(context)) {
            throw new IllegalStateException("the signature does not verify");
        }
    }
}
