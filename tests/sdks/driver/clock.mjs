// A clock that runs faster: SDKs refuse to poll more often than once a minute, and no test waits for that.

/** Lets `scope`, a global object, live `times` as fast: its timers and its idea of now. */
export const hasten = (times, scope) => {
  if (times === 1) return;
  const { setTimeout, setInterval, Date } = scope;
  const start = Date.now();
  scope.setTimeout = (run, ms, ...rest) => setTimeout.call(scope, run, ms / times, ...rest);
  scope.setInterval = (run, ms, ...rest) => setInterval.call(scope, run, ms / times, ...rest);
  scope.Date = class extends Date {
    constructor(...parts) {
      super(...(parts.length > 0 ? parts : [scope.Date.now()]));
    }

    static now() {
      return start + (super.now() - start) * times;
    }
  };
};
