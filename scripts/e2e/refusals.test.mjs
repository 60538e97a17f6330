// What a user is told when something is wrong: the pallet's own error, with its documentation, and
// nothing changed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ModuleError } from '../api/errors.mjs';
import { World } from './support.mjs';

const PRICE = 7_000;
const U64 = (1n << 64n) - 1n;
const U128 = (1n << 128n) - 1n;

describe('bad input', { timeout: 120_000 }, () => {
	/** @type {World} */
	let world;
	/** @type {import('../api/keys.mjs').Signer} */
	let trader;
	/** @type {any} */
	let tx;
	before(async () => {
		world = await World.start();
		[trader] = await world.traders(['e2e//trader', 10_000]);
		await world.feed(PRICE);
		tx = world.chain.api.tx;
	});
	after(() => world?.stop());

	/** An order that would be fine, with a change. @param {object} [with_] @param {any} [limit] */
	const order = (with_ = {}, limit = {}) => ({
		market: 0,
		side: 'Bid',
		kind: { Limit: { price: PRICE * 10, timeInForce: 'GoodTilCancelled', ...limit } },
		lots: 100,
		reduceOnly: false,
		client: 0,
		...with_,
	});
	const place = (/** @type {any[]} */ ...change) => tx.perpetuals.place(0, order(...change));
	const who = () => trader;
	const stranger = () => world.keys.of('Ferdie');

	/** What is sent, who sends it, and the error that comes back. @type {[string, () => any, () => any, string][]} */
	const cases = [
		['an order in an unknown market', () => place({ market: 9 }), who, 'perpetuals.MarketNotFound'],
		['an order at price zero', () => place({}, { price: 0 }), who, 'perpetuals.InvalidPrice'],
		['an order for nothing', () => place({ lots: 0 }), who, 'perpetuals.ZeroLots'],
		['an order beyond the largest', () => place({ lots: U64 }), who, 'perpetuals.AboveMaximum'],
		['an order without the margin for it', () => place({ lots: 900_000 }), who, 'margin.InsufficientMargin'],
		['an order without an account', () => place(), stranger, 'margin.NoAccount'],
		['an order that expired', () => place({}, { timeInForce: { GoodTilTime: 1 } }), who, 'perpetuals.ExpiryInPast'],
		['a reduce-only order without a position', () => place({ reduceOnly: true }), who, 'perpetuals.NothingToReduce'],
		['a fill-or-kill order into an empty book', () => place({}, { timeInForce: 'FillOrKill' }), who, 'perpetuals.FillOrKillUnfilled'],
		['cancelling what is not there', () => tx.perpetuals.cancel(0, 1), who, 'perpetuals.OrderNotFound'],
		['a deposit of nothing', () => tx.margin.deposit(0, 0), who, 'margin.ZeroAmount'],
		['a deposit under a sub-account that may not be', () => tx.margin.deposit(255, 10_000_000), who, 'margin.SubAccountOutOfRange'],
		['a withdrawal of more than there is', () => tx.margin.withdraw(0, U128 >> 1n), who, 'margin.ExceedsWithdrawable'],
		['liquidating a healthy account', () => tx.margin.liquidate(0), stranger, 'margin.NotLiquidatable'],
		['liquidating an account that is not there', () => tx.margin.liquidate(4_000_000), stranger, 'margin.NoAccount'],
		['a contribution to an unknown market', () => tx.insurance.contribute(9, 10_000_000), stranger, 'insurance.UnknownMarket'],
		['a vote on the timelock’s unknown entry', () => tx.timelock.execute(77), stranger, 'timelock.UnknownEntry'],
	];
	for (const [name, call, signer, expected] of cases) {
		it(`${name} is refused with ${expected}`, async () => {
			const account = await world.market.account(trader.address);
			await assert.rejects(world.chain.send(call(), signer()), (error) => {
				assert.ok(error instanceof ModuleError, `${error}`);
				assert.equal(`${error.section}.${error.error}`, expected);
				assert.ok(error.docs, 'the error is documented');
				return true;
			});
			assert.deepEqual(await world.market.account(trader.address), account, 'nothing changed');
		});
	}

	/** Calls that are not everybody's. @type {[string, () => any][]} */
	const closed = [
		['feeding a price', () => tx.priceGuard.feed([[0, 1]])],
		['restricting a market', () => tx.circuitBreaker.restrict({ Market: 0 }, 'Freeze', 60_000)],
		['lifting a restriction', () => tx.circuitBreaker.lift({ Market: 0 })],
		['queueing in the timelock', () => tx.timelock.queue(tx.system.remark('0x00'), 'Neutral')],
		['a veto', () => tx.timelock.veto(0)],
		['ripening', () => tx.timelock.ripen(0)],
	];
	for (const [name, call] of closed) {
		it(`${name} is refused to strangers`, async () => {
			await assert.rejects(world.chain.send(call(), stranger()), /BadOrigin|NotFeeder/);
		});
	}
});
