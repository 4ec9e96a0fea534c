// One client of the published browser SDK, the same in jsdom and in a browser; driver/calls.mjs says how it is talked to.

/** Connects with `settings`; tells `say` of the end of the initialisation and of changes. */
export const connect = ({ initialize, Event }, { url, key, target, streaming }, say) => {
  const options = { baseUrl: url, eventUrl: url, streamEnabled: streaming, pollingEnabled: true };

  const open = (forTarget) => {
    const sdk = initialize(key, forTarget, options);
    sdk.on(Event.CHANGED, ({ flag }) => say({ event: 'changed', flag }));
    const settled = new Promise((ready, failed) => {
      sdk.on(Event.READY, ready);
      sdk.on(Event.ERROR_AUTH, failed);
    });
    return { sdk, settled };
  };

  const started = performance.now();
  let { sdk, settled } = open(target);
  settled.then(
    () => say({ event: 'ready', took_ms: performance.now() - started }),
    (error) => say({ event: 'failed', error: explained(error), took_ms: performance.now() - started }),
  );

  return {
    // The SDK answers for the target that it was made with.
    value: (flag, _kind, _target, otherwise) => sdk.variation(flag, otherwise),
    become: async (next) => {
      sdk.close();
      ({ sdk, settled } = open(next));
      await settled;
    },
    close: () => sdk.close(),
  };
};

/** Errors of the SDK are errors, answers of fetch, or objects of its own. */
export const explained = (error) => {
  if (error instanceof Error) return String(error);
  return error?.status ? `status ${error.status}` : JSON.stringify(error);
};
