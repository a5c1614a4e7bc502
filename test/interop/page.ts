// What a browser is given: it fetches the MiB, posts it back, and writes down what came of it.

/** The page at `/` of the server under test in HTTP mode. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>tsls interop</title>
<p id="result">waiting</p>
<script>
const hex = async (bytes) =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((b) => b.toString(16).padStart(2, '0')).join('');
const exchange = async () => {
  const down = await (await fetch('/payload')).arrayBuffer();
  const back = await (await fetch('/', { method: 'POST', body: down })).arrayBuffer();
  const protocol = performance.getEntriesByType('navigation')[0].nextHopProtocol;
  return { sent: await hex(down), received: await hex(back), protocol };
};
exchange().then(
  (facts) => { document.getElementById('result').textContent = 'done ' + JSON.stringify(facts); },
  (error) => { document.getElementById('result').textContent = 'failed ' + error; },
);
</script>
</html>
`;
