// The live timeline: one line for everything that matters, and a progress bar below it when
// standard output is a terminal.
import { LEVELS } from '../api/market.mjs';

const COLOURS = { Normal: 32, Watch: 36, Guarded: 33, ReduceOnly: 35, Auction: 34, Freeze: 31, Settle: 31 };
const BAR = 32;

/** A market time as a clock shows it. @param {number} at */
export const clock = (at) => new Date(at).toISOString().slice(11, 19);
/** An amount of USDC in print. @param {number} n */
export const money = (n) => Math.round(n).toLocaleString('en-US');
/** A price in print. @param {number} n */
export const dollars = (n) => n.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Where a block stands, as the timeline prints it. @typedef {object} Row
 * @property {number} block
 * @property {number} time chain time in milliseconds
 * @property {number} at market time in unix milliseconds
 * @property {number} price of the replayed market
 * @property {string} level
 * @property {number} fund USDC in the insurance funds
 */

/** Prints the timeline. */
export class Timeline {
	#bar = '';

	/**
	 * @param {NodeJS.WriteStream} [out]
	 * @param {number} [total] steps, for the progress bar
	 */
	constructor(out = process.stdout, total = 1) {
		this.out = out;
		this.total = total;
		this.colour = out.isTTY && !process.env.NO_COLOR;
	}

	/** A line of its own. @param {string} text */
	say(text) {
		this.#line(text);
	}

	/** The heads of the columns. */
	head() {
		this.#line(
			`${'block'.padStart(6)}  ${'market'.padEnd(8)}  ${'BTC-PERP'.padStart(8)}  ${'level'.padEnd(10)}  ${'funds USDC'.padStart(10)}  what happened`,
		);
	}

	/**
	 * Something happened in a block.
	 * @param {Row} row
	 * @param {string} text
	 */
	event(row, text) {
		this.#line(`${this.#columns(row)}  ${text}`);
	}

	/**
	 * Move the progress bar.
	 * @param {Row} row
	 * @param {number} done steps
	 */
	progress(row, done) {
		if (!this.out.isTTY) return;
		const share = Math.min(1, done / this.total);
		const full = Math.round(share * BAR);
		const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.round(share * 100)).padStart(3)} %`;
		this.#bar = `${bar}  ${clock(row.at)}  ${dollars(row.price)}  ${this.#level(row.level)}  funds ${money(row.fund)}`;
		this.out.write(`\r\x1b[2K${this.#bar}`);
	}

	/** Take the progress bar away. */
	end() {
		if (this.#bar) this.out.write('\r\x1b[2K');
		this.#bar = '';
	}

	/** @param {Row} row */
	#columns({ block, at, price, level, fund }) {
		return `${String(block).padStart(6)}  ${clock(at)}  ${dollars(price).padStart(8)}  ${this.#level(level)}  ${money(fund).padStart(10)}`;
	}

	/** @param {string} level */
	#level(level) {
		const text = `${LEVELS.indexOf(level)} ${level}`.padEnd(12).slice(0, 12);
		const code = /** @type {any} */ (COLOURS)[level];
		return this.colour && code ? `\x1b[${code}m${text}\x1b[0m` : text;
	}

	/** @param {string} text */
	#line(text) {
		if (this.#bar) this.out.write('\r\x1b[2K');
		this.out.write(`${text}\n`);
		if (this.#bar) this.out.write(this.#bar);
	}
}

/**
 * A table of two columns.
 * @param {[string, string][]} rows
 */
export function table(rows) {
	const [left, right] = [0, 1].map((i) => Math.max(...rows.map((row) => row[i].length)));
	const rule = `+-${'-'.repeat(left)}-+-${'-'.repeat(right)}-+`;
	const lines = rows.map(([name, value]) => `| ${name.padEnd(left)} | ${value.padStart(right)} |`);
	return [rule, ...lines, rule].join('\n');
}
