// One connection with JSSE: sends a file, reads the answer, prints a line of JSON.

import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public final class Client {
  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) options.put(arguments[i].substring(2), arguments[i + 1]);

    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust(options.get("ca")).getTrustManagers(), null);
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(options.get("port")))) {
      socket.setSoTimeout(15_000);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {"TLSv" + options.get("version")});
      parameters.setCipherSuites(new String[] {options.get("suite")});
      parameters.setServerNames(List.of(new SNIHostName(options.get("name"))));
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      if (options.containsKey("alpn")) parameters.setApplicationProtocols(new String[] {options.get("alpn")});
      socket.setSSLParameters(parameters);
      socket.startHandshake();

      byte[] payload = Files.readAllBytes(Path.of(options.get("payload")));
      Throwable[] failure = new Throwable[1];
      Thread sender = new Thread(() -> {
        try {
          socket.getOutputStream().write(payload);
        } catch (Throwable problem) {
          failure[0] = problem;
        }
      });
      sender.start();
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[65536];
      for (int n; (n = in.read(buffer)) >= 0; ) digest.update(buffer, 0, n);
      sender.join();
      if (failure[0] != null) throw new Exception(failure[0]);
      System.out.printf(
          "{\"protocol\":\"%s\",\"suite\":\"%s\",\"received\":\"%s\"}%n",
          socket.getSession().getProtocol(),
          socket.getSession().getCipherSuite(),
          HexFormat.of().formatHex(digest.digest()));
    }
  }

  /** Trusts the one certificate authority of the file. */
  private static TrustManagerFactory trust(String file) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (InputStream in = new FileInputStream(file)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory;
  }
}
