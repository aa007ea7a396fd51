// The lock as everybody writes it once, in a language of its own: SET KEY value NX PX lease, and a script that deletes the
// key if it still has that value. Who waits tries again after 5 to 30 ms.
//
// The modes, the log and the check of who has the lock are those of peer.py; see there.

type Value = string | number | null | Value[];

/** One connection, one command at a time. */
class Client {
  private buffer = new Uint8Array(0);

  private constructor(private readonly connection: Deno.Conn) {}

  static async connect(hostname: string, port: number): Promise<Client> {
    const connection = await Deno.connect({ hostname, port });
    connection.setNoDelay(true);
    return new Client(connection);
  }

  async command(...words: (string | number)[]): Promise<Value> {
    const encoder = new TextEncoder();
    let text = `*${words.length}\r\n`;
    for (const word of words.map(String)) text += `$${encoder.encode(word).length}\r\n${word}\r\n`;
    let bytes = encoder.encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await this.connection.write(bytes));
    return await this.reply();
  }

  private async reply(): Promise<Value> {
    const line = await this.line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case ":":
        return Number(rest);
      case "$": {
        const count = Number(rest);
        if (count < 0) return null;
        return new TextDecoder().decode((await this.take(count + 2)).subarray(0, count));
      }
      case "*": {
        const items: Value[] = [];
        for (let left = Number(rest); left > 0; left--) items.push(await this.reply());
        return items;
      }
      default:
        throw new Error(line);
    }
  }

  private async line(): Promise<string> {
    let end = this.buffer.indexOf(10);
    while (end < 0) {
      await this.fill();
      end = this.buffer.indexOf(10);
    }
    return new TextDecoder().decode(await this.take(end + 1)).trimEnd();
  }

  private async take(count: number): Promise<Uint8Array> {
    while (this.buffer.length < count) await this.fill();
    const taken = this.buffer.subarray(0, count);
    this.buffer = this.buffer.slice(count);
    return taken;
  }

  private async fill(): Promise<void> {
    const chunk = new Uint8Array(4096);
    const count = await this.connection.read(chunk);
    if (count === null) throw new Error("the server has closed the connection");
    const joined = new Uint8Array(this.buffer.length + count);
    joined.set(this.buffer);
    joined.set(chunk.subarray(0, count), this.buffer.length);
    this.buffer = joined;
  }
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits for a line, or for the end of the input. */
const line = () => Deno.stdin.read(new Uint8Array(1));

class ClassicLock {
  private static readonly release = `
    if redis.call('GET', KEYS[1]) == ARGV[1] then
      return redis.call('DEL', KEYS[1])
    end
    return 0`;
  private value = "";
  private client: Client | undefined;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly key: string,
    private readonly lease: number,
  ) {}

  private async command(...words: (string | number)[]): Promise<Value> {
    this.client ??= await Client.connect(this.host, this.port);
    try {
      return await this.client.command(...words);
    } catch (error) {
      this.client = undefined;
      throw error;
    }
  }

  async acquire(seconds: number): Promise<boolean> {
    this.value = crypto.randomUUID();
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      if (await this.command("SET", this.key, this.value, "NX", "PX", this.lease * 1000) === "OK") return true;
      await pause(5 + Math.random() * 25);
    }
    return false;
  }

  async release(): Promise<void> {
    const count = await this.command("EVAL", ClassicLock.release, 1, this.key, this.value);
    if (count !== 1) throw new Error("the lock was not mine any more");
  }
}

class NoLock {
  acquire(_seconds: number): Promise<boolean> {
    return Promise.resolve(true);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

// The clocks that this runtime offers begin when the process does.
const library = Deno.dlopen("libc.so.6", {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
});

function now(): bigint {
  const time = new BigInt64Array(2);
  const CLOCK_MONOTONIC = 1;
  if (library.symbols.clock_gettime(CLOCK_MONOTONIC, time) !== 0) throw new Error("clock_gettime");
  return time[0] * 1_000_000_000n + time[1];
}

class Log {
  private readonly file: Deno.FsFile;

  constructor(private readonly path: string) {
    this.file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  }

  line(...words: (string | number | bigint)[]) {
    this.file.writeSync(new TextEncoder().encode(words.join(" ") + "\n"));
  }

  async hold() {
    const start = now();
    const isAlone = this.enter();
    await pause(1);
    if (isAlone) Deno.removeSync(this.path + ".inside");
    this.line(start, now(), "classic", Deno.pid);
  }

  private enter(): boolean {
    try {
      Deno.openSync(this.path + ".inside", { write: true, createNew: true, mode: 0o600 }).close();
      return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      this.line("OVERLAP", "classic", Deno.pid);
      return false;
    }
  }
}

type Lock = ClassicLock | NoLock;

async function contend(lock: Lock, seconds: number, path: string) {
  const log = new Log(path);
  console.log("ready");
  await line();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    try {
      if (!await lock.acquire(1)) continue;
      try {
        await log.hold();
      } finally {
        await lock.release();
      }
    } catch (error) {
      log.line("ERROR", "classic", Deno.pid, String(error).replace(/\s+/g, " "));
      await pause(50);
    }
    await pause(Math.random() * 5);
  }
}

async function acquirePatiently(lock: Lock) {
  if (await lock.acquire(30)) return;
  console.error("the lock was not to be had");
  Deno.exit(1);
}

const [mode, ...words] = Deno.args;
const [host, port, key, ...rest] = words.filter((word) => word !== "--broken");
const lease = mode === "contend" ? 5 : 30;
const lock: Lock = words.includes("--broken") ? new NoLock() : new ClassicLock(host, Number(port), key, lease);
switch (mode) {
  case "contend":
    await contend(lock, Number(rest[0]), rest[1]);
    break;
  case "hold":
    await acquirePatiently(lock);
    console.log("held");
    await line();
    await lock.release();
    console.log(`released ${now()}`);
    break;
  case "wait":
    await acquirePatiently(lock);
    console.log(`acquired ${now()}`);
    await lock.release();
    break;
  default:
    console.error(`unknown mode ${mode}`);
    Deno.exit(1);
}
// An open connection would keep the process from ending.
Deno.exit(0);
