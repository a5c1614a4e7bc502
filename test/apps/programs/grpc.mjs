// A server of gRPC, whose library makes its server of node:http2 itself.
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';

const [key, cert, ca] = [process.env.TLS_KEY, process.env.TLS_CERT, process.env.TLS_CA].map((file) =>
  readFileSync(file),
);
const bytes = {
  requestSerialize: (b) => b,
  requestDeserialize: (b) => b,
  responseSerialize: (b) => b,
  responseDeserialize: (b) => b,
};

const server = new grpc.Server({ 'grpc.max_receive_message_length': 10_000_000 });
server.addService(
  {
    echo: { path: '/bytes/echo', requestStream: false, responseStream: false, ...bytes },
    talk: { path: '/bytes/talk', requestStream: true, responseStream: true, ...bytes },
  },
  {
    echo(call, done) {
      const { transportSecurityType, sslPeerCertificate } = call.getAuthContext();
      const metadata = new grpc.Metadata();
      metadata.set('peer', sslPeerCertificate?.subjectaltname ?? 'nobody');
      metadata.set('security', String(transportSecurityType));
      call.sendMetadata(metadata);
      done(null, call.request);
    },
    talk(call) {
      call.on('cancelled', () => console.log('cancelled'));
      call.on('data', (message) => call.write(message));
      call.on('end', () => call.end());
    },
  },
);

const credentials = grpc.ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error) throw error;
  console.log(`listening ${port}`);
});
process.once('SIGTERM', () => server.forceShutdown());
