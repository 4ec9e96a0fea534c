// The protocol of the drivers, whatever carries its lines. Calls come in as {id, call, arguments}; answers {id, result}
// or {id, error} and events {event, …} go out. Every driver offers value(flag, kind, target, otherwise) and close(),
// those of client SDKs also become(target).

// Taken before a test hastens the clock.
const { setTimeout: later } = globalThis;
const pause = (ms) => new Promise((done) => later(done, ms));

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Answers one call of `client`; `until` waits here, so that its answer leaves as soon as the value is there. */
export const answer = (client, { id, call, arguments: values }, say) => {
  const until = async (wanted, ...question) => {
    while (!same(await client.value(...question), wanted)) await pause(1);
  };
  // Not awaited: a call that never settles must not keep later ones from being made.
  Promise.resolve()
    .then(() => (call === 'until' ? until(...values) : client[call](...values)))
    .then((result) => say({ id, result }))
    .catch((error) => say({ id, error: String(error) }));
};
