// Talks to a server with Node's own clients, `http` with a kept connection and `fetch`. Arguments: URL, key.
import http from 'node:http';

const [url, key] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const body = JSON.stringify({
  operation: 'user_sync', tenant: { id: 'node', name: 'N' }, users: [{ id: 'u', email: 'a@x.io', name: 'A' }],
});
const sync = { 'Content-Type': 'application/json', 'X-Tenant-ID': 'node' };
const withKey = { ...sync, 'X-Internal-API-Key': key };

function send(method, path, headers = {}, text, { waits = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method, agent, headers }, response => {
      let size = 0;
      response.on('data', part => (size += part.length));
      response.on('end', () => resolve({ status: response.statusCode, size }));
    });
    request.on('error', reject);
    request.setTimeout(20000, () => request.destroy(new Error(`${method} ${path} timed out`)));
    if (waits) request.on('continue', () => request.end(text));
    else if (text === undefined) request.end();
    else { request.write(text.slice(0, 10)); request.end(text.slice(10)); }
  });
}

function expect(what, expected, status) {
  if (status !== expected) { console.log(`${what}: ${status} instead of ${expected}`); process.exit(1); }
}

for (let i = 0; i < 10; i++) {
  expect('GET', 200, (await send('GET', '/livez')).status);
  const head = await send('HEAD', '/nowhere');
  expect('HEAD', 404, head.status);
  expect('size of HEAD', 0, head.size);
  expect('HEAD of a POST path', 405, (await send('HEAD', '/api/internal/sync/users')).status);
  // Written in two parts without a length: chunks.
  expect('POST in chunks', 202, (await send('POST', '/api/internal/sync/users', withKey, body)).status);
  expect('100-continue', 202,
    (await send('POST', '/api/internal/sync/users', { ...withKey, Expect: '100-continue', 'Content-Length': body.length }, body, { waits: true })).status);
  expect('upgrade', 200, (await send('GET', '/livez', { Connection: 'Upgrade', Upgrade: 'websocket' })).status);
  const fetched = await fetch(`${url}/api/internal/sync/users`, { method: 'POST', headers: withKey, body });
  expect('fetch', 202, fetched.status);
  await fetched.text();
  const refused = await fetch(`${url}/api/internal/sync/users`, { method: 'POST', headers: sync, body });
  expect('fetch without a key', 401, refused.status);
  await refused.text();
}
const all = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/readyz`).then(answer => answer.text().then(() => answer.status))));
for (const status of all) expect('at once', 200, status);
console.log('done');
process.exit(0);
