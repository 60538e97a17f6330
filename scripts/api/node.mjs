// Starts and stops nodes. Every node is a process group of its own, so that stopping touches what
// was started here and nothing else.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** How long a node may take to stop by itself before it is killed, in milliseconds. */
const STOP_LIMIT = 10_000;

/** Nodes that run at present. @type {Set<NodeProcess>} */
const running = new Set();

/** Where the node's program is: `BREAKWATER_NODE`, or where `lib.sh` has it built. */
export function nodeProgram() {
	const { BREAKWATER_NODE, BREAKWATER_TARGET_DIR, CARGO_TARGET_DIR, XDG_CACHE_HOME } = process.env;
	const cache = XDG_CACHE_HOME || join(homedir(), '.cache');
	const target = BREAKWATER_TARGET_DIR || CARGO_TARGET_DIR || join(cache, 'breakwater', 'target');
	const path = BREAKWATER_NODE || join(target, 'release', 'breakwater-node');
	if (!existsSync(path)) {
		throw new Error(
			`there is no node at ${path}: build it with ./scripts/run.sh, or name it in BREAKWATER_NODE`,
		);
	}
	return path;
}

/**
 * A port of the loopback interface that nobody uses at present.
 * @param {number} [preferred] taken when it is free
 * @returns {Promise<number>}
 */
export function freePort(preferred = 0) {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', (error) => (preferred ? resolve(freePort()) : reject(error)));
		server.listen(preferred, '127.0.0.1', () => {
			const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
			server.close(() => resolve(port));
		});
	});
}

/** A node that was started here. */
export class NodeProcess {
	/** @type {import('node:child_process').ChildProcess} */
	#child;
	/** @type {Promise<void>} */
	#gone;
	#stopping = false;

	/**
	 * Use `start`.
	 * @param {import('node:child_process').ChildProcess} child
	 * @param {string} url
	 * @param {string} basePath
	 * @param {boolean} ownsBasePath
	 * @param {Promise<void>} gone
	 */
	constructor(child, url, basePath, ownsBasePath, gone) {
		this.#child = child;
		this.#gone = gone;
		/** The address of its JSON-RPC, for instance `ws://127.0.0.1:9944`. */
		this.url = url;
		/** Where it keeps its database. */
		this.basePath = basePath;
		this.ownsBasePath = ownsBasePath;
		running.add(this);
	}

	/**
	 * Start a node and wait until it serves JSON-RPC.
	 * @param {object} options
	 * @param {string[]} options.args for instance `['--dev']`
	 * @param {string} options.log the file that takes its output
	 * @param {number} [options.rpcPort] 0 or left out: any free port
	 * @param {string} [options.basePath] left out: a new directory, removed when the node stops
	 * @returns {Promise<NodeProcess>}
	 */
	static async start({ args, log, rpcPort = 0, basePath }) {
		const ownsBasePath = basePath === undefined;
		const path = basePath ?? mkdtempSync(join(tmpdir(), 'breakwater-'));
		const child = spawn(
			nodeProgram(),
			['--base-path', path, '--rpc-port', `${rpcPort || (await freePort())}`, ...args],
			{ detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
		);
		const output = createWriteStream(log, { flags: 'a' });
		/** @type {string[]} */
		const tail = [];
		const gone = /** @type {Promise<void>} */ (
			new Promise((resolve) => child.once('close', () => output.end(resolve)))
		);
		const address = new Promise((resolve, reject) => {
			for (const stream of [child.stdout, child.stderr]) {
				createInterface({ input: /** @type {any} */ (stream) }).on('line', (line) => {
					output.write(`${line}\n`);
					if (tail.push(line) > 20) tail.shift();
					const found = /Running JSON-RPC server: addr=([\d.:]+)/.exec(line);
					if (found) resolve(found[1]);
				});
			}
			child.once('error', reject);
			child.once('exit', (code, signal) =>
				reject(
					new Error(`the node stopped (${signal ?? `code ${code}`}), ${log}:\n${tail.join('\n')}`),
				),
			);
		});
		const node = new NodeProcess(child, '', path, ownsBasePath, gone);
		try {
			node.url = `ws://${await address}`;
		} catch (error) {
			await node.stop();
			throw error;
		}
		return node;
	}

	/** Its process id. */
	get pid() {
		return this.#child.pid;
	}

	/** Resolves when the process is gone, however that came about. */
	get gone() {
		return this.#gone;
	}

	/** Whether `stop` or `kill` was called. */
	get stopping() {
		return this.#stopping;
	}

	/** Ask it to stop, and kill it when it does not; then remove its database if it was its own. */
	async stop() {
		this.#signal('SIGTERM');
		// Not a wait: what is awaited is its end, and this only bounds how long a hung node is asked.
		const guard = setTimeout(() => this.#signal('SIGKILL'), STOP_LIMIT);
		await this.#gone;
		clearTimeout(guard);
		this.#forget();
	}

	/** Kill it without warning, as a power cut would; the database stays. */
	async kill() {
		this.#signal('SIGKILL');
		await this.#gone;
		running.delete(this);
	}

	/** What an exit handler can still do: no waiting. */
	abandon() {
		this.#signal('SIGKILL');
		this.#forget();
	}

	#forget() {
		running.delete(this);
		if (this.ownsBasePath) rmSync(this.basePath, { recursive: true, force: true });
	}

	/** @param {NodeJS.Signals} signal */
	#signal(signal) {
		this.#stopping = true;
		const { pid, exitCode, signalCode } = this.#child;
		if (pid === undefined || exitCode !== null || signalCode !== null) return;
		try {
			process.kill(-pid, signal);
		} catch {
			// It is gone already.
		}
	}
}

/** Stop every node that was started here. */
export async function stopAll() {
	await Promise.all([...running].map((node) => node.stop()));
}

// However this process ends, it leaves no node behind.
process.on('exit', () => running.forEach((node) => node.abandon()));
