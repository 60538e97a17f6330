// What a trader sees: a round trip from deposit to withdrawal on a chain that makes its own blocks,
// and metadata from which polkadot.js explains everything.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { World } from './support.mjs';

const OURS = ['PriceGuard', 'CircuitBreaker', 'Margin', 'Insurance', 'Perpetuals', 'Incidents', 'Timelock'];

describe('a trader', { timeout: 180_000 }, () => {
	/** @type {World} */
	let world;
	before(async () => (world = await World.start({ manual: false })));
	after(() => world?.stop());

	it('deposits, trades, closes and withdraws', async () => {
		const { chain, market } = world;
		const [maker, taker] = await world.traders(['e2e//maker', 100_000], ['e2e//taker', 10_000]);
		await world.feed(7_000);

		const rested = await chain.send(
			market.place({ side: 'Ask', price: 7_001, size: 2, timeInForce: 'PostOnly' }),
			maker,
		);
		const placed = rested.events.find((e) => e.section === 'perpetuals' && e.method === 'OrderPlaced');
		assert.ok(placed, 'the order rests');
		assert.equal(placed.data.lots.toNumber(), 2_000);
		assert.deepEqual((await market.depth()).asks, [{ price: 7_001, size: 2, orders: 1 }]);

		await world.feed(7_000);
		const bought = await chain.send(market.place({ side: 'Bid', price: 7_001, size: 1 }), taker);
		const fill = bought.events.find((e) => e.section === 'perpetuals' && e.method === 'Filled');
		assert.ok(fill, 'the order fills');
		assert.equal(fill.data.price.toNumber(), 70_010);
		assert.equal(fill.data.takerSide.type, 'Bid');
		const held = await market.account(taker.address);
		assert.equal(held?.lots, 1_000);
		assert.equal((await market.account(maker.address))?.lots, -1_000);
		assert.equal((await market.status()).openInterest, 1);

		await chain.send(market.cancelAll(), maker);
		await world.feed(7_000);
		await chain.send(market.place({ side: 'Bid', price: 6_999, size: 1, timeInForce: 'PostOnly' }), maker);
		await world.feed(7_000);
		await chain.send(market.place({ side: 'Ask', size: 1, protection: 6_990, reduceOnly: true }), taker);
		const flat = await market.account(taker.address);
		assert.equal(flat?.lots, 0);
		assert.equal((await market.status()).openInterest, 0);
		// Bought at 7,001 and sold at 6,999, with a fee on both.
		assert.ok(flat.quote < 10_000 - 2 && flat.quote > 10_000 - 20, `${flat.quote} USDC are left`);

		const before = await world.wallet(taker.address);
		await chain.send(market.withdraw(flat.quote), taker);
		assert.equal(await world.wallet(taker.address), before + flat.quote);
		const { held: custody, claimed } = await market.custody();
		assert.equal(custody, claimed);
	});

	it('reads about every call, event, error and storage item in the metadata', () => {
		const { api } = world.chain;
		const { lookup, pallets } = api.runtimeMetadata.asLatest;
		const silent = [];
		for (const name of OURS) {
			const pallet = pallets.find((p) => p.name.toString() === name);
			assert.ok(pallet, `${name} is in the metadata`);
			for (const [kind, option] of /** @type {const} */ ([
				['call', pallet.calls],
				['event', pallet.events],
				['error', pallet.errors],
			])) {
				if (option.isNone) continue;
				const { def } = lookup.getSiType(option.unwrap().type);
				for (const variant of def.asVariant.variants) {
					if (!variant.docs.length) silent.push(`${kind} ${name}.${variant.name}`);
				}
			}
			for (const item of pallet.storage.unwrapOr({ items: [] }).items) {
				if (!item.docs.length) silent.push(`storage ${name}.${item.name}`);
			}
		}
		assert.deepEqual(silent, []);
	});

	it('needs no types of its own and decodes every block', async () => {
		const { api } = world.chain;
		for (let n = 1; n <= world.chain.last.number; n++) {
			const hash = await api.rpc.chain.getBlockHash(n);
			const { block } = await api.rpc.chain.getBlock(hash);
			for (const extrinsic of block.extrinsics) assert.ok(extrinsic.method.meta.name);
			const { events } = await world.chain.block(hash.toHex());
			assert.ok(events.length > 0);
		}
		for (const method of ['marketStatus', 'depth', 'accountSummary', 'custody']) {
			assert.ok(/** @type {any} */ (api.call.breakwaterApi)[method], `${method} comes from the metadata`);
		}
	});
});
