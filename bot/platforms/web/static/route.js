// Addresses within the page: #/page/part/part?name=value.

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What an address names: the page ("chat" without one), the parts after it, and its query. */
export function readAddress(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, ...parts] = path.split("/").map(decoded);
  return { page: page || "chat", parts, query: new URLSearchParams(query) };
}
