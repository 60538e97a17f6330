// The main job, from a user's point of view.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../replay/main.mjs', import.meta.url));
const OPTIONS = fileURLToPath(new URL('../replay/options.mjs', import.meta.url));

/** Run a program; calls `onLine` for each line of its output. */
function run(/** @type {string[]} */ args, onLine = (/** @type {string} */ _line, /** @type {any} */ _child) => {}) {
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
	/** @type {string[]} */
	const lines = [];
	for (const stream of [child.stdout, child.stderr]) {
		createInterface({ input: stream }).on('line', (line) => {
			lines.push(line);
			onLine(line, child);
		});
	}
	return new Promise((resolve) =>
		child.once('close', (code) => resolve({ code, output: lines.join('\n'), lines })),
	);
}

describe('the replay', { timeout: 300_000 }, () => {
	const out = mkdtempSync(join(tmpdir(), 'breakwater-replay-'));
	after(() => rmSync(out, { recursive: true, force: true }));

	for (const [name, env] of /** @type {const} */ ([
		['the published prices', ''],
		['the candles of BREAKWATER_DATA', process.env.BREAKWATER_DATA],
	])) {
		it(`runs from crash to reopening on ${name}`, { skip: env === undefined && 'BREAKWATER_DATA is not set' }, async () => {
			const args = [MAIN, '--fast', '--exit', '--port', '0', '--out', out, ...(env ? ['--data', env] : [])];
			const saved = process.env.BREAKWATER_DATA;
			delete process.env.BREAKWATER_DATA;
			const { code, output } = await run(args);
			if (saved !== undefined) process.env.BREAKWATER_DATA = saved;
			assert.equal(code, 0, output);
			assert.match(output, /checked: custody equals claims.*every invariant of every pallet holds/);
			const svg = readFileSync(join(out, 'crash.svg'), 'utf8');
			for (const part of ['<svg', 'ReduceOnly', 'Freeze', 'insurance pays', 'liquidation']) {
				assert.ok(svg.includes(part), `the picture shows ${part}`);
			}
			const { wrong } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));
			assert.deepEqual(wrong, []);
		});
	}

	it('takes its node with it when it is interrupted', async () => {
		let url = '';
		const { code, output } = await run([MAIN, '--fast', '--port', '0', '--out', out], (line, child) => {
			if (line.startsWith('funding')) child.kill('SIGINT');
		});
		assert.equal(code, 0, output);
		const log = readFileSync(join(out, 'node.log'), 'utf8');
		url = [...log.matchAll(/Running JSON-RPC server: addr=([\d.:]+)/g)].at(-1)?.[1] ?? '';
		assert.match(url, /^[\d.]+:\d+$/, 'the log says where it listened');
		await assert.rejects(fetch(`http://${url}`), 'nobody listens any more');
	});

	it('says what is wrong with an option', async () => {
		for (const [args, words] of /** @type {const} */ ([
			[['--fats'], /Unknown option '--fats'/],
			[['--port', 'http'], /--port http is not a port number/],
			[['--data', '/nowhere'], /--data \/nowhere: there is no/],
		])) {
			const { code, output } = await run([OPTIONS, ...args]);
			assert.equal(code, 2);
			assert.match(output, words);
		}
	});
});
