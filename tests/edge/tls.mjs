// Takes connections by TLS, with the certificate in the folder that is named on the command line, and hands what they
// say to the port that is named after it.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

const [folder, port] = process.argv.slice(2);
const [cert, key] = ['server.crt', 'server.key'].map((name) => readFileSync(`${folder}/${name}`));
const server = createServer({ cert, key }, (client) => {
  const behind = connect(port, '127.0.0.1');
  client.pipe(behind).pipe(client);
  client.on('error', () => behind.destroy());
  behind.on('error', () => client.destroy());
});
// Whoever does not trust the certificate leaves in the middle of the first words.
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
