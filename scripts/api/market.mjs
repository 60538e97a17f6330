// What a trader, a maker and a feeder say to the chain, and what they ask it.

/** @typedef {import('./chain.mjs').Chain} Chain */
/** @typedef {import('./chain.mjs').Tx} Tx */

/** Quote units in one USDC. */
export const USDC = 1_000_000n;
/** The number of the collateral asset. */
export const USDC_ID = 1;

/** The levels of the circuit breaker, from loosest to tightest. */
export const LEVELS = ['Normal', 'Watch', 'Guarded', 'ReduceOnly', 'Auction', 'Freeze', 'Settle'];

/** Ticks in one USDC of price, and lots in one BTC, in BTC-PERP of the presets. */
const TICKS = 10;
const LOTS = 1_000;

/** USDC as quote units. @param {number} usdc */
export const quote = (usdc) => BigInt(Math.round(usdc * 1e6));
/** Quote units as USDC. @param {bigint | number} units */
export const usdc = (units) => Number(units) / 1e6;
/** A price in USDC as ticks. @param {number} price */
export const ticks = (price) => Math.max(1, Math.round(price * TICKS));
/** Ticks as a price in USDC. @param {number} n */
export const price = (n) => n / TICKS;
/** A size in BTC as lots. @param {number} btc */
export const lots = (btc) => Math.max(1, Math.round(btc * LOTS));
/** Lots as a size in BTC. @param {number | bigint} n */
export const btc = (n) => Number(n) / LOTS;

/**
 * An order as `perpetuals.place` takes it.
 * @typedef {object} OrderArgs
 * @property {'Bid' | 'Ask'} side
 * @property {number} [price] in USDC; left out: a market order
 * @property {number} size in BTC
 * @property {'GoodTilCancelled' | 'PostOnly' | 'PostOnlySlide' | 'ImmediateOrCancel' | 'FillOrKill'} [timeInForce]
 * @property {number} [protection] of a market order: the worst price, in USDC
 * @property {boolean} [reduceOnly]
 * @property {number} [client] the trader's own number for it, unlike that of his other resting orders
 * @property {'CancelResting' | 'CancelTaker' | 'CancelBoth' | 'Decrement'} [selfTrade] what gives way when
 *   it meets an order of the same owner
 * @property {number} [maxFills] the most resting orders that it fills; 0: the default of its kind
 */

/** One market, as seen through one connection. */
export class Market {
	/**
	 * @param {Chain} chain
	 * @param {number} [id]
	 */
	constructor(chain, id = 0) {
		this.chain = chain;
		this.id = id;
		this.tx = /** @type {any} */ (chain.api.tx);
	}

	/** The `PlaceOrder` of an order. @param {OrderArgs} order */
	order({ side, price: at, size, timeInForce = 'GoodTilCancelled', protection, reduceOnly = false, client = 0, ...options }) {
		const { selfTrade = 'CancelResting', maxFills = 0 } = options;
		const kind = at === undefined
			? { Market: { protection: protection === undefined ? (side === 'Bid' ? 0xffff_ffff : 1) : ticks(protection) } }
			: { Limit: { price: ticks(at), timeInForce } };
		return { market: this.id, side, kind, lots: lots(size), reduceOnly, client, selfTrade, maxFills };
	}

	/** @param {OrderArgs} order @param {number} [sub] @returns {Tx} */
	place(order, sub = 0) {
		return this.tx.perpetuals.place(sub, this.order(order));
	}

	/** Cancel everything in this market. @param {number} [sub] @returns {Tx} */
	cancelAll(sub = 0) {
		return this.tx.perpetuals.cancelAll(sub, this.id);
	}

	/** Put USDC into the account. @param {number} amount @param {number} [sub] @returns {Tx} */
	deposit(amount, sub = 0) {
		return this.tx.margin.deposit(sub, quote(amount));
	}

	/** Take USDC out of the account. @param {number} amount @param {number} [sub] @returns {Tx} */
	withdraw(amount, sub = 0) {
		return this.tx.margin.withdraw(sub, quote(amount));
	}

	/** A feeder's price. @param {number} at in USDC @returns {Tx} */
	feed(at) {
		return this.tx.priceGuard.feed([[this.id, ticks(at)]]);
	}

	/** Pay into the insurance fund. @param {number} amount @param {boolean} [global] @returns {Tx} */
	contribute(amount, global = false) {
		return this.tx.insurance.contribute(global ? null : this.id, quote(amount));
	}

	/**
	 * The market now, or at a block.
	 * @param {string} [at]
	 */
	async status(at) {
		const answer = await this.chain.call('breakwaterApi', 'marketStatus', [this.id], at);
		if (answer.isNone) throw new Error(`there is no market ${this.id}`);
		const status = answer.unwrap();
		return {
			/** @type {string} */ level: status.level.type,
			cause: status.cause.isSome ? causeText(status.cause.unwrap()) : '',
			until: status.until.toNumber(),
			index: price(status.prices.index.toNumber()),
			mark: price(status.prices.mark.toNumber()),
			/** @type {string} */ validity: status.prices.validity.type,
			bandLow: price(status.bandLow.toNumber()),
			bandHigh: price(status.bandHigh.toNumber()),
			openInterest: btc(status.openInterest.toBigInt()),
			fund: usdc(status.marketFund.toBigInt() + status.globalFund.toBigInt()),
		};
	}

	/**
	 * An account now, or null before its first deposit.
	 * @param {string} owner
	 * @param {number} [sub]
	 * @param {string} [at]
	 */
	async account(owner, sub = 0, at) {
		const answer = await this.chain.call('breakwaterApi', 'accountSummary', [owner, sub], at);
		if (answer.isNone) return null;
		const summary = answer.unwrap();
		const position = [...summary.positions].find((p) => p.market.toNumber() === this.id);
		return {
			ref: summary.account.toNumber(),
			quote: usdc(summary.quote.toBigInt()),
			equity: usdc(summary.equity.toBigInt()),
			maintenance: usdc(summary.maintenanceMargin.toBigInt()),
			withdrawable: usdc(summary.withdrawable.toBigInt()),
			lots: position ? Number(position.lots.toBigInt()) : 0,
			orders: summary.orders.length,
		};
	}

	/** The best levels of the book. @param {number} [levels] */
	async depth(levels = 10) {
		const { bids, asks } = await this.chain.call('breakwaterApi', 'depth', [this.id, levels]);
		const side = (/** @type {any} */ list) =>
			[...list].map((l) => ({ price: price(l.price.toNumber()), size: btc(l.lots.toBigInt()), orders: l.orders.toNumber() }));
		return { bids: side(bids), asks: side(asks) };
	}

	/** Custody against claims, in USDC and exactly. */
	async custody() {
		const status = await this.chain.call('breakwaterApi', 'custody', []);
		return { held: status.held.toBigInt(), claimed: status.claimed.toBigInt() };
	}
}

/** Why a restriction exists, in words. @param {any} cause */
export function causeText(cause) {
	if (cause.isDetector) return `detector D${cause.asDetector}`;
	if (cause.isCommittee) return `committee, ${cause.asCommittee} ayes`;
	return cause.type;
}
