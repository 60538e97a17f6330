// What a trader does beyond plain orders: an order tried before it is signed, a stop loss, a switch that
// cancels for who has gone, and the auction with which a market reopens.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ModuleError } from '../api/errors.mjs';
import { Collective, restrict } from '../api/governance.mjs';
import { World } from './support.mjs';

const PRICE = 7_000;

describe('the exchange', { timeout: 180_000 }, () => {
	/** @type {World} */
	let world;
	/** @type {import('../api/keys.mjs').Signer[]} */
	let traders;
	before(async () => {
		world = await World.start();
		traders = await world.traders(['e2e//seller', 100_000], ['e2e//buyer', 100_000]);
		await world.feed(PRICE);
	});
	after(() => world?.stop());

	/** @param {import('../api/chain.mjs').ChainEvent[]} events @param {string} method */
	const told = (events, method) =>
		events.filter((e) => e.section === 'perpetuals' && e.method === method);

	/** Feed and make blocks until one tells the event. @param {string} method @param {number} limit */
	const until = async (method, limit) => {
		for (let i = 0; i < limit; i++) {
			await world.feed(PRICE);
			const events = told(world.chain.last.events, method);
			if (events.length) return events;
		}
		throw new Error(`no ${method} within ${limit} blocks`);
	};

	it('says what an order would do before it is signed', async () => {
		const { chain, market } = world;
		const [seller, buyer] = traders;
		await chain.send(market.place({ side: 'Ask', price: PRICE + 1, size: 2 }), seller);
		const order = market.order({ side: 'Bid', price: PRICE + 2, size: 3 });
		const answer = await chain.call('breakwaterApi', 'dryRun', [buyer.address, 0, order]);
		assert.ok(answer.isOk, answer.toString());
		const { fills, fees, rests, account } = answer.asOk;
		assert.deepEqual(fills.map((/** @type {any} */ f) => [f.price.toNumber(), f.lots.toNumber()]), [[70_010, 2_000]]);
		assert.equal(rests.toNumber(), 1_000);
		// Five basis points of 14,002 USDC.
		assert.equal(fees.toBigInt(), 7_001_000n);
		assert.equal(account.unwrap().positions[0].lots.toBigInt(), 2_000n);
		// Nothing happened.
		assert.equal((await market.account(buyer.address))?.lots, 0);
		assert.deepEqual((await market.depth()).asks, [{ price: PRICE + 1, size: 2, orders: 1 }]);

		const much = market.order({ side: 'Bid', price: PRICE + 1, size: 900 });
		const refused = await chain.call('breakwaterApi', 'dryRun', [buyer.address, 0, much]);
		assert.ok(refused.isErr, 'more than the margin carries');
		const { docs } = chain.api.registry.findMetaError(refused.asErr.asModule);
		assert.ok(docs.length > 0, 'the refusal explains itself');
		await chain.send(market.cancelAll(), seller);
	});

	it('closes a position by a stop when the mark price comes to it', async () => {
		const { chain, market } = world;
		const [seller, buyer] = traders;
		const tx = /** @type {any} */ (chain.api.tx).perpetuals;
		await world.feed(PRICE);
		await chain.send(market.place({ side: 'Ask', price: PRICE, size: 1 }), seller);
		await chain.send(market.place({ side: 'Bid', price: PRICE, size: 1 }), buyer);
		assert.equal((await market.account(buyer.address))?.lots, 1_000);
		const order = market.order({ side: 'Ask', size: 1, protection: PRICE * 0.9, reduceOnly: true });
		await chain.send(tx.placeStop(0, { when: 'AtOrBelow', trigger: (PRICE - 50) * 10, order }), buyer);
		await chain.send(market.place({ side: 'Bid', price: PRICE - 70, size: 1 }), seller);
		await world.feed(PRICE - 20);
		assert.equal((await market.account(buyer.address))?.lots, 1_000, 'not yet');
		await world.feed(PRICE - 60);
		await world.feed(PRICE - 60);
		assert.equal((await market.account(buyer.address))?.lots, 0);
		await world.feed(PRICE);
	});

	it('cancels for a trader who has gone', async () => {
		const { chain, market } = world;
		const [, buyer] = traders;
		await world.feed(PRICE);
		await chain.send(market.place({ side: 'Bid', price: PRICE - 100, size: 1 }), buyer);
		await chain.send(/** @type {any} */ (chain.api.tx).perpetuals.setSwitch(0, 5), buyer);
		assert.equal((await market.account(buyer.address))?.orders, 1);
		await chain.until(({ events }) => told(events, 'SwitchLapsed').length > 0, 20);
		assert.equal((await market.account(buyer.address))?.orders, 0);
	});

	it('reopens after a halt with one auction at one price', async () => {
		const { chain, market, keys } = world;
		const [seller, buyer] = traders;
		await world.feed(PRICE);
		const committee = await Collective.load(chain, 'technicalCommittee', keys);
		await committee.carry(restrict(chain, 0, 'Auction', 60_000), 3);
		await world.feed(PRICE);
		// Collected, though they cross.
		await chain.send(market.place({ side: 'Bid', price: PRICE + 5, size: 3 }), buyer);
		await chain.send(market.place({ side: 'Ask', price: PRICE - 5, size: 2 }), seller);
		await assert.rejects(
			chain.send(market.place({ side: 'Bid', price: PRICE, size: 1, timeInForce: 'ImmediateOrCancel' }), buyer),
			(/** @type {unknown} */ e) => e instanceof ModuleError && e.error === 'MarketInAuction',
		);
		const indicative = await chain.call('breakwaterApi', 'indicative', [0]);
		assert.equal(indicative.unwrap().lots.toNumber(), 2_000);
		assert.equal((await market.account(buyer.address))?.lots, 0, 'nothing trades before its end');

		const filled = await until('AuctionFilled', 120);
		assert.equal(filled[0].data.lots.toNumber(), 2_000);
		const [ended] = told(chain.last.events, 'AuctionEnded').length
			? told(chain.last.events, 'AuctionEnded')
			: await until('AuctionEnded', 5);
		assert.equal(ended.data.price.toNumber(), filled[0].data.price.toNumber());
		assert.equal((await market.account(buyer.address))?.lots, 2_000);
		assert.equal((await market.account(seller.address))?.lots, -2_000);
		await world.feed(PRICE);
		assert.equal((await market.status()).level, 'Normal');
		const { held, claimed } = await market.custody();
		assert.equal(held, claimed);
	});

	it('tells what funding a position pays', async () => {
		const funding = await world.chain.call('breakwaterApi', 'funding', [0]);
		assert.ok(funding.isSome);
		assert.ok(Math.abs(funding.unwrap().nextRate.toNumber()) <= 10_000, 'within the clamp of 1 %');
	});
});
