// The picture of a replay as an SVG file: price, level and insurance fund over the blocks.
import { LEVELS } from '../api/market.mjs';
import { clock, dollars, money } from './timeline.mjs';

/** @typedef {import('./timeline.mjs').Row} Row */
/** @typedef {{ block: number, kind: 'liquidation' | 'deleveraging' | 'cover' | 'pause', text: string }} Mark */

const WIDTH = 1200;
const HEIGHT = 760;
const LEFT = 84;
const RIGHT = 24;
const PRICE = { top: 84, bottom: 452 };
const FUND = { top: 520, bottom: 668 };

const SHADE = {
	Normal: '#ffffff',
	Watch: '#fff8d6',
	Guarded: '#ffe8b8',
	ReduceOnly: '#ffd0ae',
	Auction: '#d9d2f5',
	Freeze: '#f3b3b3',
	Settle: '#c9a0a0',
};
const MARKS = {
	liquidation: { colour: '#b3261e', name: 'liquidation' },
	deleveraging: { colour: '#b3261e', name: 'deleveraging' },
	cover: { colour: '#5b2a86', name: 'insurance pays' },
	pause: { colour: '#0b5394', name: 'committee pauses' },
};

/**
 * Draw a run.
 * @param {Row[]} rows one per block, in order
 * @param {Mark[]} marks
 * @param {string} source of the prices
 * @returns {string}
 */
export function draw(rows, marks, source) {
	const [first, last] = [rows[0], rows[rows.length - 1]];
	const span = Math.max(1, last.block - first.block);
	const x = (/** @type {number} */ block) =>
		LEFT + ((block - first.block) / span) * (WIDTH - LEFT - RIGHT);
	const price = axis(rows.map((row) => row.price), PRICE);
	const fund = axis(rows.map((row) => row.fund), FUND);
	const at = new Map(rows.map((row) => [row.block, row]));
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#222">`,
		'<title>BTC-PERP on 12 March 2020, replayed against a Breakwater node</title>',
		`<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
		text(LEFT, 32, 'BTC-PERP on 12 March 2020, replayed against a Breakwater node', 'font-size="20" font-weight="600"'),
		text(LEFT, 54, `Prices: ${source}. One block is one second of chain time.`, 'fill="#555"'),
		...bands(rows, x),
		...grid(price, PRICE, dollars),
		...grid(fund, FUND, money),
		text(LEFT, PRICE.top - 10, 'Price, USDC', 'font-weight="600"'),
		text(LEFT, FUND.top - 12, 'Insurance funds, USDC', 'font-weight="600"'),
		`<path d="${area(rows, x, fund)}" fill="#5b8c5a" fill-opacity="0.25"/>`,
		`<path d="${line(rows, (row) => [x(row.block), fund.y(row.fund)])}" fill="none" stroke="#3c6e3b" stroke-width="2"/>`,
		`<path d="${line(rows, (row) => [x(row.block), price.y(row.price)])}" fill="none" stroke="#1a1a1a" stroke-width="1.8"/>`,
		...marks.map((mark) => symbol(mark, x(mark.block), price.y(at.get(mark.block)?.price ?? first.price))),
		...times(rows, x),
		...legend(rows, marks),
		'</svg>',
		'',
	].join('\n');
}

/** Runs of equal level as shaded bands. */
function bands(/** @type {Row[]} */ rows, /** @type {(b: number) => number} */ x) {
	/** @type {{ level: string, from: number, to: number }[]} */
	const runs = [];
	for (const { level, block } of rows) {
		const open = runs[runs.length - 1];
		if (open?.level === level) open.to = block + 1;
		else runs.push({ level, from: block, to: block + 1 });
	}
	const end = rows[rows.length - 1].block;
	return runs.map(({ level, from, to }) => {
		const [a, b] = [x(from), x(Math.min(to, end))];
		return `<rect x="${a.toFixed(1)}" y="${PRICE.top}" width="${Math.max(0.5, b - a).toFixed(1)}" height="${FUND.bottom - PRICE.top}" fill="${shade(level)}"><title>${level}</title></rect>`;
	});
}

/** A scale from values to the rows of a panel, with round steps. */
function axis(/** @type {number[]} */ values, /** @type {{ top: number, bottom: number }} */ panel) {
	let [low, high] = [Math.min(...values), Math.max(...values)];
	if (high - low < 1) [low, high] = [low - 1, high + 1];
	const step = round((high - low) / 5);
	low = Math.floor(low / step) * step;
	high = Math.ceil(high / step) * step;
	const y = (/** @type {number} */ v) =>
		panel.bottom - ((v - low) / (high - low)) * (panel.bottom - panel.top);
	const ticks = [];
	for (let v = low; v <= high + step / 2; v += step) ticks.push(v);
	return { y, ticks };
}

/** 1, 2 or 5 times a power of ten, not below `n`. */
function round(/** @type {number} */ n) {
	const power = 10 ** Math.floor(Math.log10(n));
	return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= n) ?? 10 * power;
}

function grid(
	/** @type {ReturnType<typeof axis>} */ scale,
	/** @type {{ top: number, bottom: number }} */ panel,
	/** @type {(n: number) => string} */ print,
) {
	return [
		...scale.ticks.flatMap((v) => {
			const y = scale.y(v).toFixed(1);
			return [
				`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#000" stroke-opacity="0.12"/>`,
				text(LEFT - 8, Number(y) + 4, print(v), 'text-anchor="end" fill="#555"'),
			];
		}),
		`<rect x="${LEFT}" y="${panel.top}" width="${WIDTH - LEFT - RIGHT}" height="${panel.bottom - panel.top}" fill="none" stroke="#888"/>`,
	];
}

/** Eight moments along the bottom: the block, and the time of the market. */
function times(/** @type {Row[]} */ rows, /** @type {(b: number) => number} */ x) {
	const n = Math.min(8, rows.length);
	return Array.from({ length: n }, (_, i) => {
		const row = rows[Math.round((i * (rows.length - 1)) / Math.max(1, n - 1))];
		const anchor = i === 0 ? 'start' : i === n - 1 ? 'end' : 'middle';
		const style = `text-anchor="${anchor}" fill="#555"`;
		return [
			text(x(row.block), FUND.bottom + 18, `${clock(row.at)} UTC`, style),
			text(x(row.block), FUND.bottom + 34, `block ${row.block}`, style),
		].join('\n');
	});
}

function symbol(/** @type {Mark} */ mark, /** @type {number} */ x, /** @type {number} */ y) {
	const { colour } = MARKS[mark.kind];
	const title = `<title>${escape(mark.text)}</title>`;
	const [a, b] = [x.toFixed(1), y.toFixed(1)];
	if (mark.kind === 'liquidation') {
		return `<circle cx="${a}" cy="${b}" r="4" fill="${colour}" fill-opacity="0.8">${title}</circle>`;
	}
	if (mark.kind === 'deleveraging') {
		return `<circle cx="${a}" cy="${b}" r="4" fill="none" stroke="${colour}" stroke-width="1.5">${title}</circle>`;
	}
	if (mark.kind === 'cover') {
		return `<rect x="${(x - 4).toFixed(1)}" y="${(y - 4).toFixed(1)}" width="8" height="8" fill="${colour}" transform="rotate(45 ${a} ${b})">${title}</rect>`;
	}
	return `<line x1="${a}" x2="${a}" y1="${PRICE.top}" y2="${FUND.bottom}" stroke="${colour}" stroke-width="2" stroke-dasharray="6 4">${title}</line>`;
}

/** What the shades and the symbols mean; only those that occur. */
function legend(/** @type {Row[]} */ rows, /** @type {Mark[]} */ marks) {
	const y = HEIGHT - 24;
	let x = LEFT;
	const parts = [];
	const seen = new Set(rows.map((row) => row.level));
	for (const level of LEVELS.filter((name) => seen.has(name))) {
		parts.push(`<rect x="${x}" y="${y - 11}" width="16" height="14" fill="${shade(level)}" stroke="#888"/>`);
		parts.push(text(x + 22, y, level, ''));
		x += 40 + level.length * 8;
	}
	const kinds = new Set(marks.map((mark) => mark.kind));
	for (const kind of /** @type {Mark['kind'][]} */ (Object.keys(MARKS)).filter((k) => kinds.has(k))) {
		const { name } = MARKS[kind];
		parts.push(
			kind === 'pause'
				? `<line x1="${x}" x2="${x + 16}" y1="${y - 4}" y2="${y - 4}" stroke="${MARKS.pause.colour}" stroke-width="2" stroke-dasharray="6 4"/>`
				: symbol({ block: 0, kind, text: name }, x + 8, y - 4),
		);
		parts.push(text(x + 22, y, name, ''));
		x += 40 + name.length * 7.5;
	}
	return parts;
}

function line(/** @type {Row[]} */ rows, /** @type {(row: Row) => [number, number]} */ point) {
	return rows
		.map((row, i) => {
			const [x, y] = point(row);
			return `${i ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`;
		})
		.join('');
}

function area(
	/** @type {Row[]} */ rows,
	/** @type {(b: number) => number} */ x,
	/** @type {ReturnType<typeof axis>} */ scale,
) {
	const [a, b] = [x(rows[0].block), x(rows[rows.length - 1].block)];
	return `${line(rows, (row) => [x(row.block), scale.y(row.fund)])}L${b.toFixed(1)},${FUND.bottom}L${a.toFixed(1)},${FUND.bottom}Z`;
}

const shade = (/** @type {string} */ level) => /** @type {any} */ (SHADE)[level] ?? '#fff';
const escape = (/** @type {string} */ s) =>
	s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const text = (
	/** @type {number} */ x,
	/** @type {number} */ y,
	/** @type {string} */ words,
	/** @type {string} */ style,
) => `<text x="${x.toFixed(1)}" y="${y}" ${style}>${escape(words)}</text>`;
