// Runs executions of one definition with errors injected: a JSON object on standard input,
//   {definition, context, input, results: {state: result, or a list of which each call gets the next and the last again},
//    cases: [{faults: {state: [[error, cause], ...]}}, ...]},
// a JSON list on standard output, one entry a case: {failure: null | message, calls: {state: number}}.
// A state's faults are raised one after the other; when there are none left it gives its result.
import { readFileSync } from 'node:fs';
import { StateMachine } from 'aws-local-stepfunctions';

const given = JSON.parse(readFileSync(0, 'utf8'));
const unchecked = { validationOptions: { noValidate: true } };

async function run({ faults }) {
  const calls = {};
  const left = structuredClone(faults);
  const results = structuredClone(given.results);
  const handlers = {};
  for (const [state, result] of Object.entries(results)) {
    handlers[state] = () => {
      calls[state] = (calls[state] ?? 0) + 1;
      const fault = left[state]?.shift();
      if (fault) {
        const error = new Error(fault[1]);
        error.name = fault[0];
        throw error;
      }
      return structuredClone(Array.isArray(result) && result.length > 1 ? result.shift() : [result].flat()[0]);
    };
  }
  const atOnce = Object.fromEntries(given.states.map((state) => [state, 0]));
  const execution = new StateMachine(given.definition, unchecked).run(given.input, {
    context: given.context,
    overrides: { taskResourceLocalHandlers: handlers, waitTimeOverrides: atOnce, retryIntervalOverrides: atOnce },
  });
  try {
    await execution.result;
    return { failure: null, calls };
  } catch (error) {
    return { failure: error.message, calls };
  }
}

const answers = [];
for (const each of given.cases) answers.push(await run(each));
process.stdout.write(JSON.stringify(answers));
