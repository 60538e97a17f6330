// Who takes part in the replay: feeders, makers and traders. Each returns the transactions that it
// wants in the next block; none of them looks at anything that its counterpart in the world could
// not see.
import { fund } from '../api/governance.mjs';

/** @typedef {import('../api/chain.mjs').Tx} Tx */
/** @typedef {import('../api/keys.mjs').Signer} Signer */
/** @typedef {import('../api/keys.mjs').Keys} Keys */
/** @typedef {import('../api/market.mjs').Market} Market */
/** @typedef {{ who: Signer, tx: Tx, what: string }} Wish a transaction somebody wants to send */

/** Feeders report the price, each from a slightly different venue. */
export class Feeders {
	/** @param {Market} market @param {Signer[]} members */
	constructor(market, members) {
		this.market = market;
		this.members = members;
	}

	/** @param {number} price @returns {Wish[]} */
	feed(price) {
		const middle = (this.members.length - 1) / 2;
		return this.members.map((who, i) => ({
			who,
			tx: this.market.feed(price * (1 + (i - middle) * 0.00005)),
			what: `feeds ${price.toFixed(1)}`,
		}));
	}
}

/** What one maker quotes on each side: distance from the price, and size in BTC. */
const CALM = [
	{ away: 0.0003, size: 6 },
	{ away: 0.0008, size: 12 },
	{ away: 0.0016, size: 18 },
	{ away: 0.003, size: 30 },
];
/** In a crash makers step back: an eighth of the distance becomes all of it, half of the size goes. */
const STRESSED = [
	{ away: 0.002, size: 3 },
	{ away: 0.006, size: 6 },
	{ away: 0.014, size: 10 },
	{ away: 0.024, size: 15 },
];
/** Range of the last minute of the market from which a maker is stressed. */
const STRESS_FROM = 0.015;
/** A quote is left alone until the price has moved by this fraction. */
const REQUOTE = 0.0006;
/** Steps that a maker remembers. */
const MEMORY = 10;

/** Makers quote both sides and follow the price. */
export class Makers {
	/** @type {number[]} */
	#seen = [];
	#quoted = 0;
	#stressed = false;

	/** @param {Market} market @param {Signer[]} members */
	constructor(market, members) {
		this.market = market;
		this.members = members;
	}

	/**
	 * New quotes around `price`, or none when the old ones will do.
	 * @param {number} price
	 * @param {string} level of the market
	 * @returns {Wish[]}
	 */
	quote(price, level) {
		this.#seen = [...this.#seen, price].slice(-MEMORY);
		const stressed = Math.max(...this.#seen) / Math.min(...this.#seen) - 1 > STRESS_FROM;
		const moved = Math.abs(price / this.#quoted - 1) > REQUOTE;
		// Whoever holds is refused while nothing trades; cancelling stays possible.
		if (['Auction', 'Freeze', 'Settle'].includes(level)) {
			const open = this.#quoted !== 0;
			this.#quoted = 0;
			return open ? this.members.map((who) => this.#cancel(who)) : [];
		}
		if (!moved && stressed === this.#stressed) return [];
		const standing = this.#quoted !== 0;
		this.#quoted = price;
		this.#stressed = stressed;
		return [
			...(standing ? this.members.map((who) => this.#cancel(who)) : []),
			...this.members.map((who, i) => this.#place(who, price, i, stressed ? STRESSED : CALM)),
		];
	}

	/** Quote anew even if the price has not moved: fills have eaten the old quotes. */
	refresh() {
		this.#stressed = !this.#stressed;
	}

	/** @param {Signer} who @returns {Wish} */
	#cancel(who) {
		return { who, tx: this.market.cancelAll(), what: 'cancels' };
	}

	/**
	 * @param {Signer} who @param {number} price @param {number} i
	 * @param {{ away: number, size: number }[]} levels
	 * @returns {Wish}
	 */
	#place(who, price, i, levels) {
		const orders = levels.flatMap(({ away, size }) =>
			/** @type {const} */ (['Bid', 'Ask']).map((side) => ({
				Place: this.market.order({
					side,
					price: price * (1 + (side === 'Bid' ? -1 : 1) * away * (1 + i * 0.1)),
					size,
					timeInForce: 'PostOnly',
				}),
			})),
		);
		return { who, tx: this.market.tx.perpetuals.batch(0, orders), what: 'quotes' };
	}
}

/**
 * A leveraged position that somebody holds into the crash.
 * @typedef {object} Trader
 * @property {string} name
 * @property {Signer} who
 * @property {'Bid' | 'Ask'} side
 * @property {number} size in BTC
 * @property {number} leverage
 * @property {number} margin in USDC
 */

/**
 * Traders of every leverage, most of them long, and one whale whose position is larger than what
 * the book takes in a crash.
 * @param {Keys} keys
 * @param {number} price at which they open
 * @param {number} count
 * @returns {Trader[]}
 */
export function traders(keys, price, count) {
	const small = Array.from({ length: count - 1 }, (_, i) => {
		const side = /** @type {'Bid' | 'Ask'} */ (i % 6 === 5 ? 'Ask' : 'Bid');
		// From 20x down to 2.5x: liquidation prices spread over the whole fall.
		const leverage = 20 / (1 + (7 * i) / (count - 1));
		return trader(keys, `trader/${i}`, side, 2 + ((i * 7) % 5), leverage, price);
	});
	return [...small, trader(keys, 'whale', 'Bid', 40, 6.4, price)];
}

/** @returns {Trader} */
function trader(
	/** @type {Keys} */ keys,
	/** @type {string} */ name,
	/** @type {'Bid' | 'Ask'} */ side,
	/** @type {number} */ size,
	/** @type {number} */ leverage,
	/** @type {number} */ price,
) {
	const margin = Math.ceil((size * price) / leverage);
	return { name, who: keys.of(name.replace('/', '//')), side, size, leverage, margin };
}

/**
 * Fund everyone and put their collateral in.
 * @param {Market} market
 * @param {Signer} treasury
 * @param {{ who: Signer, usdc: number, spare?: number }[]} grants `spare`: what stays outside
 */
export async function endow(market, treasury, grants) {
	const all = grants.map(({ who, usdc, spare = 0 }) => ({ who, usdc: usdc + spare }));
	await fund(market.chain, treasury, all);
	await market.chain.sendAll(grants.map(({ who, usdc }) => [market.deposit(usdc), who]));
}
