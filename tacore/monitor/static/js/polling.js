/** Asking again and again while a view is shown, never twice at once, and not for a page that nobody sees. */

/** Run `ask(signal)` now and every so many ms; gives {stop, now}. */
export function poll(ask, everyMs) {
  const ending = new AbortController();
  let timer = null;
  let asking = null;
  const round = async () => {
    clearTimeout(timer);
    asking?.abort();
    const own = new AbortController();
    asking = own;
    const signal = AbortSignal.any([ending.signal, own.signal]);
    if (!document.hidden) await ask(signal).catch((error) => quiet(error, signal));
    if (!signal.aborted) timer = setTimeout(round, everyMs);
  };
  round();
  return {
    stop() {
      ending.abort();
      clearTimeout(timer);
    },
    now: round,
  };
}

/** Of a question that was given up nothing is to be said. */
function quiet(error, signal) {
  if (!signal.aborted && error.name !== "AbortError") throw error;
}
