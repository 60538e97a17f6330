// An emergency: the deciding vote restricts in its own block, what is refused says why, and the
// restriction ends by itself.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ModuleError } from '../api/errors.mjs';
import { Collective, restrict } from '../api/governance.mjs';
import { World } from './support.mjs';

const PRICE = 7_000;
const PAUSE = 20_000;

describe('a committee pause', { timeout: 120_000 }, () => {
	/** @type {World} */
	let world;
	/** @type {Collective} */
	let committee;
	/** @type {import('../api/keys.mjs').Signer} */
	let trader;
	before(async () => {
		world = await World.start();
		committee = await Collective.load(world.chain, 'technicalCommittee', world.keys);
		[trader] = await world.traders(['e2e//trader', 50_000]);
		await world.feed(PRICE);
	});
	after(() => world?.stop());

	const bid = () => world.market.place({ side: 'Bid', price: PRICE - 10, size: 1 });
	/** @param {string} error */
	const refused = (error) => (/** @type {unknown} */ e) =>
		e instanceof ModuleError && e.error === error && e.docs.length > 0;

	it('has a committee of five', () => assert.equal(committee.members.length, 5));

	it('needs three ayes to freeze', async () => {
		await assert.rejects(
			committee.propose(restrict(world.chain, 0, 'Freeze', PAUSE), 2),
			/CallFiltered/,
		);
	});

	it('acts in the block of the deciding vote, and expires by itself', async () => {
		const { chain, market } = world;
		await chain.send(bid(), trader);
		assert.equal((await market.status()).level, 'Normal');

		const decided = await committee.carry(restrict(chain, 0, 'Freeze', PAUSE), 3);
		const status = await market.status(decided.block.hash);
		assert.equal(status.level, 'Freeze', 'in the same block');
		assert.equal(status.cause, 'committee, 3 ayes');
		assert.equal(status.until, decided.block.time + PAUSE);
		assert.ok(decided.events.some((e) => e.section === 'circuitBreaker' && e.method === 'LevelChanged'));

		await world.feed(PRICE);
		await assert.rejects(chain.send(bid(), trader), refused('MarketFrozen'));
		// The exits stay open.
		await chain.send(market.deposit(100), trader);
		await chain.send(market.cancelAll(), trader);

		// Nobody does anything: only time passes.
		const ended = await chain.until(({ time }) => time >= status.until, PAUSE / 1_000 + 1);
		assert.equal(ended.time, status.until);
		assert.equal((await market.status()).level, 'Normal');
		await world.feed(PRICE);
		await chain.send(bid(), trader);
	});

	it('lets one member restrict, but not so far', async () => {
		const { chain, market } = world;
		const [member] = committee.members;
		await assert.rejects(
			chain.send(restrict(chain, 0, 'Freeze', PAUSE), member),
			refused('LevelBeyondPowers'),
		);
		await chain.send(restrict(chain, 0, 'ReduceOnly', PAUSE), member);
		assert.equal((await market.status()).level, 'ReduceOnly');
		await world.feed(PRICE);
		await assert.rejects(chain.send(bid(), trader), refused('MarketReduceOnly'));
	});

	it('lets a member do that once, until the council arms him again', async () => {
		const { chain, keys } = world;
		const [member] = committee.members;
		const again = restrict(chain, 0, 'ReduceOnly', 2 * PAUSE);
		await assert.rejects(chain.send(again, member), refused('TokenSpent'));
		const council = await Collective.load(chain, 'council', keys);
		const { circuitBreaker } = /** @type {any} */ (chain.api.tx);
		await council.carry(circuitBreaker.rearm(member.address), 3);
		await chain.send(restrict(chain, 0, 'ReduceOnly', 2 * PAUSE), member);
	});

	it('pauses a single call for a time', async () => {
		const { chain, market } = world;
		const { circuitBreaker } = /** @type {any} */ (chain.api.tx);
		const pause = circuitBreaker.pauseCall('Margin', 'withdraw', PAUSE);
		await assert.rejects(committee.propose(pause, 3), /CallFiltered/, 'it takes two thirds');
		// With orders in an auction, which waits for prices, nothing could be withdrawn anyway.
		await chain.send(market.cancelAll(), trader);
		const decided = await committee.carry(pause, 4);
		await assert.rejects(chain.send(market.withdraw(1), trader), /CallFiltered/);
		// What belongs to the exits cannot be paused.
		const cancels = circuitBreaker.pauseCall('Perpetuals', 'cancel', PAUSE);
		await assert.rejects(committee.carry(cancels, 4), refused('NotPausable'));
		await chain.until(({ time }) => time >= decided.block.time + PAUSE, PAUSE / 1_000 + 1);
		await world.feed(PRICE);
		await chain.send(market.withdraw(1), trader);
	});

	it('is nobody else’s to call', async () => {
		await assert.rejects(
			world.chain.send(restrict(world.chain, 0, 'Watch', PAUSE), trader),
			/BadOrigin/,
		);
	});

	it('leaves an incident behind that polkadot.js can read', async () => {
		const { chain } = world;
		const incidents = await /** @type {any} */ (chain.api.query.incidents.incidents).entries();
		assert.ok(incidents.length >= 1);
	});
});
