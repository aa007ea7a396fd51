// SPDX-License-Identifier: Apache-2.0
//
// The lock that most articles show, as well as it can be done: SET NX PX and a script that compares and deletes, on one
// connection on which requests that are made together travel together; who finds the lock taken tries again after a random
// time below 100 ms. Prints one line of JSON with the fields of `dlock bench --json`, and how often the lock went from one
// task to another.
//
//   deno run --allow-net peer.ts PORT cycle|parallel|handoff TASKS SECONDS
import process from "node:process";

const [port, scenario, tasks, seconds] = [Number(Deno.args[0]), Deno.args[1], Number(Deno.args[2]), Number(Deno.args[3])];
const LEASE_MS = 30_000;
const RETRY_MS = 100;
const OVERTAKE_MS = 0.5;

type Reply = string | number | null | Error;

class Connection {
  #socket: Deno.TcpConn;
  #out: string[] = [];
  #sending = false;
  #waiting: ((reply: Reply) => void)[] = [];
  #first = 0;
  #bytes = new Uint8Array(0);
  #encoder = new TextEncoder();
  #decoder = new TextDecoder();

  constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#receive();
  }

  send(...words: (string | number)[]): Promise<Reply> {
    let text = `*${words.length}\r\n`;
    for (const word of words) text += `$${String(word).length}\r\n${word}\r\n`;
    this.#out.push(text);
    if (!this.#sending) {
      this.#sending = true;
      this.#transmit();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #transmit() {
    while (this.#out.length > 0) {
      // Let everybody speak who has just been answered.
      for (let i = 0; i < 10; i++) await null;
      let bytes = this.#encoder.encode(this.#out.join(""));
      this.#out = [];
      while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
    }
    this.#sending = false;
  }

  async #receive() {
    const buffer = new Uint8Array(65536);
    for (;;) {
      const count = await this.#socket.read(buffer);
      if (count === null) throw new Error("the server has gone");
      const bytes = new Uint8Array(this.#bytes.length + count);
      bytes.set(this.#bytes);
      bytes.set(buffer.subarray(0, count), this.#bytes.length);
      this.#bytes = bytes.subarray(this.#parse(bytes));
    }
  }

  // How many bytes were whole replies.
  #parse(bytes: Uint8Array): number {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) return start;
      const line = this.#decoder.decode(bytes.subarray(start + 1, end - 1));
      let next = end + 1;
      let reply: Reply = line;
      if (bytes[start] === 58) reply = Number(line);
      if (bytes[start] === 45) reply = new Error(line);
      if (bytes[start] === 36) {
        const length = Number(line);
        if (length >= 0) {
          next += length + 2;
          if (next > bytes.length) return start;
          reply = this.#decoder.decode(bytes.subarray(end + 1, next - 2));
        } else reply = null;
      }
      start = next;
      this.#answer(reply);
    }
  }

  #answer(reply: Reply) {
    if (reply instanceof Error) throw reply;
    this.#waiting[this.#first++](reply);
    if (this.#first === 1024) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

const connection = new Connection(await Deno.connect({ hostname: "127.0.0.1", port }));
const script = await connection.send(
  "SCRIPT",
  "LOAD",
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
);

async function acquire(name: string): Promise<string> {
  const token = crypto.randomUUID();
  while ((await connection.send("SET", name, token, "NX", "PX", LEASE_MS)) !== "OK") {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * RETRY_MS));
  }
  return token;
}

let violations = 0;

async function release(name: string, token: string) {
  if ((await connection.send("EVALSHA", script as string, 1, name, token)) !== 1) violations++;
}

const latencies: number[] = [];
const asked: number[] = new Array(tasks).fill(0);
let operations = 0;
let overtakes = 0;
let longest = 0;
let holder = -1;
let last = -1;
let released = 0;

async function cycle(task: number, end: number) {
  const name = `bench-${task}`;
  for (let start = performance.now(); start < end;) {
    await release(name, await acquire(name));
    const stop = performance.now();
    latencies.push(stop - start);
    start = stop;
    operations++;
  }
}

function begins(task: number) {
  const now = performance.now();
  const since = asked[task];
  asked[task] = 0;
  if (holder !== -1) violations++;
  holder = task;
  if (last !== -1 && last !== task && since < released) latencies.push(now - released);
  if (asked.some((other) => other !== 0 && other + OVERTAKE_MS < since)) overtakes++;
  longest = Math.max(longest, now - since);
  operations++;
}

function ends(task: number) {
  holder = -1;
  last = task;
  released = performance.now();
}

async function contend(task: number, end: number) {
  while (performance.now() < end) {
    asked[task] = performance.now();
    const token = await acquire("bench");
    begins(task);
    ends(task);
    await release("bench", token);
  }
}

// The engine compiles what runs often: let it do so first.
await Promise.all([...Array(tasks).keys()].map((task) => cycle(1_000_000 + task, performance.now() + 300)));
latencies.length = 0;
operations = 0;
await connection.send("CONFIG", "RESETSTAT");
const start = performance.now();
const cpu = process.cpuUsage();
const end = start + seconds * 1000;
for (let task = 0; task < tasks; task++) (scenario === "handoff" ? contend : cycle)(task, end);
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const elapsed = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
for (const since of asked) if (since !== 0) longest = Math.max(longest, performance.now() - since);
latencies.sort((a, b) => a - b);
const percentile = (p: number) => latencies.length === 0 ? 0 : latencies[Math.floor((latencies.length - 1) * p)] * 1000;
console.log(JSON.stringify({
  client: "Deno script",
  store: "redis",
  scenario,
  clients: tasks,
  operations,
  seconds: elapsed,
  ops_per_second: operations / elapsed,
  p50_us: percentile(0.5),
  p90_us: percentile(0.9),
  p99_us: percentile(0.99),
  max_us: percentile(1),
  overtakes,
  violations,
  client_cpu_seconds: (used.user + used.system) / 1e6,
  ...(scenario === "handoff" ? { handovers: latencies.length, longest_wait_us: longest * 1000 } : {}),
}));
Deno.exit(0);
