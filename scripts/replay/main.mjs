// Replays the crash of 12 March 2020 against a node of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Chain } from '../api/chain.mjs';
import { broken, state } from '../api/invariants.mjs';
import { Keys } from '../api/keys.mjs';
import { NodeProcess, freePort, stopAll } from '../api/node.mjs';
import { options } from './options.mjs';
import { crash } from './path.mjs';
import { draw } from './picture.mjs';
import { Recorder } from './recorder.mjs';
import { Scenario, check, summary } from './scenario.mjs';
import { Timeline, table } from './timeline.mjs';

/** The connection, once there is one. @type {Chain | undefined} */
let connection;
/** Whether somebody wants this to end. */
let interrupted = false;

async function main() {
	const { fast, data, port, out, exit } = options();
	const path = crash(data);
	mkdirSync(out, { recursive: true });
	const timeline = new Timeline(process.stdout, Scenario.length(path.points));
	const show = (/** @type {string} */ name) => relative(process.cwd(), join(out, name)) || name;

	timeline.say(`starting a development chain, log in ${show('node.log')}`);
	const node = await NodeProcess.start({
		args: ['--dev', ...(fast ? ['--seal', 'manual'] : [])],
		log: join(out, 'node.log'),
		rpcPort: await freePort(port),
	});
	node.gone.then(() => {
		if (node.stopping) return;
		process.stderr.write(`error: the node stopped by itself, see ${show('node.log')}\n`);
		process.exit(1);
	});
	const chain = await Chain.connect(node.url, { manual: fast });
	connection = chain;
	const keys = await Keys.ready();

	timeline.say(`funding the actors; prices: ${path.source}`);
	/** @type {Scenario} */
	let scenario;
	const recorder = new Recorder(timeline, (ref) => scenario.names?.get(ref) ?? `account ${ref}`);
	scenario = new Scenario({ chain, keys, recorder, timeline, path });
	await scenario.prepare();
	timeline.head();
	await scenario.run();
	timeline.end();

	const rows = summary(recorder);
	const wrong = await check(scenario, recorder);
	const invariant = await broken(await state(chain), join(out, 'state.json'));
	if (invariant) wrong.push(invariant);
	writeFileSync(join(out, 'crash.svg'), draw(recorder.rows, recorder.marks, path.source));
	writeFileSync(
		join(out, 'summary.json'),
		`${JSON.stringify({ summary: Object.fromEntries(rows), wrong, rows: recorder.rows, marks: recorder.marks }, null, '\t')}\n`,
	);
	timeline.say(`\n${table(rows)}`);
	timeline.say(`\npicture: ${show('crash.svg')}`);
	for (const sentence of wrong) timeline.say(`FAILED: ${sentence}`);
	if (!wrong.length) timeline.say('checked: custody equals claims, positions sum to zero, nobody below maintenance was left, every invariant of every pallet holds');
	process.exitCode = wrong.length ? 1 : 0;

	if (exit) {
		await chain.disconnect();
		return stopAll();
	}
	// Nobody else asks a node that seals on demand for blocks.
	if (fast) setInterval(() => chain.next().catch(() => {}), 1_000);
	else await chain.disconnect();
	timeline.say(`
The node goes on. Look at it in polkadot.js:
  https://polkadot.js.org/apps/?rpc=${node.url}
Network > Explorer shows the blocks, Developer > Chain state the markets, accounts and incidents.
If the browser does not let that page reach a local address, allow it for this site.
Ctrl-C stops the node.`);
	await node.gone;
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
	process.once(signal, async () => {
		interrupted = true;
		process.stdout.write('\nstopping\n');
		connection?.disconnect().catch(() => {});
		await stopAll();
		process.exit(signal === 'SIGINT' ? (process.exitCode ?? 0) : 1);
	});
}

// What is under way when this is interrupted fails, and not all of it has somebody who waits for it.
process.on('unhandledRejection', (error) => {
	if (!interrupted) throw error;
});

main().catch(async (error) => {
	// What was under way fails when it is interrupted, and that is no news.
	if (interrupted) return;
	process.stderr.write(`\nerror: ${error.message}\n`);
	if (process.env.DEBUG) process.stderr.write(`${error.stack}\n`);
	await stopAll();
	process.exit(1);
});
