// The price path of a crash: from candles in a directory, or from a few well-known points.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ at: number, price: number }} Point a price at a moment, unix milliseconds UTC */
/** @typedef {{ points: Point[], source: string }} Path */

/** The file with the candles of the crash: `unix_ms,open,high,low,close,volume`, one a minute. */
export const CANDLES = '2020-03-12_BTCUSDT-perp_binance_1m.csv';

const MINUTE = 60_000;
const time = (/** @type {string} */ clock) => Date.parse(`2020-03-12T${clock}:00Z`);

/**
 * BTC on 12 March 2020, UTC: a few rounded prices of the BTCUSDT perpetual future as exchanges'
 * public price histories show them and the press of the day reported them. The low of 5,199 in the
 * minute of 10:48 is exact to the dollar, everything else is rounded.
 * @type {[string, number][]}
 */
const PUBLISHED = [
	['10:10', 7350],
	['10:30', 7200],
	['10:36', 6900],
	['10:42', 6400],
	['10:45', 6100],
	['10:46', 5800],
	['10:47', 5600],
	['10:48', 5199],
	['10:49', 6200],
	['10:54', 6600],
	['11:00', 5900],
	['11:05', 6300],
	['11:40', 6200],
];

/** The longest move of one step, as a fraction: a longer way is walked in several. */
const STEP = 0.016;
/** The shortest time between two steps of market time, in milliseconds. */
const CADENCE = 5_000;

/**
 * What is replayed: up to `calm` a minute is one step, from then to `to` the crash is walked, and
 * from `again`, when the worst swings are over, the market reopens.
 */
const WINDOW = { from: time('10:29'), calm: time('10:36'), to: time('10:50'), again: time('11:13') };

/**
 * The crash, step by step. Calm minutes take one step each, violent ones up to twelve, so that no
 * step is longer than the market's own five seconds were.
 * @param {string | undefined} directory with candles, see `CANDLES`
 * @returns {Path & { after: Point[] }} `after`: the prices that follow, for the reopening
 */
export function crash(directory) {
	const { anchors, source } = directory ? candles(directory) : published();
	const first = anchors.findIndex((p) => p.at >= WINDOW.from);
	const inside = anchors.slice(first).filter((p) => p.at <= WINDOW.to);
	const calm = inside.filter((p) => p.at <= WINDOW.calm && p.at % MINUTE === 0);
	const violent = inside.filter((p) => p.at > WINDOW.calm);
	return {
		points: walk([...calm, ...violent]),
		after: anchors.filter((p) => p.at >= WINDOW.again),
		source,
	};
}

/**
 * Prices of a directory of candles: each candle is walked open, one extreme, the other, close; the
 * extreme against the candle's direction first.
 * @param {string} directory
 */
function candles(directory) {
	const file = join(directory, CANDLES);
	if (!existsSync(file)) throw new Error(`${directory} has no ${CANDLES}`);
	const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
	if (!header.startsWith('unix_ms,open,high,low,close')) {
		throw new Error(`${file}: the first line is not unix_ms,open,high,low,close,volume`);
	}
	const anchors = rows.flatMap((row, i) => {
		const [at, open, high, low, close] = row.split(',').map(Number);
		if (![at, open, high, low, close].every((n) => n > 0)) {
			throw new Error(`${file}: line ${i + 2} is not a candle`);
		}
		const [one, other] = close >= open ? [low, high] : [high, low];
		return [
			{ at, price: open },
			{ at: at + MINUTE / 3, price: one },
			{ at: at + (2 * MINUTE) / 3, price: other },
			{ at: at + MINUTE - CADENCE, price: close },
		];
	});
	return { anchors, source: `${CANDLES}, one-minute candles` };
}

/** The published points with a price for each minute between them. */
function published() {
	/** @type {Point[]} */
	const anchors = [];
	PUBLISHED.slice(0, -1).forEach(([clock, price], i) => {
		const [nextClock, nextPrice] = PUBLISHED[i + 1];
		const minutes = (time(nextClock) - time(clock)) / MINUTE;
		for (let m = 0; m < minutes; m++) {
			anchors.push({
				at: time(clock) + m * MINUTE,
				price: price + ((nextPrice - price) * m) / minutes,
			});
		}
	});
	return { anchors, source: 'well-known published prices of that day, interpolated' };
}

/**
 * Steps between points, none longer than `STEP` unless the cadence leaves no room for more.
 * @param {Point[]} points
 * @returns {Point[]}
 */
function walk(points) {
	const steps = points.slice(0, 1);
	points.slice(1).forEach((to, i) => {
		const from = points[i];
		const room = Math.max(1, Math.floor((to.at - from.at) / CADENCE));
		const wanted = Math.ceil(Math.abs(to.price / from.price - 1) / STEP);
		const n = Math.min(room, Math.max(1, wanted));
		for (let k = 1; k <= n; k++) {
			steps.push({
				at: from.at + ((to.at - from.at) * k) / n,
				price: from.price + ((to.price - from.price) * k) / n,
			});
		}
	});
	return steps;
}

/**
 * The price at a moment, on the straight line between the points around it.
 * @param {Point[]} points
 * @param {number} at
 */
export function priceAt(points, at) {
	const next = points.findIndex((p) => p.at >= at);
	if (next < 0) return points[points.length - 1].price;
	if (next === 0) return points[0].price;
	const [a, b] = [points[next - 1], points[next]];
	return a.price + ((b.price - a.price) * (at - a.at)) / (b.at - a.at);
}
