// A loosening waits in public: the council queues it, nobody can hurry it, the committee may veto
// it, and a label that is too lenient makes it fail.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ModuleError } from '../api/errors.mjs';
import { Collective } from '../api/governance.mjs';
import { World } from './support.mjs';

/** A wider band for detector D1, in parts per million and milliseconds. */
const WIDER = {
	fastBand: 40_000,
	slowBand: 160_000,
	collar: 40_000,
	fastDwell: 60_000,
	slowDwell: 300_000,
	watchAt: 5_000,
	guardAt: 10_000,
};

describe('a timelocked change', { timeout: 180_000 }, () => {
	/** @type {World} */
	let world;
	/** @type {Collective} */
	let council;
	/** @type {Collective} */
	let committee;
	/** @type {any} */
	let tx;
	/** @type {any} */
	let query;
	before(async () => {
		world = await World.start();
		council = await Collective.load(world.chain, 'council', world.keys);
		committee = await Collective.load(world.chain, 'technicalCommittee', world.keys);
		({ tx, query } = world.chain.api);
	});
	after(() => world?.stop());

	const change = () => tx.circuitBreaker.setDetectors(0, WIDER);
	const fastBand = async () => (await query.circuitBreaker.detectors(0)).fastBand.toNumber();
	/** @param {string} error */
	const refused = (error) => (/** @type {unknown} */ e) =>
		e instanceof ModuleError && e.error === error && e.docs.length > 0;

	/** Let the council queue a call. @param {string} label */
	async function queue(label, call = change()) {
		const { events } = await council.carry(tx.timelock.queue(call, label), 3);
		const queued = events.find((e) => e.section === 'timelock' && e.method === 'Queued');
		assert.ok(queued, 'the call is queued');
		return { id: queued.data.id.toNumber(), eta: queued.data.eta.toNumber() };
	}

	/** The outcome of a queued call, whoever executes it. @param {number} id @param {number} eta */
	async function outcome(id, eta) {
		/** @type {any} */
		let done;
		const seconds = Math.ceil((eta - world.chain.last.time) / 1_000);
		const block = await world.chain.until(({ events }) => {
			done = events.find((e) => e.section === 'timelock' && e.method === 'Executed' && e.data.id.eq(id));
			return done !== undefined;
		}, seconds + 10);
		assert.ok(block.time >= eta, 'not before its time');
		return done.data.result;
	}

	it('waits on a development chain for minutes, not days', async () => {
		const delays = (await query.timelock.currentDelays()).toJSON();
		assert.ok(delays.loosen <= 300_000, `a loosening waits ${delays.loosen} ms`);
	});

	it('is refused to everyone but the timelock', async () => {
		await assert.rejects(world.chain.send(change(), council.members[0]), /BadOrigin/);
		await assert.rejects(council.carry(change(), 3), /BadOrigin/);
	});

	it('cannot be executed early, and takes effect when its delay has passed', async () => {
		const before = await fastBand();
		const { id, eta } = await queue('Loosen');
		await assert.rejects(world.chain.send(tx.timelock.execute(id), world.keys.of('Ferdie')), refused('NotRipe'));
		assert.equal(await fastBand(), before);
		const result = await outcome(id, eta);
		assert.ok(result.isOk, result.toString());
		assert.equal(await fastBand(), WIDER.fastBand);
	});

	it('fails when it was queued under a label that is too lenient', async () => {
		const { id, eta } = await queue('Neutral');
		const result = await outcome(id, eta);
		assert.ok(result.isErr && result.asErr.isBadOrigin, result.toString());
	});

	it('is dropped when the committee vetoes it', async () => {
		const { id } = await queue('Loosen');
		const { events } = await committee.carry(tx.timelock.veto(id), 3);
		assert.ok(events.some((e) => e.section === 'timelock' && e.method === 'Vetoed'));
		await assert.rejects(
			world.chain.send(tx.timelock.execute(id), world.keys.of('Ferdie')),
			refused('AlreadyFinished'),
		);
	});
});
