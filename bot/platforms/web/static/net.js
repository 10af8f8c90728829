// Requests to the server, and the stream of what changes there.

const WAIT = 30_000; // ms

/** What went wrong, in one line. `need` is "token" or "name" when that has to be given first. */
export class Problem extends Error {
  constructor(text, { need = "", status = 0 } = {}) {
    super(text);
    this.need = need;
    this.status = status; // 0: no answer came
  }
}

/** GET, or POST when there is a body. Returns the answer's JSON; throws Problem. */
export async function request(path, body) {
  const options = { signal: AbortSignal.timeout(WAIT) };
  if (body !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  let answer = {};
  try {
    response = await fetch(path, options);
    answer = await response.json();
  } catch {
    throw new Problem(
      response && !response.ok ? "The coach had a problem with that." : "The coach can't be reached for now.",
    );
  }
  if (!response.ok) {
    throw new Problem(answer.error ?? "The coach had a problem with that.", { need: answer.need, status: response.status });
  }
  return answer;
}

/** Names one thing that is sent, the same however often it is tried. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Follows the changes after a number, for ever: reconnects by itself and misses nothing. */
export class Live {
  #source = null;
  #timer = 0;
  #tries = 0;

  constructor({ onMessage, onState, onLost }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.onLost = onLost;
    this.person = "";
    this.since = 0;
  }

  start(person, since) {
    this.stop();
    this.person = person;
    this.since = since;
    this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    const source = new EventSource(`/api/events?person=${encodeURIComponent(this.person)}&since=${this.since}`);
    this.#source = source;
    source.addEventListener("ready", () => {
      this.#tries = 0;
      this.onState(true);
    });
    source.addEventListener("message", (event) => {
      this.since = Number(event.lastEventId);
      this.onMessage(JSON.parse(event.data));
    });
    source.addEventListener("reached", (event) => {
      this.since = Number(event.data);
    });
    source.addEventListener("error", () => {
      this.onState(false);
      // Browsers differ in how long they try again by themselves, and none does after an answer that was an error.
      source.close();
      this.#tries += 1;
      this.#timer = setTimeout(() => this.#again(source), Math.min(5_000, 250 * 2 ** this.#tries));
    });
  }

  async #again(source) {
    if (source === this.#source && !(await this.onLost()) && source === this.#source) {
      this.#connect();
    }
  }
}
