// The options of the replay. Run by itself it only checks them, so that a slip is told before
// anything is built.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CANDLES } from './path.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Options as `run.sh --help` describes them. @param {string[]} [args] */
export function options(args = process.argv.slice(2)) {
	const { values } = parseArgs({
		args,
		options: {
			fast: { type: 'boolean', default: false },
			data: { type: 'string' },
			port: { type: 'string', default: '9944' },
			out: { type: 'string' },
			exit: { type: 'boolean', default: false },
			'no-wait': { type: 'boolean', default: false },
		},
	});
	const port = Number(values.port);
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw new Error(`--port ${values.port} is not a port number`);
	}
	const data = values.data || process.env.BREAKWATER_DATA || undefined;
	if (values.data && !existsSync(join(values.data, CANDLES))) {
		throw new Error(`--data ${values.data}: there is no ${CANDLES} in it`);
	}
	const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
	return {
		fast: values.fast,
		port,
		exit: values.exit || values['no-wait'],
		// A directory without this crash is no reason not to show it.
		data: data && existsSync(join(data, CANDLES)) ? data : undefined,
		out: resolve(values.out ?? join(ROOT, '.run', stamp)),
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		options();
	} catch (error) {
		process.stderr.write(`error: ${/** @type {Error} */ (error).message}; see run.sh --help\n`);
		process.exit(2);
	}
}
