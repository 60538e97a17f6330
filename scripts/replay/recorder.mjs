// What a replay saw: a row per block, the marks of the picture, the sums of the summary, and the
// words of the timeline.
import { LEVELS, btc, causeText, price as dollarsOf, usdc } from '../api/market.mjs';
import { dollars, money } from './timeline.mjs';

/** @typedef {import('../api/chain.mjs').Block} Block */
/** @typedef {import('../api/chain.mjs').ChainEvent} ChainEvent */
/** @typedef {import('./timeline.mjs').Row} Row */
/** @typedef {import('./timeline.mjs').Timeline} Timeline */
/** @typedef {import('./picture.mjs').Mark} Mark */

/** The band of detector D1 in a minute of chain time, and its reach, for the check of its speed. */
const BAND = 0.03;
const WINDOW = 60_000;

/** Watches every block. */
export class Recorder {
	/** @type {Row[]} */
	rows = [];
	/** @type {Mark[]} */
	marks = [];
	trips = 0;
	liquidations = 0;
	/** USDC of notional that was liquidated. */
	liquidated = 0;
	/** USDC that insurance paid. */
	covered = 0;
	/** USDC of notional that was closed against winners, because the book did not take it. */
	deleveraged = 0;
	/** USDC that a side of the market paid, because the funds did not. */
	socialised = 0;
	/** USDC of deficits that no fund paid. */
	badDebt = 0;
	/** USDC of penalties that insurance took. */
	penalties = 0;
	pauses = 0;
	fills = 0;
	/** Auctions that have ended. */
	auctions = 0;
	/** BTC that they traded. */
	auctioned = 0;
	/** Blocks by which the first restriction came after the price that called for it. */
	late = 0;
	/** @type {{ time: number, low: number, high: number }[]} */
	#window = [];
	/** @type {{ block: number } | undefined} */
	#breach;
	#restricted = false;

	/**
	 * @param {Timeline} timeline
	 * @param {(ref: number) => string} nameOf what an account number is called
	 */
	constructor(timeline, nameOf) {
		this.timeline = timeline;
		this.nameOf = nameOf;
	}

	/**
	 * Take a block in.
	 * @param {Block} block
	 * @param {{ level: string, index: number, fund: number }} status of the market at this block
	 * @param {{ at: number, price: number }} point of the replayed path
	 * @returns {Row}
	 */
	take(block, status, { at }) {
		const { level, index, fund } = status;
		const row = { block: block.number, time: block.time, at, price: index, level, fund };
		this.rows.push(row);
		this.#measure(block, index, level);
		for (const event of block.events) this.#event(row, event);
		return row;
	}

	/** Compare the breaker with the plain rule: so far from an extreme of the last minute. */
	#measure(/** @type {Block} */ { number, time }, /** @type {number} */ index, /** @type {string} */ level) {
		const seen = this.#window.filter((w) => w.time >= time - WINDOW);
		const high = Math.max(index, ...seen.map((w) => w.high));
		const low = Math.min(index, ...seen.map((w) => w.low));
		this.#window = [...seen, { time, low: index, high: index }];
		if (this.#restricted) return;
		// A tick of slack: the chain rounds its band outwards.
		if (index < high * (1 - BAND) - 0.1 || index > low * (1 + BAND) + 0.1) this.#breach ??= { block: number };
		if (level !== 'Normal' && level !== 'Watch') this.#restricted = true;
		// A restriction before any breach answers something else.
		if (this.#breach) this.late = number - this.#breach.block;
	}

	/** Whether the plain rule of D1 was ever broken, and the breaker answered. */
	get answered() {
		return this.#breach !== undefined && this.#restricted;
	}

	/** @param {Row} row @param {ChainEvent} event */
	#event(row, { section, method, data }) {
		const told = /** @type {any} */ (EVENTS)[`${section}.${method}`]?.(this, row, data);
		if (told) this.timeline.event(row, told);
	}

	/** @param {Row} row @param {Mark['kind']} kind @param {string} text */
	mark(row, kind, text) {
		this.marks.push({ block: row.block, kind, text });
		return text;
	}
}

const seconds = (/** @type {any} */ until, /** @type {Row} */ row) =>
	`for ${Math.round((until.toNumber() - row.time) / 1_000)} s unless renewed`;
const amount = (/** @type {any} */ n) => usdc(n.toBigInt());

/**
 * What is said and counted about an event.
 * @type {Record<string, (to: Recorder, row: Row, data: any) => string | undefined>}
 */
const EVENTS = {
	'circuitBreaker.LevelChanged': (_, row, { from, to: level, cause, until, evidence }) => {
		const why = cause.isSome ? `, ${causeText(cause.unwrap())}` : '';
		const ticks = evidence.map((/** @type {any} */ n) => dollars(dollarsOf(n.toNumber())));
		const moved = evidence[1].toNumber() ? `: ${ticks[0]} to ${ticks[1]}` : '';
		const end = cause.isSome ? `, ${seconds(until, row)}` : '';
		return `breaker: ${from.type} -> ${level.type}${why}${moved}${end}`;
	},
	'circuitBreaker.LeaseGranted': (to, row, { level, cause, until }) => {
		if (cause.isDetector) {
			to.trips += 1;
			// A lease that is looser than the level in force changes nothing yet.
			if (LEVELS.indexOf(level.type) >= LEVELS.indexOf(row.level)) return undefined;
			return `breaker: ${level.type} as well, ${causeText(cause)}, ${seconds(until, row)}`;
		}
		if (!cause.isCommittee) return undefined;
		to.pauses += 1;
		to.mark(row, 'pause', `the committee restricts to ${level.type}`);
		return undefined;
	},
	'incidents.IncidentOpened': (_to, _row, { id, severity }) => `incident ${id} opened, ${severity.type}`,
	'incidents.IncidentClosed': (_to, _row, { id }) => `incident ${id} closed`,
	'technicalCommittee.Executed': (_to, _row, { result }) =>
		`the committee's motion is ${result.isOk ? 'carried out in the same block' : 'refused'}`,
	'margin.Liquidated': (to, row, { account, lots, price, equity, maintenance, penalty }) => {
		const signed = Number(lots.toBigInt());
		const size = Math.abs(signed);
		const at = dollarsOf(price.toNumber());
		to.liquidations += 1;
		to.liquidated += btc(size) * at;
		const text =
			`${to.nameOf(account.toNumber())} liquidated: ${signed < 0 ? 'short' : 'long'} ${btc(size)} BTC at ${dollars(at)}, ` +
			`equity ${money(amount(equity))} of ${money(amount(maintenance))}, penalty ${money(amount(penalty))}`;
		return to.mark(row, 'liquidation', text);
	},
	'margin.BankruptCovered': (to, row, { account, equity, covered, returned }) => {
		const paid = amount(covered) - amount(returned);
		to.covered += paid;
		if (!paid) return undefined;
		const text = `insurance pays ${money(paid)} for ${to.nameOf(account.toNumber())}, whose equity is ${money(amount(equity))}`;
		return to.mark(row, 'cover', text);
	},
	'margin.Deleveraged': (to, row, { account, counterparty, lots, price }) => {
		const size = btc(Math.abs(Number(lots.toBigInt())));
		const at = dollarsOf(price.toNumber());
		to.deleveraged += size * at;
		const text = `${to.nameOf(counterparty.toNumber())} is deleveraged against ${to.nameOf(account.toNumber())}: ${size} BTC at ${dollars(at)}`;
		return to.mark(row, 'deleveraging', text);
	},
	'margin.Haircut': (to, _, { taken, longsPay }) => {
		to.socialised += amount(taken);
		return `the ${longsPay.isTrue ? 'longs' : 'shorts'} pay ${money(amount(taken))} that no fund paid`;
	},
	'margin.DeficitCovered': (to, row, { account, covered, uncovered }) => {
		to.covered += amount(covered);
		to.badDebt += amount(uncovered);
		const rest = uncovered.isZero() ? '' : `, ${money(amount(uncovered))} stay unpaid`;
		const text = `insurance pays ${money(amount(covered))} for ${to.nameOf(account.toNumber())}${rest}`;
		return to.mark(row, 'cover', text);
	},
	'margin.CustodyMismatch': (_to, _row, { held, claimed }) =>
		`FAULT: custody holds ${held} and ${claimed} is claimed`,
	'insurance.PenaltyTaken': (to, _, { amount: paid }) => {
		to.penalties += amount(paid);
		return undefined;
	},
	'perpetuals.Filled': (to) => {
		to.fills += 1;
		return undefined;
	},
	'perpetuals.AuctionBegan': () => 'orders are collected for an auction',
	'perpetuals.AuctionFilled': (to, _, { lots }) => {
		to.fills += 1;
		to.auctioned += btc(Number(lots.toBigInt()));
		return undefined;
	},
	'perpetuals.AuctionEnded': (to, _, { price }) => {
		to.auctions += 1;
		const traded = price.isZero() ? 'trades nothing' : `trades ${to.auctioned} BTC at ${dollars(dollarsOf(price.toNumber()))}`;
		return `the auction ${traded}, and orders are matched again`;
	},
};
