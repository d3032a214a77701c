/** Where in the page one is: `#/requests/17?q=status:error`. */

/** Read the address: {view, rest, query}. */
export function readRoute() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/").map(decode);
  return { view: view || "overview", rest: rest.filter(Boolean), query: new URLSearchParams(search) };
}

/** Write an address. */
export function address(view, rest = [], query = {}) {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${[view, ...rest].map((each) => encodeURIComponent(String(each))).join("/")}${search ? `?${search}` : ""}`;
}

/** Go somewhere; `quietly` changes the address alone. */
export function go(to, { quietly = false } = {}) {
  if (quietly) history.replaceState(null, "", to);
  else location.hash = to;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
